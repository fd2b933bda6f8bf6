"""An artifact's fields as a table, the chosen one in full beside it; in a staged manifest with what is changed.

A table draws what can be seen: 200 fields of 4,000 letters each, as labels, held the window for seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QFrame, QHeaderView, QPlainTextEdit, QSplitter, QVBoxLayout, QWidget

from artifact_browser.gui.catalog.artifact_page import ArtifactPage, PageTools, ShownArtifact
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.plain_table import PlainTable
from artifact_browser.gui.common.rows_model import RowsModel

FIRST_FIELDS = ("name", "description", "type", "version", "tags", "id")
_HEADS = ("Field", "Value", "State")
_CELL_LETTERS = 300
_FIELD_PX, _STATE_PX = 180, 90
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One line; ``state`` says what is new or changed against what is committed."""

    name: str
    value: str
    state: str = ""


class FieldsModel(RowsModel[FieldRow]):
    """Read-only."""

    heads = _HEADS

    def show(self, rows: Sequence[FieldRow]) -> None:
        """In the place of those before."""
        self._reset(rows)

    def row(self, at: int) -> FieldRow:
        return self.rows[at]

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        row = self.rows[index.row()]
        return (printable(row.name), " ".join(printable(row.value[:_CELL_LETTERS]).split()), row.state)[index.column()]


class MetadataPage(ArtifactPage):
    """Holds the table ``Metadata`` and the text ``Value``, which can be selected and copied."""

    TITLE = "Metadata"

    def __init__(self, tools: PageTools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self.fields = FieldsModel(self)
        self.table = PlainTable("Fields", self.fields)
        head = self.table.horizontalHeader()
        self.table.setColumnWidth(0, _FIELD_PX)
        self.table.setColumnWidth(2, _STATE_PX)
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.value = QPlainTextEdit()
        self.value.setAccessibleName("Value")
        self.value.setReadOnly(True)
        self.value.setTabChangesFocus(True)
        self.value.setFrameShape(QFrame.Shape.NoFrame)
        self.table.selectionModel().currentRowChanged.connect(self._show_value)
        parts = QSplitter(Qt.Orientation.Horizontal)
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(1)
        parts.addWidget(self.table)
        parts.addWidget(self.value)
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(parts)
        self.setFocusProxy(self.table)

    def show_artifact(self, shown: ShownArtifact) -> None:
        chosen = self.table.currentIndex()
        name = self.fields.row(chosen.row()).name if chosen.isValid() else ""
        rows = _rows(shown)
        self.fields.show(rows)
        self.table.setColumnHidden(2, not any(row.state for row in rows))
        self.value.clear()
        if rows:
            self.table.selectRow(next((at for at, row in enumerate(rows) if row.name == name), 0))

    def _show_value(self, current: QModelIndex, _before: QModelIndex) -> None:
        row = self.fields.row(current.row()) if current.isValid() else FieldRow("", "")
        self.value.setPlainText("\n".join(printable(line) for line in row.value.split("\n")))
        self.value.setAccessibleDescription(printable(row.name))


def _rows(shown: ShownArtifact) -> list[FieldRow]:
    fields = {name: value for name, value in shown.fields.items() if value}
    order = [name for name in FIRST_FIELDS if name in fields] + sorted(fields.keys() - set(FIRST_FIELDS))
    return [FieldRow(name, fields[name], _state(shown, name)) for name in order]


def _state(shown: ShownArtifact, name: str) -> str:
    before = shown.before
    if before is None or before.get(name) == shown.fields[name]:
        return ""
    return "changed" if before.get(name) else "new"
