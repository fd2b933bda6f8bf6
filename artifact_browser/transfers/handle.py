"""A transfer as the window holds it: the other half of the engine's :class:`~artifact_browser.transfers.ledger.Ledger`.

It mirrors what the engine tells and shares nothing with it. Items are answered from memory here; a journal on disk
can take their place behind :meth:`TransferHandle.items` without anybody noticing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain, islice
from typing import Protocol

from artifact_browser.errors import ArtifactBrowserError, ErrorRecord, InternalError, JobCancelled, WorkerDied
from artifact_browser.transfers.delete import DeleteOrder, discard
from artifact_browser.transfers.engine import carry_out, clear_away
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.policy import ConflictFound, Policy
from artifact_browser.transfers.state import (
    Counts,
    Item,
    ItemsChanged,
    ItemSnapshot,
    ItemState,
    JobSnapshot,
    JobState,
)
from artifact_browser.workers.job import Lane, Question
from artifact_browser.workers.pool import Ended, JobHandle, WorkerPool

_UNPLANNED = frozenset({JobState.QUEUED, JobState.SCANNING, JobState.WAITING})

#: how many dead engines in a row it takes to leave debris behind
_CLEARING_TRIES = 8

Answer = Callable[[object | ArtifactBrowserError], None]


class TransferListener(Protocol):
    """Who follows transfers. Called on a worker's reader thread: hand over and return."""

    def on_changed(self, handle: TransferHandle) -> None:
        """The snapshot, or items, have changed."""

    def on_conflict(
        self, handle: TransferHandle, question: ConflictFound, answer: Callable[[Policy | None], None]
    ) -> None:
        """Somebody must decide; ``answer`` once with a policy, or ``None`` to cancel the job."""


class TransferHandle:
    """One job. Thread-safe; nothing here waits."""

    def __init__(self, pool: WorkerPool, order: Order, listener: TransferListener) -> None:
        self.order = order
        self._pool = pool
        self._listener = listener
        self._lock = threading.Lock()
        self._snapshot = order.head
        self._items: dict[int, ItemSnapshot] = {}
        self._by_state: dict[ItemState, dict[int, None]] = {state: {} for state in ItemState}
        self._policy = order.policy
        self._planned = False
        self._job: JobHandle | None = None
        self._run: _Run | None = None

    @property
    def job_id(self) -> str:
        return self.order.head.job_id

    @property
    def snapshot(self) -> JobSnapshot:
        return self._snapshot

    @property
    def ended(self) -> bool:
        return self._snapshot.state.ended

    def items(self, states: Iterable[ItemState] = ItemState, offset: int = 0, count: int = 200) -> list[ItemSnapshot]:
        """A page of the items, those of the first of ``states`` first; in one state the latest change comes last."""
        with self._lock:
            numbers = chain.from_iterable(self._by_state[state] for state in states)
            return [self._items[number] for number in islice(numbers, offset, offset + count)]

    def count(self) -> int:
        """How many items are known so far."""
        return len(self._items)

    def start(self) -> None:
        """Hand the order to the engine."""
        self._begin(self.order)

    def cancel(self) -> None:
        """Stop now: the row says so at once; what is half-done is removed by the engine."""
        with self._lock:
            job = self._job
            if self._snapshot.state.ended:
                return
            self._run = None  # from here on, nothing the old run says counts
            self._end(JobState.CANCELLED, None)
        if job is not None:
            job.cancel()
        if isinstance(self.order, DeleteOrder):
            discard(self.order.delete.file)
        self._listener.on_changed(self)

    @property
    def can_retry(self) -> bool:
        """Whether there is something that failed or was cancelled, and it can be tried again."""
        if not self.ended or self._snapshot.state is JobState.DONE:
            return False
        return not isinstance(self.order, DeleteOrder) or bool(self._by_state[ItemState.FAILED])

    def retry_failed(self) -> None:
        """Try again what failed or was cancelled; the rest stays as it is. Nothing to do is no error.

        A job that ended before its plan was complete is planned anew.
        """
        with self._lock:
            if not self.can_retry:
                return
            order: Order | None
            if self._planned and self._nothing_left():
                # the engine died between the last item and saying so: an empty retry would plan everything anew
                self._snapshot = replace(
                    self._snapshot, state=JobState.DONE, error=None, counts=self._carried(), time_left_s=None
                )
                order = None
            elif self._planned:
                numbers = chain(self._by_state[ItemState.FAILED], self._by_state[ItemState.CANCELLED])
                again = [self._items[number].item for number in numbers]
                head = replace(self.order.head, counts=self._carried(), verified=self._snapshot.verified)
                order = self.order.for_items(again, head, self._policy)
            else:
                order = self.order
                self._items.clear()
                self._by_state = {state: {} for state in ItemState}
            if order is not None:
                self._snapshot = replace(order.head, state=JobState.QUEUED)
        if order is not None:
            self._begin(order)
        self._listener.on_changed(self)

    def _nothing_left(self) -> bool:
        """Every planned item has ended well."""
        return bool(self._items) and not (self._by_state[ItemState.FAILED] or self._by_state[ItemState.CANCELLED])

    def _carried(self) -> Counts:
        """The counts of what ended well and stays."""
        counts = self._snapshot.counts
        done, skipped = counts.items_done, counts.items_skipped
        bytes_done = counts.bytes_done
        if not isinstance(self.order, DeleteOrder):  # whose items are counted, not kept
            done, skipped = len(self._by_state[ItemState.DONE]), len(self._by_state[ItemState.SKIPPED])
            bytes_done = sum(self._items[number].item.size_bytes for number in self._by_state[ItemState.DONE])
        return Counts(done + skipped, bytes_done, done, bytes_done, 0, skipped)

    def _begin(self, order: Order) -> None:
        run = _Run(self)
        self._run = run
        self._job = self._pool.start(carry_out, order, lane=Lane.ENGINE, listener=run)

    # -- news of a run ------------------------------------------------------------------------------------------
    def _take(self, run: _Run, change: Callable[[], None]) -> None:
        with self._lock:
            if run is not self._run:
                return
            change()
        self._listener.on_changed(self)

    def _set_items(self, changed: ItemsChanged) -> None:
        for item in changed.items:
            self._keep(item)

    def _keep(self, item: ItemSnapshot) -> None:
        number = item.item.number
        old = self._items.get(number)
        if old is None or old.state is not item.state:
            if old is not None:
                del self._by_state[old.state][number]
            self._by_state[item.state][number] = None
        self._items[number] = item

    def _set_snapshot(self, snapshot: JobSnapshot) -> None:
        self._snapshot = snapshot
        self._planned = self._planned or snapshot.state not in _UNPLANNED

    def _end(self, state: JobState, error: ErrorRecord | None) -> None:
        """The run broke off: what had not ended will not end."""
        open_items = [one for one in self._items.values() if not one.state.ended]
        for one in open_items:
            self._keep(replace(one, state=ItemState.CANCELLED, bytes_done=0))
        self._snapshot = replace(
            self._snapshot, state=state, error=error, speed_bps=0.0, time_left_s=None, waiting_for=""
        )

    def _clear_away(self, run: _Run) -> None:
        """The engine died: have its successor remove what it had begun."""
        with self._lock:
            items = tuple(one.item for one in self._items.values() if one.item.begun and not one.state.ended)
        if items and run is self._run:
            _ClearingAway(self._pool, self.order, items).start()

    def _ask(self, run: _Run, question: ConflictFound, answer: Answer) -> None:
        def decide(policy: Policy | None) -> None:
            if policy is None:
                answer(JobCancelled())
                self.cancel()
            else:
                self._policy = policy
                answer(policy)

        if run is self._run:
            self._listener.on_conflict(self, question, decide)
        else:
            answer(JobCancelled())


