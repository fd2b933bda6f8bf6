"""The history's two tables: jobs that have ended, and the items of one of them. Filled in pages by others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from artifact_browser.gui.common.format import exact_size, iso_time, natural_time, printable
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.transfers.transfer_words import (
    item_facts,
    item_icon,
    item_troubles,
    job_facts,
    job_icon,
    job_name,
)
from artifact_browser.transfers.past_jobs import PAGE, PastJob
from artifact_browser.transfers.state import ItemSnapshot

Row = TypeVar("Row")
_Index = QModelIndex | QPersistentModelIndex


class PagedModel(QAbstractTableModel, Generic[Row]):
    """Rows that arrive a page at a time, each asked for when the one before was looked at. Read-only."""

    #: the next page, please
    more_wanted = Signal()

    def __init__(self, heads: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._heads = heads
        self.rows: list[Row] = []
        self._more = self._asked = False

    def clear(self) -> None:
        self.beginResetModel()
        self.rows, self._more, self._asked = [], False, False
        self.endResetModel()

    def add(self, page: Sequence[Row]) -> None:
        """A page; a short one is the last."""
        if page:
            self.beginInsertRows(QModelIndex(), len(self.rows), len(self.rows) + len(page) - 1)
            self.rows += page
            self.endInsertRows()
        self._more, self._asked = len(page) == PAGE, False

    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._heads)

    def canFetchMore(self, parent: _Index) -> bool:
        return not parent.isValid() and self._more and not self._asked

    def fetchMore(self, parent: _Index) -> None:
        if self.canFetchMore(parent):
            self._asked = True
            self.more_wanted.emit()

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._heads[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self.tooltip(row, index.column()) or "") or None
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return icon(*self.sign(row))
        return None

    def text(self, row: Row, column: int) -> str:
        raise NotImplementedError

    def tooltip(self, row: Row, column: int) -> str:
        raise NotImplementedError

    def sign(self, row: Row) -> tuple[str, str]:
        """Icon and colour of the first cell."""
        raise NotImplementedError


class PastJobsModel(PagedModel[PastJob]):
    """Newest first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(("Transfer", "Result", "State", "Ended"), parent)

    def text(self, row: PastJob, column: int) -> str:
        job = row.snapshot
        if column == 0:
            return job_name(job)
        if column == 1:
            return job_facts(job)
        return str(job.state) if column == 2 else natural_time(row.ended_us)

    def tooltip(self, row: PastJob, column: int) -> str:
        if column == 3:
            return f"{iso_time(row.begun_us)} to {iso_time(row.ended_us)}"
        return f"{row.snapshot.verb}: {self.text(row, column)}" if column == 0 else self.text(row, column)

    def sign(self, row: PastJob) -> tuple[str, str]:
        return job_icon(row.snapshot)


class PastItemsModel(PagedModel[ItemSnapshot]):
    """Failures first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(("Item", "Facts", "State"), parent)

    def text(self, row: ItemSnapshot, column: int) -> str:
        if column == 0:
            return printable(row.item.name)
        return item_facts(row) if column == 1 else str(row.state)

    def tooltip(self, row: ItemSnapshot, column: int) -> str:
        lines = [
            printable(row.item.source),
            f"\u2192 {printable(row.item.target)}",
            exact_size(row.item.size_bytes),
        ]
        return "\n".join([*lines, *item_troubles(row)])

    def sign(self, row: ItemSnapshot) -> tuple[str, str]:
        return item_icon(row)
