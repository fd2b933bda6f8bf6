"""Short words to the journal about jobs it has (ended, removed, checked once more), which it could not be told."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence

from artifact_browser.transfers.journal_base import JournalBase

_log = logging.getLogger(__name__)

#: so many rows are held at most: a disk that stays full must not cost the memory as well
MOST_ROWS = 20_000

Rows = Sequence[tuple[object, ...]]


class Unsaid:
    """Writes such words, in their order; what cannot be written now is written later. Thread-safe.

    They change rows by the ids of their jobs, so that one that comes late, or into a new file, says nothing wrong.
    """

    def __init__(self, journal: JournalBase) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._words: deque[tuple[str, Rows]] = deque()

    def say(self, text: str, rows: Rows) -> None:
        """One statement, once for each of ``rows``."""
        with self._lock:
            self._words.append((text, rows))
            if not self._pay():
                self._bound()
                self._journal.owes(self)

    def pay(self) -> bool:
        with self._lock:
            if paid := self._pay():
                self._journal.owes_nothing(self)
        return paid

    def _pay(self) -> bool:
        while self._words:
            text, rows = self._words[0]
            with (writing := self._journal.writing()) as base:
                if base is not None:
                    base.executemany(text, rows)
            if writing.failed:
                return False
            self._words.popleft()
        return True

    def _bound(self) -> None:
        held = sum(len(rows) for _, rows in self._words)
        while held > MOST_ROWS:
            held -= len(self._words.popleft()[1])
            _log.error("the journal could not be written for long: words about jobs are forgotten")
