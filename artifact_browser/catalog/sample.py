"""The sample of the first run: a bucket on *This computer* with a small collection to try things on."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import BucketExists, PreconditionFailed
from artifact_browser.storage.driver import Condition, WriteOptions
from artifact_browser.storage.filetypes import content_type_of
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext

#: The sample's bucket.
SAMPLE_BUCKET = "welcome"


def lay_sample(context: JobContext, record: AccountRecord, folder: str) -> Generator[None, None, bool]:
    """Job: copy the sample in ``folder`` into the store, if the store is empty.

    :returns: whether it was laid; a store with any bucket in it is left alone
    """
    yield from ()
    with opened(context, record) as driver:
        if driver.list_buckets():
            return False
        try:
            driver.create_bucket(SAMPLE_BUCKET)
        except BucketExists:
            return False
        for key, path in sorted(_files(Path(folder))):
            try:
                driver.put(
                    SAMPLE_BUCKET,
                    key,
                    path.read_bytes(),
                    WriteOptions(content_type=content_type_of(key)),
                    Condition(if_absent=True),
                )
            except PreconditionFailed:
                continue  # another window of the same home was quicker
    return True


def _files(folder: Path) -> list[tuple[str, Path]]:
    found = []
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            found.append((path.relative_to(folder).as_posix(), path))
    return found
