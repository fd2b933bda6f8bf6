"""The engine's jobs: one that carries out an order from plan to last check, one that waits for the tidying."""

from __future__ import annotations

from collections.abc import Generator

from artifact_browser.storage.open import opened
from artifact_browser.transfers.crew import crew_of
from artifact_browser.transfers.ledger import Ledger
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.planning import Planning
from artifact_browser.transfers.scheduler import Scheduler
from artifact_browser.transfers.state import Item, ItemsChanged, JobSnapshot, JobState
from artifact_browser.workers.job import JobContext


def carry_out(context: JobContext, order: Order) -> Generator[ItemsChanged, None, JobSnapshot]:
    """ENGINE job: plan, ask once if there is something to ask, move, check. Events: what changed; result: the end.

    Progress: :class:`JobSnapshot`, at most ten a second.

    :raises ArtifactBrowserError: nothing could be done at all (no such bucket, no right, disk full)
    """
    ledger, crew = Ledger(order.head), crew_of(context)
    scheduler = Scheduler(context, order.record, ledger, crew)
    with crew.working(ledger.job_id), opened(context, order.record) as driver:
        planning = Planning(context, driver, ledger)
        ledger.state = JobState.SCANNING
        context.progress(ledger.snapshot())
        courses = order.plan(planning)
        yield from ledger.news()
        ledger.state = JobState.RUNNING
        context.progress(ledger.snapshot())
        yield from scheduler.run(courses)
        yield from scheduler.run(order.closing(planning, ledger.snapshot().counts))
    last = ledger.end()
    yield from ledger.news()
    return last


#: A dead engine's movers see the end of their pipe and leave within a second; until then they may still put
#: something down.
_ORPHANS_S = 1.2


def clear_away(context: JobContext, order: Order, items: tuple[Item, ...]) -> Generator[None, None, None]:
    """ENGINE job: remove what an engine that died had begun of these items. What cannot be removed is in the log."""
    yield from ()
    crew = crew_of(context)
    with crew.working(order.head.job_id):
        context.cancel.wait(_ORPHANS_S)
        crew.run(order.record, order.debris(items), context)


def settle(context: JobContext, job_ids: tuple[str, ...] | None = None) -> Generator[None, None, None]:
    """ENGINE job: ends when these (cancelled) jobs, or all, have left and nothing is being tidied up after any."""
    crew_of(context).wait_tidy(job_ids, context.cancel)
    yield from ()
