"""Has the engine do something short that the window wants done, whatever becomes of the engine."""

from __future__ import annotations

from typing import Any, ClassVar

from artifact_browser.errors import ArtifactBrowserError, WorkerDied
from artifact_browser.workers.job import Job, Lane
from artifact_browser.workers.pool import Ended, WorkerPool


class Telling(Ended):
    """An ENGINE job; an engine that dies over it has a successor, which is told again.

    :cvar tries: how many dead engines in a row it takes until it is given up; :cvar at_once: it waits for no place
    """

    tries: ClassVar[int] = 4
    at_once: ClassVar[bool] = True

    def __init__(self, pool: WorkerPool, job: Job, *arguments: object) -> None:
        super().__init__()
        self._pool, self._job, self._arguments = pool, job, arguments
        self._tries_left = self.tries

    def start(self) -> None:
        self._tries_left -= 1
        self._pool.start(self._job, *self._arguments, lane=Lane.ENGINE, listener=self, at_once=self.at_once)

    def on_done(self, result: Any) -> None:
        super().on_done(result)
        self._over()

    def on_error(self, error: ArtifactBrowserError) -> None:
        if isinstance(error, WorkerDied) and self._tries_left:
            self.start()
            return
        super().on_error(error)
        self._over()

    def _over(self) -> None:
        """It is done, or given up."""
