"""Deleting: first a plan (what, how many, how large), then exactly what was planned.

The plan's keys stand in a private file of the cache, so that a million of them cost no memory in the window, and
what came after the person said yes is not deleted. A bucket goes with everything in it: every version of its blobs and the
marks of their deletions, its unfinished uploads, and itself last.
"""

from __future__ import annotations

import struct
import time
import uuid
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, groupby, islice
from pathlib import Path
from typing import BinaryIO

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import AccessDenied, BucketNotEmpty, InputError, NotSupported
from artifact_browser.paths import make_private
from artifact_browser.storage.driver import Driver, VersionPage
from artifact_browser.storage.location import DELIMITER, Location
from artifact_browser.storage.open import opened
from artifact_browser.transfers.blob_tasks import (
    BLOB,
    DELETE_BATCH,
    DeleteBlobs,
    DeleteBucket,
    DeleteVersions,
    OneTask,
    RemoveFolders,
)
from artifact_browser.transfers.disk import disk_errors
from artifact_browser.transfers.lookup import Blob, blobs_below, find_blobs
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.planning import Planning
from artifact_browser.transfers.put_tasks import AbortUpload
from artifact_browser.transfers.standing import blob_standing
from artifact_browser.transfers.state import Counts, Item
from artifact_browser.transfers.task import Course
from artifact_browser.workers.job import JobContext

_LINE = struct.Struct("<IIq")  # bytes of the key, bytes of what of it is meant, bytes of the blob
#: what of a key is meant (an item's ``etag``) begins with one of these, or with :data:`BLOB`; empty: whatever blob is there
_VERSION, _UPLOAD = "version ", "upload "
_NO_VERSION = f"{_VERSION}null"  # of a bucket without versions
_TICK_S = 0.1
#: the number of the item that is the bucket itself, beyond those of its blobs
BUCKET_ITEM = 1 << 62


@dataclass(frozen=True, slots=True)
class DeleteCount:
    """Progress of a plan: found so far."""

    count: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Found:
    """Something to delete. ``what``: which blob, which version or which unfinished upload of the key."""

    key: str
    size_bytes: int
    what: str = ""


@dataclass(frozen=True, slots=True)
class DeletePlan:
    """What would be deleted. ``file`` holds the keys; ``with_bucket``: the bucket itself goes last.

    :ivar count: of everything; :ivar versions: 0, or how many of them are versions of blobs and marks of deletions, where
    the bucket has such; :ivar uploads: how many are unfinished uploads
    :ivar folders: the prefixes that were chosen
    """

    bucket: str
    file: str
    count: int
    size_bytes: int
    with_bucket: bool = False
    versions: int = 0
    uploads: int = 0
    folders: tuple[str, ...] = ()


