"""The job a mover runs: tasks the engine gave it, one after the other, each with its own outcome."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import ArtifactBrowserError, JobCancelled
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.open import opened
from artifact_browser.transfers.pace import pace_of
from artifact_browser.transfers.paced_driver import paced
from artifact_browser.transfers.task import Outcome, Task
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import JobContext

_TELL_S = 0.05
#: progress of small tasks: it is sent no more often than every 50 ms anyway
_MOVED_S = 0.02


@dataclass(frozen=True, slots=True)
class Moved:
    """Progress of a mover: the task at ``place`` has ``bytes_done`` bytes behind it."""

    place: int
    bytes_done: int


class _Stage:
    def __init__(self, context: JobContext, driver: Driver, target: Driver, *, many: bool) -> None:
        self._context = context
        self._many = many
        self._place = 0
        self._told_at = 0.0
        self.driver = driver
        self.target = target

    @property
    def cancel(self) -> CancelToken:
        return self._context.cancel

    def moved(self, bytes_done: int) -> None:
        if self._many:  # one of many is over before anybody could be told
            now = time.monotonic()
            if now - self._told_at < _MOVED_S:
                return
            self._told_at = now
        self._context.progress(Moved(self._place, bytes_done))

    def turn_to(self, place: int) -> _Stage:
        """The next task's."""
        self._place = place
        return self


@contextmanager
def both_ends(context: JobContext, records: Sequence[AccountRecord]) -> Iterator[tuple[Driver, Driver]]:
    """The drivers of a job's accounts: of the first, and of the second if there is one (else the first again).

    Each asks for a lease of its own account's.
    """
    pace = pace_of(context.paths)
    with opened(context, records[0]) as bare:
        driver = paced(bare, pace, context.cancel)
        if len(records) == 1:
            yield driver, driver
            return
        with opened(context, records[1]) as other:
            yield driver, paced(other, pace, context.cancel)


def run_tasks(
    context: JobContext, records: Sequence[AccountRecord], tasks: Sequence[Task]
) -> Generator[tuple[Outcome, ...], None, None]:
    """MOVER job: run ``tasks`` in order. A task that fails with one of our errors does not stop the others.

    Events: the outcomes since the last one. What takes long is told at once; that of many small tasks together, since
    waking the engine costs as much as moving a small file.

    :param records: the job's account; a second one where it is copied to another
    """
    untold: list[Outcome] = []
    told_at = time.monotonic()
    with both_ends(context, records) as (driver, target):
        try:
            stage = _Stage(context, driver, target, many=len(tasks) > 1)
            for place, task in enumerate(tasks):
                context.cancel.raise_if_cancelled()
                try:
                    untold.append(Outcome(place, task.run(stage.turn_to(place))))
                except JobCancelled:
                    raise
                except ArtifactBrowserError as error:
                    untold.append(Outcome(place, error=error.record()))
                now = time.monotonic()
                if now - told_at >= _TELL_S:
                    told_at, told, untold = now, tuple(untold), []
                    yield told
        except Exception:
            if untold:  # whatever ends the batch, what was done is done
                yield tuple(untold)
            raise
    if untold:
        yield tuple(untold)
