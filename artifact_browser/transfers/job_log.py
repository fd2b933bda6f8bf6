"""One run of a job, as it writes itself down in the journal, and what it asks of runs before it.

What cannot be written (a disk that is full, a file that is busy) is owed: it is written with what comes next. A plan counts
as whole only when nothing of it is owed and nothing was lost.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from artifact_browser.transfers.journal_base import JournalBase, unknown_rest
from artifact_browser.transfers.journal_file import DOUBTED, UNKNOWN_BOOT, now_us
from artifact_browser.transfers.journal_rows import (
    KEEP_ITEM,
    KEEP_PART,
    as_bytes,
    counts_text,
    error_text,
    items_of,
    safe_text,
)
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.order_text import order_to_text
from artifact_browser.transfers.owed import Owed, Part
from artifact_browser.transfers.policy import Decision
from artifact_browser.transfers.state import Counts, Item, ItemSnapshot, ItemState, JobSnapshot, JobState, PartDone

_log = logging.getLogger(__name__)

#: one row's fault, whatever the file is like
_ROWS_FAULT = (
    sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError, UnicodeError,
    OverflowError,
)  # fmt: skip
_OURS = "job = (SELECT key FROM job WHERE id = ?)"


@dataclass(frozen=True, slots=True)
class Carried:
    """What of a job has ended well. ``verified``: the ways it was checked."""

    counts: Counts
    verified: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Left:
    """An item to be done again. ``doubted``: it was done, and may have been lost with the computer's power."""

    one: ItemSnapshot
    doubted: bool

    @property
    def waited(self) -> bool:
        """It waited for an answer, and nothing was begun of it."""
        return self.one.state is ItemState.QUEUED and self.one.note != ""


