"""What happens inside a store: deleting blobs and buckets, as tasks for movers; and courses of one task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from artifact_browser.errors import AccessDenied, ErrorRecord, PreconditionFailed, StorageError
from artifact_browser.storage.driver import Deleted
from artifact_browser.transfers.lookup import look_for
from artifact_browser.transfers.standing import same_blob_stands
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Finished, Result, Settled, Skipped, Stage, Task

DELETE_BATCH = 1000
#: what an item's ``etag`` says of a blob that is to be deleted: behind this, how it stands (:mod:`standing`)
BLOB = "blob "


@dataclass(frozen=True, slots=True)
class DeleteBlobs(Task):
    """Delete a batch. Result: :class:`Settled`.

    :param unsure: an attempt before may have deleted them unheard, and somebody else written others since: these stay
    """

    bucket: str
    items: tuple[Item, ...]
    unsure: bool = False

    alone = True

    def unanswered(self) -> Task:
        return replace(self, unsure=True)

    def run(self, stage: Stage) -> Settled:
        doomed, kept = self._looked(stage) if self.unsure else (self.items, {})
        outcomes = stage.driver.delete_many(self.bucket, [item.source for item in doomed])
        return Settled({**kept, **settled(doomed, outcomes).failed})

    def _looked(self, stage: Stage) -> tuple[Sequence[Item], dict[int, ErrorRecord]]:
        """As :func:`still_standing`. Where nobody may look, all are taken for what was planned."""
        words = "Another blob was written there while the store did not answer: it stays."
        planned = {item.source: (item, item.etag.removeprefix(BLOB)) for item in self.items}
        try:
            return still_standing(stage, self.bucket, planned, words)
        except AccessDenied:
            return self.items, {}


def still_standing(
    stage: Stage, bucket: str, planned: Mapping[str, tuple[Item, str]], changed: str
) -> tuple[Sequence[Item], dict[int, ErrorRecord]]:
    """Which items' blobs are those that were planned to be deleted, and errors for those that are not; neither for what is
    gone.

    :param planned: by key: the item, and how its blob stood (empty: whatever blob is there is meant)
    :param changed: what to say of another blob
    :raises AccessDenied: looking is not allowed
    """
    there = look_for(stage.driver, bucket, list(planned), stage.cancel.raise_if_cancelled)
    doomed, kept = [], dict[int, ErrorRecord]()
    for key, (item, standing) in planned.items():
        if (found := there.get(key)) is None:
            continue
        if not standing or same_blob_stands(standing, found.etag, found.size_bytes, found.modified_us):
            doomed.append(item)
        else:
            kept[item.number] = PreconditionFailed(changed, subject=key).record()
    return doomed, kept


@dataclass(frozen=True, slots=True)
class DeleteVersions(Task):
    """Delete a batch of versions for good: ``version_ids``, one for each item. Result: :class:`Settled`."""

    bucket: str
    items: tuple[Item, ...]
    version_ids: tuple[str, ...]

    alone = True

    def run(self, stage: Stage) -> Settled:
        versions = [(item.source, version) for item, version in zip(self.items, self.version_ids, strict=True)]
        return settled(self.items, stage.driver.delete_versions(self.bucket, versions))


def settled(items: Sequence[Item], outcomes: Sequence[Deleted]) -> Settled:
    """What became of a batch, item by item."""
    return Settled(
        {
            item.number: StorageError(outcome.error, subject=item.source or item.target).record()
            for item, outcome in zip(items, outcomes, strict=True)
            if outcome.error
        }
    )


@dataclass(frozen=True, slots=True)
class RemoveFolders(Task):
    """Remove the folders that were emptied, where a store has folders. Result: :class:`Finished`."""

    bucket: str
    prefixes: tuple[str, ...]

    def run(self, stage: Stage) -> Finished:
        for prefix in self.prefixes:
            stage.driver.remove_folders(self.bucket, prefix)
        return Finished("")


@dataclass(frozen=True, slots=True)
class DeleteBucket(Task):
    """Delete a bucket that is empty now. Result: :class:`Finished`."""

    bucket: str

    def run(self, stage: Stage) -> Finished:
        stage.driver.delete_bucket(self.bucket)
        return Finished("")


@dataclass(frozen=True, slots=True)
class TidyUp(Task):
    """Remove what is left beside an item that was finished before anybody heard of it. Result: Finished."""

    tasks: tuple[Task, ...]
    verified: str

    def run(self, stage: Stage) -> Finished:
        for task in self.tasks:
            task.run(stage)
        return Finished(self.verified)


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
