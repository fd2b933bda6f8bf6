"""The accounts room: opens the dialogs, has drafts tested, saves records to the book and keys through the broker.

Everything slow (keychain, workers) answers later; nothing here blocks the window.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QWidget

from artifact_browser.accounts.book import new_account_id
from artifact_browser.accounts.keychain import KeychainState
from artifact_browser.accounts.lease import CodeWanted
from artifact_browser.accounts.record import THIS_COMPUTER, AccountRecord, KeySource
from artifact_browser.accounts.sign_in import Profile, list_profiles, sign_in_again
from artifact_browser.bootstrap import Services
from artifact_browser.errors import ArtifactBrowserError, CredentialsMissing, JobCancelled
from artifact_browser.gui.accounts.account_dialog import AccountDialog
from artifact_browser.gui.accounts.choose_kind_dialog import ChooseKindDialog
from artifact_browser.gui.accounts.draft import SWATCHES, AccountDraft, Flavour, blank_record
from artifact_browser.gui.accounts.small_dialogs import (
    CodeDialog,
    KeepForRunDialog,
    RemoveAccountDialog,
    SignInDialog,
)
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.calls import Calls
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.storage.check import AccountCheck, check_account
from artifact_browser.workers.handle import Answer


class AccountsRoom(QObject):
    """Controller of everything about accounts; ``parent`` is the window its dialogs belong to."""

    #: the book has changed: added, edited or removed
    accounts_changed = Signal()
    #: the new account's id
    account_added = Signal(str)
    #: the removed account's id
    account_removed = Signal(str)
    #: signed in again: what failed for want of it may be tried once more (account id)
    signed_in = Signal(str)

    def __init__(self, services: Services, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        self._services = services
        self._bridge = bridge
        self._window = parent
        self._calls = Calls(self)
        services.broker.register(CodeWanted, self._on_code_wanted)

    # -- what the shell asks for --------------------------------------------------------------------------------
    def add(self, flavour: Flavour | None = None) -> None:
        """Open *Add account*; with a flavour, at its fields."""
        if flavour is not None:
            self._with_profiles(flavour, lambda profiles: self._open_new(flavour, profiles))
            return
        chooser = ChooseKindDialog(None, self._window)
        found: list[tuple[Profile, ...]] = []

        def profiles_found(profiles: tuple[Profile, ...]) -> None:
            found.append(profiles)
            if shiboken6.isValid(chooser):
                chooser.show_profiles(len(profiles))

        self._bridge.run(list_profiles, owner=self, on_done=profiles_found, on_error=lambda _: None)
        chooser.accepted.connect(
            lambda: self._open_new(chooser.chosen(), found[0]) if found else self.add(chooser.chosen())
        )
        self._open(chooser)

    def edit(self, account_id: str) -> None:
        """Open *Edit account*."""
        try:
            record = self._services.book.get(account_id)
        except ArtifactBrowserError as error:
            show_error(self._window, error)
            return

        def ready(profiles: tuple[Profile, ...]) -> None:
            self._probe(lambda keychain: self._open_account(record, profiles, keychain, editing=True))

        self._with_profiles(Flavour.PROFILE if record.key_source is KeySource.PROFILE else Flavour.S3, ready)

    def remove(self, account_id: str) -> None:
        """Ask, then remove the account and its keys."""
        if account_id == THIS_COMPUTER:
            return
        try:
            record = self._services.book.get(account_id)
        except ArtifactBrowserError as error:
            show_error(self._window, error)
            return
        dialog = RemoveAccountDialog(record, self._window)
        dialog.accepted.connect(lambda: self._remove(record))
        self._open(dialog)

    def test(self, account_id: str) -> None:
        """Try a saved account; the answer is a toast or the error sheet."""
        try:
            record = self._services.book.get(account_id)
        except ArtifactBrowserError as error:
            show_error(self._window, error)
            return

        def works(check: AccountCheck) -> None:
            show_toast(self._window, " ".join(check.sentences()))

        def fails(error: ArtifactBrowserError) -> None:
            show_error(self._window, error)

        self._bridge.run(check_account, record, owner=self, on_done=works, on_error=fails)

    def sign_in(self, account_id: str) -> None:
        """Sign in again to a profile's single sign-on, in the browser."""
        try:
            record = self._services.book.get(account_id)
        except ArtifactBrowserError as error:
            show_error(self._window, error)
            return
        dialog = SignInDialog(record.name, self._window)

        def failed(error: ArtifactBrowserError) -> None:
            dialog.reject()
            if not isinstance(error, JobCancelled):
                show_error(self._window, error)

        def done(_: object) -> None:
            dialog.finish()
            show_toast(self._window, f"Signed in to \u201c{record.name}\u201d")
            self.signed_in.emit(account_id)

        task = self._bridge.run(
            sign_in_again, record, owner=self, on_event=dialog.show_code, on_done=done, on_error=failed
        )
        dialog.rejected.connect(task.cancel)
        self._open(dialog)

    # -- dialogs ------------------------------------------------------------------------------------------------
    def _with_profiles(self, flavour: Flavour, then: Callable[[tuple[Profile, ...]], None]) -> None:
        if flavour is Flavour.PROFILE:
            self._bridge.run(list_profiles, owner=self, on_done=then, on_error=lambda _: then(()))
        else:
            then(())

    def _open_new(self, flavour: Flavour, profiles: tuple[Profile, ...]) -> None:
        colours = list(SWATCHES.values())
        used = len(self._services.book.all()) - 1
        record = blank_record(flavour, new_account_id(), colours[used % len(colours)])
        self._probe(lambda keychain: self._open_account(record, profiles, keychain, editing=False))

    def _open_account(
        self, record: AccountRecord, profiles: tuple[Profile, ...], keychain: KeychainState, *, editing: bool
    ) -> None:
        dialog = AccountDialog(record, profiles, keychain, self._window, editing=editing)
        dialog.test_requested.connect(lambda draft: self._test(dialog, draft, record if editing else None))
        dialog.accepted.connect(lambda: self._save(dialog, record if editing else None))
        self._open(dialog)

    def _open(self, dialog: QDialog) -> None:
        dialog.finished.connect(lambda: self._dispose(dialog))
        dialog.open()

    def _dispose(self, dialog: QDialog) -> None:
        # an account dialog stays until its keys are kept: it comes back when the keychain refuses
        if not isinstance(dialog, AccountDialog) or dialog.result() == QDialog.DialogCode.Rejected:
            dialog.deleteLater()

    # -- testing ------------------------------------------------------------------------------------------------
    def _test(self, dialog: AccountDialog, draft: AccountDraft, saved: AccountRecord | None) -> None:
        """Try what is filled in, under an id of its own, so that no lease of the saved account is mixed up with it."""
        broker = self._services.broker
        record = replace(draft.record, id=f"draft-{new_account_id()}")
        typed = {KeySource.KEYCHAIN, KeySource.SESSION}

        def works(check: AccountCheck) -> None:
            broker.take_back(record.id)
            dialog.show_tested(check.sentences())

        def fails(error: ArtifactBrowserError) -> None:
            broker.take_back(record.id)
            dialog.show_failed(error)

        def start() -> None:
            known_as = saved.id if saved is not None else ""
            task = self._bridge.run(check_account, record, known_as, owner=dialog, on_done=works, on_error=fails)
            dialog.finished.connect(lambda _, task=task: self._stop_test(task, record.id))

        if draft.secret is None and saved is not None and saved.key_source in typed and record.key_source in typed:
            broker.lend_kept(record, saved, self._later(lambda: start() if shiboken6.isValid(dialog) else None))
        else:
            broker.lend_draft(record, draft.secret)
            start()

    def _stop_test(self, task: Task, draft_id: str) -> None:
        task.cancel()
        self._services.broker.take_back(draft_id)

    # -- saving -------------------------------------------------------------------------------------------------
    def _save(self, dialog: AccountDialog, before: AccountRecord | None) -> None:
        draft = dialog.draft()
        if draft is None:
            return
        if draft.secret is None:
            self._write(dialog, draft, before)
            return
        self._services.broker.keep(
            draft.record.id, draft.secret, draft.record.key_source,
            self._later(lambda error: self._kept(dialog, draft, before, error)),
        )  # fmt: skip

    def _kept(
        self,
        dialog: AccountDialog,
        draft: AccountDraft,
        before: AccountRecord | None,
        error: ArtifactBrowserError | None,
    ) -> None:
        if error is None:
            self._write(dialog, draft, before)
            return
        question = KeepForRunDialog(error, self._window)

        def for_this_run() -> None:
            again = replace(draft, record=replace(draft.record, key_source=KeySource.SESSION))
            assert again.secret is not None
            self._services.broker.keep(
                again.record.id,
                again.secret,
                KeySource.SESSION,
                self._later(lambda _: self._write(dialog, again, before)),
            )

        question.accepted.connect(for_this_run)
        question.rejected.connect(dialog.open)
        self._open(question)

    def _write(self, dialog: AccountDialog, draft: AccountDraft, before: AccountRecord | None) -> None:
        record = draft.saved_record()
        try:
            if before is None:
                self._services.book.add(record)
            else:
                self._services.book.replace(record)
        except ArtifactBrowserError as error:
            dialog.open()
            show_error(self._window, error)
            return
        dialog.deleteLater()
        if before is not None and before.key_source is KeySource.KEYCHAIN is not record.key_source:
            self._services.broker.forget_item(before, self._later(self._removed))
        self.accounts_changed.emit()
        if before is None:
            self.account_added.emit(record.id)

    def _remove(self, record: AccountRecord) -> None:
        try:
            self._services.book.remove(record.id)
        except ArtifactBrowserError as error:
            show_error(self._window, error)
            return
        self._services.broker.forget(record, self._later(self._removed))
        self.accounts_changed.emit()
        self.account_removed.emit(record.id)

    def _removed(self, error: ArtifactBrowserError | None) -> None:
        if error is not None:
            error.kept = "The account was removed from the list, but its keys are still in the keychain."
            show_error(self._window, error)

    # -- a one-time code ----------------------------------------------------------------------------------------
    def _on_code_wanted(self, question: CodeWanted, answer: Answer) -> None:
        """On a reader thread."""
        self._later(lambda _: self._ask_code(question, answer))(None)

    def _ask_code(self, question: CodeWanted, answer: Answer) -> None:
        records = {record.id: record.name for record in self._services.book.all()}
        dialog = CodeDialog(records.get(question.account_id, "The account"), question.prompt, self._window)
        dialog.accepted.connect(lambda: answer(dialog.typed()))
        dialog.rejected.connect(lambda: answer(CredentialsMissing("Signing in was stopped.")))
        self._open(dialog)

    # -- from other threads -------------------------------------------------------------------------------------
    def _probe(self, then: Callable[[KeychainState], None]) -> None:
        self._services.broker.probe(self._later(then))

    def _later(self, callback: Callable[..., Any]) -> Callable[..., None]:
        """``callback`` for another thread to call: it runs on the GUI thread, and not after this room is gone."""
        return partial(self._calls.call, callback)
