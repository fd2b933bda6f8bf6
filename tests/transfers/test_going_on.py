"""Transfers that stop on their way (paused, or with everything killed) and go on where they were."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from artifact_browser.errors import NetworkError, StorageError
from artifact_browser.paths import in_home
from artifact_browser.storage.drivers.s3.probe_remains import RESERVED
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.history import read_history
from artifact_browser.transfers.journal import Journal
from artifact_browser.transfers.journal_file import open_for_reading, read_jobs, unsafe_items
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.queue import Restoring, TransferQueue
from artifact_browser.transfers.state import ItemState, JobState
from artifact_browser.transfers.task import MIB, PART_BYTES
from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import WorkerPool
from tests.parts.s3_server import S3Server
from tests.transfers.conftest import Bench, s3_bench, tree, wait_for

LARGE = 10 * PART_BYTES + 77
NEEDS_SIGKILL = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on Windows")


def noise(seed: int) -> bytes:
    rng = random.Random(seed)
    return b"".join(rng.randbytes(MIB) for _ in range(LARGE // MIB)) + rng.randbytes(LARGE % MIB)


ON_CEPH = pytest.param("ceph", marks=pytest.mark.ceph)


@pytest.fixture
def slow(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """A server that takes its time (moto, or what the test names), and processes of its own: they may be killed."""
    server = request.getfixturevalue(getattr(request, "param", "moto"))
    assert isinstance(server, S3Server)
    paths = in_home(tmp_path / "home").make()
    pool = WorkerPool(paths)
    bench = s3_bench(paths, pool, server)
    yield bench
    bench.queue.cancel_all()
    pool.close()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(noise(5))
    return path


def parts_kept(bench: Bench, handle: TransferHandle) -> int:
    """How many finished parts the journal knows of."""
    with open_for_reading(bench.paths.journal_file) as base:
        query = "SELECT count(*) FROM part WHERE job = (SELECT key FROM job WHERE id = ?)"
        (count,) = base.execute(query, (handle.job_id,)).fetchone()
    assert isinstance(count, int)
    return count


def pause_on_the_way(bench: Bench, handle: TransferHandle) -> int:
    """Pause after some parts; how many."""
    wait_for(lambda: handle.count() and (parts_kept(bench, handle) >= 2 or handle.ended))
    handle.pause()
    wait_for(lambda: not handle.running)
    assert handle.snapshot.state is JobState.PAUSED, handle.snapshot
    return parts_kept(bench, handle)


def go_on(bench: Bench, handle: TransferHandle) -> int:
    """Continue to the good end; the first bytes that were told as done.

    Where all is done before any of it is told (a busy machine), that is all of them.
    """
    told = len(bench.person.seen)
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE, handle.snapshot
    counted = (one.counts.bytes_done for one in bench.person.seen[told:] if one.state is JobState.RUNNING)
    return next(filter(None, counted), handle.snapshot.counts.bytes_done)


def restored(bench: Bench) -> list[TransferHandle]:
    """What another start of the app finds: another pool and queue over the same home."""
    bench.queue = TransferQueue(bench.pool)
    bench.queue.listen(bench.person)
    restoring = Restoring(bench.queue)
    for event in bench.pool.iterate(read_history, (bench.record,)):
        restoring.take(event)
    restoring.end()
    return bench.queue.handles


def begun(handle: TransferHandle) -> str:
    (item,) = handle.items()
    return item.item.begun


@pytest.mark.parametrize("slow", ["moto", ON_CEPH], indirect=True)
def test_a_paused_upload_goes_on_with_the_same_upload_and_its_parts(slow: Bench, large: Path) -> None:
    handle = slow.queue.upload(slow.record, slow.at(), [large])
    parts = pause_on_the_way(slow, handle)
    upload_id = begun(handle)
    with slow.driver() as driver:
        assert len(driver.list_parts(slow.bucket, large.name, upload_id)) >= parts
    assert [one.state for one in handle.items()] == [ItemState.QUEUED]
    assert go_on(slow, handle) >= (parts - 1) * PART_BYTES  # it did not begin at nothing
    assert begun(handle) == upload_id
    assert slow.content(large.name) == large.read_bytes()
    assert slow.unfinished() == []


@pytest.mark.parametrize("slow", ["moto", ON_CEPH], indirect=True)
def test_a_paused_download_goes_on_with_the_same_file(slow: Bench, large: Path, tmp_path: Path) -> None:
    slow.finish(slow.queue.upload(slow.record, slow.at(), [large]))
    down = tmp_path / "down"
    handle = slow.queue.download(slow.record, [slow.at(large.name)], down)
    parts = pause_on_the_way(slow, handle)
    (temporary,) = down.iterdir()
    inode = temporary.stat().st_ino
    assert temporary.name == begun(handle)
    assert go_on(slow, handle) >= (parts - 1) * PART_BYTES  # the last one is short
    (brought,) = down.iterdir()
    assert (brought.name, brought.stat().st_ino) == (large.name, inode)
    assert brought.read_bytes() == large.read_bytes()


def test_what_was_finished_before_the_power_went_is_looked_at_again(slow: Bench, tmp_path: Path) -> None:
    """Another start of the computer, as the journal sees it: what no sync has followed may be lost."""
    source, down = tmp_path / "set", tmp_path / "down"
    source.mkdir()
    for number in range(600):
        (source / f"{number:03}").write_bytes(b"content %d" % number)
    slow.finish(slow.queue.upload(slow.record, slow.at(), [source]))
    handle = slow.queue.download(slow.record, [slow.at("set/")], down)
    wait_for(lambda: handle.snapshot.counts.items_done > 20)
    handle.pause()
    wait_for(lambda: not handle.running)
    done = [one.item for one in handle.items([ItemState.DONE], 0, 600)]
    assert 20 < len(done) < 600
    lost, edited, *_ = (down / item.target for item in done)
    times = lost.stat()
    lost.write_bytes(b"")
    os.utime(lost, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a file system may show it after a crash
    edited.write_bytes(b"somebody's work since then")
    with closing(sqlite3.connect(slow.paths.journal_file)) as base, base:
        assert base.execute("UPDATE item SET unsafe_since = 'before' WHERE unsafe_since != ''").rowcount == len(done)
    (handle,) = (one for one in restored(slow) if one.job_id == handle.job_id)
    assert len(handle.items([ItemState.QUEUED], 0, 600)) == 600
    slow.person.answer = Policy.SKIP
    handle.retry_failed()
    end = slow.finish(handle)
    assert (end.state, end.counts.items_skipped, end.counts.items_done) == (JobState.DONE, 1, 599)
    assert [conflict.name for question in slow.person.asked for conflict in question.examples] == [f"set/{edited.name}"]
    assert lost.read_bytes() == b"content %d" % int(lost.name)
    assert edited.read_bytes() == b"somebody's work since then"
    with open_for_reading(slow.paths.journal_file) as base:
        assert unsafe_items(base, 1) == unsafe_items(base, 2) == set()


def test_a_source_that_changed_over_the_pause_begins_anew(slow: Bench, large: Path, tmp_path: Path) -> None:
    handle = slow.queue.upload(slow.record, slow.at(), [large])
    pause_on_the_way(slow, handle)
    upload_id = begun(handle)
    large.write_bytes(noise(6))
    go_on(slow, handle)
    assert begun(handle) != upload_id
    assert slow.content(large.name) == large.read_bytes()
    slow.queue.settle(30)
    wait_for(lambda: slow.unfinished() == [], "the old upload is dropped")

    down = tmp_path / "down"
    handle = slow.queue.download(slow.record, [slow.at(large.name)], down)
    pause_on_the_way(slow, handle)
    large.write_bytes(noise(7))
    with slow.driver() as driver:
        driver.put(slow.bucket, large.name, large.read_bytes())
    go_on(slow, handle)
    slow.queue.settle(30)
    wait_for(lambda: tree(down) == {large.name: large.read_bytes()}, "the old temporary file is removed")


@pytest.mark.parametrize("slow", [ON_CEPH], indirect=True)
def test_an_upload_that_the_store_forgot_begins_anew(slow: Bench, large: Path) -> None:
    handle = slow.queue.upload(slow.record, slow.at(), [large])
    pause_on_the_way(slow, handle)

    def forgotten() -> bool:
        with (
            slow.driver() as driver,
            suppress(StorageError, NetworkError),
        ):  # moto stumbles over a part that still arrives
            driver.abort_upload(slow.bucket, large.name, begun(handle))
        return not slow.unfinished()

    wait_for(forgotten)
    go_on(slow, handle)
    assert slow.content(large.name) == large.read_bytes()
    assert slow.unfinished() == []


def test_a_paused_transfer_that_is_cancelled_leaves_nothing(slow: Bench, large: Path, tmp_path: Path) -> None:
    handle = slow.queue.upload(slow.record, slow.at(), [large])
    pause_on_the_way(slow, handle)
    handle.cancel()
    assert handle.snapshot.state is JobState.CANCELLED
    wait_for(lambda: slow.unfinished() == [], "the upload is dropped")
    with open_for_reading(slow.paths.journal_file) as base:
        wait_for(lambda: read_jobs(base) == [])
    slow.finish(slow.queue.upload(slow.record, slow.at(), [large]))
    down = tmp_path / "down"
    handle = slow.queue.download(slow.record, [slow.at(large.name)], down)
    pause_on_the_way(slow, handle)
    handle.cancel()
    wait_for(lambda: tree(down) == {}, "the temporary file is removed")


@pytest.mark.parametrize("bench", ["local", "s3"], indirect=True)
def test_many_small_files_pause_and_go_on(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "set"
    source.mkdir()
    for number in range(600):
        (source / f"{number:03d}").write_bytes(b"%d" % number * 500)
    handle = bench.queue.upload(bench.record, bench.at(), [source])
    wait_for(lambda: handle.snapshot.counts.items_done > 0 or handle.ended)
    handle.pause()
    wait_for(lambda: not handle.running)
    if handle.snapshot.state is JobState.PAUSED:  # This computer may have been faster
        done = handle.snapshot.counts.items_done
        assert done < 600
        assert done <= len(bench.listed()) < 600  # what is told is there; what ended while it paused is found again
        handle.retry_failed()
    end = bench.finish(handle)
    assert (end.state, end.counts.items, end.counts.items_done, end.verified) == (
        JobState.DONE,
        600,
        600,
        end.verified or "mixed",
    )
    assert bench.person.asked == []  # nothing was found in its own way
    down = tmp_path / "down"
    handle = bench.queue.download(bench.record, [bench.at("set/")], down)
    wait_for(lambda: handle.snapshot.counts.items_done > 0 or handle.ended)
    handle.pause()
    wait_for(lambda: not handle.running)
    if handle.snapshot.state is JobState.PAUSED:
        assert [path for path in down.rglob("*.part")] == []
        handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert tree(down) == {f"set/{name}": data for name, data in tree(source).items()}
    assert bench.person.asked == []


def test_a_pause_while_it_is_planned_plans_anew(local: Bench, tmp_path: Path) -> None:
    source = tmp_path / "set"
    for number in range(1000):
        folder = source / str(number % 50)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / str(number)).touch()
    handle = local.queue.upload(local.record, local.at(), [source])
    handle.pause()  # at once: most often before the engine has planned anything
    wait_for(lambda: not handle.running)
    assert handle.snapshot.state is JobState.PAUSED
    assert len(local.listed()) < 1000
    handle.retry_failed()
    assert local.finish(handle).counts.items_done == 1000


@NEEDS_SIGKILL
@pytest.mark.parametrize(
    ("slow", "verb"), [("moto", "upload"), pytest.param("ceph", "download", marks=pytest.mark.ceph)], indirect=["slow"]
)
def test_after_everything_was_killed_a_large_blob_goes_on(slow: Bench, large: Path, tmp_path: Path, verb: str) -> None:
    """Window, engine and movers end at once, as in a power cut; another start lists the transfer and goes on."""
    down = tmp_path / "down"
    if verb == "download":
        slow.finish(slow.queue.upload(slow.record, slow.at(), [large]))
        handle = slow.queue.download(slow.record, [slow.at(large.name)], down)
    else:
        handle = slow.queue.upload(slow.record, slow.at(), [large])
    wait_for(lambda: handle.count() and parts_kept(slow, handle) >= 2)
    first = begun(handle)
    slow.queue = TransferQueue(slow.pool)  # nobody of this run does anything about it any more
    handle._run = None
    for pid in slow.pool.pids(Lane.ENGINE):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not [pid for pid in slow.pool.pids(Lane.ENGINE) if _alive(pid)])
    (found,) = restored(slow)
    assert found.snapshot.state is JobState.PAUSED
    assert found.from_before
    assert (found.snapshot.title, found.count()) == (handle.snapshot.title, 1)
    assert begun(found) == first
    assert go_on(slow, found) >= PART_BYTES
    assert begun(found) == first
    if verb == "upload":
        assert slow.content(large.name) == large.read_bytes()
        assert slow.unfinished() == []
    else:
        assert tree(down) == {large.name: large.read_bytes()}
    assert restored(slow) == []  # done is done


@NEEDS_SIGKILL
def test_after_everything_was_killed_no_file_of_many_is_lost(slow: Bench, tmp_path: Path) -> None:
    source = tmp_path / "set"
    source.mkdir()
    for number in range(400):
        (source / f"{number:03d}").write_bytes(random.Random(number).randbytes(40_000))
    handle = slow.queue.upload(slow.record, slow.at(), [source])
    wait_for(lambda: handle.snapshot.counts.items_done > 20)
    handle._run = None
    for pid in slow.pool.pids(Lane.ENGINE):
        os.kill(pid, signal.SIGKILL)
    (found,) = restored(slow)
    assert found.count() == 400
    assert found.snapshot.counts.items == 400
    found.retry_failed()
    end = slow.finish(found)
    assert (end.state, end.counts.items_done) == (JobState.DONE, 400)
    assert slow.person.asked == []  # files whose end nobody had heard of are there, and are known by their bytes
    assert {key: slow.content(key) for key in slow.listed() if RESERVED not in key} == {
        f"set/{name}": data for name, data in tree(source).items()
    }


def test_a_failed_transfer_is_there_after_a_restart_until_it_is_removed(local: Bench, tmp_path: Path) -> None:
    handle = local.queue.upload(local.record, local.at(), [tmp_path / "gone.txt"])
    assert local.finish(handle).state is JobState.FAILED
    (found,) = (one for one in restored(local) if one.job_id == handle.job_id)
    assert found.snapshot.state is JobState.FAILED
    assert found.snapshot.error == handle.snapshot.error
    assert [one.error for one in found.items()] == [one.error for one in handle.items()]
    (tmp_path / "gone.txt").write_text("here")
    found.retry_failed()
    assert local.finish(found).state is JobState.DONE
    (tmp_path / "gone.txt").unlink()
    handle = local.queue.upload(local.record, local.at("x/"), [tmp_path / "gone.txt"])
    local.finish(handle)
    local.queue.remove(handle)
    wait_for(lambda: handle.job_id not in {one.job_id for one in restored(local)})


def test_jobs_of_accounts_that_are_gone_are_not_shown(local: Bench, tmp_path: Path) -> None:
    handle = local.queue.upload(local.record, local.at(), [tmp_path / "gone.txt"])
    local.finish(handle)
    assert [event for event in local.pool.iterate(read_history, ())] == []


def test_a_delete_that_was_cut_off_is_not_taken_up_again(local: Bench) -> None:
    local.put({"a": b"1", "b": b"2"})
    plan = local.plan_delete("a", "b")
    journal = Journal(local.paths.journal_file)
    handle = local.queue.delete(local.record, plan)
    local.finish(handle)
    with suppress(FileNotFoundError):
        Path(plan.file).unlink()
    again = local.plan_delete("")
    cut_off = local.queue.handle_for(handle.order)
    journal.begin(cut_off.order)  # and then nothing more
    journal.close()
    (found,) = (one for one in restored(local) if one.job_id == handle.job_id)
    assert found.snapshot.state is JobState.CANCELLED
    assert not found.can_retry
    local.queue.remove(found)
    wait_for(lambda: handle.job_id not in {one.job_id for one in restored(local)})
    local.queue.discard(again)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_folder_that_could_not_be_read_is_read_when_it_is_tried_again(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    for name in ("a", "sub/b", "sub/deeper/c"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    in_the_way = folder / "sub/.artifactignore"  # no file: nobody knows what may be uploaded of it
    in_the_way.mkdir()
    handle = bench.queue.upload(bench.record, bench.at(), [folder], Policy.SKIP)
    assert bench.finish(handle).state is JobState.DONE_WITH_ERRORS
    assert bench.listed() == ["folder/a"]
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE_WITH_ERRORS  # still not
    assert [one.item.name for one in handle.items({ItemState.FAILED})] == ["folder/sub"]
    in_the_way.rmdir()
    handle.retry_failed()
    end = bench.finish(handle)
    assert end.state is JobState.DONE
    assert bench.listed() == ["folder/a", "folder/sub/b", "folder/sub/deeper/c"]
    assert (end.counts.items, end.counts.items_done, end.counts.items_skipped) == (4, 3, 1)


def test_a_folder_that_could_not_be_read_and_is_empty_now_is_kept_as_such(bench: Bench, tmp_path: Path) -> None:
    in_the_way = tmp_path / "folder/sub/.artifactignore"
    in_the_way.mkdir(parents=True)
    handle = bench.queue.upload(bench.record, bench.at(), [tmp_path / "folder"])
    assert bench.finish(handle).state is JobState.FAILED
    in_the_way.rmdir()
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert bench.listed() == ["folder/sub/"]
