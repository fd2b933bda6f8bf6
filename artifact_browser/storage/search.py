"""Searching below a prefix, as a job: hits go into a mapped listing file as they are found, "n rows are valid" to the window.

What is asked of the store is the pages of the recursive listing (of the pattern's literal part), and, where tags are a
condition, one request for each key that fulfils everything else.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import BlobNotFound, LimitReached, NotSupported
from artifact_browser.storage.columns import KeyTableWriter, encode_key
from artifact_browser.storage.driver import Driver, ListPage
from artifact_browser.storage.key_match import KeyMatch, Search
from artifact_browser.storage.listing import BATCH_S, BLOBS, FOLDERS, ListingGrown
from artifact_browser.storage.open import opened
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import JobContext

#: Keys whose tags one run of the job asks for; who wants more goes on.
MOST_TAG_REQUESTS = 10_000
#: At once, of one search.
_TAG_THREADS, _TAG_BATCH = 8, 32
#: Between two looks at the stop sign: an expression may take 0.1 s for one key.
_KEYS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class SearchGrown(ListingGrown):
    """So many hits of each kind are valid now.

    :ivar seen: keys (and, where only one level is listed, prefixes) looked at; :ivar tag_requests: part of ``requests``; :ivar last_key: where to go on
    """

    seen: int = 0
    tag_requests: int = 0
    last_key: str = ""


#: The state of a search that has not begun.
NOT_SEARCHED = SearchGrown(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Hit:
    key: str
    size_bytes: int
    modified_us: int
    storage_class: str


def search_below(
    context: JobContext,
    record: AccountRecord,
    bucket: str,
    prefix: str,
    folder: str,
    wanted: Search,
    before: SearchGrown = NOT_SEARCHED,
) -> Generator[SearchGrown, None, SearchGrown]:
    """Job: look for ``wanted`` below ``prefix`` (the whole bucket when it is empty); yields about every 100 ms.

    :param folder: from :func:`~artifact_browser.storage.listing.make_listing`
    :param before: the last state of a search that stopped: go on behind it
    :returns: the complete state
    :raises InputError: the text cannot be used
    :raises LimitReached: after :data:`MOST_TAG_REQUESTS`; going on asks for as many again
    :raises ArtifactBrowserError: what ended it; rows told valid before stay valid
    """
    match = KeyMatch(wanted, prefix)
    with ExitStack() as held:
        driver = held.enter_context(opened(context, record))
        if wanted.tags and not driver.capabilities.tags:
            raise NotSupported("This store keeps no tags.")
        sink = _Hits(Path(folder), before, match, wanted)
        held.callback(sink.close)
        tags = _Tags(driver, bucket, wanted.tags, context.cancel)
        held.callback(tags.close)
        told = time.monotonic()
        for page in driver.list_pages(
            bucket, match.listing_prefix, delimiter=match.delimiter, start_after=before.last_key
        ):
            context.cancel.raise_if_cancelled()
            hits = sink.found_on(page, context.cancel)
            if wanted.tags:
                hits = yield from _with_tags(hits, tags, sink)
            sink.take(page, hits)
            if time.monotonic() - told >= BATCH_S or sink.requests == 1:
                told = time.monotonic()
                yield sink.state()
        return sink.state()


def _with_tags(hits: Sequence[_Hit], tags: _Tags, sink: _Hits) -> Generator[SearchGrown, None, list[_Hit]]:
    """Those of ``hits`` that have the tags, asked for in small batches so that the window hears of it."""
    kept: list[_Hit] = []
    at = 0
    while at < len(hits):
        batch = hits[at : at + min(_TAG_BATCH, MOST_TAG_REQUESTS - sink.tags_asked_now)]
        if not batch:
            sink.stop_behind(hits[:at], kept)
            yield sink.state()
            raise LimitReached(
                f"The tags of {MOST_TAG_REQUESTS:,} keys were asked for.", todo="Continue to ask for more."
            )
        kept += [hit for hit, has in zip(batch, tags.of(batch), strict=True) if has]
        at += len(batch)
        sink.count_tags(len(batch))
        if sink.is_due():
            yield sink.state()
    return kept


class _Tags:
    """Asks for tags, several at once. Close it."""

    def __init__(
        self, driver: Driver, bucket: str, wanted: Sequence[tuple[str, str | None]], cancel: CancelToken
    ) -> None:
        self._driver, self._bucket, self._wanted, self._cancel = driver, bucket, wanted, cancel
        self._threads = ThreadPoolExecutor(_TAG_THREADS, "tags")

    def of(self, hits: Sequence[_Hit]) -> list[bool]:
        """Whether each has what is wanted. :raises AccessDenied: tags may not be read"""
        return list(self._threads.map(self._has, hits))

    def _has(self, hit: _Hit) -> bool:
        self._cancel.raise_if_cancelled()
        try:
            tags = self._driver.get_tags(self._bucket, hit.key)
        except BlobNotFound:
            return False  # it went away meanwhile
        return all(name in tags and value in (None, tags[name]) for name, value in self._wanted)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)


class _Hits:
    """The two tables and the running totals of one search."""

    def __init__(self, folder: Path, before: SearchGrown, match: KeyMatch, wanted: Search) -> None:
        self._folders = KeyTableWriter(folder, FOLDERS, before.folders)
        self._blobs = KeyTableWriter(folder, BLOBS, before.blobs)
        self._match, self._bounds = match, wanted.bounds
        self._codes = {name: code for code, name in enumerate(before.classes)}
        self._size_bytes, self.requests = before.size_bytes, before.requests
        self._seen, self._tag_requests = before.seen, before.tag_requests
        self._last_key = before.last_key
        self._told = 0.0
        self.tags_asked_now = 0

    def found_on(self, page: ListPage, cancel: CancelToken) -> list[_Hit]:
        """The blobs of a page that fulfil what a listing tells of."""
        matches, bounds, keys = self._match.matches, self._bounds, page.keys
        rows: list[int] = []
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            cancel.raise_if_cancelled()
            rows += [row for row, key in enumerate(keys[start : start + _KEYS_AT_ONCE], start) if matches(key)]
        found = [_Hit(page.keys[row], page.sizes[row], page.modified_us[row], page.classes[row]) for row in rows]
        if not bounds:
            return found
        return [hit for hit in found if bounds.lets_through(hit.size_bytes, hit.modified_us, hit.storage_class)]

    def take(self, page: ListPage, hits: Sequence[_Hit]) -> None:
        """A page is done with: these were found on it."""
        self.requests += 1
        self._seen += len(page.keys) + len(page.prefixes)
        self._append(hits)
        if self._match.takes_folders:
            self._append_folders(page)
        if page.keys or page.prefixes:
            self._last_key = max((*page.keys[-1:], *page.prefixes[-1:]), key=encode_key)

    def _append_folders(self, page: ListPage) -> None:
        match = self._match
        if match.delimiter:
            folders = [one for one in page.prefixes if one != self._folders.last_key and match.matches(one[:-1])]
        else:
            folders, before = [], self._last_key
            for key in page.keys:
                folders += match.folders_of(key, before)
                before = key
        empty = array("q", bytes(8 * len(folders)))
        self._folders.append(folders, empty, empty, bytes(len(folders)))

    def _append(self, hits: Sequence[_Hit]) -> None:
        codes = self._codes
        for hit in hits:
            codes.setdefault(hit.storage_class, min(len(codes), 255))
        self._blobs.append(
            [hit.key for hit in hits],
            array("q", [hit.size_bytes for hit in hits]),
            array("q", [hit.modified_us for hit in hits]),
            bytes(codes[hit.storage_class] for hit in hits),
        )
        self._size_bytes += sum(hit.size_bytes for hit in hits)

    def count_tags(self, number: int) -> None:
        self.tags_asked_now += number
        self._tag_requests += number
        self.requests += number

    def stop_behind(self, asked: Sequence[_Hit], hits: Sequence[_Hit]) -> None:
        """End in the middle of a page, where these were asked about: the next run begins behind the last of them."""
        self.requests += 1
        self._append(hits)
        if asked:
            self._last_key = asked[-1].key

    def is_due(self) -> bool:
        now = time.monotonic()
        if now - self._told < BATCH_S:
            return False
        self._told = now
        return True

    def state(self) -> SearchGrown:
        names = sorted(self._codes, key=self._codes.__getitem__)
        return SearchGrown(
            self._folders.count, self._blobs.count, self._size_bytes, self.requests, tuple(names),
            self._seen, self._tag_requests, self._last_key,
        )  # fmt: skip

    def close(self) -> None:
        self._folders.close()
        self._blobs.close()
