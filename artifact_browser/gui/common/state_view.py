"""What stands where there is nothing to show: an icon, a sentence, and one action.

Empty, busy, partial, failed and no-permission look different and say which they are: failed is never drawn as
empty.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from artifact_browser.errors import AccessDenied, ArtifactBrowserError
from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.palette import palette
from artifact_browser.gui.common.widgets import Kind, button, label

_ICON_PX = 40
_WIDTH = 420


class State(StrEnum):
    """Why there is nothing (or not everything) to see."""

    EMPTY = "empty"
    BUSY = "busy"
    PARTIAL = "partial"
    FAILED = "failed"
    NO_PERMISSION = "no-permission"


_ICONS = {
    State.EMPTY: ("inbox", "faint"),
    State.BUSY: ("hourglass", "faint"),
    State.PARTIAL: ("triangle-alert", "warning"),
    State.FAILED: ("circle-alert", "bad"),
    State.NO_PERMISSION: ("lock", "warning"),
}


class StateView(QWidget):
    """One state at a time; ``action_chosen`` (or the callable given) when its button is pressed."""

    action_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = ("inbox", "faint")
        self._action: Callable[[], object] | None = None
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._sentence = label("", Kind.HEADING, wrap=True, copyable=True)
        self._detail = label("", Kind.DIM, wrap=True, copyable=True)
        self._button = button("", clicked=self._chosen)
        self._lay_out()
        palette().changed.connect(self._paint_icon)
        self._show_texts("", "", "")

    def show_state(
        self,
        state: State,
        sentence: str,
        *,
        detail: str = "",
        action_label: str = "",
        action: Callable[[], object] | None = None,
        icon_name: str = "",
    ) -> None:
        """Say it. ``icon_name`` replaces the state's own icon, not its colour."""
        name, role = _ICONS[state]
        self._icon = (icon_name or name, role)
        self._action = action
        self._paint_icon()
        self._show_texts(sentence, detail, action_label)
        if state is not State.BUSY and self.isVisible():
            announce(self, sentence)

    def show_error(
        self, error: ArtifactBrowserError, *, action_label: str = "", action: Callable[[], object] | None = None
    ) -> None:
        """The state an error leads to, in its own words."""
        state = State.NO_PERMISSION if isinstance(error, AccessDenied) else State.FAILED
        detail = " ".join(part for part in (error.detail, error.kept, error.todo) if part)
        self.show_state(state, error.title, detail=detail, action_label=action_label, action=action)

    def _lay_out(self) -> None:
        text = QWidget()
        text.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(text)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addStretch(2)
        column.addWidget(self._picture)
        for words in (self._sentence, self._detail):
            words.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(words)
        column.addSpacing(8)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 24, 24, 24)
        row.addStretch(1)
        row.addWidget(text, _WIDTH)  # takes all up to its maximum
        row.addStretch(1)

    def _show_texts(self, sentence: str, detail: str, action_label: str) -> None:
        for widget, text in ((self._sentence, sentence), (self._detail, detail), (self._button, action_label)):
            widget.setText(text)
            widget.setVisible(bool(text))

    def _paint_icon(self) -> None:
        self._picture.setPixmap(icon(*self._icon).pixmap(_ICON_PX, _ICON_PX))

    def _chosen(self) -> None:
        self.action_chosen.emit()
        if self._action is not None:
            self._action()
