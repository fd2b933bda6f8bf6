"""The row of chips over the cards: all, each type with its number, what is staged."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QWidget

from artifact_browser.gui.catalog.gallery_model import STAGED_CHIP
from artifact_browser.gui.common.palette import palette, tokens

_HEIGHT_PX = 24
_MOST_TYPES = 8
#: One and many of each type we know.
_WORDS = {
    "collection": ("collection", "Collections"),
    "model": ("model", "Models"),
    "dataset": ("data set", "Data sets"),
    "application": ("application", "Applications"),
    "notebook": ("notebook", "Notebooks"),
    "workflow": ("workflow", "Workflows"),
    "generic": ("", "Other"),
}


def type_word(kind: str) -> str:
    """A type as a card says it; what we do not know is said as it is."""
    return _WORDS[kind][0] if kind in _WORDS else kind


def _chip_text(kind: str, count: int) -> str:
    many = _WORDS[kind][1] if kind in _WORDS else kind.capitalize()
    return f"{many} {count:,}"


class Chip(QAbstractButton):
    """One chip; filled with the accent while it is chosen."""

    def __init__(self, text: str, value: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.value = value
        self.setText(text)
        self.setAccessibleName(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(f"Show {text.lower()}")
        font = QFont(self.font())
        font.setPixelSize(max(11, font.pixelSize() - 1) if font.pixelSize() > 0 else 12)
        font.setWeight(QFont.Weight.Medium)
        self.setFont(font)
        palette().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(self.font()).horizontalAdvance(self.text()) + 20, _HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        hovered = self.underMouse()
        painter.setBrush(colours.accent if self.isChecked() else colours.line if hovered else colours.hover)
        painter.setPen(QPen(colours.text, 2) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        painter.setPen(colours.accent_text if self.isChecked() else colours.dim)
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.text())


class TypeChips(QWidget):
    """Exactly one chip is chosen."""

    #: the type to show, :data:`STAGED_CHIP`, or empty for all
    type_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Types")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(6)
        self._row.addStretch(1)
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(lambda chip: self.type_chosen.emit(chip.value))
        self._shown: list[tuple[str, str]] = []

    @property
    def chosen(self) -> str:
        chip = self._group.checkedButton()
        return chip.value if isinstance(chip, Chip) else ""

    def show_counts(self, types: list[tuple[str, int]], staged: int) -> None:
        """Chips for these types; the chosen one stays chosen while it exists."""
        wanted = [("", "All")]
        wanted += [(name, _chip_text(name, count)) for name, count in types[:_MOST_TYPES]]
        if staged:
            wanted.append((STAGED_CHIP, f"Staged {staged:,}"))
        if wanted == self._shown:
            return
        before = self.chosen
        had_focus = self.focusWidget() is not None and self.isAncestorOf(self.focusWidget())
        self._shown = wanted
        for old in self._group.buttons():
            self._group.removeButton(old)
            self._row.removeWidget(old)
            old.deleteLater()
        for at, (value, text) in enumerate(wanted):
            chip = Chip(text, value, self)
            self._group.addButton(chip)
            self._row.insertWidget(at, chip)
            if value == before or not at:
                chip.setChecked(True)
                if had_focus:
                    chip.setFocus()
        if before and self.chosen != before:
            self.type_chosen.emit("")

    def reset(self) -> None:
        """Back to all."""
        self._shown = []
        self.show_counts([], 0)
        chip = self._group.buttons()[0]
        chip.setChecked(True)
