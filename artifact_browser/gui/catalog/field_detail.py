"""One changed field in full: before and after with the words that differ marked, or the lines that differ.

What differs is struck through or underlined and stands behind a minus or a plus: the tint only helps.
"""

from __future__ import annotations

from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from artifact_browser.catalog.diff_fields import FieldChange
from artifact_browser.catalog.diff_text import Shown, Span
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.palette import palette, tokens

_BEFORE, _AFTER = "\u2212", "+"


class FieldDetail(QTextEdit):
    """Accessible name ``Changed field``; plain text that can be selected and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Changed field")
        self.setReadOnly(True)
        self.setAcceptRichText(False)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._change: FieldChange | None = None
        palette().changed.connect(self._paint)

    def show_change(self, change: FieldChange | None) -> None:
        """In the place of the one before; ``None``: nothing."""
        self._change = change
        self._paint()

    def _paint(self) -> None:
        self.clear()
        change, colours = self._change, tokens()
        if change is None:
            return
        cursor = QTextCursor(self.document())
        cursor.insertText(printable(change.name), _format(colours.text, bold=True))
        if change.lines:
            for line in change.lines:
                tint = {"+": colours.ok_tint, "-": colours.bad_tint}.get(line[:1])
                colour = {"+": colours.ok, "-": colours.bad, "@": colours.dim}.get(line[:1], colours.text)
                cursor.insertBlock()
                cursor.insertText(printable(line), _format(colour, tint))
        elif change.added or change.removed:
            for items, mark, colour, tint in (
                (change.removed, _BEFORE, colours.bad, colours.bad_tint),
                (change.added, _AFTER, colours.ok, colours.ok_tint),
            ):
                for item in items:
                    cursor.insertBlock()
                    cursor.insertText(f"{mark} {printable(item)}", _format(colour, tint))
        else:
            self._put(cursor, change.before, _BEFORE, colours.bad, colours.bad_tint)
            self._put(cursor, change.after, _AFTER, colours.ok, colours.ok_tint)
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _put(self, cursor: QTextCursor, side: Shown | None, mark: str, colour: QColor, tint: QColor) -> None:
        if side is None:
            return
        colours = tokens()
        plain, differs = _format(colours.text), _format(colour, tint)
        differs.setFontStrikeOut(mark == _BEFORE)
        differs.setFontUnderline(mark == _AFTER)
        cursor.insertBlock()
        cursor.insertText(f"{mark} ", _format(colour, bold=True))
        for text, marked in _parts(side.text, side.spans):
            cursor.insertText(_visible(text), differs if marked else plain)
        if side.cut:
            cursor.insertText(f"\u2026 ({side.letters:,} letters)", _format(colours.dim))


def _parts(text: str, spans: tuple[Span, ...]) -> list[tuple[str, bool]]:
    found, at = [], 0
    for start, end in spans:
        found += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [(part, marked) for part, marked in [*found, (text[at:], False)] if part]


def _visible(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))


def _format(colour: QColor, tint: QColor | None = None, *, bold: bool = False) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(colour)
    if tint is not None:
        made.setBackground(tint)
    if bold:
        made.setFontWeight(600)
    return made
