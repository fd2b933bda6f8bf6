"""Accounts, wired: their actions open the accounts room; what it changes shows in tree, pins and place."""

from __future__ import annotations

from PySide6.QtCore import QObject

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.errors import AccountNotFound
from artifact_browser.gui.accounts.accounts_room import AccountsRoom
from artifact_browser.gui.accounts.draft import Flavour
from artifact_browser.gui.common.picture_cache import forget_pictures
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.wiring_browse import BrowseWiring
from artifact_browser.storage.location import Location

#: What the greeting's cards open.
_WAYS = {"aws": Flavour.PROFILE, "s3": Flavour.S3, "public": Flavour.PUBLIC}


class AccountWiring(QObject):
    """Owns the accounts room."""

    def __init__(self, window: MainWindow, browse: BrowseWiring) -> None:
        super().__init__(window)
        self._window, self._browse = window, browse
        self.room = AccountsRoom(window.services, window.bridge, window)
        for name, slot in {
            "add_account": self.add,
            "edit_account": self.edit,
            "test_connection": lambda: self.room.test(self._here()),
            "remove_account": lambda: self.room.remove(self._here()),
        }.items():
            window.actions_[name].triggered.connect(slot)
        self.room.accounts_changed.connect(self._follow)
        self.room.account_added.connect(lambda account_id: window.navigator.go(Location(account_id)))
        self.room.account_removed.connect(browse.forget_account)
        self.room.account_removed.connect(lambda account_id: window.bridge.run(forget_pictures, account_id))
        self.room.signed_in.connect(lambda _: window.navigator.refresh())
        browse.view.sign_in_wanted.connect(self.room.sign_in)
        browse.view.account_edit_wanted.connect(self.room.edit)

    def add(self) -> None:
        self.room.add()

    def add_way(self, way: str) -> None:
        """Add an account of one of the greeting's kinds."""
        self.room.add(_WAYS.get(way))

    def edit(self) -> None:
        self.room.edit(self._here())

    def _here(self) -> str:
        return self._window.navigator.current.account_id

    def _follow(self) -> None:
        """The book has changed: the tree follows; a place whose account is gone is left."""
        navigator, book = self._window.navigator, self._window.services.book
        self._browse.tree.reload_accounts()
        self._browse.show_pins()
        try:
            book.get(navigator.current.account_id)
        except AccountNotFound:
            navigator.forget_account(navigator.current.account_id, Location(THIS_COMPUTER))
        else:
            navigator.refresh()
            self._browse.show_account()
