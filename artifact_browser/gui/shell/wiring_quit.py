"""Quitting while bytes still move: asked once; what is half-done is tidied up before the window goes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject

from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.widgets import label
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.transfers.transfers_room import TransfersRoom
from artifact_browser.transfers.engine import settle
from artifact_browser.workers.job import Lane


class QuitWiring(QObject):
    """Holds the window's close back while transfers run."""

    def __init__(self, window: MainWindow, transfers: TransfersRoom) -> None:
        super().__init__(window)
        self._window, self._transfers = window, transfers
        self._agreed = False
        self._dialog: AppDialog | None = None
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() is QEvent.Type.Close:
            if self._agreed or not self._transfers.has_running():
                return False
            event.ignore()
            self._ask()
            return True
        return False

    def _ask(self) -> None:
        if self._dialog is not None:
            self._dialog.raise_()
            return
        dialog = AppDialog("Quit", "Stop and quit", self._window, cancel="Keep running", destructive=True)
        dialog.body.addWidget(
            label("Transfers are still running. Quitting stops them; what is finished stays, what is half-done is removed.",
                  wrap=True)
        )  # fmt: skip
        dialog.accepted.connect(self._stop_and_close)
        dialog.finished.connect(self._forget)
        dialog.finished.connect(dialog.deleteLater)
        self._dialog = dialog
        dialog.open()

    def _forget(self) -> None:
        self._dialog = None

    def _stop_and_close(self) -> None:
        self._agreed = True
        self._transfers.cancel_all()
        self._window.setEnabled(False)
        self._window.bridge.run(
            settle, lane=Lane.ENGINE, owner=self, on_done=lambda _: self._close(), on_error=self._close_anyway
        )

    def _close_anyway(self, _: ArtifactBrowserError) -> None:
        self._close()

    def _close(self) -> None:
        self._window.close()
