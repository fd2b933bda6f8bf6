"""F6 and Shift+F6: the parts of the window in reading order, whatever Tab does inside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget

#: Asked anew each time, because the middle changes between table and gallery.
Pane = Callable[[], QWidget | None]


class PaneCycle(QObject):
    """Moves the keyboard focus from pane to pane, leaving out those that are hidden."""

    def __init__(self, panes: Sequence[Pane], parent: QObject) -> None:
        super().__init__(parent)
        self._panes = panes

    def next(self) -> None:
        self._step(+1)

    def previous(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        shown = [pane for ask in self._panes if (pane := ask()) is not None and pane.isVisible()]
        focused = QApplication.focusWidget()
        at = next(
            (i for i, pane in enumerate(shown) if focused and (pane is focused or pane.isAncestorOf(focused))), None
        )
        start = (-1 if by > 0 else 0) if at is None else at
        for distance in range(1, len(shown) + 1):
            target = first_focusable(shown[(start + by * distance) % len(shown)])
            if target is not None:
                target.setFocus(Qt.FocusReason.TabFocusReason)
                return


def first_focusable(pane: QWidget) -> QWidget | None:
    """The widget of ``pane`` that Tab would reach first."""
    for widget in (pane, *pane.findChildren(QWidget)):
        takes_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.focusProxy() is None
        if takes_tab and widget.isEnabled() and widget.isVisibleTo(pane):
            return widget
    return None
