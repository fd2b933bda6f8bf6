"""Taking many selected rows out of a table, a slice at a time: the window goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from PySide6.QtCore import QTimer

from artifact_browser.gui.browse.blob_table import BlobTable
from artifact_browser.gui.browse.listing_model import ListingModel
from artifact_browser.gui.common.format import count
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.storage.location import Location

#: Taken at once; more are taken in slices.
AT_ONCE = 1000
#: What is done with rows one by one is done with so many of them; for more there are folders.
MOST_ROWS = 100_000


class Gathering(QTimer):
    """Calls ``done`` with the places of the selected rows, unless something else is selected or listed meanwhile."""

    def __init__(self, table: BlobTable, model: ListingModel, done: Callable[[list[Location]], object]) -> None:
        super().__init__(table, interval=0)
        self._table, self._model, self._done = table, model, done
        self._revision = table.selection.revision
        self._rows = table.selection.rows_from(0)
        self._found: list[Location] = []
        self.timeout.connect(self._slice)
        self.start()

    def _slice(self) -> None:
        if self._table.selection.revision != self._revision:
            self._end()
            show_toast(self._table.window(), "Something else was selected meanwhile. Nothing was done.")
            return
        rows = list(islice(self._rows, AT_ONCE))
        self._found += [self._model.location_of(self._model.entry(row)) for row in rows]
        if len(rows) < AT_ONCE:
            self._end()
            self._done(self._found)

    def _end(self) -> None:
        self.stop()
        self.deleteLater()


def with_selected(table: BlobTable, model: ListingModel, done: Callable[[list[Location]], object]) -> None:
    """Call ``done`` with where the selected rows are: at once when there are few, else once they are gathered."""
    selected = table.selected_count()
    if selected <= AT_ONCE:
        done([model.location_of(entry) for entry in table.selected_entries()])
    elif selected <= MOST_ROWS:
        Gathering(table, model, done)
    else:
        show_toast(
            table.window(), f"{count(selected, 'row')} are too many for that: {MOST_ROWS:,} at once, or their folder."
        )
