"""Jobs of ours that read and write what other programs write and read; they run in the real interactive worker."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.storage.driver import LinkOptions, WriteOptions
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext
from tests.foreign.blob import Blob


def write_blobs(
    context: JobContext, record: AccountRecord, bucket: str, blobs: Mapping[str, Blob]
) -> Generator[None, None, None]:
    yield from ()
    with opened(context, record) as driver:
        for key, blob in blobs.items():
            driver.put(bucket, key, blob.body, WriteOptions(blob.content_type, blob.metadata))


def read_blobs(
    context: JobContext, record: AccountRecord, bucket: str, keys: tuple[str, ...]
) -> Generator[None, None, dict[str, Blob]]:
    yield from ()
    found = {}
    with opened(context, record) as driver:
        for key in keys:
            with driver.get(bucket, key) as reader:
                body = reader.read()
            info = driver.head(bucket, key)
            found[key] = Blob(body, info.content_type, dict(info.metadata))
    return found


def links(
    context: JobContext, record: AccountRecord, bucket: str, keys: tuple[str, ...], options: LinkOptions
) -> Generator[None, None, list[str]]:
    yield from ()
    with opened(context, record) as driver:
        return [link.url for link in driver.presign(bucket, keys, options)]
