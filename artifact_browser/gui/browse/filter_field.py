"""The filter: what one types narrows the listing a moment later. Accessible name ``Filter``."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from artifact_browser.gui.browse.filter_options import FilterOptions
from artifact_browser.gui.common.icons import icon
from artifact_browser.storage.arrange import Arrangement

_WAIT_MS = 150


class FilterField(QLineEdit):
    """Emits once typing pauses; Esc empties it."""

    #: the text to filter by; empty shows all
    filter_changed = Signal(str)
    #: look for the text in everything below instead
    search_wanted = Signal(str)
    #: ``(Bounds, whether the text is a regular expression)``
    options_changed = Signal(object, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("filter")
        self.setAccessibleName("Filter")
        self.setPlaceholderText("Filter, or *.csv")
        self.setToolTip("Show only names that hold this text, or match a pattern with * and ? (Ctrl+F)")
        self.setClearButtonEnabled(True)
        self.addAction(icon("search", "faint"), QLineEdit.ActionPosition.LeadingPosition).setText("Search")
        below = self.addAction(icon("folder-search", "dim"), QLineEdit.ActionPosition.TrailingPosition)
        below.setText("Search below")
        below.setToolTip("Search in all folders below\u2026 (Ctrl+Shift+F)")
        below.triggered.connect(lambda: self.search_wanted.emit(self.text()))
        self.options = FilterOptions(self)
        self.options.options_changed.connect(self._show_options)
        self.options.options_changed.connect(self.options_changed)
        self._more = self.addAction(icon("sliders-horizontal", "dim"), QLineEdit.ActionPosition.TrailingPosition)
        self._more.setText("Filter options")
        self._more.setToolTip("Size, time, storage class, regular expression (Alt+Down)")
        self._more.triggered.connect(lambda: self.options.open_below(self))
        self.setFixedHeight(36)
        self._pause = QTimer(self, interval=_WAIT_MS, singleShot=True)
        self._pause.timeout.connect(lambda: self.filter_changed.emit(self.text()))
        self.textEdited.connect(lambda _: self._pause.start())
        self.textChanged.connect(self._cleared)

    def show_arrangement(self, arrangement: Arrangement) -> None:
        """Show what filters, without filtering by it again (another place was opened)."""
        self.show_text(arrangement.text)
        self.options.show_options(arrangement.bounds, expression=arrangement.expression)
        self._show_options()

    def reset(self) -> None:
        """Show every row."""
        self.clear()
        self.options.clear()

    def _show_options(self) -> None:
        """Conditions that nobody sees must not hide rows: the icon says that there are some."""
        self._more.setIcon(icon("sliders-horizontal", "accent" if self.options.is_set else "dim"))

    def show_text(self, text: str) -> None:
        """Show a text without filtering by it again (another place was opened)."""
        if text != self.text():
            self.blockSignals(True)
            self.setText(text)
            self.blockSignals(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and (self.text() or self.options.is_set):
            self.reset()
            return
        if event.key() == Qt.Key.Key_Down and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.options.open_below(self)
            return
        super().keyPressEvent(event)

    def _cleared(self, text: str) -> None:
        if not text:
            self._pause.stop()
            self.filter_changed.emit("")
