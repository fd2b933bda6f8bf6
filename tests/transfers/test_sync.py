"""Comparing a folder with a prefix, and making one side like the other: only what was shown, nothing lost."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artifact_browser.errors import BucketNotFound, InputError, PreconditionFailed
from artifact_browser.storage.location import Location
from artifact_browser.storage.stamps import stamp_of
from artifact_browser.transfers.compare import compare, read_rows
from artifact_browser.transfers.compare_file import By, Comparison, Direction, Group
from artifact_browser.transfers.put_course import PutCourse
from artifact_browser.transfers.standing import blob_standing
from artifact_browser.transfers.state import Item, ItemState, JobSnapshot, JobState, Verb
from artifact_browser.transfers.sync import DownloadSync
from artifact_browser.transfers.task import LARGE_BYTES, PART_BYTES
from tests.transfers.accounts import Here
from tests.transfers.conftest import Bench, tree


def write(folder: Path, files: dict[str, bytes], *, age_s: float = 86400) -> Path:
    """Files as old as that."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (time.time() - age_s, time.time() - age_s))
    return folder


def compared(bench: Bench, folder: Path, prefix: str = "p/", by: By = By.TIME) -> Comparison:
    found = bench.pool.run(compare, bench.record, bench.at(prefix), str(folder), by)
    assert isinstance(found, Comparison)
    return found


def groups(bench: Bench, comparison: Comparison, direction: Direction) -> dict[str, Group]:
    found: dict[str, Group] = {}
    for group in Group:
        rows = bench.pool.run(read_rows, comparison.file, direction, group, 100)
        assert isinstance(rows, list)
        found |= {row.key: group for row in rows}
        assert comparison.totals[direction][group].items == len(rows)
    return found


def test_every_name_is_told_for_both_directions(bench: Bench, tmp_path: Path) -> None:
    folder = write(tmp_path / "set", {"same.txt": b"same", "a/size.txt": b"longer", "here.txt": b"here", "a.txt": b"x"})
    bench.put({"p/same.txt": b"same", "p/a/size.txt": b"short", "p/there.txt": b"there", "p/a.txt": b"y", "q.txt": b""})
    write(folder, {"young.txt": b"young"}, age_s=-86400)
    bench.put({"p/young.txt": b"older"})
    (folder / "link").symlink_to("same.txt")
    (folder / "empty").mkdir()
    comparison = compared(bench, folder)
    up = groups(bench, comparison, Direction.UPLOAD)
    assert up == {
        "same.txt": Group.SAME,
        "a.txt": Group.SAME,  # of one size, and not younger here
        "a/size.txt": Group.NEWER,
        "here.txt": Group.NEW,
        "there.txt": Group.EXTRA,
        "young.txt": Group.CHANGED,
        "link": Group.LEFT_OUT,
        "empty/": Group.NEW,
    }
    down = groups(bench, comparison, Direction.DOWNLOAD)
    assert down["there.txt"] is Group.NEW
    assert down["here.txt"] is Group.EXTRA
    assert down["young.txt"] is Group.SAME
    assert down["a/size.txt"] is Group.CHANGED
    assert comparison.totals[Direction.UPLOAD][Group.NEW].bytes == len(b"here")
    exact = groups(bench, compared(bench, folder, by=By.CONTENT), Direction.UPLOAD)
    assert exact["same.txt"] is Group.SAME
    assert exact["a.txt"] is Group.NEWER
    assert groups(bench, compared(bench, folder, by=By.CONTENT), Direction.DOWNLOAD)["same.txt"] is Group.SAME


def test_a_sync_up_makes_the_prefix_like_the_folder(bench: Bench, tmp_path: Path) -> None:
    folder = write(tmp_path / "set", {"new.txt": b"new", "a/changed.txt": b"longer", "same.txt": b"same"}, age_s=-60)
    bench.put({"p/a/changed.txt": b"short", "p/gone/1.txt": b"1", "p/gone/2.txt": b"2", "outside.txt": b"stays"})
    first = bench.finish(bench.queue.sync(bench.record, compared(bench, folder), Direction.UPLOAD))
    assert (first.state, first.counts.items_done) == (JobState.DONE, 3)
    assert len(bench.listed("p/gone/")) == 2  # only when asked for
    end = bench.finish(bench.queue.sync(bench.record, compared(bench, folder), Direction.UPLOAD, remove=True))
    assert end.state is JobState.DONE
    assert bench.listed() == ["outside.txt", "p/a/changed.txt", "p/new.txt", "p/same.txt"]
    assert bench.content("p/a/changed.txt") == b"longer"
    after = compared(bench, folder, by=By.CONTENT)
    assert {group for group, total in after.totals[Direction.UPLOAD].items() if total.items} == {Group.SAME}


