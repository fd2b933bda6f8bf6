"""The bar above everything: history, address, filter, table or gallery, *Share…*, and *Upload* as the one primary."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.widgets import ICON_BESIDE_TEXT, ICON_PX, Kind, set_kind
from artifact_browser.gui.shell.actions import Actions
from artifact_browser.gui.shell.slot import Slot

HEIGHT_PX = 56
_CONTROL_PX = 34
#: Below these widths the word on *Share…*, that on *Upload*, then the filter, give way to the address.
_SHARE_FROM_PX = 980
_UPLOAD_FROM_PX = 820
_FILTER_FROM_PX = 720


class ToolBar(QFrame):
    """Slots ``address`` and ``filter``; everything else comes from the actions."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_kind(self, Kind.BAR)
        self.setFixedHeight(HEIGHT_PX)
        self.address = Slot()
        self.address.setAccessibleName("Address")
        self.filter = Slot()
        self.filter.setMinimumWidth(200)
        self.filter.setMaximumWidth(260)
        self._share = _worded(actions, "share", Kind.PLAIN)
        self._upload = self._upload_button(actions)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 16, 0)
        row.setSpacing(4)
        for name in ("back", "forward", "up"):
            row.addWidget(_tool(actions, name))
        row.addSpacing(12)
        row.addWidget(self.address, 3)
        row.addSpacing(8)
        row.addWidget(self.filter, 1)
        row.addSpacing(8)
        row.addWidget(_view_switch(actions))
        row.addStretch(0)
        row.addSpacing(12)
        row.addWidget(self._share)
        row.addSpacing(4)
        row.addWidget(self._upload)

    def resizeEvent(self, event: QResizeEvent) -> None:
        width = event.size().width()
        style = Qt.ToolButtonStyle
        for button, least in ((self._share, _SHARE_FROM_PX), (self._upload, _UPLOAD_FROM_PX)):
            button.setToolButtonStyle(style.ToolButtonTextBesideIcon if width >= least else style.ToolButtonIconOnly)
        self.filter.setVisible(width >= _FILTER_FROM_PX)
        super().resizeEvent(event)

    def show_filter(self) -> None:
        """Have the filter on screen even in a narrow window: it was asked for."""
        self.filter.show()

    def _upload_button(self, actions: Actions) -> QToolButton:
        made = QToolButton()
        made.setText("Upload")
        made.setAccessibleName("Upload")
        made.setToolTip("Upload\nChoose files or a folder, or just drop them on the table")
        made.setIcon(icon("upload", "accent_text"))
        made.setMenu(actions.menu(made, "upload_files", "upload_folder", "upload_options"))
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        _dress(made, Kind.PRIMARY)

        def follow() -> None:
            made.setEnabled(actions["upload_files"].isEnabled())

        actions["upload_files"].enabledChanged.connect(follow)
        follow()
        return made


def _tool(actions: Actions, name: str) -> QToolButton:
    made = QToolButton()
    made.setDefaultAction(actions[name])
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    made.setAutoRaise(True)
    made.setIconSize(QSize(ICON_PX, ICON_PX))
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    set_kind(made, Kind.TOOL)
    return made


def _worded(actions: Actions, name: str, kind: Kind) -> QToolButton:
    made = QToolButton()
    made.setDefaultAction(actions[name])
    _dress(made, kind)
    return made


def _dress(made: QToolButton, kind: Kind) -> None:
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    made.setIconSize(ICON_BESIDE_TEXT)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setFixedHeight(_CONTROL_PX)
    set_kind(made, kind)


def _view_switch(actions: Actions) -> QFrame:
    frame = QFrame()
    frame.setObjectName("view_switch")
    row = QHBoxLayout(frame)
    row.setContentsMargins(2, 2, 2, 2)
    row.setSpacing(2)
    for name in ("table_view", "gallery_view"):
        row.addWidget(_tool(actions, name))
    frame.setFixedHeight(_CONTROL_PX)
    return frame
