"""The job a mover runs: tasks the engine gave it, one after the other, each with its own outcome."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import ArtifactBrowserError, JobCancelled
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.open import opened
from artifact_browser.transfers.task import Outcome, Task
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import JobContext


@dataclass(frozen=True, slots=True)
class Moved:
    """Progress of a mover: the task at ``place`` has ``bytes_done`` bytes behind it."""

    place: int
    bytes_done: int


class _Stage:
    def __init__(self, context: JobContext, driver: Driver, place: int) -> None:
        self._context = context
        self._place = place
        self.driver = driver

    @property
    def cancel(self) -> CancelToken:
        return self._context.cancel

    def moved(self, bytes_done: int) -> None:
        self._context.progress(Moved(self._place, bytes_done))


def run_tasks(context: JobContext, record: AccountRecord, tasks: Sequence[Task]) -> Generator[Outcome, None, None]:
    """MOVER job: run ``tasks`` in order. A task that fails with one of our errors does not stop the others."""
    with opened(context, record) as driver:
        for place, task in enumerate(tasks):
            context.cancel.raise_if_cancelled()
            try:
                outcome = Outcome(place, task.run(_Stage(context, driver, place)))
            except JobCancelled:
                raise
            except ArtifactBrowserError as error:
                outcome = Outcome(place, error=error.record())
            yield outcome
