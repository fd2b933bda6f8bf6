"""Listing one prefix into a mapped file, as a job: the window learns "n rows are valid", never rows.

Request count is the store's page count: nothing is asked per row.
"""

from __future__ import annotations

import shutil
import time
from array import array
from collections.abc import Generator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.errors import AccessDenied
from artifact_browser.paths import make_private
from artifact_browser.storage.columns import KeyTableWriter, encode_key
from artifact_browser.storage.driver import BucketInfo, ListPage
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext

FOLDERS, BLOBS = "folders", "blobs"
#: How long arrivals are gathered before the window is told (design decision 4).
BATCH_S = 0.1
#: More often than a listing has files.
_FORGET_TRIES = 5


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


#: The state of a listing that has not begun.
NOTHING = ListingGrown(0, 0, 0, 0)


class _Sink:
    """The two tables and the running totals of one listing."""

    def __init__(self, folder: Path, before: ListingGrown) -> None:
        self.folders = KeyTableWriter(folder, FOLDERS, before.folders)
        self.blobs = KeyTableWriter(folder, BLOBS, before.blobs)
        self.size_bytes = before.size_bytes
        self.requests = before.requests
        self.codes = {name: code for code, name in enumerate(before.classes)}
        self._last_prefix = self.folders.last_key if before.folders else None

    @property
    def last_key(self) -> str:
        """Where to go on: the greatest key or prefix so far."""
        return max(self.folders.last_key, self.blobs.last_key, key=encode_key)

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

    def _class_codes(self, page: ListPage) -> bytes:
        codes, here = self.codes, set(page.classes)
        for name in sorted(here - codes.keys()):
            codes[name] = min(len(codes), 255)
        if len(here) == 1:
            return bytes([codes[here.pop()]]) * len(page.classes)
        return bytes([codes[name] for name in page.classes])

    def state(self) -> ListingGrown:
        names = sorted(self.codes, key=self.codes.__getitem__)
        return ListingGrown(self.folders.count, self.blobs.count, self.size_bytes, self.requests, tuple(names))

    def close(self) -> None:
        self.folders.close()
        self.blobs.close()


def list_prefix(
    context: JobContext, record: AccountRecord, bucket: str, prefix: str, folder: str, before: ListingGrown = NOTHING
) -> Generator[ListingGrown, None, ListingGrown]:
    """Job: list ``prefix`` (one level) into ``folder``; yields after the first page and then about every 100 ms.

    :param folder: from :func:`make_listing`
    :param before: the last state of a listing that stopped: go on behind it
    :returns: the complete state
    :raises ArtifactBrowserError: what ended the listing; rows told valid before stay valid
    """
    sink = _Sink(Path(folder), before)
    try:
        with opened(context, record) as driver:
            told = 0.0
            for page in driver.list_pages(bucket, prefix, start_after=sink.last_key):
                context.cancel.raise_if_cancelled()
                sink.take(page)
                now = time.monotonic()
                if now - told >= BATCH_S:
                    told = now
                    yield sink.state()
                if sink.requests == 1 and page.next_token is not None:
                    import_module("numpy")  # the first page was told without: what follows is read and written faster
        return sink.state()
    finally:
        sink.close()


@dataclass(frozen=True, slots=True)
class BucketList:
    """An account's buckets by name. ``denied``: only the ones opened by name, since listing them is not allowed."""

    buckets: tuple[BucketInfo, ...]
    denied: bool = False


def list_buckets(context: JobContext, record: AccountRecord) -> Generator[None, None, BucketList]:
    """Job: the account's buckets, with those that were opened by name."""
    yield from ()  # a job is a generator
    found: dict[str, BucketInfo] = {name: BucketInfo(name) for name in record.buckets}
    denied = record.kind is AccountKind.PUBLIC
    if not denied:
        with opened(context, record) as driver:
            try:
                found |= {bucket.name: bucket for bucket in driver.list_buckets()}
            except AccessDenied:
                denied = True
    return BucketList(tuple(found[name] for name in sorted(found)), denied)


def list_account(context: JobContext, record: AccountRecord, folder: str) -> Generator[None, None, ListingGrown]:
    """Job: the account's buckets as the folders of a listing, so that one table shows them too.

    :raises AccessDenied: they may not be listed, and none was opened by name
    """
    found = yield from list_buckets(context, record)
    if found.denied and not found.buckets:
        raise AccessDenied("This account may not list its buckets.", todo="Open one by name instead.")
    sink = _Sink(Path(folder), NOTHING)
    try:
        created = array("q", (bucket.created_us or 0 for bucket in found.buckets))
        names = [bucket.name for bucket in found.buckets]
        sink.folders.append(names, array("q", bytes(8 * len(names))), created, bytes(len(names)))
        sink.requests = 1
        return sink.state()
    finally:
        sink.close()


def make_listing(folder: Path) -> Path:
    """Make the private folder of a listing. The window does, so that a job that was cancelled before it began cannot
    make it again after :func:`forget_listing`.
    """
    return make_private(folder)


def forget_listing(folder: Path) -> None:
    """Remove a listing's files; what cannot be removed (on Windows a mapped file) :func:`sweep_listings` removes."""
    for _ in range(_FORGET_TRIES):  # the cancelled job may just be making its files in it
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return


def remove_listing(context: JobContext, folder: str) -> Generator[None, None, None]:
    """Job: :func:`forget_listing`. Where transfers sync much, removing a file takes a tenth of a second and more."""
    yield from ()
    forget_listing(Path(folder))


def sweep_listings(context: JobContext, window_pid: int) -> Generator[None, None, int]:
    """Job: remove the listings of windows that ended without doing so; one window per home is open at a time.

    :param window_pid: the window's own process, whose listings stay (``Listing`` names their folders after it)
    :returns: how many there were
    """
    left = [entry for entry in context.paths.listings.iterdir() if not entry.name.startswith(f"{window_pid}-")]
    for entry in left:
        context.cancel.raise_if_cancelled()
        forget_listing(entry)
        yield
    return len(left)
