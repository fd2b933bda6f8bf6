"""Icons: Lucide's outlines from ``resources/icons``, tinted from the palette when they are painted.

An icon engine of our own renders at the size and pixel ratio asked for, so they are crisp at 1x and 2x and change
with light and dark without anybody setting them again. Rendered pixmaps are kept in ``QPixmapCache``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer

import artifact_browser
from artifact_browser.gui.common.palette import ROLES, tokens

RESOURCES = Path(artifact_browser.__file__).resolve().parent.parent / "resources"
ICONS = RESOURCES / "icons"
APP_ICON = "artifact-browser"


@cache
def icon(name: str, role: str = "text") -> QIcon:
    """Lucide's icon ``name``, in the palette's colour ``role``.

    :raises FileNotFoundError: no such icon in ``resources/icons`` (a fault of ours, found by a test)
    """
    if role not in ROLES:
        raise ValueError(f"no such colour: {role}")
    _outline(name)
    return QIcon(_TintedEngine(name, role))


@cache
def app_icon() -> QIcon:
    """The application's own icon, in its own colours."""
    return QIcon(str(ICONS / f"{APP_ICON}.svg"))


def pixmap(name: str, colour: QColor, size: int, pixel_ratio: float = 1.0) -> QPixmap:
    """The icon in any colour, ``size`` by ``size`` logical pixels: for delegates that paint."""
    wanted = round(size * pixel_ratio)
    slot = f"icon/{name}/{colour.rgba()}/{wanted}/{pixel_ratio}"
    found = QPixmap()
    if QPixmapCache.find(slot, found):
        return found
    drawn = QPixmap(wanted, wanted)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    QSvgRenderer(QByteArray(_outline(name).replace(b"currentColor", colour.name().encode()))).render(painter)
    painter.end()
    drawn.setDevicePixelRatio(pixel_ratio)
    QPixmapCache.insert(slot, drawn)
    return drawn


@cache
def _outline(name: str) -> bytes:
    return (ICONS / f"{name}.svg").read_bytes()


class _TintedEngine(QIconEngine):
    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self._name = name
        self._role = role

    def clone(self) -> QIconEngine:
        return _TintedEngine(self._name, self._role)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ratio = painter.device().devicePixelRatio()
        painter.drawPixmap(rect, self.scaledPixmap(rect.size(), mode, state, ratio))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        role = "disabled" if mode == QIcon.Mode.Disabled else "accent" if state == QIcon.State.On else self._role
        colour: QColor = getattr(tokens(), role)
        side = min(size.width(), size.height())
        drawn = pixmap(self._name, colour, side, scale)
        return drawn if size.width() == size.height() else _centred(drawn, size, scale)


def _centred(drawn: QPixmap, size: QSize, scale: float) -> QPixmap:
    """``drawn`` in the middle of a wider canvas: an icon size of its own gives a button's icon room."""
    canvas = QPixmap(size * scale)
    canvas.setDevicePixelRatio(scale)
    canvas.fill(Qt.GlobalColor.transparent)
    side = round(drawn.width() / scale)
    painter = QPainter(canvas)
    painter.drawPixmap((size.width() - side) // 2, (size.height() - side) // 2, drawn)
    painter.end()
    return canvas
