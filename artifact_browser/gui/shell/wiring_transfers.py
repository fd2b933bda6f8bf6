"""Moving bytes, wired: drops, menus and keys become transfers; what a transfer changed is listed anew."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from artifact_browser.errors import DiskError
from artifact_browser.gui.browse.entry import EntryKind
from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.wiring_browse import BrowseWiring
from artifact_browser.gui.transfers.transfers_room import TransfersRoom
from artifact_browser.storage.location import DELIMITER, Location
from artifact_browser.transfers.delete import DeleteOrder
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.state import JobState, Verb

if TYPE_CHECKING:
    from artifact_browser.gui.transfers.sync_dialog import SyncDialog

_log = logging.getLogger(__name__)

_LAST_FOLDER = "last_folder"


class TransferWiring(QObject):
    """Owns the transfers room."""

    def __init__(self, window: MainWindow, browse: BrowseWiring) -> None:
        super().__init__(window)
        self._window, self._browse = window, browse
        self.room = TransfersRoom(window.services, window.bridge, window)
        window.transfers.fill(self.room.panel)
        self.room.panel.folded_changed.connect(self._fold)
        self._fold(self.room.panel.folded)
        actions = window.actions_
        for name, slot in {
            "upload_files": self.choose_files,
            "upload_folder": self.choose_folder,
            "upload_options": self.upload_with_options,
            "download": self.download,
            "download_options": self.download_with_options,
            "delete": self.delete,
            "rename": self.rename,
            "new_folder": self.new_folder,
            "sync": self.sync,
            "history": self.room.history.open,
            "delete_bucket": self.delete_bucket,
        }.items():
            actions[name].triggered.connect(slot)
        browse.view.files_dropped.connect(self.upload)
        browse.tree.files_dropped.connect(self.upload)
        browse.view.upload_wanted.connect(self.choose_files)
        browse.details.download_wanted.connect(self.download)
        self.room.upload_wanted.connect(self.choose_files)
        self.room.location_wanted.connect(self._go)
        self.room.location_changed_by_job.connect(self._refresh)
        self.room.job_finished.connect(self._tell)

    def _fold(self, folded: bool) -> None:
        if folded:
            self._window.strip.fold(self.room.panel.header_px)
        else:
            self._window.strip.unfold()

    # -- up -----------------------------------------------------------------------------------------------------
    def upload(self, target: Location, paths: list[Path]) -> TransferHandle | None:
        """Files and folders to ``target``; the strip opens to show them."""
        record = self._window.services.book.get(target.account_id)
        self._window.actions_["transfers"].setChecked(True)
        return self.room.upload(record, target, paths)

    def choose_files(self) -> None:
        here = self._window.navigator.current  # the window may go elsewhere while the person chooses
        names, _ = QFileDialog.getOpenFileNames(self._window, "Upload files", self._last_folder())
        if names:
            self._remember(Path(names[0]).parent)
            self.upload(here, [Path(name) for name in names])

    def choose_folder(self) -> None:
        here = self._window.navigator.current
        name = QFileDialog.getExistingDirectory(self._window, "Upload folder", self._last_folder())
        if name:
            self._remember(Path(name).parent)
            self.upload(here, [Path(name)])

    def upload_with_options(self) -> None:
        """Ask what to upload here, and how."""
        here = self._window.navigator.current
        record = self._window.services.book.get(here.account_id)
        self.room.upload_with_options(record, here, self._last_folder(), lambda dialog: self._begun(dialog.begin_in))

    # -- down ---------------------------------------------------------------------------------------------------
    def download(self) -> None:
        """Ask for a folder and download what is selected into it."""
        self._with_selected(self._download)

    def _download(self, locations: list[Location]) -> None:
        folder = QFileDialog.getExistingDirectory(self._window, "Download into", self._last_folder())
        if folder:
            self._remember(Path(folder))
            self.download_into(Path(folder), locations)

    def download_found(self, locations: list[Location], below: Location) -> None:
        """Ask for a folder and download hits of a search into it, with the folders they lie in below ``below``."""
        folder = QFileDialog.getExistingDirectory(self._window, "Download into", self._last_folder())
        if folder:
            self._remember(Path(folder))
            record = self._window.services.book.get(below.account_id)
            self._window.actions_["transfers"].setChecked(True)
            self.room.download(record, locations, folder, paths_from=len(below.key))

    def download_with_options(self) -> None:
        """Ask where to download what is selected, what of it, and how."""
        record, last = self._browse.record(), self._last_folder()
        self._with_selected(
            lambda locations: self.room.download_with_options(
                record, locations, last, lambda dialog: self._begun(dialog.folder.text())
            )
        )

    def _begun(self, folder: str) -> None:
        self._remember(Path(folder))
        self._window.actions_["transfers"].setChecked(True)

    def download_into(self, folder: Path, locations: list[Location]) -> TransferHandle | None:
        self._window.actions_["transfers"].setChecked(True)
        return self.room.download(self._window.services.book.get(locations[0].account_id), locations, folder)

    # -- either way ---------------------------------------------------------------------------------------------
    def sync(self) -> SyncDialog:
        """Compare the one folder that is selected, or this place, with a folder of this computer."""
        selected = self._selected(most=2)
        single = selected[0] if len(selected) == 1 and selected[0].key.endswith(DELIMITER) else None
        return self.room.sync(self._browse.record(), single or self._window.navigator.current)

    # -- changes ------------------------------------------------------------------------------------------------
    def delete(self) -> None:
        record = self._browse.record()
        self._with_selected(lambda locations: self.room.delete(record, locations))

    def delete_bucket(self) -> None:
        """The bucket the window is in, with everything in it."""
        here = self._window.navigator.current
        self.room.delete(self._browse.record(), [Location(here.account_id, here.bucket)])

    def rename(self) -> None:
        locations = self._selected(most=2)
        if len(locations) == 1:
            self.room.rename(self._browse.record(), locations[0])

    def new_folder(self) -> None:
        self.room.new_folder(self._browse.record(), self._window.navigator.current)

    # -- afterwards ---------------------------------------------------------------------------------------------
    def _refresh(self, location: Location) -> None:
        """List again what a job has changed, if it is what the window shows or lies above that."""
        here = self._window.navigator.current
        same_bucket = (here.account_id, here.bucket) == (location.account_id, location.bucket)
        if here == location or (same_bucket and location.bucket and here.key.startswith(location.key)):
            self._window.navigator.refresh()
        if here != location:
            self._browse.tree.reload(location)

    def _go(self, location: Location) -> None:
        """Where a transfer went; its account may be gone."""
        if any(record.id == location.account_id for record in self._window.services.book.all()):
            self._window.navigator.go(location)
        else:
            show_toast(self._window, "Its account is not in the list any more.")

    def _leave_deleted(self, handle: TransferHandle) -> None:
        """A bucket that was deleted is no place to stay."""
        order, here = handle.order, self._window.navigator.current
        if isinstance(order, DeleteOrder) and order.delete.with_bucket and handle.snapshot.state is JobState.DONE:
            account = Location(order.record.id)
            if (here.account_id, here.bucket) == (order.record.id, order.delete.bucket):
                self._window.navigator.go(account)
            self._browse.tree.reload(account)

    def _tell(self, handle: TransferHandle) -> None:
        snapshot = handle.snapshot
        self._leave_deleted(handle)
        words = f"{snapshot.verb} of {snapshot.title}: {snapshot.state}"
        announce(self._window, words, urgent=snapshot.state is JobState.FAILED)
        if snapshot.verb in {Verb.RENAME, Verb.NEW_FOLDER} and snapshot.error is not None:
            show_toast(self._window, f"{snapshot.error.title}. {snapshot.error.detail}")

    def _with_selected(self, done: Callable[[list[Location]], object]) -> None:
        """Call ``done`` with where the selected rows are; of many, a moment later."""

        def take(places: list[Location]) -> None:
            if places := [place for place in places if place.key]:  # no buckets
                done(places)

        self._browse.with_selected(take)

    def _selected(self, most: int) -> list[Location]:
        model = self._browse.view.listing.model
        entries = self._browse.view.table.selected_entries(most)
        return [model.location_of(entry) for entry in entries if entry.kind is not EntryKind.BUCKET]

    def _last_folder(self) -> str:
        saved = self._window.services.settings.get(_LAST_FOLDER)
        return saved if isinstance(saved, str) and Path(saved).is_dir() else str(Path.home())

    def _remember(self, folder: Path) -> None:
        try:
            self._window.services.settings.set(_LAST_FOLDER, str(folder))
        except DiskError as error:  # a convenience: what was asked for is done without it
            _log.warning("the last folder is not remembered: %s", type(error).__name__)
