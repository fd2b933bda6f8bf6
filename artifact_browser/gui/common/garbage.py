"""Reference cycles are collected on the GUI thread, and by no other thread of the window's process.

Python collects whenever an allocation makes a count overflow, in the thread that happens to allocate. Readers of the
workers' pipes allocate much, and a cycle they collect may hold a model, a timer or an action: Qt objects that must end
in their own thread. (Shiboken hands over widgets and windows, ``delete-in-main-thread`` in its type systems, and
nothing else.) Worker processes have no Qt and keep Python's own way.
"""

from __future__ import annotations

import gc
from types import TracebackType

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 1000


class GarbageCollector(QObject):
    """While inside, cycles are collected once a second at most, the generations by Python's own thresholds."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self.collect)
        self._was_enabled = False

    def __enter__(self) -> GarbageCollector:
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.stop()
        if self._was_enabled:
            gc.enable()

    def collect(self) -> None:
        """The oldest generation that is due, with the younger ones."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        for generation in reversed(range(len(counts))):
            if 0 < thresholds[generation] < counts[generation]:
                gc.collect(generation)
                return
