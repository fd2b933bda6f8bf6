"""The tables beside the treemap: the level's contents, and its classes, ages and types."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QTabWidget, QWidget

from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.menu_place import menu_place
from artifact_browser.gui.common.plain_table import PlainTable
from artifact_browser.gui.usage.amounts_model import AMOUNT_ROLE, Amount, AmountColumn, AmountsModel
from artifact_browser.gui.usage.share_delegate import ShareDelegate
from artifact_browser.gui.usage.usage_words import part_name, part_tooltip
from artifact_browser.storage.filetypes import type_of
from artifact_browser.storage.usage_view import Measure, Share, SliceKind, UsageView

_WIDTHS = {AmountColumn.SIZE: 82, AmountColumn.SHARE: 124, AmountColumn.BLOBS: 80}
_ICONS = {
    SliceKind.PREFIX: "folder",
    SliceKind.BLOB: "file",
    SliceKind.OTHER_PREFIXES: "ellipsis",
    SliceKind.OTHER_BLOBS: "ellipsis",
}
_NO_CLASS = "no class said"


class AmountsTable(PlainTable):
    """Rows with bars. Enter or a double click opens what can be looked into."""

    opened = Signal(object)
    up_wanted = Signal()
    menu_wanted = Signal(object, QPoint)

    def __init__(self, name: str, model: AmountsModel, parent: QWidget | None = None) -> None:
        super().__init__(name, model, parent)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setItemDelegateForColumn(AmountColumn.SHARE, ShareDelegate(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.doubleClicked.connect(self._open)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self._open()
        elif event.key() == Qt.Key.Key_Backspace:
            self.up_wanted.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index, at = menu_place(self, event)
        if index.isValid():
            self.menu_wanted.emit(index.data(AMOUNT_ROLE), at)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.setColumnWidth(AmountColumn.NAME, max(110, self.viewport().width() - sum(_WIDTHS.values())))
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)
        super().resizeEvent(event)

    def _open(self) -> None:
        row = self.currentIndex().data(AMOUNT_ROLE)
        if isinstance(row, Amount) and row.is_prefix:
            self.opened.emit(row)


class UsageTables(QTabWidget):
    """Accessible name ``Tables``: ``Contents``, ``Class``, ``Age``, ``Type``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Tables")
        self.setDocumentMode(True)
        self.contents = AmountsModel("Name", self)
        self.classes = AmountsModel("Storage class", self)
        self.ages = AmountsModel("Age", self)
        self.types = AmountsModel("Type", self)
        self.table = AmountsTable("Contents", self.contents)
        self.addTab(self.table, "Contents")
        for model, name in ((self.classes, "Class"), (self.ages, "Age"), (self.types, "Type")):
            self.addTab(AmountsTable(name, model), name)

    def begin_level(self) -> None:
        """Another level: its rows are others."""
        for model in (self.contents, self.classes, self.ages, self.types):
            model.clear()

    def show_view(self, view: UsageView, measure: Measure) -> None:
        """The level as far as it is counted."""
        by_blobs = measure is Measure.BLOBS
        whole = (view.size_bytes, view.blobs)
        self.contents.show_rows(_parts(view), *whole, by_blobs=by_blobs)
        for model, shares in ((self.classes, view.classes), (self.ages, view.ages), (self.types, view.types)):
            model.show_rows(_groups(shares), *whole, by_blobs=by_blobs)


def _parts(view: UsageView) -> list[Amount]:
    return [
        Amount(
            (part.kind, part.name),
            part_name(part, view),
            part.size_bytes,
            part.blobs,
            part_tooltip(part, view),
            _ICONS[part.kind],
            part,
            _hue(part.kind, part.name),
        )
        for part in view.slices
    ]


def _hue(kind: SliceKind, name: str) -> str:
    """Prefixes have colours of their own, blobs those of their types, others none."""
    if kind is SliceKind.PREFIX:
        return name
    return f"type {type_of(name)}" if kind is SliceKind.BLOB else ""


def _groups(shares: Sequence[Share]) -> list[Amount]:
    return [Amount(("group", one.name), printable(one.name) or _NO_CLASS, one.size_bytes, one.blobs) for one in shares]
