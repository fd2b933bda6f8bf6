"""The share of a row: a small bar, and the number beside it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from artifact_browser.gui.common.palette import tokens
from artifact_browser.gui.usage.amounts_model import SHARE_ROLE

_BAR_PX = 6
_WORDS_PX = 58


class ShareDelegate(QStyledItemDelegate):
    """For the column of shares alone."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours = tokens()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(option.rect, colours.selection)
        rect = QRect(option.rect).adjusted(4, 0, -4, 0)
        words = QRect(rect.right() - _WORDS_PX, rect.top(), _WORDS_PX, rect.height())
        painter.setPen(colours.selection_text if selected else colours.dim)
        painter.setFont(option.font)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), index.data())
        bar = QRectF(rect.left(), rect.center().y() - _BAR_PX / 2 + 0.5, rect.width() - _WORDS_PX - 8, _BAR_PX)
        if bar.width() > _BAR_PX:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.line)
            painter.drawRoundedRect(bar, _BAR_PX / 2, _BAR_PX / 2)
            bar.setWidth(max(_BAR_PX, bar.width() * float(index.data(SHARE_ROLE))))
            painter.setBrush(colours.accent)
            painter.drawRoundedRect(bar, _BAR_PX / 2, _BAR_PX / 2)
        painter.restore()
