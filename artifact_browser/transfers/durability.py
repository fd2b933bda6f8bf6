"""What of a download would survive a power cut: files are synced in groups, one call for all that are finished by then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from artifact_browser.errors import ErrorRecord, WorkerDied
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Course, Finished, Task

#: how often, while files are finished
_EVERY_S = 5.0


class Durability:
    """One run's, for its loop.

    :param sync: has everything written so far reach the disk; ``None`` where nothing is written here
    :param mark: writes down which items are safe now; ``None``: all that are done
    :ivar trouble: why a sync failed; one that was cut short is made up for by the next, one that failed is not
    """

    def __init__(
        self,
        sync: Task | None,
        mark: Callable[[Sequence[int] | None], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sync, self._mark, self._clock = sync, mark, clock
        self._unsafe: dict[int, None] = {}
        self._under_way = False
        self._began_at = clock()
        self.trouble: ErrorRecord | None = None

    def finished(self, items: Sequence[Item]) -> None:
        """These are done."""
        if self._sync is not None:
            self._unsafe.update((item.number, None) for item in items)

    def due(self) -> Course | None:
        """What to carry out now, if it is time."""
        if self._sync is None or not self._unsafe or self._under_way:
            return None
        if self._clock() - self._began_at < _EVERY_S:
            return None
        return self._course(tuple(self._unsafe))

    def last(self) -> Iterator[Course]:
        """Behind everything else."""
        if self._sync is not None:
            yield self._course(None)

    def _course(self, numbers: tuple[int, ...] | None) -> Course:
        assert self._sync is not None
        self._under_way = True
        self._began_at = self._clock()
        return _Sync(self._sync, lambda: self._done(numbers))

    def failed(self, course: Course, error: ErrorRecord) -> None:
        """Some course will not end well; if it was a sync, its group waits for the next one."""
        if isinstance(course, _Sync):
            self._under_way = False
            self.trouble = error

    def _done(self, numbers: tuple[int, ...] | None) -> None:
        self._under_way = False
        if self.trouble is not None and self.trouble.kind == WorkerDied.__name__:
            self.trouble = None
        if self.trouble is not None:  # the system tells a lost write once: whose it was, nobody knows
            return
        for number in list(self._unsafe) if numbers is None else numbers:
            self._unsafe.pop(number, None)
        self._mark(numbers)


class _Sync:
    """A course without items."""

    items: Sequence[Item] = ()

    def __init__(self, task: Task, done: Callable[[], None]) -> None:
        self._task, self._done = task, done

    def begin(self) -> Sequence[Task]:
        return [self._task]

    def advance(self, task: Task, result: object) -> Finished:
        self._done()
        return Finished("")

    def leftovers(self) -> Sequence[Task]:
        return []
