"""Rows of amounts: the parts of a level, or its classes, ages and types. They grow in place while it is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from artifact_browser.gui.common.format import count, exact_size, size
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.usage.usage_words import share
from artifact_browser.storage.usage_view import Slice, SliceKind

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
#: The :class:`Amount` of a row.
AMOUNT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
#: The row's part of the whole, 0 to 1.
SHARE_ROLE = AMOUNT_ROLE + 1


class AmountColumn(IntEnum):
    NAME = 0
    SIZE = 1
    SHARE = 2
    BLOBS = 3


@dataclass(frozen=True, slots=True)
class Amount:
    """One row. ``key`` tells it from the others; ``part``: what of the level it is, where it is one; rows of one ``hue``
    have one colour.
    """

    key: tuple[str, str]
    name: str
    size_bytes: int
    blobs: int
    tooltip: str = ""
    icon_name: str = ""
    part: Slice | None = None
    hue: str = ""

    @property
    def is_prefix(self) -> bool:
        """Whether it can be looked into."""
        return self.part is not None and self.part.kind is SliceKind.PREFIX


class AmountsModel(QAbstractTableModel):
    """:param title: of the first column. Read-only, in the order given."""

    def __init__(self, title: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._titles = (title, "Size", "Share", "Blobs")
        self.rows: list[Amount] = []
        self.whole_bytes = self.whole_blobs = 0
        self.by_blobs = False

    def show_rows(self, rows: Sequence[Amount], whole_bytes: int, whole_blobs: int, *, by_blobs: bool = False) -> None:
        """In the place of those before; rows that stay keep their selection."""
        self.whole_bytes, self.whole_blobs, self.by_blobs = whole_bytes, whole_blobs, by_blobs
        wanted = {row.key for row in rows}
        for place in reversed(range(len(self.rows))):
            if self.rows[place].key not in wanted:
                self.beginRemoveRows(_NOWHERE, place, place)
                del self.rows[place]
                self.endRemoveRows()
        known = {row.key for row in self.rows}
        new = [row for row in rows if row.key not in known]
        if new:
            self.beginInsertRows(_NOWHERE, len(self.rows), len(self.rows) + len(new) - 1)
            self.rows += new
            self.endInsertRows()
        self._order(list(rows))
        if rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(AmountColumn) - 1))

    def clear(self) -> None:
        """Another level: nothing stays."""
        self.beginResetModel()
        self.rows = []
        self.endResetModel()

    def share(self, row: Amount) -> float:
        """Its part of the whole, in the measure shown."""
        whole = self.whole_blobs if self.by_blobs else self.whole_bytes
        return min(1.0, self.amount(row) / whole) if whole > 0 else 0.0

    def amount(self, row: Amount) -> int:
        """What makes it large."""
        return row.blobs if self.by_blobs else row.size_bytes

    def _order(self, rows: list[Amount]) -> None:
        if [row.key for row in rows] == [row.key for row in self.rows]:
            self.rows = rows
            return
        self.layoutAboutToBeChanged.emit()
        places = {row.key: place for place, row in enumerate(rows)}
        old = self.persistentIndexList()
        keys = [self.rows[index.row()].key for index in old]
        self.rows = rows
        self.changePersistentIndexList(
            old, [self.index(places[key], index.column()) for key, index in zip(keys, old, strict=True)]
        )
        self.layoutChanged.emit()

    # -- Qt -----------------------------------------------------------------------------------------------------
    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(AmountColumn)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section in {AmountColumn.SIZE, AmountColumn.BLOBS} else _LEFT
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(row.tooltip or f"{row.name}\n{exact_size(row.size_bytes)} in {count(row.blobs, 'blob')}")
        if role == Qt.ItemDataRole.AccessibleDescriptionRole and column == AmountColumn.NAME:
            return f"{size(row.size_bytes)}, {count(row.blobs, 'blob')}, {self._text(row, AmountColumn.SHARE)}"
        if role == AMOUNT_ROLE:
            return row
        if role == SHARE_ROLE:
            return self.share(row)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column in {AmountColumn.SIZE, AmountColumn.BLOBS} else _LEFT
        if role == Qt.ItemDataRole.DecorationRole and column == AmountColumn.NAME and row.icon_name:
            return icon(row.icon_name, "dim")
        return None

    def _text(self, row: Amount, column: int) -> str:
        if column == AmountColumn.NAME:
            return row.name
        if column == AmountColumn.SIZE:
            return size(row.size_bytes)
        if column == AmountColumn.BLOBS:
            return f"{row.blobs:,}"
        whole = self.whole_blobs if self.by_blobs else self.whole_bytes
        return share(self.amount(row), whole)
