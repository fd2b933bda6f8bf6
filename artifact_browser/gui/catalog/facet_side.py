"""The side where one chooses which versions are looked for: a list for each partition key, a range of time."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from artifact_browser.catalog.found_versions import Scope, Wanted, Which
from artifact_browser.catalog.own_address import Several
from artifact_browser.catalog.partitions import time_span
from artifact_browser.errors import InputError
from artifact_browser.gui.catalog.facet_list import MOST_VALUES, FacetList
from artifact_browser.gui.common.dialog import captioned
from artifact_browser.gui.common.format import count, elided, printable
from artifact_browser.gui.common.widgets import Kind, label

_MOST_KEYS = 20
_WIDTH_PX = 236


class FacetSide(QScrollArea):
    """Accessible name ``Partitions``."""

    #: something else was chosen, and it can be looked for
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Partitions")
        self.setWidgetResizable(True)
        self.setFixedWidth(_WIDTH_PX)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.lists: dict[str, FacetList] = {}
        self.times: FacetList | None = None
        self.since, self.until = QLineEdit(), QLineEdit()
        self.fault = label("", Kind.FAULT, wrap=True)
        self.exact = QCheckBox("No other partitions")
        self._told = ("", "")
        self.clear()

    def clear(self) -> None:
        """Nothing can be chosen."""
        self.lists, self.times = {}, None
        self.setWidget(QWidget())

    def show_scope(self, scope: Scope) -> None:
        """Offer what there is; nothing is chosen of it."""
        self.lists, self.times, self._told = {}, None, ("", "")
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 12, 12)
        column.setSpacing(4)
        if scope.time_key:
            self._add_time(column, scope)
        for key in scope.keys[:_MOST_KEYS]:
            values = list(scope.facets.values.get(key, {}).items())
            self.lists[key] = made = FacetList(key, values)
            made.chosen_changed.connect(self.changed)
            self._add(column, key, made, len(values))
        self.exact = QCheckBox("No other partitions")
        self.exact.setVisible(bool(self.lists) or self.times is not None)
        self.exact.setToolTip(
            "Only versions that have exactly the chosen partitions; with none chosen, those without any"
        )
        self.exact.toggled.connect(lambda _: self.changed.emit())
        column.addSpacing(4)
        column.addWidget(self.exact)
        for words in self._remarks(scope):
            column.addWidget(label(words, Kind.HINT, wrap=True))
        column.addStretch(1)
        self.setWidget(page)

    def choose(self, several: Several) -> None:
        """Choose what an address names; ``changed`` is not emitted."""
        self.blockSignals(True)
        for key, value in several.texts:
            if key in self.lists:
                self.lists[key].choose(value)
        self.since.setText(several.since)
        self.until.setText(several.until)
        self._told = (several.since, several.until)
        self.blockSignals(False)

    def wanted(self, which: Which) -> Wanted:
        """What is chosen. :raises InputError: a typed time is none, and below it stands why"""
        texts = tuple((key, made.chosen) for key, made in self.lists.items() if made.chosen)
        since, until = (self._typed(field, at) for at, field in enumerate((self.since, self.until)))
        if since and until and until < since:
            raise InputError("The end is before the beginning.")
        return Wanted(which, texts, self.exact.isChecked(), since, until)

    def _typed(self, field: QLineEdit, at: int) -> datetime | None:
        text = field.text().strip() if self.times is not None else ""
        return time_span(text)[at] if text else None

    def _add(self, column: QVBoxLayout, key: str, made: FacetList, number: int) -> None:
        column.addWidget(label(elided(printable(key), 32), Kind.SECTION))
        column.addWidget(made)
        if number > MOST_VALUES:
            column.addWidget(label(f"{number - MOST_VALUES:,} more values are not listed", Kind.HINT, wrap=True))
        column.addSpacing(8)

    def _add_time(self, column: QVBoxLayout, scope: Scope) -> None:
        known = scope.facets.times.get(scope.time_key, ())
        self.times = FacetList(scope.time_key, [(time, 0) for time in reversed(known)])
        self.since, self.until = QLineEdit(), QLineEdit()
        typed = QHBoxLayout()
        typed.setSpacing(8)
        for name, field, hint in (("From", self.since, known[:1]), ("Until", self.until, known[-1:])):
            group, _ = captioned(name, field)
            field.setPlaceholderText(hint[0] if hint else "2026-08-01")
            field.setToolTip("A day, a month or an hour, in UTC: 2026-08-01, 2026-08, 2026-08-01T12:00")
            field.textEdited.connect(lambda _: self._check())
            field.editingFinished.connect(self._typed_to_the_end)
            typed.addLayout(group)
        self.fault = label("", Kind.FAULT, wrap=True)
        self.fault.hide()
        column.addWidget(label(elided(printable(scope.time_key), 32), Kind.SECTION))
        column.addWidget(self.times)
        column.addLayout(typed)
        column.addWidget(self.fault)
        if len(known) > MOST_VALUES:
            column.addWidget(label(f"The {MOST_VALUES:,} latest times are listed", Kind.HINT, wrap=True))
        column.addSpacing(8)
        self._told = ("", "")
        self.times.chosen_changed.connect(self._choose_time)

    def _choose_time(self) -> None:
        assert self.times is not None
        for field in (self.since, self.until):
            field.setText(self.times.chosen)
        self._check()
        self._typed_to_the_end()

    def _check(self) -> bool:
        """Say what is wrong with the times; whether nothing is."""
        words = ""
        try:
            self.wanted(Which.ALL)
        except InputError as error:
            words = f"{error.detail} {error.todo}".strip()
        self.fault.setText(words)
        self.fault.setVisible(bool(words))
        return not words

    def _typed_to_the_end(self) -> None:
        told = (self.since.text(), self.until.text())
        if told != self._told and self._check():
            self._told = told
            self.changed.emit()

    def _remarks(self, scope: Scope) -> list[str]:
        found = scope.facets
        words = []
        if found.hidden:
            words.append(f"{count(found.hidden, 'set')} of partitions too long for the index to tell")
        if not found.complete:
            words.append("There are more sets of partitions than were looked at.")
        return words
