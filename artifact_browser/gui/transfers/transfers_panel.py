"""The strip at the bottom: every job of this run with its progress, its items behind it, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from artifact_browser.errors import ErrorRecord, error_from
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.palette import palette
from artifact_browser.gui.common.widgets import Kind, button, label, line, set_kind
from artifact_browser.gui.transfers.reading_control import can_read_again
from artifact_browser.gui.transfers.relay import TransferRelay
from artifact_browser.gui.transfers.transfers_header import HEADER_PX, TransfersHeader
from artifact_browser.gui.transfers.transfers_model import RowAction, TransfersModel
from artifact_browser.gui.transfers.transfers_view import TransfersView
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.queue import TransferQueue
from artifact_browser.transfers.state import JobState

_EMPTY_ICON_PX = 20


class TransfersPanel(QWidget):
    """The strip. It shows and asks; :class:`TransfersRoom` does."""

    #: ``(handle, name of the action)``, see :class:`RowAction`
    action_chosen = Signal(object, str)
    #: show where a job's bytes went: handle
    show_wanted = Signal(object)
    #: a job that waits for its account's credentials: handle
    credentials_wanted = Signal(object)
    clear_wanted = Signal()
    #: try one item again: ``(handle, item)``
    item_retry_wanted = Signal(object, object)
    #: compare what an ended job has moved, byte for byte: handle
    reading_wanted = Signal(object)
    upload_wanted = Signal()
    #: the header is all that should be seen (``True``), or everything
    folded_changed = Signal(bool)

    def __init__(self, queue: TransferQueue, relay: TransferRelay, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        set_kind(self, Kind.PANEL)
        self.model = TransfersModel(queue, self)
        self.header = TransfersHeader()
        self.view = TransfersView(self.model)
        self.empty = self._empty_line()
        self.folded = True
        self._jobs = 0
        self.header.show_folded(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (line(), self.header):
            column.addWidget(widget)
        column.addWidget(self.view, 1)
        column.addWidget(self.empty, 1)
        self.setFocusProxy(self.view)
        self.header.folded.connect(self.fold)
        self.header.clear_wanted.connect(self.clear_wanted)
        self.view.action_chosen.connect(self.action_chosen)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.doubleClicked.connect(self._show_reason_of)
        relay.changed.connect(self._on_changed)
        self.refresh()

    def _empty_line(self) -> QWidget:
        """Why there is nothing, in one line: the strip is low."""
        made = QWidget()
        row = QHBoxLayout(made)
        row.setSpacing(8)
        self._inbox = QLabel()
        self._paint_icon()
        palette().changed.connect(self._paint_icon)
        words = label("No transfers yet. Drop files on the table or on a folder of the tree.", Kind.DIM)
        row.addStretch(1)
        row.addWidget(self._inbox)
        row.addWidget(words)
        row.addWidget(button("Upload files\u2026", Kind.LINK, clicked=self.upload_wanted.emit))
        row.addStretch(1)
        return made

    def _paint_icon(self) -> None:
        self._inbox.setPixmap(icon("inbox", "faint").pixmap(_EMPTY_ICON_PX, _EMPTY_ICON_PX))

    def refresh(self) -> None:
        """Take over which jobs there are."""
        self.model.refresh()
        self.header.show_jobs([handle.snapshot for handle in self._queue.handles])
        jobs, self._jobs = self._jobs, self.model.rowCount()
        if bool(jobs) != bool(self._jobs):
            self.fold(not self._jobs)  # it opens with the first transfer and closes with the last
        self._show_parts()

    def _on_changed(self, handles: list[TransferHandle]) -> None:
        self.refresh()
        self.model.tell(handles)

    @property
    def header_px(self) -> int:
        """How high the folded strip is."""
        return HEADER_PX + 1

    def fold(self, folded: bool) -> None:
        """Show the header alone, or everything."""
        self.folded = folded
        self.header.show_folded(folded)
        self._show_parts()
        self.folded_changed.emit(folded)

    def _show_parts(self) -> None:
        some = self.model.rowCount() > 0
        self.view.setVisible(some and not self.folded)
        self.empty.setVisible(not some and not self.folded)

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
        ended, waits = handle.ended, handle.snapshot.state is JobState.WAITING_CREDENTIALS
        for name, icon_name, enabled in (
            (RowAction.PAUSE, "pause", handle.can_pause),
            (RowAction.CONTINUE, "play", handle.snapshot.state.at_rest),
            (RowAction.FIRST, "arrow-up-to-line", handle.can_be_first),
            (RowAction.CANCEL, "x", not ended),
            (RowAction.RETRY, "rotate-cw", ended and handle.can_retry),
            (RowAction.REMOVE, "trash-2", ended),
        ):
            action = menu.addAction(icon(icon_name), name)
            action.setEnabled(enabled)
            action.triggered.connect(lambda _=False, name=name: self.action_chosen.emit(handle, name))
        item = self.model.item(index)
        if item is not None:
            again = menu.addAction(icon("rotate-cw"), "Retry this item")
            again.setEnabled(handle.can_retry_item(item))
            again.triggered.connect(lambda: self.item_retry_wanted.emit(handle, item))
        menu.addSeparator()
        reading = menu.addAction(icon("circle-check"), "Check by reading again\u2026")
        reading.setEnabled(can_read_again(handle.snapshot))
        reading.triggered.connect(lambda: self.reading_wanted.emit(handle))
        menu.addAction(icon("eye"), "Show").triggered.connect(lambda: self.show_wanted.emit(handle))
        reason = menu.addAction(icon("info"), "Why it waits\u2026" if waits else "Why it failed\u2026")
        error = self._error(index)  # now: rows may move while the menu is open
        reason.setEnabled(error is not None)
        reason.triggered.connect(lambda: self._show_reason(handle, error))
        return menu

    def _error(self, index: QModelIndex) -> ErrorRecord | None:
        """The reason behind a failed row: the item's, or the job's as a whole."""
        item, handle = self.model.item(index), self.model.handle(index)
        if item is not None:
            return item.error
        return handle.snapshot.error if handle is not None else None

    def _show_reason_of(self, index: QModelIndex) -> None:
        handle = self.model.handle(index)
        if handle is not None:
            self._show_reason(handle, self._error(index))

    def _show_reason(self, handle: TransferHandle, record: ErrorRecord | None) -> None:
        if record is None:
            return
        if record is handle.snapshot.error and handle.snapshot.state is JobState.WAITING_CREDENTIALS:
            self.credentials_wanted.emit(handle)
        else:
            show_error(self, error_from(record))
