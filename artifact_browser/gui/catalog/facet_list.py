"""The values of one partition key, with how many sets of partitions have each: one of them is chosen, or any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QHeaderView, QWidget

from artifact_browser.gui.common.format import count, elided, printable
from artifact_browser.gui.common.plain_table import PlainTable

#: Values that are listed; of more than these the address tells.
MOST_VALUES = 200
_ROWS, _ROW_PX, _COUNT_PX = 5, 26, 44
_ANY = "Any"


class FacetList(PlainTable):
    """Accessible name: the key. The first row is *Any*."""

    #: another value was chosen
    chosen_changed = Signal()

    def __init__(self, key: str, values: Sequence[tuple[str, int]], parent: QWidget | None = None) -> None:
        """:param values: each with its count; 0: nobody counted"""
        self._facets = _FacetModel(values[:MOST_VALUES])
        super().__init__(printable(key), self._facets, parent)
        self._facets.setParent(self)
        self.key = key
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setMinimumSectionSize(_COUNT_PX)
        self.setColumnWidth(1, _COUNT_PX)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.setFixedHeight(_ROW_PX * min(_ROWS, self._facets.rowCount()) + 2)
        self.selectRow(0)
        self.selectionModel().currentRowChanged.connect(lambda *_: self.chosen_changed.emit())

    @property
    def chosen(self) -> str:
        """The chosen value; empty: any."""
        return self._facets.value(self.currentIndex().row())

    def choose(self, value: str) -> None:
        """Choose a value; one that is not listed is as none."""
        self.selectRow(self._facets.row_of(value))


class _FacetModel(QAbstractTableModel):
    def __init__(self, values: Sequence[tuple[str, int]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows = [("", 0), *values]

    def value(self, row: int) -> str:
        return self._rows[row][0] if 0 <= row < len(self._rows) else ""

    def row_of(self, value: str) -> int:
        return next((row for row, (known, _) in enumerate(self._rows) if known == value), 0)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else 2

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        value, number = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            if index.column() == 0:
                return elided(printable(value), 80) if index.row() else _ANY
            return f"{number:,}" if number else ""
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == 0 and number:
            return f"{elided(printable(value), 80)}, {count(number, 'set')} of partitions"
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 1:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None
