"""The strip at the bottom: every job of this run with its progress, its items behind it, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeView, QVBoxLayout, QWidget

from artifact_browser.errors import ErrorRecord, error_from
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.palette import palette
from artifact_browser.gui.common.state_view import State, StateView
from artifact_browser.gui.common.widgets import Kind, line, set_kind
from artifact_browser.gui.transfers.relay import TransferRelay
from artifact_browser.gui.transfers.transfers_delegate import TransfersDelegate
from artifact_browser.gui.transfers.transfers_header import HEADER_PX, TransfersHeader
from artifact_browser.gui.transfers.transfers_model import RowAction, TransferColumn, TransfersModel
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.queue import TransferQueue

_WIDTHS = {
    TransferColumn.PROGRESS: 200,
    TransferColumn.SPEED: 96,
    TransferColumn.STATE: 124,
    TransferColumn.ACTION: 40,
}
_NO_LIMIT = 16_777_215  # QWIDGETSIZE_MAX


class TransfersView(QTreeView):
    """The rows. Accessible name ``Transfers``."""

    #: the button at the end of a row, or its key: ``(handle, name of the action)``
    action_chosen = Signal(object, str)

    def __init__(self, model: TransfersModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self._delegate = TransfersDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Transfers")
        self.setHeaderHidden(True)
        self.setIndentation(18)
        self.setMouseTracking(True)
        self.setAllColumnsShowFocus(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self._size_columns()
        self.expanded.connect(lambda index: model.show_items(index, True))
        self.collapsed.connect(lambda index: model.show_items(index, False))
        self.clicked.connect(self._act)
        palette().changed.connect(self.viewport().update)

    def _size_columns(self) -> None:
        head = self.header()
        head.setMinimumSectionSize(32)
        head.setStretchLastSection(False)
        for column in TransferColumn:
            fixed = column in _WIDTHS
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed if fixed else QHeaderView.ResizeMode.Stretch)
            if fixed:
                head.resizeSection(column, _WIDTHS[column])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        over = index if index.column() == TransferColumn.ACTION else QModelIndex()
        if self._delegate.hover != over:
            self._delegate.hover = QPersistentModelIndex(over)
            self.viewport().update()
        super().mouseMoveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex().siblingAtColumn(TransferColumn.ACTION)
        if event.key() == Qt.Key.Key_Delete and index.isValid():
            self._act(index)
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and index.isValid():
            first = index.siblingAtColumn(0)
            self.setExpanded(first, not self.isExpanded(first))
        else:
            super().keyPressEvent(event)

    def _act(self, index: QModelIndex) -> None:
        model = self.model()
        assert isinstance(model, TransfersModel)
        if index.column() == TransferColumn.ACTION and (action := model.action(index)):
            self.action_chosen.emit(model.handle(index), action)


class TransfersPanel(QWidget):
    """The strip. It shows and asks; :class:`TransfersRoom` does."""

    #: ``(handle, name of the action)``, see :class:`RowAction`
    action_chosen = Signal(object, str)
    #: show where a job's bytes went: handle
    show_wanted = Signal(object)
    clear_wanted = Signal()
    upload_wanted = Signal()

    def __init__(self, queue: TransferQueue, relay: TransferRelay, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        set_kind(self, Kind.PANEL)
        self.model = TransfersModel(queue, self)
        self.header = TransfersHeader()
        self.view = TransfersView(self.model)
        self.empty = StateView()
        self.empty.show_state(
            State.EMPTY,
            "No transfers yet",
            detail="Drop files on the table or on a folder of the tree.",
            action_label="Upload files\u2026",
            action=self.upload_wanted.emit,
        )
        self._folded = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (line(), self.header):
            column.addWidget(widget)
        column.addWidget(self.view, 1)
        column.addWidget(self.empty, 1)
        self.setFocusProxy(self.view)
        self.header.folded.connect(self._fold)
        self.header.clear_wanted.connect(self.clear_wanted)
        self.view.action_chosen.connect(self.action_chosen)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.doubleClicked.connect(self._show_reason)
        relay.changed.connect(self._on_changed)
        self.refresh()

    def refresh(self) -> None:
        """Take over which jobs there are."""
        self.model.refresh()
        self.header.show_jobs([handle.snapshot for handle in self._queue.handles])
        self._show_parts()

    def _on_changed(self, handles: list[TransferHandle]) -> None:
        self.refresh()
        self.model.tell(handles)

    def _fold(self, folded: bool) -> None:
        self._folded = folded
        self.setMaximumHeight(HEADER_PX + 1 if folded else _NO_LIMIT)
        self._show_parts()

    def _show_parts(self) -> None:
        some = self.model.rowCount() > 0
        self.view.setVisible(some and not self._folded)
        self.empty.setVisible(not some and not self._folded)

    def _open_menu(self, at: QPoint) -> None:
        menu = self.menu_for(self.view.indexAt(at))
        if menu is not None:
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.view.viewport().mapToGlobal(at))

    def menu_for(self, index: QModelIndex) -> QMenu | None:
        """What can be done with a row; ``None`` where there is none."""
        handle = self.model.handle(index)
        if handle is None:
            return None
        menu = QMenu(self)
        ended = handle.ended
        for name, icon_name, enabled in (
            (RowAction.CANCEL, "x", not ended),
            (RowAction.RETRY, "rotate-cw", handle.can_retry),
            (RowAction.REMOVE, "trash-2", ended),
        ):
            action = menu.addAction(icon(icon_name), name)
            action.setEnabled(enabled)
            action.triggered.connect(lambda _=False, name=name: self.action_chosen.emit(handle, name))
        menu.addSeparator()
        menu.addAction(icon("eye"), "Show").triggered.connect(lambda: self.show_wanted.emit(handle))
        reason = menu.addAction(icon("info"), "Why it failed\u2026")
        reason.setEnabled(self._error(index) is not None)
        reason.triggered.connect(lambda: self._show_reason(index))
        return menu

    def _error(self, index: QModelIndex) -> ErrorRecord | None:
        """The reason behind a failed row: the item's, or the job's as a whole."""
        item, handle = self.model.item(index), self.model.handle(index)
        if item is not None:
            return item.error
        return handle.snapshot.error if handle is not None else None

    def _show_reason(self, index: QModelIndex) -> None:
        if (record := self._error(index)) is not None:
            show_error(self, error_from(record))
