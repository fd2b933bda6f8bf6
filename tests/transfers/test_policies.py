"""Update and continue: what is moved when something is there already, exactly."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from artifact_browser.transfers import comparing
from artifact_browser.transfers.comparing import SameBytes
from artifact_browser.transfers.lookup import Blob, find_blobs
from artifact_browser.transfers.policy import Conflict, Group, Policy, group_of, updates
from artifact_browser.transfers.state import ItemState, JobState
from tests.transfers.conftest import Bench, tree

S = 1_000_000


@pytest.mark.parametrize(
    ("sizes", "times", "same", "group"),
    [
        ((5, 5), (9 * S, 2 * S), True, Group.IDENTICAL),
        ((5, 5), (9 * S, 9 * S), None, Group.IDENTICAL),
        ((5, 5), (9 * S + 4, 9 * S), None, Group.IDENTICAL),  # a store that keeps whole seconds
        ((5, 5), (9 * S + 4, 9 * S + 5), None, Group.TARGET_NEWER),
        ((5, 5), (9 * S, 9 * S), False, Group.DIFFERENT),
        ((5, 6), (9 * S, 9 * S), None, Group.DIFFERENT),
        ((5, 5), (0, 9 * S), None, Group.DIFFERENT),
        ((5, 5), (0, 0), None, Group.DIFFERENT),
        ((5, 6), (9 * S, 2 * S), False, Group.SOURCE_NEWER),
        ((5, 5), (2 * S, 9 * S), None, Group.TARGET_NEWER),
        ((5, 5), (2 * S, 9 * S), False, Group.TARGET_NEWER),
    ],
)
def test_what_is_there_is_one_of_four(
    sizes: tuple[int, int], times: tuple[int, int], same: bool | None, group: Group
) -> None:
    assert group_of(Conflict("a", sizes[0], times[0], sizes[1], times[1]), same) is group


@pytest.mark.parametrize(
    ("sizes", "group", "same", "into_store", "into_folder"),
    [
        ((5, 5), Group.IDENTICAL, True, False, False),
        ((5, 5), Group.SOURCE_NEWER, None, True, True),
        ((5, 5), Group.DIFFERENT, False, True, True),
        ((5, 5), Group.TARGET_NEWER, None, False, False),
        ((5, 5), Group.TARGET_NEWER, False, True, False),
        ((5, 6), Group.TARGET_NEWER, None, True, False),
    ],
)
def test_what_update_replaces(
    sizes: tuple[int, int], group: Group, same: bool | None, into_store: bool, into_folder: bool
) -> None:
    conflict = Conflict("a", sizes[0], 1, sizes[1], 2)
    assert (updates(conflict, group, same, target_is_store=True) == "") is into_store
    assert (updates(conflict, group, same, target_is_store=False) == "") is into_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "set"
    root.mkdir()
    for name in ["same", "touched", "edited", "old", "longer", "new"]:
        (root / name).write_text(f"bytes of {name}")
    return root


def at(path: Path, seconds: int) -> None:
    """Change a file's time by so much."""
    moved = path.stat().st_mtime_ns + seconds * 1_000_000_000
    os.utime(path, ns=(moved, moved))


def skipped(handle: object) -> dict[str, str]:
    return {one.item.name: one.note for one in handle.items([ItemState.SKIPPED])}  # type: ignore[attr-defined]


def test_an_upload_that_updates_sends_what_changed_and_a_second_one_nothing(bench: Bench, folder: Path) -> None:
    bench.finish(bench.queue.upload(bench.record, bench.at(), [folder]))
    with bench.driver() as driver:
        driver.delete(bench.bucket, "set/new")
    at(folder / "touched", 3600)  # newer, the same bytes: the checksum says so
    (folder / "edited").write_text("BYTES OF EDITED")  # the same size, an older time: the checksum says so
    at(folder / "edited", -3600)
    (folder / "longer").write_text("other bytes, and more")
    at(folder / "longer", -3600)
    handle = bench.queue.upload(bench.record, bench.at(), [folder], Policy.UPDATE)
    end = bench.finish(handle)
    assert (end.state, end.counts.items_done) == (JobState.DONE, 3)
    assert skipped(handle) == {f"set/{name}": "the same is there already" for name in ["same", "touched", "old"]}
    assert {key.removeprefix("set/"): bench.content(key) for key in bench.listed()} == tree(folder)
    assert not bench.person.asked

    again = bench.finish(bench.queue.upload(bench.record, bench.at(), [folder], Policy.UPDATE))
    assert (again.counts.items_done, again.counts.items_skipped) == (0, 6)


