"""Where in the count one is: the counted place, then every prefix below it, each a button back."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from artifact_browser.gui.common.format import elided, printable
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.palette import palette
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.storage.location import DELIMITER

_LETTERS = 28
#: More are left out in the middle.
_MOST = 6


class Crumbs(QWidget):
    """:param root: what the whole is called; :param prefix: what is counted"""

    #: a prefix to go to
    chosen = Signal(str)

    def __init__(self, root: str, prefix: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._root, self._prefix = root, prefix
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2)
        self._place = prefix
        self.show_place(prefix)
        palette().changed.connect(self._repaint)

    def show_place(self, place: str) -> None:
        """``place`` is a prefix at or below the one that is counted."""
        self._place = place
        had_focus = any(button.hasFocus() for button in self.findChildren(QToolButton))
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        steps = [(self._root, self._prefix)]
        at = len(self._prefix)
        while at < len(place):
            end = place.find(DELIMITER, at) + 1 or len(place)
            steps.append((place[at:end].removesuffix(DELIMITER), place[:end]))
            at = end
        shown = steps if len(steps) <= _MOST else [steps[0], None, *steps[2 - _MOST :]]
        for number, step in enumerate(shown):
            if number:
                arrow = QLabel()
                arrow.setPixmap(icon("chevron-right", "faint").pixmap(14, 14))
                self._row.addWidget(arrow)
            if step is None:
                self._row.addWidget(QLabel("\u2026"))
                continue
            button = self._crumb(*step, last=step is shown[-1])
            self._row.addWidget(button)
            if had_focus and step is shown[-1]:
                button.setFocus()
        self._row.addStretch(1)

    def _repaint(self) -> None:
        self.show_place(self._place)

    def _crumb(self, name: str, prefix: str, *, last: bool) -> QToolButton:
        button = QToolButton()
        button.setProperty("kind", "crumb-here" if last else "crumb")
        text = elided(printable(name) if name else "(empty name)", _LETTERS)
        button.setText(text.replace("&", "&&"))
        button.setAccessibleName(f"Look into {text}")
        button.setToolTip(plain_tip(printable(name)) or "(empty name)")
        button.setAutoRaise(True)
        button.clicked.connect(lambda: self.chosen.emit(prefix))
        return button
