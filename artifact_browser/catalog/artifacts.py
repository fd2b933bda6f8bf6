"""The catalog's operations by their names, for scripts: one function each, over a driver and a place.

    with opened_account("This computer") as driver:
        artifacts.create(driver, Place("bucket", "zoo/lion/"), {"name": "Lion", "type": "dataset"}, stage=True)

``docs/catalog-from-a-script.md`` shows them all. The names and meanings are those of Hypha's Artifact Manager; what differs is
that nothing here is lost when several write at once, that all problems are told and not the first, and that *missing* is an
error and never an empty answer. Everything blocks and asks the store; only errors of :mod:`artifact_browser.errors` are raised.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from artifact_browser.catalog import commit as committing
from artifact_browser.catalog import counting, many_commits, removal, staging
from artifact_browser.catalog import index as indexing
from artifact_browser.catalog import lineage as tracing
from artifact_browser.catalog.children import scan_children
from artifact_browser.catalog.collection_text import LIST_KEY
from artifact_browser.catalog.counter_object import number
from artifact_browser.catalog.files import FILES_KEY, StagedFile, locate, with_files
from artifact_browser.catalog.layout import COLLECTION_TYPE, Place, check_file_path
from artifact_browser.catalog.lineage_naming import find_parent
from artifact_browser.catalog.lineage_walk import Lineage, walk
from artifact_browser.catalog.manifest import Pause, WrittenManifest, read_manifest
from artifact_browser.catalog.replacing import keep_replaced
from artifact_browser.catalog.stats import MAX_WEIGHT, WEIGHT_KEY
from artifact_browser.errors import BlobNotFound, DiskError, FilesMissing, InputError
from artifact_browser.storage.driver import Driver, FileSlice, Link, LinkOptions

_CHUNK_BYTES = 1024**2


# -- manifests --------------------------------------------------------------------------------------------------------
def create(
    driver: Driver,
    place: Place,
    manifest: Mapping[str, Any],
    *,
    stage: bool = False,
    overwrite: removal.Removal | None = None,
    pause: Pause = time.sleep,
) -> WrittenManifest:
    """Make an artifact, or with ``type: collection`` a collection (never staged): committed at once, or staged.

    :param overwrite: what stands there and is to be wiped, children included: the plan of :func:`plan_delete`
    :raises InputError: there is something already; :raises CommitConflict: it is not what the plan shows any more
    """
    if overwrite is not None:
        if overwrite.place != place:
            raise InputError("The plan is of another place.", subject=f"{place.bucket}/{place.prefix}")
        removal.wipe(driver, overwrite, pause)
    if manifest.get("type") == COLLECTION_TYPE:
        return staging.create_collection(driver, place, manifest, pause)
    return staging.create_artifact(driver, place, manifest, stage=stage, pause=pause)


def edit(driver: Driver, place: Place, changes: Mapping[str, Any], pause: Pause = time.sleep) -> WrittenManifest:
    """Set fields of the staged manifest (``None`` removes one), which begins as a copy of the committed one.

    :raises BlobNotFound: there is no artifact; :raises CommitConflict: others kept writing
    """
    return staging.edit_fields(driver, place, changes, pause)


def read(driver: Driver, place: Place, *, stage: bool = False) -> dict[Any, Any]:
    """The committed manifest, or the staged one; a collection's with its list.

    :raises BlobNotFound: there is no such manifest (one never stands in for the other); :raises ManifestUnreadable:
    """
    found = read_manifest(driver, place.bucket, place.staged_key if stage else place.committed_key)
    if found is None:
        raise BlobNotFound(
            "Nothing is staged here." if stage else "Nothing is committed here.",
            subject=f"{place.bucket}/{place.prefix}",
        )
    listed = {LIST_KEY: [dict(entry) for entry in found.text.entries]} if found.is_collection else {}
    return {**found.fields, **listed}


def commit(driver: Driver, place: Place, pause: Pause = time.sleep) -> committing.Committed:
    """Make the staged manifest the committed one, and tell the collection.

    :raises FilesMissing: all of them in one error; :raises CommitConflict: :raises BlobNotFound: nothing is staged
    """
    return committing.commit(driver, place, pause=pause)


def commit_many(
    driver: Driver, places: Iterable[Place], pause: Pause = time.sleep
) -> Iterator[many_commits.CommitOutcome]:
    """Commit several artifacts, some at a time, in whichever order they end; their collection is told of many in one write.

    Raises nothing of one of them: each outcome has what was committed, or its error.
    """
    return many_commits.commit_many(driver, [(place, None) for place in places], pause)


def discard(driver: Driver, place: Place, *, delete_files: bool = False, pause: Pause = time.sleep) -> int:
    """Drop the staged manifest; with ``delete_files`` also the blobs that only it lists. Returns how many those were.

    :raises BlobNotFound: nothing is staged; :raises CommitConflict: it was edited just now
    """
    staged = read_manifest(driver, place.bucket, place.staged_key)
    if staged is None:
        raise BlobNotFound("Nothing is staged here.", subject=f"{place.bucket}/{place.prefix}")
    return staging.discard(driver, place, staged.etag, delete_files=delete_files, pause=pause)


# -- files ------------------------------------------------------------------------------------------------------------
def put_file(
    driver: Driver,
    place: Place,
    path: str,
    body: bytes | Path,
    *,
    download_weight: float | None = None,
    pause: Pause = time.sleep,
) -> StagedFile:
    """Upload a file of the artifact, then record it in the staged manifest; what is committed under its name stays kept.

    :param download_weight: what a finished download counts; ``None`` leaves what was said before (nothing counts 0)
    :raises InputError: the path is not allowed, or the file too large for one request (transfers have no such limit)
    """
    check_file_path(path)
    _check_weight(download_weight)
    size_bytes = body.stat().st_size if isinstance(body, Path) else len(body)
    if size_bytes > driver.capabilities.max_put_bytes:
        raise InputError("The file is too large for one request: upload it in the window.", subject=path)
    _require(driver, place)
    keep_replaced(driver, place, [path], pause=pause)
    driver.put(place.bucket, place.file_key(path), FileSlice(body, 0, size_bytes) if isinstance(body, Path) else body)
    return file_arrived(driver, place, path, download_weight=download_weight, pause=pause)


def put_file_link(driver: Driver, place: Place, path: str, *, expires_in_s: int = 3600) -> Link:
    """A presigned PUT for somebody else. Nothing is recorded before the file is there: then call :func:`file_arrived`.

    :raises InputError: the path is not allowed; :raises ReadOnlyAccount:
    """
    check_file_path(path)
    _require(driver, place)
    keep_replaced(driver, place, [path])  # when it arrives nobody asks
    return driver.presign(
        place.bucket, [place.file_key(path)], LinkOptions(method="PUT", expires_in_s=expires_in_s)
    )[0]  # fmt: skip


def file_arrived(
    driver: Driver, place: Place, path: str, *, download_weight: float | None = None, pause: Pause = time.sleep
) -> StagedFile:
    """Record a file that somebody has uploaded, with the size and ETag the store gives it.

    :raises FilesMissing: it is not there (nothing was recorded)
    """
    check_file_path(path)
    _check_weight(download_weight)
    present = locate(driver, place, [path]).get(path)
    if present is None:
        raise FilesMissing("The file is not there.", subject=path)
    file = StagedFile(path, present.size_bytes, present.etag)

    def change(fields: dict[Any, Any]) -> None:
        fields[FILES_KEY] = with_files(fields.get(FILES_KEY), [file])
        for entry in fields[FILES_KEY]:
            if download_weight is not None and isinstance(entry, dict) and entry.get("path") == path:
                entry[WEIGHT_KEY] = download_weight

    staging.edit(driver, place, change, pause)
    return file


def remove_file(driver: Driver, place: Place, path: str, pause: Pause = time.sleep) -> WrittenManifest:
    """Take a file out of the staged manifest; what is committed keeps it until the commit."""
    return staging.remove_files(driver, place, [path], pause)


def get_file(
    driver: Driver, place: Place, path: str, target: Path, *, client: str = "", pause: Pause = time.sleep
) -> int:
    """Download a file to ``target`` (replaced only by a whole file); returns its size in bytes.

    :param client: count the download under this id once it is complete; empty: silent
    :raises BlobNotFound: :raises DiskError:
    """
    check_file_path(path)
    key = place.file_key(path)
    part = target.with_name(f".{uuid.uuid4().hex[:12]}.part")
    size_bytes = 0
    try:
        with driver.get(place.bucket, key) as reader, part.open("xb") as file:
            while chunk := reader.read(_CHUNK_BYTES):
                size_bytes += file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise DiskError("The file cannot be written.", subject=str(target)) from error
    finally:
        part.unlink(missing_ok=True)
    if client:
        counting.count_downloads(driver, place.bucket, [key], client, (), pause)
    return size_bytes


# -- lineage ----------------------------------------------------------------------------------------------------------
def add_parent(driver: Driver, place: Place, address: str, pause: Pause = time.sleep) -> tracing.Parent:
    """Let the staged manifest name what it was made from; its commit tells the parent. Returns what ``address`` means now.

    :param address: ``s3://bucket/prefix/@version`` or ``flyte://...``; without a version: the committed one
    :raises InputError: it is no address; :raises BlobNotFound: this bucket has no such artifact or version
    """
    parent = find_parent(driver, place.bucket, address)
    staging.edit(driver, place, lambda fields: tracing.add_parent(fields, parent), pause)
    return parent


def remove_parent(driver: Driver, place: Place, parent: tracing.Parent, pause: Pause = time.sleep) -> None:
    """Let the staged manifest name this parent no more; versions that are committed still do."""
    staging.edit(driver, place, lambda fields: tracing.remove_parent(fields, parent), pause)


def add_reference(driver: Driver, place: Place, text: str, pause: Pause = time.sleep) -> None:
    """Let the staged manifest name something outside: a URL, a commit, a run. :raises InputError: it cannot be one"""
    staging.edit(driver, place, lambda fields: tracing.add_reference(fields, text), pause)


def remove_reference(driver: Driver, place: Place, text: str, pause: Pause = time.sleep) -> None:
    """Let the staged manifest name it no more."""
    staging.edit(driver, place, lambda fields: tracing.remove_reference(fields, text), pause)


def lineage(
    driver: Driver, place: Place, version: str = "", *, stage: bool = False, up: int = 1, down: int = 1
) -> Lineage:
    """What a version (the committed one, or what is staged) was made from, and what was made from it, so many steps far.

    :raises BlobNotFound: there is no such version; :raises InputError: a depth beyond 20
    """
    return walk(driver, place, version, stage=stage, up=up, down=down)


# -- collections ------------------------------------------------------------------------------------------------------
def list(driver: Driver, place: Place, *, stage: bool = False) -> tuple[str, ...]:
    """The names of the committed (or the staged) artifacts directly below ``place``, as the bucket has them.

    :raises BlobNotFound: nothing is there at all; an empty collection is an empty answer
    """
    children = scan_children(driver, place).values()
    names = tuple(child.name for child in children if (child.staged_etag if stage else child.committed_etag))
    if not names:
        page = next(iter(driver.list_pages(place.bucket, place.prefix, delimiter="", page_size=1)))
        if place.prefix and not page.keys:
            raise BlobNotFound("There is nothing here.", subject=f"{place.bucket}/{place.prefix}")
    return names


def index(driver: Driver, place: Place, pause: Pause = time.sleep) -> indexing.Rebuilt:
    """Make the list of a collection anew; broken children are left out and told.

    :raises BlobNotFound: there is no collection here; :raises CommitConflict: others kept writing
    """
    return indexing.rebuild_index(driver, place, pause)


def plan_delete(driver: Driver, place: Place, check: Callable[[], None] = lambda: None) -> removal.Removal:
    """What a :func:`delete` (or an *overwrite*) of ``place`` would take: blobs, bytes, artifacts. Changes nothing.

    :raises BlobNotFound: nothing is there
    """
    return removal.plan_removal(driver, place, check)


def delete(
    driver: Driver, plan: removal.Removal, pause: Pause = time.sleep, check: Callable[[], None] = lambda: None
) -> removal.Removed:
    """Delete what the plan shows, children included, and the entry in the collection; what failed is told by key."""
    return removal.remove(driver, plan, pause, check)


def reset_stats(driver: Driver, place: Place, client: str, pause: Pause = time.sleep) -> int:
    """Let everybody's counters of the artifact begin at zero, also of those who count right now.

    :param client: under which id this one counts; returns the number of the reset
    """
    return counting.reset(driver, place, client, pause)


# -- inside -----------------------------------------------------------------------------------------------------------
def _require(driver: Driver, place: Place) -> None:
    """:raises BlobNotFound: there is no artifact to put files into"""
    state = staging.read_artifact(driver, place)
    if state.committed is None and state.staged is None:
        raise BlobNotFound("There is no artifact here.", subject=f"{place.bucket}/{place.prefix}")


def _check_weight(weight: float | None) -> None:
    if weight is not None and (number(weight) is None or weight > MAX_WEIGHT):
        raise InputError(f"A weight is a number from 0 to {MAX_WEIGHT:,.0f}.", subject=str(weight)[:64])
