"""The known fields of a card as a form. It holds texts; what they mean in the manifest is the worker's to say."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QPlainTextEdit, QScrollArea, QWidget

from artifact_browser.catalog.card_fields import CARD_FIELDS, CardField, Shape
from artifact_browser.catalog.layout import COLLECTION_TYPE
from artifact_browser.gui.catalog.new_artifact_dialog import TYPES
from artifact_browser.gui.common.dialog import captioned
from artifact_browser.gui.common.format import elided, printable
from artifact_browser.gui.common.widgets import Kind, label, set_kind

_PARAGRAPH_PX = 72
_WIDE = frozenset({"description", "tags"})
_ONLY_TEXT = "Has a form of its own: edit it on the page \u201cText\u201d"


class CardForm(QScrollArea):
    """Accessible name ``Card``; each field is named by its label."""

    #: ``(key, text)``: a person changed a field
    edited = Signal(str, str)

    def __init__(self, *, is_collection: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Card")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._is_collection = is_collection
        self._fields: dict[str, QLineEdit | QPlainTextEdit | QComboBox] = {}
        self._hints: dict[str, QLabel] = {}
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 8, 12, 8)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(12)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        row = column = 0
        for field in CARD_FIELDS:
            wide = field.key in _WIDE
            if wide and column:
                row, column = row + 1, 0
            self._add(grid, field, row, column, 2 if wide else 1)
            column += 2 if wide else 1
            if column > 1:
                row, column = row + 1, 0
        grid.setRowStretch(row + 1, 1)
        self.setWidget(page)

    def _add(self, grid: QGridLayout, field: CardField, row: int, column: int, span: int) -> None:
        made = self._make(field)
        group, _ = captioned(field.label, made)
        hint = label("", Kind.HINT, wrap=True)
        group.addWidget(hint)
        group.addStretch(1)
        grid.addLayout(group, row, column, 1, span)
        self._fields[field.key], self._hints[field.key] = made, hint
        self._say(field, "", known=True)

    def _make(self, field: CardField) -> QLineEdit | QPlainTextEdit | QComboBox:
        made: QLineEdit | QPlainTextEdit | QComboBox
        if field.key == "type":
            made = QComboBox()
            made.setEditable(True)
            made.addItems([COLLECTION_TYPE] if self._is_collection else [value for _, value in TYPES])
            made.setEnabled(not self._is_collection)
            made.currentTextChanged.connect(lambda text: self.edited.emit(field.key, text))
        elif field.shape in {Shape.PARAGRAPH, Shape.LINES, Shape.PEOPLE}:
            box = made = QPlainTextEdit()
            box.setFixedHeight(_PARAGRAPH_PX)
            box.setTabChangesFocus(True)
            box.textChanged.connect(lambda: self.edited.emit(field.key, box.toPlainText()))
        else:
            made = QLineEdit()
            made.textChanged.connect(lambda text: self.edited.emit(field.key, text))
        return made

    def show_values(self, values: Mapping[str, str | None]) -> None:
        """Show what the manifest says; ``edited`` is not emitted."""
        for field in CARD_FIELDS:
            made, text = self._fields[field.key], values.get(field.key)
            before = made.blockSignals(True)
            _set_text(made, text or "")
            made.blockSignals(before)
            made.setEnabled(text is not None and not (field.key == "type" and self._is_collection))
            self._say(field, "", known=text is not None)

    def text_of(self, key: str) -> str:
        """What a field says now."""
        made = self._fields[key]
        if isinstance(made, QPlainTextEdit):
            return made.toPlainText()
        return made.currentText() if isinstance(made, QComboBox) else made.text()

    def field(self, key: str) -> QLineEdit | QPlainTextEdit | QComboBox:
        """The widget of a field."""
        return self._fields[key]

    def mark(self, faults: Mapping[str, str]) -> None:
        """Say below fields what is wrong with them."""
        for field in CARD_FIELDS:
            self._say(
                field, faults.get(field.key, ""), known=self._fields[field.key].isEnabled() or self._is_collection
            )

    def go_to(self, key: str) -> bool:
        """Give a field the focus. ``False``: there is none, or it is edited as text."""
        made = self._fields.get(key)
        if made is None or not made.isEnabled():
            return False
        self.ensureWidgetVisible(made)
        made.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def _say(self, field: CardField, fault: str, *, known: bool) -> None:
        hint = self._hints[field.key]
        words = elided(printable(fault), 200) or (field.hint if known else _ONLY_TEXT)
        set_kind(hint, Kind.FAULT if fault else Kind.HINT)
        hint.setText(words)
        hint.setVisible(bool(words))
        self._fields[field.key].setAccessibleDescription(words)


def _set_text(made: QLineEdit | QPlainTextEdit | QComboBox, text: str) -> None:
    if isinstance(made, QComboBox):
        made.setCurrentText(text)
    elif isinstance(made, QPlainTextEdit):
        if made.toPlainText() != text:
            made.setPlainText(text)
    elif made.text() != text:
        made.setText(text)
