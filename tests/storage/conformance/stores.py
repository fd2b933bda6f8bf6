"""The stores the one suite runs on, opened as a job opens them."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from artifact_browser.accounts.lease import Lease, LeaseWanted, Secret, SecretWanted
from artifact_browser.accounts.record import AccountRecord
from artifact_browser.paths import Paths
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.open import open_driver
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import Lane

#: For names of buckets.
COUNTER = itertools.count()


#: Stores that are exact in everything; moto takes any signature, expired links, and loses details.
EXACT = pytest.mark.parametrize("store", ["local", pytest.param("s3 ceph", marks=pytest.mark.ceph)], indirect=True)


class DirectContext:
    """A job's line to the outside, answered on the spot: the suite tests drivers, not pipes."""

    def __init__(self, paths: Paths, secret: Secret | None, link_service: object = None) -> None:
        self.paths = paths
        self.lane = Lane.INTERACTIVE
        self.cancel = CancelToken()
        self._secret = secret
        self._link_service = link_service

    def ask(self, question: object) -> Any:
        if isinstance(question, SecretWanted):
            return self._secret
        if isinstance(question, LeaseWanted):
            return Lease(self._secret.access_key, self._secret.secret_key) if self._secret else None
        if type(question).__name__ == "LinkServiceWanted":
            return self._link_service
        if type(question).__name__ == "LinkWriteWanted":
            return True
        raise AssertionError(f"a driver asked {question!r}")

    def progress(self, value: object) -> None:
        del value


@dataclass(frozen=True)
class Store:
    """One store under test.

    :ivar name: ``local``, ``s3 moto``, ``s3 ceph``, ``s3 compatibility``
    :ivar cannot_hold: characters that this *server* (not our driver) does not take in keys
    :ivar keeps_versions_when_suspended: whether a version stays that is written over in a bucket whose versions were suspended
    :ivar keeps_tags_of_parts: whether tags given when a multipart upload begins are on the blob at its end
    """

    name: str
    record: AccountRecord
    paths: Paths
    secret: Secret | None = None
    link_service: object = None
    cannot_hold: str = ""
    keeps_tags_of_parts: bool = True
    keeps_versions_when_suspended: bool = True
    prefix: str = field(default_factory=lambda: "c" + uuid.uuid4().hex[:8])

    def __repr__(self) -> str:
        return self.name

    @contextmanager
    def opened(self, **changes: Any) -> Iterator[Driver]:
        """A driver of its own, with changes to the account record."""
        driver = open_driver(self.context(), replace(self.record, **changes))
        try:
            yield driver
        finally:
            driver.close()

    def context(self) -> DirectContext:
        return DirectContext(self.paths, self.secret, self.link_service)

    def new_bucket_name(self) -> str:
        return f"{self.prefix}-{next(COUNTER)}"

    def holds(self, key: str) -> bool:
        return not set(key) & set(self.cannot_hold)


def all_keys(driver: Driver, bucket: str, prefix: str = "", **options: Any) -> list[str]:
    """Every key of a recursive listing, in the order of the store."""
    pages = driver.list_pages(bucket, prefix, delimiter="", **options)
    return [key for page in pages for key in page.keys]


def content(driver: Driver, bucket: str, key: str, **options: Any) -> bytes:
    with driver.get(bucket, key, **options) as reader:
        return reader.read()
