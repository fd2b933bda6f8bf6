"""Transfers that were broken off while they were still looking for what there is to move: what is done stays done, what was
found goes on, and the rest is found anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.history import read_history
from artifact_browser.transfers.journal import Journal
from artifact_browser.transfers.journal_file import open_for_reading, read_jobs
from artifact_browser.transfers.journal_rows import read_items
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.pins import Pin
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.queue import Restoring, TransferQueue
from artifact_browser.transfers.state import Item, ItemSnapshot, ItemState, JobState
from tests.transfers.conftest import Bench, tree

NAMES = ["a/1", "a/2", "b/1", "b/2", "c"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "set"
    for name in NAMES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def broken_off(bench: Bench, handle: TransferHandle, change: Callable[[ItemSnapshot], ItemSnapshot | None]) -> Order:
    """Leave ``handle``'s job in the journal as a crash amid its walk would: with the items that ``change`` gives."""
    journal = Journal(bench.paths.journal_file)
    order = replace(handle.order, head=replace(handle.order.head, job_id=f"{handle.job_id}-half"))
    log = journal.begin(order)
    with open_for_reading(bench.paths.journal_file) as base:
        row = base.execute("SELECT key FROM job WHERE id = ?", (handle.job_id,)).fetchone()
        items = [one for batch in read_items(base, row[0]) for one in batch]
    log.keep(replace(order.head, state=JobState.RUNNING), [new for one in items if (new := change(one)) is not None])
    journal.close()
    return order


def found(bench: Bench, order: Order) -> TransferHandle:
    """What the next start of the app finds of it."""
    bench.queue = TransferQueue(bench.pool)
    bench.queue.listen(bench.person)
    restoring = Restoring(bench.queue)
    for event in bench.pool.iterate(read_history, (bench.record,)):
        restoring.take(event)
    restoring.end()
    (handle,) = (one for one in bench.queue.handles if one.job_id == order.head.job_id)
    assert (handle.snapshot.state, handle.planned) == (JobState.PAUSED, False)
    return handle


def half(one: ItemSnapshot) -> ItemSnapshot | None:
    """The first is done, the second waits, the third has failed; nobody has come further."""
    states = [ItemState.DONE, ItemState.QUEUED, ItemState.FAILED]
    if one.item.number >= len(states):
        return None
    state = states[one.item.number]
    return replace(one, state=state, verified=one.verified if state is ItemState.DONE else "")


def names_and_states(bench: Bench, job_id: str) -> dict[str, tuple[int, ItemState]]:
    with open_for_reading(bench.paths.journal_file) as base:
        (key,) = base.execute("SELECT key FROM job WHERE id = ?", (job_id,)).fetchone()
        items = [one for batch in read_items(base, key) for one in batch]
    found = {one.item.name: (one.item.number, one.state) for one in items}
    assert len(found) == len(items)  # nothing twice
    return found


@pytest.mark.parametrize("bench", ["local", "s3"], indirect=True)
def test_an_upload_that_was_cut_off_amid_its_walk_moves_nothing_twice(bench: Bench, source: Path) -> None:
    first = bench.queue.upload(bench.record, bench.at(), [source])
    bench.finish(first)
    order = broken_off(bench, first, half)
    with bench.driver() as driver:
        driver.delete_many(bench.bucket, [f"set/{name}" for name in NAMES])
    bench.put({"set/b/2": b"in the way"})
    handle = found(bench, order)
    bench.person.answer = Policy.KEEP_BOTH
    handle.retry_failed()
    end = bench.finish(handle)
    assert (end.state, end.counts.items, end.counts.items_done, end.counts.bytes_done) == (JobState.DONE, 5, 5, 13)
    # the one that was done before is not looked at again, so that somebody may have moved it meanwhile
    assert {key: bench.content(key) for key in bench.listed()} == {
        "set/a/2": b"a/2", "set/b/1": b"b/1", "set/b/2": b"in the way", "set/b/2 (2)": b"b/2", "set/c": b"c",
    }  # fmt: skip
    assert names_and_states(bench, handle.job_id) == {
        f"set/{name}": (number, ItemState.DONE) for number, name in enumerate(NAMES)
    }
    assert [one.target for question in bench.person.asked for one in [question]] == [handle.snapshot.target]
    with open_for_reading(bench.paths.journal_file) as base:
        assert handle.job_id not in {job.snapshot.job_id for job in read_jobs(base)}


@pytest.mark.parametrize("bench", ["local", "s3"], indirect=True)
def test_a_download_that_was_cut_off_amid_its_list_moves_nothing_twice(
    bench: Bench, source: Path, tmp_path: Path
) -> None:
    bench.finish(bench.queue.upload(bench.record, bench.at(), [source]))
    down = tmp_path / "down"
    first = bench.queue.download(bench.record, [bench.at("set/")], down)
    bench.finish(first)
    order = broken_off(bench, first, half)
    for name in NAMES:
        (down / "set" / name).unlink()
    handle = found(bench, order)
    handle.retry_failed()
    end = bench.finish(handle)
    assert (end.state, end.counts.items, end.counts.items_done) == (JobState.DONE, 5, 5)
    assert tree(down) == {"set/a/2": b"a/2", "set/b/1": b"b/1", "set/b/2": b"b/2", "set/c": b"c"}
    assert [one for one in down.rglob("*.part")] == []
    assert {state for _, state in names_and_states(bench, handle.job_id).values()} == {ItemState.DONE}
    assert bench.person.asked == []


