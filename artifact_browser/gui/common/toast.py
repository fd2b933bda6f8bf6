"""A word in passing at the bottom of the window: "Link copied. Works until 14:05", with at most one action."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.widgets import Kind, button, icon_button, label

SHOWN_MS = 6000
_MARGIN = 20
_WRAPPED_PX = 480


class Toast(QFrame):
    """Floats over ``window`` until its time is up, its action is taken, or another takes its place.

    Time stands still while the pointer or the keyboard focus is in it.
    """

    def __init__(
        self,
        window: QWidget,
        text: str,
        action_label: str | None = None,
        action: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(window)
        self._window = window
        self.setObjectName("toast")
        self.setAccessibleName(text)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 8, 8)
        row.setSpacing(12)
        self.text = label(text, wrap=len(text) > 80, copyable=True)
        if self.text.wordWrap():
            self.text.setMinimumWidth(min(_WRAPPED_PX, window.width() - 6 * _MARGIN))
        row.addWidget(self.text, 1)
        if action_label and action is not None:
            self.action = button(action_label, Kind.LINK, clicked=lambda: self._act(action))
            row.addWidget(self.action)
        row.addWidget(icon_button("Dismiss", "x", clicked=self.close))
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self._time_up)
        window.installEventFilter(self)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._place()
        self.show()
        self.raise_()
        self._timer.start()
        announce(self, text)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._timer.start()
        super().leaveEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _time_up(self) -> None:
        focused = self.window().focusWidget()
        if focused is not None and self.isAncestorOf(focused) and focused.hasFocus():
            self._timer.start()
        else:
            self.close()

    def stay(self) -> None:
        """No time of its own: who shows it closes it."""
        self._timer.stop()

    def _act(self, action: Callable[[], object]) -> None:
        self.close()
        action()

    def _place(self) -> None:
        window = self._window
        width = min(self.sizeHint().width(), window.width() - 2 * _MARGIN)
        height = max(self.sizeHint().height(), self.heightForWidth(width))
        self.setGeometry((window.width() - width) // 2, window.height() - height - _MARGIN, width, height)


def show_toast(
    window: QWidget, text: str, action_label: str | None = None, action: Callable[[], object] | None = None
) -> Toast:
    """Show ``text`` at the bottom of ``window`` (the top-level one) in the place of what stood there."""
    top = window.window()
    for old in top.findChildren(Toast, options=Qt.FindChildOption.FindDirectChildrenOnly):
        old.close()
    return Toast(top, text, action_label, action)
