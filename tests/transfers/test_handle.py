"""A transfer as the window holds it, with engines that die over it: a pool that only writes down what it is asked."""

from __future__ import annotations

from typing import Any, cast

import pytest

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.errors import JobCancelled, WorkerDied
from artifact_browser.storage.location import Location
from artifact_browser.transfers.engine import carry_out, clear_away, pause, write_end
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.state import (
    Counts,
    Item,
    ItemsChanged,
    ItemSnapshot,
    ItemState,
    JobSnapshot,
    JobState,
    Verb,
)
from artifact_browser.transfers.upload import UploadOrder
from artifact_browser.workers.handle import JobHandle
from artifact_browser.workers.pool import WorkerPool

RECORD = AccountRecord("a", AccountKind.S3, "Lab")
DIED = WorkerDied("The process is gone.", technical="engine: exit code -9")


class Pool:
    def __init__(self) -> None:
        self.started: list[tuple[Any, tuple[Any, ...], Any]] = []

    def start(self, job: Any, *args: Any, lane: Any = None, listener: Any = None, at_once: bool = False) -> JobHandle:
        self.started.append((job, args, listener))
        return JobHandle(len(self.started), listener)

    def runs(self) -> list[tuple[UploadOrder, Any]]:
        return [(args[0], listener) for job, args, listener in self.started if job is carry_out]

    def last(self, job: Any) -> tuple[Any, ...]:
        return [args for one, args, _ in self.started if one is job][-1]


class Nobody:
    def on_changed(self, handle: TransferHandle) -> None: ...
    def on_conflict(self, handle: TransferHandle, question: Any, answer: Any) -> None: ...


@pytest.fixture
def pool() -> Pool:
    return Pool()


@pytest.fixture
def handle(pool: Pool) -> TransferHandle:
    """It has begun: one item is done, one half-way, one waits, one failed."""
    head = JobSnapshot("j", Verb.UPLOAD, "t", "b/", "a")
    order = UploadOrder(record=RECORD, head=head, target=Location("a", "b"), paths=("x",))
    made = TransferHandle(cast(WorkerPool, pool), order, Nobody())
    made.start()
    states = [ItemState.DONE, ItemState.RUNNING, ItemState.QUEUED, ItemState.FAILED]
    items = [ItemSnapshot(Item(n, "n", "s", str(n), 5, begun=f"u{n}"), state) for n, state in enumerate(states)]
    _, listener = pool.runs()[-1]
    listener.on_event(ItemsChanged(items))
    listener.on_event(ItemsChanged((), planned=True))
    moved(pool, 1)
    return made


def moved(pool: Pool, done: int) -> None:
    counts = Counts(4, 20, done, 5 * done, 1)
    pool.runs()[-1][1].on_progress(JobSnapshot("j", Verb.UPLOAD, "t", "b/", "a", JobState.RUNNING, counts))


def test_the_next_engine_goes_on_with_what_is_left_and_what_it_had_begun(pool: Pool, handle: TransferHandle) -> None:
    pool.runs()[-1][1].on_error(DIED)
    assert handle.running
    order, _ = pool.runs()[-1]
    assert (len(pool.runs()), order.run) == (2, 2)
    # what failed may have left something: that is removed, and begun anew
    assert [(item.number, item.begun) for item in order.again] == [(1, "u1"), (2, "u2"), (3, "!u3")]
    assert [item.begun for item in pool.last(clear_away)[1]] == ["u3"]


def test_engines_that_die_without_coming_further_fail_it_and_leave_nothing(pool: Pool, handle: TransferHandle) -> None:
    for _ in range(3):
        assert handle.running
        pool.runs()[-1][1].on_error(DIED)
    assert handle.running
    pool.runs()[-1][1].on_error(DIED)
    assert handle.snapshot.state is JobState.FAILED
    assert handle.snapshot.error is not None
    assert handle.snapshot.error.kind == "WorkerDied"
    assert {item.begun for item in pool.last(clear_away)[1]} >= {"u1", "u2"}
    handle.retry_failed()
    assert [item.begun for item in pool.runs()[-1][0].again] == ["!u1", "!u2", "!u3"]


def test_engines_that_come_further_may_die_often(pool: Pool, handle: TransferHandle) -> None:
    for done in range(20):
        moved(pool, done)
        pool.runs()[-1][1].on_error(DIED)
    assert handle.running


def test_a_pause_that_the_engine_did_not_live_to_see_holds(pool: Pool, handle: TransferHandle) -> None:
    handle.pause()
    assert pool.last(pause) == ("j", 1)
    pool.runs()[-1][1].on_error(DIED)
    assert handle.snapshot.state is JobState.PAUSED
    assert len(pool.runs()) == 1


def test_what_a_cancelled_job_had_begun_is_removed_when_its_engine_dies_over_it(
    pool: Pool, handle: TransferHandle
) -> None:
    run = pool.runs()[-1][1]
    handle.cancel()
    assert handle.snapshot.state is JobState.CANCELLED
    assert pool.last(write_end) == ("j", 1, JobState.CANCELLED)
    run.on_error(JobCancelled(technical="engine: exit code -9"))
    assert {item.begun for item in pool.last(clear_away)[1]} == {"u1", "u2", "u3"}
    assert handle.snapshot.state is JobState.CANCELLED


def test_a_cancelled_job_tidies_up_by_itself(pool: Pool, handle: TransferHandle) -> None:
    run = pool.runs()[-1][1]
    handle.cancel()
    run.on_error(JobCancelled())
    assert not [job for job, _, _ in pool.started if job is clear_away]
