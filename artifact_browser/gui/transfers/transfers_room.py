"""Everything a person can do with transfers: the strip, the questions, and the queue behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.transfers.conflict_dialog import ConflictDialog
from artifact_browser.gui.transfers.delete_dialog import DeleteDialog
from artifact_browser.gui.transfers.name_dialogs import NewFolderDialog, RenameDialog
from artifact_browser.gui.transfers.relay import TransferRelay
from artifact_browser.gui.transfers.transfers_model import RowAction
from artifact_browser.gui.transfers.transfers_panel import TransfersPanel
from artifact_browser.storage.location import Location
from artifact_browser.transfers.copy import CopyOrder, FolderOrder, RenameOrder
from artifact_browser.transfers.delete import DeleteOrder, DeletePlan, plan_delete
from artifact_browser.transfers.download import DownloadOrder
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.policy import ConflictFound, Policy
from artifact_browser.transfers.queue import TransferQueue
from artifact_browser.transfers.state import JobState
from artifact_browser.transfers.upload import UploadOrder


class TransfersRoom(QObject):
    """Controller. ``panel`` is the strip for the window's bottom; ``parent`` the window dialogs open over."""

    #: a job has changed what is at this :class:`Location` (a prefix): list it anew
    location_changed_by_job = Signal(object)
    #: a job has ended, however: :class:`TransferHandle`
    job_finished = Signal(object)
    #: show this :class:`Location` in the window
    location_wanted = Signal(object)
    #: the empty strip's button: ask which files to upload
    upload_wanted = Signal()

    def __init__(self, services: Services, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._bridge = bridge
        self.queue = TransferQueue(services.pool)
        self._relay = TransferRelay(self)
        self.queue.listen(self._relay)
        self._ended: set[TransferHandle] = set()
        self.panel = TransfersPanel(self.queue, self._relay)
        self.panel.action_chosen.connect(self._act)
        self.panel.clear_wanted.connect(self._clear)
        self.panel.show_wanted.connect(self._show)
        self.panel.upload_wanted.connect(self.upload_wanted)
        self._relay.changed.connect(self._on_changed)
        self._relay.conflict_found.connect(self._ask)

    # -- what a person asks for ---------------------------------------------------------------------------------
    def upload(self, record: AccountRecord, location: Location, paths: Sequence[str | Path]) -> TransferHandle | None:
        """Files and folders to the prefix ``location``."""
        return self._begin(lambda: self.queue.upload(record, location, paths))

    def download(
        self, record: AccountRecord, locations: Sequence[Location], folder: str | Path
    ) -> TransferHandle | None:
        """Blobs and prefixes into ``folder``."""
        return self._begin(lambda: self.queue.download(record, locations, folder))

    def copy(
        self, record: AccountRecord, locations: Sequence[Location], target: Location, *, move: bool = False
    ) -> TransferHandle | None:
        """Blobs and prefixes to another prefix of the account."""
        return self._begin(lambda: self.queue.copy(record, locations, target, move=move))

    def delete(self, record: AccountRecord, locations: Sequence[Location]) -> DeleteDialog:
        """Count, show, ask; delete what was confirmed."""
        dialog = DeleteDialog(locations, self._window)
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
                self._finish_delete(record, locations, dialog.plan, accepted=bool(accepted))

        self._open(dialog, finish)
        return dialog

    def rename(self, record: AccountRecord, location: Location) -> RenameDialog:
        """Ask for one blob's new name."""
        dialog = RenameDialog(location, self._window)
        self._open(dialog, lambda accepted: accepted and self.queue.rename(record, location, dialog.choice.name))
        return dialog

    def new_folder(self, record: AccountRecord, location: Location) -> NewFolderDialog:
        """Ask for a folder's name below ``location``."""
        dialog = NewFolderDialog(location, self._window)
        self._open(dialog, lambda accepted: accepted and self.queue.new_folder(record, location, dialog.choice.name))
        return dialog

    # -- for quitting -------------------------------------------------------------------------------------------
    def has_running(self) -> bool:
        """Whether bytes would be lost sight of by quitting now."""
        return self.queue.has_running()

    def cancel_all(self) -> None:
        self.queue.cancel_all()

    # -- inside -------------------------------------------------------------------------------------------------
    def _begin(self, start: Callable[[], TransferHandle]) -> TransferHandle | None:
        try:
            return start()
        except ArtifactBrowserError as error:
            show_error(self._window, error)
            return None

    def _open(self, dialog: DeleteDialog | RenameDialog | NewFolderDialog, finish: Callable[[int], object]) -> None:
        dialog.finished.connect(finish)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _finish_delete(
        self, record: AccountRecord, locations: Sequence[Location], plan: DeletePlan, *, accepted: bool
    ) -> None:
        if not accepted:
            self.queue.discard(plan)
            return
        title = locations[0].name or locations[0].bucket if len(locations) == 1 else ""
        self.queue.delete(record, plan, title, locations[0].parent)

    def _ask(self, handle: TransferHandle, question: ConflictFound, answer: Callable[[Policy | None], None]) -> None:
        dialog = ConflictDialog(question, str(handle.snapshot.verb), self._window)
        dialog.finished.connect(lambda accepted: answer(dialog.choice.policy if accepted else None))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_changed(self, handles: list[TransferHandle]) -> None:
        for handle in handles:
            if not handle.ended:
                self._ended.discard(handle)
            elif handle not in self._ended:
                self._ended.add(handle)
                for location in changed_locations(handle.order):
                    self.location_changed_by_job.emit(location)
                self.job_finished.emit(handle)

    def _act(self, handle: TransferHandle, action: str) -> None:
        if action == RowAction.CANCEL:
            handle.cancel()
        elif action == RowAction.RETRY:
            handle.retry_failed()
        else:
            self._remove([handle])

    def _clear(self) -> None:
        self._remove([handle for handle in self.queue.handles if handle.snapshot.state is JobState.DONE])

    def _remove(self, handles: Sequence[TransferHandle]) -> None:
        for handle in handles:
            self.queue.remove(handle)
            self._ended.discard(handle)
        self.panel.refresh()

    def _show(self, handle: TransferHandle) -> None:
        if isinstance(handle.order, DownloadOrder):
            QDesktopServices.openUrl(QUrl.fromLocalFile(handle.order.folder))
        else:
            self.location_wanted.emit(changed_locations(handle.order)[-1])


def changed_locations(order: Order) -> list[Location]:
    """The prefixes whose listing an order changes, the target last; none for a download."""
    if isinstance(order, UploadOrder):
        return [order.target]
    if isinstance(order, CopyOrder):
        sources = list(dict.fromkeys(source.parent for source in order.sources)) if order.move else []
        return [*sources, order.target]
    if isinstance(order, RenameOrder):
        return [order.source.parent]
    if isinstance(order, FolderOrder):
        return [order.parent]
    if isinstance(order, DeleteOrder):
        return [order.above]
    return []
