"""Selection, current row and place on the screen, kept while the rows of a table change.

In the same listing (sorted, filtered, grown) a worker finds the selected rows again by number. When the place is listed
anew they are found by key: a few here, many in a worker that compares both listings once the new one is complete.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel

from artifact_browser.gui.browse.entry import Entry
from artifact_browser.storage.location import Location
from artifact_browser.storage.selection import FOLDER_BIT, Arranged, Chosen, Hidden

if TYPE_CHECKING:
    from artifact_browser.gui.browse.blob_table import BlobTable
    from artifact_browser.gui.browse.listing_model import ListingModel

#: Up to here selected rows are kept over a refresh by their keys, in the window; more are by a worker.
KEPT_KEYS = 1000


@dataclass(slots=True)
class _Kept:
    """Of ``place``, which is being listed anew. ``many``: more than :data:`KEPT_KEYS`, in the listing before."""

    place: Location
    keys: set[tuple[bool, str]] = field(default_factory=set)
    everything: bool = False
    many: Chosen | None = None
    current: tuple[bool, str] | None = None
    current_row: int = -1
    scroll: int = 0


class KeptSelection:
    """A table's memory. Lives in the GUI thread."""

    def __init__(self, table: BlobTable, model: ListingModel) -> None:
        self._table, self._model = table, model
        self._hidden = Hidden()
        self._kept: _Kept | None = None
        self._showing = False
        self._scroll = 0

    @property
    def revision(self) -> int:
        """Another number when something else is selected."""
        return self._table.selection.revision

    def chosen_anew(self) -> None:
        """The person has selected something: what was kept from before the refresh is not wanted any more."""
        if not self._showing:
            self._kept = None

    # -- the same listing ---------------------------------------------------------------------------------------
    def chosen(self) -> Chosen | None:
        """What is selected, for the worker that arranges the rows; ``None``: nothing, now or before."""
        hidden = self._found_again(self._hidden)
        bits = self._table.selection.bits
        current = self._current_id()
        if b"\1" not in bits and hidden == Hidden() and current < 0:
            return None
        return Chosen(bits, self._model.order, self._model.folder_rows, hidden, current)

    def shown(self) -> Chosen:
        """The selected rows that are shown, for a worker that does something with them."""
        return Chosen(self._table.selection.bits, self._model.order, self._model.folder_rows)

    def _current_id(self) -> int:
        """Of the row the keyboard is on, or was before the place was listed anew; -1: there is none."""
        index = self._table.currentIndex()
        if index.isValid():
            return self._model.id_of(index.row())
        if self._kept is None or self._kept.current is None:
            return -1
        found = self._model.numbers_of({self._kept.current})
        return (found[0][1] if found[0][0] else found[0][1] | FOLDER_BIT) if found else -1

    def before(self) -> None:
        """The order is about to become another."""
        self._scroll = self._table.verticalScrollBar().value() if self._kept is None else self._kept.scroll

    def show(self, arranged: Arranged) -> None:
        """It has become another."""
        self._showing = True
        self._hidden = arranged.hidden
        self._table.selection.set_bits(arranged.rows)
        self._make_current(arranged.current)
        self._table.verticalScrollBar().setValue(self._scroll)
        self._showing = False

    def _found_again(self, hidden: Hidden) -> Hidden:
        """With the rows that were selected before the place was listed anew, as far as they are here."""
        kept = self._kept
        if kept is None or kept.place != self._model.location:
            return hidden
        if kept.everything:
            return Hidden(b"\1" * self._model.state.folders, b"\1" * self._model.state.blobs)
        if not kept.keys:
            return hidden
        bits = [bytearray(self._model.state.folders), bytearray(self._model.state.blobs)]
        for is_blob, row in self._model.numbers_of(kept.keys):
            bits[is_blob][row] = 1
        return Hidden(bytes(bits[0]), bytes(bits[1]))

    # -- listed anew --------------------------------------------------------------------------------------------
    def keep(self, place: Location) -> Chosen | None:
        """``place`` is about to be listed. Returns what is selected where that has to be found by a worker."""
        model, table = self._model, self._table
        if self._kept is not None and self._kept.place == place:
            return self._kept.many  # a second refresh before the first has ended: what is kept stays
        if model.location != place or not model.rowCount():
            self._kept, self._hidden = None, Hidden()
            return None
        count = table.selection.count
        kept = _Kept(place, scroll=table.verticalScrollBar().value())
        kept.everything = count > 1 and count == model.state.folders + model.state.blobs
        current = table.currentIndex()
        if current.isValid():
            kept.current, kept.current_row = _identity(model.entry(current.row())), current.row()
        if not kept.everything:
            if count <= KEPT_KEYS and self._hidden == Hidden():
                kept.keys = {_identity(entry) for entry in table.selected_entries()}
            else:
                kept.many = Chosen(table.selection.bits, model.order, model.folder_rows, self._hidden)
        self._kept, self._hidden = kept, Hidden()
        return kept.many

    def take(self, hidden: Hidden) -> None:
        """A worker has found the rows of the listing before in this one."""
        if self._kept is not None:
            self._kept = None
            self._hidden = hidden

    def restore(self, *, complete: bool) -> None:
        """Rows have come, in the listing's own order: select those that were; the others when they come."""
        kept = self._kept
        if kept is not None and kept.place == self._model.location and self._model.rowCount() and complete:
            self._select_kept(kept)
            self._make_current(self._current_again(kept))
            self._table.verticalScrollBar().setValue(kept.scroll)
            if kept.many is None:
                self._kept = None
        elif self._hidden != Hidden() and not self._model.is_arranged:
            self._showing = True
            folders = self._hidden.folders.ljust(self._model.state.folders, b"\0")
            self._table.selection.set_bits(folders + self._hidden.blobs)
            self._hidden = Hidden()
            self._showing = False

    def _select_kept(self, kept: _Kept) -> None:
        self._showing = True
        if kept.everything:
            self._table.selection.set_all()
        elif kept.keys and not self._model.is_arranged:  # else the arranging worker has found them
            self._table.selection.set_rows(self._model.rows_of(kept.keys))
        self._showing = False

    def _current_again(self, kept: _Kept) -> int:
        if kept.current is None or self._table.currentIndex().isValid():
            return -1
        rows = [] if self._model.is_arranged else self._model.rows_of({kept.current})
        return rows[0] if rows else min(kept.current_row, self._model.rowCount() - 1)  # it is gone: on from there

    def _make_current(self, row: int) -> None:
        if 0 <= row < self._model.rowCount():
            index = self._model.index(row, 0)
            self._table.selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)


def _identity(entry: Entry) -> tuple[bool, str]:
    return entry.is_blob, entry.key
