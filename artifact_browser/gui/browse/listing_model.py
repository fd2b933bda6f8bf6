"""The blob table's model: an adapter over a listing's mapped columns. It holds numbers and asks.

Rows are counted, not stored: in the listing's own order folders come first and then blobs, so a view row is an id
by arithmetic; any other order is an index made in a worker. Strings are made for the rows that are painted.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from enum import IntEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, QUrl
from PySide6.QtGui import QDropEvent

from artifact_browser.accounts.record import AccountKind
from artifact_browser.catalog.layout import KEPT_WORDS, is_kept_by_catalog
from artifact_browser.gui.browse.entry import Entry, EntryKind
from artifact_browser.gui.common import format as shown
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.storage.arrange import FOLDER_BIT, Column
from artifact_browser.storage.columns import KeyTable
from artifact_browser.storage.filetypes import type_of
from artifact_browser.storage.listing import BLOBS, FOLDERS, NOTHING, ListingGrown
from artifact_browser.storage.location import Location, uri_of

#: Our own windows' private format for drags and the clipboard: account, bucket and keys, one a line.
MIME_KEYS = "application/x-artifact-browser-keys"
#: Beside it on the clipboard: pasting moves.
MIME_CUT = "application/x-artifact-browser-cut"
_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_TOOLTIP = int(Qt.ItemDataRole.ToolTipRole)
_ALIGNMENT = int(Qt.ItemDataRole.TextAlignmentRole)
_ACCESSIBLE = int(Qt.ItemDataRole.AccessibleTextRole)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
#: asked for each cell that is painted: put together once
_NO_FLAGS = Qt.ItemFlag(0)
_BLOB_FLAGS = (
    Qt.ItemFlag.ItemIsSelectable
    | Qt.ItemFlag.ItemIsEnabled
    | Qt.ItemFlag.ItemNeverHasChildren
    | Qt.ItemFlag.ItemIsDragEnabled
)
_FOLDER_FLAGS = _BLOB_FLAGS | Qt.ItemFlag.ItemIsDropEnabled
_CLASS_WORDS = {
    "STANDARD": "Standard",
    "STANDARD_IA": "Infrequent",
    "ONEZONE_IA": "One zone",
    "INTELLIGENT_TIERING": "Intelligent",
    "GLACIER": "Glacier",
    "GLACIER_IR": "Glacier instant",
    "DEEP_ARCHIVE": "Deep archive",
    "REDUCED_REDUNDANCY": "Reduced",
    "EXPRESS_ONEZONE": "Express",
}
AnyIndex = QModelIndex | QPersistentModelIndex


class TableColumn(IntEnum):
    NAME = 0
    SIZE = 1
    MODIFIED = 2
    TYPE = 3
    CLASS = 4


HEADINGS = ("Name", "Size", "Modified", "Type", "Storage class")
#: What the arrangement calls each column.
ARRANGED_BY = (Column.NAME, Column.SIZE, Column.MODIFIED, Column.TYPE, Column.CLASS)


class ListingModel(QAbstractTableModel):
    """Rows of one listing. Lives in the GUI thread; :meth:`begin` for another place, :meth:`grow` for more rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.location = Location("")
        self.kind = AccountKind.LOCAL
        self._folders: KeyTable | None = None
        self._blobs: KeyTable | None = None
        self._state = NOTHING
        self._order: array[int] | None = None
        #: while rows are dragged: all that are selected, not only those on the screen, which Qt knows of
        self.dragged: Callable[[], list[Entry]] | None = None

    # -- filling ------------------------------------------------------------------------------------------------
    def begin(self, folder: Path | None, location: Location, kind: AccountKind) -> None:
        """Show another listing from its first row; ``None`` shows none."""
        self.beginResetModel()
        for table in (self._folders, self._blobs):
            if table is not None:
                table.close()
        self.location, self.kind = location, kind
        self._folders = KeyTable(folder, FOLDERS) if folder else None
        self._blobs = KeyTable(folder, BLOBS) if folder else None
        self._state, self._order = NOTHING, None
        self.endResetModel()

    def grow(self, state: ListingGrown) -> None:
        """Take the rows that are valid now. In an order of its own the model waits for the next index."""
        if self._folders is None or self._blobs is None:
            return
        if self._order is not None:
            self._take(state)
            return
        before = self._state
        added = state.folders - before.folders
        if added:
            self.beginInsertRows(QModelIndex(), before.folders, state.folders - 1)
            self._folders.grow(state.folders)
            self._state = ListingGrown(state.folders, before.blobs, before.size_bytes, before.requests, before.classes)
            self.endInsertRows()
        if state.blobs > before.blobs:
            self.beginInsertRows(QModelIndex(), state.folders + before.blobs, state.folders + state.blobs - 1)
            self._take(state)
            self.endInsertRows()
        self._state = state

    def _take(self, state: ListingGrown) -> None:
        assert self._folders is not None
        assert self._blobs is not None
        self._folders.grow(state.folders)
        self._blobs.grow(state.blobs)
        self._state = state

    @property
    def order(self) -> bytes | None:
        """The ids of the rows as :meth:`set_order` takes them; ``None``: the listing's own order."""
        return None if self._order is None else self._order.tobytes()

    @property
    def folder_rows(self) -> int:
        """How many rows are folders: they stand first in every order."""
        if self._order is None:
            return self._state.folders
        low, high = 0, len(self._order)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._order[middle] & FOLDER_BIT else (low, middle)
        return low

    def id_of(self, row: int) -> int:
        """The row's number in the listing, with :data:`FOLDER_BIT` for a folder's."""
        is_folder, number = self._id(row)
        return number | FOLDER_BIT if is_folder else number

    def set_order(self, index: bytes | None) -> None:
        """Show the rows of ``index`` (uint32 ids from :func:`storage.arrange.arrange`), or the listing's own order."""
        self.beginResetModel()
        if index is None:
            self._order = None
        else:
            self._order = array("I")
            self._order.frombytes(index)
        self.endResetModel()

    @property
    def state(self) -> ListingGrown:
        return self._state

    @property
    def is_arranged(self) -> bool:
        return self._order is not None

    # -- rows ---------------------------------------------------------------------------------------------------
    def entry(self, row: int) -> Entry:
        """:raises IndexError: no such row"""
        is_folder, number = self._id(row)
        table = self._folders if is_folder else self._blobs
        assert table is not None
        found = table.row(number)
        if is_folder:
            kind = EntryKind.FOLDER if self.location.bucket else EntryKind.BUCKET
            return Entry(kind, found.key, 0, found.modified_us)
        classes = self._state.classes
        name = classes[found.class_code] if found.class_code < len(classes) else ""
        return Entry(EntryKind.BLOB, found.key, found.size_bytes, found.modified_us, name)

    def rows_of(self, entries: set[tuple[bool, str]]) -> list[int]:
        """The view rows of ``(is a blob, key)`` pairs that are here."""
        found = self.numbers_of(entries)
        if self._order is None:
            return sorted(number + self._state.folders if is_blob else number for is_blob, number in found)
        wanted = {number if is_blob else number | FOLDER_BIT for is_blob, number in found}
        if len(wanted) > 1:
            return [row for row, number in enumerate(self._order) if number in wanted]
        return [self._order.index(number) for number in wanted if number in self._order]

    def numbers_of(self, entries: set[tuple[bool, str]]) -> list[tuple[bool, int]]:
        """``(is a blob, number in the listing)`` of those ``(is a blob, key)`` pairs that are here."""
        found = []
        for is_blob, key in entries:
            table = self._blobs if is_blob else self._folders
            number = table.find(key) if table is not None else None
            if number is not None:
                found.append((is_blob, number))
        return found

    def location_of(self, entry: Entry) -> Location:
        account = self.location.account_id
        if entry.kind is EntryKind.BUCKET:
            return Location(account, entry.key)
        return Location(account, self.location.bucket, entry.key)

    def uri(self, entry: Entry) -> str:
        place = self.location_of(entry)
        return uri_of(self.kind, place.bucket, place.key)

    def _id(self, row: int) -> tuple[bool, int]:
        if self._order is not None:
            number = self._order[row]
            return bool(number & FOLDER_BIT), number & ~FOLDER_BIT
        folders = self._state.folders
        return (True, row) if row < folders else (False, row - folders)

    # -- Qt -----------------------------------------------------------------------------------------------------
    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:
        if parent.isValid():
            return 0
        if self._order is not None:
            return len(self._order)
        return self._state.folders + self._state.blobs

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(HEADINGS)

    def data(self, index: AnyIndex, role: int = _DISPLAY) -> Any:
        if role == _DISPLAY:
            return self.text(self.entry(index.row()), index.column())
        if role == _TOOLTIP:
            return plain_tip(self.tooltip(self.entry(index.row()), index.column()) or "") or None
        if role == _ALIGNMENT and index.column() == TableColumn.SIZE:
            return _RIGHT
        if role == _ACCESSIBLE and index.column() == TableColumn.NAME:
            entry = self.entry(index.row())
            return f"{self.text(entry, 0)}, {entry.kind}" if not entry.is_blob else self.text(entry, 0)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == _DISPLAY:
            return HEADINGS[section]
        if orientation == Qt.Orientation.Horizontal and role == _ALIGNMENT and section == TableColumn.SIZE:
            return _RIGHT
        return None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return _NO_FLAGS
        return _FOLDER_FLAGS if self._id(index.row())[0] else _BLOB_FLAGS

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction | Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [MIME_KEYS, "text/plain"]

    def mimeData(self, indexes: Any) -> QMimeData:
        if self.dragged is not None:
            return self.mime_of(self.dragged())
        return self.mime_of([self.entry(row) for row in sorted({index.row() for index in indexes})])

    def mime_of(self, entries: list[Entry], *, cut: bool = False) -> QMimeData:
        """Rows for a drag or the clipboard: for us their keys, for other programs their URIs."""
        uris = "\n".join(self.uri(entry) for entry in entries)
        data = QMimeData()
        data.setText(uris)
        keys = "\n".join([self.location.account_id, self.location.bucket, *map(_quoted, entries)])
        data.setData(MIME_KEYS, keys.encode("utf-8", "surrogatepass"))
        if cut:
            data.setData(MIME_CUT, b"1")
        return data

    # -- words --------------------------------------------------------------------------------------------------
    def text(self, entry: Entry, column: int) -> str:
        """The cell's words."""
        if column == TableColumn.NAME:
            return name_shown(entry, self.location.key)
        if column == TableColumn.SIZE:
            return shown.size(entry.size_bytes) if entry.is_blob else ""
        if column == TableColumn.MODIFIED:
            return _time(entry.modified_us)
        if column == TableColumn.TYPE:
            if is_kept(entry):
                return "Catalog"
            return type_of(entry.key) if entry.is_blob else entry.kind.capitalize()
        return _CLASS_WORDS.get(entry.storage_class, entry.storage_class) if entry.is_blob else ""

    def tooltip(self, entry: Entry, column: int) -> str | None:
        if column == TableColumn.SIZE and entry.is_blob:
            return shown.exact_size(entry.size_bytes)
        if column == TableColumn.MODIFIED and entry.modified_us:
            return shown.iso_time(entry.modified_us)
        if column == TableColumn.NAME:
            words = f"{KEPT_WORDS}\n" if is_kept(entry) else ""
            return words + shown.printable(self.uri(entry))
        return entry.storage_class or None


