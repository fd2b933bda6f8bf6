"""A place in the window that a room fills."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget


class Slot(QWidget):
    """Holds at most one widget, edge to edge."""

    #: a room has moved in
    filled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.widget: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def fill(self, widget: QWidget) -> None:
        """Put ``widget`` here in the place of what was here before, which is destroyed."""
        if self.widget is not None:
            self._column.removeWidget(self.widget)
            self.widget.deleteLater()
        self.widget = widget
        self._column.addWidget(widget)
        self.setFocusProxy(widget)
        self.filled.emit()
