"""How a card is painted: cover, status, title, two lines, tags, version; a broken manifest in red with its place."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from artifact_browser.catalog.card import Card, Status
from artifact_browser.gui.catalog.card_art import RADIUS_PX, CardArt
from artifact_browser.gui.catalog.covers import CoverLoader
from artifact_browser.gui.catalog.gallery_model import GalleryModel
from artifact_browser.gui.catalog.type_chips import type_word
from artifact_browser.gui.common.palette import Tokens, tokens

#: Half the space between two cards.
GUTTER_PX = 8
COVER_PX = 108
CARD_PX = 252
_PADDING_PX = 13
_CHIP_PX = 20
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
        fonts = _Fonts(option.font)
        surface = colours.panel if colours.dark else colours.background
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(surface)
        painter.drawRoundedRect(QRectF(rect), RADIUS_PX, RADIUS_PX)
        painter.drawPixmap(rect.topLeft(), self._cover(card, QSize(rect.width(), COVER_PX), painter, colours))
        self._paint_chip(painter, rect, card, fonts, colours)
        inner = rect.adjusted(_PADDING_PX, COVER_PX, -_PADDING_PX, 0)
        _paint_line(painter, inner, _TITLE_TOP, card.title, fonts.title, colours.text)
        if card.status is Status.BROKEN:
            self._paint_broken(painter, inner, card, fonts, colours)
        else:
            self._paint_facts(painter, inner, card, fonts, colours)
        self._paint_border(painter, rect, card, index.row(), option, colours)
        painter.restore()

    def open_manifest_rect(self, cell: QRect, font: QFont) -> QRect:
        """Where a broken card's link is."""
        rect = card_rect(cell)
        width = QFontMetrics(_Fonts(font).link).horizontalAdvance(OPEN_MANIFEST)
        return QRect(rect.left() + _PADDING_PX - 4, rect.bottom() - _FOOT_PX, width + 8, 28)

    def _cover(self, card: Card, size: QSize, painter: QPainter, colours: Tokens) -> QPixmap:
        ratio = painter.device().devicePixelRatio()
        if card.status is Status.BROKEN:
            return self.art.plain(colours.bad_tint, "triangle-alert", colours.bad, size, ratio)
        picture = self._covers.picture(card)
        if picture is not None:
            return self.art.picture(card.prefix, picture, size, ratio)
        return self.art.gradient(card.id, card.type, size, ratio)

    def _paint_chip(self, painter: QPainter, rect: QRect, card: Card, fonts: _Fonts, colours: Tokens) -> None:
        if card.status not in _CHIPS:
            return
        text, colour, tint = _CHIPS[card.status]
        _paint_chip(
            painter, rect.left() + 9, rect.top() + 9, text, fonts.chip, getattr(colours, colour), getattr(colours, tint)
        )

    def _paint_facts(self, painter: QPainter, inner: QRect, card: Card, fonts: _Fonts, colours: Tokens) -> None:
        _paint_lines(painter, inner, _TEXT_TOP, card.description, fonts.fact, colours.dim)
        left = inner.left()
        for tag in card.tags:
            width = _chip_width(tag, fonts.chip)
            if left + width > inner.right():
                break
            _paint_chip(painter, left, inner.top() + _TAGS_TOP, tag, fonts.chip, colours.dim, colours.hover)
            left += width + 6
        foot = QRect(inner.left(), inner.bottom() - _FOOT_PX, inner.width(), 28)
        painter.setFont(fonts.fact)
        painter.setPen(colours.dim)
        version = card.version if not card.version[:1].isdigit() else f"v{card.version}"
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignVCenter), _elided(version, fonts.fact, foot.width() // 2))
        right = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        painter.setPen(colours.faint)
        painter.drawText(foot, right, _elided(type_word(card.type), fonts.fact, foot.width() // 2))

    def _paint_broken(self, painter: QPainter, inner: QRect, card: Card, fonts: _Fonts, colours: Tokens) -> None:
        place, _, problem = _error_parts(card.error)
        _paint_line(painter, inner, _TEXT_TOP, place, fonts.fact, colours.bad)
        _paint_lines(painter, inner, _TEXT_TOP + 20, problem, fonts.fact, colours.dim)
        painter.setFont(fonts.link)
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


class _Fonts:
    """The card's fonts, from the view's."""

    def __init__(self, base: QFont) -> None:
        pixels = base.pixelSize() if base.pixelSize() > 0 else 13
        self.title = QFont(base)
        self.title.setPixelSize(pixels + 1)
        self.title.setWeight(QFont.Weight.DemiBold)
        self.fact = QFont(base)
        self.fact.setPixelSize(pixels - 1)
        self.chip = QFont(base)
        self.chip.setPixelSize(pixels - 2)
        self.chip.setWeight(QFont.Weight.Medium)
        self.link = QFont(base)
        self.link.setPixelSize(pixels - 1)
        self.link.setWeight(QFont.Weight.DemiBold)


def card_rect(cell: QRect) -> QRect:
    """The card inside its cell of the grid."""
    return QRect(cell).adjusted(GUTTER_PX, GUTTER_PX, -GUTTER_PX, -GUTTER_PX)


def _error_parts(error: str) -> tuple[str, str, str]:
    """``manifest.yaml: line 7, column 3`` and the problem behind it."""
    name, _, rest = error.partition(": ")
    if rest.startswith("line ") and ": " in rest:
        place, _, problem = rest.partition(": ")
        return f"{name}: {place}", ": ", problem
    return (name, ": ", rest) if rest and len(name) < 32 else ("The manifest cannot be read", ": ", error)


def _elided(text: str, font: QFont, width: int) -> str:
    return QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, width)


def _paint_line(painter: QPainter, inner: QRect, top: int, text: str, font: QFont, colour: QColor) -> None:
    painter.setFont(font)
    painter.setPen(colour)
    where = QRect(inner.left(), inner.top() + top, inner.width(), QFontMetrics(font).height())
    painter.drawText(where, int(Qt.TextFlag.TextSingleLine), _elided(text, font, inner.width()))


def _paint_lines(painter: QPainter, inner: QRect, top: int, text: str, font: QFont, colour: QColor) -> None:
    """At most two lines, the second one elided."""
    if not text:
        return
    layout = QTextLayout(text, font)
    layout.setTextOption(QTextOption(Qt.AlignmentFlag.AlignLeft))
    layout.beginLayout()
    first = layout.createLine()
    first.setLineWidth(inner.width())
    end = first.textLength()
    layout.endLayout()
    _paint_line(painter, inner, top, text[:end].rstrip(), font, colour)
    if end < len(text):
        _paint_line(painter, inner, top + QFontMetrics(font).height(), text[end:].strip(), font, colour)


def _chip_width(text: str, font: QFont) -> int:
    return QFontMetrics(font).horizontalAdvance(text) + 14


def _paint_chip(painter: QPainter, left: int, top: int, text: str, font: QFont, colour: QColor, tint: QColor) -> None:
    rect = QRectF(QPointF(left, top), QSize(_chip_width(text, font), _CHIP_PX))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tint)
    painter.drawRoundedRect(rect, _CHIP_PX / 2, _CHIP_PX / 2)
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), text)
