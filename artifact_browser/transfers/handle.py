"""A transfer as the window holds it: the other half of the engine's :class:`~artifact_browser.transfers.ledger.Ledger`.

It mirrors what the engine tells and shares nothing with it. Items are answered from memory here, of very many the latest
and the first failures; all of them, and what outlives the run, are the engine's to keep
(:mod:`artifact_browser.transfers.journal`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from itertools import chain

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import (
    AccountNotFound,
    DiskError,
    ErrorRecord,
    JobCancelled,
    error_from,
)
from artifact_browser.transfers.clearing import ClearingAway
from artifact_browser.transfers.delete import DeleteOrder, discard
from artifact_browser.transfers.engine import carry_out, enter, pause, put_first, write_end
from artifact_browser.transfers.held_items import HeldItems
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.policy import ConflictFound, Decision, merged
from artifact_browser.transfers.run_listener import Answer, RunListener
from artifact_browser.transfers.state import (
    ANSWER,
    Counts,
    Item,
    ItemsChanged,
    ItemSnapshot,
    ItemState,
    JobSnapshot,
    JobState,
)
from artifact_browser.transfers.telling import Telling
from artifact_browser.transfers.transfer_listener import TransferListener
from artifact_browser.transfers.tree import TreeOrder
from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import JobHandle, WorkerPool

#: to be tried again, or gone on with
_OPEN = (ItemState.FAILED, ItemState.CANCELLED, ItemState.QUEUED, ItemState.RUNNING)

#: how many engines may die in a row over a job that comes no further
_DEATHS = 4


class TransferHandle:
    """One job. Thread-safe; nothing here waits."""

    def __init__(self, pool: WorkerPool, order: Order, listener: TransferListener) -> None:
        self.order = order
        self._pool = pool
        self._listener = listener
        self._lock = threading.Lock()
        self._snapshot = order.head
        self._held = HeldItems()
        self._policy: Decision = order.policy
        self._planned = False
        #: the journal was, or will be, asked what is left: it knows more than what was told here
        self._partial = False
        self._total = 0  # as the plan said
        self._open_question: Answer | None = None
        self._job: JobHandle | None = None
        self._run: RunListener | None = None
        self._runs = 0
        self._pause_wanted = False
        self._first = False
        self._renewed = False  # since this run began: what refuses it is the old credentials
        #: begun when it was cancelled; and how often the engine died over it, how far it had come
        self._debris: tuple[Item, ...] = ()
        self._refused = False  # cancelled while it waited for credentials
        self._deaths, self._got_before = 0, (0, 0)
        #: of a run of the app before this one, and not begun again
        self.from_before = False

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
            return self._held.page(states, offset, count)

    def count(self) -> int:
        """How many items are known here."""
        return len(self._held.by_number)

    def knows(self, number: int) -> bool:
        """Whether this item is known here."""
        return number in self._held.by_number

    @property
    def knows_all(self) -> bool:
        """Whether no item was forgotten here; the journal has them all."""
        return not self._partial and not self._held.forgotten

    @property
    def planned(self) -> bool:
        """Whether all its items are known."""
        return self._planned

    @property
    def run(self) -> int:
        """Which run of it is the last: a retry is another."""
        return self._runs

    @property
    def running(self) -> bool:
        return self._snapshot.state.running

    def restore(self, snapshot: JobSnapshot, *, planned: bool, whole: bool = True) -> None:
        """Be a transfer of a run before; its items are put in by :meth:`restore_items`, ``whole``: all of them."""
        self.from_before = True
        self._partial = not whole
        self._snapshot, self._planned = snapshot, planned
        self._runs = self.order.run

    def restore_items(self, items: Iterable[ItemSnapshot]) -> None:
        with self._lock:
            for item in items:
                self._held.keep(item)

    def start(self) -> None:
        """Hand the order to the engine."""
        with self._lock:
            order = self._numbered(self.order)
        self._begin(order)

    @property
    def can_pause(self) -> bool:
        """A delete goes through or is cancelled; a plan that has to be whole waits for its answer."""
        now = self._snapshot
        moving = now.state.running or now.state is JobState.WAITING_CREDENTIALS
        asks = now.waiting_for == ANSWER and not self._streams
        return moving and not asks and not isinstance(self.order, DeleteOrder)

    @property
    def _streams(self) -> bool:
        return isinstance(self.order, TreeOrder) and self.order.streams

    def pause(self) -> None:
        """Stop where it is; it says *paused* when nothing moves any more, and goes on from there. What waits for
        credentials then does not go on by itself when they are there.
        """
        if not self.can_pause:
            return
        with self._lock:
            stands = self._snapshot.state.at_rest
            self._pause_wanted = not stands
            if stands:
                self._stand_still(JobState.PAUSED)
            question, self._open_question = self._open_question, None
        if question is not None:  # it will be asked again
            question(JobCancelled())
        if not stands:
            self._pool.start(pause, self.job_id, self._runs, lane=Lane.ENGINE, at_once=True)
            return
        self._write_end(JobState.PAUSED)
        self._listener.on_changed(self)

    def use(self, record: AccountRecord, *, renewed: bool) -> None:
        """From its next run on the account is this. With ``renewed`` credentials, what waits for them goes on."""
        with self._lock:
            accounts = {one.id: one for one in self.order.records} | {record.id: record}
            with suppress(AccountNotFound):  # of a copy whose other account is gone: it says so when it is tried again
                self.order = replace(self.order, record=accounts[self.order.record.id]).with_accounts(accounts)
            self._renewed = self._renewed or renewed
            waits = self._snapshot.state is JobState.WAITING_CREDENTIALS
            left = self._refused and renewed
            self._refused = self._refused and not renewed
        if renewed and waits:
            self.retry_failed()
        elif left and self._snapshot.state is JobState.CANCELLED:
            self._clear_away(self._debris, more=True)  # nobody was allowed to before

    @property
    def can_be_first(self) -> bool:
        """Whether it has something to do, now or when it goes on."""
        return not self.ended

    def put_first(self) -> None:
        """Move before all others from now on, in the runs to come as well."""
        self._first = True
        if self._job is not None and self.running:
            self._job.put_first()
            self._pool.start(put_first, self.job_id, lane=Lane.ENGINE, at_once=True)

    def cancel(self) -> None:
        """Stop now: the row says so at once; what is half-done is removed by the engine."""
        with self._lock:
            job = self._job
            if self._snapshot.state.ended:
                return
            stands = self._snapshot.state.at_rest
            self._refused = self._snapshot.state is JobState.WAITING_CREDENTIALS
            self._debris = self._held.half_done()
            self._run = None  # from here on, nothing the old run says counts
            self._end(JobState.CANCELLED, None)
        if job is not None:
            job.cancel()
        self._write_end(JobState.CANCELLED)
        if stands or self._runs > 1:
            self._clear_away(self._debris if stands else (), more=True)
        if isinstance(self.order, DeleteOrder):
            discard(self.order.delete.file)
        self._listener.on_changed(self)

    @property
    def can_retry(self) -> bool:
        """Whether there is something that failed or was cancelled, and it can be tried again."""
        if self._snapshot.state.at_rest:
            return True
        if not self.ended or self._snapshot.state is JobState.DONE:
            return False
        return not isinstance(self.order, DeleteOrder) or bool(self._held.by_state[ItemState.FAILED])

    def retry_failed(self) -> None:
        """Try again what failed or was cancelled; the rest stays as it is. Nothing to do is no error.

        A job that ended before its plan was complete is planned anew; one at rest goes on where it was.
        """
        with self._lock:
            if not self.can_retry:
                return
            order = self._next_run()
        self._go_on(order)
        self._listener.on_changed(self)

    def can_retry_item(self, item: ItemSnapshot) -> bool:
        """Whether this one alone can be tried again."""
        over = self._snapshot.state in {JobState.DONE_WITH_ERRORS, JobState.FAILED}
        return item.state is ItemState.FAILED and over and self._planned and not isinstance(self.order, DeleteOrder)

    def retry_item(self, item: ItemSnapshot) -> None:
        """Try one item again that failed; the others stay as they are."""
        with self._lock:
            one = self._held.by_number.get(item.item.number, item)
            if not self.can_retry_item(one):
                return
            order = self._next_run(one)
        self._go_on(order)
        self._listener.on_changed(self)

    def clear_up(self) -> None:
        """It is not going to be tried again: have removed what it may have left, but what it was cancelled with is by now."""
        if self._snapshot.state not in {JobState.DONE, JobState.CANCELLED} and (
            not self.knows_all or self._held.may_have_left()
        ):
            self._clear_away((), more=True)

    def prove(self, how: str) -> None:
        """It has ended, and what it moved was checked once more: all of it was right."""
        with self._lock:
            if not self.ended:
                return
            self._snapshot = replace(self._snapshot, verified=how)
            self._held.prove(how)
        self._listener.on_changed(self)

    def _go_on(self, order: Order | None) -> None:
        if order is not None:
            self._begin(order)
        else:
            self._write_end(JobState.DONE)

    def _next_run(self, only: ItemSnapshot | None = None) -> Order | None:
        """The order for what is left (or for one item of that), ``None`` when nothing is; with the lock held."""
        begun_stays, self.from_before = self.from_before, False
        self._renewed = False
        self._pause_wanted = False
        if self._planned and self._sync_failed:
            return self._resume()
        if only is not None:
            counts = self._snapshot.counts
            order = self._order_for([only], begun_stays, replace(
                counts, items=counts.items - 1, items_failed=counts.items_failed - 1
            ))  # fmt: skip
        elif self._planned and not self._forgets_open and self._held.all_ended_well():
            # the engine died between the last item and saying so: an empty retry would plan everything anew
            self._snapshot = replace(
                self._snapshot, state=JobState.DONE, error=None, counts=self._carried(), time_left_s=None
            )
            return None
        elif self._planned and not self._forgets_open:
            numbers = sorted(chain.from_iterable(self._held.by_state[state] for state in _OPEN))
            order = self._order_for([self._held.by_number[number] for number in numbers], begun_stays, self._carried())
        elif self._planned or self._streams:
            return self._resume()
        else:
            order = self.order
            self._held, self._total = HeldItems(), 0
        self._snapshot = replace(order.head, state=JobState.QUEUED)
        return self._numbered(order)

    def _order_for(self, items: Iterable[ItemSnapshot], begun_stays: bool, counts: Counts) -> Order:
        again = [self._again(one, begun_stays) for one in items]
        head = replace(self.order.head, counts=counts, verified=self._snapshot.verified)
        return self.order.for_items(again, head, self._policy)

    def _resume(self) -> Order:
        """The order for what is left as the journal knows it."""
        afresh = self._snapshot.state.ended
        self._partial = True
        counts = self._carried() if isinstance(self.order, DeleteOrder) else self._snapshot.counts
        self._held.drop(_OPEN)
        head = replace(self.order.head, counts=counts, verified=self._snapshot.verified)
        self._snapshot = replace(
            self._snapshot, state=JobState.QUEUED, error=None, speed_bps=0.0, time_left_s=None, waiting_for=""
        )
        return self._numbered(replace(self.order, head=head, policy=self._policy, resumes=True, afresh=afresh))

    @property
    def _sync_failed(self) -> bool:
        """Whether the job itself has failed for a disk: what is done may not have reached it, and is looked at again."""
        now = self._snapshot
        return now.state is JobState.FAILED and now.error is not None and isinstance(error_from(now.error), DiskError)

    @property
    def _forgets_open(self) -> bool:
        """Whether there may be more to do than what is known here."""
        ahead = self._total > self._held.total() and not isinstance(
            self.order, DeleteOrder
        )  # whose items are counted, not told
        return self._partial or ahead or any(self._held.forgotten[state] for state in _OPEN)

    def _again(self, one: ItemSnapshot, begun_stays: bool) -> Item:
        """What had ended begins anew, unless that was in another run of the app."""
        item = one.item if begun_stays or not one.state.ended else self.order.given_up(one.item)
        return replace(item, tried=one.attempts)

    def _carried(self) -> Counts:
        """The counts of what ended well and stays."""
        counts = self._snapshot.counts
        done, skipped = counts.items_done, counts.items_skipped
        bytes_done = counts.bytes_done
        if not isinstance(self.order, DeleteOrder):  # whose items are counted, not kept
            done, skipped = self._held.count(ItemState.DONE), self._held.count(ItemState.SKIPPED)
            bytes_done = self._held.bytes_done()
        return replace(
            counts, items=done + skipped, bytes=bytes_done, items_done=done, bytes_done=bytes_done, items_failed=0,
            items_skipped=skipped,
        )  # fmt: skip

    def _numbered(self, order: Order) -> Order:
        """As the next run, which whatever the window says from now on is about; with the lock held."""
        self._runs += 1
        self._run, self._job = RunListener(self), None
        return replace(order, run=self._runs)

    def _begin(self, order: Order) -> None:
        with self._lock:
            run = self._run if order.run == self._runs else None
        if run is None:  # cancelled meanwhile
            return
        self._pool.start(enter, order, lane=Lane.ENGINE, at_once=True)
        job = self._pool.start(carry_out, order, lane=Lane.ENGINE, listener=run)
        with self._lock:
            is_current = run is self._run
            if is_current:
                self._job = job
        if not is_current:
            job.cancel()
        elif self._first:
            self.put_first()

    # -- news of a run ------------------------------------------------------------------------------------------
    def _take(self, run: RunListener, change: Callable[[], None]) -> bool:
        """Whether the run is the one that counts."""
        with self._lock:
            if run is not self._run:
                return False
            change()
        self._listener.on_changed(self)
        return True

    def _set_items(self, changed: ItemsChanged) -> None:
        for item in changed.items:
            self._held.keep(item)
        self._planned = self._planned or changed.planned
        self._total = max(self._total, changed.total)

    def _set_snapshot(self, snapshot: JobSnapshot) -> None:
        self._snapshot = snapshot

    def _finish(self, run: RunListener, end: JobSnapshot) -> None:
        refused = end.state is JobState.WAITING_CREDENTIALS
        paused = refused and self._pause_wanted
        if paused:  # its keys ended before it had: it does not go on by itself when there are others
            end = replace(end, state=JobState.PAUSED, error=None)
        if not self._take(run, lambda: self._set_snapshot(end)):
            return
        if paused:
            self._write_end(JobState.PAUSED)
        elif refused and self._renewed:
            self.retry_failed()

    def _end(self, state: JobState, error: ErrorRecord | None) -> None:
        """The run broke off: what had not ended will not end."""
        open_items = [one for one in self._held.by_number.values() if not one.state.ended]
        for one in open_items:
            self._held.keep(replace(one, state=ItemState.CANCELLED, bytes_done=0))
        self._stand_still(state, error)

    def _stand_still(self, state: JobState, error: ErrorRecord | None = None) -> None:
        self._snapshot = replace(
            self._snapshot, state=state, error=error, speed_bps=0.0, time_left_s=None, waiting_for="", found=()
        )

    def _engine_died(self, run: RunListener, error: ErrorRecord) -> None:
        """Go on with its successor, where it was; give up when several in a row came no further."""
        order: Order | None = None
        goes_on = False
        with self._lock:
            if run is not self._run:
                debris = self._debris if self._snapshot.state is JobState.CANCELLED else ()
            else:
                counts = self._snapshot.counts
                got = (counts.items_done, counts.bytes_done)
                self._deaths = self._deaths + 1 if got == self._got_before else 1
                self._got_before = got
                gives_up = self._deaths >= _DEATHS or isinstance(self.order, DeleteOrder)
                # what a failed item left is removed behind its failure: that may have been cut short
                debris = tuple(item for item in self._held.half_done() if gives_up or self._has_failed(item))
                if gives_up:
                    self._end(JobState.FAILED, error)
                else:
                    self._held.requeue()
                    goes_on = not self._pause_wanted
                    if goes_on:
                        order = self._next_run()
                    else:
                        self._stand_still(JobState.PAUSED)
        self._clear_away(debris, more=self._snapshot.state is JobState.CANCELLED)
        if goes_on:
            self._go_on(order)
        self._listener.on_changed(self)

    def _write_end(self, state: JobState) -> None:
        Telling(self._pool, write_end, self.job_id, self._runs, state).start()

    def _has_failed(self, item: Item) -> bool:
        return self._held.by_number[item.number].state is ItemState.FAILED

    def _clear_away(self, items: tuple[Item, ...], *, more: bool = False) -> None:
        """Have the engine remove what these have begun. ``more``: and all others that the journal knows."""
        run = self._runs if more and not isinstance(self.order, DeleteOrder) else 0
        if items or run:
            ClearingAway(self._pool, self.order, items, run).start()

    def _ask(self, run: RunListener, question: ConflictFound, answer: Answer) -> None:
        def decide(policy: Decision | None) -> None:
            with self._lock:
                still_open = self._open_question is answer
                self._open_question = None if still_open else self._open_question
                if policy is not None:
                    self._policy = merged(self._policy, policy)
            if still_open:
                answer(JobCancelled() if policy is None else policy)
            if policy is None:
                self.cancel()

        with self._lock:
            current = run is self._run
            self._open_question = answer if current else self._open_question
        if current:
            self._listener.on_conflict(self, question, decide)
        else:
            answer(JobCancelled())
