"""One labelled field with its hint and, below it, what is wrong with it; and the two special editors."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from artifact_browser.gui.accounts.draft import SWATCHES
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.palette import palette, tokens
from artifact_browser.gui.common.widgets import Kind, label, set_kind

_DOT_PX = 16


class Field(QWidget):
    """A label above an editor; the label's text is the editor's accessible name."""

    def __init__(self, name: str, editor: QWidget, hint: str = "") -> None:
        super().__init__()
        self.editor = editor
        self._hint_text = hint
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        caption = label(name, Kind.DIM)
        caption.setBuddy(editor)
        editor.setAccessibleName(name)
        self._below = label("", Kind.HINT, wrap=True)
        for widget in (caption, editor, self._below):
            column.addWidget(widget)
        column.addStretch(1)  # beside a field with a longer hint this one stays at the top
        self._paint("")
        palette().changed.connect(self._repaint)

    def show_problem(self, sentence: str) -> None:
        """Say what is wrong instead of the hint; empty brings the hint back."""
        self._paint(sentence)

    def problem(self) -> str:
        return self._problem

    def _repaint(self) -> None:
        self._paint(self._problem)

    def _paint(self, problem: str) -> None:
        self._problem = problem
        self._below.setText(problem or self._hint_text)
        self._below.setVisible(bool(problem or self._hint_text))
        self._below.setStyleSheet(f"color: {tokens().bad.name()}" if problem else "")
        self.editor.setAccessibleDescription(problem or self._hint_text)


class SecretEdit(QLineEdit):
    """A password field with a *show* switch. It never offers its text to undo or copy while hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self._show = QAction(icon("eye", "dim"), "Show", self)
        self._show.setCheckable(True)
        self._show.setToolTip("Show what was typed")
        self._show.toggled.connect(self._shown)
        self.addAction(self._show, QLineEdit.ActionPosition.TrailingPosition)

    def _shown(self, shown: bool) -> None:
        self.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)


class ColourSwatches(QWidget):
    """A row of coloured dots, one chosen; each has its colour's name."""

    changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._group = QButtonGroup(self)
        self._other = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for name, colour in SWATCHES.items():
            dot = QToolButton()
            dot.setCheckable(True)
            dot.setAccessibleName(name)
            dot.setToolTip(name)
            dot.setIcon(_dot(colour))
            set_kind(dot, Kind.TOOL)
            dot.setProperty("colour", colour)
            self._group.addButton(dot)
            row.addWidget(dot)
        row.addStretch(1)
        self._group.buttonClicked.connect(lambda _: self.changed.emit(self.colour()))
        self.setFocusProxy(self._group.buttons()[0])

    def colour(self) -> str:
        chosen = self._group.checkedButton()
        return str(chosen.property("colour")) if chosen is not None else self._other

    def set_colour(self, colour: str) -> None:
        """Choose a colour; one that is not offered stays until another is chosen."""
        self._other = colour
        for dot in self._group.buttons():
            dot.setChecked(str(dot.property("colour")).lower() == colour.lower())


def _dot(colour: str) -> QIcon:
    ratio = 2.0
    drawn = QPixmap(int(_DOT_PX * ratio), int(_DOT_PX * ratio))
    drawn.setDevicePixelRatio(ratio)
    drawn.fill(QColor(0, 0, 0, 0))
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(colour))
    painter.setPen(QColor(0, 0, 0, 0))
    painter.drawEllipse(1, 1, _DOT_PX - 2, _DOT_PX - 2)
    painter.end()
    return QIcon(drawn)
