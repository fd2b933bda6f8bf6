"""Pinned places: the few a person goes to every day, kept in the settings as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QListView, QMenu, QWidget

from artifact_browser.gui.common.format import elided, printable
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.menu_place import menu_place
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.common.widgets import ICON_PX
from artifact_browser.storage.location import Location

ROW_PX = 30
_MOST_SHOWN = 8


class PinModel(QAbstractListModel):
    """The pinned locations, in the order they were pinned."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.pins: list[Location] = []

    def replace(self, pins: Iterable[Location]) -> None:
        self.beginResetModel()
        self.pins = list(dict.fromkeys(pins))
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.pins)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        pin = self.pins[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return " / ".join(part for part in (pin.bucket, printable(pin.name) if pin.key else "") if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(elided(printable(f"{pin.bucket}/{pin.key}"), 200))
        if role == Qt.ItemDataRole.DecorationRole:
            return icon("pin", "dim")
        if role == Qt.ItemDataRole.SizeHintRole:
            return QSize(0, ROW_PX)
        return None


class PinList(QListView):
    """Shows the pins; a click or Enter goes there."""

    #: the :class:`Location` a person wants to go to
    chosen = Signal(object)
    #: the :class:`Location` that shall not be pinned any more: the Delete key or the menu on it
    unpin_wanted = Signal(object)
    #: whether there is anything to show
    filled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Pinned")
        self.setUniformItemSizes(True)
        self.setIconSize(QSize(ICON_PX, ICON_PX))
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.places = PinModel(self)
        self.setModel(self.places)
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)

    def show_pins(self, pins: Iterable[Location]) -> None:
        """Replace what is shown."""
        self.places.replace(pins)
        rows = min(len(self.places.pins), _MOST_SHOWN)
        self.setFixedHeight(rows * ROW_PX + 8)
        self.filled.emit(rows > 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and self.currentIndex().isValid():
            self.unpin_wanted.emit(self.places.pins[self.currentIndex().row()])
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index, at = menu_place(self, event)
        if index.isValid():
            self.menu(self.places.pins[index.row()]).popup(at)

    def menu(self, pin: Location) -> QMenu:
        """What can be done with a pin."""
        made = QMenu(self)
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        made.addAction(icon("pin-off"), "Unpin").triggered.connect(lambda: self.unpin_wanted.emit(pin))
        return made

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(self.places.pins[index.row()])
