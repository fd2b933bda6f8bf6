"""What was decided before a pause, a failure or a lost answer was about what stood there then: what somebody has done since
is looked at, and stays.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from artifact_browser.errors import ErrorRecord, PreconditionFailed
from artifact_browser.storage.driver import Part
from artifact_browser.transfers import disk
from artifact_browser.transfers.blob_tasks import BLOB, DeleteBlobs
from artifact_browser.transfers.disk import temporary_name
from artifact_browser.transfers.fetch_tasks import FetchBlob, PlaceFile
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.policy import ConflictFound, Decision, GroupPolicies, Policy
from artifact_browser.transfers.standing import blob_standing
from artifact_browser.transfers.state import Item, ItemState, JobState
from artifact_browser.transfers.task import Finished, Settled, Skipped
from tests.transfers.accounts import Here
from tests.transfers.conftest import Bench, Person, tree, wait_for

MANY = 2500
LONG_AGO = (1e9, 1e9)


@pytest.mark.parametrize("policy", [Policy.UPDATE, GroupPolicies()])
def test_work_on_a_file_during_a_pause_is_not_written_over(local: Bench, tmp_path: Path, policy: Decision) -> None:
    bench, down = local, tmp_path / "down"
    stored = bench.paths.store / bench.bucket / "p"
    stored.mkdir(parents=True)
    (down / "p").mkdir(parents=True)
    for number in range(MANY):
        (stored / f"{number:04}").write_bytes(b"from the store")
        old = down / "p" / f"{number:04}"
        old.write_bytes(b"old")
        os.utime(old, LONG_AGO)
    handle = bench.queue.download(bench.record, [bench.at("p/")], down, policy)
    wait_for(lambda: handle.snapshot.counts.items_done > 0)
    handle.pause()
    wait_for(lambda: not handle.running)
    decided = [one.item for one in handle.items({ItemState.QUEUED}, 0, MANY) if one.item.replace]
    last = down / decided[-1].target
    assert last.read_bytes() == b"old"
    last.write_bytes(b"a day's work")
    os.utime(last, (time.time() + 3600,) * 2)
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert last.read_bytes() == b"a day's work"
    assert {data for data in tree(down).values()} == {b"from the store", b"a day's work"}


def test_a_colleagues_blob_that_came_during_a_pause_is_not_written_over(local: Bench, tmp_path: Path) -> None:
    bench, source = local, tmp_path / "p"
    stored = bench.paths.store / bench.bucket / "p"
    stored.mkdir(parents=True)
    source.mkdir()
    for number in range(MANY):
        (stored / f"{number:04}").write_bytes(b"older")
        os.utime(stored / f"{number:04}", LONG_AGO)
        (source / f"{number:04}").write_bytes(b"from here")
    handle = bench.queue.upload(bench.record, bench.at(), [source], GroupPolicies())
    wait_for(lambda: handle.snapshot.counts.items_done > 0)
    handle.pause()
    wait_for(lambda: not handle.running)
    key = [one.item for one in handle.items({ItemState.QUEUED}, 0, MANY) if one.item.replace][-1].target
    assert bench.content(key) == b"older"
    path = bench.paths.store / bench.bucket / key
    bench.put({key: b"a colleague's work"})
    os.utime(path, (time.time() + 3600,) * 2)
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert bench.content(key) == b"a colleague's work"


def test_what_is_to_be_replaced_whatever_it_is_still_is(local: Bench, tmp_path: Path) -> None:
    bench, down = local, tmp_path / "down"
    bench.put({"p/a": b"from the store"})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a").write_bytes(b"old")
    down.mkdir()
    (down / "p").symlink_to(elsewhere)  # not followed: it fails
    handle = bench.queue.download(bench.record, [bench.at("p/")], down, Policy.REPLACE)
    assert bench.finish(handle).state is not JobState.DONE
    (down / "p").unlink()
    elsewhere.rename(down / "p")
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert tree(down) == {"p/a": b"from the store"}


def test_blobs_that_came_while_a_delete_was_not_answered_stay(bench: Bench) -> None:
    bench.put({"a": b"1", "b": b"2", "c": b"3"})
    with bench.driver() as driver:
        items = []
        for number, key in enumerate("abc"):
            info = driver.head(bench.bucket, key)
            standing = blob_standing(info.etag, info.size_bytes, info.modified_us)
            items.append(Item(number, key, key, key, 1, etag=BLOB + standing))
        task = DeleteBlobs(bench.bucket, tuple(items)).unanswered()
        driver.delete(bench.bucket, "a")  # its answer was lost
        driver.delete(bench.bucket, "b")
        driver.put(bench.bucket, "b", b"somebody's")
        result = task.run(Here(driver, driver))
    assert isinstance(result, Settled)
    assert list(result.failed) == [1]
    assert isinstance(result.failed[1], ErrorRecord)
    assert result.failed[1].kind == PreconditionFailed.__name__
    assert bench.listed() == ["b"]


class Killed(BaseException): ...


def test_a_file_in_its_place_stays_whole_when_its_mover_died_behind_it(
    local: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its final name and the loss of the temporary one, both are one file."""

    def killed(*_: object, **__: object) -> None:
        raise Killed

    root = tmp_path / "down"
    root.mkdir()
    with local.driver() as driver:
        etag = driver.put(local.bucket, "k", b"whole").etag
        item = Item(0, "k", "k", "k", 5, 0, etag, begun=temporary_name())
        task, stage = FetchBlob(local.bucket, item, str(root), item.begun), Here(driver, driver)
        with monkeypatch.context() as patch:
            patch.setattr(disk.os, "unlink", killed)
            patch.setattr(Path, "unlink", killed)
            with pytest.raises(Killed):
                task.run(stage)
        assert tree(root) == {"k": b"whole", item.begun: b"whole"}
        driver.put(local.bucket, "k", b"another")
        with pytest.raises(PreconditionFailed):
            task.run(stage)
    assert tree(root) == {"k": b"whole"}


