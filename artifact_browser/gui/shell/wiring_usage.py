"""Usage, wired: the action counts what is selected or this place; what is found there is shown in the main window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject

from artifact_browser.gui.browse.entry import EntryKind
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.wiring_browse import BrowseWiring
from artifact_browser.storage.location import Location

if TYPE_CHECKING:
    from artifact_browser.gui.accounts.accounts_room import AccountsRoom
    from artifact_browser.gui.usage.usage_room import UsageRoom


class UsageWiring(QObject):
    """Makes the usage room when it is first asked for."""

    def __init__(self, window: MainWindow, browse: BrowseWiring, accounts: AccountsRoom) -> None:
        super().__init__(window)
        self._window, self._browse = window, browse
        self.room: UsageRoom | None = None
        window.actions_["usage"].triggered.connect(self.open)
        window.closing.connect(self._close)
        accounts.accounts_changed.connect(self._follow_accounts)
        window.installEventFilter(self)

    def open(self) -> None:
        """Count the one bucket or folder that is selected, or this place."""
        window = self._window
        entries = [] if window.centre.shows_gallery else self._browse.view.table.selected_entries()
        place = window.navigator.current
        if len(entries) == 1 and entries[0].kind is not EntryKind.BLOB:
            place = self._browse.view.listing.model.location_of(entries[0])
        if place.bucket:
            self._room().open(window.services.book.get(place.account_id), place)

    def _room(self) -> UsageRoom:
        if self.room is None:
            from artifact_browser.gui.usage.usage_room import UsageRoom  # when it is asked for

            self.room = UsageRoom(self._window.services, self._window.bridge, self)
            self.room.place_wanted.connect(self._go)
        return self.room

    def _go(self, place: Location, is_blob: bool) -> None:
        """Show a place of a count; its account may be gone."""
        window = self._window
        if not any(record.id == place.account_id for record in window.services.book.all()):
            show_toast(window, "Its account is not in the list any more.")
            return
        window.centre.show_table()
        if is_blob:
            self._browse.show_entry(place, is_blob=True)
        else:
            window.navigator.go(place)
        window.raise_to_front()

    def _follow_accounts(self) -> None:
        if self.room is not None:
            self.room.keep_accounts({record.id for record in self._window.services.book.all()})

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        hidden = watched is self._window and event.type() is QEvent.Type.Hide and not event.spontaneous()
        if hidden and self.room is not None:  # it goes on in the background
            self.room.close_windows()
        return False

    def _close(self) -> None:
        if self.room is not None:
            self.room.close()
