"""Before files are uploaded over committed ones: their bytes are kept, with a word of it and a way to stop."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import jobs
from artifact_browser.catalog.layout import Place
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.toast import Toast, show_toast

_SILENT_MS = 500


class KeepingFirst(QObject):
    """One such job; it ends itself."""

    def __init__(self, bridge: Bridge, window: QWidget) -> None:
        super().__init__(window)
        self._bridge, self._window = bridge, window
        self._task: Task | None = None
        self._toast: Toast | None = None

    def run(
        self, record: AccountRecord, place: Place, local_paths: tuple[str, ...], begin: Callable[[], object]
    ) -> None:
        """Keep what the upload of ``local_paths`` would write over, then ``begin``; an error or a cancel begins nothing."""

        def done(_: int) -> None:
            self._end()
            begin()

        bridge, window = self._bridge, self._window

        def again() -> None:
            KeepingFirst(bridge, window).run(record, place, local_paths, begin)

        def failed(error: ArtifactBrowserError) -> None:
            self._end()
            show_error(window, error, action_label="Try again", action=again)

        self._task = self._bridge.run(
            jobs.keep_replaced, record, place, local_paths, owner=self, on_done=done, on_error=failed
        )
        QTimer.singleShot(_SILENT_MS, self, self._tell)

    def cancel(self) -> None:
        """Upload nothing; copies that are made already stay."""
        if self._task is not None and self._task.running:
            self._task.cancel()
            self._end()
            show_toast(self._window, "Cancelled. Nothing was uploaded.")

    def _tell(self) -> None:
        if self._task is not None and self._task.running:
            self._toast = show_toast(self._window, "Keeping the committed files\u2026", "Cancel", self.cancel)
            self._toast.destroyed.connect(self._toast_gone)
            self._toast.stay()

    def _toast_gone(self) -> None:
        self._toast = None

    def _end(self) -> None:
        if self._toast is not None:
            self._toast.close()
        self.deleteLater()
