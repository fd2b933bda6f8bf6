"""A diff as two tables: its files, all or one kind of change, and its fields; and what changes are called and look like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from artifact_browser.catalog.diff import FileChange, FileChangeKind
from artifact_browser.catalog.diff_fields import FieldChange
from artifact_browser.catalog.diff_text import Shown
from artifact_browser.catalog.files import StagedFile
from artifact_browser.gui.common.format import elided, exact_size, printable, size
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.plain_tip import plain_tip

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_HEADS = ("Change", "File", "Before", "After", "Seen by")
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_SIZES = (2, 3)
_FIELD_HEADS = ("Change", "Field", "Before", "After")
#: of a value, in a cell; the whole is shown beside
_CELL_LETTERS = 300
#: of a file's name: it may have a million
_NAME_LETTERS = 500
#: By a change's value, of files and of fields: its word, its icon and the icon's colour.
LOOKS = {
    "added": ("Added", "plus", "ok"),
    "removed": ("Removed", "trash-2", "bad"),
    "changed": ("Changed", "pencil", "warning"),
    "moved": ("Moved", "arrow-right", "accent"),
}


class DiffFilesModel(QAbstractTableModel):
    """Read-only. Holds the changes as they came; filtering is one pass over them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: Sequence[FileChange] = ()
        self._rows: Sequence[FileChange] = ()
        self.counts: Counter[FileChangeKind] = Counter()

    def show(self, changes: Sequence[FileChange]) -> None:
        """In the place of those before; all of them."""
        self.counts = Counter(change.kind for change in changes)
        self._all = changes
        self.choose(None)

    def choose(self, kind: FileChangeKind | None) -> None:
        """Show one kind of change only; ``None``: all."""
        self.beginResetModel()
        self._rows = self._all if kind is None else [change for change in self._all if change.kind is kind]
        self.endResetModel()

    def change(self, row: int) -> FileChange:
        return self._rows[row]

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(_HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return _HEADS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section in _SIZES:
            return _RIGHT
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        change, column = self._rows[index.row()], index.column()
        word, icon_name, icon_role = LOOKS[change.kind.value]
        if role == Qt.ItemDataRole.DisplayRole:
            return (word, _where(change), _size(change.before), _size(change.after), change.reason)[column]
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return icon(icon_name, icon_role)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in _SIZES:
            return _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                plain_tip(_hint(change)) if column == 1 else _exact((change.before, change.after)[column - 2], column)
            )
        return None


class DiffFieldsModel(QAbstractTableModel):
    """The metadata that differs. Read-only."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[FieldChange] = ()

    def show(self, changes: Sequence[FieldChange]) -> None:
        """In the place of those before."""
        self.beginResetModel()
        self._rows = changes
        self.endResetModel()

    def change(self, row: int) -> FieldChange:
        return self._rows[row]

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(_FIELD_HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        named = role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal
        return _FIELD_HEADS[section] if named else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        change, column = self._rows[index.row()], index.column()
        word, icon_name, icon_role = LOOKS[change.kind.value]
        if role == Qt.ItemDataRole.DisplayRole:
            return (word, printable(change.name), _cell(change.before), _cell(change.after))[column]
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return icon(icon_name, icon_role)
        return None


def _cell(side: Shown | None) -> str:
    return "" if side is None else printable(side.text[:_CELL_LETTERS])


def _where(change: FileChange) -> str:
    if change.kind is FileChangeKind.MOVED and change.before is not None:
        return f"{_name(change.before.path)} \u2192 {_name(change.path)}"
    return _name(change.path)


def _name(path: str) -> str:
    return printable(elided(path, _NAME_LETTERS))


def _size(file: StagedFile | None) -> str:
    return "" if file is None or file.size_bytes is None else size(file.size_bytes)


def _exact(file: StagedFile | None, column: int) -> str | None:
    known = column in _SIZES and file is not None and file.size_bytes is not None
    return exact_size(file.size_bytes) if known and file and file.size_bytes is not None else None


def _hint(change: FileChange) -> str:
    lines = [_where(change)]
    for words, file in (("before", change.before), ("after", change.after)):
        if file is not None:
            facts = [f"ETag {file.etag}" if file.etag else "", *(f"{name} {value}" for name, value in file.checksums)]
            lines += [f"{words}: {_name(fact)}" for fact in facts if fact]
    return "\n".join(lines)
