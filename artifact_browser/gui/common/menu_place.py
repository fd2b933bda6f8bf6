"""Where a view's context menu opens: under the pointer, or at the current row for who uses the keyboard."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QAbstractItemView


def menu_place(view: QAbstractItemView, event: QContextMenuEvent) -> tuple[QModelIndex, QPoint]:
    """The row that is meant (invalid: none) and the global position."""
    by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
    index = view.currentIndex() if by_key else view.indexAt(event.pos())
    if by_key and index.isValid():
        return index, view.viewport().mapToGlobal(view.visualRect(index).center())
    return index, event.globalPos()
