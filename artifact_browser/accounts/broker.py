"""The window's side of credentials: answers what worker processes ask for. No Qt.

A helper thread is the only one that touches the keychain, at an account's first use, so that a locked keychain never
holds up the window or a pipe. Leases for other processes are issued by the interactive worker; concurrent questions
about one account share one answer. Secrets live here in memory and cross anonymous pipes, nothing else.
"""

from __future__ import annotations

import logging
import queue
import secrets
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from artifact_browser.accounts.book import AccountBook
from artifact_browser.accounts.credentials import issue_lease
from artifact_browser.accounts.keychain import LINK_KEY_BYTES, Keychain, KeychainState
from artifact_browser.accounts.lease import Lease, LeaseWanted, Secret, SecretWanted
from artifact_browser.accounts.record import AccountRecord, KeySource
from artifact_browser.errors import (
    ArtifactBrowserError,
    CredentialsMissing,
    JobCancelled,
    KeychainUnavailable,
)
from artifact_browser.workers.job import Lane, Question
from artifact_browser.workers.pool import WorkerPool

Answer = Callable[[Any], None]
Q = TypeVar("Q", bound=Question)

_log = logging.getLogger(__name__)


class Broker:
    """Keeps, lends and forgets secrets. Every method returns at once; callbacks come on the helper thread."""

    def __init__(self, book: AccountBook, pool: WorkerPool, keychain: Keychain | None = None) -> None:
        self._book = book
        self._pool = pool
        self._keychain = keychain or Keychain()
        self._lock = threading.Lock()
        self._session: dict[str, Secret] = {}
        self._drafts: dict[str, tuple[AccountRecord, Secret | None]] = {}
        self._link_key = b""
        self._asks: dict[tuple[str, bool], list[Answer]] = {}
        self._errands: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._helper: threading.Thread | None = None
        self.register(SecretWanted, self._on_secret_wanted)
        self.register(LeaseWanted, self._on_lease_wanted)

    def register(self, question: type[Q], responder: Callable[[Q, Answer], None]) -> None:
        """Answer every ``question`` no listener takes; the responder runs on a reader thread and must not block."""
        self._pool.answer(question, responder)

    def close(self) -> None:
        """End the helper thread and forget every secret. A keychain that waits for a person is not waited for."""
        self._errands.put(None)
        with self._lock:
            self._session.clear()
            self._drafts.clear()

    # -- for the dialogs ----------------------------------------------------------------------------------------
    def probe(self, done: Callable[[KeychainState], None]) -> None:
        """Say whether secrets last beyond this run, and what the keychain is called."""
        self._errand(lambda: done(self._keychain.probe()))

    def keep(
        self, account_id: str, secret: Secret, source: KeySource, done: Callable[[ArtifactBrowserError | None], None]
    ) -> None:
        """Keep typed keys in the keychain, or (``KeySource.SESSION``) for this run only; ``done(error or None)``."""

        def errand() -> None:
            try:
                if source is KeySource.KEYCHAIN:
                    self._keychain.write(account_id, secret)
            except ArtifactBrowserError as error:
                done(error)
                return
            with self._lock:
                if source is KeySource.SESSION:
                    self._session[account_id] = secret
                else:
                    self._session.pop(account_id, None)
            done(None)

        self._errand(errand)

    def forget(self, record: AccountRecord, done: Callable[[ArtifactBrowserError | None], None]) -> None:
        """Remove an account's keys from memory and keychain; ``done(error or None)``."""

        def errand() -> None:
            with self._lock:
                self._session.pop(record.id, None)
            try:
                if record.key_source is KeySource.KEYCHAIN:
                    self._keychain.remove(record.id)
            except ArtifactBrowserError as error:
                done(error)
                return
            done(None)

        self._errand(errand)

    def forget_item(self, before: AccountRecord, done: Callable[[ArtifactBrowserError | None], None]) -> None:
        """Remove only what the keychain keeps: the account goes on without, or with keys for this run."""

        def errand() -> None:
            try:
                self._keychain.remove(before.id)
            except ArtifactBrowserError as error:
                done(error)
                return
            done(None)

        self._errand(errand)

    def lend_draft(self, record: AccountRecord, secret: Secret | None) -> None:
        """Answer questions about an account that is not in the book: one that is being tested.

        ``record.id`` is the draft's own, never used before; ``secret`` is ``None`` for profiles. The edited account's
        kept keys are used by lending a draft with :meth:`lend_kept`.
        """
        with self._lock:
            self._drafts[record.id] = (record, secret)

    def lend_kept(self, record: AccountRecord, kept_for: AccountRecord, done: Callable[[], None]) -> None:
        """As :meth:`lend_draft`, with the keys kept for another account ("unchanged" in the edit dialog)."""

        def errand() -> None:
            try:
                secret = self._secret_of(kept_for.id)
            except ArtifactBrowserError:
                secret = None  # the test will say that there are no keys
            self.lend_draft(record, secret)
            done()

        self._errand(errand)

    def take_back(self, draft_id: str) -> None:
        """The draft's test is over."""
        with self._lock:
            self._drafts.pop(draft_id, None)

    def link_key(self, answer: Answer) -> None:
        """The key of loopback links: from the keychain, or (without one) made for this run."""

        def errand() -> None:
            try:
                answer(self._keychain.link_key())
            except KeychainUnavailable:
                self._link_key = self._link_key or secrets.token_bytes(LINK_KEY_BYTES)
                answer(self._link_key)
            except ArtifactBrowserError as error:
                answer(error)

        self._errand(errand)

    # -- questions of workers -----------------------------------------------------------------------------------
    def may_write(self, account_id: str) -> bool:
        """Whether an account is there and not read-only. Any thread."""
        try:
            return not self._record_of(account_id).read_only
        except ArtifactBrowserError:
            return False

    def _on_secret_wanted(self, question: SecretWanted, answer: Answer) -> None:
        def errand() -> None:
            try:
                answer(self._secret_of(question.account_id))
            except ArtifactBrowserError as error:
                answer(error)

        if self._is_in_keychain(question.account_id):
            self._errand(errand)
        else:
            errand()  # at hand: a keychain that waits for somebody must not hold this account up

    def _is_in_keychain(self, account_id: str) -> bool:
        with self._lock:
            if account_id in self._drafts or account_id in self._session:
                return False
        try:
            return self._book.get(account_id).key_source is KeySource.KEYCHAIN
        except ArtifactBrowserError:
            return False

    def _secret_of(self, account_id: str) -> Secret:
        """On the helper thread if the keychain is asked. :raises CredentialsMissing: and the keychain's errors"""
        record = self._record_of(account_id)
        with self._lock:
            drafted = self._drafts.get(account_id)
            found = drafted[1] if drafted is not None else self._session.get(account_id)
        if found is None and drafted is None and record.key_source is KeySource.KEYCHAIN:
            found = self._keychain.read(account_id)
        if found is None and record.key_source is KeySource.SESSION:
            raise CredentialsMissing(
                "Its keys were kept for an earlier run only.",
                todo="Open the account\u2019s settings and enter the keys again.", subject=record.name,
            )  # fmt: skip
        if found is None:
            raise CredentialsMissing("Its keys are not in the keychain.", subject=record.name)
        return found

    def _record_of(self, account_id: str) -> AccountRecord:
        with self._lock:
            drafted = self._drafts.get(account_id)
        return drafted[0] if drafted is not None else self._book.get(account_id)

    def _on_lease_wanted(self, question: LeaseWanted, answer: Answer) -> None:
        asked = (question.account_id, question.renew)
        with self._lock:
            waiting = self._asks.get(asked)
            if waiting is not None:
                waiting.append(answer)
                return
            self._asks[asked] = [answer]
        self._issue(question)  # not by the helper thread, which may be waiting for somebody to unlock the keychain

    def _issue(self, question: LeaseWanted) -> None:
        reply = _Reply(lambda lease: self._settle(question, lease))
        try:
            record = self._record_of(question.account_id)
            self._pool.start(issue_lease, record, question.renew, lane=Lane.INTERACTIVE, listener=reply)
        except ArtifactBrowserError as error:
            self._settle(question, error)

    def _settle(self, question: LeaseWanted, answer: Lease | ArtifactBrowserError | None) -> None:
        with self._lock:
            waiting = self._asks.pop((question.account_id, question.renew), [])
        for one in waiting:
            one(answer)

    # -- the helper thread --------------------------------------------------------------------------------------
    def _errand(self, errand: Callable[[], None]) -> None:
        with self._lock:
            if self._helper is None:
                # daemon: a keychain may wait for a person for ever, and quitting must not
                self._helper = threading.Thread(target=self._work, name="keychain", daemon=True)
                self._helper.start()
        self._errands.put(errand)

    def _work(self) -> None:
        while (errand := self._errands.get()) is not None:
            try:
                errand()
            except Exception as error:  # noqa: BLE001 - one errand's fault must not end the others
                _log.error("an errand of the keychain's thread failed: %s", type(error).__name__)


class _Reply:
    """Listens to one ``issue_lease`` job."""

    acknowledges_itself = False

    def __init__(self, done: Callable[[Lease | ArtifactBrowserError | None], None]) -> None:
        self._done = done

    def on_event(self, event: object) -> None:
        """There are none."""

    def on_progress(self, value: object) -> None:
        """There is none."""

    def on_done(self, result: object) -> None:
        self._done(result if isinstance(result, Lease) else None)

    def on_error(self, error: ArtifactBrowserError) -> None:
        stopped = isinstance(error, JobCancelled)
        self._done(CredentialsMissing("Signing in was stopped.", todo="Try again.") if stopped else error)
