"""How many jobs of one process run at once; the rest queue. A job that waits for an answer gives its place away."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

JOBS_AT_ONCE = 32


class Slots:
    """Thread-safe."""

    def __init__(self, limit: int = JOBS_AT_ONCE) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._running = 0
        self._waiting: deque[Callable[[], None]] = deque()
        self._filling = False

    def submit(self, start: Callable[[], None]) -> None:
        """Call ``start`` when there is a place, now or from the thread that frees one. It must not block."""
        with self._lock:
            if self._running >= self._limit:
                self._waiting.append(start)
                return
            self._running += 1
        start()

    def start_now(self, start: Callable[[], None]) -> None:
        """Call ``start`` over the limit: what commands the jobs that run never waits behind them."""
        with self._lock:
            self._running += 1
        start()

    def put_first(self, start: Callable[[], None]) -> None:
        """The next place is for this one; nothing happens when it does not wait (any more)."""
        with self._lock:
            if start in self._waiting:
                self._waiting.remove(start)
                self._waiting.appendleft(start)

    def release(self) -> None:
        """A job ended: the next one may start."""
        with self._lock:
            self._running -= 1
            if self._filling:  # that one was started just now, and had nothing to do
                return
            self._filling = True
        try:
            while (start := self._next()) is not None:
                start()
        except BaseException:
            self._filling = False
            raise

    def _next(self) -> Callable[[], None] | None:
        with self._lock:
            if not self._waiting or self._running >= self._limit:
                self._filling = False  # with the lock: whoever frees a place from now on fills it
                return None
            self._running += 1
            return self._waiting.popleft()

    @contextmanager
    def parked(self) -> Iterator[None]:
        """While inside, another job may have this place. Coming back never waits: it goes over the limit instead."""
        self.release()
        try:
            yield
        finally:
            with self._lock:
                self._running += 1
