"""One job's courses over the crew's movers: what runs when, what follows what, what is tried again, what is told.

A loop in the engine job's thread owns everything here; movers' news arrive through an inbox. Small tasks travel in
batches, large ones alone. One failed item never stops the job. However the loop ends, what is half-done is removed.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from typing import Protocol

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import ErrorRecord, InternalError, JobCancelled, WorkerDied
from artifact_browser.transfers.batches import Batches, Load, Run
from artifact_browser.transfers.crew import Crew
from artifact_browser.transfers.durability import Durability
from artifact_browser.transfers.flight import Flight
from artifact_browser.transfers.ledger import Ledger
from artifact_browser.transfers.mover import Moved
from artifact_browser.transfers.pace import MOST_AT_ONCE
from artifact_browser.transfers.patience import Patience, wants_credentials
from artifact_browser.transfers.runway import Claim
from artifact_browser.transfers.state import Item, ItemsChanged, JobState
from artifact_browser.transfers.task import SMALL_BYTES, Course, Finished, Outcome, Result, Settled, Skipped, Task
from artifact_browser.workers.job import ALL_TAKEN, AllTaken, JobContext

TICK_S = 0.1
#: a task whose mover died is tried again this often
_TRIES = 3
_TIDY_S = 20.0
#: how long a pause waits for small things to get through
_PATIENCE_S = 2.0


class Feed(Protocol):
    """Courses that come while others are carried out already; see :class:`~artifact_browser.transfers.stream.Stream`."""

    def start(self, wake: Callable[[], None]) -> None: ...

    def take(self) -> Sequence[Course]: ...

    @property
    def over(self) -> bool: ...

    @property
    def complete(self) -> bool: ...

    @property
    def state(self) -> tuple[JobState, str]: ...

    def news(self) -> Iterator[ItemsChanged]: ...


class Scheduler:
    """Runs in an engine job's thread; one per job run.

    :param can_stop: the job can be stopped anywhere and gone on with (a delete cannot)
    :param tidied: called, from any thread, once nothing is left of a job that was cancelled
    :ivar refused: the refusal that made it stop, as if paused: new keys or a new sign-in are wanted
    """

    def __init__(
        self,
        context: JobContext,
        records: Sequence[AccountRecord],
        ledger: Ledger,
        crew: Crew,
        pausing: Callable[[], bool],
        durability: Durability,
        *,
        can_stop: bool,
        tidied: Callable[[], None],
    ) -> None:
        self.refused: ErrorRecord | None = None
        self._tidied = tidied
        self._tidying = threading.Lock()
        self._removing, self._cancelled = 0, False  # with that lock
        self._durability = durability
        self._can_stop = can_stop
        self._pause_wanted = pausing
        self._patience = Patience()
        self._called_back_at = 0.0  # in this run
        self._context = context
        self._records = records
        self._ledger = ledger
        self._crew = crew
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._courses: Iterator[Course] = iter(())
        self._feed: Feed | None = None
        #: of the feed: known outside, and not yet
        self._arrived: deque[Course] = deque()
        self._unknown: deque[Course] = deque()
        self._ready: deque[Load] = deque()
        self._runs: set[Run] = set()
        self._claim: Claim
        self._flights: dict[Flight, list[Load | None]] = {}
        #: taken by what is under way
        self._places = 0
        self._batches = Batches(records)
        self._told_at = 0.0
        #: what may be launched next must be known outside before
        self._must_be_known = False
        #: something is to be started, and it is others' turn
        self._held = False

    def run(
        self, courses: Iterable[Course], feed: Feed | None = None
    ) -> Generator[ItemsChanged | AllTaken, None, bool]:
        """Carry everything out, telling what changed at most ten times a second.

        :param feed: begun here; what it gives is carried out behind ``courses``
        :returns: whether all is carried out; not when it was paused or refused: then what was half-done stays
        :raises JobCancelled: what was half-done is removed in the background
        """
        self._courses, self._feed = iter(courses), feed
        self._called_back_at = 0.0
        cancel = self._context.cancel

        def wake() -> None:
            self._inbox.put(_nothing)

        try:
            with cancel.closing(wake), self._crew.runway.claim(self._ledger.job_id, wake) as self._claim:
                if feed is not None:
                    feed.start(wake)
                self._launch()
                while self._flights or (self._waits and not self._pausing()):
                    self._take(0.0 if self._must_be_known else TICK_S)
                    cancel.raise_if_cancelled()
                    self._launch()  # before there is something to tell
                    self._accept()
                    yield from self._tell()
                    if self._pausing():
                        self._call_back()
                    else:
                        if not self._must_be_known and (syncing := self._durability.due()) is not None:
                            self._begin(syncing)
                        self._launch()
            if self._pausing() and self._paused_short():
                return False
        finally:
            self._abandon()
        return True

    @property
    def _waits(self) -> bool:
        """For better times, for its turn, for more to do, or until others know what it is about to do."""
        more = self._feed is not None and not self._feed.over
        return (
            more
            or self._held
            or self._must_be_known
            or bool((self._ready or self._arrived) and self._patience.waiting_for)
        )

    def _pausing(self) -> bool:
        return self.refused is not None or self._pause_wanted()

    def _must_sign_in(self, error: ErrorRecord) -> bool:
        """Whether the job has to stop for this refusal; what it was working on is taken up when it goes on."""
        if not self._can_stop or not wants_credentials(error):
            return False
        self.refused = error
        return True

    def _call_back(self) -> None:
        """Stop what is worth stopping half-way, wait a moment for the rest, then stop that as well."""
        now = time.monotonic()
        self._claim.idle()
        first = not self._called_back_at
        if first:
            self._called_back_at = now
        patient = now - self._called_back_at < _PATIENCE_S
        if not first and patient:
            return
        for flight, loads in self._flights.items():
            tasks = [load.task for load in loads if load is not None]
            if patient:
                stop = any(task.pausable and task.moved_bytes > SMALL_BYTES for task in tasks)
            else:
                stop = all(task.interruptible for task in tasks)
            if stop:
                flight.cancel()

    def _paused_short(self) -> bool:
        """Whether something is left to do, then forget it; the journal knows where it was."""
        short = bool(self._runs or self._arrived or self._unknown) or next(self._courses, None) is not None
        short = short or (self._feed is not None and not (self._feed.over and self._feed.complete))
        self._runs.clear()
        self._ready.clear()
        self._arrived.clear()
        return short

    # -- launching ----------------------------------------------------------------------------------------------
    def _holds_back(self) -> bool:
        return self._must_be_known or self._pausing()

    def _launch(self) -> None:
        """Start what there are places for; nothing while something must be told first, or a pause is wanted."""
        if self._holds_back():
            return
        share, turns = self._crew.runway.share(), self._crew.places_of_mover()
        self._held = False
        # only who has something to start asks for places
        while (room := self._patience.share(MOST_AT_ONCE) - self._places) > 0 and (first := self._next()):
            self._ready.appendleft(first)
            if self._must_be_known:  # it is told first
                break
            granted = self._claim.may_start(min(room, turns) if self._batches.takes_turns(first) else 1)
            if not granted:
                self._held = True
                return
            loads = self._batches.pick(
                self._next, self._ready.appendleft, places=granted, waiting=self._ledger.items_waiting, share=share
            )
            together, places = self._batches.spread(loads, granted, shared=self._shares_places)
            if places < granted:
                self._claim.landed(granted - places)
            for load in loads:
                load.run.flying += 1
                for item in load.run.course.items:
                    self._ledger.start(item)
            flight = Flight(self._inbox, self._crew, self._context, self._records, self, places, together)
            self._flights[flight] = list(loads)
            self._places += places
            flight.start([load.task for load in loads])
        self._claim.idle()

    @property
    def _shares_places(self) -> bool:
        """Whether several small files may move at one place: not while one finds out whether the store works again."""
        return self._crew.shares_places and not self._patience.waiting_for

    def _next(self) -> Load | None:
        while self._ready:
            load = self._ready.popleft()
            if not load.run.dead:
                return load
        course = next(self._courses, None)
        if course is None and self._arrived:
            course = self._arrived.popleft()
        if course is None:
            return None
        self._begin(course)
        return self._ready.popleft()

    def _accept(self) -> None:
        """What the feed has; before any of it is launched, the window and the journal must know of it."""
        if self._feed is not None and (courses := self._feed.take()):
            self._unknown.extend(courses)

    def _begin(self, course: Course) -> None:
        run = Run(course)
        self._runs.add(run)
        before = course.items
        self._ready.extend(Load(run, task) for task in course.begin())
        if course.items is not before:
            self._tell_first(course.items)

    # -- news from movers (called by the loop, in its thread) ---------------------------------------------------
    def _take(self, timeout_s: float) -> None:
        """Wait for news, then take all there is."""
        try:
            if timeout_s > 0:
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
            if not run.dead and self._must_sign_in(outcome.error):
                return
            if not run.dead and self._patience.worth_waiting(outcome.error, load.setbacks, self._places):
                self._set_back(load, outcome.error)
                self._ready.appendleft(load)
            else:
                self._fail(run, outcome.error)
        else:
            self._patience.got_through()
            run.bytes_done += load.task.moved_by(outcome.result)
            if (part := load.task.part_of(outcome.result)) is not None:
                for item in run.course.items:
                    self._ledger.part_done(item, part)
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
        self._places -= flight.places
        if error is None:
            self._batches.landed(flight)
        self._claim.landed(flight.places)
        for place, load in enumerate(rest):
            load.run.flying -= 1
            load.run.partial_bytes.pop(id(load), None)
            if self._called_back_at and error is not None and error.kind == JobCancelled.__name__:
                continue
            if error is not None and not load.run.dead and self._must_sign_in(error):
                continue
            if error is not None and error.kind == WorkerDied.__name__:
                load.tries += 1
            elif (
                error is not None
                and not load.run.dead
                and self._patience.worth_waiting(error, load.setbacks, self._places + flight.places)
            ):
                self._set_back(load, error)
                self._ready.append(load)
                continue
            if error is None:
                self._fail(load.run, InternalError("A mover ended without an answer.").record())
            elif load.tries >= _TRIES or (place == 0 and load.tries == 0):
                self._fail(load.run, error)
            elif not load.run.dead:
                self._set_back(load, error)
                self._ready.append(load)
            self._bury(load.run)

    def _set_back(self, load: Load, error: ErrorRecord) -> None:
        self._batches.refused()
        load.task = load.task.unanswered()
        for item in load.run.course.items:
            self._ledger.set_back(item, error)

    # -- ends ---------------------------------------------------------------------------------------------------
    def _finish(self, run: Run, result: Result) -> None:
        self._runs.discard(run)
        if not isinstance(result, Skipped | Settled):
            self._durability.finished(run.course.items)
        for item in run.course.items:
            if isinstance(result, Skipped):
                self._ledger.skip(item, result.note)
            elif isinstance(result, Settled) and item.number in result.failed:
                self._ledger.fail(item, result.failed[item.number])
            else:
                how, note = (result.verified, result.note) if isinstance(result, Finished) else ("", "")
                self._ledger.finish(item, how, note)

    def _fail(self, run: Run, error: ErrorRecord) -> None:
        if not run.dead:
            run.dead = True
            self._durability.failed(run.course, error)
            for item in run.course.items:
                self._ledger.fail(item, error)

    def _bury(self, run: Run) -> None:
        """Once a failed course has nothing with movers any more, remove what it left."""
        if run.dead and not run.flying and run in self._runs:
            self._runs.discard(run)
            self._tidy(run.course.leftovers())

    def _count(self, run: Run) -> None:
        for item in run.course.items:  # batches have no bytes of their own
            self._ledger.moved(item, min(item.size_bytes, run.bytes_done + sum(run.partial_bytes.values())))

    # -- telling ------------------------------------------------------------------------------------------------
    def _tell_first(self, items: Sequence[Item]) -> None:
        """The window must know this before the next task is launched."""
        for item in items:
            self._ledger.alter(item)
        self._must_be_known = True

    def _tell(self) -> Iterator[ItemsChanged | AllTaken]:
        now = time.monotonic()
        if now - self._told_at < TICK_S and not self._must_be_known and not self._unknown:
            return
        self._told_at = now
        hold, self._must_be_known = self._must_be_known, False
        unknown, self._unknown = self._unknown, deque()
        snapshot = self._ledger.snapshot()
        all_moved = 0 < snapshot.counts.bytes <= snapshot.counts.bytes_done and not snapshot.scanning
        self._ledger.state = JobState.VERIFYING if all_moved else JobState.RUNNING
        self._ledger.waiting_for = self._patience.waiting_for
        if self._ledger.waiting_for:
            self._ledger.state = JobState.WAITING_NETWORK
        elif self._held and not self._flights:
            self._ledger.state = JobState.QUEUED
        elif self._feed is not None and not (
            self._flights or self._ready or self._arrived or unknown or self._feed.over
        ):
            self._ledger.state, self._ledger.waiting_for = self._feed.state
        self._context.progress(self._ledger.snapshot())
        for changed in self._ledger.news() if self._feed is None else self._feed.news():
            yield changed
            if hold:
                continue
            if unknown and not self._flights:  # the movers have nothing to do: with what is known by now they have
                yield ALL_TAKEN
                self._release(unknown, changed)
            self._go_on_meanwhile()
        if hold or unknown:
            yield ALL_TAKEN
            self._arrived.extend(unknown)

    def _release(self, unknown: deque[Course], told: ItemsChanged) -> None:
        """Let begin what these news have told of."""
        known = {one.item.number for one in told.items}
        while unknown and all(item.number in known for item in unknown[0].items):
            self._arrived.append(unknown.popleft())

    def _go_on_meanwhile(self) -> None:
        """A thousand items take long to tell: movers that are ready get the next of what is known."""
        self._take(0.0)
        self._launch()

    # -- leaving ------------------------------------------------------------------------------------------------
    def _abandon(self) -> None:
        """Nothing is under way when all went well; after a cancel, stop the movers and tidy up in the background."""
        for flight, loads in self._flights.items():
            if all(load.task.interruptible for load in loads if load is not None):
                flight.cancel()
        cancelled = self._context.cancel.cancelled
        if self._flights or self._runs or cancelled:
            self._crew.tidy(partial(self._tidy_up, cancelled=cancelled))

    def _tidy_up(self, *, cancelled: bool) -> None:
        ends_at = time.monotonic() + _TIDY_S
        while self._flights and time.monotonic() < ends_at:
            self._take(TICK_S)
        with self._tidying:
            self._removing += 1
            self._cancelled = cancelled and not self._flights
        self._tidy([task for run in self._runs for task in run.course.leftovers()])
        self._removed()

    def _tidy(self, tasks: Sequence[Task]) -> None:
        if tasks:
            with self._tidying:
                self._removing += 1
            self._crew.remove(self._records, tasks, self._removed)

    def _removed(self) -> None:
        with self._tidying:
            self._removing -= 1
            tidy = self._cancelled and not self._removing
        if tidy:
            self._tidied()


def _nothing() -> None:
    """Wakes the loop."""
