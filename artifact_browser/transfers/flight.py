"""One batch of tasks with a mover, and the line from its reader thread to the scheduler's inbox."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from typing import Protocol

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import ArtifactBrowserError, ErrorRecord
from artifact_browser.transfers.crew import Answer, Crew
from artifact_browser.transfers.mover import Moved
from artifact_browser.transfers.task import Outcome, Task
from artifact_browser.workers.job import JobContext, Question
from artifact_browser.workers.pool import JobHandle


class Tower(Protocol):
    """Who follows flights; called in its own thread, through the inbox."""

    def on_moved(self, flight: Flight, moved: Moved) -> None: ...

    def on_outcome(self, flight: Flight, outcome: Outcome) -> None: ...

    def on_landed(self, flight: Flight, error: ErrorRecord | None) -> None: ...


class Flight:
    """A :class:`~artifact_browser.workers.pool.JobListener` on the mover's reader thread."""

    def __init__(
        self,
        inbox: SimpleQueue[Callable[[], None]],
        crew: Crew,
        context: JobContext,
        records: Sequence[AccountRecord],
        tower: Tower,
        places: int,
        together: int,
    ) -> None:
        #: of the runway; and how many of its tasks move at the same time
        self.places, self.together = places, together
        #: how many it has, and how long they took, in seconds
        self.tasks, self.flew_s = 0, 0.0
        self._started = 0.0
        self._inbox = inbox
        self._crew = crew
        self._context = context
        self._records = records
        self._tower = tower
        self._handle: JobHandle | None = None

    def start(self, tasks: Sequence[Task]) -> None:
        self.tasks, self._started = len(tasks), time.monotonic()
        self._handle = self._crew.start(self._records, tasks, self, self.together)

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    # -- JobListener --------------------------------------------------------------------------------------------
    def on_event(self, event: object) -> None:
        assert isinstance(event, tuple)
        for outcome in event:
            assert isinstance(outcome, Outcome)
            self._inbox.put(partial(self._tower.on_outcome, self, outcome))

    def on_progress(self, value: object) -> None:
        assert isinstance(value, Moved)
        self._inbox.put(partial(self._tower.on_moved, self, value))

    def on_question(self, question: Question, answer: Answer) -> None:
        self._crew.answer(self._context, self._records, question, answer)

    def on_done(self, result: object) -> None:
        self.flew_s = time.monotonic() - self._started
        self._inbox.put(partial(self._tower.on_landed, self, None))

    def on_error(self, error: ArtifactBrowserError) -> None:
        self._inbox.put(partial(self._tower.on_landed, self, error.record()))
