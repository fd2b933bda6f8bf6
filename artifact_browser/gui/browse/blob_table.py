"""The blob table: rows of one listing, with keyboard, drag and drop as in a file manager.

A view: it shows what :class:`Listing` has and says in signals what the person wants; it starts no work itself.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
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
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from artifact_browser.gui.browse.blob_delegate import BlobDelegate
from artifact_browser.gui.browse.entry import Entry
from artifact_browser.gui.browse.kept_selection import KeptSelection
from artifact_browser.gui.browse.listing import Listing
from artifact_browser.gui.browse.listing_model import (
    ARRANGED_BY,
    TableColumn,
    dragged_keys,
    drop_action,
    drop_verb,
    dropped_files,
    holds_rows,
)
from artifact_browser.gui.browse.row_selection import RowSelection
from artifact_browser.gui.common.palette import palette, tokens
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.storage.arrange import Arrangement, Column
from artifact_browser.storage.location import Location

ROW_PX = 34
COMPACT_ROW_PX = 26
#: A drag says the keys of its rows.
MOST_DRAGGED = 5_000
_WIDTHS = {TableColumn.SIZE: 104, TableColumn.MODIFIED: 132, TableColumn.TYPE: 118, TableColumn.CLASS: 118}
#: what a name has at least: some 25 letters
_NAME_PX = 220


class BlobTable(QTableView):
    """The table. Accessible name ``Blob table``."""

    #: an :class:`Entry` was opened by Enter or double-click
    entry_opened = Signal(object)
    #: the selection is another one
    selection_changed = Signal()
    #: files dropped on this listing or on one of its folders: ``(Location, list[Path])``
    files_dropped = Signal(object, object)
    #: rows of ours dropped on a folder here: ``(account, bucket, entries, Location, "copy" or "move")``
    rows_dropped = Signal(str, str, object, object, str)
    #: where a drop would go while hovering, or None; and what it would do: ``(Location | None, verb)``
    drop_hovered = Signal(object, str)
    context_menu_wanted = Signal(QPoint)

    def __init__(self, listing: Listing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._listing = listing
        self.setModel(listing.model)
        self.selection = RowSelection(listing.model, self)
        self.setSelectionModel(self.selection)
        self.kept = KeptSelection(self, listing.model)
        listing.keeper = self.kept
        self.delegate = BlobDelegate(self.selection, self)
        self.setItemDelegate(self.delegate)
        self.setAccessibleName("Blob table")
        self.setObjectName("blob_table")  # the delegate paints selections, not the style
        self._set_behaviour()
        self._set_header()
        self.viewport().installEventFilter(self)
        self.viewport().setAutoFillBackground(False)
        # nothing shines through (see paintEvent), so that scrolling moves what is there and paints what is new
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.selection.rows_changed.connect(self.viewport().update)
        self.selection.rows_changed.connect(self.selection_changed)
        self.selection.chosen.connect(self.kept.chosen_anew)
        self._screen = QTimer(self, interval=0, singleShot=True)
        self._screen.timeout.connect(self._follow_screen)
        for moved in (
            listing.model.modelReset, listing.model.rowsInserted, self.verticalScrollBar().valueChanged,
            self.verticalScrollBar().rangeChanged,
        ):  # fmt: skip
            moved.connect(lambda *_: self._screen.start())  # not with what they say: it would be a time
        self.doubleClicked.connect(lambda index: self.entry_opened.emit(listing.model.entry(index.row())))
        self.customContextMenuRequested.connect(self.context_menu_wanted)
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
        """Selected view rows, ascending."""
        return self.selection.rows()

    def selected_count(self) -> int:
        return self.selection.count

    def selected_entries(self, most: int | None = None) -> list[Entry]:
        """The selected rows, ``most`` at most: for thousands of them ask for their number first."""
        model = self._listing.model
        return [model.entry(row) for row in self.selection.rows(most)]

    def select_keys(self, keys: set[tuple[bool, str]]) -> None:
        """Select ``(is a blob, key)`` pairs that are here; the keyboard goes on from the first."""
        self.kept.chosen_anew()
        rows = self._listing.model.rows_of(keys)
        self.selection.set_rows(rows)
        if rows:
            index = self._listing.model.index(rows[0], 0)
            self.selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)

    def invert_selection(self) -> None:
        """Select what is not selected."""
        self.kept.chosen_anew()
        self.selection.invert()

    def clearSelection(self) -> None:
        self.kept.chosen_anew()
        self.selection.clear_rows()

    def _follow_screen(self) -> None:
        """Tell Qt's selection which rows are on the screen."""
        last = self.rowAt(self.viewport().height() - 1)
        rows = self._listing.model.rowCount()
        self.selection.show_on_screen(max(0, self.rowAt(0)), rows - 1 if last < 0 else min(rows - 1, last + 1))

    def show_arrangement(self, arrangement: Arrangement) -> None:
        """Draw the sort indicator where the arrangement says."""
        order = Qt.SortOrder.DescendingOrder if arrangement.descending else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(ARRANGED_BY.index(arrangement.column), order)

    def _sort_by(self, section: int) -> None:
        now = self._listing.state.arrangement
        column: Column = ARRANGED_BY[section]
        descending = not now.descending if now.column is column else False
        wanted = replace(now, column=column, descending=descending)
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
            event.ignore()  # the shell's actions: Stop, and Copy (Qt's own would copy one cell)
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
        self._follow_screen()  # whether the row under the pointer is selected decides what a press means
        if not self.indexAt(event.position().toPoint()).isValid():
            self.clearSelection()
        super().mousePressEvent(event)

    def _hover(self, row: int) -> None:
        if row != self.delegate.hover_row:
            left, self.delegate.hover_row = self.delegate.hover_row, row
            for changed in (left, row):
                self.viewport().update(
                    0, self.rowViewportPosition(changed), self.viewport().width(), self.rowHeight(changed)
                )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._screen.start()
        self._make_room()

    def _make_room(self) -> None:
        """Names come first: where they would be cut, other columns give way, the one that says least first."""
        needed = _NAME_PX + sum(_WIDTHS.values())
        for column in (TableColumn.CLASS, TableColumn.TYPE, TableColumn.MODIFIED):
            self.setColumnHidden(column, self.viewport().width() < needed)
            needed -= _WIDTHS[column]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), tokens().background)
        painter.end()
        super().paintEvent(event)

    def startDrag(self, actions: Qt.DropAction) -> None:
        if self.selected_count() > MOST_DRAGGED:
            show_toast(
                self.window(),
                f"More than {MOST_DRAGGED:,} rows cannot be dragged: use Copy to\u2026, or drag the folder.",
            )
            return
        self._listing.model.dragged = self.selected_entries
        try:
            super().startDrag(actions)  # returns at the end of the drag
        finally:
            self._listing.model.dragged = None

    # -- drops --------------------------------------------------------------------------------------------------
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._consider(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._consider(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._mark(-1)
        self.drop_hovered.emit(None, "")

    def dropEvent(self, event: QDropEvent) -> None:
        target, _ = self._target(event)
        self._mark(-1)
        self.drop_hovered.emit(None, "")
        if target is None:
            event.ignore()
            return
        rows = dragged_keys(event.mimeData())
        files = dropped_files(event.mimeData())
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if rows is not None:
            self.rows_dropped.emit(*rows, target, drop_verb(event))
        elif files:
            self.files_dropped.emit(target, files)

    def _consider(self, event: QDragMoveEvent) -> None:
        target, row = self._target(event)
        self._mark(row)
        self.drop_hovered.emit(target, drop_verb(event))
        if target is None:
            event.ignore()
        else:
            event.setDropAction(drop_action(event))
            event.accept()

    def _target(self, event: QDropEvent) -> tuple[Location | None, int]:
        """Where the drop would go and the row to mark; rows of ours only go onto a folder."""
        model = self._listing.model
        ours = holds_rows(event.mimeData())
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
