"""The blob table: rows of one listing, with keyboard, drag and drop as in a file manager.

A view: it shows what :class:`Listing` has and says in signals what the person wants; it starts no work itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QObject,
    QPoint,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from artifact_browser.gui.browse.blob_delegate import BlobDelegate
from artifact_browser.gui.browse.entry import Entry
from artifact_browser.gui.browse.listing import Listing, ListingStatus
from artifact_browser.gui.browse.listing_model import ARRANGED_BY, TableColumn, dragged_keys, dropped_files
from artifact_browser.gui.common.palette import palette
from artifact_browser.storage.arrange import Arrangement, Column
from artifact_browser.storage.location import Location

ROW_PX = 34
COMPACT_ROW_PX = 26
#: Selected keys that are kept over a refresh; more are let go (select all is kept as such).
KEPT_KEYS = 10_000
_WIDTHS = {TableColumn.SIZE: 104, TableColumn.MODIFIED: 132, TableColumn.TYPE: 118, TableColumn.CLASS: 118}


@dataclass(slots=True)
class Kept:
    """What is remembered of ``place`` while its rows change: selected ``(is a blob, key)`` pairs, current row, scroll.

    ``unseen``: selected before, and not among the rows of a listing that still goes on.
    """

    place: Location | None = None
    waiting: bool = False
    keys: set[tuple[bool, str]] = field(default_factory=set)
    unseen: set[tuple[bool, str]] = field(default_factory=set)
    everything: bool = False
    current: tuple[bool, str] | None = None
    current_row: int = 0
    scroll: int = 0


class BlobTable(QTableView):
    """The table. Accessible name ``Blob table``."""

    #: an :class:`Entry` was opened by Enter or double-click
    entry_opened = Signal(object)
    #: the selection is another one
    selection_changed = Signal()
    #: files dropped on this listing or on one of its folders: ``(Location, list[Path])``
    files_dropped = Signal(object, object)
    #: rows of ours dropped on a folder here: ``(account, bucket, entries, Location)``
    rows_dropped = Signal(str, str, object, object)
    #: where a drop would go while hovering, or None: ``(Location | None)``
    drop_hovered = Signal(object)
    context_menu_wanted = Signal(QPoint)

    def __init__(self, listing: Listing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._listing = listing
        self._kept = Kept()
        self.delegate = BlobDelegate(self)
        self.setModel(listing.model)
        self.setItemDelegate(self.delegate)
        self.setAccessibleName("Blob table")
        self.setObjectName("blob_table")  # the delegate paints selections, not the style
        self._set_behaviour()
        self._set_header()
        self.viewport().installEventFilter(self)
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())
        self.doubleClicked.connect(lambda index: self.entry_opened.emit(listing.model.entry(index.row())))
        self.customContextMenuRequested.connect(self.context_menu_wanted)
        listing.about_to_rearrange.connect(self._keep)
        listing.rearranged.connect(self._restore)
        palette().changed.connect(self.viewport().update)
        self._minute = QTimer(self, interval=60_000)
        self._minute.timeout.connect(self.viewport().update)
        self._minute.start()

    def _set_behaviour(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)  # else Tab never leaves the table
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDropIndicatorShown(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def _set_header(self) -> None:
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.set_compact(False)
        columns = self.horizontalHeader()
        columns.setAccessibleName("Columns")
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        columns.setHighlightSections(False)
        columns.setSectionsClickable(True)
        columns.setMinimumSectionSize(60)
        columns.setFixedHeight(34)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        columns.setSectionResizeMode(TableColumn.NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)
        columns.setSortIndicator(TableColumn.NAME, Qt.SortOrder.AscendingOrder)
        columns.setSortIndicatorShown(True)
        columns.sectionClicked.connect(self._sort_by)

    def set_compact(self, compact: bool) -> None:
        """Row density."""
        self.verticalHeader().setDefaultSectionSize(COMPACT_ROW_PX if compact else ROW_PX)

    # -- what is selected ---------------------------------------------------------------------------------------
    def selected_rows(self) -> list[int]:
        """Selected view rows, ascending: from ranges, never ``selectedRows()`` (7.7 s at a million)."""
        return sorted({row for part in self._ranges() for row in range(part.top(), part.bottom() + 1)})

    def selected_count(self) -> int:
        return sum(part.height() for part in self._ranges())

    def _ranges(self) -> list[QItemSelectionRange]:
        return self.selectionModel().selection().toList()

    def selected_entries(self) -> list[Entry]:
        model = self._listing.model
        return [model.entry(row) for row in self.selected_rows()]

    def select_keys(self, keys: set[tuple[bool, str]]) -> None:
        """Select ``(is a blob, key)`` pairs that are here."""
        model, chosen = self._listing.model, QItemSelection()
        for row in model.rows_of(keys):
            chosen.select(model.index(row, 0), model.index(row, model.columnCount() - 1))
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _keep(self) -> None:
        """Remember selection, current row and scroll by key, before the rows change."""
        model, count = self._listing.model, self.selected_count()
        same_place = self._kept.place == model.location
        if not model.rowCount() or (self._kept.waiting and same_place and not count):
            return  # a second change before the rows came back: what is kept stays
        kept = Kept(model.location, waiting=True, scroll=self.verticalScrollBar().value())
        kept.everything = count > 1 and count == model.rowCount()
        if not kept.everything and count <= KEPT_KEYS:
            kept.keys = {_identity(entry) for entry in self.selected_entries()}
            kept.keys |= self._kept.unseen if same_place else set()
        current = self.currentIndex()
        if current.isValid():
            kept.current, kept.current_row = _identity(model.entry(current.row())), current.row()
        self._kept = kept

    def _restore(self) -> None:
        """Have the rows that were selected selected again; those that have not come yet will be when they come."""
        model, kept = self._listing.model, self._kept
        if not model.rowCount() or not kept.waiting or kept.place != model.location:
            return
        kept.waiting = False
        if self.selected_count():
            return  # the person has chosen anew meanwhile
        if kept.everything:
            self.selectAll()
        elif kept.keys:
            self.select_keys(kept.keys)
        complete = self._listing.state.status is not ListingStatus.LISTING
        kept.unseen = set() if complete else kept.keys - {_identity(entry) for entry in self.selected_entries()}
        rows = model.rows_of({kept.current}) if kept.current else []
        if not rows and kept.current and complete:
            rows = [min(kept.current_row, model.rowCount() - 1)]  # it is gone: the keyboard goes on from there
        if rows:
            self.selectionModel().setCurrentIndex(model.index(rows[0], 0), QItemSelectionModel.SelectionFlag.NoUpdate)
        self.verticalScrollBar().setValue(kept.scroll)

    def show_arrangement(self, arrangement: Arrangement) -> None:
        """Draw the sort indicator where the arrangement says."""
        order = Qt.SortOrder.DescendingOrder if arrangement.descending else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(ARRANGED_BY.index(arrangement.column), order)

    def _sort_by(self, section: int) -> None:
        now = self._listing.state.arrangement
        column: Column = ARRANGED_BY[section]
        descending = not now.descending if now.column is column else False
        wanted = Arrangement(column, descending, now.text)
        self.show_arrangement(wanted)
        self._listing.arrange(wanted)

    # -- keyboard and pointer -----------------------------------------------------------------------------------
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            index = self.currentIndex()
            if index.isValid():
                self.entry_opened.emit(self._listing.model.entry(index.row()))
            event.accept()
            return
        if event.key() == Qt.Key.Key_Escape or event.matches(QKeySequence.StandardKey.Copy):
            event.ignore()  # the shell's actions: Stop, and Copy URI (Qt's own would copy one cell)
            return
        super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Leave:
            self._hover(-1)
        return super().eventFilter(watched, event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.rowAt(event.position().toPoint().y()))
        super().mouseMoveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.indexAt(event.position().toPoint()).isValid():
            self.clearSelection()
        super().mousePressEvent(event)

    def _hover(self, row: int) -> None:
        if row != self.delegate.hover_row:
            self.delegate.hover_row = row
            self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.viewport().width() < 560
        for column in (TableColumn.TYPE, TableColumn.CLASS):
            self.setColumnHidden(column, narrow)

    # -- drops --------------------------------------------------------------------------------------------------
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._consider(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._consider(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._mark(-1)
        self.drop_hovered.emit(None)

    def dropEvent(self, event: QDropEvent) -> None:
        target, _ = self._target(event)
        self._mark(-1)
        self.drop_hovered.emit(None)
        if target is None:
            event.ignore()
            return
        rows = dragged_keys(event.mimeData())
        files = dropped_files(event.mimeData())
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if rows is not None:
            self.rows_dropped.emit(*rows, target)
        elif files:
            self.files_dropped.emit(target, files)

    def _consider(self, event: QDragMoveEvent) -> None:
        target, row = self._target(event)
        self._mark(row)
        self.drop_hovered.emit(target)
        if target is None:
            event.ignore()
        else:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def _target(self, event: QDropEvent) -> tuple[Location | None, int]:
        """Where the drop would go and the row to mark; rows of ours only go onto a folder."""
        model = self._listing.model
        ours = dragged_keys(event.mimeData()) is not None
        record = self._listing.record
        if record is None or record.read_only or not (ours or dropped_files(event.mimeData())):
            return None, -1
        index: QModelIndex = self.indexAt(event.position().toPoint())
        if index.isValid():
            entry = model.entry(index.row())
            if not entry.is_blob:
                return model.location_of(entry), index.row()
        if ours or not model.location.bucket:
            return None, -1
        return model.location, -1

    def _mark(self, row: int) -> None:
        if row != self.delegate.drop_row:
            self.delegate.drop_row = row
            self.viewport().update()


def _identity(entry: Entry) -> tuple[bool, str]:
    return entry.is_blob, entry.key
