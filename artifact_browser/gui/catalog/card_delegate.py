"""How a card is painted: cover, status, title, two lines, tags, version; a broken manifest in red with its place."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from artifact_browser.catalog.card import Card, Status
from artifact_browser.catalog.stats import Counts
from artifact_browser.gui.catalog.card_art import RADIUS_PX, CardArt
from artifact_browser.gui.catalog.card_text import (
    CardFonts,
    chip_width,
    line_of,
    paint_chip,
    paint_line,
    paint_two_lines,
)
from artifact_browser.gui.catalog.count_words import downloads_words
from artifact_browser.gui.catalog.covers import CoverLoader
from artifact_browser.gui.catalog.gallery_model import GalleryModel
from artifact_browser.gui.catalog.type_chips import type_word
from artifact_browser.gui.common.palette import Tokens, tokens

#: Half the space between two cards.
GUTTER_PX = 8
COVER_PX = 108
CARD_PX = 252
_PADDING_PX = 13
_TITLE_TOP = 12
_TEXT_TOP = 35
_TAGS_TOP = 77
_FOOT_PX = 36
OPEN_MANIFEST = "Open manifest"
_CHIPS = {
    Status.STAGED: ("staged", "selection_text", "selection"),
    Status.STAGED_EDIT: ("staged edit", "warning", "warning_tint"),
}


class CardDelegate(QStyledItemDelegate):
    """Paints from the model's cards directly."""

    #: the row the pointer is over, the row a drop would go to; -1 for none
    hover_row = -1
    drop_row = -1

    def __init__(self, covers: CoverLoader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._covers = covers
        self.art = CardArt()
        self._fonts: CardFonts | None = None
        self._fonts_base = QFont()
        self.cell = QSize(280, CARD_PX + 2 * GUTTER_PX)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return self.cell

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        assert isinstance(model, GalleryModel)
        card = model.card(index.row())
        colours = tokens()
        rect = card_rect(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fonts = self._fonts_for(option.font)
        surface = colours.panel if colours.dark else colours.background
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(surface)
        painter.drawRoundedRect(QRectF(rect), RADIUS_PX, RADIUS_PX)
        painter.drawPixmap(rect.topLeft(), self._cover(card, QSize(rect.width(), COVER_PX), painter, colours))
        self._paint_chip(painter, rect, card, fonts, colours)
        inner = rect.adjusted(_PADDING_PX, COVER_PX, -_PADDING_PX, 0)
        paint_line(painter, inner, _TITLE_TOP, card.title, fonts.title, colours.text)
        if card.status is Status.BROKEN:
            self._paint_broken(painter, inner, card, fonts, colours)
        else:
            counts = model.counts_of(card.prefix)
            self._paint_facts(painter, inner, card, counts, fonts, colours)
        self._paint_border(painter, rect, card, index.row(), option, colours)
        painter.restore()

    def open_manifest_rect(self, cell: QRect, font: QFont) -> QRect:
        """Where a broken card's link is."""
        rect = card_rect(cell)
        width = self._fonts_for(font).link.metrics.horizontalAdvance(OPEN_MANIFEST)
        return QRect(rect.left() + _PADDING_PX - 4, rect.bottom() - _FOOT_PX, width + 8, 28)

    def _fonts_for(self, base: QFont) -> CardFonts:
        if self._fonts is None or base != self._fonts_base:
            self._fonts, self._fonts_base = CardFonts(base), QFont(base)
        return self._fonts

    def _cover(self, card: Card, size: QSize, painter: QPainter, colours: Tokens) -> QPixmap:
        ratio = painter.device().devicePixelRatio()
        if card.status is Status.BROKEN:
            return self.art.plain(colours.bad_tint, "triangle-alert", colours.bad, size, ratio)
        picture = self._covers.picture(card)
        if picture is not None:
            return self.art.picture(card.prefix, picture, size, ratio)
        return self.art.gradient(card.id, card.type, size, ratio)

    def _paint_chip(self, painter: QPainter, rect: QRect, card: Card, fonts: CardFonts, colours: Tokens) -> None:
        if card.status not in _CHIPS:
            return
        text, colour, tint = _CHIPS[card.status]
        paint_chip(
            painter, rect.left() + 9, rect.top() + 9, text, fonts.chip, getattr(colours, colour), getattr(colours, tint)
        )

    def _paint_facts(
        self, painter: QPainter, inner: QRect, card: Card, counts: Counts | None, fonts: CardFonts, colours: Tokens
    ) -> None:
        paint_two_lines(painter, inner, _TEXT_TOP, card.description, fonts.fact, colours.dim)
        left = inner.left()
        for tag in card.tags:
            width = chip_width(tag, fonts.chip)
            if left + width > inner.right():
                break
            paint_chip(painter, left, inner.top() + _TAGS_TOP, tag, fonts.chip, colours.dim, colours.hover)
            left += width + 6
        foot = QRect(inner.left(), inner.bottom() - _FOOT_PX, inner.width(), 28)
        painter.setFont(fonts.fact.font)
        painter.setPen(colours.dim)
        kind = line_of(type_word(card.type), fonts.fact, foot.width() // 2)
        version = card.version if not card.version[:1].isdigit() else f"v{card.version}"
        words = " \u00b7 ".join(part for part in (version, downloads_words(counts) if counts else "") if part)
        room = foot.width() - fonts.fact.metrics.horizontalAdvance(kind) - 8
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignVCenter), line_of(words, fonts.fact, room))
        right = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        painter.setPen(colours.faint)
        painter.drawText(foot, right, kind)

    def _paint_broken(self, painter: QPainter, inner: QRect, card: Card, fonts: CardFonts, colours: Tokens) -> None:
        place, problem = _error_parts(card.error)
        paint_line(painter, inner, _TEXT_TOP, place, fonts.fact, colours.bad)
        paint_two_lines(painter, inner, _TEXT_TOP + 20, problem, fonts.fact, colours.dim)
        painter.setFont(fonts.link.font)
        painter.setPen(colours.accent)
        foot = QRect(inner.left(), inner.bottom() - _FOOT_PX, inner.width(), 28)
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignVCenter), OPEN_MANIFEST)

    def _paint_border(
        self, painter: QPainter, rect: QRect, card: Card, row: int, option: QStyleOptionViewItem, colours: Tokens
    ) -> None:
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        focused = selected and bool(option.state & QStyle.StateFlag.State_HasFocus)
        colour, width = colours.line, 1.0
        if row == self.drop_row:
            colour, width = colours.ok, 2.0
        elif card.status is Status.BROKEN:
            colour, width = colours.bad, 2.0 if selected else 1.0
        elif selected:
            colour, width = colours.accent, 2.0 if focused else 1.5
        elif row == self.hover_row:
            colour = colours.faint
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, width))
        half = width / 2
        painter.drawRoundedRect(QRectF(rect).adjusted(half, half, -half, -half), RADIUS_PX - half, RADIUS_PX - half)


def card_rect(cell: QRect) -> QRect:
    """The card inside its cell of the grid."""
    return QRect(cell).adjusted(GUTTER_PX, GUTTER_PX, -GUTTER_PX, -GUTTER_PX)


def _error_parts(error: str) -> tuple[str, str]:
    """``manifest.yaml: line 7, column 3`` and the problem behind it."""
    name, _, rest = error.partition(": ")
    if rest.startswith("line ") and ": " in rest:
        place, _, problem = rest.partition(": ")
        return f"{name}: {place}", problem
    return (name, rest) if rest and len(name) < 32 else ("The manifest cannot be read", error)
