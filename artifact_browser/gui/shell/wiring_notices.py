"""What went wrong with the app's own files before the window was there: said once, when it is."""

from __future__ import annotations

from PySide6.QtCore import QObject

from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.gui.shell.main_window import MainWindow


class NoticeWiring(QObject):
    """A damaged list of accounts gets a sheet; damaged settings, which cost little, a word in passing."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def start(self) -> None:
        """Called after the first paint."""
        services = self._window.services
        if services.book.damage is not None:
            show_error(self._window, services.book.damage)
        if services.settings.set_aside is not None:
            name = services.settings.set_aside.name
            show_toast(self._window, f"The settings were damaged and start afresh. The old ones are kept as {name}.")
