"""A place as a row of buttons, one for each step that leads to it; those in the middle give way where there is no room."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from artifact_browser.gui.common.format import elided, printable
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.palette import palette
from artifact_browser.gui.common.plain_tip import plain_tip

#: of a name: where there is no room, those before the last are cut further before any is left out (13: "This computer")
_LETTERS = (28, 18, 13, 10)
_ARROW = 14
_DOTS = "\u2026"
_NAMELESS = "(empty name)"


class CrumbRow(QWidget):
    """Lives in a layout that gives it a width.

    :param says: what a button's accessible name begins with, "Go to" for instance
    """

    #: what was given with the step that was pressed
    chosen = Signal(object)

    def __init__(self, says: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._says = says
        self._steps: Sequence[tuple[str, object]] = ()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._whole = 0
        palette().changed.connect(self._build)

    def sizeHint(self) -> QSize:
        return QSize(self._whole, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def show_steps(self, steps: Sequence[tuple[str, object]]) -> None:
        """Names from the outermost to where one is, each with what ``chosen`` tells when it is pressed."""
        self._steps = steps
        self._build()
        self.updateGeometry()

    def _build(self) -> None:
        had_focus = any(button.hasFocus() for button in self.findChildren(QToolButton))
        self._clear()
        if not self._steps:
            return
        buttons = [self._crumb(*step, last=step is self._steps[-1]) for step in self._steps]
        dots = QLabel(_DOTS, self)
        shown = self._fit(buttons, dots.sizeHint().width())
        for place, number in enumerate(shown):
            if place:
                arrow = QLabel()
                arrow.setPixmap(icon("chevron-right", "faint").pixmap(_ARROW, _ARROW))
                self._row.addWidget(arrow)
            step = dots if number is None else buttons[number]
            self._row.addWidget(step)
            step.show()  # the layout would show it a turn of the event loop later
        self._row.addStretch(1)
        left_out = [one for number, one in enumerate(buttons) if number not in shown]
        for widget in left_out or (dots,):
            widget.deleteLater()
        if had_focus:
            buttons[-1].setFocus()

    def _clear(self) -> None:
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _fit(self, buttons: Sequence[QToolButton], dots: int) -> list[int | None]:
        """Give them names that fit; which of them to show, as :func:`fitting`."""
        last = buttons[-1]
        self._whole = sum(one.sizeHint().width() + _ARROW for one in buttons) - _ARROW
        shown: list[int | None] = []
        for letters in _LETTERS:
            for button, (name, _) in zip(buttons[:-1], self._steps[:-1], strict=True):
                button.setText(_written(name, letters))
            shown = fitting([one.sizeHint().width() for one in buttons], self.width(), _ARROW, dots)
            if None not in shown:
                break
        around = dots + _ARROW if None in shown else 0
        self._shorten(last, self.width() - around - last.sizeHint().width())
        return shown

    def _shorten(self, button: QToolButton, spare: int) -> None:
        """Cut the name of where one is by so much if it alone is too long."""
        if spare < 0:
            metrics = button.fontMetrics()
            room = max(0, metrics.horizontalAdvance(button.text()) + spare)
            button.setText(metrics.elidedText(button.text(), Qt.TextElideMode.ElideMiddle, room))

    def _crumb(self, name: str, where: object, *, last: bool) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("kind", "crumb-here" if last else "crumb")
        button.setText(_written(name, _LETTERS[0]))
        button.setAccessibleName(f"{self._says} {elided(printable(name) or _NAMELESS, _LETTERS[0])}")
        button.setToolTip(plain_tip(printable(name)) or _NAMELESS)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.chosen.emit(where))
        button.ensurePolished()
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._build()


def _written(name: str, letters: int) -> str:
    return elided(printable(name) or _NAMELESS, letters).replace("&", "&&")


def fitting(widths: Sequence[int], room: int, between: int, dots: int) -> list[int | None]:
    """Which of the steps that are so wide to show in ``room``, by their places; ``None`` stands for those left out.

    The last one always; then the first, then those before the last, nearest first.
    """
    if not widths:
        return []
    last = len(widths) - 1
    if sum(widths) + between * last <= room:
        return list(range(len(widths)))
    left = room - widths[last] - dots - between
    shown: list[int | None] = [last]
    head: list[int | None] = []
    if last and widths[0] + between <= left:
        left -= widths[0] + between
        head = [0]
    for number in range(last - 1, len(head) - 1, -1):
        if widths[number] + between > left:
            break
        left -= widths[number] + between
        shown.insert(0, number)
    return [*head, None, *shown] if last else [last]
