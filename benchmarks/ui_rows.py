"""The ``ui`` benchmark's million rows: they stream into the table while a person scrolls, sorts and filters.

Wheel, clicks and keys go in as the window system would give them (``QTest`` posts into the same queue). A round: scroll
with the wheel, sort by a heading, scroll, type a filter letter by letter, scroll, clear it, jump to the end and back.
Rounds follow one another for the whole time; when the listing is complete it is refreshed, so that rows always come.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest

from artifact_browser.bootstrap import Services
from artifact_browser.gui.browse.listing_model import TableColumn
from artifact_browser.gui.browse.listing_state import ListingState, ListingStatus
from artifact_browser.gui.shell.window import Window
from artifact_browser.storage.location import Location
from benchmarks.lateness import LatenessMeter
from benchmarks.loads import ACCOUNT, Work, open_account
from benchmarks.machine import Bystanders
from benchmarks.pages import PREFIX, bucket_of
from benchmarks.stub_server import size_of
from benchmarks.ui_window import NEVER_HERE
from benchmarks.watched import run_watched

ROWS = 1_000_000
#: A wheel that is turned quickly: a notch a frame.
_NOTCH_MS, _NOTCH = 16, -120
_SCROLL_S, _LETTER_MS, _PAUSE_MS = 1.5, 90, 250
_FILTER = "77-part"
_GIVE_UP_S = 60.0
#: rows and bytes, worked out before anything is measured
_WANTED = (ROWS, sum(map(size_of, range(ROWS))))


class Person(QObject):
    """Does one thing after the other, each a number of milliseconds after the one before. GUI thread."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.main)
        self._window, self._view = window, window.browse.view
        self._viewport = self._view.table.viewport()
        self._viewport.installEventFilter(self)
        self._steps: Iterator[int] = iter(())
        self._timer = QTimer(self, singleShot=True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._step)
        self._scrolling = False
        self.frames, self.scrolled_s, self.rounds = 0, 0.0, 0

    def start(self) -> None:
        self._steps = self._rounds()
        self._step()

    def stop(self) -> None:
        self._timer.stop()
        self._scrolling = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._scrolling and event.type() == QEvent.Type.Paint:
            self.frames += 1
        return False

    def _step(self) -> None:
        self._timer.start(next(self._steps))

    def _rounds(self) -> Iterator[int]:
        while True:
            yield from self._scroll(1)
            self._click_heading(
                (TableColumn.SIZE, TableColumn.NAME, TableColumn.MODIFIED, TableColumn.NAME)[self.rounds % 4]
            )
            yield _PAUSE_MS
            yield from self._scroll(-1)
            yield from self._type(_FILTER)
            yield from self._scroll(1)
            yield from self._clear()
            for key in (Qt.Key.Key_End, Qt.Key.Key_Home, Qt.Key.Key_PageDown):
                self._view.table.setFocus()
                QTest.keyClick(self._view.table, key)
                yield _PAUSE_MS
            self.rounds += 1

    def _scroll(self, direction: int) -> Iterator[int]:
        """Turn the wheel; frames are counted meanwhile."""
        began, self._scrolling = time.monotonic(), True
        center = self._viewport.rect().center()
        window = self._window.main.windowHandle()
        at = self._viewport.mapTo(self._window.main, center)
        while (passed := time.monotonic() - began) < _SCROLL_S:
            QTest.wheelEvent(window, QPointF(at), QPoint(0, direction * _NOTCH))
            yield _NOTCH_MS
        self.scrolled_s += passed
        self._scrolling = False

    def _click_heading(self, column: TableColumn) -> None:
        header = self._view.table.horizontalHeader()
        at = header.sectionViewportPosition(column) + header.sectionSize(column) // 2
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at, 10))

    def _type(self, text: str) -> Iterator[int]:
        field = self._window.browse.filter
        field.setFocus()
        for letter in text:
            QTest.keyClicks(field, letter)
            yield _LETTER_MS
        yield _PAUSE_MS

    def _clear(self) -> Iterator[int]:
        field = self._window.browse.filter
        QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClick(field, Qt.Key.Key_Delete)
        yield _PAUSE_MS


class Drive:
    """Opens the prefix, measures from its first rows on, closes the window."""

    def __init__(self, services: Services, window: Window, work: Work) -> None:
        self._window, self._work = window, work
        open_account(services, work.endpoint)
        self._listing = window.browse.view.listing
        self._meter = LatenessMeter(window.main)
        self._person = Person(window)
        self._wrong: list[str] = []
        self._complete = self._keys = 0
        self._began = self._cpu_s = 0.0
        self._bystanders: Bystanders | None = None
        self.report: dict[str, object] = {"fault": "it never began"}

    def start(self) -> None:
        self._window.main.resize(1440, 900)
        self._listing.state_changed.connect(self._follow)
        self._window.navigator.go(Location(ACCOUNT, bucket_of(ROWS), PREFIX))
        QTimer.singleShot(round(1000 * (_GIVE_UP_S + self._work.seconds)), self._end)

    def _follow(self, state: ListingState) -> None:
        if self._listing.location.bucket != bucket_of(ROWS):
            return
        if state.status in {ListingStatus.FAILED, ListingStatus.PARTIAL}:
            self._wrong.append(f"the listing ended {state.status}: {state.error}")
            self._end()
        elif not self._began and state.grown.blobs:
            QTimer.singleShot(0, self._measure)
        elif state.status is ListingStatus.COMPLETE and not state.as_of_us:
            if (state.grown.blobs, state.grown.size_bytes) != _WANTED:
                self._wrong.append(f"{_WANTED} came as {state.grown}")
            self._complete += 1
            QTimer.singleShot(500, self._again)

    def _again(self) -> None:
        if self._listing.state.status is ListingStatus.COMPLETE and "fault" in self.report:
            self._listing.refresh()

    def _measure(self) -> None:
        if self._began:
            return
        self._bystanders = Bystanders(os.getppid())
        self._began, self._cpu_s = time.monotonic(), time.process_time()
        self._meter.start()
        self._person.start()
        QTimer.singleShot(round(1000 * self._work.seconds), self._end)

    def _end(self) -> None:
        if "fault" not in self.report:
            return
        late, seconds = self._meter.stop(), time.monotonic() - self._began
        self._person.stop()
        if not self._complete:
            state = self._listing.state
            self._wrong.append(
                f"the listing was never complete: {state.status}, {state.grown.blobs:,} rows, {self._person.rounds} rounds"
            )
        if not self._person.rounds:
            self._wrong.append("no round was done")
        if loaded := [name for name in (*NEVER_HERE, "numpy") if name in sys.modules]:
            self._wrong.append(f"the window has imported {loaded}")
        self.report = {
            "late_ms": late,
            "frames": self._person.frames / self._person.scrolled_s if self._person.scrolled_s else 0.0,
            "rounds": self._person.rounds,
            "listings": self._complete,
            "window_cpu": (time.process_time() - self._cpu_s) / seconds,
            "others_cores": self._bystanders.cores() if self._bystanders else None,
            "wrong": self._wrong,
        }
        self._window.main.close()


def main(work: Work) -> int:
    """Run the app with a person at it; the exit code."""
    return run_watched(work.home, lambda services, window: Drive(services, window, work))


if __name__ == "__main__":
    sys.exit(main(Work.from_text(sys.argv[1])))
