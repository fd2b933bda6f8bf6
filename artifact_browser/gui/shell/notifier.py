"""Words to a person who looks elsewhere: through the desktop's notification service, else from the tray, else not at all."""

from __future__ import annotations

import weakref
from collections import deque

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSystemTrayIcon

from artifact_browser.gui.common.doorbell import Doorbell
from artifact_browser.gui.common.icons import app_icon
from artifact_browser.gui.shell.notification_service import Note, NotificationService
from artifact_browser.paths import APP_ID

_SHOWN_MS = 10_000


class Notifier(QObject):
    """Lives in the GUI thread and never waits."""

    #: a note was clicked: its key
    chosen = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._clicked: deque[str] = deque()
        self._refused: deque[Note] = deque()
        self._tray: QSystemTrayIcon | None = None
        self._last_key = ""
        self._bell = bell = Doorbell(self)
        bell.rung.connect(self._take)
        clicked, refused = self._clicked, self._refused  # the service's thread knows no Qt object but the bell

        def on_clicked(key: str) -> None:
            clicked.append(key)
            bell.ring()

        def on_refused(note: Note) -> None:
            refused.append(note)
            bell.ring()

        self._service = service = NotificationService(APP_ID, on_clicked, on_refused)
        self.destroyed.connect(service.close)
        weakref.finalize(self, service.close)  # where Python's half goes first, nobody hears "destroyed"

    def show(self, note: Note) -> None:
        self._service.show(note)

    def _take(self) -> None:
        while self._clicked:
            self.chosen.emit(self._clicked.popleft())
        while self._refused:
            self._show_from_tray(self._refused.popleft())

    def _show_from_tray(self, note: Note) -> None:
        if not QSystemTrayIcon.isSystemTrayAvailable() or not QSystemTrayIcon.supportsMessages():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(app_icon(), self)
            self._tray.setToolTip(QGuiApplication.applicationDisplayName())
            self._tray.messageClicked.connect(lambda: self.chosen.emit(self._last_key))
        self._last_key = note.key
        icon = QSystemTrayIcon.MessageIcon.Warning if note.urgent else QSystemTrayIcon.MessageIcon.Information
        self._tray.show()
        self._tray.showMessage(note.title, note.text, icon, _SHOWN_MS)
