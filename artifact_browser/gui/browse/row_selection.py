"""Which rows of the table are selected: one byte a row. A million of them are selected, turned round or counted at once.

Qt's selection model holds ranges, and looks through all of them for every cell it paints: half a million single rows would
stop the window. Here it knows the rows on the screen only (that is what views, drags and screen readers ask it about),
and everything else asks this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QObject, Signal

from artifact_browser.gui.browse.listing_model import ListingModel

Flag = QItemSelectionModel.SelectionFlag
_TURNED = bytes([1, 0]) + bytes(254)


class RowSelection(QItemSelectionModel):
    """Whole rows only. Lives in the GUI thread."""

    #: other rows are selected than before
    rows_changed = Signal()
    #: the person has chosen rows (by pointer or keyboard)
    chosen = Signal()

    def __init__(self, model: ListingModel, parent: QObject) -> None:
        super().__init__(model, parent)
        self._listing = model
        self._settled = bytearray()  # what is selected but for the range that still follows the pointer
        self._rows = bytearray()
        self._on_screen = (0, -1)
        #: counts changes, so that whoever asked a worker knows whether the answer is old
        self.revision = 0
        model.rowsInserted.connect(self._inserted)

    # -- reading ------------------------------------------------------------------------------------------------
    @property
    def bits(self) -> bytes:
        """One byte for each row, 0 or 1."""
        return bytes(self._rows)

    def holds(self, row: int) -> bool:
        return row < len(self._rows) and bool(self._rows[row])

    def counts(self) -> tuple[int, int]:
        """``(folders, blobs)``."""
        folders = self._listing.folder_rows
        return self._rows.count(1, 0, folders), self._rows.count(1, folders)

    @property
    def count(self) -> int:
        return self._rows.count(1)

    def rows(self, most: int | None = None) -> list[int]:
        """Selected rows, ascending, ``most`` at most."""
        return list(islice(self.rows_from(0), most))

    def rows_from(self, row: int) -> Iterator[int]:
        """Selected rows from ``row`` on, as they are when they are asked for."""
        row = self._rows.find(1, row)
        while row >= 0:
            yield row
            row = self._rows.find(1, row + 1)

    # -- changing -----------------------------------------------------------------------------------------------
    def set_bits(self, bits: bytes) -> None:
        """Have exactly these rows selected; more bytes than rows are cut."""
        total = self._listing.rowCount()
        self._rows = bytearray(bits[:total]).ljust(total, b"\0")
        self._settled = bytearray(self._rows)
        self._tell()

    def set_rows(self, rows: Iterable[int]) -> None:
        bits = bytearray(self._listing.rowCount())
        for row in rows:
            bits[row] = 1
        self.set_bits(bytes(bits))

    def set_all(self) -> None:
        self.set_bits(b"\1" * self._listing.rowCount())

    def invert(self) -> None:
        """Select what is not, and nothing else."""
        self._fit()
        self.set_bits(bytes(self._rows.translate(_TURNED)))

    def clear_rows(self) -> None:
        """Select nothing; the current row stays."""
        if self._rows.find(1) >= 0:
            self.set_bits(b"")

    def select(self, what: QItemSelection | QModelIndex, command: QItemSelectionModel.SelectionFlag) -> None:  # type: ignore[override]
        """As Qt's views ask for it: ``Current`` replaces the range that was chosen before, anything else settles it."""
        if command == Flag.NoUpdate:
            return
        self._fit()
        if command & Flag.Clear:
            self._settled = bytearray(len(self._rows))
        elif not command & Flag.Current:
            self._settled = bytearray(self._rows)
        rows = bytearray(self._settled)
        for top, bottom in _ranges(what):
            end = bottom + 1
            if command & Flag.Toggle:
                rows[top:end] = rows[top:end].translate(_TURNED)
            elif command & (Flag.Select | Flag.Deselect):
                rows[top:end] = (b"\1" if command & Flag.Select else b"\0") * (end - top)
        if rows != self._rows:
            self._rows = rows
            self._tell()
        self.chosen.emit()

    def reset(self) -> None:
        """The model has other rows now."""
        super().reset()
        self._rows = bytearray(self._listing.rowCount())
        self._settled = bytearray(self._rows)
        self.revision += 1
        self.rows_changed.emit()

    def clear(self) -> None:
        super().clear()
        self.clear_rows()

    def show_on_screen(self, first: int, last: int) -> None:
        """Have Qt know of the selected rows from ``first`` to ``last``."""
        self._on_screen = (first, last)
        self._mirror()

    def _tell(self) -> None:
        self.revision += 1
        self._mirror()
        self.rows_changed.emit()

    def _mirror(self) -> None:
        """Qt's own ranges: of what is on the screen."""
        first, last = self._on_screen
        shown = QItemSelection()
        model, width = self._listing, self._listing.columnCount() - 1
        row = self._rows.find(1, first, last + 1) if last >= first >= 0 else -1
        while row >= 0:
            end = self._rows.find(0, row, last + 1)
            end = min(len(self._rows), last + 1) if end < 0 else end
            shown.select(model.index(row, 0), model.index(end - 1, width))
            row = self._rows.find(1, end, last + 1)
        super().select(shown, Flag.ClearAndSelect)

    def _inserted(self, parent: QModelIndex, first: int, last: int) -> None:
        """Rows came in between (folders, while blobs are there already)."""
        if first < len(self._rows):
            for bits in (self._rows, self._settled):
                bits[first:first] = bytes(last - first + 1)
        self._fit()

    def _fit(self) -> None:
        total = self._listing.rowCount()
        for bits in (self._rows, self._settled):
            bits.extend(bytes(max(0, total - len(bits))))
            del bits[total:]


def _ranges(what: QItemSelection | QModelIndex) -> list[tuple[int, int]]:
    if isinstance(what, QItemSelection):
        return [(part.top(), part.bottom()) for part in what.toList() if part.isValid()]
    return [(what.row(), what.row())] if what.isValid() else []
