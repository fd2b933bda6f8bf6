"""How a line of the bucket tree is painted: rounded selection, account dot, icons, "read only" at the right."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from artifact_browser.catalog.layout import is_kept_by_catalog
from artifact_browser.gui.browse.bucket_tree_model import NODE_ROLE
from artifact_browser.gui.browse.tree_nodes import Node, NodeKind
from artifact_browser.gui.common.icons import pixmap
from artifact_browser.gui.common.palette import Tokens, tokens

ROW_PX = 30
ICON_PX = 17
_DOT_PX = 9
_READ_ONLY = "read only"


class TreeDelegate(QStyledItemDelegate):
    """Paints what stands right of the branch arrow; the tree paints the row's background and the arrow."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, ROW_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        node: Node = index.data(NODE_ROLE)
        colours = tokens()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        rect = QRect(option.rect)
        if node.kind is NodeKind.ACCOUNT:
            rect.setLeft(self._paint_dot(painter, rect, node))
        elif node.kind is not NodeKind.NOTICE:
            rect.setLeft(self._paint_icon(painter, rect, node, selected, colours))
        if node.read_only:
            rect.setRight(self._paint_hint(painter, rect, option.font, colours))
        font = QFont(option.font)
        if node.kind is NodeKind.ACCOUNT or selected:
            font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        dim = node.kind is NodeKind.NOTICE
        text_colour = colours.dim if is_kept_by_catalog(node.location.key) else colours.text
        painter.setPen(colours.faint if dim else colours.selection_text if selected else text_colour)
        mode = Qt.TextElideMode.ElideRight if dim else Qt.TextElideMode.ElideMiddle
        text = QFontMetrics(font).elidedText(node.shown, mode, rect.width() - 8)
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine), text)

    def _paint_dot(self, painter: QPainter, rect: QRect, node: Node) -> int:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(node.colour))
        painter.drawEllipse(QRectF(rect.left() + 3, rect.center().y() - _DOT_PX / 2 + 1, _DOT_PX, _DOT_PX))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        return rect.left() + _DOT_PX + 12

    def _paint_icon(self, painter: QPainter, rect: QRect, node: Node, selected: bool, colours: Tokens) -> int:
        name = "database" if node.kind is NodeKind.BUCKET else "folder"
        drawn = pixmap(name, colours.accent if selected else colours.dim, ICON_PX, painter.device().devicePixelRatio())
        painter.drawPixmap(QPointF(rect.left(), rect.center().y() - ICON_PX / 2 + 1), drawn)
        return rect.left() + ICON_PX + 8

    def _paint_hint(self, painter: QPainter, rect: QRect, font: QFont, colours: Tokens) -> int:
        small = QFont(font)
        small.setPixelSize(11)
        painter.setFont(small)
        painter.setPen(colours.faint)
        width = QFontMetrics(small).horizontalAdvance(_READ_ONLY) + 8
        place = QRect(rect.right() - width, rect.top(), width - 8, rect.height())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), _READ_ONLY)
        return rect.right() - width
