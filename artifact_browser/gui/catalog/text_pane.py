"""A plain text being edited: fixed font, faults marked in their lines, undo across what the program puts in."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QKeyEvent, QTextCursor, QTextFormat
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from artifact_browser.gui.common.palette import palette, tokens


class TextPane(QPlainTextEdit):
    """``textChanged`` is emitted for what a person types, not for :meth:`replace`. Tab leaves the field."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)
        self._marked: tuple[int, ...] = ()
        palette().changed.connect(self._paint_marks)

    def replace(self, text: str) -> None:
        """Put ``text`` in the place of all; Ctrl+Z brings back what was there."""
        if text == self.toPlainText():
            return
        line = self.textCursor().blockNumber() + 1
        before = self.blockSignals(True)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        self.blockSignals(before)
        self.go_to(line)

    def go_to(self, line: int, column: int = 1) -> None:
        """Put the cursor there; behind the end is the end, and so is line 0: where something is missing."""
        block = self.document().findBlockByNumber(line - 1)
        if line < 1 or not block.isValid():
            block = self.document().lastBlock()
        cursor = QTextCursor(block)
        cursor.setPosition(block.position() + min(max(0, column - 1), block.length() - 1))
        self.setTextCursor(cursor)
        self.centerCursor()

    def mark(self, lines: Iterable[int]) -> None:
        """Tint these lines (from 1): there is a fault in them."""
        self._marked = tuple(sorted({line for line in lines if line > 0}))
        self._paint_marks()

    def marked_lines(self) -> tuple[int, ...]:
        return self._marked

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.modifiers() and not self.isReadOnly():
            text = self.textCursor().block().text()[: self.textCursor().positionInBlock()]
            self.insertPlainText("\n" + text[: len(text) - len(text.lstrip(" "))])  # YAML goes on where it stood
            self.ensureCursorVisible()
            event.accept()
            return
        super().keyPressEvent(event)

    def _paint_marks(self) -> None:
        marks = []
        for line in self._marked:
            block = self.document().findBlockByNumber(line - 1)
            if not block.isValid():
                block = self.document().lastBlock()
            mark = QTextEdit.ExtraSelection()
            mark.format.setBackground(tokens().bad_tint)
            mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            mark.cursor = QTextCursor(block)
            marks.append(mark)
        self.setExtraSelections(marks)
