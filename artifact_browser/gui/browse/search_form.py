"""What to search for: the text and how it is meant, where, and the conditions."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from artifact_browser.errors import InputError
from artifact_browser.gui.browse.bounds_fields import BoundsFields
from artifact_browser.gui.common.dialog import Note
from artifact_browser.gui.common.format import elided, printable
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.widgets import Kind, button, label
from artifact_browser.storage.key_match import Search, Way, read_tags

_WAYS = (
    (Way.PATTERN, "Pattern", "*.csv looks here only, **/*.csv in all folders below. Also ? and [a-z]."),
    (Way.TEXT, "Text", "Finds keys that hold this text, in all folders below."),
    (
        Way.EXPRESSION,
        "Expression",
        r"A regular expression (RE2) on the path, such as part-\d+\.csv$, in all folders below.",
    ),
)
_TAGS = "name=value, or a name alone; several with commas. Asks the store once for each key that fulfils all else."


class SearchForm(QWidget):
    """Says in signals that the person wants to search or to stop."""

    search_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLineEdit()
        self.text.setAccessibleName("Search for")
        self.text.setObjectName("search")
        self.text.setPlaceholderText("**/*.parquet")
        self.text.setClearButtonEnabled(True)
        self.text.addAction(icon("search", "faint"), QLineEdit.ActionPosition.LeadingPosition).setText("Search")
        self.text.returnPressed.connect(self.search_wanted)
        self.way = QComboBox()
        self.way.setAccessibleName("Meant as")
        for way, name, hint in _WAYS:
            self.way.addItem(name, way)
            self.way.setItemData(self.way.count() - 1, hint, Qt.ItemDataRole.ToolTipRole)
        self.way.currentIndexChanged.connect(self._explain)
        self.scope = QComboBox()
        self.scope.setAccessibleName("Search in")
        self.go = button("Search", Kind.PRIMARY, clicked=self._go)
        self.match_case = QCheckBox("Match case")
        self.match_case.setChecked(True)
        self.match_case.setToolTip(
            "Keys that differ in case only are different keys.\nWithout it more may have to be listed."
        )
        self.hint = label("", Kind.HINT, wrap=True)
        self.more = self._more_button()
        self.bounds = BoundsFields(columns=3)
        self.tags = self.bounds.add("Tags", "split=train", _TAGS)
        self.note = Note(self)
        self._running = False
        self._lay_out()
        self._explain()

    def _more_button(self) -> QPushButton:
        made = button("Conditions", Kind.LINK, icon_name="sliders-horizontal")
        made.setCheckable(True)
        made.setToolTip("Size, time, storage class, tags")
        return made

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self.text, 1)
        first.addWidget(self.way)
        first.addWidget(self.go)
        second = QHBoxLayout()
        second.setSpacing(12)
        second.addWidget(self.scope)
        second.addWidget(self.match_case)
        second.addWidget(self.more)
        second.addStretch(1)
        self._conditions = QWidget()
        inside = QVBoxLayout(self._conditions)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        inside.addWidget(self.bounds)
        self._tags_hint = label(
            "Tags are no part of a listing: each key that fulfils all else costs a request of its own.",
            Kind.HINT,
            wrap=True,
        )
        inside.addWidget(self._tags_hint)
        self._tags_hint.hide()
        self.tags.textChanged.connect(lambda text: self._tags_hint.setVisible(bool(text.strip())))
        self._conditions.hide()
        self.more.toggled.connect(self._conditions.setVisible)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(first)
        column.addWidget(self.hint)
        column.addLayout(second)
        column.addWidget(self._conditions)
        column.addWidget(self.note)

    # -- what is in it ------------------------------------------------------------------------------------------
    def show_scopes(self, here: str, whole: str) -> None:
        """Offer the shown prefix and its bucket, by their addresses; they are one at the top of a bucket."""
        self.scope.clear()
        self.scope.addItem(f"Below {elided(printable(here), 60)}", True)
        if whole != here:
            self.scope.addItem(f"In all of {elided(printable(whole), 60)}", False)

    def begin_with(self, filter_text: str) -> None:
        """Take over what the filter was asked for: a pattern goes through all folders, as a text does."""
        if not filter_text:
            return
        is_pattern = bool(set(filter_text) & set("*?["))
        deep = is_pattern and "/" not in filter_text
        self.text.setText(f"**/{filter_text}" if deep else filter_text)
        self.way.setCurrentIndex(0 if is_pattern else 1)
        self.match_case.setChecked(False)  # the filter has no regard for it

    @property
    def in_prefix(self) -> bool:
        """Whether below the shown prefix only."""
        return bool(self.scope.currentData())

    @property
    def search(self) -> Search:
        """:raises InputError: a condition is not understood, or there is none at all"""
        shown = self.more.isChecked()
        bounds = self.bounds.bounds if shown else Search().bounds
        tags = read_tags(self.tags.text()) if shown else ()
        found = Search(self.text.text(), Way(self.way.currentData()), self.match_case.isChecked(), bounds, tags)
        if not (found.text or bounds or tags):
            raise InputError("Type what to look for, or a condition.")
        return found

    def show_running(self, running: bool) -> None:
        """The one button searches, or stops."""
        self._running = running
        self.go.setText("Stop" if running else "Search")

    def _go(self) -> None:
        (self.stop_wanted if self._running else self.search_wanted).emit()

    def _explain(self) -> None:
        self.hint.setText(_WAYS[self.way.currentIndex()][2])
        self.text.setAccessibleDescription(self.hint.text())
