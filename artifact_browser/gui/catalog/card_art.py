"""What a card without a cover shows: a gradient made from the artifact's name, and the icon of its type.

The gradients are few and rendered once per size, so painting a card is copying a picture.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPixmap

from artifact_browser.gui.common.icons import pixmap as icon_pixmap

RADIUS_PX = 12
_ICON_PX = 36
_STRIPE_PX = 26
#: From left to right; white on each keeps the contrast an icon needs (3:1).
_GRADIENTS = (
    ("4F74F9", "9A57F5"),
    ("0F9F75", "0C93CF"),
    ("D97706", "DC5A0B"),
    ("2F9E44", "65A30D"),
    ("D6409F", "B044DB"),
    ("0E8FA8", "27B0CC"),
    ("E0475B", "D9692B"),
    ("5B5BD6", "3E8FD9"),
    ("7C66DC", "C04CA8"),
    ("2B7A78", "3A9D5D"),
)
_APPLICATION = ("868C94", "4B5158")
_ICONS = {
    "collection": "library",
    "model": "box",
    "dataset": "database",
    "data set": "database",
    "application": "app-window",
    "app": "app-window",
    "notebook": "book-open",
    "workflow": "layers",
}
_KEPT = 96


def type_icon(kind: str) -> str:
    """Lucide's icon for an artifact's type."""
    return _ICONS.get(kind, "package")


class CardArt:
    """Renders and keeps covers: gradients by name and type, and pictures cut to the card's shape."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[object, ...], QPixmap] = OrderedDict()

    def clear(self) -> None:
        self._made.clear()

    def gradient(self, name: str, kind: str, size: QSize, ratio: float) -> QPixmap:
        """The cover of an artifact that has none, with round upper corners."""
        number = -1 if kind in {"application", "app"} else zlib.crc32(name.encode()) % len(_GRADIENTS)
        slot = (number, type_icon(kind), size.width(), size.height(), ratio)
        return self._keep(slot) or self._add(slot, _draw_gradient(number, type_icon(kind), size, ratio))

    def plain(self, colour: QColor, icon: str, icon_colour: QColor, size: QSize, ratio: float) -> QPixmap:
        """A plain area with an icon: a broken manifest."""
        slot = (colour.rgba(), icon, icon_colour.rgba(), size.width(), size.height(), ratio)
        found = self._keep(slot)
        if found is not None:
            return found
        drawn, painter = _begin(size, ratio)
        painter.fillPath(_top(size), colour)
        _put_icon(painter, size, icon, icon_colour, ratio)
        painter.end()
        return self._add(slot, drawn)

    def picture(self, key: str, picture: QPixmap, size: QSize, ratio: float) -> QPixmap:
        """A cover picture: filled, centred, cut at the sides that are too long."""
        slot = (key, picture.cacheKey(), size.width(), size.height(), ratio)
        found = self._keep(slot)
        if found is not None:
            return found
        drawn, painter = _begin(size, ratio)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setClipPath(_top(size))
        whole = QSize(picture.width(), picture.height())
        part = QSize(size).scaled(whole, Qt.AspectRatioMode.KeepAspectRatio)
        source = QRectF(
            (whole.width() - part.width()) / 2, (whole.height() - part.height()) / 2, part.width(), part.height()
        )
        painter.drawPixmap(QRectF(0, 0, size.width(), size.height()), picture, source)
        painter.end()
        return self._add(slot, drawn)

    def _keep(self, slot: tuple[object, ...]) -> QPixmap | None:
        found = self._made.get(slot)
        if found is not None:
            self._made.move_to_end(slot)
        return found

    def _add(self, slot: tuple[object, ...], drawn: QPixmap) -> QPixmap:
        self._made[slot] = drawn
        while len(self._made) > _KEPT:
            self._made.popitem(last=False)
        return drawn


def _begin(size: QSize, ratio: float) -> tuple[QPixmap, QPainter]:
    drawn = QPixmap(round(size.width() * ratio), round(size.height() * ratio))
    drawn.setDevicePixelRatio(ratio)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    return drawn, painter


def _top(size: QSize) -> QPainterPath:
    """The card's upper part: round corners above, square below."""
    width, height = size.width(), size.height()
    path = QPainterPath(QPointF(0, height))
    path.lineTo(0, RADIUS_PX)
    path.arcTo(QRectF(0, 0, 2 * RADIUS_PX, 2 * RADIUS_PX), 180, -90)
    path.lineTo(width - RADIUS_PX, 0)
    path.arcTo(QRectF(width - 2 * RADIUS_PX, 0, 2 * RADIUS_PX, 2 * RADIUS_PX), 90, -90)
    path.lineTo(width, height)
    path.closeSubpath()
    return path


def _draw_gradient(number: int, icon: str, size: QSize, ratio: float) -> QPixmap:
    first, last = _APPLICATION if number < 0 else _GRADIENTS[number]
    drawn, painter = _begin(size, ratio)
    shape = _top(size)
    blend = QLinearGradient(0, 0, size.width(), size.height() * 0.6)
    blend.setColorAt(0, QColor(f"#{first}"))
    blend.setColorAt(1, QColor(f"#{last}"))
    painter.fillPath(shape, blend)
    painter.setClipPath(shape)
    height = size.height()
    for at in range(-height, size.width() + height, 2 * _STRIPE_PX):
        stripe = QPainterPath(QPointF(at, height))
        lean = height * 0.5
        stripe.lineTo(at + lean, 0)
        stripe.lineTo(at + lean + _STRIPE_PX, 0)
        stripe.lineTo(at + _STRIPE_PX, height)
        stripe.closeSubpath()
        painter.fillPath(stripe, QColor(0, 0, 0, 10))
    _put_icon(painter, size, icon, QColor(255, 255, 255), ratio)
    painter.end()
    return drawn


def _put_icon(painter: QPainter, size: QSize, icon: str, colour: QColor, ratio: float) -> None:
    where = QPointF((size.width() - _ICON_PX) / 2, (size.height() - _ICON_PX) / 2)
    painter.drawPixmap(where, icon_pixmap(icon, colour, _ICON_PX, ratio))