def test_a_sync_down_makes_the_folder_like_the_prefix_and_trashes_the_rest(bench: Bench, tmp_path: Path) -> None:
    bench.put({"p/new.txt": b"new", "p/a/changed.txt": b"longer", "p/x/../y": b"odd", "p/empty/": b""})
    folder = write(tmp_path / "set", {"a/changed.txt": b"short", "gone/deep/1.txt": b"precious", "a/2.txt": b"2"})
    handle = bench.queue.sync(bench.record, compared(bench, folder), Direction.DOWNLOAD, remove=True)
    end = bench.finish(handle)
    assert end.state is JobState.DONE, [(one.item.name, one.error) for one in handle.items([ItemState.FAILED])]
    assert set(tree(folder)) == {"new.txt", "a/changed.txt", "empty", "x/\u201b2E\u201b2E/y"}
    assert (folder / "a" / "changed.txt").read_bytes() == b"longer"
    trashed = [path.read_bytes() for path in (bench.paths.data / "Trash" / "files").iterdir() if path.is_file()]
    assert b"precious" in trashed
    after = compared(bench, folder)
    for direction in Direction:
        assert {group for group, total in after.totals[direction].items() if total.items} <= {Group.SAME, Group.NEWER}
    assert set(groups(bench, after, Direction.DOWNLOAD).values()) == {Group.SAME}


def test_files_of_one_name_are_all_in_the_trash(local: Bench, tmp_path: Path) -> None:
    """Several movers put them there."""
    bodies = {f"{number}/name.txt": f"precious {number}".encode() for number in range(300)}
    folder = write(tmp_path / "set", {"stays": b"s", **bodies})
    local.put({"p/stays": b"s"})
    handle = local.queue.sync(local.record, compared(local, folder), Direction.DOWNLOAD, remove=True)
    assert local.finish(handle).state is JobState.DONE
    trash = local.paths.data / "Trash/files"
    assert {path.read_bytes() for path in trash.glob("name*.txt")} >= set(bodies.values())


def test_what_is_newer_at_the_target_stays_unless_it_may_go(bench: Bench, tmp_path: Path) -> None:
    folder = write(tmp_path / "set", {"a.txt": b"of yesterday"})
    bench.put({"p/a.txt": b"of today"})
    bench.finish(bench.queue.sync(bench.record, compared(bench, folder), Direction.UPLOAD))
    assert bench.content("p/a.txt") == b"of today"
    bench.finish(bench.queue.sync(bench.record, compared(bench, folder), Direction.UPLOAD, keep_newer=False))
    assert bench.content("p/a.txt") == b"of yesterday"


def test_what_changed_since_the_comparison_is_left_alone(bench: Bench, tmp_path: Path) -> None:
    folder = write(tmp_path / "set", {"a.txt": b"aa", "b.txt": b"bb"}, age_s=-60)
    bench.put({"p/a.txt": b"a", "p/b.txt": b"b", "p/gone.txt": b"x", "p/other.txt": b"y"})
    comparison = compared(bench, folder)
    bench.put({"p/a.txt": b"somebody else's", "p/gone.txt": b"somebody else's, too", "p/c.txt": b"came"})
    handle = bench.queue.sync(bench.record, comparison, Direction.UPLOAD, remove=True)
    end = bench.finish(handle)
    assert end.state is JobState.DONE_WITH_ERRORS
    assert bench.content("p/a.txt") == b"somebody else's"
    assert bench.content("p/b.txt") == b"bb"
    assert set(bench.listed("p/")) == {"p/a.txt", "p/b.txt", "p/c.txt", "p/gone.txt", "p/other.txt"}  # nothing removed
    failed = {one.item.name: one.error.detail for one in handle.items([ItemState.FAILED]) if one.error}
    assert failed["a.txt"].startswith("It has changed since the comparison")
    assert failed["other.txt"].startswith("Kept")
    comparison = compared(bench, folder)
    bench.put({"p/gone.txt": b"again"})
    (folder / "a.txt").unlink()
    handle = bench.queue.sync(bench.record, comparison, Direction.UPLOAD, remove=True, keep_newer=False)
    bench.finish(handle)
    assert bench.content("p/gone.txt") == b"again"
    assert bench.content("p/a.txt") == b"somebody else's"


