"""A plan that goes on beside what it has planned: found, looked at and decided chunk by chunk, in a thread of its own.

What cannot be carried out yet (nobody has said *Start*, enough is at hand, its conflict is undecided) lies on shelves on
disk and in the journal, so that a tree of a million files costs no more memory than one of some thousand, and the walk
never waits for the movers. One run's order of things:

1. what a run before has left, as the journal says;
2. what the walk finds, unless a run before has planned it all, and without what it has planned.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from enum import Enum

from artifact_browser.errors import InternalError, JobCancelled
from artifact_browser.transfers.desk import Desk
from artifact_browser.transfers.job_log import JobLog, Left
from artifact_browser.transfers.ledger import Ledger
from artifact_browser.transfers.planning import Paused, Planning
from artifact_browser.transfers.policy import ConflictFound, Decision, Group, Policy
from artifact_browser.transfers.shelf import Shelf
from artifact_browser.transfers.state import ANSWER, Item, ItemsChanged, ItemState, JobState
from artifact_browser.transfers.task import Course
from artifact_browser.transfers.tree import Tree, TreeOrder

#: so many items are looked at together; a chunk that takes long to find is looked at before
CHUNK, CHUNK_S = 1000, 2.0
#: so many items are at hand at most before the others are put on a shelf
AT_HAND = 4000
#: from so many files on, somebody is asked before anything moves
MANY = 1000
_LOOK_S = 0.05


class _Source(Enum):
    """Where items are from: this run's walk, or a run before that may have begun to move them, or had only planned them."""

    FOUND = 0
    BEGUN = 1
    PLANNED = 2


