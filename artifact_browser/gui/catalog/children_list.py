"""Children that a schema would refuse, as a table: which, and what is wrong with each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHeaderView, QWidget

from artifact_browser.catalog.schema_text import UnfitChild
from artifact_browser.gui.common.format import elided, printable
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.plain_table import PlainTable
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.common.rows_model import RowsModel

_HEADS = ("Child", "What does not fit")
_Index = QModelIndex | QPersistentModelIndex
_NAME_PX = 160


class ChildrenModel(RowsModel[UnfitChild]):
    """Read-only; rows are added as they are found."""

    heads = _HEADS

    def clear(self) -> None:
        self._reset(())

    def add(self, rows: Sequence[UnfitChild]) -> None:
        self._append(rows)

    def row(self, at: int) -> UnfitChild:
        return self.rows[at]

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        child = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            if index.column() == 0:
                return printable(child.name)
            more = child.problems - len(child.sentences)
            words = " ".join(child.sentences) + (f" And {more:,} more." if more > 0 else "")
            return elided(printable(words), 400)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip("\n".join(printable(sentence) for sentence in child.sentences))
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return icon("circle-alert", "bad")
        return None


class ChildrenList(PlainTable):
    """Accessible name ``Children``. Enter or a double click chooses one."""

    #: a child's prefix
    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        self.model_ = ChildrenModel()
        super().__init__("Children", self.model_, parent)
        self.model_.setParent(self)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        head = self.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        head.setStretchLastSection(True)
        self.activated.connect(lambda index: self.chosen.emit(self.model_.row(index.row()).prefix))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.setColumnWidth(0, max(_NAME_PX, self.viewport().width() // 4))
        super().resizeEvent(event)
