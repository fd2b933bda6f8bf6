"""Jobs the tests run in worker processes."""

from __future__ import annotations

from collections.abc import Generator

from artifact_browser.accounts.credentials import lease_source
from artifact_browser.accounts.lease import Lease
from artifact_browser.accounts.record import AccountRecord
from artifact_browser.workers.job import JobContext


def take_lease(context: JobContext, record: AccountRecord, renew: bool = False) -> Generator[None, None, Lease | None]:
    yield from ()
    return lease_source(context, record)(renew)
