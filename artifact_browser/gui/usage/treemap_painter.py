"""How the treemap is painted: calm areas with a name and a size, what is inside them a shade stronger."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from artifact_browser.gui.common.format import printable, size
from artifact_browser.gui.common.palette import Hue, Tokens, hues, tokens
from artifact_browser.gui.usage.amounts_model import Amount, AmountsModel
from artifact_browser.gui.usage.treemap_layout import HEAD_PX, Cell

_RADIUS_PX, _SMALL_RADIUS_PX = 7.0, 4.0
_PAD_PX = 8.0
#: Words need so much room.
_LEAST_WIDTH_PX, _LEAST_HEIGHT_PX = 38.0, 18.0
_TWO_LINES_PX = 40.0
_SIZE_FROM_PX = 150.0
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TreemapPainter:
    """Remembers which colour a part has, so that it keeps it while others grow past it."""

    def __init__(self) -> None:
        self._hues: dict[str, int] = {}

    def forget_hues(self) -> None:
        self._hues.clear()

    def paint(
        self,
        painter: QPainter,
        model: AmountsModel,
        cells: Sequence[Cell],
        *,
        chosen: int,
        under: Cell | None,
        focused: bool,
        font: QFont,
    ) -> None:
        """Everything; ``chosen``: the selected row."""
        colours = tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        name_font = QFont(font)
        name_font.setWeight(QFont.Weight.DemiBold)
        small_font = QFont(font)
        small_font.setPixelSize(max(9, font.pixelSize() - 2))
        fonts = (name_font, small_font)
        only_blobs = not any(row.is_prefix for row in model.rows)
        for cell in cells:
            row = model.rows[cell.row] if cell.row >= 0 else None
            hue = self._hue_of(row, only_blobs)
            area = colours.hover if hue is None else hue.area if cell.inside else hue.part
            _fill(painter, cell.rect, area, _RADIUS_PX)
            if row is None:
                _words(painter, cell.rect, f"{cell.members:,} more", "", fonts, colours)
            elif cell.inside and hue is not None:
                _head(painter, cell.rect, row, _amount(model, row), fonts, colours)
                for rect, name, _ in cell.inside:
                    _fill(painter, rect, hue.part, _SMALL_RADIUS_PX)
                    _small_name(painter, rect, name, small_font, colours)
            else:
                _words(painter, cell.rect, row.name, _amount(model, row), fonts, colours)
            if cell.row >= 0 and cell.row == chosen:
                _outline(painter, cell.rect, colours.accent, 2.5 if focused else 1.5)
            elif cell is under:
                _outline(painter, cell.rect, colours.dim, 1.0)

    def _hue_of(self, row: Amount | None, only_blobs: bool) -> Hue | None:
        """A prefix has a colour of its own; blobs beside prefixes are plain, among themselves coloured by their type."""
        if row is None or row.part is None or not row.hue or not (row.is_prefix or only_blobs):
            return None
        available = hues()
        return available[self._hues.setdefault(row.hue, len(self._hues)) % len(available)]


def _amount(model: AmountsModel, row: Amount) -> str:
    return f"{row.blobs:,}" if model.by_blobs else size(row.size_bytes)


def _fill(painter: QPainter, rect: QRectF, colour: QColor, radius: float) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    radius = min(radius, rect.width() / 3, rect.height() / 3)
    painter.drawRoundedRect(rect, radius, radius)


def _outline(painter: QPainter, rect: QRectF, colour: QColor, width: float) -> None:
    painter.setPen(QPen(colour, width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    half = width / 2
    radius = min(_RADIUS_PX, rect.width() / 3, rect.height() / 3)
    painter.drawRoundedRect(rect.adjusted(half, half, -half, -half), radius, radius)


def _text(painter: QPainter, rect: QRectF, words: str, font: QFont, colour: QColor, where: Qt.AlignmentFlag) -> None:
    painter.setFont(font)
    painter.setPen(colour)
    shown = QFontMetricsF(font).elidedText(words[:300], Qt.TextElideMode.ElideMiddle, rect.width())
    painter.drawText(rect, int(where | Qt.TextFlag.TextSingleLine), shown)


def _head(
    painter: QPainter, rect: QRectF, row: Amount, amount: str, fonts: tuple[QFont, QFont], colours: Tokens
) -> None:
    """Name and amount in one line over what is inside."""
    name_font, small_font = fonts
    line = QRectF(rect.left() + _PAD_PX, rect.top() + 1, rect.width() - 2 * _PAD_PX, HEAD_PX - 1)
    if rect.width() >= _SIZE_FROM_PX:
        width = QFontMetricsF(small_font).horizontalAdvance(amount)
        _text(painter, line, amount, small_font, colours.text, _RIGHT)
        line.setRight(line.right() - width - _PAD_PX)
    _text(painter, line, row.name, name_font, colours.text, _LEFT)


def _words(
    painter: QPainter, rect: QRectF, name: str, amount: str, fonts: tuple[QFont, QFont], colours: Tokens
) -> None:
    """Name, and amount below it where there is room."""
    if rect.width() < _LEAST_WIDTH_PX or rect.height() < _LEAST_HEIGHT_PX:
        return
    name_font, small_font = fonts
    pad = _PAD_PX if rect.width() > 60 else 4.0
    inner = rect.adjusted(pad, 0, -pad, 0)
    if rect.height() < _TWO_LINES_PX or not amount:
        top = QRectF(inner.left(), inner.top(), inner.width(), min(inner.height(), HEAD_PX))
        _text(painter, top, name, name_font, colours.text, _LEFT)
        return
    line = QRectF(inner.left(), inner.top() + 4, inner.width(), 18)
    _text(painter, line, name, name_font, colours.text, _LEFT)
    _text(painter, line.translated(0, 17), amount, small_font, colours.text, _LEFT)


def _small_name(painter: QPainter, rect: QRectF, name: str, font: QFont, colours: Tokens) -> None:
    """Its name; what has none is the rest of what is inside."""
    if rect.width() < _LEAST_WIDTH_PX or rect.height() < _LEAST_HEIGHT_PX:
        return
    words = (printable(name.removesuffix("/")) or "(empty name)") if name else "others"
    line = QRectF(rect.left() + 5, rect.top(), rect.width() - 10, min(rect.height(), 20))
    _text(painter, line, words, font, colours.text, _LEFT)
