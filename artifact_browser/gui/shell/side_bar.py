"""The left side: the app's name, pinned places (hidden while there are none), accounts, *Add account…*."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from artifact_browser.gui.common.icons import app_icon
from artifact_browser.gui.common.widgets import ICON_BESIDE_TEXT, Kind, label, line, set_kind
from artifact_browser.gui.shell.actions import Actions
from artifact_browser.gui.shell.pin_list import PinList
from artifact_browser.gui.shell.slot import Slot

_LOGO_PX = 20


class SideBar(QWidget):
    """``tree`` is the slot of the bucket tree; ``pins`` the list above it."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        set_kind(self, Kind.SIDE)
        self.pins = PinList()
        self.tree = Slot()
        self.tree.setContentsMargins(8, 0, 4, 0)
        self._pinned_head = _head("PINNED", "Pinned")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(_name_row())
        column.addWidget(self._pinned_head)
        column.addWidget(self.pins)
        column.addWidget(_head("ACCOUNTS", "Accounts"))
        column.addWidget(self.tree, 1)
        column.addWidget(line())
        column.addLayout(_bottom(actions))
        self.pins.filled.connect(self._show_pins)
        self._show_pins(False)

    def _show_pins(self, filled: bool) -> None:
        self._pinned_head.setVisible(filled)
        self.pins.setVisible(filled)


def _name_row() -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(16, 14, 16, 14)
    row.setSpacing(10)
    logo = QLabel()
    logo.setPixmap(app_icon().pixmap(_LOGO_PX, _LOGO_PX))
    row.addWidget(logo)
    row.addWidget(label("Artifact Browser", Kind.HEADING), 1)
    return row


def _head(text: str, name: str) -> QLabel:
    head = label(text, Kind.SECTION)
    head.setAccessibleName(name)
    head.setContentsMargins(16, 8, 16, 6)
    return head


def _bottom(actions: Actions) -> QHBoxLayout:
    add = QToolButton()
    add.setObjectName("add_account")
    add.setDefaultAction(actions["add_account"])
    add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    add.setIconSize(ICON_BESIDE_TEXT)
    add.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    add.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    row = QHBoxLayout()
    row.setContentsMargins(8, 6, 8, 6)
    row.addWidget(add)
    return row