class JobLog:
    """Thread-safe: the job's thread writes, and the one that plans. Writes to its own job only, whatever becomes of the file.

    :ivar unreadable: how many items of :meth:`left` made no sense
    """

    def __init__(self, journal: JournalBase, order: Order) -> None:
        self._journal = journal
        self._head, self._run, self._policy = order.head, order.run, str(order.policy)
        self._told_policy = self._policy
        self._kind, self._details = order_to_text(order)
        self._again, self._goes_on = bool(order.again), order.goes_on
        self._unsafe_since = (journal.boot or UNKNOWN_BOOT) if order.syncing() else ""
        self._lock = threading.Lock()
        self._owed = Owed()
        #: the generation of the file that has this run; and that of the file it began with
        self._in_file: int | None = None
        self._born_in = journal.generation
        #: something was told that the journal will not have
        self._gap = False
        self._whole = self._told_whole = False
        self.unreadable = 0

    # -- writing ------------------------------------------------------------------------------------------------
    def begin(self) -> None:
        """The run is about to begin; what an older one still says is not heard any more."""
        with (writing := self._journal.writing()) as base:
            if base is not None:
                self._enter(base)
        self._born_in = self._journal.generation
        if not writing.failed:
            self._in_file = self._born_in

    def enter(self) -> None:
        """The run was ordered: it stands there, unless it has begun already."""
        with self._journal.writing() as base:
            if base is not None and self._end is None:
                row = base.execute("SELECT run FROM job WHERE id = ?", (self._head.job_id,)).fetchone()
                if row is None or row[0] < self._run:
                    self._enter(base)

    def keep(self, job: JobSnapshot, items: Sequence[ItemSnapshot] = (), parts: Sequence[Part] = ()) -> bool:
        """What has changed. Whether the journal has now all that it was told; what it has not is owed."""
        with self._lock:
            kept = not self._owed and self._write(job, items, parts, last=True)
            if not kept:
                tried = not self._owed
                self._gap |= not self._owed.add(job, items, parts)
                kept = not tried and self._pay()
        if kept:
            self._journal.settle(but=self)
        return kept

    def pay(self) -> bool:
        """Write what is owed; whether nothing is any more."""
        with self._lock:
            return self._pay()

    def durable(self, numbers: Sequence[int] | None) -> None:
        """These items, or all that are done, would survive a power cut."""
        with self._journal.writing() as base:
            if base is None or (key := self._heard_key(base)) is None:
                return
            if numbers is None:
                text = "UPDATE item SET unsafe_since = '' WHERE job = ? AND unsafe_since NOT IN ('', ?)"
                base.execute(text, (key, DOUBTED))
            else:
                rows = ((key, number) for number in numbers)
                base.executemany("UPDATE item SET unsafe_since = '' WHERE job = ? AND number = ?", rows)

    def doubt(self) -> None:
        """What is done and not safe may never have reached the disk: further runs look at it again."""
        with self._journal.writing() as base:
            if base is not None and (key := self._heard_key(base)) is not None:
                text = "UPDATE item SET unsafe_since = ? WHERE job = ? AND unsafe_since != ''"
                base.execute(text, (DOUBTED, key))

    def planned(self) -> None:
        """Every item was told."""
        with self._lock:
            self._whole = True
            if not self._owed:  # else it is said with the last of that
                self._write(None, (), (), last=True)

    def plan_more(self) -> None:
        """There is more than what was told as all of it; so it stands in the journal before anything else is told."""
        with self._lock:
            self._whole = self._told_whole = False
            with self._journal.writing() as base:
                if base is not None and (key := self._heard_key(base)) is not None:
                    base.execute("UPDATE job SET planned = 0 WHERE key = ?", (key,))

    def decided(self, policy: Decision) -> None:
        """Somebody has said what to do about what is there already; runs to come hold to it."""
        self._policy = str(policy)
        with self._lock:
            if not self._owed:  # else it is said with that
                self._write(None, (), (), last=True)

    # -- what a run before has left -----------------------------------------------------------------------------
    @property
    def was_planned(self) -> bool:
        """Whether the journal has every item of the job."""
        with self._journal.writing() as base:
            if base is not None:
                row = base.execute("SELECT planned FROM job WHERE id = ?", (self._head.job_id,)).fetchone()
                return bool(row and row[0])
        return False

    @property
    def has_begun(self) -> bool:
        """Whether anything of the job was ever tried."""
        with self._journal.writing() as base:
            if base is not None:
                text = f"SELECT EXISTS (SELECT 1 FROM item WHERE {_OURS} AND (attempts > 0 OR state = ?))"  # noqa: S608 - our own words
                return bool(base.execute(text, (self._head.job_id, ItemState.DONE)).fetchone()[0])
        return False

    def carried(self) -> Carried:
        """What of the job has ended well and stays.

        :raises DiskError: it cannot be read, so that nobody knows what is left
        """
        done = skipped = size_bytes = 0
        how: set[str] = set()
        with (writing := self._journal.writing()) as base:
            if base is not None:
                rows = base.execute(
                    "SELECT state, folder, verified, count(*), sum(size_bytes) FROM item"  # noqa: S608 - our own words
                    f" WHERE {_OURS} AND state IN (?, ?) AND unsafe_since IN ('', ?) GROUP BY state, folder, verified",
                    (self._head.job_id, ItemState.DONE, ItemState.SKIPPED, self._journal.boot),
                )
                for state, folder, verified, count, size in rows:
                    if state == ItemState.SKIPPED:
                        skipped += count
                        continue
                    done, size_bytes = done + count, size_bytes + size
                    how |= set() if folder else {verified}
        if writing.failed:
            raise unknown_rest(self._head.title)
        counts = Counts(
            items=done + skipped, bytes=size_bytes, items_done=done, bytes_done=size_bytes, items_skipped=skipped
        )
        return Carried(counts, tuple(sorted(how)))

    def left(self) -> Iterator[list[Left]]:
        """What is to be done again, by number, in batches: what has not ended well, and what may have been lost with the
        computer's power. What of it makes no sense is counted (:attr:`unreadable`).

        :raises DiskError: it cannot be read, so that nobody knows what is left
        """
        which = "state NOT IN ('done', 'skipped') OR unsafe_since NOT IN ('', ?)"
        for rows in self._journal.pages(self._head.job_id, which, self._journal.boot):
            items = items_of(rows)
            self.unreadable += len(rows) - len(items)
            yield [Left(one, doubted=one.state is ItemState.DONE) for one in items]

    def known(self) -> Iterator[list[Item]]:
        """Every item of the job that makes sense, by number, in batches. :raises DiskError: they cannot be read"""
        for rows in self._journal.pages(self._head.job_id, "1"):
            yield [one.item for one in items_of(rows)]

    # -- inside -------------------------------------------------------------------------------------------------
    def _write(
        self, job: JobSnapshot | None, items: Sequence[ItemSnapshot], parts: Sequence[Part], *, last: bool
    ) -> bool:
        """In one transaction. Whether that is settled: written, or nobody's to write. ``last``: nothing else is owed."""
        key, whole, policy = None, False, self._told_policy
        with (writing := self._journal.writing()) as base:
            generation = self._journal.generation
            if base is not None and (key := self._heard_key(base)) is not None:
                if job is not None:
                    base.execute(
                        "UPDATE job SET state = ?, verified = ?, error = ?, counts = ?, changed_us = ? WHERE key = ?",
                        (job.state, job.verified, error_text(job.error), counts_text(job.counts), now_us(), key),
                    )
                self._put(base, KEEP_ITEM, [self._row(key, one) for one in items])
                self._put(base, KEEP_PART, [self._part(key, *part) for part in parts])
                if (policy := self._policy) != self._told_policy:
                    base.execute("UPDATE job SET policy = ? WHERE key = ?", (policy, key))
                whole = last and self._whole_unsaid
                if whole:
                    base.execute("UPDATE job SET planned = 1 WHERE key = ?", (key,))
        if writing.failed:
            self._journal.owes(self)
            return False
        if key is not None:
            self._in_file = generation
            self._told_whole |= whole
            self._told_policy = policy
        if last:
            self._journal.owes_nothing(self)
        return True

    def _put(self, base: sqlite3.Connection, text: str, rows: Sequence[tuple[object, ...]]) -> None:
        """What of ``rows`` can be written at all: one that cannot must not keep the others from it."""
        try:
            base.executemany(text, rows)
        except _ROWS_FAULT:
            for row in rows:
                try:
                    base.execute(text, row)
                except _ROWS_FAULT as error:
                    self._gap = True
                    _log.error("a row cannot be written to the journal: %s", type(error).__name__)

    def _pay(self) -> bool:
        while self._owed:
            items, parts, last = self._owed.first()
            if not self._write(self._owed.job, items, parts, last=last):
                return False
            self._owed.paid(items, parts)
        nothing = not self._whole_unsaid and self._policy == self._told_policy
        return nothing or self._write(None, (), (), last=True)

    @property
    def _whole_unsaid(self) -> bool:
        return self._whole and not self._told_whole and not self._gap

    def _heard_key(self, base: sqlite3.Connection) -> int | None:
        """The job's row, as long as this run is the last one and goes on; put back where the file that had it is gone."""
        job_id, run = self._head.job_id, self._run
        if self._end is not None:
            return None
        row = base.execute("SELECT key, run, stopped FROM job WHERE id = ?", (job_id,)).fetchone()
        if row is not None and row[1] >= run:
            return int(row[0]) if row[1:] == (run, 0) else None
        if self._in_file == self._journal.generation:  # forgotten
            return None
        _log.warning("job %s was not in the journal, and is put into it", job_id)
        return self._enter(base)

    @property
    def _end(self) -> JobState | None:
        """How the window has ended this run, if it has; also where the journal could not be told yet."""
        run, state = self._journal.stopped.get(self._head.job_id, (-1, JobState.CANCELLED))
        return state if run >= self._run else None

    def _enter(self, base: sqlite3.Connection) -> int:
        """This run begins, says the journal from now on."""
        head, now = self._head, now_us()
        row = base.execute("SELECT planned FROM job WHERE id = ?", (head.job_id,)).fetchone()
        # a retry of some items makes no plan whole; and what was told before may be in another file
        self._gap |= self._again and row in {None, (0,)}
        self._gap |= row is None and self._journal.generation != self._born_in
        base.execute(
            "INSERT INTO job (id, run, begun_us, changed_us, kind, details, policy, verb, title, target, account_id,"
            " state, counts) VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            (head.job_id, now, now, self._kind, self._details, self._policy, head.verb, safe_text(head.title),
             safe_text(head.target), head.account_id, JobState.QUEUED, counts_text(head.counts)),
        )  # fmt: skip
        if not self._goes_on:  # planned anew
            base.execute(f"DELETE FROM item WHERE {_OURS}", (head.job_id,))  # noqa: S608 - our own words
        (key,) = base.execute(
            "UPDATE job SET run = ?, changed_us = ?, policy = ?, state = ?, error = NULL, hidden = 0, stopped = ?,"
            " planned = planned AND ? WHERE id = ? RETURNING key",
            (self._run, now, self._policy, self._end or JobState.QUEUED, self._end is not None, self._goes_on, head.job_id),
        ).fetchone()  # fmt: skip
        return int(key)

    def _part(self, key: int, item: Item, part: PartDone) -> tuple[object, ...]:
        return (
            key, item.number, item.begun, part.number, part.size_bytes, part.etag, part.checksum, self._journal.boot,
        )  # fmt: skip

    def _row(self, key: int, one: ItemSnapshot) -> tuple[object, ...]:
        item = one.item
        return (
            key, item.number, as_bytes(item.name), as_bytes(item.source), as_bytes(item.target), item.size_bytes,
            item.modified_us, item.etag, str(item.file_id), item.folder, item.replace, item.begun,
            one.state, one.verified, one.note, error_text(one.error), item.expects, one.attempts,
            self._unsafe_since if one.state is ItemState.DONE and not item.folder else "", error_text(one.last_error),
        )  # fmt: skip
