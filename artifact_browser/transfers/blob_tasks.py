"""What happens inside a store: copying, moving and deleting blobs, as tasks for movers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from artifact_browser.errors import (
    BlobNotFound,
    ChecksumMismatch,
    NotSupported,
    OutcomeUnknown,
    PreconditionFailed,
    StorageError,
)
from artifact_browser.storage.driver import BlobInfo, Condition, Driver, Support, Written
from artifact_browser.transfers.put_tasks import create_only
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Finished, Result, Settled, Skipped, Stage, Task

DELETE_BATCH = 1000


@dataclass(frozen=True, slots=True)
class CopyBlob(Task):
    """Copy on the server, compare, and with ``move`` delete the source only then. Result: Finished or Skipped."""

    bucket: str
    to_bucket: str
    item: Item
    move: bool = False
    skip_existing: bool = False

    @property
    def moved_bytes(self) -> int:
        return self.item.size_bytes

    def run(self, stage: Stage) -> Finished | Skipped:
        driver, item = stage.driver, self.item
        source = driver.head(self.bucket, item.source)
        if item.etag and item.etag != source.etag:
            raise PreconditionFailed("It is not the blob that was listed.", subject=item.source)
        target = None if item.replace else _head(driver, self.to_bucket, item.target)
        if target is None:
            target = self._copy(driver)
        elif not _same(source, target):
            if self.skip_existing:
                return Skipped("it was there already")
            raise PreconditionFailed("A blob of that name is there already.", subject=item.target)
        if target.size_bytes != source.size_bytes:
            raise ChecksumMismatch("The copy has another size; the original was kept.", subject=item.target)
        if self.move:
            _delete_unchanged(driver, self.bucket, source)
        return Finished("etag" if _same(source, target) else "size")

    def _copy(self, driver: Driver) -> BlobInfo:
        item = self.item

        def write(condition: Condition | None) -> Written:
            return driver.copy(self.bucket, item.source, self.to_bucket, item.target, condition=condition)

        with suppress(OutcomeUnknown):  # the comparison that follows knows
            create_only(driver, item, write)
        return driver.head(self.to_bucket, item.target)


@dataclass(frozen=True, slots=True)
class DeleteBlobs(Task):
    """Delete a batch. Result: :class:`Settled`."""

    bucket: str
    items: tuple[Item, ...]

    alone = True

    def run(self, stage: Stage) -> Settled:
        outcomes = stage.driver.delete_many(self.bucket, [item.source for item in self.items])
        return Settled(
            {
                item.number: StorageError(outcome.error, subject=item.source).record()
                for item, outcome in zip(self.items, outcomes, strict=True)
                if outcome.error
            }
        )


@dataclass(frozen=True, slots=True)
class DeleteBucket(Task):
    """Delete a bucket that is empty now. Result: :class:`Finished`."""

    bucket: str

    def run(self, stage: Stage) -> Finished:
        stage.driver.delete_bucket(self.bucket)
        return Finished("")


class OneTask:
    """A course that is one task, whose result is the last word."""

    def __init__(self, items: Sequence[Item], task: Task) -> None:
        self.items = items
        self._task = task

    def begin(self) -> Sequence[Task]:
        return [self._task]

    def advance(self, task: Task, result: object) -> Result:
        return result if isinstance(result, Finished | Skipped | Settled) else Finished("")

    def leftovers(self) -> Sequence[Task]:
        return []


def _head(driver: Driver, bucket: str, key: str) -> BlobInfo | None:
    try:
        return driver.head(bucket, key)
    except BlobNotFound:
        return None


def _same(one: BlobInfo, other: BlobInfo) -> bool:
    return bool(one.etag) and one.etag == other.etag and one.size_bytes == other.size_bytes


def _delete_unchanged(driver: Driver, bucket: str, source: BlobInfo) -> None:
    """Delete the source of a move, unless somebody has written to it since it was copied.

    :raises PreconditionFailed: it was: both are kept
    """
    if driver.capabilities.conditional_delete is not Support.NO:
        with suppress(NotSupported):
            driver.delete(bucket, source.key, if_match=source.etag)
            return
    if not _same(source, driver.head(bucket, source.key)):
        raise PreconditionFailed("It changed while it was copied; both were kept.", subject=source.key)
    driver.delete(bucket, source.key)
