"""How fast all movers together may go, and how many transfers move at once: chosen by a person while they run.

What is chosen, and how far each direction's bytes are booked, stands in a few numbers of one small private file that the
window writes and engine and movers read: no process must be running, or told, for a choice to hold, and one that is
started anew finds it. The file is read and written, not mapped (nothing kills a process that way).

Both directions have the limit each: lines carry them apart, and a large download must not starve the uploads. Bytes of
bodies count; heads of requests and copies inside a store do not. *This computer* is no exception: one rule for all.
"""

from __future__ import annotations

import os
import struct
import threading
import time
from contextlib import suppress
from enum import IntEnum

from artifact_browser.paths import Paths
from artifact_browser.workers import turns
from artifact_browser.workers.alone import alone, open_lock
from artifact_browser.workers.cancel import CancelToken

#: Slower would be too slow for servers, which hang up on a body that does not come.
LEAST_BPS = 10 * 1024
MOST_BPS = 1 << 40
AT_ONCE, MOST_AT_ONCE = 8, 32

_FILE = "pace"
#: limit in bytes a second (0: none), transfers at once; then for each way: until when it is booked, for which limit
_NUMBERS = struct.Struct("<6d")
_BOOK = struct.Struct("<2d")
_BOOK_AT = 16
#: a choice takes effect after this, and after what a mover is just waiting for
_LOOK_S = 0.1
#: what a mover books at once: small, so that many take turns within a second
_TURN_S = 0.02
_LEAST_TURN_BYTES = 1024
#: a way that was idle, or whose movers woke up late, may make up for so much
_CATCH_UP_S = 0.1
#: bookings further ahead are none: the computer was started anew
_LONGEST_S = 30.0


class Way(IntEnum):
    UP = 0
    DOWN = 1


class Pace:
    """One per process. Thread-safe; the window only chooses, movers only book."""

    def __init__(self, paths: Paths) -> None:
        self._lock = threading.Lock()
        self._file = open_lock(paths.runtime / _FILE)
        with suppress(OSError):  # a full disk: there is no limit, which hurts nobody
            if os.fstat(self._file).st_size < _NUMBERS.size:
                self._write(0, _NUMBERS.pack(0, AT_ONCE, 0, 0, 0, 0))
        self._looked_at = float("-inf")
        self._limit_bps, self._at_once = 0, AT_ONCE

    def choose(self, limit_bps: int, at_once: int) -> None:
        """From now on; called by the window. :raises OSError: it cannot be written down"""
        limit = float(min(MOST_BPS, max(LEAST_BPS, limit_bps))) if limit_bps > 0 else 0.0
        with self._lock:
            self._write(0, struct.pack("<2d", limit, min(MOST_AT_ONCE, max(1, at_once))))
            self._looked_at = float("-inf")

    @property
    def limit_bps(self) -> int:
        """Bytes a second each way, 0 without a limit; as it was chosen at most a tenth of a second ago."""
        self._look()
        return self._limit_bps

    @property
    def at_once(self) -> int:
        """How many transfers (files, or parts of large ones) may move at the same time."""
        self._look()
        return self._at_once

    def book(self, way: Way, count: int, cancel: CancelToken) -> None:
        """``count`` bytes have gone (or go now): return when the next may. :raises JobCancelled: meanwhile"""
        while count > 0 and (limit := self.limit_bps):
            turn = min(count, turn_bytes(limit))
            until = self._booked(way, turn, limit)
            while (left := until - time.monotonic()) > 0 and self.limit_bps == limit:
                turns.pause(min(left, _LOOK_S), cancel)
            count -= turn

    def close(self) -> None:
        os.close(self._file)

    def _booked(self, way: Way, count: int, limit: int) -> float:
        """When the bytes' time is over, behind everybody who booked before."""
        at = _BOOK_AT + way * _BOOK.size
        with self._lock, alone(self._file):
            now = time.monotonic()
            free_at, booked_for = _BOOK.unpack(self._read(at, _BOOK.size))
            if booked_for != limit or free_at > now + _LONGEST_S:
                free_at = now
            until: float = max(free_at, now - _CATCH_UP_S) + count / limit
            self._write(at, _BOOK.pack(until, limit))
        return until

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_S:
            with self._lock:
                found = self._read(0, _NUMBERS.size)
                if len(found) == _NUMBERS.size:
                    limit, at_once, *_ = _NUMBERS.unpack(found)
                    self._limit_bps, self._at_once = int(limit), max(1, int(at_once))
                self._looked_at = now

    def _read(self, at: int, count: int) -> bytes:
        os.lseek(self._file, at, os.SEEK_SET)
        return os.read(self._file, count)

    def _write(self, at: int, data: bytes) -> None:
        os.lseek(self._file, at, os.SEEK_SET)
        os.write(self._file, data)


_pace: Pace | None = None
_pace_lock = threading.Lock()


def pace_of(paths: Paths) -> Pace:
    """This worker process's own."""
    global _pace
    with _pace_lock:
        if _pace is None:
            _pace = Pace(paths)
        return _pace


def turn_bytes(limit_bps: int) -> int:
    """How much moves at once under a limit, before somebody else's turn."""
    return max(_LEAST_TURN_BYTES, int(limit_bps * _TURN_S))


_SMALLEST, FIRST_BYTES, _LARGEST = 64 * 1024, 256 * 1024, 4 * 1024**2
_QUICK_S, _SLOW_S = 0.05, 0.2


class Flow:
    """One body on its way: in pieces that take no longer than a fraction of a second, so that a choice, and the progress
    that is told, never wait for megabytes on a slow line. For one thread.
    """

    def __init__(self, pace: Pace, way: Way, cancel: CancelToken) -> None:
        self._pace, self._way, self._cancel = pace, way, cancel
        self._piece = FIRST_BYTES
        self._began = 0.0

    def most(self, wanted: int) -> int:
        """How many of ``wanted`` bytes to move next."""
        limit = self._pace.limit_bps
        self._began = time.monotonic()
        return min(wanted, self._piece, turn_bytes(limit) if limit else self._piece)

    def passed(self, count: int) -> None:
        """So many have moved. Returns when the next may. :raises JobCancelled: meanwhile"""
        took = time.monotonic() - self._began
        if took < _QUICK_S and count >= self._piece:
            self._piece = min(_LARGEST, self._piece * 2)
        elif took > _SLOW_S:
            self._piece = max(_SMALLEST, self._piece // 2)
        self._pace.book(self._way, count, self._cancel)