class Stream:
    """One run's plan, as a feed of the scheduler. Made, asked and closed by the job's loop; it works in its own thread.

    :param order: ``again`` or ``resumes``: what a run before has left comes first
    :param started: nobody needs to say *Start* any more
    :param stop: set when the plan is to be given up
    :ivar trouble: why the plan broke off; what it had handed out was carried out
    """

    def __init__(
        self, order: TreeOrder, planning: Planning, ledger: Ledger, log: JobLog, stop: threading.Event, *, started: bool
    ) -> None:
        self._order, self._planning, self._ledger, self._log_of_job = order, planning, ledger, log
        folder = planning.context.paths.cache
        self._desk = planning.desk = Desk(order.policy, folder)
        self._tree: Tree
        self._free = Shelf[Item](folder)
        self._stop = stop
        self._started = started or order.policy is not Policy.ASK
        self._walking, self._exhausted, self._walks_again = True, False, False
        self._asking = self._withdrawn = False
        self._asked: set[Group] = set()
        self._lock = threading.Lock()
        self._outbox: list[Course] = []
        self._answer: Decision | None = None
        self._unanswered: BaseException | None = None
        self._woken = threading.Event()
        self._whole = self._told_whole = self._over = self._complete = False
        self.trouble: BaseException | None = None
        self._wake: Callable[[], None] = _nobody
        ledger.scanning = True
        self._thread = threading.Thread(target=self._run, name="plan", daemon=True)

    # -- for the loop -------------------------------------------------------------------------------------------
    def start(self, wake: Callable[[], None]) -> None:
        """``wake`` is called from the plan's thread when there is something to take."""
        self._wake = wake
        self._thread.start()

    def take(self) -> list[Course]:
        """What is to be carried out and was not taken yet. Its items are known outside only after :meth:`news`."""
        with self._lock:
            courses, self._outbox = self._outbox, []
        return courses

    @property
    def over(self) -> bool:
        """Nothing more will come."""
        with self._lock:
            return self._over and not self._outbox

    @property
    def complete(self) -> bool:
        """All of the plan was handed out."""
        return self._complete

    @property
    def state(self) -> tuple[JobState, str]:
        """What the job does while nothing moves, and what it waits for."""
        if self._planning.waiting_for:
            return JobState.WAITING_NETWORK, self._planning.waiting_for
        if self._walking:
            return JobState.SCANNING, ""
        return (JobState.WAITING, ANSWER) if self._asking else (JobState.RUNNING, "")

    def news(self) -> Iterator[ItemsChanged]:
        """The ledger's; and once, that the plan is whole."""
        whole = self._whole
        yield from self._ledger.news()
        if whole and not self._told_whole:
            self._told_whole = True
            self._log_of_job.planned()
            yield ItemsChanged((), planned=True, total=self._ledger.items_total)

    def close(self) -> None:
        """Give up what is not planned yet; returns when the thread has ended."""
        self._stop.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()
        self._ledger.found = ()
        self._desk.close()
        self._free.close()
        self._planning.close()

    # -- the plan's thread --------------------------------------------------------------------------------------
    def _run(self) -> None:
        try:
            self._tree = self._order.tree(self._planning)
            self._work()
            self._complete = True
        except Paused:
            pass  # the loop knows
        except JobCancelled as error:
            if not self._planning.gives_up:
                self.trouble = InternalError("What is to be done was not found out.", technical=repr(error))
        except BaseException as error:  # noqa: BLE001 - raised by the job itself, when what moves is through
            self.trouble = error
        finally:
            with self._lock:
                self._over = True
            self._wake()

    def _work(self) -> None:
        chunks = self._chunks()
        while True:
            self._planning.tick()
            self._hear()
            if self._ledger.items_untold > 2 * AT_HAND:
                self._wait()
            elif self._may_hand_out() and self._hand_out_waiting():
                pass
            elif self._walking:
                chunk = next(chunks, None)
                if chunk is not None:
                    self._plan(*chunk)
                if chunk is None or self._exhausted:
                    self._end_walk()
            elif not len(self._free) and not self._desk.has_decided and not any(self._desk.waiting()):
                return
            else:
                self._wait()
            self._ask_if_needed()

    def _may_hand_out(self) -> bool:
        ready = self._started and not (self._tree.holds and self._walking)
        return ready and self._ledger.items_at_hand < AT_HAND

    def _hand_out_waiting(self) -> bool:
        if parked := self._desk.take():
            items = self._tree.settled(parked)
        elif items := self._free.take():
            self._ledger.hand_out(items)
        else:
            return False
        self._give([self._tree.course(item) for item in items])
        return True

    def _chunks(self) -> Iterator[tuple[Sequence[Item], _Source]]:
        """Items to be planned; where they are from."""
        order = self._order
        was_planned = order.goes_on and self._log_of_job.was_planned
        if was_planned:
            self._tree.walk_again = self._walk_again
        for first in range(0, len(order.again), CHUNK):
            yield order.again[first : first + CHUNK], _Source.BEGUN
        if order.resumes:
            yield from self._left_chunks()
        unreadable = was_planned and self._log_of_job.unreadable > 0  # what makes no sense is found anew
        if (order.again or was_planned) and not self._walks_again and not unreadable:
            return
        if unreadable:
            self._ledger.forget_left_out()
        if order.goes_on:
            self._remember()
        yield from self._found_chunks()

    def _walk_again(self) -> bool:
        """A retry has found that there is more. Written down before anything else is, for what if this run is killed?"""
        if not self._walks_again:
            self._log_of_job.plan_more()
            self._ledger.forget_left_out()
            self._walks_again = True
        return True

    def _left_chunks(self) -> Iterator[tuple[Sequence[Item], _Source]]:
        for page in self._log_of_job.left():
            if begun := [self._again(left) for left in page if not left.waited]:
                yield begun, _Source.BEGUN
            if planned := [self._again(left) for left in page if left.waited]:
                yield planned, _Source.PLANNED

    def _remember(self) -> None:
        """Have the walk leave out what a run before has planned."""
        for known in self._log_of_job.known():
            for item in known:
                self._tree.remember(item)
                self._planning.number_from(item.number + 1)
            self._planning.tick()

    def _found_chunks(self) -> Iterator[tuple[Sequence[Item], _Source]]:
        chunk: list[Item] = []
        since = time.monotonic()
        for item in self._tree.found():
            chunk.append(item)
            now = time.monotonic()
            if len(chunk) >= CHUNK or now - since > CHUNK_S or self._is_awaited:
                yield chunk, _Source.FOUND
                chunk, since = [], now
        self._exhausted = True
        if chunk:
            yield chunk, _Source.FOUND

    @property
    def _is_awaited(self) -> bool:
        """Whether there is something better to do than to fill a chunk."""
        hungry = self._ledger.items_at_hand < AT_HAND // 2 and self._may_hand_out()
        return self._answer is not None or (hungry and len(self._free) > 0)

    def _again(self, left: Left) -> Item:
        """What failed, or ended with its run, may have left something, which is removed (by now, or before it begins anew)."""
        one = left.one
        if left.doubted:
            return self._order.doubted(one.item)
        item = replace(one.item, tried=one.attempts)
        if item.begun and (self._order.afresh or one.state is ItemState.FAILED):
            return self._order.given_up(item)
        return item

    def _plan(self, items: Sequence[Item], source: _Source) -> None:
        again = source is _Source.BEGUN  # whatever nobody has heard of may have been finished
        self._desk.again = again
        planned = items if source is _Source.FOUND else self._tree.look_again(items)
        movable, before = self._tree.sort_out(planned, again=again)
        waiting, shelved = self._desk.put_away(), list[Item]()
        for course in before:
            self._ledger.hand_out(course.items)
        courses = list(before)
        if self._may_hand_out() and not len(self._free):
            self._ledger.hand_out(movable)
            courses.extend(map(self._tree.course, movable))
        else:
            self._free.put(movable)
            shelved = movable
        self._ledger.shelve(shelved, waiting)
        self._give(courses)

    def _end_walk(self) -> None:
        self._walking = False
        self._whole = True
        self._ledger.scanning = False
        if not self._started and not self._many and not any(self._desk.waiting()):
            self._started = True
        self._wake()

    @property
    def _many(self) -> bool:
        return self._desk.planned >= MANY

    def _give(self, courses: Sequence[Course]) -> None:
        if courses:
            with self._lock:
                self._outbox.extend(courses)
            self._wake()

    def _wait(self) -> None:
        self._woken.wait(_LOOK_S)
        self._woken.clear()

    # -- what a person decides ----------------------------------------------------------------------------------
    def _ask_if_needed(self) -> None:
        if self._withdrawn:
            return
        waiting = set(self._desk.waiting())
        if self._asking:
            self._ledger.found = self._desk.found()
            return
        if not self._started:
            needed = bool(waiting) or self._many
        else:
            idle = not self._walking and not len(self._free) and not self._ledger.items_at_hand
            needed = bool(waiting - self._asked) or (bool(waiting) and idle and not self._desk.has_decided)
        if needed:
            self._asking = True
            self._ledger.found = self._desk.found()
            threading.Thread(target=self._ask, args=(self._question(),), name="ask", daemon=True).start()

    def _question(self) -> ConflictFound:
        groups = self._desk.found()
        return ConflictFound(
            job_id=self._ledger.job_id,
            target=self._ledger.target,
            planned=self._desk.planned,
            total=sum(found.count for found in groups),
            groups=groups,
            begins=not self._started,
            size_bytes=self._desk.planned_bytes,
            scanning=self._walking,
        )

    def _ask(self, question: ConflictFound) -> None:
        """In a thread of its own: the plan goes on meanwhile."""
        try:
            answer = self._planning.context.ask(question)
        except BaseException as error:  # noqa: BLE001 - there is nobody else to tell
            with self._lock:  # withdrawn: the run is over soon
                self._unanswered = None if isinstance(error, JobCancelled) else error
            self._withdrawn, self._asking = True, False
            return
        with self._lock:
            self._answer = answer
        self._woken.set()

    def _hear(self) -> None:
        with self._lock:
            answer, self._answer = self._answer, None
        if self._unanswered is not None:
            raise self._unanswered
        if answer is None:
            return
        self._asked.update(self._desk.waiting())
        self._desk.decide(answer)
        self._log_of_job.decided(self._desk.decision)
        self._started, self._asking = True, False
        self._ledger.found = ()


def _nobody() -> None:
    """Nobody listens yet."""
