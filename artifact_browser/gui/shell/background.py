"""Going on without a window: it is hidden, transfers run, and the program ends by itself when they are done.

The way back is another start of the program (see ``instance.py``), the notification, and an icon in the tray where there
is a tray; never the tray alone.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from artifact_browser.gui.common.format import count
from artifact_browser.gui.common.icons import app_icon
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.notification_service import Note
from artifact_browser.gui.shell.notifier import Notifier
from artifact_browser.gui.transfers.transfers_room import TransfersRoom

LOOK_MS = 1000
#: so often nothing may run before it is over: what follows a transfer (a commit) may just begin
LOOKS = 5
_KEY = "background"


class Background(QObject):
    """Ends when the window is shown, whoever shows it."""

    #: nothing runs any more, and nobody has come back: time to end
    over = Signal()
    #: the tray's "Pause and quit"
    quit_wanted = Signal()

    def __init__(self, window: MainWindow, transfers: TransfersRoom, notifier: Notifier) -> None:
        super().__init__(window)
        self._window, self._transfers, self._notifier = window, transfers, notifier
        self._idle = 0
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._tray: QSystemTrayIcon | None = None
        window.installEventFilter(self)
        transfers.answer_wanted.connect(self._come_back)

    @property
    def active(self) -> bool:
        return self._timer.isActive()

    def enter(self) -> None:
        """Hide the window; say where it went."""
        self._idle = 0
        self._timer.start()
        self._window.hide()
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._show_tray()
        running = sum(handle.running for handle in self._transfers.queue.handles)
        words = f"{count(running, 'transfer')} in the background. Start Artifact Browser again to see the window."
        self._notifier.show(Note(_KEY, "Artifact Browser goes on", words))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() is QEvent.Type.Show:
            self.leave()
        return False

    def leave(self) -> None:
        """The window is there again, or the program ends."""
        self._timer.stop()
        if self._tray is not None:
            self._tray.hide()

    def _look(self) -> None:
        self._idle = 0 if self._transfers.has_running() else self._idle + 1
        if self._idle >= LOOKS:
            self.leave()
            self.over.emit()

    def _come_back(self) -> None:
        """A question would hang in the air without its window."""
        if self.active:
            self._window.raise_to_front()

    def _show_tray(self) -> None:
        if self._tray is None:
            self._tray = QSystemTrayIcon(app_icon(), self)
            self._tray.setToolTip("Artifact Browser")
            menu = QMenu(self._window)
            menu.addAction("Show").triggered.connect(self._window.raise_to_front)
            menu.addAction("Pause and quit").triggered.connect(self.quit_wanted)
            self._tray.setContextMenu(menu)
            self._tray.activated.connect(self._on_tray)
        self._tray.show()

    def _on_tray(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is not QSystemTrayIcon.ActivationReason.Context:
            self._window.raise_to_front()
