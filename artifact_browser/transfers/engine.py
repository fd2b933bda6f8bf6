"""The engine's jobs: one that carries out an order from plan to last check, those that pause it or end it by name, one
that waits for the tidying.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain

from artifact_browser.errors import ErrorRecord, JobCancelled, error_from
from artifact_browser.transfers.crew import crew_of
from artifact_browser.transfers.delete import DeleteOrder
from artifact_browser.transfers.durability import Durability
from artifact_browser.transfers.job_log import JobLog, Left
from artifact_browser.transfers.journal import journal_of
from artifact_browser.transfers.journal_base import unknown_rest
from artifact_browser.transfers.ledger import Ledger
from artifact_browser.transfers.mover import both_ends
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.patience import wants_credentials
from artifact_browser.transfers.planning import Aids, Paused, Planning
from artifact_browser.transfers.scheduler import Scheduler
from artifact_browser.transfers.state import Item, ItemsChanged, JobSnapshot, JobState, PartDone
from artifact_browser.transfers.stream import Stream
from artifact_browser.transfers.task import Task
from artifact_browser.transfers.tree import TreeOrder
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import ALL_TAKEN, AllTaken, JobContext
from artifact_browser.workers.part_context import own_stop
from artifact_browser.workers.translate import redacted_record, translated

#: a plan looks between its requests whether it is to pause; a request without an answer is given so long then
_PLAN_STOPS_S = 2.0


def carry_out(context: JobContext, order: Order) -> Generator[ItemsChanged | AllTaken, None, JobSnapshot]:
    """ENGINE job: plan, ask if there is something to ask, move, check. Events: what changed; result: the end,
    or how far it was when it was paused, or had to stop because its credentials were refused. Everything is in the
    journal before it is told.

    Progress: :class:`JobSnapshot`, at most ten a second.

    :raises ArtifactBrowserError: nothing could be done at all (no such bucket, no right, disk full)
    """
    journal, crew = journal_of(context), crew_of(context)
    log = journal.begin(order)
    order, begun = _resumed(order, log)
    can_stop = not isinstance(order, DeleteOrder)
    ledger = Ledger(order.head, log.keep, counts_ahead=not can_stop)
    refused: ErrorRecord | None = None
    with _pausable(order.head.job_id, order.run) as pausing, crew.working(ledger.job_id):
        try:
            with own_stop(context, pausing.plan) as part, both_ends(part, order.records) as (driver, target):
                stop = threading.Event()
                aids = Aids(
                    partial(journal.parts, ledger.job_id) if order.goes_on else _no_parts,
                    partial(crew.remove, order.records),
                    lambda: pausing.is_set() or stop.is_set(),
                )
                planning = Planning(context, driver, ledger, aids, target, answered=begun)
                ledger.state = JobState.SCANNING
                context.progress(ledger.snapshot())
                durability = Durability(order.syncing(), log.durable)
                scheduler = Scheduler(
                    context, order.records, ledger, crew, pausing.is_set, durability, can_stop=can_stop,
                    # of what runs before have begun, clear_away knows
                    tidied=partial(journal.tidied, ledger.job_id, order.run) if order.run == 1 else _nothing,
                )  # fmt: skip
                if isinstance(order, TreeOrder) and order.streams:
                    stream = Stream(order, planning, ledger, log, stop, started=begun)
                    try:
                        whole = yield from scheduler.run((), stream)
                    finally:
                        stream.close()
                    yield from stream.news()
                    if whole and stream.trouble is not None:
                        raise stream.trouble
                else:
                    nothing_left = order.resumes and not order.again
                    courses = () if nothing_left else order.plan(planning)
                    yield from ledger.news()
                    log.planned()
                    yield ItemsChanged((), planned=True, total=ledger.items_total)
                    yield ALL_TAKEN  # whoever clears up behind a dead engine knows where its movers had begun to write
                    ledger.state = JobState.RUNNING
                    context.progress(ledger.snapshot())
                    whole = yield from scheduler.run(courses)
                if whole:
                    closing = order.closing(planning, ledger.snapshot().counts)
                    whole = yield from scheduler.run(chain(closing, durability.last()))
                if durability.trouble is not None:
                    yield from ledger.news()
                    log.doubt()
                    raise error_from(durability.trouble)
                refused = scheduler.refused
        except Paused:
            whole = False
        except JobCancelled:
            if pausing.is_set() and not context.cancel.cancelled:  # the plan was cut off
                whole = False
            else:
                raise  # the window has ended it, and says so to the journal; or this process is leaving
        except Exception as error:
            record = redacted_record(translated(error))
            if not can_stop or not wants_credentials(record):
                log.keep(replace(ledger.snapshot(), state=JobState.FAILED, error=record))
                raise
            whole, refused = False, record  # it will be planned anew
    if whole:
        last = ledger.end()
    else:
        ledger.stop(JobState.PAUSED if refused is None else JobState.WAITING_CREDENTIALS)
        last = replace(ledger.snapshot(), error=refused)
    yield from ledger.news()
    log.keep(last)
    return last


def enter(context: JobContext, order: Order) -> Generator[None, None, None]:
    """ENGINE job: a run of a job was ordered. It may have to wait for a place: it is in the journal from now on."""
    journal_of(context).enter(order)
    yield from ()


def _resumed(order: Order, log: JobLog) -> tuple[Order, bool]:
    """The order with what the journal knows of a run before; whether that had begun to move something."""
    if not order.resumes:
        return order, bool(order.again)
    carried, was_planned, before = log.carried(), log.was_planned, order.head.counts
    if not isinstance(order, DeleteOrder):  # whose items are counted, not kept
        counts = carried.counts
        if was_planned:  # else what is left out will be found again
            counts = replace(
                counts, left_out=before.left_out, folders_left_out=before.folders_left_out,
                left_out_by=before.left_out_by,
            )  # fmt: skip
        verified = "" if "" in carried.verified else ", ".join(carried.verified)
        order = replace(order, head=replace(order.head, counts=counts, verified=verified))
    if not (isinstance(order, TreeOrder) and order.streams):
        order = replace(order, again=tuple(_once_more(order, one) for page in log.left() for one in page))
        found = carried.counts.items + len(order.again)
        if found < before.items and not isinstance(order, DeleteOrder):
            raise unknown_rest(order.head.title)
    return order, log.has_begun


def _once_more(order: Order, left: Left) -> Item:
    item = replace(left.one.item, tried=left.one.attempts)
    return order.doubted(item) if left.doubted else item


def _no_parts(item: Item) -> tuple[PartDone, ...]:
    """A first run has none, however many items it plans: the journal is not asked about each."""
    return ()


class _Pause(threading.Event):
    """Whether a run is to stop where it is. ``plan``: the stop sign of what plans, where a store gives no answer."""

    def __init__(self) -> None:
        super().__init__()
        self.plan = CancelToken()

    def want(self) -> None:
        self.set()
        timer = threading.Timer(_PLAN_STOPS_S, self.plan.cancel)
        timer.daemon = True
        timer.start()


_pauses: dict[tuple[str, int], _Pause] = {}


@contextmanager
def _pausable(job_id: str, run: int) -> Iterator[_Pause]:
    """While inside, :func:`pause` reaches this run of the job; one that came before it does, too."""
    try:
        yield _pauses.setdefault((job_id, run), _Pause())
    finally:
        _pauses.pop((job_id, run), None)


def pause(context: JobContext, job_id: str, run: int) -> Generator[None, None, None]:
    """ENGINE job: have a run of this process's job ``job_id`` stop where it is; it ends by itself as paused."""
    _pauses.setdefault((job_id, run), _Pause()).want()
    yield from ()


