"""Watches, acted upon: the dialogs, the timer, and the keeper's surroundings in the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.layout import Place, place_of
from artifact_browser.catalog.version_files import VersionFiles
from artifact_browser.catalog.watch import Watch
from artifact_browser.catalog.watch_book import WatchBook, new_watch_id
from artifact_browser.catalog.watch_file import Kept, News
from artifact_browser.catalog.watch_jobs import find_watchable, look_at_all
from artifact_browser.catalog.watch_keeper import WatchKeeper
from artifact_browser.errors import AccountNotFound, ArtifactBrowserError, DiskError, WatchesUnusable
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.gui.watches.watch_dialog import WatchDialog
from artifact_browser.gui.watches.watch_words import what_words
from artifact_browser.gui.watches.watches_dialog import WatchesDialog
from artifact_browser.storage.location import Location
from artifact_browser.workers.job import Job

#: The timer wakes at least so often, for clocks that were set and computers that slept.
_LONGEST_MS = 60_000

#: ``(record, watch, news, files, names)``: begin the download; whether it could be
Download = Callable[[AccountRecord, Watch, News, VersionFiles, Sequence[str]], bool]


class WatchRoom(QObject):
    """``window``: what its dialogs stand over. It does nothing before :meth:`start`."""

    #: there are new versions: the watch, and a list of :class:`News`, the oldest first
    told = Signal(object, object)
    #: ``(account id, location, version)``: show a version of an artifact
    version_wanted = Signal(str, object, str)
    #: a watch is to be made where the window stands
    add_wanted = Signal()

    def __init__(self, services: Services, bridge: Bridge, window: QWidget, download: Download) -> None:
        super().__init__(window)
        self._accounts, self._bridge, self._window, self._download = services.book, bridge, window, download
        self.book = WatchBook(services.paths.watches_file)
        self.keeper = WatchKeeper(self.book, self)
        self.dialog: WatchesDialog | None = None
        self._started = False
        self._looking: Task | None = None
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._tick)
        self.book.listen(self._changed)

    def start(self) -> None:
        """From now on watches look; what a run before did not come to is done."""
        if self._started:
            return
        self._started = True
        unread = self.book.unread()
        self.keeper.act()
        if unread:
            words = (
                "Watches found a new version." if len(unread) == 1 else f"Watches found {len(unread):,} new versions."
            )
            show_toast(self._window, words, "Show\u2026", self.open)
        self._arm()

    def stop(self) -> None:
        """The program ends."""
        self._started = False
        self._timer.stop()
        try:
            self.book.flush()
        except (DiskError, WatchesUnusable):
            pass  # only when was looked last

    def wake(self, *account_ids: str) -> None:
        """Somebody has signed in, or changed an account: its watches need not wait any longer."""
        self.keeper.schedule.wake(account_ids)
        self._changed()
        self._arm()

    # -- what a person asks for ---------------------------------------------------------------------------------
    def watch(self, record: AccountRecord, location: Location) -> WatchDialog:
        """Ask what to watch of the artifact at ``location``."""
        place = place_of(location)
        fresh = Watch(new_watch_id(), record.id, place.bucket, place.prefix)

        def agreed(watch: Watch) -> None:
            if self._try(lambda: self.book.add(watch)):
                show_toast(self._window, f"Watching {what_words(watch)}", "Watches\u2026", self.open)

        return self._ask(record, fresh, agreed, new=True)

    def open(self) -> WatchesDialog:
        """All watches."""
        if self.dialog is not None:
            return self.dialog
        damage = self.book.damage if self.book.read_only else None
        trouble = f"{damage.title}. {damage.detail} {damage.todo}".strip() if damage else ""
        self.dialog = dialog = WatchesDialog(self._window, trouble=trouble)
        dialog.look_wanted.connect(self._look_now)
        dialog.stop_wanted.connect(self._stop_looking)
        dialog.edit_wanted.connect(self._edit)
        dialog.pause_wanted.connect(self._pause)
        dialog.remove_wanted.connect(self._remove)
        dialog.version_wanted.connect(self._show_version)
        dialog.watch_read.connect(self._mark_read)
        dialog.add_wanted.connect(self.add_wanted)
        dialog.finished.connect(self._forget_dialog)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        self._refresh()
        return dialog

    def show_news(self, watch_id: str) -> None:
        """The newest version a watch has found: somebody has clicked what told of it."""
        kept = self.book.get(watch_id)
        if kept is None or not kept.news or self.account(kept.watch.account_id) is None:
            self.open()
            return
        self._mark_read(watch_id)
        self._show_version(kept, kept.news[0])

    def _edit(self, watch_id: str) -> None:
        kept = self.book.get(watch_id)
        record = self.account(kept.watch.account_id) if kept else None
        if kept is not None and record is not None:
            self._ask(record, kept.watch, lambda watch: self._try(lambda: self.book.replace(watch)), new=False)

    def _ask(self, record: AccountRecord, watch: Watch, agreed: Callable[[Watch], object], *, new: bool) -> WatchDialog:
        where = f"In {printable(watch.bucket)}, {printable(record.name)}"
        dialog = WatchDialog(watch, where, self.dialog or self._window, new=new)

        def look(place: Place, name: ArtifactName | None) -> None:
            asked = (place, name)
            self._bridge.run(
                find_watchable, record, place, name, owner=dialog,
                on_done=lambda found: dialog.show_watchable(asked, found),
                on_error=lambda error: dialog.show_failure(asked, error),
            )  # fmt: skip

        dialog.look_wanted.connect(look)
        self._open(dialog, lambda: agreed(dialog.choice))
        dialog.look()
        return dialog

    def _pause(self, watch_id: str) -> None:
        kept = self.book.get(watch_id)
        if kept is not None:
            self._try(lambda: self.book.replace(replace(kept.watch, enabled=not kept.watch.enabled)))
            self.keeper.act()

    def _remove(self, watch_id: str) -> None:
        kept = self.book.get(watch_id)
        if kept is None:
            return
        words = f"{what_words(kept.watch)} is not watched any more. What was downloaded stays."
        dialog = AppDialog("Remove watch", "Remove", self.dialog or self._window, subtitle=words, destructive=True)
        self._open(dialog, lambda: self._try(lambda: self.book.remove(watch_id)))

    def _look_now(self, ids: list[str]) -> None:
        self.keeper.look_now(ids)
        self._refresh()

    def _stop_looking(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
            self.keeper.stopped()
            self._arm()
            self._refresh()

    def _show_version(self, kept: Kept, one: News) -> None:
        place = one.version.place
        location = Location(kept.watch.account_id, place.bucket, place.prefix)
        if self.dialog is not None:
            self.dialog.reject()
        self.version_wanted.emit(kept.watch.account_id, location, one.version.version)

    def _mark_read(self, watch_id: str) -> None:
        kept = self.book.get(watch_id)
        if kept is not None and not self.book.read_only:
            self._try(lambda: self.book.mark_read([one.id for one in kept.news if one.unread and not one.owed]))

    # -- the keeper's surroundings ------------------------------------------------------------------------------
    def run(
        self,
        job: Job,
        *args: object,
        on_event: Callable[[Any], None] | None = None,
        on_done: Callable[[Any], None],
        on_error: Callable[[ArtifactBrowserError], None],
    ) -> None:
        """See :class:`~catalog.watch_keeper.Surroundings`."""

        def done(result: object) -> None:
            on_done(result)
            self._arm()
            self._refresh()

        def failed(error: ArtifactBrowserError) -> None:
            on_error(error)
            self._arm()
            self._refresh()

        task = self._bridge.run(job, *args, owner=self, on_event=on_event, on_done=done, on_error=failed)
        if job is look_at_all:
            self._looking = task

    def account(self, account_id: str) -> AccountRecord | None:
        """See :class:`~catalog.watch_keeper.Surroundings`."""
        try:
            return self._accounts.get(account_id)
        except AccountNotFound:
            return None

    def download(
        self, record: AccountRecord, watch: Watch, news: News, files: VersionFiles, names: Sequence[str]
    ) -> bool:
        """See :class:`~catalog.watch_keeper.Surroundings`."""
        return self._download(record, watch, news, files, names)

    def tell(self, watch: Watch, news: Sequence[News]) -> None:
        """See :class:`~catalog.watch_keeper.Surroundings`."""
        self.told.emit(watch, list(news))

    def trouble(self, error: ArtifactBrowserError) -> None:
        """See :class:`~catalog.watch_keeper.Surroundings`."""
        show_error(self._window, error)

    # -- inside -------------------------------------------------------------------------------------------------
    def _tick(self) -> None:
        self.keeper.tick()
        self._arm()
        self._refresh()

    def _arm(self) -> None:
        wait_s = self.keeper.wait_s() if self._started else None
        if wait_s is None or self.keeper.looking:  # the end of the job arms it
            self._timer.stop()
        else:
            self._timer.start(min(int(wait_s * 1000) + 1, _LONGEST_MS))

    def _changed(self) -> None:
        self._refresh()
        self._arm()

    def _refresh(self) -> None:
        if self.dialog is not None:
            names = {record.id: record.name for record in self._accounts.all()}
            self.dialog.show_watches(self.book.all(), self.keeper.looking, names)

    def _forget_dialog(self) -> None:
        self.dialog = None

    def _open(self, dialog: AppDialog, agreed: Callable[[], object]) -> None:
        dialog.accepted.connect(agreed)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _try(self, change: Callable[[], object]) -> bool:
        try:
            change()
        except ArtifactBrowserError as error:
            show_error(self.dialog or self._window, error)
            return False
        self._arm()
        return True
