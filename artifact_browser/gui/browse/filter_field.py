"""The filter: what one types narrows the listing a moment later. Accessible name ``Filter``."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from artifact_browser.gui.common.icons import icon

_WAIT_MS = 150


class FilterField(QLineEdit):
    """Emits once typing pauses; Esc empties it."""

    #: the text to filter by; empty shows all
    filter_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("filter")
        self.setAccessibleName("Filter")
        self.setPlaceholderText("Filter, or *.parquet")
        self.setToolTip("Show only names that hold this text, or match a pattern with * and ? (Ctrl+F)")
        self.setClearButtonEnabled(True)
        self.addAction(icon("search", "faint"), QLineEdit.ActionPosition.LeadingPosition).setText("Search")
        self.setFixedHeight(36)
        self._pause = QTimer(self, interval=_WAIT_MS, singleShot=True)
        self._pause.timeout.connect(lambda: self.filter_changed.emit(self.text()))
        self.textEdited.connect(lambda _: self._pause.start())
        self.textChanged.connect(self._cleared)

    def show_text(self, text: str) -> None:
        """Show a text without filtering by it again (another place was opened)."""
        if text != self.text():
            self.blockSignals(True)
            self.setText(text)
            self.blockSignals(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            return
        super().keyPressEvent(event)

    def _cleared(self, text: str) -> None:
        if not text:
            self._pause.stop()
            self.filter_changed.emit("")
