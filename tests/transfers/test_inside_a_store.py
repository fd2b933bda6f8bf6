"""Deleting with a plan, renaming, copying and moving, new folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from artifact_browser.errors import InputError
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.state import ItemState, JobState
from tests.transfers.conftest import Bench


def plans(bench: Bench) -> list[Path]:
    return list((bench.paths.cache / "plans").glob("*"))


def test_exactly_what_was_planned_is_deleted(bench: Bench) -> None:
    bench.put(
        {f"p/{name}": b"12345" for name in ["a", "b/c", "b//d", "e+f", "g%2F"]} | {"q": b"1", "keep": b"", "p": b""}
    )
    plan = bench.plan_delete("p/", "q", "p/b/", "p/a")
    assert (plan.count, plan.size_bytes, plan.with_bucket) == (6, 26, False)
    bench.put({"p/later": b"came after the person said yes"})
    handle = bench.queue.delete(bench.record, plan)
    end = bench.finish(handle)
    assert (end.state, end.counts.items_done, end.counts.bytes_done) == (JobState.DONE, 6, 26)
    assert bench.listed() == ["keep", "p", "p/later"]
    assert not plans(bench)


def test_a_plan_that_is_not_confirmed_leaves_nothing(local: Bench) -> None:
    local.put({"a": b""})
    local.queue.discard(local.plan_delete("a"))
    assert local.listed() == ["a"]
    assert not plans(local)


def test_a_bucket_goes_with_everything_in_it(bench: Bench) -> None:
    bench.put({"a": b"", "b/c": b""})
    plan = bench.plan_delete("")
    assert (plan.count, plan.with_bucket) == (2, True)
    end = bench.finish(bench.queue.delete(bench.record, plan))
    assert (end.state, end.counts.items) == (JobState.DONE, 3)
    with bench.driver() as driver:
        assert bench.bucket not in [bucket.name for bucket in driver.list_buckets()]


def test_rename_keeps_the_bytes_and_overwrites_nothing(bench: Bench) -> None:
    bench.put({"p/old.txt": b"bytes", "p/taken": b"precious"})
    refused = bench.queue.rename(bench.record, bench.at("p/old.txt"), "taken")
    assert bench.finish(refused).state is JobState.FAILED
    assert (bench.content("p/taken"), bench.content("p/old.txt")) == (b"precious", b"bytes")
    assert bench.finish(bench.queue.rename(bench.record, bench.at("p/old.txt"), "new name+%2F")).state is JobState.DONE
    assert bench.listed() == ["p/new name+%2F", "p/taken"]
    assert bench.content("p/new name+%2F") == b"bytes"
    same = bench.finish(bench.queue.rename(bench.record, bench.at("p/taken"), "taken"))
    assert same.error is not None
    assert same.error.kind == "InputError"


def test_copy_and_move_a_selection(bench: Bench) -> None:
    bench.put({"p/a": b"a", "p/d/x": b"x", "p/d/y/z": b"z", "t/a": b"old"})
    sources = [bench.at("p/a"), bench.at("p/d/")]
    end = bench.finish(bench.queue.copy(bench.record, sources, bench.at("t/"), policy=Policy.KEEP_BOTH))
    assert end.state is JobState.DONE
    assert bench.listed("t/") == ["t/a", "t/a (2)", "t/d/x", "t/d/y/z"]
    assert bench.listed("p/") == ["p/a", "p/d/x", "p/d/y/z"]
    end = bench.finish(bench.queue.copy(bench.record, sources, bench.at("t/"), move=True, policy=Policy.REPLACE))
    assert (end.state, end.counts.items_done) == (JobState.DONE, 3)
    assert bench.listed() == ["t/a", "t/a (2)", "t/d/x", "t/d/y/z"]
    assert bench.content("t/a") == b"a"


def test_nothing_is_copied_onto_or_into_itself(local: Bench) -> None:
    local.put({"p/a": b"a"})
    end = local.finish(local.queue.copy(local.record, [local.at("p/a")], local.at("p/"), move=True))
    assert (end.state, end.counts.items_skipped, local.content("p/a")) == (JobState.DONE, 1, b"a")
    into = local.finish(local.queue.copy(local.record, [local.at("p/")], local.at("p/q/")))
    assert into.error is not None
    assert into.error.kind == "InputError"
    assert local.listed() == ["p/a"]


def test_a_new_folder_is_new(bench: Bench) -> None:
    handle = bench.queue.new_folder(bench.record, bench.at("p/"), "new")
    assert bench.finish(handle).state is JobState.DONE
    assert bench.listed() == ["p/new/"]
    again = bench.queue.new_folder(bench.record, bench.at("p/"), "new")
    assert bench.finish(again).state is JobState.FAILED
    (failed,) = again.items([ItemState.FAILED])
    assert failed.error is not None
    assert failed.error.kind == "PreconditionFailed"


def test_several_buckets_are_refused(local: Bench) -> None:
    from artifact_browser.storage.location import Location

    with pytest.raises(InputError):
        local.queue.download(local.record, [local.at("a"), Location(local.record.id, "other", "b")], "/tmp")
    with pytest.raises(InputError):
        local.queue.upload(local.record, local.at(), [])
