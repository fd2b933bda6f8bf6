"""The catalog for scripts: an account's store, opened in the script's own process, with the app's accounts and keychain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from artifact_browser.accounts.book import AccountBook
from artifact_browser.accounts.keychain import Keychain
from artifact_browser.accounts.lease import SecretWanted
from artifact_browser.catalog.stats import remembered_client
from artifact_browser.errors import AccountNotFound, CredentialsMissing, NotSupported
from artifact_browser.paths import Paths, in_home, of_user
from artifact_browser.settings import Settings
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.open import opened
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import Lane, Question


@contextmanager
def opened_account(name: str = "This computer", home: Path | None = None) -> Iterator[Driver]:
    """The store of the account called ``name``, for a ``with`` block.

    :param home: the app's folders, where they are not the platform's own (``--home``)
    :raises AccountNotFound: no account, or several, have this name
    """
    paths = _paths(home)
    found = [record for record in AccountBook(paths.accounts_file).all() if record.name == name]
    if len(found) != 1:
        raise AccountNotFound(
            "There is no account of this name." if not found else "Several accounts have this name.", subject=name
        )
    with opened(_ScriptContext(paths), found[0]) as driver:
        yield driver


def client_id(home: Path | None = None) -> str:
    """The random id this installation counts downloads under."""
    return remembered_client(Settings(_paths(home).settings_file))


def _paths(home: Path | None) -> Paths:
    return (of_user() if home is None else in_home(home)).make()


class _ScriptContext:
    """A job's line to the outside, where there is nobody outside: keys come from the keychain, nobody is asked."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.cancel = CancelToken()
        self.lane = Lane.INTERACTIVE
        self._keychain = Keychain()

    def ask(self, question: Question) -> Any:
        if isinstance(question, SecretWanted):
            secret = self._keychain.read(question.account_id)
            if secret is None:
                raise CredentialsMissing("The keychain has no keys of this account.", subject=question.account_id)
            return secret
        raise NotSupported("A script cannot be asked; do this in the window.", technical=type(question).__name__)

    def progress(self, value: object) -> None:
        del value