def test_a_strangers_file_of_the_same_size_is_not_told_as_done(local: Bench, tmp_path: Path) -> None:
    """Its temporary file is gone because of it; the answer was lost, and it is done again."""
    bucket, root = local.bucket, tmp_path / "down"
    root.mkdir()
    with local.driver() as driver:
        upload_id = driver.create_upload(bucket, "big")
        parts: list[Part] = [driver.upload_part(bucket, "big", upload_id, 1, b"1234567890")]
        driver.complete_upload(bucket, "big", upload_id, parts)
        info = driver.head(bucket, "big")
        item = Item(0, "big", "big", "big", info.size_bytes, info.modified_us, info.etag, begun=temporary_name())
        (root / item.begun).write_bytes(b"1234567890")
        (root / "big").write_bytes(b"a stranger")
        task, stage = PlaceFile(bucket, item, str(root), item.begun, info, skip_existing=True), Here(driver, driver)
        assert isinstance(task.run(stage), Skipped)
        with pytest.raises(Exception, match="not the same bytes"):
            task.run(stage)
        (root / "big").write_bytes(b"1234567890")
        assert isinstance(task.run(stage), Finished)


# -- in one run ---------------------------------------------------------------------------------------------------------
class Working(Person):
    """Somebody works at targets while it is asked what to do with them."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(Policy.REPLACE)
        self._work = work

    def on_conflict(
        self, handle: TransferHandle, question: ConflictFound, answer: Callable[[Decision | None], None]
    ) -> None:
        self._work()
        super().on_conflict(handle, question, answer)


@pytest.mark.parametrize("verb", ["upload", "download", "copy", "move"])
def test_what_changed_behind_the_question_is_not_written_over_by_its_answer(
    bench: Bench, tmp_path: Path, verb: str
) -> None:
    up, down = tmp_path / "up/p", tmp_path / "down/p"
    for folder in (up, down):
        folder.mkdir(parents=True)
        for name in "ab":
            (folder / name).write_bytes(b"new" if folder is up else b"old")
    below = "copies/p/" if verb in {"copy", "move"} else "p/"
    bench.put({f"p/{name}": b"new" if verb != "upload" else b"old" for name in "ab"})
    if verb in {"copy", "move"}:
        bench.put({f"{below}{name}": b"old" for name in "ab"})

    def work() -> None:
        if verb == "download":
            (down / "a").write_bytes(b"a day's work")
        else:
            bench.put({f"{below}a": b"a colleague's work"})

    def targets() -> list[bytes]:
        if verb == "download":
            return [(down / name).read_bytes() for name in "ab"]
        return [bench.content(below + name) for name in "ab"]

    bench.queue.listen(Working(work))
    if verb == "upload":
        handle = bench.queue.upload(bench.record, bench.at(), [up])
    elif verb == "download":
        handle = bench.queue.download(bench.record, [bench.at("p/")], down.parent)
    else:
        handle = bench.queue.copy(bench.record, [bench.at("p/")], bench.at("copies/"), move=verb == "move")
    assert bench.finish(handle).state is JobState.DONE_WITH_ERRORS
    (failed,) = handle.items({ItemState.FAILED})
    assert failed.error is not None
    assert (failed.item.name, failed.error.kind) == ("p/a", PreconditionFailed.__name__)
    work_of_others = b"a day's work" if verb == "download" else b"a colleague's work"
    assert targets() == [work_of_others, b"new"]
    bench.queue.listen(Person(Policy.REPLACE))
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert targets() == [b"new", b"new"]
