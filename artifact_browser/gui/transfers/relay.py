"""From the readers' threads to the GUI thread: what changed, at most ten times a second, however much it is."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from artifact_browser.gui.common.doorbell import Doorbell
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.policy import ConflictFound, Decision

TICK_MS = 100


class TransferRelay(QObject):
    """A :class:`~artifact_browser.transfers.handle.TransferListener`; its signals come on the GUI thread."""

    #: handles that changed since the last time (``list``)
    changed = Signal(object)
    #: ``(handle, question, answer)``
    conflict_found = Signal(object, object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._waiting: dict[TransferHandle, None] = {}
        self._conflicts: deque[tuple[TransferHandle, ConflictFound, Callable[[Decision | None], None]]] = deque()
        self._timer = QTimer(self, singleShot=True, interval=TICK_MS)
        self._timer.timeout.connect(self._tell)
        self._bell = Doorbell(self)
        self._bell.rung.connect(self._answer_bell)

    def on_changed(self, handle: TransferHandle) -> None:
        with self._lock:
            first = not self._waiting
            self._waiting[handle] = None
        if first:
            self._bell.ring()

    def on_conflict(
        self, handle: TransferHandle, question: ConflictFound, answer: Callable[[Decision | None], None]
    ) -> None:
        self._conflicts.append((handle, question, answer))
        if not self._bell.ring():
            answer(None)

    def _answer_bell(self) -> None:
        while self._conflicts:
            self.conflict_found.emit(*self._conflicts.popleft())
        if self._waiting and not self._timer.isActive():
            self._timer.start()

    def _tell(self) -> None:
        with self._lock:
            changed = list(self._waiting)
            self._waiting.clear()
        self.changed.emit(changed)
