"""Collections as this process has read them: asked for again with ``If-None-Match``, so that an unchanged list costs neither
megabytes nor time, and taken apart only by who writes it.

A commit needs two things of its collection: the schema, which stands in a few lines around the list, and, if it is the one
that writes the index, the list. What is kept is the text, at most :data:`MOST_BYTES` of all of them; it counts only as long as
the store says that it still stands there (a store that overlooks the condition is believed by the ETag of its answer).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from artifact_browser.catalog.collection_text import read_collection, read_fields
from artifact_browser.catalog.layout import COLLECTION_TYPE, Place
from artifact_browser.catalog.manifest import Manifest, Pause, read_whole
from artifact_browser.errors import AccessDenied, BlobNotFound, ManifestUnreadable, NotModified
from artifact_browser.storage.driver import Driver

#: Texts that are kept in a process.
MOST_BYTES = 32 * 1024**2
#: Lists that are read, and lists that are taken apart, at a time in a process: each is some ten times its text.
_AT_ONCE = 2
_LOOK_S = 0.05
_READING = threading.BoundedSemaphore(_AT_ONCE)
_APART = threading.BoundedSemaphore(_AT_ONCE)


@dataclass(frozen=True, slots=True)
class CollectionSeen:
    """A collection without its list: the fields of its manifest, and the text to take the list from.

    :ivar renew: is told what was written in its place: fields, ETag and text
    :ivar newest: the collection as this process knows it now, maybe later than this
    """

    fields: dict[Any, Any]
    etag: str
    text: bytes = field(repr=False)
    renew: Callable[[Mapping[Any, Any], str, bytes], object] = field(repr=False)
    newest: Callable[[], CollectionSeen | None] = field(repr=False)

    def whole(self) -> Manifest:
        """With its list. :raises ManifestUnreadable:"""
        return Manifest(read_collection(self.text), self.etag)


@contextmanager
def taken_apart(pause: Pause) -> Iterator[None]:
    """While a list is taken apart and put together again: not too many of them at a time. Not to be nested."""
    while not _APART.acquire(timeout=_LOOK_S):
        pause(0)
    try:
        yield
    finally:
        _APART.release()


class KnownCollections:
    """Thread-safe. Use one for a process (:data:`COLLECTIONS`)."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Hashable, Place], CollectionSeen] = OrderedDict()

    def of(self, store: Hashable) -> Callable[[Driver, Place], CollectionSeen | None]:
        """How to read the collection that a place of one store is a child of.

        :param store: equal for drivers that see the same buckets: the account's record
        """
        return partial(self._of_child, store)

    def _of_child(self, store: Hashable, driver: Driver, place: Place) -> CollectionSeen | None:
        """One GET. ``None`` for what is no collection, or can or may not be read: its children are told by the index."""
        if place.parent is None:
            return None
        try:
            found = self._read(driver, (store, place.parent))
        except (ManifestUnreadable, AccessDenied):
            return None
        return found if found is not None and found.fields.get("type") == COLLECTION_TYPE else None

    def _read(self, driver: Driver, key: tuple[Hashable, Place]) -> CollectionSeen | None:
        place, known = key[1], self._get(key)
        asked: dict[str, Any] = {"if_none_match": known.etag} if known is not None and known.etag else {}
        try:
            with driver.get(place.bucket, place.committed_key, **asked) as reader, _READING:
                known = self._get(key) or known  # somebody of this process may have read it meanwhile
                if known is not None and known.etag and known.etag == reader.info.etag:
                    return known
                etag, text = reader.info.etag, read_whole(reader, f"{place.bucket}/{place.committed_key}")
        except NotModified:
            return known
        except BlobNotFound:
            return None
        fields = read_fields(text)
        if fields is None:
            with _APART:
                fields = read_collection(text, subject=f"{place.bucket}/{place.committed_key}").fields
        return self._keep(key, fields, etag, text)

    def _get(self, key: tuple[Hashable, Place]) -> CollectionSeen | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: tuple[Hashable, Place], fields: Mapping[Any, Any], etag: str, text: bytes) -> CollectionSeen:
        seen = CollectionSeen(dict(fields), etag, text, partial(self._keep, key), partial(self._get, key))
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = seen
            while sum(len(one.text) for one in self._kept.values()) > self._most_bytes:
                self._kept.popitem(last=False)
        return seen


#: The collections that commits of this process know.
COLLECTIONS = KnownCollections()
