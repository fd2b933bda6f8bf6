"""A collection's index: its list of children, kept by compare-and-swap.

The index is derived: the children's manifests are the truth. A commit replaces its own entry and nothing else, so
any number of programs may commit into one collection at once; a rebuild reads all children and heals what was lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from artifact_browser.catalog.card import ENTRY_ETAG, entry_of
from artifact_browser.catalog.children import scan_children
from artifact_browser.catalog.collection_text import ENTRY_ID
from artifact_browser.catalog.layout import COMMITTED_NAME, SUMMARY_FIELDS, Place
from artifact_browser.catalog.manifest import Manifest, Pause, backoff_s, read_manifest, write_manifest
from artifact_browser.errors import (
    AccessDenied,
    BlobNotFound,
    CommitConflict,
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
_READERS = 8


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


def update_parent(
    driver: Driver,
    place: Place,
    fields: Mapping[Any, Any],
    etag: str,
    pause: Pause = time.sleep,
    collection: Manifest | None = None,
) -> IndexUpdate:
    """Put the entry of ``place`` (manifest ``fields``, written as ``etag``) into its collection's index.

    :param collection: as it was read a moment ago; not read again where the store would refuse to replace another

    Never raises for what happens to the index: the artifact is committed already.
    """
    parent = place.parent
    if parent is None:
        return IndexUpdate(IndexOutcome.NO_COLLECTION)
    try:
        return _swap_entry(driver, parent, place.name, fields, etag, pause, collection)
    except (
        AccessDenied, ManifestUnreadable, NetworkError, OutcomeUnknown, ReadOnlyAccount, ServerFault, Throttled,
    ) as error:  # fmt: skip
        return IndexUpdate(IndexOutcome.PENDING, f"{error.title}. {error.detail}")


def summary_fields_of(fields: Mapping[Any, Any]) -> list[str]:
    """Which fields of its children a collection keeps in its index."""
    listed = fields.get("summary_fields")
    if not isinstance(listed, list):
        return ["name", "description"] if "summary_fields" in fields else list(SUMMARY_FIELDS)
    return [name for name in listed if isinstance(name, str)][:64]


def _swap_entry(
    driver: Driver,
    parent: Place,
    name: str,
    fields: Mapping[Any, Any],
    etag: str,
    pause: Pause,
    collection: Manifest | None,
) -> IndexUpdate:
    if driver.capabilities.conditional_replace is not Support.YES:
        collection = None
    for attempt in range(INDEX_TRIES):
        if attempt or collection is None:
            collection = read_manifest(driver, parent.bucket, parent.committed_key)
        if collection is None or not collection.is_collection:
            return IndexUpdate(IndexOutcome.NO_COLLECTION)
        entry = entry_of(name, fields, summary_fields_of(collection.fields), etag)
        if not collection.text.put(entry):
            return IndexUpdate(IndexOutcome.UPDATED)
        try:
            written = write_manifest(driver, parent.bucket, parent.committed_key, collection.text, collection, pause)
        except CommitConflict:
            pause(backoff_s(attempt))
            continue
        return IndexUpdate(IndexOutcome.UPDATED, atomic=written.atomic)
    return IndexUpdate(IndexOutcome.PENDING, "Others kept writing the collection's index at the same time.")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A new index: how many children it lists, and which were left out because their manifest is broken."""

    listed: int
    broken: tuple[str, ...] = ()
    atomic: bool = True


def rebuild_index(
    driver: Driver, place: Place, pause: Pause = time.sleep, check: Callable[[], None] = lambda: None
) -> Rebuilt:
    """Read all committed children of a collection and write its list anew; again if children changed meanwhile.

    Children whose entry has their manifest's ETag are not read again.

    :raises BlobNotFound: there is no collection here; :raises CommitConflict: others kept writing
    """
    for attempt in range(INDEX_TRIES):
        collection = read_manifest(driver, place.bucket, place.committed_key)
        if collection is None or not collection.is_collection:
            raise BlobNotFound("There is no collection here.", subject=f"{place.bucket}/{place.prefix}")
        children = _committed_children(driver, place, check)
        entries, broken = _entries_of(driver, place, children, collection, check)
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
    driver: Driver, place: Place, children: Mapping[str, str], collection: Manifest, check: Callable[[], None]
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

    with ThreadPoolExecutor(_READERS, thread_name_prefix="manifests") as readers:
        return [entry for entry in readers.map(entry_for, children) if entry is not None], sorted(broken)
