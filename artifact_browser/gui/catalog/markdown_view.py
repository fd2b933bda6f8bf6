"""Documentation as a person reads it: blocks from a worker, put into the document a few at a time.

The view loads nothing: no picture, no style, no address. Links are told (:attr:`MarkdownView.link_chosen`), never followed.
A slice of blocks is put down and laid out in a few milliseconds, then the window has its turn.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QFont,
    QFontDatabase,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFrameFormat,
    QTextLength,
    QTextTableFormat,
)
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from artifact_browser.catalog.markdown_text import Block, BlockKind, Run, weight_of
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.palette import palette, tokens

#: A slice ends behind so many seconds, or so much weight: what is put down must be laid out, too.
SLICE_S, SLICE_WEIGHT = 0.006, 3000
_INDENT_PX, _SPACE_PX, _QUOTE_PX = 22, 8, 16
_HEADING_PX = {1: 20, 2: 17, 3: 15}
_TEXT_PX, _CODE_PX = 13, 12


class MarkdownView(QTextBrowser):
    """Accessible name ``Documentation``. Keyboard: Tab from link to link, Enter chooses."""

    #: the address of a link that was clicked or chosen with Enter
    link_chosen = Signal(str)
    #: all blocks are there
    filled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Documentation")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.anchorClicked.connect(
            lambda url: self.link_chosen.emit(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))
        )
        self._blocks: Sequence[Block] = ()
        self._next = 0
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._put_slice)
        palette().changed.connect(self._repaint)

    def show_blocks(self, blocks: Sequence[Block]) -> None:
        """In the place of what was there; the first slice at once, the rest as the window has time."""
        self.clear()
        self._blocks, self._next = blocks, 0
        self._mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
        self._cursor = QTextCursor(self.document())
        self._put_slice()
        if self._next < len(blocks):
            self._timer.start()

    def stop(self) -> None:
        """What is not there yet is left out."""
        self._timer.stop()

    def loadResource(self, kind: int, name: QUrl | str) -> QByteArray:
        """Nothing, whatever is asked for: no file, no address."""
        del kind, name
        return QByteArray()

    def _repaint(self) -> None:
        """Light became dark, or the other way round: colours stand in the text."""
        self.show_blocks(self._blocks)

    # -- inside -------------------------------------------------------------------------------------------------
    def _put_slice(self) -> None:
        end, weight = time.perf_counter() + SLICE_S, 0
        self._cursor.beginEditBlock()
        while self._next < len(self._blocks) and weight < SLICE_WEIGHT and time.perf_counter() < end:
            block = self._blocks[self._next]
            self._put(block, first=not self._next)
            weight += 30 + sum(weight_of(run.text) + 30 for run in block.runs)
            weight += sum(weight_of(run.text) + 60 for row in block.rows for cell in row for run in cell)
            self._next += 1
        self._cursor.endEditBlock()
        if self._next >= len(self._blocks):
            self._timer.stop()
            self.filled.emit()

    def _put(self, block: Block, *, first: bool) -> None:
        if block.kind is BlockKind.TABLE:
            self._put_table(block)
            return
        form = self._block_format(block)
        if first:
            self._cursor.setBlockFormat(form)
        else:
            self._cursor.insertBlock(form)
        if block.marker:
            self._cursor.insertText(f"{block.marker}\u00a0", self._char(Run(""), block))
        for run in block.runs:
            self._cursor.insertText(_visible(run.text), self._char(run, block))

    def _put_table(self, block: Block) -> None:
        form = QTextTableFormat()
        form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        form.setBorderBrush(tokens().line)
        form.setBorder(1)
        form.setBorderCollapse(True)
        form.setCellPadding(5)
        form.setCellSpacing(0)
        form.setTopMargin(_SPACE_PX)
        form.setHeaderRowCount(1)
        form.setWidth(QTextLength(QTextLength.Type.VariableLength, 0))
        columns = max(len(row) for row in block.rows)
        table = self._cursor.insertTable(len(block.rows), columns, form)
        for at, row in enumerate(block.rows):
            for column, cell in enumerate(row):
                cursor = table.cellAt(at, column).firstCursorPosition()
                for run in cell:
                    look = self._char(run, block)
                    if not at:
                        look.setFontWeight(QFont.Weight.DemiBold)
                    cursor.insertText(_visible(run.text), look)
        self._cursor.movePosition(QTextCursor.MoveOperation.End)

    def _block_format(self, block: Block) -> QTextBlockFormat:
        form, colours = QTextBlockFormat(), tokens()
        hang = _INDENT_PX if block.marker else 0
        form.setLeftMargin(block.indent * _INDENT_PX + block.quote * _QUOTE_PX)
        form.setTextIndent(-hang)
        close = block.goes_on or (block.indent and not block.level)
        form.setTopMargin(0 if block.goes_on else _SPACE_PX // 2 if close else _SPACE_PX * (2 if block.level else 1))
        if block.level:
            form.setHeadingLevel(block.level)
        if block.quote:
            form.setBackground(colours.side)
        if block.kind is BlockKind.CODE:
            form.setBackground(colours.hover)
            form.setNonBreakableLines(False)
        if block.kind is BlockKind.RULE:
            form.setProperty(
                QTextBlockFormat.Property.BlockTrailingHorizontalRulerWidth,
                QTextLength(QTextLength.Type.PercentageLength, 100),
            )
        return form

    def _char(self, run: Run, block: Block) -> QTextCharFormat:
        form, colours = QTextCharFormat(), tokens()
        form.setForeground(colours.dim if block.quote and not run.href else colours.text)
        font = QFont(self.font())
        font.setPixelSize(_HEADING_PX.get(block.level, _TEXT_PX))
        if run.code:
            font.setFamily(self._mono)
            font.setPixelSize(_CODE_PX if not block.level else font.pixelSize())
            if block.kind is not BlockKind.CODE:
                form.setBackground(colours.hover)
        font.setItalic(run.italic)
        font.setStrikeOut(run.struck)
        font.setWeight(QFont.Weight.DemiBold if run.bold or block.level else QFont.Weight.Normal)
        if run.href:
            form.setAnchor(True)
            form.setAnchorHref(run.href)
            form.setForeground(colours.accent)
            font.setUnderline(True)
        form.setFont(font)
        if run.href:
            form.setToolTip(run.href)
        return form


def _visible(text: str) -> str:
    """As it is, with what cannot be seen made visible; tabs and breaks stay what they are."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(part if part in {"\t", "\u2028"} else printable(part) for part in _split(text))


def _split(text: str) -> list[str]:
    found, at = [], 0
    for place, letter in enumerate(text):
        if letter in "\t\u2028":
            found += [text[at:place], letter]
            at = place + 1
    return [part for part in [*found, text[at:]] if part]