def is_kept(entry: Entry) -> bool:
    """Whether it is a folder of the catalog's own."""
    return entry.kind is EntryKind.FOLDER and is_kept_by_catalog(entry.key)


def name_shown(entry: Entry, prefix: str) -> str:
    """A name a person can see: marks made visible, an empty segment and the folder's own marker said in words."""
    name = entry.name_below(prefix)
    if name:
        return shown.printable(name)
    return "(folder marker)" if entry.is_blob else "(empty name)"


def dragged_keys(data: QMimeData) -> tuple[str, str, list[Entry]] | None:
    """``(account, bucket, entries)`` of a drag of ours; ``None`` when it is none."""
    if not data.hasFormat(MIME_KEYS):
        return None
    lines = bytes(data.data(MIME_KEYS).data()).decode("utf-8", "surrogatepass").split("\n")
    if len(lines) < 2:
        return None
    entries = []
    for line in lines[2:]:
        kind, _, key = line.partition(" ")
        if kind in set(EntryKind):
            entries.append(Entry(EntryKind(kind), _unquoted(key)))
    return lines[0], lines[1], entries


def holds_rows(data: QMimeData) -> bool:
    """Whether a drag is one of ours: asked for each move of the pointer."""
    return data.hasFormat(MIME_KEYS)


