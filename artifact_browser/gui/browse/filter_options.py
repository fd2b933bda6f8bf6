"""What the filter looks at besides its text: a small panel below the field, whose changes show at once."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from artifact_browser.errors import InputError
from artifact_browser.gui.browse.bounds_fields import BoundsFields
from artifact_browser.gui.common.widgets import Kind, button, label
from artifact_browser.storage.bounds import NO_BOUNDS, Bounds

_WAIT_MS = 250
_WIDTH_PX = 360


class FilterOptions(QFrame):
    """A popup: Esc, or a click elsewhere, closes it; what was set stays. Accessible name ``Filter options``."""

    #: ``(Bounds, whether the text is a regular expression)``
    options_changed = Signal(object, bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("filter_options")
        self.setAccessibleName("Filter options")
        self.setFixedWidth(_WIDTH_PX)
        self.expression = QCheckBox("Text is a regular expression")
        self.expression.setToolTip("RE2: such as ^part-\\d+\\.csv$; case does not matter")
        self.bounds = BoundsFields(columns=2)
        self.problem = label("", Kind.DIM, wrap=True)
        self.problem.hide()
        self._clear = button("Clear", clicked=self.clear)
        self._said: tuple[Bounds, bool] = (NO_BOUNDS, False)
        self._pause = QTimer(self, interval=_WAIT_MS, singleShot=True)
        self._pause.timeout.connect(self._tell)
        self.bounds.changed.connect(self._pause.start)
        self.expression.toggled.connect(lambda _: self._pause.start())
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        column.addWidget(label("Filter options", Kind.HEADING))
        column.addWidget(self.expression)
        column.addWidget(self.bounds)
        column.addWidget(self.problem)
        foot = QHBoxLayout()
        foot.addWidget(label("Any condition hides folders.", Kind.HINT))
        foot.addStretch(1)
        foot.addWidget(self._clear)
        column.addLayout(foot)

    @property
    def is_set(self) -> bool:
        """Whether anything but the plain text counts."""
        return self._said != (NO_BOUNDS, False)

    def open_below(self, field: QWidget) -> None:
        self.adjustSize()
        corner = field.mapToGlobal(QPoint(field.width() - self.width(), field.height() + 4))
        self.move(corner)
        self.show()
        self.bounds.size_from.setFocus()

    def clear(self) -> None:
        """Nothing but the text counts again."""
        self.expression.setChecked(False)
        self.bounds.clear()
        self._pause.stop()
        self._tell()

    def show_options(self, bounds: Bounds, *, expression: bool) -> None:
        """Another place was opened: what counts there. Says nothing."""
        if (bounds, expression) == self._said:
            return
        self._said = (bounds, expression)
        self.blockSignals(True)
        self.expression.setChecked(expression)
        if not bounds:
            self.bounds.clear()
        self._pause.stop()
        self.blockSignals(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._pause.stop()
            self._tell()
            self.close()
            return
        super().keyPressEvent(event)

    def _tell(self) -> None:
        try:
            found = (self.bounds.bounds, self.expression.isChecked())
        except InputError as error:
            self.problem.setText(error.detail)
            self.problem.show()
            self.adjustSize()
            return
        self.problem.hide()
        if found != self._said:
            self._said = found
            self.options_changed.emit(*found)
