"""A card that is a button: an icon, what it is, and below it, quieter, for whom."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCommandLinkButton

from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.palette import tokens

_ICON_PX, _MARGIN_PX, _GAP_PX, _RADIUS_PX = 24, 16, 14, 12
_HEIGHT_PX = 52


class WayCard(QCommandLinkButton):
    """``text`` and ``description`` are those of a command link, which the window's style sheet cannot paint."""

    def __init__(self, icon_name: str, title: str, text: str) -> None:
        super().__init__(title, text)
        self._icon_name = icon_name
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedHeight(_HEIGHT_PX)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), _HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        now = tokens()
        focused = self.hasFocus()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = 2.0 if focused else 1.0
        painter.setPen(QPen(now.accent if focused else now.line, width))
        painter.setBrush(now.hover if self.underMouse() or self.isDown() else now.background)
        frame = QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2)
        painter.drawRoundedRect(frame, _RADIUS_PX, _RADIUS_PX)
        picture = icon(self._icon_name, "accent")
        picture.paint(painter, _MARGIN_PX, (self.height() - _ICON_PX) // 2, _ICON_PX, _ICON_PX)
        left = _MARGIN_PX + _ICON_PX + _GAP_PX
        room = self.width() - left - _MARGIN_PX
        title, text = QFont(self.font()), QFont(self.font())
        title.setWeight(QFont.Weight.DemiBold)
        text.setWeight(QFont.Weight.Normal)
        text.setPixelSize(max(1, QFontMetrics(title).height() * 12 // 16))
        heights = [QFontMetrics(font).height() for font in (title, text)]
        top = (self.height() - sum(heights) - 2) // 2
        for font, colour, words, at, height in (
            (title, now.text, self.text(), top, heights[0]),
            (text, now.dim, self.description(), top + heights[0] + 2, heights[1]),
        ):
            painter.setFont(font)
            painter.setPen(colour)
            shown = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, room)
            painter.drawText(left, at, room, height, int(Qt.AlignmentFlag.AlignVCenter), shown)