def put_first(context: JobContext, job_id: str) -> Generator[None, None, None]:
    """ENGINE job: this job's batches go to the movers before those of all others."""
    crew_of(context).runway.put_first(job_id)
    yield from ()


def write_end(context: JobContext, job_id: str, run: int, state: JobState) -> Generator[None, None, None]:
    """ENGINE job: the window has ended a job's run by itself; whatever that still says is not heard."""
    journal_of(context).stop(job_id, run, state)
    yield from ()


def forget_jobs(context: JobContext, job_ids: tuple[str, ...]) -> Generator[None, None, None]:
    """ENGINE job: rows that the person has removed are not shown again."""
    journal_of(context).hide(job_ids)
    yield from ()


def clear_history(context: JobContext, but: tuple[str, ...]) -> Generator[None, None, int]:
    """ENGINE job: forget every ended job but these; how many were forgotten."""
    yield from ()
    return journal_of(context).clear(but)


def clear_away(context: JobContext, order: Order, items: tuple[Item, ...], run: int = 0) -> Generator[None, None, None]:
    """ENGINE job: remove what an engine that died had begun of these items. What cannot be removed is in the log; what cannot
    be now, for the network is gone, is removed later, behind this job.

    :param run: and of all others that the journal knows, once the job has left, unless a later run takes care of them
    """
    yield from ()
    crew, journal, job_id = crew_of(context), journal_of(context), order.head.job_id
    if run:
        crew.wait_tidy((job_id,), context.cancel)
    left: list[Task] = []
    with crew.working(job_id):
        for page in chain([items], journal.begun(job_id, run) if run else ()):
            left += crew.run(order.records, order.debris(page), context)
    tidied = partial(journal.tidied, job_id, run) if run else _nothing
    if left:
        crew.remove(order.records, left, tidied)
    else:
        tidied()


def _nothing() -> None:
    """Nobody needs to know."""


def settle(context: JobContext, job_ids: tuple[str, ...] | None = None) -> Generator[None, None, None]:
    """ENGINE job: ends when these (cancelled) jobs, or all, have left and nothing is being tidied up after any."""
    crew_of(context).wait_tidy(job_ids, context.cancel)
    yield from ()
