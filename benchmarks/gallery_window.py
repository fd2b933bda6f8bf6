"""The ``gallery`` benchmark's work in the real window: the gallery of a large collection is filled, then scrolled.

Scrolling is real wheel events on the view, the next one behind the paint of the one before; a frame is a paint event of the
view's viewport. The window's timer is watched meanwhile, covers load and are given up as they do for a person.
"""

from __future__ import annotations

import sys
import time

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.gui.shell.window import Window
from artifact_browser.storage.location import Location
from benchmarks.lateness import LatenessMeter
from benchmarks.watched import run_watched

BUCKET, COLLECTION = "bench", "many/"
_LOOK_MS = 50
_NOTCH = QPoint(0, -120)


class Drive(QObject):
    """Fills, scrolls for ``seconds``, closes the window. GUI thread."""

    def __init__(self, window: Window, seconds: float) -> None:
        super().__init__(window.main)
        self._window, self._seconds = window, seconds
        self._meter = LatenessMeter(self)
        self._frames: list[float] = []
        self._ends_at = 0.0
        self._asked_at = 0.0
        self._covers = 0
        self._began = time.monotonic()
        self.report: dict[str, object] = {}

    def start(self) -> None:
        self._window.main.resize(1440, 900)
        self._window.main.actions_["gallery_view"].trigger()
        self._window.navigator.go(Location(THIS_COMPUTER, BUCKET, COLLECTION))
        self._gallery = self._window.catalog.gallery
        self._gallery.covers.loaded.connect(self._count)
        self._meter.start()
        self._look()

    def _count(self, _: object) -> None:
        self._covers += 1

    def _look(self) -> None:
        gallery = self._gallery
        if gallery._summary is None or gallery._scan is not None:
            QTimer.singleShot(_LOOK_MS, self._look)
            return
        self.report["filled_s"] = time.monotonic() - self._began
        self.report["filling_late_ms"] = self._meter.stop()
        self.report["cards"] = gallery.model.rowCount()
        self._view = gallery.view.viewport()
        self._view.installEventFilter(self)
        self._ends_at = time.monotonic() + self._seconds
        self._covers = 0
        self._meter.start()
        self._roll()

    def _roll(self) -> None:
        bar = self._gallery.view.verticalScrollBar()
        if time.monotonic() > self._ends_at:
            self._end()
            return
        if bar.value() == bar.maximum():
            bar.setValue(0)
        self._asked_at = time.perf_counter()
        where = QPointF(self._view.rect().center())
        event = QWheelEvent(
            where, QPointF(self._view.mapToGlobal(where.toPoint())), QPoint(), _NOTCH, Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self._view, event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._asked_at:
            QTimer.singleShot(0, self._painted)
        return False

    def _painted(self) -> None:
        if self._asked_at:
            self._frames.append(time.perf_counter() - self._asked_at)
            self._asked_at = 0.0
            self._roll()

    def _end(self) -> None:
        frames = sorted(self._frames)
        self.report |= {
            "frames_per_s": len(frames) / self._seconds,
            "frame_p99_ms": frames[int(0.99 * len(frames))] * 1000 if frames else 0.0,
            "scrolling_late_ms": self._meter.stop(),
            "covers": self._covers,
        }
        self._window.main.close()


def main(home: str, seconds: float) -> int:
    """Run the app with its gallery at work; the exit code."""
    return run_watched(home, lambda _, window: Drive(window, seconds))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
