"""The main window: composes the parts, decides nothing.

::

    side bar | tool bar
             | centre (table or gallery) | details
             | transfers

Rooms are put into the slots by the wiring files beside this one; what they say and ask for is connected there.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QSplitter, QVBoxLayout, QWidget

from artifact_browser.bootstrap import Services
from artifact_browser.errors import DiskError
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.icons import app_icon
from artifact_browser.gui.common.widgets import Kind, line, set_kind
from artifact_browser.gui.shell.actions import Actions
from artifact_browser.gui.shell.centre import Centre
from artifact_browser.gui.shell.navigation import Navigator
from artifact_browser.gui.shell.panels import Panels
from artifact_browser.gui.shell.panes import PaneCycle
from artifact_browser.gui.shell.side_bar import SideBar
from artifact_browser.gui.shell.slot import Slot
from artifact_browser.gui.shell.strip import Strip
from artifact_browser.gui.shell.tool_bar import ToolBar
from artifact_browser.gui.shell.window_state import WindowState

_LOG = logging.getLogger(__name__)
_SIDE_PX, _DETAILS_PX = 248, 320
#: A narrower window folds the details away, then the side bar.
_DETAILS_FROM_PX = 1100
_SIDE_FROM_PX = 700


class MainWindow(QMainWindow):
    """The one window. ``slots``: ``side.tree``, ``bar.address``, ``bar.filter``, ``centre.table``,
    ``centre.gallery``, ``details``, ``transfers``.
    """

    #: about to close for good
    closing = Signal()

    def __init__(self, services: Services, bridge: Bridge, navigator: Navigator) -> None:
        super().__init__()
        self.services = services
        self.bridge = bridge
        self.navigator = navigator
        self.setWindowTitle("Artifact Browser")
        self.setAccessibleName("Artifact Browser")
        self.setWindowIcon(app_icon())
        self.setMinimumSize(480, 360)
        self.actions_ = Actions(self)
        self.actions_.fill(self.menuBar())
        self.side = SideBar(self.actions_)
        self.bar = ToolBar(self.actions_)
        self.centre = Centre(self.actions_)
        self.details = _panel(_DETAILS_PX)
        self.transfers = _panel(0)
        self._compose()
        self._state = WindowState(services.settings, self, {"columns": self._columns, "middle": self._middle})
        self._state.restore()
        self.strip = Strip(services.settings, self._rows, self.transfers)
        self._connect()

    def _compose(self) -> None:
        self._middle = _splitter(Qt.Orientation.Horizontal, self.centre, self.details)
        self._middle.setStretchFactor(0, 1)
        self._middle.setSizes([_DETAILS_PX * 3, _DETAILS_PX])
        self._rows = _splitter(Qt.Orientation.Vertical, self._middle, self.transfers)
        self._rows.setStretchFactor(0, 1)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(line())
        column.addWidget(self._rows, 1)
        self._columns = _splitter(Qt.Orientation.Horizontal, self.side, right)
        self._columns.setStretchFactor(1, 1)
        self._columns.setSizes([_SIDE_PX, 1440 - _SIDE_PX])
        self.setCentralWidget(self._columns)

    def _connect(self) -> None:
        actions = self.actions_
        self.panes = PaneCycle(
            [
                lambda: self.side,
                lambda: self.bar,
                lambda: self.centre.view,
                lambda: self.details,
                lambda: self.transfers,
            ],
            self,
        )
        for name, slot in {
            "next_pane": self.panes.next,
            "previous_pane": self.panes.previous,
            "quit": self.close,
            "back": self.navigator.back,
            "forward": self.navigator.forward,
            "up": self.navigator.up,
            "refresh": self.navigator.refresh,
        }.items():
            actions[name].triggered.connect(slot)
        self._panels = Panels(self.services.settings, self)
        self._panels.add(actions["side_bar"], self.side, _SIDE_FROM_PX)
        self._panels.add(actions["details"], self.details, _DETAILS_FROM_PX)
        self._panels.add(actions["transfers"], self.transfers)
        self._panels.fit(self.width())
        self.centre.currentChanged.connect(self._follow_view)
        self.bridge.failed.connect(lambda error: show_error(self, error))

    def _follow_view(self) -> None:
        """The drawer belongs to the table: an artifact has a page of its own."""
        gallery = self.centre.shows_gallery
        self.actions_.apply(replace(self.actions_.context, gallery=gallery))
        self._panels.suspend(self.actions_["details"], gallery)

    def raise_to_front(self) -> None:
        """Bring the window before the person's eyes."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()
        QApplication.alert(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._panels.fit(event.size().width())

    def closeEvent(self, event: QCloseEvent) -> None:
        try:
            self._state.save()
            self._panels.save()
            self.strip.save()
        except DiskError:
            _LOG.warning("the window's size and division could not be saved", exc_info=True)
        self.closing.emit()
        super().closeEvent(event)


def _panel(width: int) -> Slot:
    made = Slot()
    made.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    made.setMinimumWidth(min(width, 240))
    set_kind(made, Kind.PANEL)
    return made


def _splitter(orientation: Qt.Orientation, *widgets: QWidget) -> QSplitter:
    made = QSplitter(orientation)
    made.setHandleWidth(1)
    made.setChildrenCollapsible(False)
    for widget in widgets:
        made.addWidget(widget)
    return made
