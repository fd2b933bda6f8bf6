"""Who may start next: how much is under way over all jobs, shared fairly, but for those a person wants first."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: how many names of jobs that were put first are remembered
_MOST_FIRST = 100
#: a job that does not come when it is woken (its window does not take its news) is passed over after this
_COMES_WITHIN_S = 0.25


class Claim:
    """One job's line to the runway. Used by its loop's thread."""

    def __init__(self, runway: Runway, job_id: str, wake: Callable[[], None]) -> None:
        self.job_id, self.wake = job_id, wake
        #: places taken; whether it waits for a start; when it started last
        self.flying, self.waits, self.started = 0, False, 0
        #: when it was woken, and has not asked since
        self.woken_at: float | None = None
        self._runway = runway

    def may_start(self, most: int = 1) -> int:
        """Take up to so many places, one for each file or part that moves at the same time; how many there were. When there
        is none, or it is somebody else's turn, the job is woken in time.
        """
        return self._runway.start(self, most)

    def landed(self, places: int = 1) -> None:
        """So many places are free again."""
        self._runway.land(self, places)

    def idle(self) -> None:
        """There is nothing to start: whoever waits may."""
        self._runway.let_pass(self)


class Runway:
    """Thread-safe. One per engine process.

    A job that was put first starts before all others as long as it has something to start; it does not even wait for
    what others have under way, which may take long on a slow line. Among the rest it is the turn
    of the one with the fewest places taken, then of the one that started least recently: with more jobs than
    places they take turns, and none starves.

    :param places: how many files or parts may move at the same time, asked each time
    """

    def __init__(self, places: Callable[[], int]) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._claims: list[Claim] = []
        self._first: dict[str, None] = {}  # the one put first last comes last
        self._starts = itertools.count(1)

    @contextmanager
    def claim(self, job_id: str, wake: Callable[[], None]) -> Iterator[Claim]:
        """While inside, the job may start batches. ``wake`` is called from any thread when it should ask again."""
        made = Claim(self, job_id, wake)
        with self._lock:
            self._claims.append(made)
        try:
            yield made
        finally:
            with self._lock:
                self._claims.remove(made)
            self._wake_next()

    def put_first(self, job_id: str) -> None:
        """Before all others from now on, whether it works already or not; also before those put first before."""
        with self._lock:
            self._first.pop(job_id, None)
            self._first[job_id] = None
            if len(self._first) > _MOST_FIRST:
                del self._first[next(iter(self._first))]
        self._wake_next()

    def share(self) -> int:
        """How many places a job may expect to have."""
        with self._lock:
            return max(1, self._places() // max(1, len(self._claims)))

    def start(self, claim: Claim, most: int) -> int:
        with self._lock:
            claim.waits, claim.woken_at = True, None
            granted = min(most, self._free(claim))
            if granted <= 0:
                return 0
            before = self._before(claim)
            if before is None:
                claim.waits = False
                claim.flying += granted
                claim.started = next(self._starts)
                return granted
        before.wake()
        return 0

    def land(self, claim: Claim, places: int) -> None:
        with self._lock:
            claim.flying -= places
        self._wake_next()

    def let_pass(self, claim: Claim) -> None:
        with self._lock:
            if not claim.waits:
                return
            claim.waits = False
        self._wake_next()

    def _free(self, claim: Claim) -> int:
        """How many of the places that this one may have are free."""
        ranks = self._ranks()
        own = ranks.get(claim.job_id, 0)
        return self._places() - sum(one.flying for one in self._claims if ranks.get(one.job_id, 0) <= own)

    def _next(self) -> Claim | None:
        waiting = [claim for claim in self._claims if claim.waits]
        ranks = self._ranks()
        return min(waiting, key=lambda one: (ranks.get(one.job_id, 0), one.flying, one.started), default=None)

    def _ranks(self) -> dict[str, int]:
        """Of those put first: the lower, the earlier; all others have 0."""
        return {job_id: -place for place, job_id in enumerate(self._first, 1)}

    def _before(self, claim: Claim) -> Claim | None:
        """Whose turn it is, if it is not this one's; who was woken and did not come loses it."""
        now = time.monotonic()
        while (best := self._next()) is not None and best is not claim:
            if best.woken_at is None:
                best.woken_at = now
            if now - best.woken_at < _COMES_WITHIN_S:
                return best
            best.waits = False
        return None

    def _wake_next(self) -> None:
        with self._lock:
            found = self._next()
            if found is not None and self._free(found) <= 0:
                found = None
            if found is not None and found.woken_at is None:
                found.woken_at = time.monotonic()
        if found is not None:
            found.wake()
