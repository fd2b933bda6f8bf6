"""How fast, and how long still: smoothed, and silent while a figure would be a guess."""

from __future__ import annotations

import math
import time

#: the smoothing's time constant: what happened 10 s ago counts a third
SMOOTHING_S = 10.0
#: no time left is shown before this
SETTLE_S = 5.0


class Meter:
    """Exponentially weighted speed of one job. Not thread-safe: it belongs to the job's loop."""

    def __init__(self, now: float | None = None) -> None:
        self._started = self._at = time.monotonic() if now is None else now
        self._bytes = 0
        self._speed = 0.0
        self._weight = 0.0

    def update(self, bytes_done: int, now: float | None = None) -> float:
        """Take the job's bytes so far and return bytes per second."""
        now = time.monotonic() if now is None else now
        passed = now - self._at
        if passed <= 0:
            return self.speed_bps
        keep = math.exp(-passed / SMOOTHING_S)
        self._speed = keep * self._speed + (1 - keep) * (bytes_done - self._bytes) / passed
        self._weight = keep * self._weight + (1 - keep)  # corrects the start, where there is no past
        self._at, self._bytes = now, bytes_done
        return self.speed_bps

    @property
    def speed_bps(self) -> float:
        return max(0.0, self._speed / self._weight) if self._weight else 0.0

    def time_left_s(self, bytes_left: int) -> float | None:
        """Seconds until the rest is moved; ``None`` in the first seconds and while nothing moves."""
        speed = self.speed_bps
        if self._at - self._started < SETTLE_S or speed < 1:
            return None
        return bytes_left / speed
