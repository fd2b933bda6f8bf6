"""One job's courses over the crew's movers: what runs when, what follows what, what is tried again, what is told.

A loop in the engine job's thread owns everything here; movers' news arrive through an inbox. Small tasks travel in
batches, large ones alone. One failed item never stops the job. However the loop ends, what is half-done is removed.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import ErrorRecord, InternalError, WorkerDied
from artifact_browser.transfers.crew import Crew
from artifact_browser.transfers.flight import Flight
from artifact_browser.transfers.ledger import Ledger
from artifact_browser.transfers.mover import Moved
from artifact_browser.transfers.state import Item, ItemsChanged, JobState
from artifact_browser.transfers.task import SMALL_BYTES, Course, Finished, Outcome, Result, Settled, Skipped, Task
from artifact_browser.workers.job import JobContext

TICK_S = 0.1
_BATCH_TASKS = 16
_BATCH_BYTES = 4 * SMALL_BYTES
#: a task whose mover died is tried again this often
_TRIES = 3
_TIDY_S = 20.0


@dataclass(slots=True, eq=False)
class _Run:
    """A course under way. ``flying``: its tasks that movers have; ``dead``: it failed, its other tasks are dropped."""

    course: Course
    flying: int = 0
    dead: bool = False
    bytes_done: int = 0
    partial_bytes: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Load:
    """A task on its way: waiting, or with a mover."""

    run: _Run
    task: Task
    tries: int = 0


class Scheduler:
    """Runs in an engine job's thread; one per job run."""

    def __init__(self, context: JobContext, record: AccountRecord, ledger: Ledger, crew: Crew) -> None:
        self._context = context
        self._record = record
        self._ledger = ledger
        self._crew = crew
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._courses: Iterator[Course] = iter(())
        self._ready: deque[Load] = deque()
        self._runs: set[_Run] = set()
        self._flights: dict[Flight, list[Load | None]] = {}
        self._told_at = 0.0

    def run(self, courses: Iterable[Course]) -> Generator[ItemsChanged, None, None]:
        """Carry everything out, telling what changed at most ten times a second.

        :raises JobCancelled: what was half-done is removed in the background
        """
        self._courses = iter(courses)
        cancel = self._context.cancel
        try:
            with cancel.closing(lambda: self._inbox.put(_nothing)):
                self._launch()
                while self._flights:
                    self._take(TICK_S)
                    cancel.raise_if_cancelled()
                    yield from self._tell()
                    self._launch()
        finally:
            self._abandon()

    # -- launching ----------------------------------------------------------------------------------------------
    def _launch(self) -> None:
        share = self._crew.share()
        while len(self._flights) < share and (loads := self._batch(share)):
            for load in loads:
                load.run.flying += 1
                for item in load.run.course.items:
                    self._ledger.start(item)
            flight = Flight(self._inbox, self._crew, self._context, self._record, self)
            self._flights[flight] = list(loads)
            flight.start([load.task for load in loads])

    def _batch(self, share: int) -> list[Load]:
        """The next tasks for one mover: a large one alone, or small ones together."""
        most = max(1, min(_BATCH_TASKS, self._ledger.items_waiting // (2 * share)))
        loads: list[Load] = []
        weight = 0
        while len(loads) < most and (load := self._next()):
            alone = load.task.alone or load.task.moved_bytes > SMALL_BYTES or load.tries > 0
            if loads and (alone or weight + load.task.moved_bytes > _BATCH_BYTES):
                self._ready.appendleft(load)
                break
            loads.append(load)
            weight += load.task.moved_bytes
            if alone:
                break
        return loads

    def _next(self) -> Load | None:
        while self._ready:
            load = self._ready.popleft()
            if not load.run.dead:
                return load
        course = next(self._courses, None)
        if course is None:
            return None
        run = _Run(course)
        self._runs.add(run)
        self._ready.extend(Load(run, task) for task in course.begin())
        return self._ready.popleft()

    # -- news from movers (called by the loop, in its thread) ---------------------------------------------------
    def _take(self, timeout_s: float) -> None:
        """Wait for news, then take all there is."""
        try:
            self._inbox.get(timeout=timeout_s)()
            while True:
                self._inbox.get_nowait()()
        except Empty:
            pass

    def on_moved(self, flight: Flight, moved: Moved) -> None:
        load = self._flights[flight][moved.place] if flight in self._flights else None
        if load is not None and not load.run.dead:
            load.run.partial_bytes[id(load)] = moved.bytes_done
            self._count(load.run)

    def on_outcome(self, flight: Flight, outcome: Outcome) -> None:
        loads = self._flights[flight]
        load = loads[outcome.place]
        loads[outcome.place] = None
        assert load is not None
        run = load.run
        run.flying -= 1
        run.partial_bytes.pop(id(load), None)
        if outcome.error is not None:
            self._fail(run, outcome.error)
        else:
            run.bytes_done += load.task.moved_bytes
            before = run.course.items
            step = run.course.advance(load.task, outcome.result)
            if run.course.items is not before:
                self._tell_first(run.course.items)
            if run.dead:
                pass  # it failed by another task; this answer only told what there is to tidy up
            elif isinstance(step, Finished | Skipped | Settled):
                self._finish(run, step)
            else:
                self._ready.extend(Load(run, task) for task in step)
                self._count(run)
        self._bury(run)

    def on_landed(self, flight: Flight, error: ErrorRecord | None) -> None:
        """The mover's job has ended; tasks without an outcome are tried again or fail."""
        rest = [load for load in self._flights.pop(flight) if load is not None]
        for place, load in enumerate(rest):
            load.run.flying -= 1
            load.run.partial_bytes.pop(id(load), None)
            if error is not None and error.kind == WorkerDied.__name__:
                load.tries += 1
            if error is None:
                self._fail(load.run, InternalError("A mover ended without an answer.").record())
            elif load.tries >= _TRIES or (place == 0 and load.tries == 0):
                self._fail(load.run, error)
            elif not load.run.dead:
                self._ready.append(load)
            self._bury(load.run)

    # -- ends ---------------------------------------------------------------------------------------------------
    def _finish(self, run: _Run, result: Result) -> None:
        self._runs.discard(run)
        for item in run.course.items:
            if isinstance(result, Skipped):
                self._ledger.skip(item, result.note)
            elif isinstance(result, Settled) and item.number in result.failed:
                self._ledger.fail(item, result.failed[item.number])
            else:
                how, note = (result.verified, result.note) if isinstance(result, Finished) else ("", "")
                self._ledger.finish(item, how, note)

    def _fail(self, run: _Run, error: ErrorRecord) -> None:
        if not run.dead:
            run.dead = True
            for item in run.course.items:
                self._ledger.fail(item, error)

    def _bury(self, run: _Run) -> None:
        """Once a failed course has nothing with movers any more, remove what it left."""
        if run.dead and not run.flying and run in self._runs:
            self._runs.discard(run)
            self._tidy(run.course.leftovers())

    def _count(self, run: _Run) -> None:
        for item in run.course.items:  # batches have no bytes of their own
            self._ledger.moved(item, min(item.size_bytes, run.bytes_done + sum(run.partial_bytes.values())))

    # -- telling ------------------------------------------------------------------------------------------------
    def _tell_first(self, items: Sequence[Item]) -> None:
        """The window must know this before the next task is launched."""
        for item in items:
            self._ledger.alter(item)
        self._told_at = 0.0

    def _tell(self) -> Iterator[ItemsChanged]:
        now = time.monotonic()
        if now - self._told_at < TICK_S:
            return
        self._told_at = now
        snapshot = self._ledger.snapshot()
        all_moved = 0 < snapshot.counts.bytes <= snapshot.counts.bytes_done
        self._ledger.state = JobState.VERIFYING if all_moved else JobState.RUNNING
        self._context.progress(self._ledger.snapshot())
        yield from self._ledger.news()

    # -- leaving ------------------------------------------------------------------------------------------------
    def _abandon(self) -> None:
        """Nothing is under way when all went well; after a cancel, stop the movers and tidy up in the background."""
        for flight, loads in self._flights.items():
            if all(load.task.interruptible for load in loads if load is not None):
                flight.cancel()
        if self._flights or self._runs:
            self._crew.tidy(self._tidy_up)

    def _tidy_up(self) -> None:
        ends_at = time.monotonic() + _TIDY_S
        while self._flights and time.monotonic() < ends_at:
            self._take(TICK_S)
        self._tidy([task for run in self._runs for task in run.course.leftovers()])

    def _tidy(self, tasks: Sequence[Task]) -> None:
        if tasks:
            self._crew.tidy(partial(self._crew.run, self._record, tasks))


def _nothing() -> None:
    """Wakes the loop."""
