"""An artifact's files as a table: name, size, what is the matter with it, and which checksum is known of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from artifact_browser.gui.common.format import elided, exact_size, printable, size
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.plain_tip import plain_tip

_HEADS = ("File", "Size", "State", "Checksum")
#: of a name, in a cell: nobody reads more, and a name may have a million
_MOST_LETTERS = 500


@dataclass(frozen=True, slots=True)
class FileRow:
    """One line. ``trouble`` stands in the way of a commit; ``state`` is an ordinary word.

    :ivar checksum: its kind and value; :ivar hint: all that is known of the bytes, line by line
    """

    path: str
    size_bytes: int | None = None
    state: str = ""
    trouble: str = ""
    checksum: str = ""
    hint: str = ""


_KEYS: tuple[Callable[[FileRow], Any], ...] = (
    lambda row: row.path,
    lambda row: -1 if row.size_bytes is None else row.size_bytes,
    lambda row: row.trouble or row.state,
    lambda row: row.checksum,
)


class SortableRows(ABC, Sequence[FileRow]):
    """Rows that are made when they are asked for, and can be put in order without making each."""

    @abstractmethod
    def sort(self, column: int, *, down: bool) -> None: ...


class FileListModel(QAbstractTableModel):
    """Read-only."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[FileRow] = ()

    def show(self, rows: Sequence[FileRow]) -> None:
        """In the place of those before. ``rows`` may make each row when it is asked for; it must not change."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By what the column shows; sizes that nobody recorded come first."""
        down = order == Qt.SortOrder.DescendingOrder
        self.beginResetModel()
        if isinstance(self._rows, SortableRows):
            self._rows.sort(column, down=down)
        else:
            self._rows = sorted(self._rows, key=_KEYS[column], reverse=down)
        self.endResetModel()

    def row(self, at: int) -> FileRow:
        return self._rows[at]

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(_HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return _HEADS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section == 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            if column == 0:
                return printable(elided(row.path, _MOST_LETTERS))
            if column == 1:
                return "" if row.size_bytes is None else size(row.size_bytes)
            return printable(elided(row.checksum, 200)) if column == 3 else row.trouble or row.state
        if role == Qt.ItemDataRole.ToolTipRole:
            if column == 3:
                return plain_tip(row.hint[: 4 * _MOST_LETTERS]) or None
            return (
                exact_size(row.size_bytes)
                if column == 1 and row.size_bytes is not None
                else plain_tip(elided(row.trouble or row.path, _MOST_LETTERS))
            )
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return icon("circle-alert", "bad") if row.trouble else icon("file", "dim")
        if role == Qt.ItemDataRole.TextAlignmentRole and column == 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None
