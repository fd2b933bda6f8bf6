"""Cancelling: a flag that also shuts what a job is blocked in.

A job blocked in ``recv`` does not look at flags, so whoever blocks registers how to wake it
(:meth:`CancelToken.closing` with the socket's ``shutdown``). Cancel ends a job within 200 ms that way.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from artifact_browser.errors import JobCancelled

_log = logging.getLogger(__name__)


class CancelToken:
    """One job's stop sign. Thread-safe: set by the control thread, read by the job's threads."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._closers: dict[int, Callable[[], None]] = {}
        self._next = 0

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self) -> None:
        """Set the sign and wake everything registered. Never raises; calling it twice is harmless."""
        with self._lock:
            self._event.set()
            closers = list(self._closers.values())
            self._closers.clear()
        for close in closers:
            try:
                close()
            except OSError:
                pass  # already closed: that is what we wanted
            except Exception:  # noqa: BLE001 - one faulty closer must not keep the others from waking
                _log.exception("a closer failed")

    def raise_if_cancelled(self) -> None:
        """:raises JobCancelled: when the sign is set."""
        if self._event.is_set():
            raise JobCancelled

    def wait(self, seconds: float) -> None:
        """Sleep that a cancel ends early.

        :raises JobCancelled: when the sign is set before or during the wait
        """
        if self._event.wait(seconds):
            raise JobCancelled

    def watch(self, close: Callable[[], None]) -> Callable[[], None]:
        """From now on a cancel calls ``close`` (from another thread), until what this returns is called.

        :raises JobCancelled: when the sign is already set
        """
        with self._lock:
            if self._event.is_set():
                raise JobCancelled
            self._next = number = self._next + 1
            self._closers[number] = close
        return partial(self._unwatch, number)

    @contextmanager
    def closing(self, close: Callable[[], None]) -> Iterator[None]:
        """While inside, a cancel calls ``close`` (from another thread); at once if already cancelled.

        :raises JobCancelled: on entry when the sign is already set
        """
        unwatch = self.watch(close)
        try:
            yield
        finally:
            unwatch()

    def _unwatch(self, number: int) -> None:
        with self._lock:
            self._closers.pop(number, None)
