"""Everything a person can do with transfers: the strip, the questions, and the queue behind them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.transfers.changed_places import above_all, changed_locations
from artifact_browser.gui.transfers.conflict_dialog import ConflictDialog
from artifact_browser.gui.transfers.delete_dialog import DeleteDialog
from artifact_browser.gui.transfers.history_control import HistoryControl
from artifact_browser.gui.transfers.name_dialogs import NewFolderDialog, RenameDialog
from artifact_browser.gui.transfers.options_memory import PLAIN, TransferOptions, remember_options, remembered_options
from artifact_browser.gui.transfers.pace_control import PaceControl
from artifact_browser.gui.transfers.reading_control import open_reading
from artifact_browser.gui.transfers.relay import TransferRelay
from artifact_browser.gui.transfers.transfers_model import PAGE, RowAction
from artifact_browser.gui.transfers.transfers_panel import TransfersPanel
from artifact_browser.storage.location import Location
from artifact_browser.transfers.choice import TreeChoice
from artifact_browser.transfers.content import SECOND_READING
from artifact_browser.transfers.delete import DeleteOrder, DeletePlan, plan_delete
from artifact_browser.transfers.download import DownloadOrder
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.history import read_history
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.past_jobs import list_job_items
from artifact_browser.transfers.pins import Pin
from artifact_browser.transfers.policy import ConflictFound, Decision
from artifact_browser.transfers.preview import preview_download, preview_upload
from artifact_browser.transfers.queue import Restoring, TransferQueue
from artifact_browser.transfers.state import ItemSnapshot, JobSnapshot, JobState, Verb

if TYPE_CHECKING:
    from artifact_browser.gui.transfers.options_dialog import DownloadOptionsDialog, OptionsDialog, UploadOptionsDialog
    from artifact_browser.gui.transfers.reading_dialog import ReadingDialog
    from artifact_browser.gui.transfers.sync_dialog import SyncChoice, SyncDialog


class TransfersRoom(QObject):
    """Controller. ``panel`` is the strip for the window's bottom; ``parent`` the window dialogs open over."""

    #: a job has changed what is at this :class:`Location` (a prefix): list it anew
    location_changed_by_job = Signal(object)
    #: a job has ended, however: :class:`TransferHandle`
    job_finished = Signal(object)
    #: a question is about to be asked
    answer_wanted = Signal()
    #: show this :class:`Location` in the window
    location_wanted = Signal(object)
    #: a job that waits for its account's credentials, once an account, or when the person asks: :class:`TransferHandle`
    credentials_wanted = Signal(object)
    #: transfers of this run have changed: a list of :class:`TransferHandle`
    jobs_changed = Signal(object)
    #: what a run before has left was read, or cannot be
    restored = Signal()
    #: the empty strip's button: ask which files to upload
    upload_wanted = Signal()

    def __init__(self, services: Services, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._bridge = bridge
        self._settings = services.settings
        self._book = services.book
        self.queue = TransferQueue(services.pool)
        self._relay = TransferRelay(self)
        self.queue.listen(self._relay)
        self._ended: dict[TransferHandle, int] = {}  # the run whose end was told
        self._began: dict[TransferHandle, float] = {}
        self.pace = PaceControl(services, parent)
        self._asked_for: set[str] = set()  # accounts
        self._questions: dict[TransferHandle, ConflictDialog] = {}
        self.panel = TransfersPanel(self.queue, self._relay)
        self.panel.action_chosen.connect(self._act)
        self.panel.clear_wanted.connect(self._clear)
        self.panel.header.pause_wanted.connect(self.queue.pause_all)
        self.panel.header.continue_wanted.connect(self._continue_all)
        self.history = HistoryControl(bridge, self.queue, services.book, parent)
        self.history.retried.connect(lambda _: self.panel.fold(False))
        self.panel.header.history_wanted.connect(self.history.open)
        self.panel.item_retry_wanted.connect(lambda handle, item: handle.retry_item(item))
        self.panel.model.more_wanted.connect(self._show_more)
        self.panel.header.limit_menu.aboutToShow.connect(lambda: self.pace.fill(self.panel.header.limit_menu))
        self.pace.changed.connect(self._show_limit)
        self._show_limit()
        self.panel.reading_wanted.connect(lambda handle: self.read_again(handle.snapshot))
        self.history.reading_wanted.connect(self.read_again)
        self.panel.show_wanted.connect(self._show)
        self.panel.upload_wanted.connect(self.upload_wanted)
        self.panel.credentials_wanted.connect(self.credentials_wanted)
        self._relay.changed.connect(self._on_changed)
        self._relay.conflict_found.connect(self._ask)

    def read_again(self, job: JobSnapshot) -> ReadingDialog | None:
        """Offer to compare what an ended job has moved, byte for byte."""

        def prove() -> None:
            for handle in self.queue.handles:
                if handle.job_id == job.job_id:
                    handle.prove(SECOND_READING)
            self.history.refresh()

        return open_reading(self._bridge, self._book, job, self.history.dialog or self._window, prove)

    def restore(self, records: Sequence[AccountRecord]) -> None:
        """Show what runs before this one left unfinished, paused; once, at the start."""
        restoring = Restoring(self.queue)
        self._bridge.run(
            read_history,
            tuple(records),
            owner=self,
            on_event=restoring.take,
            on_done=lambda _: self._restored(restoring),
            on_error=self._not_restored,
        )

    # -- what a person asks for ---------------------------------------------------------------------------------
    def upload(
        self,
        record: AccountRecord,
        location: Location,
        paths: Sequence[str | Path],
        options: TransferOptions = PLAIN[Verb.UPLOAD],
    ) -> TransferHandle | None:
        """Files and folders to the prefix ``location``."""
        return self._begin(lambda: self.queue.upload(record, location, paths, options.policy, options.choice))

    def download(
        self,
        record: AccountRecord,
        locations: Sequence[Location],
        folder: str | Path,
        options: TransferOptions = PLAIN[Verb.DOWNLOAD],
        *,
        paths_from: int = -1,
        names: Sequence[str] = (),
        versions: Sequence[str] = (),
        pins: Sequence[Pin] = (),
        job_id: str = "",
        title: str = "",
    ) -> TransferHandle | None:
        """Blobs and prefixes into ``folder``; see :class:`DownloadOrder` for ``paths_from`` to ``pins``."""
        return self._begin(
            lambda: self.queue.download(
                record,
                locations,
                folder,
                options.policy,
                options.choice,
                paths_from=paths_from,
                names=names,
                versions=versions,
                pins=pins,
                job_id=job_id,
                title=title,
            )
        )

    def upload_with_options(
        self, record: AccountRecord, location: Location, begin_in: str, accepted: Callable[[UploadOptionsDialog], None]
    ) -> UploadOptionsDialog:
        """Ask what to upload to ``location``, and how; ``accepted`` hears of it once it has begun."""
        options = remembered_options(self._settings, Verb.UPLOAD, record.id)
        from artifact_browser.gui.transfers.options_dialog import UploadOptionsDialog  # when it is asked for

        dialog = UploadOptionsDialog(location, options, self._window, begin_in=begin_in)
        self._show_examples(dialog, lambda choice: (preview_upload, dialog.paths, choice))

        def finish(result: int) -> None:
            if result:
                self._remember(Verb.UPLOAD, record, dialog.options)
                self.upload(record, location, dialog.paths, dialog.options)
                accepted(dialog)

        self._open(dialog, finish)
        return dialog

    def download_with_options(
        self,
        record: AccountRecord,
        locations: Sequence[Location],
        folder: str,
        accepted: Callable[[DownloadOptionsDialog], None],
    ) -> DownloadOptionsDialog:
        """Ask where to, what of them, and how; ``accepted`` hears of it once it has begun."""
        options = remembered_options(self._settings, Verb.DOWNLOAD, record.id)
        from artifact_browser.gui.transfers.options_dialog import DownloadOptionsDialog  # when it is asked for

        dialog = DownloadOptionsDialog(locations, options, self._window, folder=folder)
        self._show_examples(dialog, lambda choice: (preview_download, record, tuple(locations), choice))

        def finish(result: int) -> None:
            if result:
                self._remember(Verb.DOWNLOAD, record, dialog.options)
                self.download(record, locations, dialog.folder.text(), dialog.options)
                accepted(dialog)

        self._open(dialog, finish)
        return dialog

    def copy(
        self,
        record: AccountRecord,
        locations: Sequence[Location],
        target: Location,
        *,
        move: bool = False,
        to_record: AccountRecord | None = None,
    ) -> TransferHandle | None:
        """Blobs and prefixes to a prefix of any bucket; ``to_record``: of another account."""
        return self._begin(lambda: self.queue.copy(record, locations, target, move=move, to_record=to_record))

    def delete(
        self,
        record: AccountRecord,
        locations: Sequence[Location],
        *,
        kind: str = "",
        begun: Callable[[TransferHandle], object] = lambda _: None,
    ) -> DeleteDialog:
        """Count, show, ask; delete what was confirmed. ``kind``: what it is called, then its name must be typed."""
        dialog = DeleteDialog(locations, self._window, kind=kind)
        task = self._bridge.run(
            plan_delete,
            record,
            tuple(locations),
            owner=dialog,
            on_progress=dialog.show_count,
            on_done=dialog.show_plan,
            on_error=dialog.show_failure,
        )

        def finish(accepted: int) -> None:
            task.cancel()
            if dialog.plan is not None:
                handle = self._finish_delete(record, locations, dialog.plan, accepted=bool(accepted))
                if handle is not None:
                    begun(handle)

        self._open(dialog, finish)
        return dialog

    def sync(self, record: AccountRecord, location: Location) -> SyncDialog:
        """Compare ``location`` with a folder; make one side like the other as confirmed."""

        def begin(choice: SyncChoice) -> None:
            self.queue.sync(
                record, choice.comparison, choice.direction, remove=choice.remove, keep_newer=choice.keep_newer
            )

        from artifact_browser.gui.transfers.sync_room import SyncRoom  # when it is asked for

        dialog = SyncRoom(self._bridge, record, location, begin, self._window).dialog
        dialog.open()
        return dialog

    def rename(self, record: AccountRecord, location: Location) -> RenameDialog:
        """Ask for a blob's or folder's new name."""
        dialog = RenameDialog(location, self._window)
        self._open(dialog, lambda accepted: accepted and self.queue.rename(record, location, dialog.choice.name))
        return dialog

    def new_folder(self, record: AccountRecord, location: Location) -> NewFolderDialog:
        """Ask for a folder's name below ``location``."""
        dialog = NewFolderDialog(location, self._window)
        self._open(dialog, lambda accepted: accepted and self.queue.new_folder(record, location, dialog.choice.name))
        return dialog

    # -- credentials --------------------------------------------------------------------------------------------
    def waiting_for_credentials(self, account_id: str) -> list[TransferHandle]:
        """The jobs of an account that stand still until somebody has signed in."""
        return [
            handle
            for handle in self.queue.handles
            if handle.snapshot.state is JobState.WAITING_CREDENTIALS
            and account_id in {record.id for record in handle.order.records}
        ]

    def use(self, record: AccountRecord, *, signed_in: bool = False) -> None:
        """An account was changed, or somebody has signed in to it again: what waits for that goes on."""
        self._asked_for.discard(record.id)
        self.queue.use(record, signed_in=signed_in)

    def _continue_all(self) -> None:
        """All that stands still; who is refused again is asked again."""
        self._asked_for.clear()
        self.queue.continue_all()

    def _ask_for_credentials(self, handle: TransferHandle) -> None:
        account_id = signs_in(handle.order).id
        if not handle.from_before and account_id not in self._asked_for:
            self._asked_for.add(account_id)
            self.answer_wanted.emit()
            self.credentials_wanted.emit(handle)

    # -- for quitting -------------------------------------------------------------------------------------------
    def has_running(self) -> bool:
        """Whether bytes would be lost sight of by quitting now."""
        return self.queue.has_running()

    def seconds_of(self, handle: TransferHandle) -> float:
        """How long a transfer ran in this run of the app, pauses included, in seconds."""
        began = self._began.get(handle)
        return 0.0 if began is None else time.monotonic() - began

    def has_delete_running(self) -> bool:
        """Whether something runs that cannot pause."""
        return any(handle.running and isinstance(handle.order, DeleteOrder) for handle in self.queue.handles)

    def cancel_all(self) -> None:
        self.queue.cancel_all()

    def put_down(self) -> None:
        """Pause what can be gone on with, cancel the rest."""
        for handle in self.queue.handles:
            if handle.can_pause:
                handle.pause()
            elif handle.running:
                handle.cancel()

    def _restored(self, restoring: Restoring) -> None:
        restoring.end()
        self.restored.emit()

    def _not_restored(self, error: ArtifactBrowserError) -> None:
        show_error(self._window, error)
        self.restored.emit()

    # -- inside -------------------------------------------------------------------------------------------------
    def _begin(self, start: Callable[[], TransferHandle]) -> TransferHandle | None:
        try:
            return start()
        except ArtifactBrowserError as error:
            show_error(self._window, error)
            return None

    def _show_examples(self, dialog: OptionsDialog, job: Callable[[TreeChoice], tuple[Any, ...]]) -> None:
        """While it is open: only the last choice's example counts."""
        running: list[Task] = []

        def ask(choice: TreeChoice) -> None:
            if running:
                running.pop().cancel()
            running.append(
                self._bridge.run(
                    *job(choice),
                    owner=dialog,
                    on_event=dialog.show_preview,
                    on_done=dialog.announce_preview,
                    on_error=dialog.show_preview_error,
                )
            )

        dialog.preview_wanted.connect(ask)

    def _remember(self, verb: Verb, record: AccountRecord, options: TransferOptions) -> None:
        try:
            remember_options(self._settings, verb, record.id, options)
        except ArtifactBrowserError as error:
            show_error(self._window, error)

    def _open(self, dialog: AppDialog, finish: Callable[[int], object]) -> None:
        dialog.finished.connect(finish)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _finish_delete(
        self, record: AccountRecord, locations: Sequence[Location], plan: DeletePlan, *, accepted: bool
    ) -> TransferHandle | None:
        if not accepted:
            self.queue.discard(plan)
            return None
        title = locations[0].name or locations[0].bucket if len(locations) == 1 else ""
        return self.queue.delete(record, plan, title, above_all(locations))

    def _ask(self, handle: TransferHandle, question: ConflictFound, answer: Callable[[Decision | None], None]) -> None:
        self.answer_wanted.emit()
        self._dismiss(handle)  # what was asked before, of a run that is over
        dialog = ConflictDialog(question, handle.snapshot.verb, self._window)
        self._questions[handle] = dialog

        def finish(accepted: int) -> None:
            if self._questions.get(handle) is dialog:
                del self._questions[handle]
                answer(dialog.choice.policy if accepted else None)

        dialog.finished.connect(finish)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _dismiss(self, handle: TransferHandle) -> None:
        """Close what was asked about a transfer: the answer is of no use any more."""
        dialog = self._questions.pop(handle, None)
        if dialog is not None:
            dialog.reject()

    def _on_changed(self, handles: list[TransferHandle]) -> None:
        self.jobs_changed.emit(handles)
        for handle in handles:
            if not handle.running:
                self._dismiss(handle)
            elif (dialog := self._questions.get(handle)) is not None:
                dialog.show_found(handle.snapshot)
            if handle.snapshot.state is JobState.WAITING_CREDENTIALS:
                self._ask_for_credentials(handle)
            if not handle.ended:
                self._ended.pop(handle, None)
                if handle.running:
                    self._began.setdefault(handle, time.monotonic())
            elif handle.from_before:
                self._ended[handle] = handle.run
            elif self._ended.get(handle) != handle.run:
                self._ended[handle] = handle.run
                for location in changed_locations(handle.order):
                    self.location_changed_by_job.emit(location)
                self.job_finished.emit(handle)
                self._began.pop(handle, None)

    def _show_more(self, handle: TransferHandle, last: ItemSnapshot | None) -> None:
        """Items of an expanded job that the window has forgotten."""
        self._bridge.run(
            list_job_items,
            handle.job_id,
            last,
            PAGE,
            owner=self,
            on_event=lambda page: self.panel.model.add_items(handle, page, last=len(page) < PAGE),
            on_error=lambda _: self.panel.model.add_items(handle, (), last=True),  # the history says why
        )

    def _show_limit(self) -> None:
        self.panel.header.show_limit(self.pace.words)

    def _act(self, handle: TransferHandle, action: str) -> None:
        if action == RowAction.CANCEL:
            handle.cancel()
        elif action == RowAction.PAUSE:
            handle.pause()
        elif action == RowAction.FIRST:
            self.queue.put_first(handle)
        elif handle.snapshot.state is JobState.WAITING_CREDENTIALS and action == RowAction.CONTINUE:
            self.use(handle.order.record, signed_in=True)  # elsewhere, for all we know
        elif action in {RowAction.RETRY, RowAction.CONTINUE}:
            handle.retry_failed()
        else:
            self._remove([handle])

    def _clear(self) -> None:
        self._remove([handle for handle in self.queue.handles if handle.snapshot.state is JobState.DONE])

    def _remove(self, handles: Sequence[TransferHandle]) -> None:
        for handle in handles:
            self.queue.remove(handle)
            self._ended.pop(handle, None)
            self._began.pop(handle, None)
        self.panel.refresh()

    def _show(self, handle: TransferHandle) -> None:
        if isinstance(handle.order, DownloadOrder):
            QDesktopServices.openUrl(QUrl.fromLocalFile(handle.order.folder))
        else:
            self.location_wanted.emit(changed_locations(handle.order)[-1])


def signs_in(order: Order) -> AccountRecord:
    """The account whose credentials a refused order is about: of two, the one that has any."""
    return next((record for record in order.records if record.kind is not AccountKind.LOCAL), order.record)
