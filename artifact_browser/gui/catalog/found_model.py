"""Found versions as a table: number, version, partitions, when committed, by whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt

from artifact_browser.catalog.found_versions import FoundVersion
from artifact_browser.catalog.versions import VersionLine
from artifact_browser.gui.catalog.versions_model import short_name
from artifact_browser.gui.common.format import elided, iso_time, natural_time, printable
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.common.rows_model import RowsModel

_HEADS = ("#", "Version", "Partitions", "Committed", "By")
NUMBER, NAME, PARTITIONS, WHEN, WHO = range(len(_HEADS))


class FoundModel(RowsModel[FoundVersion]):
    """Read-only; pages are appended."""

    heads = _HEADS

    def show(self, rows: Sequence[FoundVersion]) -> None:
        self._reset(rows)

    def append(self, rows: Sequence[FoundVersion]) -> None:
        """The next page."""
        self._append(rows)

    def row(self, at: int) -> FoundVersion | None:
        return self.rows[at] if 0 <= at < len(self.rows) else None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        found, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(found, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(_tip(found, column)) or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ". ".join(filter(None, (_text(found, column) or "none", found.flag if column == PARTITIONS else "")))
        if role == Qt.ItemDataRole.DecorationRole and column == PARTITIONS and found.flag:
            return icon("triangle-alert", "warning")
        return None


def partition_words(found: FoundVersion) -> str:
    """``date 2026-08-01 · region us``."""
    pairs = (f"{printable(key)} {printable(value)}" for key, value in sorted(found.partitions.shown.items()))
    return " \u00b7 ".join(pairs)


def _text(found: FoundVersion, column: int) -> str:
    if column == NUMBER:
        return str(found.sequence)
    if column == NAME:
        return short_name(VersionLine(found.sequence, found.version))
    if column == PARTITIONS:
        return elided(partition_words(found), 300) or "none"
    if column == WHEN:
        return natural_time(found.time_us) if found.time_us else ""
    return printable(found.author)


def _tip(found: FoundVersion, column: int) -> str:
    if column == PARTITIONS:
        words = partition_words(found).replace(" \u00b7 ", "\n")
        return f"{words}\n{printable(found.flag)}".strip()
    if column == WHEN:
        return iso_time(found.time_us) if found.time_us else ""
    return "\n".join(filter(None, (printable(found.version), printable(found.message))))