class _Run:
    """One run of a job in the engine, as its :class:`JobListener`: a retry is another run."""

    def __init__(self, handle: TransferHandle) -> None:
        self._handle = handle

    def on_event(self, event: object) -> None:
        assert isinstance(event, ItemsChanged)
        self._handle._take(self, lambda: self._handle._set_items(event))

    def on_progress(self, value: object) -> None:
        assert isinstance(value, JobSnapshot)
        self._handle._take(self, lambda: self._handle._set_snapshot(value))

    def on_question(self, question: Question, answer: Answer) -> None:
        if isinstance(question, ConflictFound):
            self._handle._ask(self, question, answer)
        else:
            answer(InternalError("Nobody answers this question.", technical=type(question).__name__))

    def on_done(self, result: object) -> None:
        assert isinstance(result, JobSnapshot)
        self._handle._take(self, lambda: self._handle._set_snapshot(result))

    def on_error(self, error: ArtifactBrowserError) -> None:
        if isinstance(error, WorkerDied):
            self._handle._clear_away(self)
        state = JobState.CANCELLED if isinstance(error, JobCancelled) else JobState.FAILED
        record = None if state is JobState.CANCELLED else error.record()
        self._handle._take(self, lambda: self._handle._end(state, record))


class _ClearingAway(Ended):
    """Removes what is left of a run whose engine died; an engine that dies over it has a successor, too."""

    def __init__(self, pool: WorkerPool, order: Order, items: tuple[Item, ...]) -> None:
        super().__init__()
        self._pool, self._order, self._items = pool, order, items
        self._tries_left = _CLEARING_TRIES

    def start(self) -> None:
        self._tries_left -= 1
        self._pool.start(clear_away, self._order, self._items, lane=Lane.ENGINE, listener=self)

    def on_error(self, error: ArtifactBrowserError) -> None:
        if isinstance(error, WorkerDied) and self._tries_left:
            self.start()
