"""The job behind *Check again*: what a store does with conditions, found out anew in one place."""

from __future__ import annotations

from collections.abc import Generator

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.storage.driver import ConditionalWrites
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext


def try_conditions(
    context: JobContext, record: AccountRecord, bucket: str, prefix: str
) -> Generator[None, None, ConditionalWrites]:
    """Job: write and remove a small blob to see which conditions hold; remembered.

    :raises ReadOnlyAccount: :raises AccessDenied: :raises NotSupported: the record does not allow it
    """
    yield from ()
    with opened(context, record) as driver:
        return driver.try_conditions(bucket, prefix)


def known_conditions(
    context: JobContext, record: AccountRecord, bucket: str
) -> Generator[None, None, ConditionalWrites]:
    """Job: what is known of a bucket."""
    yield from ()
    with opened(context, record) as driver:
        return driver.conditional_writes(bucket)
