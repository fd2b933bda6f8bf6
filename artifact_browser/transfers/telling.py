"""Has the engine write something down that the window says of a job."""

from __future__ import annotations

from artifact_browser.errors import ArtifactBrowserError, WorkerDied
from artifact_browser.workers.job import Job, Lane
from artifact_browser.workers.pool import Ended, WorkerPool

#: how many dead engines in a row it takes until it is not written
_TRIES = 4


class Telling(Ended):
    """A short ENGINE job that waits for no place; an engine that dies over it has a successor, which is told again."""

    def __init__(self, pool: WorkerPool, job: Job, *arguments: object) -> None:
        super().__init__()
        self._pool, self._job, self._arguments = pool, job, arguments
        self._tries_left = _TRIES

    def start(self) -> None:
        self._tries_left -= 1
        self._pool.start(self._job, *self._arguments, lane=Lane.ENGINE, listener=self, at_once=True)

    def on_error(self, error: ArtifactBrowserError) -> None:
        if isinstance(error, WorkerDied) and self._tries_left:
            self.start()
        else:
            super().on_error(error)
