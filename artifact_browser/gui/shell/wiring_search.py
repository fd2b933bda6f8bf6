"""Searching, wired: each search has a window of its own, and what it finds goes where rows of the table go."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from artifact_browser.errors import AccountNotFound
from artifact_browser.gui.browse.search_window import SearchWindow
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.wiring_browse import BrowseWiring
from artifact_browser.gui.shell.wiring_transfers import TransferWiring
from artifact_browser.storage.location import Location


class SearchWiring(QObject):
    """Opens search windows over the place the window shows; they close with it."""

    def __init__(self, window: MainWindow, browse: BrowseWiring, transfers: TransferWiring) -> None:
        super().__init__(window)
        self._window, self._browse, self._transfers = window, browse, transfers
        self.windows: list[SearchWindow] = []
        window.actions_["search"].triggered.connect(lambda: self.open(""))
        browse.search_wanted.connect(self.open)
        window.closing.connect(self._close_all)

    def open(self, filter_text: str) -> SearchWindow | None:
        """A window for a search below the shown place; with what the filter was asked for, it begins at once."""
        here = self._window.navigator.current
        if not here.bucket:
            show_toast(self._window, "Open a bucket to search in it.")
            return None
        services = self._window.services
        made = SearchWindow(services, self._window.bridge, self._browse.record(), here)
        self.windows.append(made)
        made.closed.connect(partial(self._forget, made))
        made.place_wanted.connect(self._show)
        made.download_wanted.connect(partial(self._download, here.account_id))
        made.links_wanted.connect(partial(self._copy_links, here))
        made.delete_wanted.connect(partial(self._delete, here.account_id))
        made.start(filter_text)
        return made

    def _show(self, location: Location, is_blob: bool) -> None:
        if self._knows(location.account_id):
            self._window.raise_to_front()
            self._window.centre.show_table()
            self._browse.show_entry(location, is_blob=is_blob)

    def _download(self, account_id: str, locations: list[Location], below: Location) -> None:
        if locations and self._knows(account_id):
            self._transfers.download_found(locations, below)

    def _copy_links(self, here: Location, locations: list[Location]) -> None:
        if self._knows(here.account_id):
            record = self._window.services.book.get(here.account_id)
            self._browse.links.copy_links(record, here.bucket, tuple(location.key for location in locations))

    def _delete(self, account_id: str, locations: list[Location]) -> None:
        if locations and self._knows(account_id):
            self._window.raise_to_front()
            self._transfers.room.delete(self._window.services.book.get(account_id), locations)

    def _knows(self, account_id: str) -> bool:
        """Whether the account is still there; says so if not."""
        try:
            self._window.services.book.get(account_id)
        except AccountNotFound:
            show_toast(self._window, "Its account is not in the list any more.")
            return False
        return True

    def _forget(self, made: SearchWindow) -> None:
        if made in self.windows:
            self.windows.remove(made)

    def _close_all(self) -> None:
        for made in list(self.windows):
            made.close()
