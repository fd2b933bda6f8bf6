"""The job a mover runs: tasks the engine gave it, one after the other, each with its own outcome."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import ArtifactBrowserError, JobCancelled
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.open import opened
from artifact_browser.transfers.pace import pace_of
from artifact_browser.transfers.paced_driver import paced
from artifact_browser.transfers.task import Outcome, Task
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import JobContext, Question
from artifact_browser.workers.turns import taking_turns

_TELL_S = 0.05
#: progress of one of many small tasks is worth a wake-up of the engine so often
_MOVED_S = 0.1


@dataclass(frozen=True, slots=True)
class Moved:
    """Progress of a mover: the task at ``place`` has ``bytes_done`` bytes behind it."""

    place: int
    bytes_done: int


class _Line:
    """A batch's progress on its way out."""

    def __init__(self, context: JobContext, *, many: bool) -> None:
        self.context = context
        self._many = many
        self._told_at = time.monotonic()

    def moved(self, place: int, bytes_done: int) -> None:
        if self._many:  # one of many is over before anybody could be told
            now = time.monotonic()
            if now - self._told_at < _MOVED_S:
                return
            self._told_at = now
        self.context.progress(Moved(place, bytes_done))


class _Stage:
    __slots__ = ("_line", "_place", "driver", "target")

    def __init__(self, line: _Line, driver: Driver, target: Driver, place: int) -> None:
        self._line, self._place = line, place
        self.driver, self.target = driver, target

    @property
    def cancel(self) -> CancelToken:
        return self._line.context.cancel

    def moved(self, bytes_done: int) -> None:
        self._line.moved(self._place, bytes_done)

    def ask(self, question: Question) -> object:
        answer: object = self._line.context.ask(question)
        return answer


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
    context: JobContext, records: Sequence[AccountRecord], tasks: Sequence[Task], at_once: int = 1
) -> Generator[tuple[Outcome, ...], None, None]:
    """MOVER job: begin ``tasks`` in order, ``at_once`` of them taking turns (:mod:`~artifact_browser.workers.turns`).
    A task that fails with one of our errors does not stop the others.

    Events: the outcomes since the last one. What takes long is told at once; that of many small tasks together, since
    waking the engine costs as much as moving a small file.

    :param records: the job's account; a second one where it is copied to another
    """
    untold: list[Outcome] = []
    told_at = time.monotonic()
    with both_ends(context, records) as (driver, target):
        try:
            line = _Line(context, many=len(tasks) > 1)
            calls = [partial(task.run, _Stage(line, driver, target, place)) for place, task in enumerate(tasks)]
            run = taking_turns(calls, at_once) if at_once > 1 else _one_by_one(calls)
            with closing(run) as results:
                for place, result in results:
                    untold.append(_outcome(place, result))
                    context.cancel.raise_if_cancelled()
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


def _one_by_one(calls: Sequence[Callable[[], object]]) -> Generator[tuple[int, object], None, None]:
    for place, call in enumerate(calls):
        try:
            result = call()
        except Exception as error:  # noqa: BLE001 - looked at by whoever iterates, as that of turns
            result = error
        yield place, result


def _outcome(place: int, result: object) -> Outcome:
    """:raises BaseException: ``result``, if it is none of the errors that one task may end with"""
    if isinstance(result, ArtifactBrowserError) and not isinstance(result, JobCancelled):
        return Outcome(place, error=result.record())
    if isinstance(result, BaseException):
        raise result
    return Outcome(place, result)
