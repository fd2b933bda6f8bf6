"""Quitting while bytes still move: asked once. They go on in the background, or are put down in good order before the
window goes.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject

from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.widgets import Kind, label
from artifact_browser.gui.shell.background import Background
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.notifier import Notifier
from artifact_browser.gui.transfers.transfers_room import TransfersRoom
from artifact_browser.transfers.engine import settle
from artifact_browser.workers.job import Lane


class QuitWiring(QObject):
    """Holds the window's close back while transfers run."""

    def __init__(self, window: MainWindow, transfers: TransfersRoom, notifier: Notifier) -> None:
        super().__init__(window)
        self._window, self._transfers = window, transfers
        self.background = Background(window, transfers, notifier)
        self.background.over.connect(self._settle_and_close)
        self.background.quit_wanted.connect(self._stop_and_close)
        self._agreed = False
        self._dialog: AppDialog | None = None
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() is QEvent.Type.Close:
            if self._agreed or not self._transfers.has_running():
                return False
            event.ignore()
            if self.background.active:  # told to end from outside: there is nobody to ask
                self._stop_and_close()
            else:
                self._ask()
            return True
        return False

    def _ask(self) -> None:
        if self._dialog is not None:
            self._dialog.raise_()
            return
        dialog = AppDialog("Quit", "Pause and quit", self._window, cancel="Keep running")
        words = (
            "Transfers are still running. When they pause now, they are in the list at the next start, and go on where"
        )
        words += " they were when you continue them."
        if self._transfers.has_delete_running():
            words += " The delete stops: what is not deleted yet stays."
        dialog.body.addWidget(label(words, wrap=True))
        words = "In the background they go on without the window, and Artifact Browser ends when they are done. Start it again to"
        dialog.body.addWidget(label(f"{words} see the window.", Kind.DIM, wrap=True))
        keep = dialog.add_secondary("Keep in background")
        keep.clicked.connect(dialog.reject)
        keep.clicked.connect(self.background.enter)
        dialog.accepted.connect(self._stop_and_close)
        dialog.finished.connect(self._forget)
        dialog.finished.connect(dialog.deleteLater)
        self._dialog = dialog
        dialog.open()

    def _forget(self) -> None:
        self._dialog = None

    def _stop_and_close(self) -> None:
        self._transfers.put_down()
        self._settle_and_close()

    def _settle_and_close(self) -> None:
        self._agreed = True
        self._window.setEnabled(False)
        self._window.bridge.run(
            settle, lane=Lane.ENGINE, owner=self, on_done=lambda _: self._close(), on_error=self._close_anyway
        )

    def _close_anyway(self, _: ArtifactBrowserError) -> None:
        self._close()

    def _close(self) -> None:
        self.background.leave()
        self._window.close()