def plan_delete(
    context: JobContext, record: AccountRecord, locations: Sequence[Location]
) -> Generator[None, None, DeletePlan]:
    """INTERACTIVE job: find everything at and below ``locations`` (one bucket's). Progress: :class:`DeleteCount`.

    :raises InputError: nothing is named, or several buckets
    """
    buckets = {location.bucket for location in locations}
    if len(buckets) != 1:
        raise InputError("Blobs of one bucket can be deleted at a time.")
    bucket = buckets.pop()
    path = make_private(context.paths.cache / "plans") / f"{uuid.uuid4().hex}.keys"
    count = size_bytes = versions = uploads = 0
    has_versions = False
    told_at = 0.0
    try:
        with disk_errors(path), path.open("xb") as file, opened(context, record) as driver:
            path.chmod(0o600)
            keys = [at.key for at in locations if at.key and not at.key.endswith(DELIMITER)]
            prefixes = outermost(at.key for at in locations if not at.key or at.key.endswith(DELIMITER))
            single = find_blobs(driver, bucket, [key for key in keys if not key.startswith(prefixes)], _nothing)
            below = _in_bucket(driver, bucket) if "" in prefixes else _below(driver, bucket, prefixes)
            for found in chain(map(_of_blob, single.values()), below):
                _write(file, found)
                count, size_bytes = count + 1, size_bytes + found.size_bytes
                versions += found.what.startswith(_VERSION)
                uploads += found.what.startswith(_UPLOAD)
                has_versions |= found.what.startswith(_VERSION) and found.what != _NO_VERSION
                if time.monotonic() - told_at > _TICK_S:
                    told_at = time.monotonic()
                    context.cancel.raise_if_cancelled()
                    context.progress(DeleteCount(count, size_bytes))
    except BaseException:
        discard(str(path))
        raise
    yield from ()
    return DeletePlan(
        bucket, str(path), count, size_bytes, with_bucket="" in prefixes,
        versions=versions if has_versions else 0, uploads=uploads, folders=tuple(filter(None, prefixes)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOrder(Order):
    """Delete what a plan holds; its file is removed at the end. ``above``: the prefix whose listing changes."""

    delete: DeletePlan
    above: Location

    def plan(self, planning: Planning) -> Iterable[Course]:
        return self._courses(planning)

    def closing(self, planning: Planning, counts: Counts) -> Iterable[Course]:
        bucket = self.delete.bucket
        if not self.delete.with_bucket:
            if self.delete.folders and planning.driver.capabilities.folders:
                yield OneTask((), RemoveFolders(bucket, self.delete.folders))
            return
        item = Item(BUCKET_ITEM, bucket, bucket, bucket, folder=True)
        if counts.items_failed:
            left = f"{counts.items_failed:,} of what is in it could not be deleted, so the bucket stays."
            planning.fail(item, BucketNotEmpty(left, subject=bucket))
        else:
            yield OneTask((planning.add(item, lambda _: False),), DeleteBucket(bucket))

    def _courses(self, planning: Planning) -> Iterator[Course]:
        if self.again:
            items = [item for item in self.again if item.number != BUCKET_ITEM]
            for item in items:
                planning.add(item, lambda _: False)
            yield from self._batches(iter(items))
            return
        try:
            with disk_errors(self.delete.file), Path(self.delete.file).open("rb") as file:
                yield from self._batches(_read(file, has_versions=self.delete.versions > 0))
        finally:
            discard(self.delete.file)

    def _batches(self, items: Iterator[Item]) -> Iterator[Course]:
        bucket = self.delete.bucket
        for kind, alike in groupby(items, key=lambda item: item.etag.partition(" ")[0]):
            if f"{kind} " == _UPLOAD:
                for item in alike:
                    yield OneTask((item,), AbortUpload(bucket, item.source, item.etag.removeprefix(_UPLOAD)))
                continue
            while batch := tuple(islice(alike, DELETE_BATCH)):
                if f"{kind} " == _VERSION:
                    ids = tuple(item.etag.removeprefix(_VERSION) for item in batch)
                    yield OneTask(batch, DeleteVersions(bucket, batch, ids))
                else:
                    yield OneTask(batch, DeleteBlobs(bucket, batch))


def discard(file: str) -> None:
    """Forget a plan that is not carried out."""
    with suppress(OSError):
        Path(file).unlink()


def outermost(prefixes: Iterable[str]) -> tuple[str, ...]:
    """The prefixes that no other one contains: what lies below two of them is counted once."""
    kept: list[str] = []
    for prefix in sorted(set(prefixes)):
        if not any(prefix.startswith(outer) for outer in kept):
            kept.append(prefix)
    return tuple(kept)


def _below(driver: Driver, bucket: str, prefixes: Iterable[str]) -> Iterator[_Found]:
    for prefix in prefixes:
        for blob in blobs_below(driver, bucket, prefix):
            yield _of_blob(blob)


def _of_blob(blob: Blob) -> _Found:
    return _Found(blob.key, blob.size_bytes, BLOB + blob_standing(blob.etag, blob.size_bytes, blob.modified_us))


def _in_bucket(driver: Driver, bucket: str) -> Iterator[_Found]:
    """Everything that keeps a bucket from being deleted, as far as this account may see it."""
    versions = _versions(driver, bucket) if driver.capabilities.versions else None
    yield from _below(driver, bucket, [""]) if versions is None else versions
    with suppress(AccessDenied, NotSupported):
        for upload in driver.list_uploads(bucket):
            yield _Found(upload.key, 0, _UPLOAD + upload.upload_id)


def _versions(driver: Driver, bucket: str) -> Iterator[_Found] | None:
    """``None``: the store has none, or does not tell this account."""
    pages = driver.list_versions(bucket)
    try:
        first = next(pages, VersionPage(()))
    except (AccessDenied, NotSupported):
        return None
    every = chain(first.versions, chain.from_iterable(page.versions for page in pages))
    return (_Found(one.key, one.size_bytes, _VERSION + one.version_id) for one in every)


def _write(file: BinaryIO, found: _Found) -> None:
    key, what = found.key.encode("utf-8", "surrogatepass"), found.what.encode()
    file.write(_LINE.pack(len(key), len(what), found.size_bytes) + key + what)


def _read(file: BinaryIO, *, has_versions: bool) -> Iterator[Item]:
    number = 0
    while line := file.read(_LINE.size):
        key_bytes, what_bytes, size_bytes = _LINE.unpack(line)
        key = file.read(key_bytes).decode("utf-8", "surrogatepass")
        what = file.read(what_bytes).decode()
        name = f"{key} (unfinished upload)" if what.startswith(_UPLOAD) else key
        if what.startswith(_VERSION):
            what = what if has_versions else ""  # where there are none, it is a blob like every other
            name = f"{key} ({what})" if what else key
        yield Item(number, name, key, key, size_bytes, etag=what)
        number += 1


def _nothing() -> None:
    """Nothing to do between the few requests of a plan's single blobs."""
