"""A collection's index: its list of children, kept by compare-and-swap.

The index is derived: the children's manifests are the truth. A commit replaces its own entry and nothing else, so
any number of programs may commit into one collection at once; a rebuild reads all children and heals what was lost.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from artifact_browser.catalog.card import ENTRY_ETAG, entry_of
from artifact_browser.catalog.children import scan_children
from artifact_browser.catalog.collection_text import ENTRY_ID
from artifact_browser.catalog.known_collections import CollectionSeen, taken_apart
from artifact_browser.catalog.layout import COMMITTED_NAME, PLAIN_SUMMARY_FIELDS, SUMMARY_FIELDS, Place
from artifact_browser.catalog.manifest import Manifest, Pause, backoff_s, read_manifest, write_manifest
from artifact_browser.errors import (
    AccessDenied,
    ArtifactBrowserError,
    BlobNotFound,
    CommitConflict,
    InternalError,
    ManifestUnreadable,
    NetworkError,
    OutcomeUnknown,
    ReadOnlyAccount,
    ServerFault,
    Throttled,
)
from artifact_browser.storage.driver import Driver, Support
from artifact_browser.storage.location import DELIMITER

#: How often an index write starts again because somebody else was quicker.
INDEX_TRIES = 12
#: Manifests that are read at once: what takes time is the way to the store and back.
READERS = 32
#: The list with the new entries in it cannot be written: too large, or one of them would not read back.
_UNWRITABLE = (InternalError, ManifestUnreadable)
#: What happens to the index is told, not raised.
_TOLD = (
    AccessDenied, InternalError, ManifestUnreadable, NetworkError, OutcomeUnknown, ReadOnlyAccount, ServerFault, Throttled,
)  # fmt: skip


#: Is told a collection's fields, ETag and text as they were written.
Renew = Callable[[Mapping[Any, Any], str, bytes], object]


class _Unwritable(Exception):
    """The list with several new entries in it cannot be written."""


class IndexOutcome(StrEnum):
    UPDATED = "updated"
    #: nothing above that is a collection
    NO_COLLECTION = "no collection"
    #: the commit stands; the index will be healed by the next scan or rebuild
    PENDING = "index pending"


@dataclass(frozen=True, slots=True)
class IndexUpdate:
    """``reason`` says why the index is pending; ``atomic``: the store honoured the condition."""

    outcome: IndexOutcome
    reason: str = ""
    atomic: bool = True


@dataclass(slots=True)
class ChildEntry:
    """What a commit tells its collection: a child's name, its manifest's fields and ETag.

    :ivar tries: index writes that somebody else's was quicker than; :ivar update: how it ended, once it has
    """

    name: str
    fields: Mapping[Any, Any]
    etag: str
    tries: int = 0
    update: IndexUpdate | None = None


#: A collection that was read or written a moment ago: with its list, or as this process keeps it.
Collection = Manifest | CollectionSeen
#: ``(driver, place, fields, etag, pause, collection)``: :func:`update_parent`, or a queue's way of doing the same.
UpdateParent = Callable[[Driver, Place, Mapping[Any, Any], str, Pause, Collection | None], IndexUpdate]


def update_parent(
    driver: Driver,
    place: Place,
    fields: Mapping[Any, Any],
    etag: str,
    pause: Pause = time.sleep,
    collection: Collection | None = None,
) -> IndexUpdate:
    """Put the entry of ``place`` (manifest ``fields``, written as ``etag``) into its collection's index.

    :param collection: as it was read a moment ago; not read again where the store would refuse to replace another

    Never raises for what happens to the index: the artifact is committed already.
    """
    if place.parent is None:
        return IndexUpdate(IndexOutcome.NO_COLLECTION)
    entry = ChildEntry(place.name, fields, etag)
    put_entries(driver, place.parent, lambda: [entry], pause, collection)
    assert entry.update is not None
    return entry.update


def put_entries(
    driver: Driver,
    parent: Place,
    gather: Callable[[], Sequence[ChildEntry]],
    pause: Pause = time.sleep,
    collection: Collection | None = None,
    renew: Renew | None = None,
) -> Manifest | None:
    """Put entries into a collection's index, all in one compare-and-swap, and say in each how it ended.

    :param gather: the entries to write; asked again before each try, so that a try takes along what came meanwhile
    :param collection: as it was read or written a moment ago
    :param renew: is told what was written (else ``collection`` is, where it is one that this process keeps)
    :returns: the collection as it stands now, where that is known
    """
    if isinstance(collection, CollectionSeen):
        renew = renew or collection.renew
    if driver.conditional_writes(parent.bucket).replace is not Support.YES:
        collection = None
    for attempt in itertools.count():
        entries = [entry for entry in gather() if entry.update is None]
        if not entries:
            return collection if isinstance(collection, Manifest) else None
        try:
            with taken_apart(pause):
                return _swap(driver, parent, entries, pause, collection, renew)
        except CommitConflict:
            collection = None
            _count_try(entries)
            if any(entry.update is None for entry in entries):
                pause(backoff_s(attempt))
        except _Unwritable:  # one of them is to blame: the others go without it
            for entry in entries:
                put_entries(driver, parent, lambda entry=entry: [entry], pause)  # type: ignore[misc]
            return None
        except _TOLD as error:
            _end(entries, _pending(error))
            return None
    raise AssertionError("unreachable: it counts for ever")


def summary_fields_of(fields: Mapping[Any, Any]) -> list[str]:
    """Which fields of its children a collection keeps in its index."""
    listed = fields.get("summary_fields")
    if not isinstance(listed, list):
        return list(PLAIN_SUMMARY_FIELDS if "summary_fields" in fields else SUMMARY_FIELDS)
    return [name for name in listed if isinstance(name, str)][:64]


def _swap(
    driver: Driver,
    parent: Place,
    entries: Sequence[ChildEntry],
    pause: Pause,
    given: Collection | None,
    renew: Renew | None,
) -> Manifest | None:
    """One try. :raises CommitConflict: somebody else was quicker; :raises _Unwritable: one of several cannot be written"""
    collection = (given.newest() or given).whole() if isinstance(given, CollectionSeen) else given
    if collection is None:
        collection = read_manifest(driver, parent.bucket, parent.committed_key)
    if collection is None or not collection.is_collection:
        _end(entries, IndexUpdate(IndexOutcome.NO_COLLECTION))
        return None
    wanted = summary_fields_of(collection.fields)
    if not collection.text.put_all([entry_of(entry.name, entry.fields, wanted, entry.etag) for entry in entries]):
        _end(entries, IndexUpdate(IndexOutcome.UPDATED))
        return collection
    try:
        written = write_manifest(driver, parent.bucket, parent.committed_key, collection.text, collection, pause)
    except _UNWRITABLE:
        if len(entries) == 1:
            raise
        raise _Unwritable from None
    if renew is not None and written.atomic and written.etag:
        renew(collection.fields, written.etag, written.data)
    _end(entries, IndexUpdate(IndexOutcome.UPDATED, atomic=written.atomic))
    return Manifest(collection.text, written.etag)


def _end(entries: Sequence[ChildEntry], update: IndexUpdate) -> None:
    for entry in entries:
        entry.update = update


def _pending(error: ArtifactBrowserError) -> IndexUpdate:
    return IndexUpdate(IndexOutcome.PENDING, f"{error.title}. {error.detail}")


def _count_try(entries: Sequence[ChildEntry]) -> None:
    for entry in entries:
        entry.tries += 1
        if entry.tries >= INDEX_TRIES:
            entry.update = IndexUpdate(
                IndexOutcome.PENDING, "Others kept writing the collection's index at the same time."
            )


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A new index: how many children it lists, and which were left out because their manifest is broken."""

    listed: int
    broken: tuple[str, ...] = ()
    atomic: bool = True


