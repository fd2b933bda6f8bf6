"""What is there already is asked about once, before a byte moves, and the answer holds for all."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from artifact_browser.transfers.policy import Group, GroupPolicies, Policy
from artifact_browser.transfers.state import ItemState, JobState
from tests.transfers.conftest import Bench, tree


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "set"
    root.mkdir()
    for name in ["a.txt", "b.txt", "new.txt"]:
        (root / name).write_text(f"new {name}")
    return root


@pytest.mark.parametrize(
    ("policy", "expected", "counts"),
    [
        (Policy.SKIP, {"a.txt": "old", "b.txt": "old", "new.txt": "new new.txt"}, (1, 2)),
        (Policy.REPLACE, {"a.txt": "new a.txt", "b.txt": "new b.txt", "new.txt": "new new.txt"}, (3, 0)),
        (
            Policy.KEEP_BOTH,
            {
                "a.txt": "old",
                "a (2).txt": "new a.txt",
                "b.txt": "old",
                "b (2).txt": "new b.txt",
                "new.txt": "new new.txt",
            },
            (3, 0),
        ),
    ],
)
def test_the_answer_holds_for_all(
    bench: Bench, folder: Path, tmp_path: Path, policy: Policy, expected: dict[str, str], counts: tuple[int, int]
) -> None:
    bench.person.answer = policy
    bench.put({"set/a.txt": b"old", "set/b.txt": b"old"})
    up = bench.finish(bench.queue.upload(bench.record, bench.at(), [folder]))
    assert (up.counts.items_done, up.counts.items_skipped) == counts
    assert {key[4:]: bench.content(key).decode() for key in bench.listed()} == expected
    (question,) = bench.person.asked
    assert (question.planned, question.total, question.examples[0].existing_size_bytes) == (3, 2, 3)

    down = tmp_path / "down" / "set"
    down.mkdir(parents=True)
    for name in ["a.txt", "b.txt"]:
        (down / name).write_text("old")
    bench.put({f"set/{path.name}": path.read_bytes() for path in folder.iterdir()})
    wanted = [bench.at(f"set/{name}") for name in ["a.txt", "b.txt", "new.txt"]]
    end = bench.finish(bench.queue.download(bench.record, wanted, down))
    assert (end.counts.items_done, end.counts.items_skipped) == counts
    assert {name: (data or b"").decode() for name, data in tree(down).items()} == expected
    assert len(bench.person.asked) == 2


def test_no_answer_cancels_and_moves_nothing(local: Bench, folder: Path) -> None:
    local.put({"set/a.txt": b"old"})
    end = local.finish(local.queue.upload(local.record, local.at(), [folder]))
    assert end.state is JobState.CANCELLED
    assert local.listed() == ["set/a.txt"]


def test_nothing_is_asked_when_nothing_is_there(local: Bench, folder: Path) -> None:
    assert local.finish(local.queue.upload(local.record, local.at(), [folder])).state is JobState.DONE
    assert not local.person.asked


def test_many_targets_are_found_in_listings(bench: Bench, tmp_path: Path) -> None:
    root = tmp_path / "set"
    root.mkdir()
    for number in range(40):
        (root / f"{number:03}~x").write_text("new")
    bench.put({f"set/{number:03}~x": b"old" for number in range(0, 40, 3)} | {f"set/{n:03}": b"" for n in range(40)})
    end = bench.finish(bench.queue.upload(bench.record, bench.at(), [root], Policy.SKIP))
    assert (end.counts.items_done, end.counts.items_skipped) == (26, 14)


def test_two_dropped_files_of_one_name_are_both_kept(local: Bench, tmp_path: Path) -> None:
    for name in ["one", "two"]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "f.txt").write_text(name)
    end = local.finish(local.queue.upload(local.record, local.at(), [tmp_path / "one/f.txt", tmp_path / "two/f.txt"]))
    assert end.state is JobState.DONE
    assert {key: local.content(key) for key in local.listed()} == {"f.txt": b"one", "f (2).txt": b"two"}


def test_a_folder_in_a_files_place_fails_that_item_only(local: Bench, tmp_path: Path) -> None:
    local.put({"a": b"a", "b": b"b"})
    (tmp_path / "down" / "a").mkdir(parents=True)
    handle = local.queue.download(local.record, [local.at("a"), local.at("b")], tmp_path / "down", Policy.REPLACE)
    assert local.finish(handle).state is JobState.DONE_WITH_ERRORS
    (failed,) = handle.items([ItemState.FAILED])
    assert failed.item.name == "a"
    assert sorted(path.name for path in (tmp_path / "down").iterdir()) == ["a", "b"]


def test_each_kind_its_own_way(bench: Bench, tmp_path: Path) -> None:
    """Uploads: what is the same is known by checksum, what is newer by time."""
    root = tmp_path / "set"
    root.mkdir()
    for name in ["same", "touched", "newer_here", "newer_there", "new"]:
        (root / name).write_text(name)
    bench.put({f"set/{name}": name.encode() for name in ["same", "touched"]})
    bench.put({"set/newer_here": b"old", "set/newer_there": b"newest"})
    an_hour_s = 3600
    now = time.time()
    for name in ["touched", "newer_here"]:
        os.utime(root / name, (now + an_hour_s, now + an_hour_s))
    for name in ["same", "newer_there"]:
        os.utime(root / name, (now - an_hour_s, now - an_hour_s))
    bench.person.answer = GroupPolicies(source_newer=Policy.REPLACE, target_newer=Policy.KEEP_BOTH)
    handle = bench.queue.upload(bench.record, bench.at(), [root])
    end = bench.finish(handle)
    (question,) = bench.person.asked
    assert [(found.group, found.count) for found in question.groups] == [
        (Group.SOURCE_NEWER, 1),
        (Group.TARGET_NEWER, 1),
        (Group.IDENTICAL, 2),
    ]
    assert (question.planned, question.total, [one.name for one in question.examples]) == (
        5,
        4,
        ["set/newer_here", "set/newer_there", "set/same", "set/touched"],
    )
    assert (end.state, end.counts.items_done, end.counts.items_skipped) == (JobState.DONE, 3, 2)
    assert {one.note for one in handle.items([ItemState.SKIPPED])} == {"the same is there already"}
    assert {key[4:]: bench.content(key).decode() for key in bench.listed()} == {
        "same": "same",
        "touched": "touched",
        "newer_here": "newer_here",
        "newer_there": "newest",
        "newer_there (2)": "newer_there",
        "new": "new",
    }


def test_what_came_down_before_is_identical_until_somebody_works_on_it(bench: Bench, tmp_path: Path) -> None:
    bench.put({"set/a": b"a", "set/b": b"b", "set/c": b"c"})
    down = tmp_path / "down"
    wanted = [bench.at("set/")]
    bench.finish(bench.queue.download(bench.record, wanted, down))
    (down / "set/b").write_text("worked on")
    os.utime(down / "set/b", (time.time() + 3600, time.time() + 3600))
    kept = (down / "set/c").stat()
    (down / "set/c").write_text("C")  # the same size, and soon the same time
    os.utime(down / "set/c", ns=(kept.st_atime_ns, kept.st_mtime_ns))
    bench.person.answer = GroupPolicies(different=Policy.REPLACE)
    end = bench.finish(bench.queue.download(bench.record, wanted, down))
    (question,) = bench.person.asked
    assert {found.group: found.count for found in question.groups} == {
        Group.IDENTICAL: 1, Group.TARGET_NEWER: 1, Group.DIFFERENT: 1,
    }  # fmt: skip
    assert (end.counts.items_done, end.counts.items_skipped) == (1, 2)
    assert tree(down) == {"set/a": b"a", "set/b": b"worked on", "set/c": b"c"}