def drop_verb(event: QDropEvent) -> str:
    """What a drop would do: ``put`` files, ``copy`` rows, or with Shift ``move`` them. Without it nothing goes away by a
    slip of the hand.
    """
    if not holds_rows(event.mimeData()):
        return "put"
    held = event.modifiers()
    shift, ctrl = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
    return "move" if held & shift and not held & ctrl else "copy"


def drop_action(event: QDropEvent) -> Qt.DropAction:
    """As the pointer shows it."""
    return Qt.DropAction.MoveAction if drop_verb(event) == "move" else Qt.DropAction.CopyAction


def dropped_files(data: QMimeData) -> list[Path]:
    """The local files and folders of a drop or of the clipboard."""
    return [Path(url.toLocalFile()) for url in data.urls() if QUrl(url).isLocalFile()] if data.hasUrls() else []


def _quoted(entry: Entry) -> str:
    return f"{entry.kind} {entry.key}".replace("\\", "\\\\").replace("\n", "\\n")


def _unquoted(text: str) -> str:
    return text.replace("\\\\", "\0").replace("\\n", "\n").replace("\0", "\\")


@lru_cache(maxsize=4096)
def _time(modified_us: int) -> str:
    """Natural times change slowly: a refresh of the listing clears this."""
    return shown.natural_time(modified_us) if modified_us else ""


def forget_times() -> None:
    """Let "2 minutes ago" be worked out anew."""
    _time.cache_clear()