def test_a_file_that_somebody_put_into_this_computers_bucket_is_known_by_its_time(local: Bench, tmp_path: Path) -> None:
    """Its listing has no ETag for it."""
    folder = write(tmp_path / "set", {"a.txt": b"aa"}, age_s=-60)
    bucket = write(local.paths.store / local.bucket, {"p/a.txt": b"bb", "p/gone.txt": b"x", "p/kept.txt": b"y"})
    comparison = compared(local, folder)
    write(bucket, {"p/kept.txt": b"z"}, age_s=3600)
    handle = local.queue.sync(local.record, comparison, Direction.UPLOAD, remove=True)
    local.finish(handle)
    assert local.content("p/a.txt") == b"aa"
    assert local.listed("p/") == ["p/a.txt", "p/kept.txt"]
    assert [one.item.name for one in handle.items([ItemState.FAILED])] == ["kept.txt"]


@pytest.mark.parametrize("direction", list(Direction))
def test_what_changed_since_the_comparison_is_left_alone_by_a_retry_as_well(
    bench: Bench, tmp_path: Path, direction: Direction
) -> None:
    age_s = -60 if direction is Direction.UPLOAD else 86400
    folder = write(tmp_path / "set", {"a.txt": b"here", "b.txt": b"b"}, age_s=age_s)
    bench.put({"p/a.txt": b"there"})
    comparison = compared(bench, folder)
    bench.put({"p/a.txt": b"somebody else's"})
    write(folder, {"a.txt": b"my newest"}, age_s=0)
    handle = bench.queue.sync(bench.record, comparison, direction)
    assert bench.finish(handle).counts.items_failed == 1
    handle.retry_failed()
    assert bench.finish(handle).counts.items_failed == 1
    assert bench.content("p/a.txt") == b"somebody else's"
    assert (folder / "a.txt").read_bytes() == b"my newest"


def test_the_look_before_writing_over_counts_not_the_plans(bench: Bench, tmp_path: Path) -> None:
    """Hours may lie between them."""
    folder = write(tmp_path / "set", {"small": b"new", "large": bytes(LARGE_BYTES + 1)}, age_s=-60)
    bench.put({"p/small": b"older", "p/large": b"older"})
    with bench.driver() as driver:
        for name in ("small", "large"):
            there = driver.head(bench.bucket, f"p/{name}")
            size, modified_us, file_id = stamp_of((folder / name).stat())
            standing = blob_standing(there.etag, there.size_bytes, there.modified_us)
            item = Item(
                0,
                name,
                str(folder / name),
                f"p/{name}",
                size,
                modified_us,
                file_id=file_id,
                replace=True,
                expects=standing,
            )
            driver.put(bench.bucket, f"p/{name}", b"somebody else's")
            course = PutCourse(
                bench.bucket,
                item,
                skip_existing=True,
                largest_part=PART_BYTES,
                most_parts=driver.capabilities.max_parts,
            )
            stage = Here(driver, driver)
            with pytest.raises(PreconditionFailed):
                stage.run(course)
            for task in course.leftovers():
                task.run(stage)
            assert bench.content(f"p/{name}") == b"somebody else's"


def test_a_local_file_that_changed_is_neither_written_over_nor_trashed(local: Bench, tmp_path: Path) -> None:
    folder = write(tmp_path / "set", {"a.txt": b"a", "gone.txt": b"x"})
    local.put({"p/a.txt": b"from there"})
    comparison = compared(local, folder)
    write(folder, {"a.txt": b"work of this morning"}, age_s=0)
    end = local.finish(local.queue.sync(local.record, comparison, Direction.DOWNLOAD, remove=True))
    assert end.state is JobState.FAILED
    assert tree(folder) == {"a.txt": b"work of this morning", "gone.txt": b"x"}
    comparison = compared(local, folder)
    write(folder, {"gone.txt": b"not gone"}, age_s=0)
    local.finish(local.queue.sync(local.record, comparison, Direction.DOWNLOAD, remove=True))
    assert tree(folder)["gone.txt"] == b"not gone"


