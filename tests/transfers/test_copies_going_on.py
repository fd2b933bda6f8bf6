"""Streamed copies that stop on their way: paused, or with movers or everything killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from artifact_browser.paths import in_home
from artifact_browser.storage.drivers.s3.probe_remains import RESERVED
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.history import read_history
from artifact_browser.transfers.journal_file import open_for_reading
from artifact_browser.transfers.queue import Restoring, TransferQueue
from artifact_browser.transfers.state import JobState
from artifact_browser.transfers.task import PART_BYTES
from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import WorkerPool
from tests.storms.processes import NEEDS_SIGKILL, kill, movers_of
from tests.transfers.accounts import Between, between
from tests.transfers.conftest import wait_for
from tests.transfers.test_between_accounts import listed, noise, server

LARGE = 10 * PART_BYTES + 77


@pytest.fixture
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Between]:
    """With processes of its own: they may be killed."""
    paths = in_home(tmp_path / "home").make()
    pool = WorkerPool(paths)
    source, target = request.param
    made = between(paths, pool, server(request, source), server(request, target))
    yield made
    made.source.queue.cancel_all()
    pool.close()


here_to_moto = pytest.mark.parametrize("pair", [("", "moto")], indirect=True, ids=str)


def parts_kept(pair: Between, handle: TransferHandle) -> int:
    with open_for_reading(pair.source.paths.journal_file) as base:
        query = "SELECT count(*) FROM part WHERE job = (SELECT key FROM job WHERE id = ?)"
        (count,) = base.execute(query, (handle.job_id,)).fetchone()
    assert isinstance(count, int)
    return count


def begun(handle: TransferHandle) -> str:
    (item,) = handle.items()
    return item.item.begun


@here_to_moto
def test_a_paused_copy_goes_on_with_its_parts(pair: Between) -> None:
    pair.source.put({"k": noise(LARGE)})
    handle = pair.copy("k", move=True)
    wait_for(lambda: handle.count() and (parts_kept(pair, handle) >= 2 or handle.ended))
    handle.pause()
    wait_for(lambda: not handle.running)
    assert handle.snapshot.state is JobState.PAUSED, handle.snapshot
    upload_id, parts = begun(handle), parts_kept(pair, handle)
    told = len(pair.source.person.seen)
    handle.retry_failed()
    assert pair.source.finish(handle).state is JobState.DONE, handle.snapshot
    counted = (one.counts.bytes_done for one in pair.source.person.seen[told:] if one.state is JobState.RUNNING)
    assert next(filter(None, counted)) >= (parts - 1) * PART_BYTES  # it did not begin at nothing
    assert begun(handle) == upload_id
    assert pair.target.content("k") == noise(LARGE)
    assert (listed(pair.source), pair.target.unfinished()) == (set(), [])


@here_to_moto
def test_a_source_that_changes_over_the_pause_begins_anew(pair: Between) -> None:
    pair.source.put({"k": noise(LARGE)})
    handle = pair.copy("k")
    wait_for(lambda: handle.count() and (parts_kept(pair, handle) >= 1 or handle.ended))
    handle.pause()
    wait_for(lambda: not handle.running)
    assert handle.snapshot.state is JobState.PAUSED
    upload_id = begun(handle)
    pair.source.put({"k": noise(LARGE, 2)})
    handle.retry_failed()
    assert pair.source.finish(handle).state is JobState.DONE
    assert begun(handle) != upload_id
    assert pair.target.content("k") == noise(LARGE, 2)
    pair.source.queue.settle(30)
    wait_for(lambda: pair.target.unfinished() == [], "the old upload is dropped")


@here_to_moto
def test_a_cancelled_copy_leaves_nothing(pair: Between) -> None:
    pair.source.put({"k": noise(LARGE)})
    handle = pair.copy("k", move=True)
    wait_for(lambda: handle.count() and (parts_kept(pair, handle) >= 1 or handle.ended))
    handle.cancel()
    pair.source.queue.settle(30)
    wait_for(lambda: pair.target.unfinished() == [], "the upload is dropped")
    assert (listed(pair.source), listed(pair.target)) == ({"k"}, set())


@NEEDS_SIGKILL
@pytest.mark.parametrize(
    "pair", [("", "moto"), pytest.param(("moto", "ceph"), marks=pytest.mark.ceph)], indirect=True, ids=str
)
def test_killed_movers_cost_nothing(pair: Between) -> None:
    blobs = {f"p/{number:02d}": noise(200_000, number) for number in range(30)}
    pair.source.put(blobs | {"p/large": noise(LARGE)})
    handle = pair.copy("p/", move=True)
    for done in (2, 4):
        wait_for(lambda done=done: handle.count() and (handle.ended or parts_kept(pair, handle) >= done))
        movers = movers_of(pair.source.pool)
        assert movers
        kill(movers[0])
    end = pair.source.finish(handle)
    assert end.state is JobState.DONE, [one.error for one in handle.items() if one.error]
    assert {key: pair.target.content(key) for key in blobs} == blobs
    assert pair.target.content("p/large") == noise(LARGE)
    assert (listed(pair.source), pair.target.unfinished()) == (set(), [])


@NEEDS_SIGKILL
@here_to_moto
def test_after_everything_was_killed_a_move_goes_on(pair: Between) -> None:
    blobs = {f"p/{number:02d}": noise(100_000, number) for number in range(40)}
    pair.source.put(blobs | {"p/large": noise(LARGE)})
    handle = pair.copy("p/", move=True)
    wait_for(lambda: handle.ended or (handle.snapshot.counts.items_done > 3 and parts_kept(pair, handle) >= 2))
    handle._run = None  # nobody of this run does anything about it any more
    for pid in pair.source.pool.pids(Lane.ENGINE):
        kill(pid)
    queue = TransferQueue(pair.source.pool)
    queue.listen(pair.source.person)
    restoring = Restoring(queue)
    for event in pair.source.pool.iterate(read_history, pair.records):
        restoring.take(event)
    restoring.end()
    (found,) = queue.handles
    assert found.snapshot.state is JobState.PAUSED
    found.retry_failed()
    end = pair.source.finish(found)
    assert end.state is JobState.DONE, [one.error for one in found.items() if one.error]
    assert pair.source.person.asked == []  # what had arrived unheard is known
    assert {key: pair.target.content(key) for key in blobs} == blobs
    assert pair.target.content("p/large") == noise(LARGE)
    assert {key for key in pair.target.listed() if RESERVED not in key} == {*blobs, "p/large"}
    assert (listed(pair.source), pair.target.unfinished()) == (set(), [])
