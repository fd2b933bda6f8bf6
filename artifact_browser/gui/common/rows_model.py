"""Rows of one kind as a table with a heading: what every such model answers alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

Row = TypeVar("Row")
_Index = QModelIndex | QPersistentModelIndex


class RowsModel(QAbstractTableModel, Generic[Row]):
    """Base; lives in the GUI thread. A subclass says what a cell holds (``data``).

    :cvar heads: of the columns; :ivar rows: changed by :meth:`_reset` and :meth:`_append` only
    """

    heads: ClassVar[tuple[str, ...]] = ()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []

    def _reset(self, rows: Iterable[Row]) -> None:
        """In the place of those before."""
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def _append(self, rows: Iterable[Row]) -> None:
        """Behind those that are there; views keep their place."""
        if more := list(rows):
            self.beginInsertRows(QModelIndex(), len(self.rows), len(self.rows) + len(more) - 1)
            self.rows += more
            self.endInsertRows()

    # -- what a view asks ---------------------------------------------------------------------------------------
    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        named = role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal
        return self.heads[section] if named else None
