"""Every transfer on disk, as the engine writes it: what was asked for, each item and how far it came, so that no crash
forgets one.

A killed process loses nothing that was committed, a power cut at most the last moments (whose items are looked at again).
The engine is the only writer; the window's side reads through :mod:`artifact_browser.transfers.history`. The journal never
stops a transfer: when it cannot be written, the log says so, and what it lacks is written later.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from artifact_browser.errors import DiskError
from artifact_browser.transfers.job_log import JobLog
from artifact_browser.transfers.journal_base import JournalBase
from artifact_browser.transfers.journal_file import FORGOTTEN, IS_UNTIDY, STOPPED, TIDY, now_us
from artifact_browser.transfers.journal_rows import as_bytes, items_of
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.state import Item, JobState, PartDone
from artifact_browser.transfers.unsaid import Unsaid
from artifact_browser.transfers.upload_marks import id_in
from artifact_browser.workers.job import JobContext

_log = logging.getLogger(__name__)

_STEP = 20_000


class Journal(JournalBase):
    """Thread-safe: every engine job writes from its own thread."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._unsaid = Unsaid(self)

    def begin(self, order: Order) -> JobLog:
        """A job, or another run of one, is about to begin. What an older run still says is not heard any more."""
        self.settle()
        log = JobLog(self, order)
        log.begin()
        return log

    def enter(self, order: Order) -> None:
        """A run was ordered, and has not begun: nobody may forget it meanwhile."""
        JobLog(self, order).enter()

    def stop(self, job_id: str, run: int, state: JobState) -> None:
        """The window ended this run of a job, begun or not: it is not heard any more."""
        if state is JobState.PAUSED and self.stopped.get(job_id) == (run, JobState.CANCELLED):
            return  # came late
        if run >= self.stopped.get(job_id, (run, state))[0]:
            self.stopped[job_id] = run, state
        self._unsaid.say(
            "UPDATE job SET stopped = stopped | ?, state = ?, changed_us = ? WHERE id = ? AND run <= ?",
            [(STOPPED, state, now_us(), job_id, run)],
        )

    def tidied(self, job_id: str, run: int) -> None:
        """Nothing is left that this run of a job, or one before, has begun and not finished."""
        self._unsaid.say("UPDATE job SET stopped = stopped | ? WHERE id = ? AND run = ?", [(TIDY, job_id, run)])

    def hide(self, job_ids: Sequence[str]) -> None:
        """The person has removed these rows."""
        self._unsaid.say("UPDATE job SET hidden = 1 WHERE id = ?", [(job_id,) for job_id in job_ids])

    def verified(self, job_id: str, numbers: Sequence[int] | None, how: str) -> None:
        """These items, or the job as a whole, were checked once more."""
        if numbers is None:
            self._unsaid.say("UPDATE job SET verified = ? WHERE id = ?", [(how, job_id)])
            return
        self._unsaid.say(
            "UPDATE item SET verified = ? WHERE job = (SELECT key FROM job WHERE id = ?) AND number = ?",
            [(how, job_id, number) for number in numbers],
        )

    def clear(self, but: Sequence[str]) -> int:
        """Forget every ended job but these; how many. Those with many items in steps, so that running jobs can write. One that
        may have left something is remembered for that alone.
        """
        ended = [state for state in JobState if state.ended]
        marks = ", ".join("?" * len(ended))
        keys: list[int] = []
        forgotten: list[tuple[int, int]] = []
        with self.writing() as base:
            if base is not None:
                text = f"SELECT key, id, {IS_UNTIDY} FROM job WHERE state IN ({marks}) AND hidden < {FORGOTTEN}"  # noqa: S608 - our own words
                found = [row for row in base.execute(text, ended) if row[1] not in set(but)]
                keys = [key for key, _, untidy in found if not untidy]
                forgotten = [(FORGOTTEN, key) for key, _, untidy in found if untidy]
                base.executemany("UPDATE job SET hidden = ? WHERE key = ?", forgotten)
        return len(forgotten) + sum(self._forget(key) for key in keys)

    def _forget(self, key: int) -> bool:
        left = 1
        while left:
            left = 0
            with self.writing() as base:
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
        with self.writing() as base:
            if base is None:
                return ()
            rows = base.execute(
                "SELECT number, size_bytes, etag, checksum FROM part"
                " WHERE job = (SELECT key FROM job WHERE id = ?) AND item = ? AND begun = ?"
                " AND (etag != '' OR boot != '' AND boot = ?) ORDER BY number",
                (job_id, item.number, item.begun, self.boot),
            )
            return tuple(PartDone(*row) for row in rows)
        return ()

    def uploads(self, key: str) -> frozenset[str]:
        """The ids of all uploads that items have begun at a key of any bucket. Reads every item: asked for rarely."""
        with self.writing() as base:
            if base is not None:
                rows = base.execute("SELECT begun FROM item WHERE target = ? AND begun != ''", (as_bytes(key),))
                return frozenset(upload_id for (begun,) in rows if (upload_id := id_in(begun)))
        return frozenset()

    def begun(self, job_id: str, run: int) -> Iterator[list[Item]]:
        """The items of a job that may have left something half-done, by number, in batches; none once a run behind ``run``
        has begun.
        """
        which = "begun != '' AND state NOT IN ('done', 'skipped') AND (SELECT run FROM job WHERE id = ?) <= ?"
        try:
            for rows in self.pages(job_id, which, job_id, run):
                yield [one.item for one in items_of(rows)]
        except DiskError:
            _log.error("the journal cannot say what job %s has begun", job_id)


_journal: Journal | None = None
_journal_lock = threading.Lock()


def journal_of(context: JobContext) -> Journal:
    """This process's journal; the engine is its only writer."""
    global _journal
    with _journal_lock:
        if _journal is None:
            _journal = Journal(context.paths.journal_file)
        return _journal
