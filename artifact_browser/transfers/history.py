"""What the journal holds of runs before this one, read for the window: transfers that can go on, and those that failed."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import AccountNotFound
from artifact_browser.transfers import journal_file
from artifact_browser.transfers.delete import DeleteOrder, discard
from artifact_browser.transfers.journal_rows import read_items, read_open_items
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.order_text import order_from_text
from artifact_browser.transfers.state import ItemSnapshot, ItemState, JobSnapshot, JobState
from artifact_browser.workers.job import JobContext

_log = logging.getLogger(__name__)

#: so many items of a job are held in the window, of each way to end; the others are in the journal
HELD = 10_000


@dataclass(frozen=True, slots=True)
class JobKept:
    """A transfer of a run before; its items follow. ``planned``: the journal has all of them; ``whole``: what follows are
    all that it has (of very many, those that have failed and others that are not done; or one of them makes no sense).
    """

    order: Order
    snapshot: JobSnapshot
    planned: bool
    whole: bool = True


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A transfer of a run before that nobody is going to try again, and that may have left something half-done: nobody was
    there to remove it, or the store could not be reached.
    """

    order: Order


@dataclass(frozen=True, slots=True)
class ItemsKept:
    """Items of the last :class:`JobKept`."""

    items: tuple[ItemSnapshot, ...]


def read_history(
    context: JobContext, records: tuple[AccountRecord, ...]
) -> Generator[JobKept | ItemsKept | LeftBehind, None, None]:
    """INTERACTIVE job: the transfers of ``records``' accounts that are not done. What ran when everything ended is paused.
    Then those that have left something.

    Ask before the first transfer of this run begins.

    :raises JournalNewer: a newer version wrote it
    """
    path = context.paths.journal_file
    accounts = {record.id: record for record in records}
    if not path.exists():
        return
    try:
        with journal_file.open_for_reading(path) as base:
            for kept in journal_file.read_jobs(base):
                yield from bring_back(base, kept, accounts)
            for kept in journal_file.read_untidy(base):
                if (order := _order(kept, accounts)) is not None:
                    with suppress(AccountNotFound):
                        yield LeftBehind(order.with_accounts(accounts))
    except sqlite3.Error:
        _log.exception("the journal cannot be read")  # the engine sets it aside when it writes


def bring_back(
    base: sqlite3.Connection, kept: journal_file.KeptJob, accounts: Mapping[str, AccountRecord]
) -> Iterator[JobKept | ItemsKept]:
    """A job as it can go on; nothing where its account is gone or its order makes no sense."""
    order = _order(kept, accounts)
    if order is None:
        return
    if isinstance(order, DeleteOrder):
        discard(order.delete.file)
    snapshot = _at_rest(kept.snapshot, order)
    try:
        order = order.with_accounts(accounts)
    except AccountNotFound as error:
        snapshot = replace(snapshot, state=JobState.FAILED, error=error.record())
    count = journal_file.count_items(base, kept.key, HELD + 1)
    few = list(read_items(base, kept.key)) if count <= HELD else []
    whole = count <= HELD and sum(map(len, few)) == count  # else one of them makes no sense: the engine has to look
    yield JobKept(order, snapshot, kept.planned, whole)
    doubted = journal_file.unsafe_items(base, kept.key) if snapshot.state.at_rest else set()
    for items in few if count <= HELD else read_open_items(base, kept.key, HELD):
        yield ItemsKept(
            tuple(
                replace(one, state=ItemState.QUEUED, item=order.doubted(one.item), verified="")
                if one.item.number in doubted
                else _item_at_rest(one, snapshot.state)
                for one in items
            )
        )


def _order(kept: journal_file.KeptJob, accounts: Mapping[str, AccountRecord]) -> Order | None:
    """``None``: its account is gone, or it makes no sense. A copy whose other account is here is kept to say so."""
    snapshot = kept.snapshot
    record = accounts.get(snapshot.account_id)
    if record is None and kept.kind == "copy":
        record = next((one for one in accounts.values() if json.dumps(one.id) in kept.details), None)
    if record is None:
        return None
    head = JobSnapshot(snapshot.job_id, snapshot.verb, snapshot.title, snapshot.target, snapshot.account_id)
    try:
        return replace(order_from_text(kept.kind, kept.details, record, head, kept.policy), run=kept.run)
    except ValueError:
        _log.exception("an order of the journal makes no sense")
        return None


def _at_rest(snapshot: JobSnapshot, order: Order) -> JobSnapshot:
    """A delete is not taken up again: what came meanwhile under the same names was not meant. What waited for credentials
    still does.
    """
    if snapshot.state.ended or snapshot.state is JobState.WAITING_CREDENTIALS:
        return snapshot
    return replace(snapshot, state=JobState.CANCELLED if isinstance(order, DeleteOrder) else JobState.PAUSED)


def _item_at_rest(item: ItemSnapshot, state: JobState) -> ItemSnapshot:
    if item.state.ended:
        return item
    return replace(item, state=ItemState.QUEUED if state.at_rest else ItemState.CANCELLED)
