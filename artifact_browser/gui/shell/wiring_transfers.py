"""Moving bytes, wired: drops, menus and keys become transfers; what a transfer changed is listed anew."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from artifact_browser.gui.browse.entry import Entry, EntryKind
from artifact_browser.gui.browse.listing_model import dropped_files
from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.wiring_browse import BrowseWiring
from artifact_browser.gui.transfers.transfers_room import TransfersRoom
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.state import JobState, Verb

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
            "download": self.download,
            "delete": self.delete,
            "rename": self.rename,
            "new_folder": self.new_folder,
            "paste": self.paste,
        }.items():
            actions[name].triggered.connect(slot)
        browse.view.files_dropped.connect(self.upload)
        browse.tree.files_dropped.connect(self.upload)
        browse.view.table.rows_dropped.connect(self._copy_rows)
        browse.tree.rows_dropped.connect(self._copy_rows)
        browse.view.upload_wanted.connect(self.choose_files)
        browse.details.download_wanted.connect(self.download)
        self.room.upload_wanted.connect(self.choose_files)
        self.room.location_wanted.connect(window.navigator.go)
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
        names, _ = QFileDialog.getOpenFileNames(self._window, "Upload files", self._last_folder())
        if names:
            self._remember(Path(names[0]).parent)
            self.upload(self._window.navigator.current, [Path(name) for name in names])

    def choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self._window, "Upload folder", self._last_folder())
        if name:
            self._remember(Path(name).parent)
            self.upload(self._window.navigator.current, [Path(name)])

    def paste(self) -> None:
        """Upload the files on the clipboard here."""
        files = dropped_files(QGuiApplication.clipboard().mimeData())
        if files:
            self.upload(self._window.navigator.current, files)
        else:
            show_toast(self._window, "There are no files on the clipboard.")

    # -- down ---------------------------------------------------------------------------------------------------
    def download(self) -> None:
        """Ask for a folder and download what is selected into it."""
        locations = self._selected()
        if not locations:
            return
        folder = QFileDialog.getExistingDirectory(self._window, "Download into", self._last_folder())
        if folder:
            self._remember(Path(folder))
            self.download_into(Path(folder), locations)

    def download_into(self, folder: Path, locations: list[Location]) -> TransferHandle | None:
        self._window.actions_["transfers"].setChecked(True)
        return self.room.download(self._browse.record(), locations, folder)

    # -- changes ------------------------------------------------------------------------------------------------
    def delete(self) -> None:
        locations = self._selected()
        if locations:
            self.room.delete(self._browse.record(), locations)

    def rename(self) -> None:
        locations = self._selected()
        if len(locations) == 1:
            self.room.rename(self._browse.record(), locations[0])

    def new_folder(self) -> None:
        self.room.new_folder(self._browse.record(), self._window.navigator.current)

    def _copy_rows(self, account: str, bucket: str, entries: list[Entry], target: Location) -> None:
        """Rows dragged onto a folder: copied on the server within the account."""
        if account != target.account_id:
            show_toast(self._window, "Copying from one account to another is not possible yet: download, then upload.")
            return
        sources = [Location(account, bucket, entry.key) for entry in entries if entry.kind is not EntryKind.BUCKET]
        if sources:
            self.room.copy(self._window.services.book.get(account), sources, target)

    # -- afterwards ---------------------------------------------------------------------------------------------
    def _refresh(self, location: Location) -> None:
        """List again what a job has changed, if it is what the window shows."""
        if location == self._window.navigator.current:
            self._window.navigator.refresh()
        else:
            self._browse.tree.reload(location)

    def _tell(self, handle: TransferHandle) -> None:
        snapshot = handle.snapshot
        words = f"{snapshot.verb} of {snapshot.title}: {snapshot.state}"
        announce(self._window, words, urgent=snapshot.state is JobState.FAILED)
        if snapshot.verb in {Verb.RENAME, Verb.NEW_FOLDER} and snapshot.error is not None:
            show_toast(self._window, f"{snapshot.error.title}. {snapshot.error.detail}")

    def _selected(self) -> list[Location]:
        model = self._browse.view.listing.model
        entries = self._browse.view.table.selected_entries()
        return [model.location_of(entry) for entry in entries if entry.kind is not EntryKind.BUCKET]

    def _last_folder(self) -> str:
        saved = self._window.services.settings.get(_LAST_FOLDER)
        return saved if isinstance(saved, str) and Path(saved).is_dir() else str(Path.home())

    def _remember(self, folder: Path) -> None:
        self._window.services.settings.set(_LAST_FOLDER, str(folder))
