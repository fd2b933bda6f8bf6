"""One start of the app, or of an empty PySide6 window to compare with, stamped from outside the program.

``python -m benchmarks.startup_window ours HOME`` runs ``app.run`` as a double-click does, with a watched window;
``... empty`` shows a window with nothing in it. Both print ``{"start": ns, "usable": ns, ...}`` on the clock of the
process that measures (CLOCK_MONOTONIC) and end. Painted means: the first paint event of the window, children included,
has been worked off: Qt is back at the caller of its event loop.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

#: What may not be imported before the first paint; the first two never.
HEAVY = ("boto3", "botocore", "keyring", "humanize")
#: How long the window is left running after it is usable, for what it imports late.
_AFTER_MS = 300


def main(which: str, home: str) -> int:
    """Run one start; the exit code."""
    report: dict[str, object] = {}
    code = empty(report) if which == "empty" else ours(home, report)
    print(json.dumps(report), flush=True)
    return code


def empty(report: dict[str, object]) -> int:
    """An empty window."""
    from PySide6.QtWidgets import QApplication, QMainWindow

    qt = QApplication(["empty"])
    window = QMainWindow()
    window.resize(1440, 900)
    on_paint(window, lambda: None, lambda: report.setdefault("painted", "start" not in report))
    window.show()
    qt.processEvents()
    report["start"] = time.monotonic_ns()
    return 0


def ours(home: str, report: dict[str, object]) -> int:
    """The app."""
    from artifact_browser import app
    from artifact_browser.bootstrap import Services
    from artifact_browser.gui.shell.window import Window

    begin = Services.start

    def stamp_and_begin(services: Services) -> None:
        """What ``app.run`` calls when the first paint is over."""
        report["start"] = time.monotonic_ns()
        report["before_paint"] = [name for name in HEAVY if name in sys.modules]
        begin(services)

    setattr(Services, "start", stamp_and_begin)  # noqa: B010

    class Watched(Window):
        def __init__(self, services: Services) -> None:
            super().__init__(services)
            self.browse.view.listing.state_changed.connect(self._listed)
            on_paint(self.main, lambda: None, lambda: report.setdefault("painted", "start" not in report))

        def _listed(self, state: object) -> None:
            view = self.browse.view
            if view.listing.state.status == "complete" and view.listing.model.rowCount():
                view.listing.state_changed.disconnect(self._listed)
                view.table.viewport().update()
                on_paint(view.table.viewport(), self._usable)

        def _usable(self) -> None:
            from PySide6.QtCore import QTimer

            report["usable"] = time.monotonic_ns()
            report["accounts"] = self.browse.tree.model().rowCount()
            report["rows"] = self.browse.view.listing.model.rowCount()
            QTimer.singleShot(_AFTER_MS, self._leave)

        def _leave(self) -> None:
            report["ever"] = [name for name in HEAVY[:2] if name in sys.modules]
            self.main.close()

    setattr(app, "Window", Watched)  # noqa: B010 - what app.run will build
    return app.run(["--home", home])


def on_paint(widget: object, then: Callable[[], object], at: Callable[[], object] = lambda: None) -> None:
    """Call ``at`` at the next paint of ``widget``, and ``then`` when it has been worked off."""
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QWidget

    assert isinstance(widget, QWidget)

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() is QEvent.Type.Paint:
                watched.removeEventFilter(self)
                at()
                QTimer.singleShot(0, then)
                self.deleteLater()
            return False

    widget.installEventFilter(Watch(widget))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