def rebuild_index(
    driver: Driver,
    place: Place,
    pause: Pause = time.sleep,
    check: Callable[[], None] = lambda: None,
    readers: int = READERS,
) -> Rebuilt:
    """Read all committed children of a collection and write its list anew; again if children changed meanwhile.

    Children whose entry has their manifest's ETag are not read again.

    :param readers: how many children are read at once
    :raises BlobNotFound: there is no collection here; :raises CommitConflict: others kept writing
    """
    for attempt in range(INDEX_TRIES):
        collection = read_manifest(driver, place.bucket, place.committed_key)
        if collection is None or not collection.is_collection:
            raise BlobNotFound("There is no collection here.", subject=f"{place.bucket}/{place.prefix}")
        children = _committed_children(driver, place, check)
        entries, broken = _entries_of(driver, place, children, collection, check, readers)
        collection.text.replace(entries)
        try:
            written = write_manifest(driver, place.bucket, place.committed_key, collection.text, collection, pause)
        except CommitConflict:
            pause(backoff_s(attempt))
            continue
        if _committed_children(driver, place, check) == children:
            return Rebuilt(len(entries), tuple(broken), written.atomic)
    raise CommitConflict("Others kept writing into the collection at the same time.", todo="Try again in a moment.")


def _committed_children(driver: Driver, place: Place, check: Callable[[], None]) -> dict[str, str]:
    return {
        name: child.committed_etag
        for name, child in scan_children(driver, place, check).items()
        if child.committed_etag
    }


def _entries_of(
    driver: Driver,
    place: Place,
    children: Mapping[str, str],
    collection: Manifest,
    check: Callable[[], None],
    at_once: int,
) -> tuple[list[dict[str, Any]], list[str]]:
    wanted = summary_fields_of(collection.fields)
    kept = {entry.get(ENTRY_ID): entry for entry in collection.text.entries}
    broken: list[str] = []

    def entry_for(name: str) -> dict[str, Any] | None:
        old = kept.get(name)
        if old is not None and old.get(ENTRY_ETAG) == children[name]:
            return old
        check()
        try:
            manifest = read_manifest(driver, place.bucket, f"{place.prefix}{name}{DELIMITER}{COMMITTED_NAME}")
        except ManifestUnreadable:
            broken.append(name)
            return None
        return None if manifest is None else entry_of(name, manifest.fields, wanted, manifest.etag)

    with ThreadPoolExecutor(at_once, thread_name_prefix="manifests") as readers:
        return [entry for entry in readers.map(entry_for, children) if entry is not None], sorted(broken)