def test_names_given_before_the_break_are_not_given_again(local: Bench, tmp_path: Path) -> None:
    """Two files of one name: which of them has the second name stays as it was."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "f.txt").write_text(folder)
    first = local.queue.upload(local.record, local.at(), [tmp_path / "one/f.txt", tmp_path / "two/f.txt"])
    local.finish(first)
    order = broken_off(local, first, lambda one: one if one.item.target == "f.txt" else None)
    with local.driver() as driver:
        driver.delete_many(local.bucket, ["f (2).txt"])
    handle = found(local, order)
    handle.retry_failed()
    assert local.finish(handle).counts.items_done == 2
    assert {key: local.content(key) for key in local.listed()} == {"f.txt": b"one", "f (2).txt": b"two"}


def test_what_an_interrupted_item_had_put_down_is_taken_up_or_removed(
    local: Bench, source: Path, tmp_path: Path
) -> None:
    local.finish(local.queue.upload(local.record, local.at(), [source]))
    down = tmp_path / "down"
    first = local.queue.download(local.record, [local.at("set/")], down)
    local.finish(first)
    left: list[Item] = []

    def change(one: ItemSnapshot) -> ItemSnapshot | None:
        left.append(one.item)
        return replace(one, state=ItemState.FAILED if one.item.number == 0 else ItemState.RUNNING)

    order = broken_off(local, first, change)
    for item in left:
        (down / item.target).unlink()
        (down / item.target).with_name(item.begun).write_bytes(b"half")
    handle = found(local, order)
    handle.retry_failed()
    local.finish(handle)
    local.queue.settle()
    assert tree(down) == {f"set/{name}": name.encode() for name in NAMES}


def test_a_transfer_that_is_cancelled_at_rest_leaves_nothing_of_what_only_the_journal_knows(
    local: Bench, source: Path, tmp_path: Path
) -> None:
    local.finish(local.queue.upload(local.record, local.at(), [source]))
    down = tmp_path / "down"
    first = local.queue.download(local.record, [local.at("set/")], down)
    local.finish(first)
    order = broken_off(local, first, lambda one: replace(one, state=ItemState.RUNNING))
    for one in first.items():
        (down / one.item.target).unlink()
        (down / one.item.target).with_name(one.item.begun).write_bytes(b"half")
    handle = found(local, order)
    handle._held.by_number.clear()  # as of very many
    handle.cancel()
    local.queue.settle()
    assert [path for path in down.rglob("*") if path.is_file()] == []


def test_what_waited_for_an_answer_is_asked_about_again_and_not_taken_for_done(local: Bench, source: Path) -> None:
    """It stands there with the same bytes, but nobody has said that it is what was meant."""
    first = local.queue.upload(local.record, local.at(), [source])
    local.finish(first)
    waiting = [ItemState.DONE, ItemState.QUEUED]
    order = broken_off(
        local,
        first,
        lambda one: replace(one, state=waiting[min(1, one.item.number)], note="waiting for your answer", verified=""),
    )
    handle = found(local, order)
    local.person.answer = Policy.SKIP
    handle.retry_failed()
    end = local.finish(handle)
    assert [question.total for question in local.person.asked] == [4]
    assert (end.state, end.counts.items_done, end.counts.items_skipped) == (JobState.DONE, 1, 4)


@pytest.mark.parametrize("bench", ["local", "s3"], indirect=True)
def test_a_download_of_certain_bytes_takes_no_others_when_it_goes_on(bench: Bench, tmp_path: Path) -> None:
    """What was replaced meanwhile is fetched where it is kept; what is kept nowhere fails, and is nobody else's bytes."""
    names = ["v/done", "v/waits", "v/failed", "v/lost"]
    bench.put({name: name.encode() for name in names})
    with bench.driver() as driver:
        etags = [driver.head(bench.bucket, name).etag for name in names]
    spares = ["kept/done", "kept/waits", "kept/failed", ""]
    folder = tmp_path / "down"
    begun = bench.queue.download(
        bench.record,
        [bench.at(name) for name in names],
        folder,
        names=names,
        pins=[Pin(etag, spare) for etag, spare in zip(etags, spares, strict=True)],
        job_id=bench.bucket,
    )
    assert begun.job_id == bench.bucket
    bench.finish(begun)
    order = broken_off(bench, begun, half)
    for name in names[1:]:
        (folder / name).unlink()
    bench.put({name: b"of a later version" for name in names})
    bench.put({spare: name.encode() for name, spare in zip(names, spares, strict=True) if spare})
    handle = found(bench, order)
    handle.retry_failed()
    assert bench.finish(handle).counts.items_failed == 1
    assert tree(folder) == {name: name.encode() for name in names[:3]}
    assert names_and_states(bench, handle.job_id)["v/lost"][1] is ItemState.FAILED
    assert len(names_and_states(bench, handle.job_id)) == len(names)