def test_a_download_that_updates_keeps_what_was_worked_on_here(bench: Bench, folder: Path, tmp_path: Path) -> None:
    bench.put({f"set/{path.name}": path.read_bytes() for path in folder.iterdir()})
    down = tmp_path / "down"
    bench.finish(bench.queue.download(bench.record, [bench.at("set/")], down))
    here = down / "set"
    (here / "new").unlink()
    at(here / "touched", -3600)  # the same bytes
    (here / "edited").write_text("worked on here")
    at(here / "edited", 3600)
    (here / "old").write_text("an old version")
    at(here / "old", -3600)
    (here / "longer").write_text("BYTES OF LONGER")  # of the same size
    at(here / "longer", -3600)
    handle = bench.queue.download(bench.record, [bench.at("set/")], down, Policy.UPDATE)
    end = bench.finish(handle)
    assert (end.state, end.counts.items_done) == (JobState.DONE, 3)
    assert skipped(handle) == {
        "set/same": "the same is there already",
        "set/touched": "the same is there already",
        "set/edited": "what is there is newer",
    }
    assert tree(here) == tree(folder) | {"edited": b"worked on here"}

    again = bench.finish(bench.queue.download(bench.record, [bench.at("set/")], down, Policy.UPDATE))
    assert (again.counts.items_done, again.counts.items_skipped) == (0, 6)


def test_continue_brings_what_is_missing_or_shorter(bench: Bench, folder: Path, tmp_path: Path) -> None:
    bench.finish(bench.queue.upload(bench.record, bench.at(), [folder]))
    whole = {f"set/{name}": data or b"" for name, data in tree(folder).items()}
    bench.put({"set/same": b"bytes", "set/edited": b"BYTES OF EDITED", "set/longer": b"bytes of longer and more"})
    with bench.driver() as driver:
        driver.delete(bench.bucket, "set/new")
    handle = bench.queue.upload(bench.record, bench.at(), [folder], Policy.CONTINUE)
    assert bench.finish(handle).counts.items_done == 2
    kept = {"set/edited": b"BYTES OF EDITED", "set/longer": b"bytes of longer and more"}
    assert {key: bench.content(key) for key in bench.listed()} == whole | kept

    down = tmp_path / "down" / "set"
    down.mkdir(parents=True)
    (down / "same").write_text("BYT")  # the beginning of something else: never appended to
    (down / "edited").write_text("x" * 100)
    end = bench.finish(bench.queue.download(bench.record, [bench.at("set/")], down.parent, Policy.CONTINUE))
    assert (end.counts.items_done, end.counts.items_skipped) == (5, 1)
    assert tree(down) == {key.removeprefix("set/"): data for key, data in (whole | kept).items()} | {
        "edited": b"x" * 100
    }


def test_only_so_much_is_read_to_compare(local: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "READ_BYTES", 9)
    local.put({"a": b"12345", "b": b"12345"})
    (tmp_path / "a").write_bytes(b"12345")
    with local.driver() as driver:
        same = SameBytes(driver, local.bucket, lambda: None)
        blob = find_blobs(driver, local.bucket, ["a"], lambda: None)["a"]
        assert same(tmp_path / "a", Blob("a", 4, 0, blob.etag)) is False
        assert same(tmp_path / "gone", blob) is None
        (tmp_path / "link").symlink_to(tmp_path / "a")
        assert same(tmp_path / "link", blob) is False
        assert same(tmp_path / "a", Blob("a", 5, 0, "abc-2")) is None
        assert same(tmp_path / "a", blob) is True
        assert same(tmp_path / "a", blob) is None


@pytest.mark.parametrize("policy", [Policy.UPDATE, Policy.CONTINUE])
def test_nothing_there_is_nothing_to_ask(local: Bench, folder: Path, policy: Policy) -> None:
    assert local.finish(local.queue.upload(local.record, local.at(), [folder], policy)).counts.items_done == 6
    assert not local.person.asked
