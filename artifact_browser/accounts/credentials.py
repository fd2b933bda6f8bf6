"""From an account to credentials that sign, in whichever process a job runs.

The interactive worker signs in by itself (typed keys from the window, profiles through botocore); every other process
asks for a lease, which the window has the interactive worker issue. Each process keeps an account's lease until 80 %
of its life is over. Many jobs may want it at once: one fetches, the others wait, and a cancelled job stops waiting.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import replace

from artifact_browser.accounts.lease import CodeWanted, Lease, LeaseWanted, Secret, SecretWanted
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource
from artifact_browser.errors import ArtifactBrowserError, CredentialsMissing, InternalError, JobCancelled
from artifact_browser.workers.job import JobContext, Lane

#: A lease younger than this is not renewed: another one would be refused for the same reason. It also makes one
#: renewal of many threads that were refused at the same moment.
_RENEW_AFTER_S = 2.0

_TYPED = {KeySource.KEYCHAIN, KeySource.SESSION}


def lease_source(context: JobContext, record: AccountRecord) -> Callable[[bool], Lease | None]:
    """Where a job gets credentials from: ``source(renew)``; ``None`` means anonymous.

    ``renew``: the last lease was refused as expired; do not return the same one. The source blocks, and may be used
    by all threads of the job. It raises CredentialsMissing, CredentialsExpired, the keychain's errors, JobCancelled.
    """
    if record.kind is AccountKind.LOCAL or record.key_source is KeySource.NONE:
        return lambda renew: None
    slot = _slot_of(record)

    def source(renew: bool) -> Lease | None:
        return slot.lease(context, record, renew)

    return source


def issue_lease(context: JobContext, record: AccountRecord, renew: bool) -> Generator[None, None, Lease | None]:
    """Job of the interactive lane: sign in and return the lease for another process."""
    yield from ()
    return lease_source(context, record)(renew)


def forget_lease(record: AccountRecord) -> None:
    """Let go of an account's lease in this process (a draft was tested, somebody signed in again)."""
    with _slots_lock:
        _slots.pop(_revision(record), None)


class _Slot:
    """An account's lease in this process, and the one fetch that is under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lease: Lease | None = None
        self._fetch: Future[Lease] | None = None

    def lease(self, context: JobContext, record: AccountRecord, renew: bool) -> Lease:
        while True:
            context.cancel.raise_if_cancelled()
            with self._lock:
                if self._lease is not None and not _worn(self._lease, renew):
                    return self._lease
                fetch = self._fetch
                if fetch is None:
                    fetch = self._fetch = Future()
                    # a thread of its own: botocore's own requests do not hear the job's stop sign
                    threading.Thread(
                        target=self._run, args=(fetch, context, record, renew), name="lease", daemon=True
                    ).start()
            try:
                return _wait(fetch, context)
            except JobCancelled:
                context.cancel.raise_if_cancelled()  # else the job that was fetching was cancelled: fetch anew

    def _run(self, fetch: Future[Lease], context: JobContext, record: AccountRecord, renew: bool) -> None:
        try:
            lease = _fetch(context, record, renew)
        except ArtifactBrowserError as error:
            self._end(None)
            fetch.set_exception(error)
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
            self._end(None)
            fetch.set_exception(InternalError("Signing in failed.", technical=f"{type(error).__name__}"))
        else:
            self._end(lease)
            fetch.set_result(lease)

    def _end(self, lease: Lease | None) -> None:
        with self._lock:
            self._lease = lease
            self._fetch = None


def _worn(lease: Lease, renew: bool) -> bool:
    age_s = abs(time.time() - lease.issued_at)  # "in the future": the clock was set back meanwhile
    return lease.is_stale() or (renew and age_s > _RENEW_AFTER_S)


def _wait(fetch: Future[Lease], context: JobContext) -> Lease:
    woken = threading.Event()
    fetch.add_done_callback(lambda _: woken.set())
    with context.cancel.closing(woken.set):
        woken.wait()
    context.cancel.raise_if_cancelled()
    return fetch.result()


def _fetch(context: JobContext, record: AccountRecord, renew: bool) -> Lease:
    if context.lane is not Lane.INTERACTIVE:
        answer = context.ask(LeaseWanted(record.id, renew))
        if not isinstance(answer, Lease):
            raise CredentialsMissing("The account has no keys.", subject=record.name)
        return answer
    if record.key_source in _TYPED:
        secret = context.ask(SecretWanted(record.id))
        if not isinstance(secret, Secret):
            raise CredentialsMissing("The account has no keys.", subject=record.name)
        return Lease(secret.access_key, secret.secret_key)
    from artifact_browser.accounts.aws import sign_in_with_profile

    return sign_in_with_profile(record, lambda prompt: str(context.ask(CodeWanted(record.id, prompt))))


def sign_in_alike(one: AccountRecord, other: AccountRecord) -> bool:
    """Whether two records of an account come to the same credentials at the same place."""
    return _revision(one) == _revision(other)


_slots: dict[AccountRecord, _Slot] = {}
_slots_lock = threading.Lock()


def _revision(record: AccountRecord) -> AccountRecord:
    """The record without what changes nothing about signing in: an edited name keeps its lease."""
    return replace(record, name="", colour="", buckets=(), read_only=False, public_endpoint="", compatibility=False)


def _slot_of(record: AccountRecord) -> _Slot:
    with _slots_lock:
        return _slots.setdefault(_revision(record), _Slot())
