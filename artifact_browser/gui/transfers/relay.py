"""From the readers' threads to the GUI thread: what changed, at most ten times a second, however much it is."""

from __future__ import annotations

import threading
from collections.abc import Callable

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.policy import ConflictFound, Policy

TICK_MS = 100


class TransferRelay(QObject):
    """A :class:`~artifact_browser.transfers.handle.TransferListener`; its signals come on the GUI thread."""

    #: handles that changed since the last time (``list``)
    changed = Signal(object)
    #: ``(handle, question, answer)``
    conflict_found = Signal(object, object, object)
    _woken = Signal()
    _asked = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._waiting: dict[TransferHandle, None] = {}
        self._timer = QTimer(self, singleShot=True, interval=TICK_MS)
        self._timer.timeout.connect(self._tell)
        self._woken.connect(self._arm, Qt.ConnectionType.QueuedConnection)
        self._asked.connect(self.conflict_found, Qt.ConnectionType.QueuedConnection)

    def on_changed(self, handle: TransferHandle) -> None:
        with self._lock:
            first = not self._waiting
            self._waiting[handle] = None
        if first and shiboken6.isValid(self):
            self._woken.emit()

    def on_conflict(
        self, handle: TransferHandle, question: ConflictFound, answer: Callable[[Policy | None], None]
    ) -> None:
        if shiboken6.isValid(self):
            self._asked.emit(handle, question, answer)
        else:
            answer(None)

    def _arm(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _tell(self) -> None:
        with self._lock:
            changed = list(self._waiting)
            self._waiting.clear()
        self.changed.emit(changed)
