"""Copying and moving, wired: the clipboard, drags of rows, and *Copy to* and *Move to*, over all accounts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from artifact_browser.errors import AccountNotFound
from artifact_browser.gui.browse.blob_table import MOST_DRAGGED
from artifact_browser.gui.browse.entry import Entry, EntryKind
from artifact_browser.gui.browse.listing_model import MIME_CUT, dragged_keys, dropped_files
from artifact_browser.gui.browse.place_dialog import PlaceDialog
from artifact_browser.gui.common.format import count
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.wiring_browse import BrowseWiring
from artifact_browser.gui.shell.wiring_transfers import TransferWiring
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle


class CopyWiring(QObject):
    """Takes rows from the table, and has the transfers room copy or move them to where they shall go."""

    def __init__(self, window: MainWindow, browse: BrowseWiring, transfers: TransferWiring) -> None:
        super().__init__(window)
        self._window, self._browse, self._transfers = window, browse, transfers
        for name, slot in {
            "copy": lambda: self.take_rows(cut=False),
            "cut": lambda: self.take_rows(cut=True),
            "paste": self.paste,
            "copy_to": lambda: self.ask_place(move=False),
            "move_to": lambda: self.ask_place(move=True),
        }.items():
            window.actions_[name].triggered.connect(slot)
        browse.view.table.rows_dropped.connect(self._take_drop)
        browse.tree.rows_dropped.connect(self._take_drop)

    # -- the clipboard ------------------------------------------------------------------------------------------
    def take_rows(self, *, cut: bool) -> None:
        """Put the selected rows on the clipboard: for this window the rows, for other programs their URIs."""
        if self._browse.view.table.selected_count() > MOST_DRAGGED:
            self._browse.copy_many()  # as text only: this window takes as many from Copy to and Move to
            return
        entries = self._browse.view.table.selected_entries()
        if not entries:
            return
        QGuiApplication.clipboard().setMimeData(self._browse.view.listing.model.mime_of(entries, cut=cut))
        what = count(len(entries), "item")
        verb = "move" if cut else "copy"
        show_toast(self._window, f"{what} on the clipboard. Paste to {verb} {'it' if len(entries) == 1 else 'them'}.")

    def paste(self) -> None:
        """Copy or move the rows on the clipboard here, or upload its files."""
        clipboard = QGuiApplication.clipboard()
        data, here = clipboard.mimeData(), self._window.navigator.current
        rows = dragged_keys(data)
        if rows is not None:
            cut = data.hasFormat(MIME_CUT)
            if self.copy_rows(*rows, here, move=cut) is not None and cut:
                clipboard.clear()  # they are not there any more
        elif files := dropped_files(data):
            self._transfers.upload(here, files)
        else:
            show_toast(self._window, "There are no files or blobs on the clipboard.")

    # -- Copy to, Move to ---------------------------------------------------------------------------------------
    def ask_place(self, *, move: bool) -> None:
        """Ask where the selected rows shall go."""
        self._browse.with_selected(lambda places: self._ask_place(places, move=move))

    def _ask_place(self, places: list[Location], *, move: bool) -> PlaceDialog | None:
        here = self._window.navigator.current
        if not places:
            return None
        names = [places[0].name] if len(places) == 1 else []
        dialog = PlaceDialog(
            self._window.services, self._window.bridge, here, names, len(places), move=move, parent=self._window
        )

        def finish(accepted: int) -> None:
            if accepted:
                self._copy(here, [at for at in places if at.key], dialog.choice.location, move=move)

        dialog.finished.connect(finish)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    # -- doing it -----------------------------------------------------------------------------------------------
    def _take_drop(self, account: str, bucket: str, entries: list[Entry], target: Location, verb: str) -> None:
        self.copy_rows(account, bucket, entries, target, move=verb == "move")

    def copy_rows(
        self, account_id: str, bucket: str, entries: Sequence[Entry], target: Location, *, move: bool
    ) -> TransferHandle | None:
        """Blobs and folders of one bucket to a prefix of any account's."""
        sources = [Location(account_id, bucket, entry.key) for entry in entries if entry.kind is not EntryKind.BUCKET]
        return self._copy(Location(account_id, bucket), sources, target, move=move)

    def _copy(self, here: Location, sources: list[Location], target: Location, *, move: bool) -> TransferHandle | None:
        if not sources or not here.bucket:
            show_toast(self._window, "Open the bucket and choose what to copy in it.")
            return None
        book = self._window.services.book
        try:
            record, to_record = book.get(here.account_id), book.get(target.account_id)
        except AccountNotFound:
            show_toast(self._window, "Its account is not in the list any more.")
            return None
        self._window.actions_["transfers"].setChecked(True)
        return self._transfers.room.copy(record, sources, target, move=move, to_record=to_record)
