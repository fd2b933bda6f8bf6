"""Opening: a folder is entered; a blob is fetched into the cache and handed to the system's program.

What could run as a program is never opened: it is a stranger's file. Large blobs are asked about first.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from artifact_browser.errors import NotSupported
from artifact_browser.gui.browse.entry import Entry
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.format import elided, printable, size
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.gui.common.widgets import label
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.runnable_names import may_run
from artifact_browser.gui.shell.wiring_browse import BrowseWiring
from artifact_browser.gui.shell.wiring_transfers import TransferWiring
from artifact_browser.paths import make_private
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.state import ItemState, JobState

#: Above this a blob is asked about before it is fetched for opening.
ASK_ABOVE_BYTES = 64 * 1024**2


class OpeningWiring(QObject):
    """Follows the downloads it has started, and opens what they brought."""

    def __init__(self, window: MainWindow, browse: BrowseWiring, transfers: TransferWiring) -> None:
        super().__init__(window)
        self._window, self._browse, self._transfers = window, browse, transfers
        self._wanted: set[TransferHandle] = set()
        browse.view.table.entry_opened.connect(self.open_entry)
        window.actions_["open"].triggered.connect(self._open_selected)
        transfers.room.job_finished.connect(self._finished)

    def _open_selected(self) -> None:
        entries = self._browse.view.table.selected_entries(most=2)
        if len(entries) == 1:
            self.open_entry(entries[0])

    def open_entry(self, entry: Entry) -> None:
        """Enter a folder; fetch and open a blob."""
        if self._browse.open_entry(entry):
            return
        if may_run(entry.key):
            show_error(
                self._window,
                NotSupported(
                    "Programs, scripts and pages that run code are not opened from a store.",
                    todo="Download it if you trust where it comes from.",
                    subject=entry.key,
                ),
                action_label="Download\u2026",
                action=self._transfers.download,
            )
            return
        location = self._browse.view.listing.model.location_of(entry)
        if entry.size_bytes <= ASK_ABOVE_BYTES:
            self._fetch(location)
            return
        dialog = AppDialog("Open", "Open", self._window, subtitle=elided(printable(entry.key), 80))
        dialog.body.addWidget(label(f"{size(entry.size_bytes)} will be fetched to open it.", wrap=True))
        dialog.accepted.connect(lambda: self._fetch(location))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _fetch(self, location: Location) -> None:
        name = hashlib.sha256(
            "\0".join((location.account_id, location.bucket, location.key)).encode("utf-8", "replace")
        )
        folder = self._window.services.paths.cache / "opened" / name.hexdigest()[:32]
        _emptied(folder)
        handle = self._transfers.download_into(folder, [location])
        if handle is not None:
            self._wanted.add(handle)
            show_toast(self._window, f"Fetching {elided(printable(location.name), 60)} to open it\u2026")

    def _finished(self, handle: TransferHandle) -> None:
        if handle not in self._wanted:
            return
        self._wanted.discard(handle)
        done = handle.items({ItemState.DONE})
        if handle.snapshot.state is not JobState.DONE or not done:
            return  # the strip says why
        folder = getattr(handle.order, "folder", "")
        path = Path(folder, done[0].item.target)
        if may_run(path.name):
            show_toast(self._window, "It is not opened: on this computer its name is a program\u2019s.")
            return
        if path.is_file() and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            show_toast(self._window, "No program on this computer opens this kind of file.")


def _emptied(folder: Path) -> None:
    """A private folder without what an earlier opening left in it."""
    make_private(folder)
    for entry in os.scandir(folder):
        if entry.is_file(follow_symlinks=False):
            Path(entry.path).unlink(missing_ok=True)
