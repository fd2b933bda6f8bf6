"""Watches as a table, and what one of them has found as another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt

from artifact_browser.catalog.watch import Action
from artifact_browser.catalog.watch_file import Kept, News
from artifact_browser.gui.common.format import iso_time, natural_time
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.common.rows_model import Row, RowsModel
from artifact_browser.gui.watches import watch_words as words

_HEADS = ("Watch", "Does", "Last version", "Looked", "State")
WATCH, DOES, LAST, LOOKED, STATE = range(len(_HEADS))
_NEWS_HEADS = ("Version", "Partitions", "Found", "State")
VERSION, PARTITIONS, FOUND, NEWS_STATE = range(len(_NEWS_HEADS))


class _Texts(RowsModel[Row]):
    """Read-only rows of texts."""

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        text = self._text(index.row(), index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return text or "none"
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self._tip(index.row(), index.column()) or text) or None
        return None

    def _text(self, row: int, column: int) -> str:
        raise NotImplementedError

    def _tip(self, row: int, column: int) -> str:
        raise NotImplementedError


class WatchesModel(_Texts[Kept]):
    """Rows stay where they are while a watch looks: only what changed is told."""

    heads = _HEADS

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._looking: frozenset[str] = frozenset()
        self._accounts: frozenset[str] = frozenset()

    def show(self, rows: Sequence[Kept], looking: Collection[str], accounts: Collection[str]) -> None:
        """:param looking: ids of those that look now; :param accounts: ids of the accounts there are"""
        same = [kept.watch.id for kept in rows] == [kept.watch.id for kept in self.rows]
        if not same:
            self.beginResetModel()
        self.rows, self._looking, self._accounts = list(rows), frozenset(looking), frozenset(accounts)
        if not same:
            self.endResetModel()
        elif rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(self.heads) - 1))

    def is_orphan(self, kept: Kept) -> bool:
        return kept.watch.account_id not in self._accounts

    def state_of(self, kept: Kept) -> str:
        return words.state_words(kept, looking=kept.watch.id in self._looking, orphan=self.is_orphan(kept))

    def _text(self, row: int, column: int) -> str:
        kept = self.rows[row]
        match column:
            case 0:
                return words.what_words(kept.watch)
            case 1:
                return words.does_words(kept.watch)
            case 2:
                return words.last_words(kept)
            case 3:
                return words.looked_words(kept)
            case _:
                return self.state_of(kept)

    def _tip(self, row: int, column: int) -> str:
        kept = self.rows[row]
        return iso_time(kept.looked_us) if column == LOOKED and kept.looked_us else ""


class NewsModel(_Texts[News]):
    """What a watch has found, the latest first."""

    heads = _NEWS_HEADS

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._action = Action.NOTIFY

    def show(self, rows: Sequence[News], action: Action = Action.NOTIFY) -> None:
        """:param action: what their watch does"""
        if (list(rows), action) != (self.rows, self._action):
            self._action = action
            self._reset(rows)

    def _text(self, row: int, column: int) -> str:
        one = self.rows[row]
        match column:
            case 0:
                return words.version_words(one.version)
            case 1:
                return words.partition_words(one.version.partitions)
            case 2:
                return natural_time(one.found_us)
            case _:
                return words.news_state_words(one, self._action)

    def _tip(self, row: int, column: int) -> str:
        return iso_time(self.rows[row].found_us) if column == FOUND else ""
