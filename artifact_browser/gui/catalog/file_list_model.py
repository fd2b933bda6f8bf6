"""An artifact's files as a table: name, size, what is the matter with it, and which checksum is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from artifact_browser.gui.common.format import exact_size, printable, size
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.plain_tip import plain_tip

_HEADS = ("File", "Size", "State", "Checksum")


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


class FileListModel(QAbstractTableModel):
    """Read-only."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[FileRow] = ()

    def show(self, rows: Sequence[FileRow]) -> None:
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By what the column shows; sizes that nobody recorded come first."""
        keys = (
            lambda row: row.path,
            lambda row: -1 if row.size_bytes is None else row.size_bytes,
            lambda row: row.trouble or row.state,
            lambda row: row.checksum,
        )
        self.beginResetModel()
        self._rows = tuple(sorted(self._rows, key=keys[column], reverse=order == Qt.SortOrder.DescendingOrder))
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
                return printable(row.path)
            if column == 1:
                return "" if row.size_bytes is None else size(row.size_bytes)
            return printable(row.checksum) if column == 3 else row.trouble or row.state
        if role == Qt.ItemDataRole.ToolTipRole:
            if column == 3:
                return plain_tip(row.hint) or None
            return (
                exact_size(row.size_bytes)
                if column == 1 and row.size_bytes is not None
                else plain_tip(row.trouble or row.path)
            )
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return icon("circle-alert", "bad") if row.trouble else icon("file", "dim")
        if role == Qt.ItemDataRole.TextAlignmentRole and column == 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None
