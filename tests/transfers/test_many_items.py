"""Jobs of more items than the window holds: what it has forgotten is in the journal, and nothing of it is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.transfers.history import read_history
from artifact_browser.transfers.past_jobs import list_done_targets, list_job_items
from artifact_browser.transfers.queue import Restoring, TransferQueue
from artifact_browser.transfers.state import ItemSnapshot, ItemState, JobState
from tests.transfers.conftest import Bench, TestContext, wait_for
from tests.transfers.test_half_planned import names_and_states

HELD, COUNT = 5, 40


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artifact_browser.transfers.held_items.HELD", HELD)
    monkeypatch.setattr("artifact_browser.transfers.history.HELD", HELD)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    root = tmp_path / "set"
    root.mkdir()
    made = [root / f"{number:02}" for number in range(COUNT)]
    for path in made[::2]:
        path.write_text(path.name)
    return made  # every other one is missing


def pages(bench: Bench, job_id: str, count: int) -> list[ItemSnapshot]:
    found: list[ItemSnapshot] = []
    while True:
        last = found[-1] if found else None
        (page,) = bench.pool.iterate(list_job_items, job_id, last, count)
        assert isinstance(page, tuple)
        found += page
        if len(page) < count:
            return found


def test_failures_beyond_what_the_window_holds_are_tried_again(local: Bench, files: list[Path]) -> None:
    handle = local.queue.upload(local.record, local.at(), files)
    end = local.finish(handle)
    assert (end.state, end.counts.items_done, end.counts.items_failed) == (JobState.DONE_WITH_ERRORS, 20, 20)
    assert not handle.knows_all
    assert handle.count() == 2 * HELD
    everything = pages(local, handle.job_id, 7)
    assert [one.state for one in everything] == [ItemState.FAILED] * 20 + [ItemState.DONE] * 20
    assert len({one.item.number for one in everything}) == COUNT
    for path in files[1::2]:
        path.write_text(path.name)
    with local.driver() as driver:  # what is done is not done again
        driver.delete_many(local.bucket, [path.name for path in files[::2]])
    handle.retry_failed()
    end = local.finish(handle)
    assert (end.state, end.counts.items, end.counts.items_done, end.counts.bytes_done) == (JobState.DONE, 40, 40, 80)
    assert local.listed() == [path.name for path in files[1::2]]
    assert local.person.asked == []
    targets = [key for batch in local.pool.iterate(list_done_targets, handle.job_id) for key in batch]  # type: ignore[attr-defined]
    assert sorted(targets) == [path.name for path in files]


def test_one_item_that_the_window_has_forgotten_is_tried_again(local: Bench, files: list[Path]) -> None:
    handle = local.queue.upload(local.record, local.at(), files)
    local.finish(handle)
    forgotten = next(one for one in pages(local, handle.job_id, 100) if not handle.knows(one.item.number))
    assert handle.can_retry_item(forgotten)
    Path(forgotten.item.source).write_text("here")
    handle.retry_item(forgotten)
    end = local.finish(handle)
    assert (end.counts.items, end.counts.items_done, end.counts.items_failed) == (40, 21, 19)
    assert names_and_states(local, handle.job_id)[forgotten.item.name] == (forgotten.item.number, ItemState.DONE)
    for path in files[1::2]:
        path.write_text(path.name)
    handle.retry_failed()
    assert local.finish(handle).counts.items_done == 40


def test_a_large_job_comes_back_with_its_failures_and_goes_on(local: Bench, files: list[Path]) -> None:
    handle = local.queue.upload(local.record, local.at(), files)
    local.finish(handle)
    for path in files[1::2]:
        path.write_text(path.name)
    local.queue = TransferQueue(local.pool)
    local.queue.listen(local.person)
    restoring = Restoring(local.queue)
    for event in read_history(TestContext(local.paths, None), (local.record,)):
        restoring.take(event)
    restoring.end()
    (found,) = (one for one in local.queue.handles if one.job_id == handle.job_id)
    assert {one.state for one in found.items()} == {ItemState.FAILED}
    assert (found.count(), found.knows_all) == (HELD, False)
    assert found.snapshot.counts == handle.snapshot.counts
    found.retry_failed()
    end = local.finish(found)
    assert (end.state, end.counts.items_done) == (JobState.DONE, COUNT)
    assert local.listed() == [path.name for path in files]


def test_a_copy_of_more_items_than_the_window_holds_is_tried_again(local: Bench) -> None:
    local.put({f"from/{number:02}": b"%d" % number for number in range(COUNT)})
    handle = local.queue.copy(local.record, [local.at("from/")], local.at("to/"))
    wait_for(lambda: handle.ended)
    assert (handle.snapshot.state, handle.knows_all) == (JobState.DONE, False)
    local.put({"to/from/03": b"other"})
    handle._snapshot = replace(handle.snapshot, state=JobState.PAUSED)  # as if its engine had died before it said so
    handle._partial = True
    handle.retry_failed()
    end = local.finish(handle)
    assert (end.state, end.counts.items, end.counts.items_done) == (JobState.DONE, COUNT, COUNT)
    assert local.content("to/from/03") == b"other"  # done is done
