"""How a row of the blob table is painted: rounded when selected, names with an icon, facts dim, figures tabular."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from artifact_browser.gui.browse.entry import Entry
from artifact_browser.gui.browse.listing_model import ListingModel, TableColumn, is_kept
from artifact_browser.gui.browse.row_selection import RowSelection
from artifact_browser.gui.browse.type_icons import icon_name
from artifact_browser.gui.common.icons import pixmap
from artifact_browser.gui.common.palette import Tokens, tokens

ICON_PX = 18
PADDING_PX = 12
RADIUS_PX = 6
#: Space between the table's edge and the rounded row.
INSET_PX = 6
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight | Qt.TextFlag.TextSingleLine)


class BlobDelegate(QStyledItemDelegate):
    """Paints from the model's entry directly: one look at the columns a cell instead of seven roles."""

    #: the row a drag hovers over; -1 for none
    drop_row = -1
    #: the row the pointer is over; -1 for none
    hover_row = -1

    def __init__(self, selection: RowSelection, parent: QObject) -> None:
        super().__init__(parent)
        self._selection = selection

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        assert isinstance(model, ListingModel)
        colours = tokens()
        row, column = index.row(), index.column()
        selected = self._selection.holds(row)
        self._paint_background(painter, option, row, column, selected, colours)
        entry = model.entry(row)
        rect = QRect(option.rect).adjusted(PADDING_PX, 0, -PADDING_PX, 0)
        if column == TableColumn.NAME:
            rect.setLeft(rect.left() + INSET_PX)
            self._paint_icon(painter, rect, entry, selected, colours)
            rect.setLeft(rect.left() + ICON_PX + 10)
        text = model.text(entry, column)
        if text:
            self._paint_text(painter, rect, text, entry, column, selected, option.font, colours)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, 34)

    def _paint_background(
        self, painter: QPainter, option: QStyleOptionViewItem, row: int, column: int, selected: bool, colours: Tokens
    ) -> None:
        if row == self.drop_row:
            colour = colours.ok_tint
        elif selected:
            colour = colours.selection
        elif row == self.hover_row:
            colour = colours.hover
        else:
            return
        rect = QRectF(option.rect).adjusted(0, 1, 0, -1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(_row_shape(rect, first=column == 0, last=column == TableColumn.CLASS), colour)

    def _paint_icon(self, painter: QPainter, rect: QRect, entry: Entry, selected: bool, colours: Tokens) -> None:
        plain = entry.is_blob or is_kept(entry)
        colour = colours.dim if plain and not selected else colours.accent
        drawn = pixmap(icon_name(entry), colour, ICON_PX, painter.device().devicePixelRatio())
        painter.drawPixmap(QPointF(rect.left(), rect.center().y() - ICON_PX / 2 + 1), drawn)

    def _paint_text(
        self,
        painter: QPainter,
        rect: QRect,
        text: str,
        entry: Entry,
        column: int,
        selected: bool,
        font: QFont,
        colours: Tokens,
    ) -> None:
        is_name = column == TableColumn.NAME
        painter.setPen(_text_colour(text, entry, column, selected, colours))
        if is_name and selected:
            font = QFont(font)
            font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        flags = _RIGHT if column == TableColumn.SIZE else _LEFT
        mode = Qt.TextElideMode.ElideMiddle if is_name else Qt.TextElideMode.ElideRight
        shown = QFontMetrics(font).elidedText(text, mode, rect.width())
        painter.drawText(rect, flags, shown)


def _text_colour(text: str, entry: Entry, column: int, selected: bool, colours: Tokens) -> QColor:
    if column == TableColumn.NAME:
        if text.startswith("(") and not entry.name_below(""):
            return colours.faint
        return colours.selection_text if selected else colours.dim if is_kept(entry) else colours.text
    if column == TableColumn.SIZE:
        return colours.text
    return colours.dim


def _row_shape(rect: QRectF, *, first: bool, last: bool) -> QPainterPath:
    """A row's cell: the first is round at the left, the last at the right, those between are square."""
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    if first:
        rect.setLeft(rect.left() + INSET_PX)
    if last:
        rect.setRight(rect.right() - INSET_PX)
    if not (first or last):
        path.addRect(rect)
        return path
    path.addRoundedRect(rect, RADIUS_PX, RADIUS_PX)
    square = QRectF(rect)
    if first:
        square.setLeft(rect.left() + RADIUS_PX)
    if last:
        square.setRight(rect.right() - RADIUS_PX)
    path.addRect(square)
    return path