def test_a_removal_that_was_held_back_is_made_up_for_by_a_retry(local: Bench, tmp_path: Path) -> None:
    folder = write(tmp_path / "set", {"a.txt": b"aa"})
    local.put({"p/gone.txt": b"x"})
    comparison = compared(local, folder)
    (folder / "a.txt").rename(tmp_path / "away")
    handle = local.queue.sync(local.record, comparison, Direction.UPLOAD, remove=True)
    assert local.finish(handle).counts.items_failed == 2
    (tmp_path / "away").rename(folder / "a.txt")
    handle.retry_failed()
    assert local.finish(handle).state is JobState.DONE
    assert local.listed("p/") == ["p/a.txt"]


def test_half_a_comparison_is_none(local: Bench, tmp_path: Path) -> None:
    kept = set((local.paths.cache / "comparisons").glob("*.compare"))
    with pytest.raises(InputError):
        compared(local, tmp_path / "nowhere")
    with pytest.raises(BucketNotFound):
        local.pool.run(compare, local.record, Location(local.record.id, "nothere", ""), str(tmp_path))
    if os.geteuid():
        (tmp_path / "closed").mkdir(mode=0)
        with pytest.raises(PermissionError):
            compared(local, tmp_path)
    assert set((local.paths.cache / "comparisons").glob("*.compare")) == kept


def test_what_an_ignore_file_leaves_out_is_neither_uploaded_nor_deleted(local: Bench, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "set", {".artifactignore": b"*.log\nprivate/\n", "a.log": b"", "private/key": b"", "b": b"b"}
    )
    (folder / "link").symlink_to("private")
    others = ["p/a.log", "p/b.log", "p/deep/c.log", "p/link/1", "p/private/other"]
    local.put(dict.fromkeys([*others, "p/gone"], b"of somebody"))
    comparison = compared(local, folder)
    assert {name for name, group in groups(local, comparison, Direction.UPLOAD).items() if group is Group.LEFT_OUT} == {
        "a.log",
        "b.log",
        "deep/c.log",
        "link",
        "link/1",
        "private/",
        "private/other",
    }
    assert (
        local.finish(local.queue.sync(local.record, comparison, Direction.UPLOAD, remove=True)).state is JobState.DONE
    )
    assert local.listed("p/") == sorted([*others, "p/.artifactignore", "p/b"])


def test_a_sync_whose_comparison_is_gone_says_so(local: Bench, tmp_path: Path) -> None:
    comparison = compared(local, write(tmp_path / "set", {"a.txt": b"a"}))
    Path(comparison.file).unlink()
    end = local.finish(local.queue.sync(local.record, comparison, Direction.UPLOAD))
    assert end.state is JobState.FAILED
    assert end.error is not None
    assert "Compare again" in end.error.detail


_SEGMENT = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), max_size=8)
_KEY = st.lists(_SEGMENT, min_size=1, max_size=3).map("/".join).filter(lambda key: key and len(key.encode()) < 200)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_KEY, max_size=8, unique=True))
def test_download_then_compare_is_the_identity(
    local: Bench, tmp_path_factory: pytest.TempPathFactory, keys: list[str]
) -> None:
    """Whatever the keys: what a download made of them is, to a comparison, the same set."""
    prefix = f"{time.monotonic_ns()}/"
    local.put({prefix + key: key.encode() for key in keys})
    folder = tmp_path_factory.mktemp("down")
    first = compared(local, folder, prefix)
    assert local.finish(local.queue.sync(local.record, first, Direction.DOWNLOAD)).counts.items_failed == 0
    after = compared(local, folder, prefix, by=By.CONTENT)
    assert {group: total.items for group, total in after.totals[Direction.UPLOAD].items() if total.items} == (
        {Group.SAME: len(keys)} if keys else {}
    )


def test_a_retry_of_a_sync_whose_removals_are_done_needs_no_comparison(local: Bench, tmp_path: Path) -> None:
    """It was dropped behind them."""
    head = JobSnapshot("j", Verb.SYNC_DOWN, "t", "f", local.record.id)
    order = DownloadSync(
        record=local.record, head=head, sources=(local.at("p/"),), folder=str(tmp_path),
        file=str(tmp_path / "gone"), remove=True, resumes=True,
    )  # fmt: skip
    assert list(order._removals()) == []
