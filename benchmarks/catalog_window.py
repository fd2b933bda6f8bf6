"""The ``catalog`` benchmark's work in the real window: a large collection is opened, until its cards are painted and checked.

*First cards*: from going to the place until the view has painted with cards in it. *All*: until the scan has compared the
index with the bucket, and a cover is there. Memory: private memory of the window's process and of its interactive worker, at its
highest; *whole*: of everything below the window too, the process that decodes pictures among it.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.gui.shell.window import Window
from artifact_browser.storage.location import Location
from artifact_browser.workers.job import Lane
from benchmarks.catalog_run import PLACE
from benchmarks.loads import open_account
from benchmarks.processes import PeakMemory, private_bytes, tree
from benchmarks.watched import run_watched

_LOOK_MS = 50
#: The window is left alone for so long before: it is open and has listed its first place, as when a person goes to a collection.
_SETTLE_MS = 1500
_MIB = 1 << 20


class Drive(QObject):
    """Opens the collection, waits for its cards, closes the window. GUI thread."""

    def __init__(self, services: Any, window: Window, endpoint: str) -> None:
        super().__init__(window.main)
        self._services, self._window = services, window
        self._covers = 0
        self._account = open_account(services, endpoint).id if endpoint else THIS_COMPUTER
        self._began = 0.0
        self.report: dict[str, object] = {}

    def start(self) -> None:
        self._window.main.resize(1440, 900)
        self._window.main.actions_["gallery_view"].trigger()
        QTimer.singleShot(_SETTLE_MS, self._open)

    def _open(self) -> None:
        self._gallery = self._window.catalog.gallery
        self._view = self._gallery.view.viewport()
        self._view.installEventFilter(self)
        interactive = self._services.pool.pids(Lane.INTERACTIVE)
        self._memory = PeakMemory(os.getpid(), pids=[os.getpid(), *interactive])
        self._whole = PeakMemory(os.getpid())
        self._gallery.covers.loaded.connect(self._count)
        self.report["before_mib"] = _by_process()
        self._memory.__enter__()
        self._whole.__enter__()
        self._began = time.monotonic()
        self._window.navigator.go(Location(self._account, PLACE.bucket, PLACE.prefix))
        self._look()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and "first_s" not in self.report and self._gallery.model.rowCount():
            QTimer.singleShot(0, self._painted)  # behind the paint
        return False

    def _painted(self) -> None:
        if "first_s" not in self.report:
            self.report["first_s"] = time.monotonic() - self._began
            self.report["first_cards"] = self._gallery.model.rowCount()

    def _count(self, _: object) -> None:
        self._covers += 1

    def _look(self) -> None:
        gallery, waits = self._gallery, not self._covers or "first_s" not in self.report
        if gallery._summary is None or gallery._scan is not None or waits:
            QTimer.singleShot(_LOOK_MS, self._look)
            return
        self.report["all_s"] = time.monotonic() - self._began
        self.report["cards"] = gallery.model.rowCount()
        self._memory.__exit__()
        self._whole.__exit__()
        self.report |= {
            "memory_mb": self._memory.bytes / 1e6,
            "whole_mb": self._whole.bytes / 1e6,
            "covers": self._covers,
        }
        self.report["by_process_mib"] = _by_process()
        self._window.main.close()


def _by_process() -> list[float]:
    """Private memory now, in MiB: the window's, then what is below it."""
    return [round(private_bytes(pid) / _MIB, 1) for pid in tree(os.getpid())]


def main(home: str, endpoint: str) -> int:
    """Run the app with a collection to open; the exit code."""
    return run_watched(home, lambda services, window: Drive(services, window, endpoint))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
