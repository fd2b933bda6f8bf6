"""Deleting with a plan, renaming, copying and moving, new folders."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.errors import InputError
from artifact_browser.storage.location import Location
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


def test_a_bucket_goes_with_versions_marks_and_unfinished_uploads(bench: Bench) -> None:
    versioned = turn_versions_on(bench)
    bench.put({"a": b"1", "b/c": b"22", "plus+ %2F": b""})
    bench.put({"a": b"333"})
    with bench.driver() as driver:
        driver.delete(bench.bucket, "b/c")
        driver.create_upload(bench.bucket, "unfinished")
    plan = bench.plan_delete("")
    found = (plan.count, plan.size_bytes, plan.versions, plan.uploads)
    assert found == ((6, 6, 5, 1) if versioned else (3, 3, 0, 1))
    handle = bench.queue.delete(bench.record, plan)
    end = bench.finish(handle)
    assert (end.state, end.counts.items_done) == (JobState.DONE, plan.count + 1), [one.error for one in handle.items()]
    with bench.driver() as driver:
        assert bench.bucket not in [bucket.name for bucket in driver.list_buckets()]


def turn_versions_on(bench: Bench) -> bool:
    """Whether the store has versions."""
    if not bench.record.endpoint:
        return False
    assert bench.secret is not None
    client = boto3.client(
        "s3", endpoint_url=bench.record.endpoint, region_name=bench.record.region,
        aws_access_key_id=bench.secret.access_key, aws_secret_access_key=bench.secret.secret_key,
    )  # fmt: skip
    client.put_bucket_versioning(Bucket=bench.bucket, VersioningConfiguration={"Status": "Enabled"})
    return True


def test_a_bucket_that_got_more_meanwhile_stays_and_says_so(bench: Bench) -> None:
    bench.put({"a": b""})
    plan = bench.plan_delete("")
    bench.put({"later": b"came after the person said yes"})
    handle = bench.queue.delete(bench.record, plan)
    end = bench.finish(handle)
    assert (end.state, end.counts.items_done) == (JobState.DONE_WITH_ERRORS, 1)
    (failed,) = handle.items([ItemState.FAILED])
    assert (failed.item.name, failed.error and failed.error.kind) == (bench.bucket, "BucketNotEmpty")
    assert bench.listed() == ["later"]


def test_a_bucket_stays_when_something_in_it_could_not_be_deleted(local: Bench) -> None:
    local.put({"a": b"", "b": b""})
    plan = local.plan_delete("")
    with Path(plan.file).open("ab") as file:  # a key that this store refuses
        file.write(struct.pack("<IIq", 2000, 0, 0) + b"x" * 2000)
    handle = local.queue.delete(local.record, replace(plan, count=3))
    end = local.finish(handle)
    assert (end.state, end.counts.items_done, end.counts.items_failed) == (JobState.DONE_WITH_ERRORS, 2, 2)
    details = [one.error.detail for one in handle.items([ItemState.FAILED]) if one.error]
    assert any("so the bucket stays" in detail for detail in details)
    with local.driver() as driver:
        driver.check_bucket(local.bucket)


def test_a_folder_gets_another_name_with_everything_below(bench: Bench) -> None:
    blobs = {"p/d/": b"", "p/d/x": b"x", "p/d/e//y": b"y", "p/d/..": b"dots", "p/dd": b"beside"}
    bench.put(blobs)
    handle = bench.queue.rename(bench.record, bench.at("p/d/"), "new %2F+")
    end = bench.finish(handle)
    assert (end.state, end.counts.items_done) == (JobState.DONE, 4), [one.error for one in handle.items()]
    assert {key: bench.content(key) for key in bench.listed()} == {
        key.replace("p/d/", "p/new %2F+/"): data for key, data in blobs.items()
    }


def test_folders_that_a_person_made_go_when_they_are_emptied(local: Bench) -> None:
    top = local.paths.store / local.bucket
    for name in ("renamed", "moved", "deleted"):
        (top / name / "deep" / "empty").mkdir(parents=True)
        (top / name / "deep" / "file").write_text(name)
    (top / "deleted" / "link").symlink_to(top / "renamed")  # no blob: it stays, and so does its folder
    assert local.finish(local.queue.rename(local.record, local.at("renamed/"), "new")).state is JobState.DONE
    moved = local.queue.copy(local.record, [local.at("moved/")], local.at("new/"), move=True)
    assert local.finish(moved).state is JobState.DONE
    plan = local.plan_delete("deleted/")
    assert local.finish(local.queue.delete(local.record, plan)).state is JobState.DONE
    assert sorted(path.name for path in top.iterdir()) == ["deleted", "new"]
    assert [path.name for path in (top / "deleted").iterdir()] == ["link"]
    assert local.listed() == ["new/deep/file", "new/moved/deep/file"]


def test_a_folder_is_not_renamed_onto_or_into_another(bench: Bench) -> None:
    bench.put({"p/d/x": b"x", "p/there/y": b"y"})
    for name, kind in (
        ("there", "PreconditionFailed"),
        ("d/deeper", "InputError"),
        ("d", "InputError"),
        ("", "InputError"),
    ):
        end = bench.finish(bench.queue.rename(bench.record, bench.at("p/d/"), name))
        assert end.error is not None
        assert (name, end.error.kind) == (name, kind)
    assert bench.listed() == ["p/d/x", "p/there/y"]
    assert bench.finish(bench.queue.rename(bench.record, bench.at("p/d/"), "there/d")).state is JobState.DONE
    assert bench.listed() == ["p/there/d/x", "p/there/y"]


def test_everything_in_a_bucket_is_copied_to_another(bench: Bench) -> None:
    bench.put({"a": b"a", "b/c": b"c"})
    other = bench.bucket + "-2"
    with bench.driver() as driver:
        driver.create_bucket(other)
        target = Location(bench.record.id, other, "all/")
        assert bench.finish(bench.queue.copy(bench.record, [bench.at()], target)).state is JobState.DONE
        pages = driver.list_pages(other, delimiter="")
        assert [key for page in pages for key in page.keys] == ["all/a", "all/b/c"]
    into = bench.finish(bench.queue.copy(bench.record, [bench.at()], bench.at("x/")))
    assert into.error is not None
    assert into.error.kind == "InputError"


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


@pytest.mark.parametrize("move", [False, True])
def test_what_has_yet_to_be_copied_is_not_written_over(bench: Bench, move: bool) -> None:
    """The inner one of two folders of one name, to where the outer one stands; a retry finds the way free."""
    bench.put({"a/a/a/f": b"deep", "a/a/f": b"middle"})
    handle = bench.queue.copy(bench.record, [bench.at("a/a/")], bench.at(), move=move, policy=Policy.REPLACE)
    end = bench.finish(handle)
    assert (end.state, end.counts.items_done, end.counts.items_failed) == (JobState.DONE_WITH_ERRORS, 1, 1)
    (failed,) = handle.items([ItemState.FAILED])
    assert failed.error is not None
    assert "when the others are done" in failed.error.todo
    assert bench.content("a/f") == b"middle"
    assert bench.content("a/a/a/f") == b"deep"
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert (bench.content("a/f"), bench.content("a/a/f")) == (b"middle", b"deep")
    assert bench.listed() == (["a/a/f", "a/f"] if move else ["a/a/a/f", "a/a/f", "a/f"])


def test_a_new_folder_is_new(bench: Bench) -> None:
    handle = bench.queue.new_folder(bench.record, bench.at("p/"), "new")
    assert bench.finish(handle).state is JobState.DONE
    assert bench.listed() == ["p/new/"]
    again = bench.queue.new_folder(bench.record, bench.at("p/"), "new")
    assert bench.finish(again).state is JobState.FAILED
    (failed,) = again.items([ItemState.FAILED])
    assert failed.error is not None
    assert failed.error.kind == "PreconditionFailed"


@pytest.mark.parametrize("died", [True, False])
def test_a_new_folder_that_a_dead_engine_has_made_is_no_others(local: Bench, died: bool) -> None:
    """It had said that it would; one that was told to be there already is another's however often it is tried."""
    local.put({"new/": b""})
    handle = local.queue.new_folder(local.record, local.at(), "new")
    assert local.finish(handle).state is JobState.FAILED
    if died:
        (failed,) = handle.items([ItemState.FAILED])
        assert failed.item.begun
        handle.restore(replace(handle.snapshot, state=JobState.PAUSED), planned=True)
        handle.restore_items([replace(failed, state=ItemState.QUEUED, error=None)])
    handle.retry_failed()
    assert local.finish(handle).state is (JobState.DONE if died else JobState.FAILED)


def test_several_buckets_are_refused(local: Bench) -> None:
    with pytest.raises(InputError):
        local.queue.download(local.record, [local.at("a"), Location(local.record.id, "other", "b")], "/tmp")
    with pytest.raises(InputError):
        local.queue.upload(local.record, local.at(), [])


def test_accounts_whose_folders_lie_in_one_another_are_refused(local: Bench) -> None:
    """The same file has two names there: written onto itself, and then deleted as the original."""
    local.put({"inner/f": b"the only one"})
    inside = AccountRecord(
        id="inside", kind=AccountKind.LOCAL, name="Inside", root=str(local.paths.store / local.bucket)
    )
    handle = local.queue.copy(
        local.record,
        [local.at("inner/f")],
        Location("inside", "inner", ""),
        move=True,
        policy=Policy.REPLACE,
        to_record=inside,
    )
    end = local.finish(handle)
    assert end.state is JobState.FAILED
    assert end.error is not None
    assert "lies in the other" in end.error.detail
    assert local.content("inner/f") == b"the only one"
