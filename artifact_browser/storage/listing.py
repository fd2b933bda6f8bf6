"""Listing one prefix into a mapped file, as a job: the window learns "n rows are valid", never rows.

Request count is the store's page count: nothing is asked per row.
"""

from __future__ import annotations

import shutil
import time
from array import array
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.paths import make_private
from artifact_browser.storage.columns import KeyTableWriter
from artifact_browser.storage.driver import BucketInfo, ListPage
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext

FOLDERS, BLOBS = "folders", "blobs"
#: How long arrivals are gathered before the window is told (design decision 4).
BATCH_S = 0.1


@dataclass(frozen=True, slots=True)
class ListingGrown:
    """So many rows of each table are valid now.

    ``classes`` names the class codes in use so far; ``requests`` is what was asked of the store.
    """

    folders: int
    blobs: int
    size_bytes: int
    requests: int
    classes: tuple[str, ...] = field(default=("",))


class _Sink:
    """The two tables and the running totals of one listing."""

    def __init__(self, folder: Path) -> None:
        self.folders = KeyTableWriter(folder, FOLDERS)
        self.blobs = KeyTableWriter(folder, BLOBS)
        self.size_bytes = 0
        self.requests = 0
        self.codes: dict[str, int] = {"": 0}
        self._last_prefix: str | None = None

    def take(self, page: ListPage) -> None:
        self.requests += 1
        prefixes = [prefix for prefix in page.prefixes if prefix != self._last_prefix]
        if prefixes:
            self._last_prefix = prefixes[-1]
            empty = array("q", bytes(8 * len(prefixes)))
            self.folders.append(prefixes, empty, empty, bytes(len(prefixes)))
        if page.keys:
            self.blobs.append(page.keys, page.sizes, page.modified_us, self._class_codes(page))
            self.size_bytes += sum(page.sizes)

    def _class_codes(self, page: ListPage) -> list[int]:
        codes = self.codes
        for name in set(page.classes) - codes.keys():
            codes[name] = min(len(codes), 255)
        return [codes[name] for name in page.classes]

    def state(self) -> ListingGrown:
        names = sorted(self.codes, key=self.codes.__getitem__)
        return ListingGrown(self.folders.count, self.blobs.count, self.size_bytes, self.requests, tuple(names))

    def close(self) -> None:
        self.folders.close()
        self.blobs.close()


def list_prefix(
    context: JobContext, record: AccountRecord, bucket: str, prefix: str, folder: str
) -> Generator[ListingGrown, None, ListingGrown]:
    """Job: list ``prefix`` (one level) into ``folder``; yields after the first page and then about every 100 ms.

    :returns: the complete state
    :raises ArtifactBrowserError: what ended the listing; rows told valid before stay valid
    """
    sink = _Sink(make_private(Path(folder)))
    try:
        with opened(context, record) as driver:
            told = 0.0
            for page in driver.list_pages(bucket, prefix):
                context.cancel.raise_if_cancelled()
                sink.take(page)
                now = time.monotonic()
                if now - told >= BATCH_S:
                    told = now
                    yield sink.state()
        return sink.state()
    finally:
        sink.close()


def list_buckets(context: JobContext, record: AccountRecord) -> Generator[None, None, list[BucketInfo]]:
    """Job: the account's buckets, by name.

    :raises AccessDenied: the account may not list buckets (open one by name)
    """
    yield from ()  # a job is a generator
    with opened(context, record) as driver:
        return sorted(driver.list_buckets(), key=lambda bucket: bucket.name)


def forget_listing(folder: Path) -> None:
    """Remove a listing's files; where a mapped file cannot be removed (Windows) the next start sweeps it."""
    shutil.rmtree(folder, ignore_errors=True)
