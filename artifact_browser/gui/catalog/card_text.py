"""The text on cards: fonts, elided lines and chips; measured once per text and width, then only drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QTextLayout

from artifact_browser.gui.common.format import printable

CHIP_PX = 20
_CHIP_PADDING_PX = 14
#: Texts whose lines are remembered: some hundred cards.
_REMEMBERED = 4096


@dataclass(frozen=True)
class TextFont:
    """A font with its metrics; hashed by its name, so that measured texts can be remembered."""

    key: str
    font: QFont
    metrics: QFontMetrics

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TextFont) and other.key == self.key


class CardFonts:
    """The card's fonts, from the view's."""

    def __init__(self, base: QFont) -> None:
        pixels = base.pixelSize() if base.pixelSize() > 0 else 13
        weights = QFont.Weight
        self.title = _font(base, pixels + 1, weights.DemiBold)
        self.fact = _font(base, pixels - 1, weights.Normal)
        self.chip = _font(base, pixels - 2, weights.Medium)
        self.link = _font(base, pixels - 1, weights.DemiBold)


def _font(base: QFont, pixels: int, weight: QFont.Weight) -> TextFont:
    font = QFont(base)
    font.setPixelSize(pixels)
    font.setWeight(weight)
    return TextFont(font.key(), font, QFontMetrics(font))


@lru_cache(_REMEMBERED)
def line_of(text: str, font: TextFont, width: int) -> str:
    """``text`` as it fits into one line, with what cannot be seen made visible."""
    return font.metrics.elidedText(printable(text), Qt.TextElideMode.ElideRight, width)


@lru_cache(_REMEMBERED)
def two_lines_of(text: str, font: TextFont, width: int) -> tuple[str, ...]:
    """``text`` in at most two lines, the second one elided."""
    text = printable(text)
    if not text:
        return ()
    layout = QTextLayout(text, font.font)
    layout.beginLayout()
    first = layout.createLine()
    first.setLineWidth(width)
    end = first.textLength()
    layout.endLayout()
    lines = (text[:end].strip(), text[end:].strip())
    return tuple(font.metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines if line)


@lru_cache(_REMEMBERED)
def chip_width(text: str, font: TextFont) -> int:
    """A chip's width in pixels."""
    return font.metrics.horizontalAdvance(printable(text)) + _CHIP_PADDING_PX


def paint_line(painter: QPainter, inner: QRect, top: int, text: str, font: TextFont, colour: QColor) -> None:
    """One line, ``top`` pixels below the upper edge of ``inner``."""
    _paint_at(painter, inner, top, line_of(text, font, inner.width()), font, colour)


def paint_two_lines(painter: QPainter, inner: QRect, top: int, text: str, font: TextFont, colour: QColor) -> None:
    """At most two lines."""
    for at, line in enumerate(two_lines_of(text, font, inner.width())):
        _paint_at(painter, inner, top + at * font.metrics.height(), line, font, colour)


def paint_chip(painter: QPainter, left: int, top: int, text: str, font: TextFont, colour: QColor, tint: QColor) -> None:
    """A small rounded label."""
    rect = QRectF(QPointF(left, top), QSize(chip_width(text, font), CHIP_PX))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tint)
    painter.drawRoundedRect(rect, CHIP_PX / 2, CHIP_PX / 2)
    painter.setFont(font.font)
    painter.setPen(colour)
    painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), printable(text))


def _paint_at(painter: QPainter, inner: QRect, top: int, line: str, font: TextFont, colour: QColor) -> None:
    painter.setFont(font.font)
    painter.setPen(colour)
    painter.drawText(QPointF(inner.left(), inner.top() + top + font.metrics.ascent()), line)
