"""Keys that a view keeps from the window's actions while it has the focus."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent


def keeps_key(event: QEvent, key: Qt.Key) -> bool:
    """For ``event()``: accepts what asks whether ``key`` is the view's own. Whether it was that."""
    if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent) or event.key() != key:
        return False
    event.accept()
    return True
