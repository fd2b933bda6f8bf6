"""Deleting: first a plan (what, how many, how large), then exactly what was planned.

The plan's keys stand in a private file of the cache, so that a million of them cost no memory in the window, and
what came after the person said yes is not deleted.
"""

from __future__ import annotations

import struct
import time
import uuid
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import InputError
from artifact_browser.paths import make_private
from artifact_browser.storage.location import DELIMITER, Location
from artifact_browser.storage.open import opened
from artifact_browser.transfers.blob_tasks import DELETE_BATCH, DeleteBlobs, DeleteBucket, OneTask
from artifact_browser.transfers.disk import disk_errors
from artifact_browser.transfers.lookup import Blob, blobs_below, find_blobs
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.planning import Planning
from artifact_browser.transfers.state import Counts, Item
from artifact_browser.transfers.task import Course
from artifact_browser.workers.job import JobContext

_LINE = struct.Struct("<Iq")  # bytes of the key, bytes of the blob
_TICK_S = 0.1
#: the number of the item that is the bucket itself, beyond those of its blobs
BUCKET_ITEM = 1 << 62


@dataclass(frozen=True, slots=True)
class DeleteCount:
    """Progress of a plan: found so far."""

    count: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DeletePlan:
    """What would be deleted. ``file`` holds the keys; ``with_bucket``: the bucket itself goes last."""

    bucket: str
    file: str
    count: int
    size_bytes: int
    with_bucket: bool = False


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
    count = size_bytes = 0
    told_at = 0.0
    try:
        with disk_errors(path), path.open("xb") as file, opened(context, record) as driver:
            path.chmod(0o600)
            keys = [at.key for at in locations if at.key and not at.key.endswith(DELIMITER)]
            prefixes = outermost(at.key for at in locations if not at.key or at.key.endswith(DELIMITER))
            single = find_blobs(driver, bucket, [key for key in keys if not key.startswith(prefixes)], _nothing)
            for blob in _chain(single.values(), (blobs_below(driver, bucket, prefix) for prefix in prefixes)):
                _write(file, blob)
                count, size_bytes = count + 1, size_bytes + blob.size_bytes
                if time.monotonic() - told_at > _TICK_S:
                    told_at = time.monotonic()
                    context.cancel.raise_if_cancelled()
                    context.progress(DeleteCount(count, size_bytes))
    except BaseException:
        discard(str(path))
        raise
    yield from ()
    return DeletePlan(bucket, str(path), count, size_bytes, with_bucket="" in prefixes)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOrder(Order):
    """Delete what a plan holds; its file is removed at the end. ``above``: the prefix whose listing changes."""

    delete: DeletePlan
    above: Location

    def plan(self, planning: Planning) -> Iterable[Course]:
        return self._courses(planning)

    def closing(self, planning: Planning, counts: Counts) -> Iterable[Course]:
        bucket = self.delete.bucket
        if self.delete.with_bucket and not counts.items_failed:
            item = Item(BUCKET_ITEM, bucket, bucket, bucket, folder=True)
            yield OneTask((planning.add(item, lambda _: False),), DeleteBucket(bucket))

    def _courses(self, planning: Planning) -> Iterator[Course]:
        bucket = self.delete.bucket
        if self.again:
            blobs = tuple(item for item in self.again if item.number != BUCKET_ITEM)
            for item in blobs:
                planning.add(item, lambda _: False)
            for first in range(0, len(blobs), DELETE_BATCH):
                batch = blobs[first : first + DELETE_BATCH]
                yield OneTask(batch, DeleteBlobs(bucket, batch))
            return
        try:
            with disk_errors(self.delete.file), Path(self.delete.file).open("rb") as file:
                lines = _read(file)
                while batch := tuple(islice(lines, DELETE_BATCH)):
                    yield OneTask(batch, DeleteBlobs(bucket, batch))
        finally:
            discard(self.delete.file)


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


def _chain(single: Iterable[Blob], below: Iterable[Iterable[Blob]]) -> Iterator[Blob]:
    yield from single
    for blobs in below:
        yield from blobs


def _write(file: BinaryIO, blob: Blob) -> None:
    key = blob.key.encode("utf-8", "surrogatepass")
    file.write(_LINE.pack(len(key), blob.size_bytes) + key)


def _read(file: BinaryIO) -> Iterator[Item]:
    number = 0
    while line := file.read(_LINE.size):
        length, size_bytes = _LINE.unpack(line)
        key = file.read(length).decode("utf-8", "surrogatepass")
        yield Item(number, key, key, key, size_bytes)
        number += 1


def _nothing() -> None:
    """Nothing to do between the few requests of a plan's single blobs."""
