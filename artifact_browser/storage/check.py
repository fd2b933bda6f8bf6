"""Behind *Test connection*: signs in to an account and says in plain facts what was found.

Reads only. Whether conditional writes work is told when it is known already: finding out means writing, which a test
of an account must not do.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Generator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from artifact_browser.accounts.credentials import forget_lease
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource, Probing
from artifact_browser.errors import AccessDenied, JobCancelled
from artifact_browser.storage.driver import NOTHING_KNOWN, ConditionalWrites, Driver, Support
from artifact_browser.storage.open import opened
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import JobContext

#: From this difference on a person should hear of it (stores refuse from 15 minutes on).
NOTABLE_SKEW_S = 60.0
_TIMEOUT_S = 5.0
_MAX_CHECKED = 3


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """What a test found; only made when signing in worked.

    :ivar bucket_count: buckets listed; ``None`` when listing is not allowed (open one by name)
    :ivar checked: buckets of the record that could be opened by name
    :ivar encrypted: TLS on the way; ``None`` for *This computer*
    :ivar clock_ahead_s: the server's clock against ours; ``None`` when it did not say
    :ivar writes: whether commits are safe against others, as far as known
    :ivar probing: whether that may be tried out
    """

    bucket_count: int | None
    checked: tuple[str, ...] = ()
    encrypted: bool | None = None
    clock_ahead_s: float | None = None
    writes: ConditionalWrites = NOTHING_KNOWN
    probing: Probing = Probing.ALLOWED

    def sentences(self) -> list[str]:
        """The findings as a person reads them, the most important first."""
        if self.checked and self.bucket_count is None:
            said = [f"Connected: {', '.join(self.checked)} can be opened."]
        elif self.bucket_count is None:
            said = ["Connected. This account cannot list buckets: open one by name."]
        else:
            count = self.bucket_count
            said = [f"Connected: {count} bucket{'' if count == 1 else 's'}." if count else "Connected: no buckets yet."]
        if self.encrypted is False:
            said.append("The connection is not encrypted.")
        if self.clock_ahead_s is not None and abs(self.clock_ahead_s) >= NOTABLE_SKEW_S:
            minutes = max(1, round(abs(self.clock_ahead_s) / 60))
            order = "behind" if self.clock_ahead_s > 0 else "ahead of"
            said.append(f"This computer\u2019s clock is {minutes} min {order} the server\u2019s.")
        if sentence := _about_commits(self.writes, self.probing):
            said.append(sentence)
        return said


def _about_commits(writes: ConditionalWrites, probing: Probing) -> str:
    when = ""
    if writes.asked_us:
        day = time.strftime("%Y-%m-%d", time.localtime(writes.asked_us / 1_000_000))
        when = f" (checked on {day}{f', {writes.server}' if writes.server else ''})"
    if writes.held is Support.YES:
        return f"Commits are safe when several people write{when}."
    if writes.held is Support.NO:
        return f"The store ignores conditions: two people committing at once can overwrite each other{when}."
    if probing is Probing.REFUSED:
        return "Whether commits are safe when several people write is not known: checking it is not allowed."
    return ""


def check_account(
    context: JobContext, record: AccountRecord, known_as: str = ""
) -> Generator[None, None, AccountCheck]:
    """Job of the interactive lane: try an account, saved or a draft (whose keys the broker lends).

    :param known_as: the saved account that a draft is made of: what was found out under its id is told

    :raises ArtifactBrowserError: why it does not work
    """
    yield from ()
    try:
        with opened(context, record) as driver:
            bucket_count, checked = _look(driver, record)
        with opened(context, replace(record, id=known_as or record.id)) as driver:
            writes = driver.conditional_writes("")
        address = _address_of(context, record)
    finally:
        forget_lease(record)  # a draft's keys must not stay behind; a saved account signs in anew
    return AccountCheck(
        bucket_count=bucket_count,
        checked=checked,
        encrypted=address.startswith("https://") if address else None,
        clock_ahead_s=_clock_ahead_s(address, record.ca_file, context.cancel) if address else None,
        writes=writes,
        probing=Probing.ASK if record.read_only else record.probing,
    )


def _look(driver: Driver, record: AccountRecord) -> tuple[int | None, tuple[str, ...]]:
    """Count the buckets, or open those named."""
    count: int | None = None
    if record.kind is not AccountKind.PUBLIC:
        try:
            count = len(driver.list_buckets())
        except AccessDenied:
            if record.key_source is KeySource.NONE and not record.buckets:
                raise  # anonymous, and nothing was named: nothing can be opened
    if count is not None:
        return count, ()
    for bucket in record.buckets[:_MAX_CHECKED]:
        driver.check_bucket(bucket)
    return None, record.buckets[:_MAX_CHECKED]


def _address_of(context: JobContext, record: AccountRecord) -> str:
    if record.kind is AccountKind.LOCAL:
        return ""
    from artifact_browser.storage.drivers.s3.account import account_of

    return account_of(record, context.paths).endpoint.url


def _clock_ahead_s(address: str, ca_file: str, cancel: CancelToken) -> float | None:
    """The server's ``Date`` against our clock; nothing that goes wrong here matters."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    with suppress(OSError, http.client.HTTPException, ValueError, TypeError, JobCancelled):
        if parts.scheme == "https":
            trust = ssl.create_default_context(cafile=ca_file or None)
            connection = http.client.HTTPSConnection(host, parts.port, timeout=_TIMEOUT_S, context=trust)
        else:
            connection = http.client.HTTPConnection(host, parts.port, timeout=_TIMEOUT_S)
        with closing(connection), cancel.closing(connection.close):
            connection.request("HEAD", "/")
            said = connection.getresponse().getheader("Date", "")
            return parsedate_to_datetime(said).timestamp() - time.time()
    return None
