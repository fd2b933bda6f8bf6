"""Watches, wired: they begin behind the transfers of before, download as transfers do, and tell through the desktop."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog.version_files import VersionFiles
from artifact_browser.catalog.watch import Watch
from artifact_browser.catalog.watch_file import News
from artifact_browser.catalog.watch_keeper import BESIDE
from artifact_browser.errors import AccountNotFound
from artifact_browser.gui.accounts.accounts_room import AccountsRoom
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.notification_service import Note
from artifact_browser.gui.shell.notifier import Notifier
from artifact_browser.gui.shell.wiring_browse import BrowseWiring
from artifact_browser.gui.shell.wiring_catalog import CatalogWiring
from artifact_browser.gui.shell.wiring_notify import WATCH_KEY
from artifact_browser.gui.shell.wiring_transfers import TransferWiring
from artifact_browser.gui.transfers.options_memory import TransferOptions
from artifact_browser.gui.watches.watch_room import WatchRoom
from artifact_browser.gui.watches.watch_words import told_words
from artifact_browser.storage.location import Location
from artifact_browser.transfers.choice import EVERYTHING
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.state import JobState


class WatchWiring(QObject):
    """Owns the watches' room."""

    def __init__(
        self,
        window: MainWindow,
        browse: BrowseWiring,
        transfers: TransferWiring,
        catalog: CatalogWiring,
        accounts: AccountsRoom,
        notifier: Notifier,
    ) -> None:
        super().__init__(window)
        self._window, self._browse, self._transfers, self._catalog = window, browse, transfers, catalog
        self._notifier = notifier
        self.room = room = WatchRoom(window.services, window.bridge, window, self._download)
        window.actions_["watch"].triggered.connect(self._watch)
        window.actions_["watches"].triggered.connect(room.open)
        catalog.room.versions.watch_wanted.connect(room.watch)
        room.add_wanted.connect(self._add)
        room.told.connect(self._tell)
        room.version_wanted.connect(self._show_version)
        notifier.chosen.connect(self._clicked)
        transfers.room.restored.connect(self._start)
        transfers.room.jobs_changed.connect(self._follow)
        accounts.signed_in.connect(room.wake)
        accounts.accounts_changed.connect(room.wake)
        window.closing.connect(room.stop)

    def _start(self) -> None:
        self.room.start()
        if self.room.book.damage is not None:
            show_error(self._window, self.room.book.damage)

    def _watch(self) -> None:
        place = self._catalog.gallery.at_hand.place
        if place is not None:
            self.room.watch(self._browse.record(), place)

    def _add(self) -> None:
        """In the bucket that is open, at the artifact at hand if there is one."""
        here = self._window.navigator.current
        if self._window.centre.shows_gallery:
            here = self._catalog.gallery.at_hand.place or here
        if here.bucket:
            self.room.watch(self._browse.record(), here)
        elif self.room.dialog is not None:
            self.room.dialog.show_note("Open the bucket first that holds the artifact.")

    # -- what was found -----------------------------------------------------------------------------------------
    def _tell(self, watch: Watch, news: list[News]) -> None:
        """To who looks here in passing, to who looks elsewhere through the desktop."""
        title, text = told_words(watch, news)
        if self._window.isActiveWindow():
            show_toast(self._window, f"{title}. {text}", "Show\u2026", lambda: self.room.show_news(watch.id))
        else:
            self._notifier.show(Note(WATCH_KEY + watch.id, title, text))

    def _clicked(self, key: str) -> None:
        if key.startswith(WATCH_KEY):
            self._window.raise_to_front()
            self.room.show_news(key[len(WATCH_KEY) :])

    def _show_version(self, account_id: str, location: Location, version: str) -> None:
        try:
            record = self._window.services.book.get(account_id)
        except AccountNotFound:
            show_toast(self._window, "Its account is not in the list any more.")
            return
        self._catalog.show_version(record, location, version)

    # -- downloads ----------------------------------------------------------------------------------------------
    def _download(
        self, record: AccountRecord, watch: Watch, news: News, files: VersionFiles, names: Sequence[str]
    ) -> bool:
        """As every download, with the id that tells the journal that this one was begun."""
        sources = [Location(record.id, news.version.place.bucket, key) for key in files.keys]
        handle = self._transfers.room.download(
            record, sources, watch.folder, TransferOptions(EVERYTHING, BESIDE),
            names=names, versions=files.versions, pins=files.pins, job_id=news.id,
            title=f"{news.version.place.name} {news.version.version}",
        )  # fmt: skip
        return handle is not None

    def _follow(self, handles: list[TransferHandle]) -> None:
        """What is not waiting for the engine any more stands in the journal."""
        self.room.keeper.journaled([one.job_id for one in handles if one.snapshot.state is not JobState.QUEUED])
