"""What is staged in a collection, as a table: which of it to commit, what that would do, how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QWidget

from artifact_browser.catalog.many_jobs import StagedChild
from artifact_browser.errors import ErrorRecord
from artifact_browser.gui.common.format import count, elided, printable, size
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.plain_table import PlainTable
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.common.rows_model import RowsModel

_HEADS = ("Artifact", "Staged", "State")
_NAME_PX, _MOST_LETTERS = 180, 400
_Index = QModelIndex | QPersistentModelIndex


@dataclass(slots=True)
class StagedRow:
    """``trouble`` stands in the way of its commit, or did; ``state``: how far it is."""

    child: StagedChild
    chosen: bool = False
    state: str = ""
    trouble: str = ""
    done: bool = False

    @property
    def can_commit(self) -> bool:
        return self.child.plan is not None and not self.trouble and not self.done


def row_of(child: StagedChild) -> StagedRow:
    """A child as it was looked at; chosen unless something is in its way."""
    trouble = trouble_of(child)
    return StagedRow(child, chosen=not trouble, trouble=trouble)


def trouble_of(child: StagedChild) -> str:
    """What is in the way of a commit; empty where nothing is."""
    plan = child.plan
    if plan is None:
        return words_of(child.error) if child.error else "It cannot be read."
    if plan.problems:
        return f"{count(len(plan.problems), 'file')} missing or different"
    if plan.unfinished or plan.schema.passed:
        return ""
    if plan.schema.faults:
        return "The collection\u2019s schema is broken"
    return f"Does not fit the collection\u2019s schema: {plan.schema.problems[0].sentence}"


def words_of(error: ErrorRecord) -> str:
    """An error in a line."""
    return " ".join(part for part in (f"{error.title}.", error.detail) if part)


class StagedModel(RowsModel[StagedRow]):
    """Rows come as they are looked at; a box in the first column says whether one is to be committed."""

    #: other ones are chosen than before
    chosen_changed = Signal()
    heads = _HEADS

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.locked = False

    def clear(self) -> None:
        self._reset(())
        self.chosen_changed.emit()

    def add(self, children: Sequence[StagedChild]) -> None:
        if children:
            self._append(map(row_of, children))
            self.chosen_changed.emit()

    @property
    def chosen(self) -> list[StagedRow]:
        return [row for row in self.rows if row.chosen and row.can_commit]

    def choose(self, at: int, chosen: bool) -> None:
        if 0 <= at < len(self.rows) and self.rows[at].can_commit and not self.locked:
            self.rows[at].chosen = chosen
            self._tell(at, at)
            self.chosen_changed.emit()

    def choose_all(self, chosen: bool) -> None:
        for row in self.rows:
            row.chosen = chosen and row.can_commit
        self._tell(0, len(self.rows) - 1)
        self.chosen_changed.emit()

    def lock(self, locked: bool) -> None:
        """While they are committed nobody chooses."""
        self.locked = locked
        self._tell(0, len(self.rows) - 1)

    def say(self, at: int, state: str, *, trouble: str = "", done: bool = False) -> None:
        """How far the row is."""
        row = self.rows[at]
        row.state, row.trouble, row.done = state, trouble, done
        self._tell(at, at)

    def _tell(self, first: int, last: int) -> None:
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(_HEADS) - 1))

    # -- what a view asks ---------------------------------------------------------------------------------------
    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() == 0 and self.rows[index.row()].can_commit and not self.locked:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (_title(row), _what(row), elided(printable(row.trouble or row.state), _MOST_LETTERS))[column]
        if role == Qt.ItemDataRole.CheckStateRole and column == 0 and row.can_commit:
            return Qt.CheckState.Checked if row.chosen else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ToolTipRole:
            text = row.trouble or row.state if column == 2 else row.child.place.prefix
            return plain_tip(printable(elided(text, _MOST_LETTERS))) or None
        if role == Qt.ItemDataRole.DecorationRole and column == 2:
            return icon("circle-alert", "bad") if row.trouble else icon("circle-check", "ok") if row.done else None
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or index.column():
            return False
        self.choose(index.row(), Qt.CheckState(value) == Qt.CheckState.Checked)
        return True


def _title(row: StagedRow) -> str:
    plan = row.child.plan
    return printable(elided(plan.title if plan else row.child.place.name, _MOST_LETTERS))


def _what(row: StagedRow) -> str:
    plan = row.child.plan
    if plan is None:
        return ""
    if plan.unfinished:
        return "finishes an interrupted commit"
    total = sum(file.size_bytes or 0 for file in plan.files)
    files = f"{count(len(plan.files), 'file')}, {size(total)}" if plan.files else "no files"
    return f"{'an edit' if plan.replaces else 'new'} \u00b7 {files}"


class StagedList(PlainTable):
    """Accessible name ``Staged artifacts``. The space bar chooses the row at hand or leaves it out."""

    def __init__(self, model: StagedModel, parent: QWidget | None = None) -> None:
        super().__init__("Staged artifacts", model, parent)
        self._model = model
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        head = self.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        head.setStretchLastSection(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        at = self.currentIndex().row()
        if event.key() == Qt.Key.Key_Space and at >= 0:
            self._model.choose(at, not self._model.rows[at].chosen)
            event.accept()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        width = self.viewport().width()
        self.setColumnWidth(0, max(_NAME_PX, int(width * 0.34)))
        self.setColumnWidth(1, max(_NAME_PX, int(width * 0.3)))
        super().resizeEvent(event)
