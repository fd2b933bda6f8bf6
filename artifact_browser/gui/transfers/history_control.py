"""What the history's dialog asks for: pages read by a worker, reports, another try, a clean slate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.book import AccountBook
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import count
from artifact_browser.gui.common.widgets import Kind, label
from artifact_browser.transfers.engine import clear_history
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.past_jobs import (
    PAGE,
    PastJob,
    ReportForm,
    list_past_items,
    list_past_jobs,
    past_report,
    revive_past_job,
)
from artifact_browser.transfers.queue import Restoring, TransferQueue
from artifact_browser.workers.job import Lane

if TYPE_CHECKING:
    from artifact_browser.gui.transfers.history_dialog import HistoryDialog


class HistoryControl(QObject):
    """One per window; one dialog at a time."""

    #: a transfer of the history runs again: its handle
    retried = Signal(object)
    #: compare what an ended job has moved, byte for byte: :class:`JobSnapshot`
    reading_wanted = Signal(object)

    def __init__(self, bridge: Bridge, queue: TransferQueue, book: AccountBook, window: QWidget) -> None:
        super().__init__(window)
        self._bridge, self._queue, self._book, self._window = bridge, queue, book, window
        self.dialog: HistoryDialog | None = None
        self._jobs: Task | None = None
        self._items: Task | None = None

    def open(self) -> HistoryDialog:
        if self.dialog is not None:
            self.dialog.raise_()
            return self.dialog
        from artifact_browser.gui.transfers.history_dialog import HistoryDialog  # when it is asked for

        dialog = HistoryDialog(self._window)
        self.dialog = dialog
        dialog.query_changed.connect(self._look)
        dialog.jobs.more_wanted.connect(self._next_jobs)
        dialog.items.more_wanted.connect(self._next_items)
        dialog.job_chosen.connect(self._show_items)
        dialog.retry_wanted.connect(self._retry)
        dialog.report_wanted.connect(self._report)
        dialog.reading_wanted.connect(lambda job: self.reading_wanted.emit(job.snapshot))
        dialog.clear_wanted.connect(self._confirm_clear)
        dialog.finished.connect(self._closed)
        dialog.finished.connect(dialog.deleteLater)
        self._look()
        dialog.open()
        return dialog

    def _closed(self) -> None:
        self.dialog = None
        for task in (self._jobs, self._items):
            if task is not None:
                task.cancel()

    def refresh(self) -> None:
        """What it shows has changed, if it is open."""
        self._look()

    # -- pages --------------------------------------------------------------------------------------------------
    def _look(self) -> None:
        if self.dialog is not None:
            self.dialog.begin()
            self._next_jobs()

    def _next_jobs(self) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        if self._jobs is not None:
            self._jobs.cancel()
        below = dialog.jobs.rows[-1] if dialog.jobs.rows else None
        self._jobs = self._bridge.run(
            list_past_jobs,
            dialog.query,
            below,
            PAGE,
            owner=dialog,
            on_event=dialog.add_jobs,
            on_error=dialog.show_failure,
        )

    def _show_items(self, job: PastJob | None) -> None:
        if self._items is not None:
            self._items.cancel()
        if job is not None:
            self._next_items()

    def _next_items(self) -> None:
        dialog = self.dialog
        if dialog is None or dialog.chosen is None:
            return
        self._items = self._bridge.run(
            list_past_items,
            dialog.chosen.key,
            dialog.items.rows[-1] if dialog.items.rows else None,
            PAGE,
            owner=dialog,
            on_event=dialog.items.add,
            on_error=dialog.show_failure,
        )

    # -- what can be done ---------------------------------------------------------------------------------------
    def _report(self, job: PastJob, form: ReportForm) -> None:
        dialog = self.dialog
        if dialog is None:
            return

        def copy(text: str) -> None:
            QGuiApplication.clipboard().setText(text)
            dialog.show_copied()

        self._bridge.run(
            past_report, job, form, owner=dialog, on_done=copy, on_error=lambda error: dialog.show_note(error.detail)
        )

    def _retry(self, job: PastJob) -> None:
        known = self._known(job)
        if known is not None:
            self._begin(known)
            return
        restoring = Restoring(self._queue)
        self._bridge.run(
            revive_past_job,
            job.key,
            tuple(self._book.all()),
            owner=self.dialog,
            on_event=restoring.take,
            on_done=lambda _: self._brought_back(job, restoring),
            on_error=lambda error: self._say(error.detail),
        )

    def _brought_back(self, job: PastJob, restoring: Restoring) -> None:
        restoring.end()
        known = self._known(job)
        if known is None:
            self._say("It cannot be tried again: its account is gone.")
        else:
            self._begin(known)

    def _begin(self, handle: TransferHandle) -> None:
        handle.retry_failed()
        self.retried.emit(handle)
        if self.dialog is not None:
            self.dialog.accept()

    def _say(self, words: str) -> None:
        if self.dialog is not None:
            self.dialog.show_note(words)

    def _known(self, job: PastJob) -> TransferHandle | None:
        """It, if it is among the rows of the strip."""
        ids = (handle for handle in self._queue.handles if handle.job_id == job.snapshot.job_id)
        return next(ids, None)

    def _confirm_clear(self) -> None:
        if self.dialog is None:
            return
        asking = AppDialog("Clear history", "Clear", self.dialog, destructive=True)
        words = (
            "Transfers that have ended are forgotten, with their items and errors. Those in the list stay, and nothing"
        )
        asking.body.addWidget(label(f"{words} in any bucket or folder is touched.", wrap=True))
        asking.accepted.connect(self._clear)
        asking.finished.connect(asking.deleteLater)
        asking.open()

    def _clear(self) -> None:
        shown: Sequence[str] = tuple(handle.job_id for handle in self._queue.handles)
        self._bridge.run(
            clear_history,
            shown,
            lane=Lane.ENGINE,
            owner=self.dialog,
            on_done=self._cleared,
            on_error=lambda error: self._say(error.detail),
        )

    def _cleared(self, number: int) -> None:
        self._look()
        if self.dialog is not None:
            self.dialog.show_note(f"{count(number, 'transfer')} forgotten.", Kind.NOTE_OK)
