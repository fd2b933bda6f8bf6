"""How late a window's timer is: what a person feels as stutter."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer

INTERVAL_MS = 4
_INTERVAL_NS = INTERVAL_MS * 1_000_000


class LatenessMeter(QObject):
    """A precise 4 ms timer and how late each of its moments was served. Lives in the GUI thread.

    While the thread is held up for 50 ms, twelve moments are missed, and each counts with its own lateness (46, 42,
    ...), not only the first. After such a hold-up Qt counts on from where it stands, and so does this.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._late_ns: list[int] = []
        self._due_ns = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self._late_ns.clear()
        self._due_ns = time.monotonic_ns() + _INTERVAL_NS
        self._timer.start()

    def stop(self) -> dict[str, float]:
        """Milliseconds: ``p50``, ``p99``, ``max``; and ``moments``."""
        self._timer.stop()
        late = sorted(self._late_ns)
        if not late:
            return {}
        found = {
            name: late[min(len(late) - 1, int(part * len(late)))] / 1e6
            for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
        }
        return found | {"moments": len(late)}

    def _tick(self) -> None:
        now = time.monotonic_ns()
        late = now - self._due_ns
        self._late_ns += range(max(0, late), 0, -_INTERVAL_NS) or [0]
        self._due_ns = now + _INTERVAL_NS if late > _INTERVAL_NS else self._due_ns + _INTERVAL_NS
