"""From an account record to its driver, inside a worker: the one place that knows which provider is which."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.paths import Paths
from artifact_browser.storage.consent import consent_of
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.read_only import ReadOnlyDriver
from artifact_browser.workers.job import JobContext


def open_driver(context: JobContext, record: AccountRecord) -> Driver:
    """The account's driver for this job; close it when the job ends (or use :func:`opened`).

    Providers are imported here, on first use: a worker that only serves *This computer* never loads botocore.

    :raises CredentialsMissing, CredentialsExpired: when the account cannot sign in (at the first request)
    """
    driver = _open_local(context, record) if record.kind is AccountKind.LOCAL else _open_s3(context, record)
    return ReadOnlyDriver(driver) if record.read_only else driver


@contextmanager
def opened(context: JobContext, record: AccountRecord) -> Iterator[Driver]:
    """The driver for a ``with`` block, closed at its end."""
    driver = open_driver(context, record)
    try:
        yield driver
    finally:
        driver.close()


def are_nested(one: AccountRecord, other: AccountRecord, paths: Paths) -> bool:
    """Whether the folder of one account on this computer lies in the other's: a file would have two addresses."""
    if not one.kind is other.kind is AccountKind.LOCAL:
        return False
    from artifact_browser.storage.drivers.local.open import root_of

    first, second = root_of(one, paths), root_of(other, paths)
    return first != second and (first.is_relative_to(second) or second.is_relative_to(first))


def lies_in_store(record: AccountRecord, folder: str, paths: Paths) -> bool:
    """Whether ``folder`` lies in the account's folder on this computer, or that in it: what is written to one of them may
    be found again in the other.
    """
    if record.kind is not AccountKind.LOCAL:
        return False
    from artifact_browser.storage.drivers.local.open import root_of

    # realpath, which a circle of links does not upset
    root, place = (Path(os.path.realpath(path)) for path in (root_of(record, paths), folder))
    return root.is_relative_to(place) or place.is_relative_to(root)


def _open_local(context: JobContext, record: AccountRecord) -> Driver:
    from artifact_browser.storage.drivers.local.links import LinkService, LinkServiceWanted
    from artifact_browser.storage.drivers.local.open import open_local

    def link_service() -> LinkService:
        service = context.ask(LinkServiceWanted(record.root))
        assert isinstance(service, LinkService)
        return service

    return open_local(record, context.paths, context.cancel, link_service)


def _open_s3(context: JobContext, record: AccountRecord) -> Driver:
    from artifact_browser.accounts.credentials import lease_source
    from artifact_browser.storage.drivers.s3.open import open_s3

    source = lease_source(context, record)
    return open_s3(record, source, context.cancel, context.paths, consent_of(context, record))
