"""The book of accounts: what is known about every account but its secret. Lives in the window's process.

*This computer* is built in: always first, it can be renamed and moved but not removed. Listeners are plain callbacks,
called in the thread that made the change.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from artifact_browser.accounts import book_file
from artifact_browser.accounts.book_file import SCHEMA, Document, Unreadable
from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.accounts.validation import fits_kind, is_account_id, problems_of
from artifact_browser.errors import (
    AccountError,
    AccountNotFound,
    AccountsFileDamaged,
    AccountsFileNewer,
    DiskError,
    InputError,
)

BUILT_IN = AccountRecord(id=THIS_COMPUTER, kind=AccountKind.LOCAL, name="This computer", colour="#1A7F4B")

Listener = Callable[[], None]


def new_account_id() -> str:
    """An id that no account has had before; it also names the keychain item."""
    return secrets.token_hex(8)


class AccountBook:
    """All accounts, in one file. Use it from one thread (the window's).

    :ivar damage: what was wrong with the file when it was read, to be shown once; ``None`` when it was fine
    :ivar read_only: the file is from a newer version, or cannot be read: it is left as it is
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listeners: list[Listener] = []
        self.damage: AccountError | None = None
        self.read_only = False
        self._document = self._read()
        if not any(record.id == THIS_COMPUTER for record in self._document.records):
            self._document.records.insert(0, BUILT_IN)
        self._document.records.sort(key=lambda record: record.id != THIS_COMPUTER)

    def all(self) -> tuple[AccountRecord, ...]:
        """Every account, *This computer* first, the others in the order they were added."""
        return tuple(self._document.records)

    def get(self, account_id: str) -> AccountRecord:
        """:raises AccountNotFound: there is none of this id (any more)"""
        for record in self._document.records:
            if record.id == account_id:
                return record
        raise AccountNotFound("The account is not in the list.", subject=account_id[:80])

    def add(self, record: AccountRecord) -> None:
        """:raises InputError: the record cannot be used; :raises AccountsFileNewer: :raises DiskError: not saved"""
        if any(known.id == record.id for known in self._document.records):
            raise InputError("There is an account of this id already.", subject=record.name)
        self._save([*self._document.records, _checked(record)])

    def replace(self, record: AccountRecord) -> None:
        """Take over an edited record. :raises AccountNotFound: and what :meth:`add` raises"""
        before = self.get(record.id)
        if before.kind is not record.kind:
            raise InputError("An account's kind cannot be changed.", subject=before.name)
        _checked(record)
        self._save([record if known.id == record.id else known for known in self._document.records])

    def remove(self, account_id: str) -> None:
        """Forget an account (not its secret: that is the broker's). :raises InputError: *This computer* stays"""
        if account_id == THIS_COMPUTER:
            raise InputError("This computer is built in and cannot be removed.")
        self.get(account_id)
        self._save([known for known in self._document.records if known.id != account_id])

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` after every change; returns what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # -- the file -----------------------------------------------------------------------------------------------
    def _read(self) -> Document:
        try:
            document = book_file.read(self._path)
        except Unreadable as reason:
            self._report("It cannot be read.", str(reason), keep=False)
            return Document()
        except OSError as reason:
            self.read_only = True
            self.damage = AccountsFileDamaged(
                "The file cannot be read, so accounts cannot be changed.",
                subject=str(self._path), todo="Make the file readable for you, then start again.", technical=str(reason),
            )  # fmt: skip
            return Document()
        if document.schema > SCHEMA:
            self.read_only = True
            self.damage = AccountsFileNewer(
                f"It has version {document.schema}, this Artifact Browser knows {SCHEMA}.", subject=str(self._path)
            )
        elif document.refused:
            self._report(f"{document.refused} of its accounts could not be used.", "", keep=True)
        return document

    def _report(self, detail: str, technical: str, *, keep: bool) -> None:
        try:
            aside = book_file.set_aside(self._path, keep=keep)
        except OSError as reason:
            self.read_only = True  # writing now would lose what could not be set aside
            self.damage = AccountsFileDamaged(
                f"{detail} It could not be set aside, so accounts cannot be changed.",
                subject=str(self._path), technical=f"{technical} {reason}".strip(),
            )  # fmt: skip
            return
        self.damage = AccountsFileDamaged(
            f"{detail} It was set aside as {aside.name}.", subject=str(aside), technical=technical
        )

    def _save(self, records: list[AccountRecord]) -> None:
        if self.read_only and self.damage is not None:
            raise self.damage
        kept = {record.id for record in records}
        unknown = {name: values for name, values in self._document.unknown.items() if name in kept}
        document = replace(self._document, records=records, unknown=unknown, refused=0)
        try:
            book_file.write(self._path, document)
        except OSError as reason:
            raise DiskError(
                "The list of accounts could not be saved.", subject=str(self._path), technical=str(reason)
            ) from reason
        self._document = document
        for listener in tuple(self._listeners):
            listener()


def _checked(record: AccountRecord) -> AccountRecord:
    problem = next(problems_of(record), None)
    if problem is not None:
        raise InputError(problem.sentence, subject=record.name)
    if not is_account_id(record.id) or not fits_kind(record):
        raise InputError("These values do not fit together.", subject=record.name)
    return record
