"""Transfers that wait for an account's credentials, wired: the person is asked once, and then they go on by themselves."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from artifact_browser.accounts.record import AccountRecord, KeySource
from artifact_browser.errors import (
    AccountNotFound,
    ArtifactBrowserError,
    CredentialsExpired,
    KeychainLocked,
    error_from,
)
from artifact_browser.gui.accounts.accounts_room import AccountsRoom
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.format import count, printable
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.transfers.transfers_room import TransfersRoom, signs_in
from artifact_browser.transfers.handle import TransferHandle


class CredentialsWiring(QObject):
    """Between the accounts room, where one signs in, and the transfers room, where something waits for it."""

    def __init__(self, window: MainWindow, accounts: AccountsRoom, transfers: TransfersRoom) -> None:
        super().__init__(window)
        self._window, self._accounts, self._transfers = window, accounts, transfers
        transfers.credentials_wanted.connect(self._ask)
        accounts.signed_in.connect(self._signed_in)
        accounts.accounts_changed.connect(self._follow)

    def _ask(self, handle: TransferHandle) -> None:
        """One sheet for all that waits, with the way out of it."""
        assert handle.snapshot.error is not None
        record, error = signs_in(handle.order), error_from(handle.snapshot.error)
        waiting = len(self._transfers.waiting_for_credentials(record.id))
        error.kept = (
            f"{count(waiting, 'transfer')} of \u201c{printable(record.name)}\u201d wait{'s' * (waiting == 1)}."
            " Nothing is lost: with new credentials the rest follows by itself."
        )
        error.subject = ""  # a bucket or key, which has nothing to do with it
        if record.key_source is not KeySource.PROFILE and not isinstance(error, KeychainLocked):
            error.todo = "Enter the new keys in the account\u2019s settings."
        label, action = self._way_out(record, error)
        sheet = show_error(self._window, error, action_label=label, action=action)
        if label != "Try again":
            again = sheet.add_secondary("Try again")
            again.clicked.connect(sheet.reject)
            again.clicked.connect(lambda: self._signed_in(record.id))

    def _way_out(self, record: AccountRecord, error: ArtifactBrowserError) -> tuple[str, Callable[[], object]]:
        if isinstance(error, KeychainLocked):
            return "Try again", lambda: self._signed_in(record.id)
        if isinstance(error, CredentialsExpired) and record.key_source is KeySource.PROFILE:
            return "Sign in again", lambda: self._accounts.sign_in(record.id)
        return "Edit account\u2026", lambda: self._accounts.edit(record.id)

    def _signed_in(self, account_id: str) -> None:
        try:
            record = self._window.services.book.get(account_id)
        except AccountNotFound:
            return
        self._transfers.use(record, signed_in=True)

    def _follow(self) -> None:
        for record in self._window.services.book.all():
            self._transfers.use(record)
