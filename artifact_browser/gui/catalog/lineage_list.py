"""The boxes of a lineage as the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt

from artifact_browser.gui.catalog.lineage_map import Node
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.common.rows_model import RowsModel

_HEADS = ("Relation", "What", "Version")
_Index = QModelIndex | QPersistentModelIndex


class LineageList(RowsModel[Node]):
    """Read-only: what a version was made from, itself, what uses it."""

    heads = _HEADS

    def show(self, nodes: Sequence[Node]) -> None:
        """In the place of those before."""
        self._reset(sorted(nodes, key=lambda node: node.level))

    def node(self, row: int) -> Node:
        return self.rows[row]

    def row_of(self, node: Node) -> int:
        return next((row for row, one in enumerate(self.rows) if one.key == node.key), -1)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self.rows[index.row()]
        what = printable(node.ref.prefix) if node.ref else node.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(f"{what} {printable(node.ref.version)}" if node.ref else what)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        version = node.detail.removeprefix("Version ") if node.ref else ""
        return (node.relation, what, version)[index.column()]
