"""The cards of one place as a list model: batches in, filter and type on top; never any I/O."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from artifact_browser.catalog.card import Card, Status
from artifact_browser.catalog.stats import Counts
from artifact_browser.gui.catalog.count_words import counts_words, downloads_words
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.plain_tip import plain_tip

#: The chip that shows only what is staged (no artifact type begins with a space).
STAGED_CHIP = " staged"
_STAGED = frozenset({Status.STAGED, Status.STAGED_EDIT})


class SortBy(StrEnum):
    """In which order the cards stand."""

    NAME = "name"
    #: newest first
    MODIFIED = "modified"
    #: most first
    DOWNLOADS = "downloads"


class GalleryModel(QAbstractListModel):
    """Rows are cards in the order that was chosen; while a scan runs, late ones stand at the end."""

    #: how many cards there are of each type changed
    counted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cards: dict[str, Card] = {}
        # kept while cards come and go: the header asks with every batch
        self._types: Counter[str] = Counter()
        self._statuses: Counter[Status] = Counter()
        self._texts: dict[str, str] = {}
        self._rows: list[str] = []
        self._row_of: dict[str, int] = {}
        self._words: tuple[str, ...] = ()
        self._type = ""
        self._sort = SortBy.NAME
        self._counts: dict[str, Counts] = {}

    # -- what a view asks ---------------------------------------------------------------------------------------
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        card = self.card(index.row())
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return printable(card.title)
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            counts = self._counts.get(card.prefix)
            return described(card) if counts is None else f"{described(card)}, {downloads_words(counts)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            counts = self._counts.get(card.prefix)
            words = counts_words(counts) if counts is not None else ""
            return plain_tip(_printable_lines(card.title, card.error or card.description, words, card.prefix))
        return None

    def card(self, row: int) -> Card:
        return self._cards[self._rows[row]]

    def cards(self) -> list[Card]:
        """All cards, those hidden by the filter too."""
        return list(self._cards.values())

    def row_of(self, prefix: str) -> int:
        """The row of a card; -1 when it is not shown."""
        return self._row_of.get(prefix, -1)

    @property
    def total(self) -> int:
        """All cards, those hidden by the filter too."""
        return len(self._cards)

    @property
    def staged(self) -> int:
        return sum(self._statuses[status] for status in _STAGED)

    @property
    def broken(self) -> int:
        return self._statuses[Status.BROKEN]

    def types(self) -> list[tuple[str, int]]:
        """Types with their numbers, the most frequent first."""
        counts = [(kind, number) for kind, number in self._types.items() if kind and number]
        return sorted(counts, key=lambda pair: (-pair[1], pair[0]))

    # -- what the gallery does ----------------------------------------------------------------------------------
    def clear(self) -> None:
        self.beginResetModel()
        self._cards, self._texts, self._rows, self._row_of = {}, {}, [], {}
        self._counts = {}
        self._types, self._statuses = Counter(), Counter()
        self.endResetModel()
        self.counted.emit()

    def take(self, cards: Iterable[Card], gone: Iterable[str] = ()) -> None:
        """Add cards, replace those with a known prefix, drop those that are gone."""
        new: list[str] = []
        refilter = False
        for card in cards:
            before = self._cards.get(card.prefix)
            known = before is not None
            self._tally(before, card)
            self._cards[card.prefix] = card
            self._texts[card.prefix] = _search_text(card)
            row, wanted = self.row_of(card.prefix), self._wanted(card.prefix)
            if known and row >= 0 and wanted:
                index = self.index(row)
                self.dataChanged.emit(index, index)
            elif (row >= 0) != wanted:
                if row >= 0 or known:
                    refilter = True
                else:
                    new.append(card.prefix)
        for prefix in gone:
            if (card_gone := self._cards.pop(prefix, None)) is not None:
                self._tally(card_gone, None)
                del self._texts[prefix]
                refilter = refilter or prefix in self._row_of
        if refilter:
            self._refilter()
        elif new:
            self._append(new)
        self.counted.emit()

    def take_counts(self, counted: Iterable[tuple[str, Counts]]) -> None:
        """What is known of downloads, by prefix; cards may come later."""
        rows = []
        for prefix, counts in counted:
            if self._counts.get(prefix) != counts:
                self._counts[prefix] = counts
                rows.append(self.row_of(prefix))
        shown = [row for row in rows if row >= 0]
        if shown:
            self.dataChanged.emit(self.index(min(shown)), self.index(max(shown)))

    def counts_of(self, prefix: str) -> Counts | None:
        """Downloads and views of a card, as far as somebody has counted any."""
        return self._counts.get(prefix)

    def set_sort(self, sort: SortBy) -> None:
        """Put the cards in this order."""
        self._sort = sort
        self.arrange()

    def arrange(self) -> None:
        """Put late arrivals where their title belongs; selection and current card stay with their cards."""
        before = list(self._rows)
        wanted = sorted(before, key=self._order)
        if wanted == before:
            return
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        self._set_rows(wanted)
        self.changePersistentIndexList(old, [self.index(self._row_of[before[index.row()]]) for index in old])
        self.layoutChanged.emit()

    def set_filter(self, text: str) -> None:
        """Show cards that have every word of ``text`` in title, id, description, tags or type."""
        words = tuple(text.casefold().split())
        if words != self._words:
            self._words = words
            self._refilter()

    def set_type(self, kind: str) -> None:
        """Show one type only, or :data:`STAGED_CHIP`; an empty one shows all."""
        if kind != self._type:
            self._type = kind
            self._refilter()

    @property
    def is_filtered(self) -> bool:
        return bool(self._words or self._type)

    def _tally(self, before: Card | None, now: Card | None) -> None:
        for card, by in ((before, -1), (now, 1)):
            if card is not None:
                self._types[card.type] += by
                self._statuses[card.status] += by

    # -- rows ---------------------------------------------------------------------------------------------------
    def _append(self, prefixes: list[str]) -> None:
        first = len(self._rows)
        self.beginInsertRows(QModelIndex(), first, first + len(prefixes) - 1)
        self._rows += prefixes
        self._row_of |= {prefix: first + at for at, prefix in enumerate(prefixes)}
        self.endInsertRows()

    def _refilter(self) -> None:
        self.beginResetModel()
        self._set_rows(sorted((prefix for prefix in self._cards if self._wanted(prefix)), key=self._order))
        self.endResetModel()

    def _set_rows(self, rows: list[str]) -> None:
        self._rows = rows
        self._row_of = {prefix: row for row, prefix in enumerate(rows)}

    def _order(self, prefix: str) -> tuple[float, str, str]:
        """By what is chosen, then by title; what is not known stands last."""
        card, rank = self._cards[prefix], 0.0
        if self._sort is SortBy.MODIFIED:
            rank = -card.modified_us or math.inf
        elif self._sort is SortBy.DOWNLOADS:
            counts = self._counts.get(prefix)
            rank = -counts.downloads if counts is not None else math.inf
        return rank, card.title.casefold(), prefix

    def _wanted(self, prefix: str) -> bool:
        card = self._cards[prefix]
        if self._type == STAGED_CHIP:
            if card.status not in _STAGED:
                return False
        elif self._type and card.type != self._type:
            return False
        text = self._texts[prefix]
        return all(word in text for word in self._words)


def _printable_lines(*parts: str) -> str:
    return "\n".join(printable(part) for part in parts if part)


def described(card: Card) -> str:
    """What a screen reader says behind the title: status, type, version, and the error of a broken one."""
    if card.status is Status.BROKEN:
        return f"broken: {card.error}"
    return ", ".join(part for part in (card.status.value, card.type, card.version) if part)


def _search_text(card: Card) -> str:
    return "\n".join((card.title, card.id, card.description, *card.tags, card.type)).casefold()
