"""Deleting an artifact or a collection with all that is below it: first a plan, then exactly what the plan shows.

The window deletes through the transfers' delete job, which has no limit and a row in the strip; what is left to do at the
collection behind it is :func:`forget_child`. This is the same for scripts, and for what *overwrite* wipes.
Blocking; runs in workers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from artifact_browser.catalog.index import INDEX_TRIES, IndexOutcome
from artifact_browser.catalog.layout import RESERVED_NAMES, Place
from artifact_browser.catalog.manifest import Pause, backoff_s, read_manifest, read_state, write_manifest
from artifact_browser.errors import BlobNotFound, CommitConflict, InputError, LimitReached
from artifact_browser.storage.driver import Deleted, Driver
from artifact_browser.storage.location import DELIMITER

#: Blobs in one plan: they are held in memory.
MAX_BLOBS = 200_000
_BATCH = 1_000
_CHANGED = "it was changed since the plan was made"


@dataclass(frozen=True, slots=True)
class PlannedBlob:
    """A blob of a plan, as it was then."""

    key: str
    size_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class Removal:
    """What would be deleted.

    :ivar blobs: everything below the prefix, children and statistics included
    :ivar artifacts: the prefixes of all artifacts and collections among it, the place itself first
    """

    place: Place
    blobs: tuple[PlannedBlob, ...]
    artifacts: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.blobs)

    @property
    def size_bytes(self) -> int:
        return sum(blob.size_bytes for blob in self.blobs)


@dataclass(frozen=True, slots=True)
class Removed:
    """How a deletion ended.

    :ivar errors: by key, why it is still there; with any, the manifest stays, so that it can be deleted again
    :ivar index: what became of the entry in the collection
    """

    deleted: int
    errors: tuple[Deleted, ...] = ()
    index: IndexOutcome = IndexOutcome.NO_COLLECTION


def plan_removal(driver: Driver, place: Place, check: Callable[[], None] = lambda: None) -> Removal:
    """Find everything below ``place``; changes nothing. ``check`` is called before requests and may raise to stop.

    :raises BlobNotFound: nothing is there; :raises InputError: a whole bucket is no artifact
    :raises LimitReached: more blobs than a plan holds; the window's *Delete* has no such limit
    """
    if not place.prefix:
        raise InputError("A whole bucket is deleted as a bucket, not as an artifact.", subject=place.bucket)
    blobs = tuple(_found(driver, place, check))
    if not blobs:
        raise BlobNotFound("There is nothing here.", subject=f"{place.bucket}/{place.prefix}")
    folders = {blob.key.rpartition(DELIMITER)[0] + DELIMITER for blob in blobs if _is_manifest(blob.key)}
    return Removal(place, blobs, tuple(sorted(folders, key=lambda folder: (len(folder), folder))))


def remove(
    driver: Driver, plan: Removal, pause: Pause = time.sleep, check: Callable[[], None] = lambda: None
) -> Removed:
    """Delete what the plan shows, manifests last, then the entry in the collection. What came since stays.

    ``check`` is called before requests and may raise to stop; the rest can be deleted by another plan.
    """
    place = plan.place
    now = {blob.key: blob.etag for blob in _found(driver, place, check)}
    errors = [Deleted(blob.key, _CHANGED) for blob in plan.blobs if now.get(blob.key, blob.etag) != blob.etag]
    changed = {failed.key for failed in errors}
    keys = [blob.key for blob in plan.blobs if blob.key in now and blob.key not in changed]
    files = [key for key in keys if not _is_manifest(key)]
    manifests = sorted((key for key in keys if _is_manifest(key)), key=len, reverse=True)
    deleted = 0
    for group in (files, manifests):
        if errors:
            break
        for at in range(0, len(group), _BATCH):
            check()
            done = driver.delete_many(place.bucket, group[at : at + _BATCH])
            errors += [one for one in done if one.error]
            deleted += sum(not one.error for one in done)
    if not errors and driver.capabilities.folders:
        driver.remove_folders(place.bucket, place.prefix)
    return Removed(deleted, tuple(errors), forget_child(driver, place, pause))


def wipe(driver: Driver, plan: Removal, pause: Pause = time.sleep) -> None:
    """Delete what the plan shows so that something new can take its place.

    :raises CommitConflict: anything is other than the plan says (then nothing was deleted), or could not be deleted
    """
    now = tuple(_found(driver, plan.place, lambda: None))
    if now != plan.blobs:
        raise CommitConflict(
            "What would be wiped is not what was shown any more. Nothing was changed.",
            subject=f"{plan.place.bucket}/{plan.place.prefix}",
            todo="Look at it again.",
        )
    done = remove(driver, plan, pause)
    if done.errors:
        lines = [f"{one.key}: {one.error}" for one in done.errors[:20]]
        raise CommitConflict(f"{len(done.errors):,} blobs could not be wiped.", subject="\n".join(lines))


def forget_child(driver: Driver, place: Place, pause: Pause = time.sleep) -> IndexOutcome:
    """Take ``place`` out of its collection's index, if it is not committed any more.

    The collection is read before the child is looked for: who commits it anew meanwhile writes the index behind that, and
    then either this write starts again, or theirs brings the entry back.
    """
    parent = place.parent
    if parent is None:
        return IndexOutcome.NO_COLLECTION
    for attempt in range(INDEX_TRIES):
        collection = read_manifest(driver, parent.bucket, parent.committed_key)
        if collection is None or not collection.is_collection:
            return IndexOutcome.NO_COLLECTION
        if read_state(driver, place.bucket, place.committed_key) is not None or not collection.text.remove(place.name):
            return IndexOutcome.UPDATED
        try:
            write_manifest(driver, parent.bucket, parent.committed_key, collection.text, collection, pause)
        except CommitConflict:
            pause(backoff_s(attempt))
            continue
        return IndexOutcome.UPDATED
    return IndexOutcome.PENDING


def _found(driver: Driver, place: Place, check: Callable[[], None]) -> list[PlannedBlob]:
    found: list[PlannedBlob] = []
    pages = iter(driver.list_pages(place.bucket, place.prefix, delimiter=""))
    while True:
        check()
        page = next(pages, None)
        if page is None:
            return found
        found += map(PlannedBlob, page.keys, page.sizes, page.etags)
        if len(found) > MAX_BLOBS:
            raise LimitReached(
                f"There are more than {MAX_BLOBS:,} blobs below it.",
                subject=f"{place.bucket}/{place.prefix}",
                todo="Delete it in the window, which has no such limit.",
            )


def _is_manifest(key: str) -> bool:
    return key.rpartition(DELIMITER)[2] in RESERVED_NAMES
