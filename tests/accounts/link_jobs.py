"""The job of the link server's test."""

from __future__ import annotations

from collections.abc import Generator

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.storage.driver import Link, LinkOptions
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext


def put_and_sign(context: JobContext, record: AccountRecord, text: bytes) -> Generator[None, None, Link]:
    """Job: a blob and its link."""
    yield from ()
    with opened(context, record) as driver:
        if "box" not in [bucket.name for bucket in driver.list_buckets()]:
            driver.create_bucket("box")
        driver.put("box", "a blob", text)
        [link] = driver.presign("box", ["a blob"], LinkOptions())
        return link


def sign_upload(context: JobContext, record: AccountRecord) -> Generator[None, None, Link]:
    """Job: an upload link for a blob."""
    yield from ()
    with opened(context, record) as driver:
        [link] = driver.presign("box", ["a blob"], LinkOptions(method="PUT"))
        return link
