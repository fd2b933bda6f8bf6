"""The journal's connection, its transactions, and what becomes of it when something is wrong with it."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from artifact_browser.errors import DiskError, JournalNewer
from artifact_browser.transfers.journal_file import boot_id, connect, is_damage, prune, set_aside
from artifact_browser.transfers.journal_rows import NUMBER, Row, read_rows
from artifact_browser.transfers.state import JobState

_log = logging.getLogger(__name__)

#: what could not be written is tried again so much later, if nobody has written before
AGAIN_S = 5.0
_PAGE = 1000


class Debtor(Protocol):
    """Owes the journal something."""

    def pay(self) -> bool:
        """Try to write it; whether nothing is owed any more."""


class JournalBase:
    """Thread-safe.

    :ivar trouble: why nothing is kept in this run; ``None`` when all is well
    :ivar boot: which start of the computer this is; empty where the system does not say
    :ivar generation: how many files were set aside in this run: what was written before is in none but those
    :ivar stopped: the last run that the window has ended, and how, by job: neither it nor one before is heard any more
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._base: sqlite3.Connection | None = None
        self.boot = boot_id()
        self.generation = 0
        self.stopped: dict[str, tuple[int, JobState]] = {}
        self._debtors: dict[Debtor, None] = {}
        self._later: threading.Timer | None = None
        self.trouble: JournalNewer | None = None
        try:
            self._open()
        except JournalNewer as error:
            self.trouble = error
            _log.warning("the journal is from a newer version; this run keeps none")
        except (sqlite3.Error, OSError):
            _log.exception("the journal cannot be opened; this run keeps none")

    def writing(self) -> Writing:
        """A transaction, to write or to read what is written."""
        return Writing(self)

    def pages(self, job_id: str, which: str, *values: object) -> Iterator[list[Row]]:
        """Rows of a job's items, by number. What is written meanwhile may be among them or not.

        :raises DiskError: they cannot be read, so that nobody knows what is left
        """
        last: object = -1
        where = f"WHERE job = (SELECT key FROM job WHERE id = ?) AND number > ? AND ({which}) ORDER BY number LIMIT ?"  # noqa: S608 - our own words
        while True:
            rows: list[Row] = []
            with (writing := self.writing()) as base:
                if base is not None:
                    rows = read_rows(base, where, (job_id, last, *values, _PAGE))
            if writing.failed:
                raise unknown_rest(job_id)
            if not rows:
                return
            last = rows[-1][NUMBER]
            yield rows

    def owes(self, debtor: Debtor) -> None:
        """It could not write all that it was told: it is asked to when another has written something, and after a while."""
        with self._lock:
            self._debtors[debtor] = None
            if self._later is None:
                self._later = threading.Timer(AGAIN_S, self._ask_again)
                self._later.daemon = True
                self._later.start()

    def owes_nothing(self, debtor: Debtor) -> None:
        self._debtors.pop(debtor, None)

    def settle(self, but: Debtor | None = None) -> None:
        """Have others write what they owe, now that it may work."""
        if not self._debtors:
            return
        with self._lock:
            debtors = list(self._debtors)
        for debtor in debtors:
            if debtor is not but and not debtor.pay():
                return

    def _ask_again(self) -> None:
        with self._lock:
            self._later = None
        self.settle()

    def close(self) -> None:
        with self._lock, suppress(sqlite3.Error):
            if self._base is not None:
                self._base.close()
            self._base = None
            if self._later is not None:
                self._later.cancel()

    # -- inside -------------------------------------------------------------------------------------------------
    def _open(self) -> None:
        try:
            self._base = connect(self._path)
        except sqlite3.Error as error:
            if not is_damage(error):  # locked, no right, disk full
                raise
            set_aside(self._path)
            self._base = connect(self._path)
        prune(self._base)

    def _give_up(self, error: sqlite3.Error) -> None:
        """Called with the lock held. A damaged file makes room for a new one; everything else may pass, or is the fault of
        what was to be written.
        """
        _log.error("the journal could not be written", exc_info=error)
        if not is_damage(error):
            return
        self.generation += 1
        if self._base is not None:
            self._base.close()
            self._base = None
        with suppress(sqlite3.Error, OSError):
            set_aside(self._path)
            self._base = connect(self._path)


class Writing:
    """One transaction: committed at the end, or forgotten whole. ``None`` where there is no journal.

    :ivar failed: it was forgotten, for there is something wrong with the journal or its disk (the log says what)
    """

    def __init__(self, journal: JournalBase) -> None:
        self._journal = journal
        self.failed = False

    def __enter__(self) -> sqlite3.Connection | None:
        self._journal._lock.acquire()
        base = self._journal._base
        try:
            if base is not None:
                base.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self.failed = True
            self._journal._give_up(error)
            return None
        return base

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        base = self._journal._base
        try:
            if base is not None and base.in_transaction:
                base.execute("COMMIT" if error is None else "ROLLBACK")
        except sqlite3.Error as trouble:
            error = trouble
        finally:
            if isinstance(error, sqlite3.Error):
                self.failed = True
                self._roll_back()
                self._journal._give_up(error)
            self._journal._lock.release()
        return isinstance(error, sqlite3.Error)

    def _roll_back(self) -> None:
        """A commit that failed (no room, busy) leaves its transaction open: the next one could not begin."""
        base = self._journal._base
        with suppress(sqlite3.Error):
            if base is not None and base.in_transaction:
                base.execute("ROLLBACK")


def unknown_rest(subject: str) -> DiskError:
    """A disk that is full, a file that was damaged: nobody may say that all is done."""
    return DiskError(
        "The journal cannot say what is left of this transfer.",
        todo="See to it that the disk has room and try again, or begin the transfer anew.",
        subject=subject,
    )
