"""Calls from other threads, made on the GUI thread in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Slot

from artifact_browser.gui.common.doorbell import Doorbell


class Calls(QObject):
    """Ends with its parent: what is called later is not called then."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._calls: deque[Callable[[], object]] = deque()
        self._bell = Doorbell(self)
        self._bell.rung.connect(self._make)

    def call(self, what: Callable[..., Any], *arguments: object) -> None:
        """From any thread: ``what(*arguments)``, soon, on the GUI thread."""
        self._calls.append(partial(what, *arguments))
        self._bell.ring()

    @Slot()
    def _make(self) -> None:
        while self._calls:
            self._calls.popleft()()
