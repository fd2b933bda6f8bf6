"""An artifact's versions as a table: number, name, aliases, when, who, message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt

from artifact_browser.catalog.versions import VersionLine
from artifact_browser.gui.common.format import count, elided, iso_time, natural_time, printable, size
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.common.rows_model import RowsModel

_HEADS = ("#", "Version", "Aliases", "When", "Who", "Message")
NUMBER, NAME, ALIASES, WHEN, WHO, MESSAGE = range(len(_HEADS))
#: The aliases of a row, for the delegate that draws them as chips.
ALIASES_ROLE = Qt.ItemDataRole.UserRole + 1
_ID_LETTERS = 12


class VersionsModel(RowsModel[VersionLine]):
    """Read-only; pages are appended."""

    heads = _HEADS

    def show(self, lines: Sequence[VersionLine]) -> None:
        self._reset(lines)

    def append(self, lines: Sequence[VersionLine]) -> None:
        """Older ones."""
        self._append(lines)

    def line(self, row: int) -> VersionLine:
        return self.rows[row]

    def row_of(self, version: str) -> int:
        """Where a version stands; -1: it does not."""
        return next((row for row, line in enumerate(self.rows) if line.version == version), -1)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(line, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(_tip(line, column) or "") or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return _text(line, column) or "none"
        if role == ALIASES_ROLE:
            return line.aliases if column == ALIASES else ()
        return None


def short_name(line: VersionLine) -> str:
    """A version's name as one reads it: of an id its beginning."""
    if len(line.version) == 32 and all(letter in "0123456789abcdef" for letter in line.version):
        return line.version[:_ID_LETTERS]
    return elided(printable(line.version), 48)


def version_words(line: VersionLine) -> str:
    """A version in a sentence: ``version 3 (v1.0)``."""
    return f"version {line.sequence} ({short_name(line)})"


def _text(line: VersionLine, column: int) -> str:
    if column == NUMBER:
        return str(line.sequence)
    if column == NAME:
        return short_name(line)
    if column == ALIASES:
        return ", ".join(map(printable, line.aliases))
    if column == WHEN:
        return natural_time(line.time_us) if line.time_us else ""
    if column == WHO:
        return printable(line.author)
    return printable(" ".join(line.message.split()))


def _tip(line: VersionLine, column: int) -> str:
    if column == WHEN:
        return iso_time(line.time_us) if line.time_us else ""
    if column == ALIASES:
        return "\n".join(map(printable, line.aliases))
    if column == MESSAGE:
        return printable(line.message)
    if column == WHO and not line.recorded:
        return "Another program committed it; it is recorded at the next commit."
    return f"{printable(line.version)}\n{count(line.file_count, 'file')}, {size(line.size_bytes)}"
