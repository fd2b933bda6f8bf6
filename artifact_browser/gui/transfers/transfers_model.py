"""Jobs and their items as a model: an adapter over the queue's handles, refreshed at most ten times a second.

Level one are jobs, the newest first; below an expanded job its items, failures first, in pages. What a handle has
forgotten of very many is asked of the journal, page by page, behind what it knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from artifact_browser.gui.common.format import exact_size, printable
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.transfers.transfer_words import (
    item_facts,
    item_troubles,
    job_end,
    job_facts,
    job_name,
    job_speed,
    percent,
)
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.queue import TransferQueue
from artifact_browser.transfers.state import ItemSnapshot, ItemState

PAGE = 200
#: Rows whose change is told, and painted, in one turn of the event loop; and the pause to the next.
ROWS_AT_ONCE, TURN_MS = 4, 10
#: failures first, then what is under way
_ORDER = (
    ItemState.FAILED,
    ItemState.RUNNING,
    ItemState.SKIPPED,
    ItemState.CANCELLED,
    ItemState.QUEUED,
    ItemState.DONE,
)
_Index = QModelIndex | QPersistentModelIndex


class TransferColumn(IntEnum):
    NAME = 0
    FACTS = 1
    PROGRESS = 2
    SPEED = 3
    STATE = 4
    ACTION = 5


_HEADS = ("Transfer", "Facts", "Progress", "Speed", "State", "Action")


class RowAction:
    """What the button at the end of a row does."""

    PAUSE = "Pause"
    CONTINUE = "Continue"
    CANCEL = "Cancel"
    RETRY = "Retry failed"
    REMOVE = "Remove"
    FIRST = "Move to top"


class _Job:
    """A job's line. ``serial`` is the internal id of its items' indexes; ``items`` the page that is shown."""

    def __init__(self, handle: TransferHandle, serial: int) -> None:
        self.handle = handle
        self.serial = serial
        self.wanted = 0
        self.items: list[ItemSnapshot] = []
        #: from the journal, the last one of them, whether there are no others, and whether somebody asks for them
        self.more: list[ItemSnapshot] = []
        self.last: ItemSnapshot | None = None
        self.is_whole, self.asked = True, False

    def forget(self) -> None:
        """It is collapsed."""
        self.wanted, self.items = 0, []
        self.more, self.last, self.asked = [], None, False


class TransfersModel(QAbstractItemModel):
    """Lives in the GUI thread. Never does I/O: handles answer from memory, and who listens to :attr:`more_wanted` from the
    journal.
    """

    #: items that a handle does not know: ``(handle, the last one that is shown)``; answer with :meth:`add_items`
    more_wanted = Signal(object, object)

    def __init__(self, queue: TransferQueue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self._jobs: list[_Job] = []
        self._by_serial: dict[int, _Job] = {}
        self._serial = 0
        self._untold: set[TransferHandle] = set()
        self._next = QTimer(self, singleShot=True, interval=TURN_MS)
        self._next.timeout.connect(self._tell_some)

    # -- what is there ------------------------------------------------------------------------------------------
    def handle(self, index: _Index) -> TransferHandle | None:
        """The job of a row, or of the row above an item."""
        if not index.isValid():
            return None
        return self._job_of(index).handle

    def item(self, index: _Index) -> ItemSnapshot | None:
        """The item of a row; ``None`` on jobs' rows."""
        if not index.isValid() or not index.internalId():
            return None
        return self._by_serial[index.internalId()].items[index.row()]

    def refresh(self) -> None:
        """Take over which jobs there are and what they say."""
        handles = list(reversed(self._queue.handles))
        kept = set(handles)
        for row in reversed(range(len(self._jobs))):
            if self._jobs[row].handle not in kept:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._by_serial[self._jobs.pop(row).serial]
                self.endRemoveRows()
        known = {job.handle for job in self._jobs}
        for row, handle in enumerate(handles):
            if handle not in known:
                self._serial += 1
                self.beginInsertRows(QModelIndex(), row, row)
                self._jobs.insert(row, _Job(handle, self._serial))
                self._by_serial[self._serial] = self._jobs[row]
                self.endInsertRows()
        self._order(handles)

    def _order(self, handles: list[TransferHandle]) -> None:
        """Move the rows of jobs that were moved."""
        for row, handle in enumerate(handles):
            now = next(at for at, job in enumerate(self._jobs) if job.handle is handle)
            if now != row:
                self.beginMoveRows(QModelIndex(), now, now, QModelIndex(), row)
                self._jobs.insert(row, self._jobs.pop(now))
                self.endMoveRows()

    def tell(self, handles: list[TransferHandle]) -> None:
        """These jobs have changed."""
        self._untold.update(handles)
        if not self._next.isActive():
            self._tell_some()

    def _tell_some(self) -> None:
        """A few rows now, the others in the next turns: painting all of them at once is a burst a person can feel."""
        rows = [row for row, job in enumerate(self._jobs) if job.handle in self._untold]
        now, later = rows[:ROWS_AT_ONCE], rows[ROWS_AT_ONCE:]
        self._untold = {self._jobs[row].handle for row in later}
        for row in now:
            self.dataChanged.emit(self.createIndex(row, 0, 0), self.createIndex(row, len(_HEADS) - 1, 0))
            if self._jobs[row].wanted:
                self._show_items(row, self._jobs[row])
        if later:
            self._next.start()

    def show_items(self, index: _Index, shown: bool) -> None:
        """The row was expanded or collapsed: only expanded jobs keep their items here."""
        if index.isValid() and not index.internalId():
            job = self._jobs[index.row()]
            if shown:
                job.wanted = max(job.wanted, PAGE)
                job.is_whole = job.handle.knows_all
            shown_before = len(job.items)
            if not shown and shown_before:
                self.beginRemoveRows(self.index(index.row(), 0), 0, shown_before - 1)
                job.forget()
                self.endRemoveRows()
            elif shown:
                self._show_items(index.row(), job)

    def add_items(self, handle: TransferHandle, items: Sequence[ItemSnapshot], *, last: bool) -> None:
        """The next items from the journal; ``last``: there are no others."""
        row = next((row for row, job in enumerate(self._jobs) if job.handle is handle), None)
        if row is None or not self._jobs[row].asked:
            return
        job = self._jobs[row]
        job.asked, job.is_whole = False, last
        job.more += items
        job.last = items[-1] if items else job.last
        self._show_items(row, job)

    def _show_items(self, row: int, job: _Job) -> None:
        parent = self.index(row, 0)
        now = job.handle.items(_ORDER, 0, job.wanted) if job.wanted else []
        if job.more and len(now) < job.wanted:
            now += [one for one in job.more if not job.handle.knows(one.item.number)]
        before = len(job.items)
        if len(now) > before:
            self.beginInsertRows(parent, before, len(now) - 1)
            job.items = now
            self.endInsertRows()
        elif len(now) < before:
            self.beginRemoveRows(parent, len(now), before - 1)
            job.items = now
            self.endRemoveRows()
        job.items = now
        if now:
            self.dataChanged.emit(self.index(0, 0, parent), self.index(len(now) - 1, len(_HEADS) - 1, parent))

    def _job_of(self, index: _Index) -> _Job:
        return self._by_serial[index.internalId()] if index.internalId() else self._jobs[index.row()]

    # -- QAbstractItemModel -------------------------------------------------------------------------------------
    def index(self, row: int, column: int, parent: _Index = QModelIndex()) -> QModelIndex:
        if not (0 <= column < len(_HEADS) and 0 <= row < self.rowCount(parent)):
            return QModelIndex()
        return self.createIndex(row, column, self._jobs[parent.row()].serial if parent.isValid() else 0)

    def parent(self, child: _Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]
        if not child.isValid() or not child.internalId():
            return QModelIndex()
        return self.createIndex(self._jobs.index(self._by_serial[child.internalId()]), 0, 0)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        if not parent.isValid():
            return len(self._jobs)
        if parent.internalId() or parent.column() != 0:
            return 0
        return len(self._jobs[parent.row()].items)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:
        return len(_HEADS)

    def hasChildren(self, parent: _Index = QModelIndex()) -> bool:
        if not parent.isValid():
            return bool(self._jobs)
        return not parent.internalId() and parent.column() == 0 and self._jobs[parent.row()].handle.count() > 0

    def canFetchMore(self, parent: _Index) -> bool:
        if not parent.isValid() or parent.internalId():
            return False
        job = self._jobs[parent.row()]
        return 0 < job.wanted <= len(job.items) < job.handle.count() or self._wants_more(job)

    @staticmethod
    def _wants_more(job: _Job) -> bool:
        """All that is known is shown, and the journal has others."""
        return job.wanted > 0 and len(job.items) >= job.handle.count() and not job.is_whole and not job.asked

    def fetchMore(self, parent: _Index) -> None:
        if self.canFetchMore(parent):
            job = self._jobs[parent.row()]
            if self._wants_more(job):
                job.asked = True
                self.more_wanted.emit(job.handle, job.last)
            job.wanted += PAGE
            self._show_items(parent.row(), job)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _HEADS[section]
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemNeverHasChildren if index.isValid() and index.internalId() else flags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(index)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self._tooltip(index) or "") or None
        return None

    def text(self, index: _Index) -> str:
        """What a cell says; the progress bar in words."""
        item, column = self.item(index), index.column()
        if item is not None:
            return _item_text(item, column)
        job = self._jobs[index.row()].handle.snapshot
        if column == TransferColumn.NAME:
            return job_name(job)
        if column == TransferColumn.FACTS:
            return job_facts(job)
        if column == TransferColumn.PROGRESS:
            return f"{percent(job.counts)} %"
        if column == TransferColumn.SPEED:
            return job_speed(job)
        return job_end(job) if column == TransferColumn.STATE else self.action(index)

    def action(self, index: _Index) -> str:
        """The name of a job's row's button; empty on items."""
        if index.internalId():
            return ""
        handle = self._jobs[index.row()].handle
        if handle.snapshot.state.at_rest:
            return RowAction.CONTINUE
        if not handle.ended:
            return RowAction.CANCEL
        return RowAction.RETRY if handle.can_retry else RowAction.REMOVE

    def _tooltip(self, index: _Index) -> str:
        item = self.item(index)
        if item is not None:
            lines = [
                printable(item.item.source),
                f"\u2192 {printable(item.item.target)}",
                exact_size(item.item.size_bytes),
            ]
            return "\n".join([*lines, *item_troubles(item)])
        job = self._jobs[index.row()].handle.snapshot
        if index.column() == TransferColumn.FACTS and job.counts.bytes:
            return f"{job_facts(job)}\n{exact_size(job.counts.bytes_done)} of {exact_size(job.counts.bytes)}"
        return self.text(index)


def _item_text(item: ItemSnapshot, column: int) -> str:
    if column == TransferColumn.NAME:
        return printable(item.item.name)
    if column == TransferColumn.FACTS:
        return item_facts(item)
    if column == TransferColumn.PROGRESS and item.state is ItemState.RUNNING and item.item.size_bytes:
        return f"{min(100, item.bytes_done * 100 // item.item.size_bytes)} %"
    return str(item.state) if column == TransferColumn.STATE else ""
