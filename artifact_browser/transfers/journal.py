"""Every transfer on disk, as the engine writes it: what was asked for, each item and how far it came, so that no crash
forgets one.

A killed process loses nothing that was committed, a power cut at most the last moments (whose items are looked at again).
The engine is the only writer; the window's side reads through :mod:`artifact_browser.transfers.history`. The journal never
stops a transfer: when it cannot be written, the log says so.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from artifact_browser.errors import JournalNewer
from artifact_browser.transfers.journal_file import UNKNOWN_BOOT, boot_id, connect, now_us, prune, set_aside
from artifact_browser.transfers.journal_rows import (
    KEEP_ITEM,
    NUMBER,
    Row,
    as_bytes,
    counts_text,
    error_text,
    items_of,
    read_rows,
    safe_text,
)
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.order_text import order_to_text
from artifact_browser.transfers.policy import Decision
from artifact_browser.transfers.state import Counts, Item, ItemSnapshot, ItemState, JobSnapshot, JobState, PartDone
from artifact_browser.transfers.upload_marks import id_in
from artifact_browser.workers.job import JobContext

_log = logging.getLogger(__name__)

_STEP = 20_000
_PAGE = 1000


class Journal:
    """Thread-safe: every engine job writes from its own thread.

    :ivar trouble: why nothing is kept in this run; ``None`` when all is well
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._base: sqlite3.Connection | None = None
        self._boot = boot_id()
        self._stopped: set[tuple[str, int]] = set()
        self.trouble: JournalNewer | None = None
        try:
            self._open()
        except JournalNewer as error:
            self.trouble = error
            _log.warning("the journal is from a newer version; this run keeps none")
        except (sqlite3.Error, OSError):
            _log.exception("the journal cannot be opened; this run keeps none")

    def begin(self, order: Order) -> JobLog:
        """A job, or another run of one, is about to begin. What an older run still says is not heard any more."""
        kind, details = order_to_text(order)
        head, now = order.head, now_us()
        key = 0
        with self._writing() as base:
            if base is not None:
                base.execute(
                    "INSERT INTO job (id, run, begun_us, changed_us, kind, details, policy, verb, title, target, account_id,"
                    " state, counts) VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                    (head.job_id, now, now, kind, details, str(order.policy), head.verb, safe_text(head.title), safe_text(head.target),
                     head.account_id, JobState.QUEUED, counts_text(head.counts)),
                )  # fmt: skip
                if not order.again and not order.resumes:  # planned anew
                    base.execute("DELETE FROM item WHERE job = (SELECT key FROM job WHERE id = ?)", (head.job_id,))
                (key,) = base.execute(
                    "UPDATE job SET run = ?, changed_us = ?, policy = ?, state = ?, error = NULL, hidden = 0, stopped = ?,"
                    " planned = planned AND ? WHERE id = ? RETURNING key",
                    (order.run, now, str(order.policy), JobState.QUEUED, (head.job_id, order.run) in self._stopped,
                     bool(order.again) or order.resumes, head.job_id),
                ).fetchone()  # fmt: skip
        return JobLog(self, key, order.run, unsafe_since=(self._boot or UNKNOWN_BOOT) if order.syncing() else "")

    def stop(self, job_id: str, run: int, state: JobState) -> None:
        """The window ended this run of a job, begun or not: it is not heard any more."""
        with self._writing() as base:
            self._stopped.add((job_id, run))
            if base is not None:
                base.execute(
                    "UPDATE job SET stopped = 1, state = ?, changed_us = ? WHERE id = ? AND run <= ?",
                    (state, now_us(), job_id, run),
                )

    def hide(self, job_ids: Sequence[str]) -> None:
        """The person has removed these rows."""
        with self._writing() as base:
            if base is not None:
                base.executemany("UPDATE job SET hidden = 1 WHERE id = ?", [(job_id,) for job_id in job_ids])

    def verified(self, job_id: str, numbers: Sequence[int] | None, how: str) -> None:
        """These items, or the job as a whole, were checked once more."""
        with self._writing() as base:
            if base is None:
                return
            if numbers is None:
                base.execute("UPDATE job SET verified = ? WHERE id = ?", (how, job_id))
                return
            base.executemany(
                "UPDATE item SET verified = ? WHERE job = (SELECT key FROM job WHERE id = ?) AND number = ?",
                [(how, job_id, number) for number in numbers],
            )

    def clear(self, but: Sequence[str]) -> int:
        """Forget every ended job but these; how many. Those with many items in steps, so that running jobs can write."""
        ended = [state for state in JobState if state.ended]
        marks = ", ".join("?" * len(ended))
        keys: list[int] = []
        with self._writing() as base:
            found = base.execute(f"SELECT key, id FROM job WHERE state IN ({marks})", ended) if base is not None else ()  # noqa: S608 - question marks
            keys = [key for key, job_id in found if job_id not in set(but)]
        return sum(self._forget(key) for key in keys)

    def _forget(self, key: int) -> bool:
        left = 1
        while left:
            left = 0
            with self._writing() as base:
                if base is None:
                    return False
                left = base.execute(
                    "DELETE FROM item WHERE job = ? AND number IN (SELECT number FROM item WHERE job = ? LIMIT ?)",
                    (key, key, _STEP),
                ).rowcount
                if not left:
                    base.execute("DELETE FROM job WHERE key = ?", (key,))
                    return True
        return False

    def parts(self, job_id: str, item: Item) -> tuple[PartDone, ...]:
        """The finished parts of what ``item`` has begun. Of a file that was written before this computer started, none:
        nobody knows what of it had reached the disk.
        """
        if not item.begun:
            return ()
        with self._writing() as base:
            if base is None:
                return ()
            rows = base.execute(
                "SELECT number, size_bytes, etag, checksum FROM part"
                " WHERE job = (SELECT key FROM job WHERE id = ?) AND item = ? AND begun = ?"
                " AND (etag != '' OR boot != '' AND boot = ?) ORDER BY number",
                (job_id, item.number, item.begun, self._boot),
            )
            return tuple(PartDone(*row) for row in rows)
        return ()

    def uploads(self, key: str) -> frozenset[str]:
        """The ids of all uploads that items have begun at a key of any bucket. Reads every item: asked for rarely."""
        with self._writing() as base:
            if base is not None:
                rows = base.execute("SELECT begun FROM item WHERE target = ? AND begun != ''", (as_bytes(key),))
                return frozenset(upload_id for (begun,) in rows if (upload_id := id_in(begun)))
        return frozenset()

    def begun(self, job_id: str, run: int) -> Iterator[list[Item]]:
        """The items of a job that may have left something half-done, by number, in batches; none once a run behind ``run``
        has begun.
        """
        with self._writing() as base:
            found = None if base is None else base.execute("SELECT key FROM job WHERE id = ?", (job_id,)).fetchone()
        which = "begun != '' AND state NOT IN ('done', 'skipped') AND (SELECT run FROM job WHERE id = ?) <= ?"
        for rows in self._pages(found[0], which, job_id, run) if found else ():
            yield [one.item for one in items_of(rows)]

    def _pages(self, key: int, which: str, *values: object) -> Iterator[list[Row]]:
        """Rows of a job's items, by number. What is written meanwhile may be among them or not."""
        last: object = -1
        while True:
            rows: list[Row] = []
            with self._writing() as base:
                if base is not None:
                    where = f"WHERE job = ? AND number > ? AND ({which}) ORDER BY number LIMIT ?"
                    rows = read_rows(base, where, (key, last, *values, _PAGE))
            if not rows:
                return
            last = rows[-1][NUMBER]
            yield rows

    def close(self) -> None:
        with self._lock, suppress(sqlite3.Error):
            if self._base is not None:
                self._base.close()
            self._base = None

    # -- inside -------------------------------------------------------------------------------------------------
    def _writing(self) -> _Writing:
        return _Writing(self)

    def _open(self) -> None:
        try:
            self._base = connect(self._path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # locked, no right, disk full: not the file's fault
                raise
            set_aside(self._path)
            self._base = connect(self._path)
        prune(self._base)

    def _give_up(self, error: sqlite3.Error) -> None:
        """Called with the lock held. A damaged file makes room for a new one; everything else may pass."""
        _log.error("the journal could not be written", exc_info=error)
        if isinstance(error, sqlite3.OperationalError) or not isinstance(error, sqlite3.DatabaseError):
            return
        if self._base is not None:
            self._base.close()
            self._base = None
        with suppress(sqlite3.Error, OSError):
            set_aside(self._path)
            self._base = connect(self._path)


class _Writing:
    """One transaction: committed at the end, or forgotten whole. ``None`` where there is no journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __enter__(self) -> sqlite3.Connection | None:
        self._journal._lock.acquire()
        base = self._journal._base
        try:
            if base is not None:
                base.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self._journal._give_up(error)
            return None
        return base

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        base = self._journal._base
        try:
            if base is not None and base.in_transaction:
                base.execute("ROLLBACK" if error is not None else "COMMIT")
        except sqlite3.Error as trouble:
            error = trouble
        finally:
            if isinstance(error, sqlite3.Error):
                self._journal._give_up(error)
            self._journal._lock.release()
        return isinstance(error, sqlite3.Error)


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
    """One run of a job, as it writes itself down. Used by the job's thread.

    :ivar unreadable: how many items of :meth:`left` made no sense
    """

    def __init__(self, journal: Journal, key: int, run: int, *, unsafe_since: str = "") -> None:
        self._journal, self._key, self._run = journal, key, run
        self._unsafe_since = unsafe_since
        self.unreadable = 0

    def keep(
        self, job: JobSnapshot, items: Sequence[ItemSnapshot] = (), parts: Sequence[tuple[Item, PartDone]] = ()
    ) -> None:
        """What has changed, in one transaction."""
        with self._journal._writing() as base:
            if base is None or not self._is_heard(base):
                return
            base.execute(
                "UPDATE job SET state = ?, verified = ?, error = ?, counts = ?, changed_us = ? WHERE key = ?",
                (job.state, job.verified, error_text(job.error), counts_text(job.counts), now_us(), self._key),
            )
            base.executemany(KEEP_ITEM, (self._row(one) for one in items))
            base.executemany(
                "INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (
                        self._key,
                        item.number,
                        item.begun,
                        part.number,
                        part.size_bytes,
                        part.etag,
                        part.checksum,
                        self._journal._boot,
                    )
                    for item, part in parts
                ),
            )

    def durable(self, numbers: Sequence[int] | None) -> None:
        """These items, or all that are done, would survive a power cut."""
        with self._journal._writing() as base:
            if base is None or not self._is_heard(base):
                return
            if numbers is None:
                base.execute("UPDATE item SET unsafe_since = '' WHERE job = ? AND unsafe_since != ''", (self._key,))
            else:
                rows = ((self._key, number) for number in numbers)
                base.executemany("UPDATE item SET unsafe_since = '' WHERE job = ? AND number = ?", rows)

    def planned(self) -> None:
        """Every item is in the journal now."""
        with self._journal._writing() as base:
            if base is not None and self._is_heard(base):
                base.execute("UPDATE job SET planned = 1 WHERE key = ?", (self._key,))

    def decided(self, policy: Decision) -> None:
        """Somebody has said what to do about what is there already; runs to come hold to it."""
        with self._journal._writing() as base:
            if base is not None and self._is_heard(base):
                base.execute("UPDATE job SET policy = ? WHERE key = ?", (str(policy), self._key))

    # -- what a run before has left -----------------------------------------------------------------------------
    @property
    def was_planned(self) -> bool:
        """Whether the journal has every item of the job."""
        with self._journal._writing() as base:
            if base is not None:
                row = base.execute("SELECT planned FROM job WHERE key = ?", (self._key,)).fetchone()
                return bool(row and row[0])
        return False

    @property
    def has_begun(self) -> bool:
        """Whether anything of the job was ever tried."""
        with self._journal._writing() as base:
            if base is not None:
                text = "SELECT EXISTS (SELECT 1 FROM item WHERE job = ? AND (attempts > 0 OR state = ?))"
                return bool(base.execute(text, (self._key, ItemState.DONE)).fetchone()[0])
        return False

    def carried(self) -> Carried:
        """What of the job has ended well and stays."""
        done = skipped = size_bytes = 0
        how: set[str] = set()
        with self._journal._writing() as base:
            if base is not None:
                rows = base.execute(
                    "SELECT state, folder, verified, count(*), sum(size_bytes) FROM item WHERE job = ? AND state IN (?, ?)"
                    " AND unsafe_since IN ('', ?) GROUP BY state, folder, verified",
                    (self._key, ItemState.DONE, ItemState.SKIPPED, self._journal._boot),
                )
                for state, folder, verified, count, size in rows:
                    if state == ItemState.SKIPPED:
                        skipped += count
                        continue
                    done, size_bytes = done + count, size_bytes + size
                    how |= set() if folder else {verified}
        counts = Counts(
            items=done + skipped, bytes=size_bytes, items_done=done, bytes_done=size_bytes, items_skipped=skipped
        )
        return Carried(counts, tuple(sorted(how)))

    def left(self) -> Iterator[list[Left]]:
        """What is to be done again, by number, in batches: what has not ended well, and what may have been lost with the
        computer's power. What of it makes no sense is counted (:attr:`unreadable`).
        """
        which = "state NOT IN ('done', 'skipped') OR unsafe_since NOT IN ('', ?)"
        for rows in self._journal._pages(self._key, which, self._journal._boot):
            items = items_of(rows)
            self.unreadable += len(rows) - len(items)
            yield [Left(one, doubted=one.state is ItemState.DONE) for one in items]

    def known(self) -> Iterator[list[Item]]:
        """Every item of the job that makes sense, by number, in batches."""
        for rows in self._journal._pages(self._key, "1"):
            yield [one.item for one in items_of(rows)]

    def _is_heard(self, base: sqlite3.Connection) -> bool:
        row = base.execute("SELECT run, stopped FROM job WHERE key = ?", (self._key,)).fetchone()
        return bool(row == (self._run, 0))

    def _row(self, one: ItemSnapshot) -> tuple[object, ...]:
        item = one.item
        return (
            self._key, item.number, as_bytes(item.name), as_bytes(item.source), as_bytes(item.target), item.size_bytes,
            item.modified_us, item.etag, str(item.file_id), item.folder, item.replace, item.begun,
            one.state, one.verified, one.note, error_text(one.error), item.expects, one.attempts,
            self._unsafe_since if one.state is ItemState.DONE and not item.folder else "", error_text(one.last_error),
        )  # fmt: skip


_journal: Journal | None = None
_journal_lock = threading.Lock()


def journal_of(context: JobContext) -> Journal:
    """This process's journal; the engine is its only writer."""
    global _journal
    with _journal_lock:
        if _journal is None:
            _journal = Journal(context.paths.journal_file)
        return _journal
