"""The boxes of a lineage as the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from artifact_browser.gui.catalog.lineage_map import Node
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.plain_tip import plain_tip

_HEADS = ("Relation", "What", "Version")
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class LineageList(QAbstractTableModel):
    """Read-only: what a version was made from, itself, what uses it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._nodes: Sequence[Node] = ()

    def show(self, nodes: Sequence[Node]) -> None:
        """In the place of those before."""
        self.beginResetModel()
        self._nodes = sorted(nodes, key=lambda node: node.level)
        self.endResetModel()

    def node(self, row: int) -> Node:
        return self._nodes[row]

    def row_of(self, node: Node) -> int:
        return next((row for row, one in enumerate(self._nodes) if one.key == node.key), -1)

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._nodes)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(_HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        named = role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal
        return _HEADS[section] if named else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self._nodes[index.row()]
        what = printable(node.ref.prefix) if node.ref else node.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(f"{what} {printable(node.ref.version)}" if node.ref else what)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        version = node.detail.removeprefix("Version ") if node.ref else ""
        return (node.relation, what, version)[index.column()]
