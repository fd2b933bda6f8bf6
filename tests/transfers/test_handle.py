"""A transfer as the window holds it, with engines that die over it: a pool that only writes down what it is asked."""

from __future__ import annotations

from typing import Any, cast

import pytest

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.errors import CredentialsExpired, DiskError, JobCancelled, WorkerDied
from artifact_browser.storage.location import Location
from artifact_browser.transfers.engine import carry_out, clear_away, enter, pause, write_end
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


# -- what the window says between two runs ------------------------------------------------------------------------------
def test_a_cancel_while_the_next_run_is_about_to_begin_holds(pool: Pool, handle: TransferHandle) -> None:
    start = pool.start

    def meanwhile(job: Any, *args: Any, **how: Any) -> JobHandle:
        if job is clear_away and handle.snapshot.state is JobState.QUEUED:
            handle.cancel()
        return start(job, *args, **how)

    pool.start = meanwhile  # type: ignore[method-assign]
    pool.runs()[-1][1].on_error(DIED)
    assert (len(pool.runs()), handle.snapshot.state) == (1, JobState.CANCELLED)
    assert pool.last(write_end) == ("j", 2, JobState.CANCELLED)


def test_a_cancel_while_the_next_run_is_handed_over_reaches_it(pool: Pool, handle: TransferHandle) -> None:
    start, cancelled = pool.start, list[bool]()

    def meanwhile(job: Any, *args: Any, **how: Any) -> JobHandle:
        made = start(job, *args, **how)
        if job is carry_out:
            made.cancel = lambda: cancelled.append(True)  # type: ignore[method-assign]
            handle.cancel()
        return made

    pool.start = meanwhile  # type: ignore[method-assign]
    pool.runs()[-1][1].on_error(DIED)
    assert (cancelled, handle.snapshot.state) == ([True], JobState.CANCELLED)


def test_a_pause_while_the_next_run_is_about_to_begin_is_for_that_one(pool: Pool, handle: TransferHandle) -> None:
    start, paused = pool.start, list[bool]()

    def meanwhile(job: Any, *args: Any, **how: Any) -> JobHandle:
        if job is clear_away and not paused:
            paused.append(True)
            handle.pause()
        return start(job, *args, **how)

    pool.start = meanwhile  # type: ignore[method-assign]
    pool.runs()[-1][1].on_error(DIED)
    assert pool.last(pause) == ("j", pool.runs()[-1][0].run) == ("j", 2)


def test_what_was_paused_does_not_go_on_when_its_keys_ended_first(pool: Pool, handle: TransferHandle) -> None:
    handle.pause()
    counts, error = Counts(4, 20, 1, 5, 1), CredentialsExpired("Sign in.").record()
    state = JobState.WAITING_CREDENTIALS
    pool.runs()[-1][1].on_done(JobSnapshot("j", Verb.UPLOAD, "t", "b/", "a", state, counts, error=error))
    assert (handle.snapshot.state, handle.snapshot.error) == (JobState.PAUSED, None)
    assert pool.last(write_end) == ("j", 1, JobState.PAUSED)
    handle.use(RECORD, renewed=True)
    assert len(pool.runs()) == 1


def test_a_retry_after_a_sync_that_failed_looks_again(pool: Pool, handle: TransferHandle) -> None:
    """All items are done, and may not have reached the disk."""
    items = [ItemSnapshot(Item(n, "n", "s", str(n), 5, begun=f"u{n}"), ItemState.DONE) for n in range(4)]
    pool.runs()[-1][1].on_event(ItemsChanged(items))
    pool.runs()[-1][1].on_error(DiskError("Input/output error"))
    assert handle.snapshot.state is JobState.FAILED
    handle.retry_failed()
    assert (handle.snapshot.state, len(pool.runs())) == (JobState.QUEUED, 2)
    assert pool.runs()[-1][0].resumes


def test_a_run_is_in_the_journal_before_it_has_a_place(pool: Pool, handle: TransferHandle) -> None:
    pool.runs()[-1][1].on_error(DIED)
    told = [args[0] for job, args, _ in pool.started if job in {enter, carry_out}]
    assert [order.run for order in told] == [1, 1, 2, 2]
    assert told[2] == told[3]


def test_what_an_engine_dies_over_is_told_the_next_one(pool: Pool, handle: TransferHandle) -> None:
    handle.cancel()
    for _ in range(2):
        job, _, listener = pool.started[-1] if pool.started[-1][0] is write_end else pool.started[-2]
        assert job is write_end
        listener.on_error(DIED)
    assert [args for one, args, _ in pool.started if one is write_end] == [("j", 1, JobState.CANCELLED)] * 3


def test_a_failed_item_does_not_keep_the_others_from_being_looked_at_again(pool: Pool, handle: TransferHandle) -> None:
    pool.runs()[-1][1].on_error(DiskError("Input/output error"))  # one item is done, one has failed
    handle.retry_failed()
    assert pool.runs()[-1][0].resumes
