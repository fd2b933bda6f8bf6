"""Aliases as chips in a table's cell; ``latest`` is the accented one."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from artifact_browser.catalog.aliases import LATEST
from artifact_browser.gui.catalog.versions_model import ALIASES_ROLE
from artifact_browser.gui.common.format import elided, printable
from artifact_browser.gui.common.palette import tokens

_HEIGHT_PX, _PADDING_PX, _GAP_PX = 20, 8, 6
_LETTERS = 24


class AliasChips(QStyledItemDelegate):
    """Paints over the cell's own background; what has no room is counted, and stands in the tooltip."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        bare = QStyleOptionViewItem(option)
        self.initStyleOption(bare, index)
        bare.text = ""
        bare.widget.style().drawControl(bare.widget.style().ControlElement.CE_ItemViewItem, bare, painter, bare.widget)
        colours = tokens()
        painter.save()
        painter.setClipRect(option.rect)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetrics(option.font)
        left = option.rect.left() + _GAP_PX
        names = index.data(ALIASES_ROLE) or ()
        for at, name in enumerate(names):
            text = elided(printable(name), _LETTERS)
            width = metrics.horizontalAdvance(text) + 2 * _PADDING_PX
            more = metrics.horizontalAdvance("+99") if at + 1 < len(names) else 0
            if at and left + width + more > option.rect.right():
                painter.setPen(
                    colours.selection_text if option.state & QStyle.StateFlag.State_Selected else colours.dim
                )
                rest = QRectF(left, option.rect.top(), option.rect.right() - left, option.rect.height())
                painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, f"+{len(names) - at}")
                break
            chip = QRectF(left, option.rect.center().y() - _HEIGHT_PX / 2 + 0.5, width, _HEIGHT_PX)
            painter.setPen(colours.accent if name == LATEST else colours.line)
            painter.setBrush(colours.background)
            painter.drawRoundedRect(chip, _HEIGHT_PX / 2, _HEIGHT_PX / 2)
            painter.setPen(colours.accent if name == LATEST else colours.text)
            painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)
            left += round(width) + _GAP_PX
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, _HEIGHT_PX + 6)
