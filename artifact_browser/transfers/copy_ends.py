"""Both ends of a copy, for its tasks: the original as it is looked at, what stands at the target, and when the original may go.

An original is deleted in the same task that has checked the copy: never before, only once the copy would survive a power cut,
and only if the original is still the blob that was copied. What stands at the target is ours by the store's answer, or because it is shown to be the original.
"""

from __future__ import annotations

from dataclasses import dataclass

from artifact_browser.errors import (
    AccessDenied,
    ArtifactBrowserError,
    BlobNotFound,
    ChecksumMismatch,
    NetworkError,
    PreconditionFailed,
    ServerFault,
    Throttled,
)
from artifact_browser.storage.driver import BlobInfo, Driver
from artifact_browser.transfers.evidence import (
    compare_bytes,
    delete_unchanged,
    drop,
    head_or_none,
    how_same,
    proof_of,
    same,
)
from artifact_browser.transfers.keeping import lost_between, note_of
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Finished, Skipped, Stage

CHANGED = "It is not the blob that was listed."


@dataclass(frozen=True, slots=True)
class Way:
    """How a job's blobs go.

    :ivar move: delete the original behind the copy; :ivar streamed: through the mover; else the target's store copies
    :ivar skip_existing: what came to the target's place meanwhile is left alone
    """

    bucket: str
    to_bucket: str
    move: bool = False
    streamed: bool = False
    skip_existing: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """What stands at the target.

    :ivar how: what has shown already that it is the original's bytes; empty: nothing yet
    :ivar written: the ETag of what was written there; empty where the store has not said it
    :ivar durable: as of what was written: what was found there may be in memory only, whoever wrote it
    """

    info: BlobInfo
    how: str = ""
    written: str = ""
    durable: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether it is what the store said it had written: nobody has written over it."""
        return bool(self.written) and self.written == self.info.etag


def original(stage: Stage, way: Way, item: Item) -> BlobInfo:
    """:raises PreconditionFailed: it is not the blob that was listed, or not what the target's account sees there"""
    source = stage.driver.head(way.bucket, item.source)
    if item.etag and item.etag != source.etag:
        raise PreconditionFailed(CHANGED, subject=item.source)
    if not way.streamed and not reaches(stage.driver, stage.target, way.bucket, source):
        raise AccessDenied("The other account may not read it, so its store cannot copy it.", subject=item.source)
    return source


def moved_before(stage: Stage, way: Way, item: Item, error: BlobNotFound, etag_of_parts: str = "") -> Finished:
    """The original is gone: deleted by this move, whose answer was lost, if what stands at the target is the copy.

    :raises BlobNotFound: it is not
    """
    there = head_or_none(stage.target, way.to_bucket, item.target) if way.move else None
    if there is None or there.size_bytes != item.size_bytes or there.etag not in {item.etag, etag_of_parts} - {""}:
        raise error
    if head_or_none(stage.driver, way.bucket, item.source) is not None:  # it is not the original that was not found
        raise error
    return Finished("etag")


def reaches(driver: Driver, target: Driver, bucket: str, source: BlobInfo) -> bool:
    """Whether the target's keys see the same blob under the same name: two tenants may each have such a bucket.

    :raises NetworkError: :raises ServerFault: :raises Throttled: nobody knows, and a move may depend on it
    """
    if target is driver:
        return True
    try:
        seen = target.head(bucket, source.key)
    except (NetworkError, ServerFault, Throttled):
        raise
    except ArtifactBrowserError:
        return False
    return same(source, seen) and seen.modified_us == source.modified_us


def is_itself(stage: Stage, way: Way, item: Item, source: BlobInfo) -> bool:
    """Whether the target is the original, seen through another account: a move would delete the only one there is."""
    same_names = (way.bucket, item.source) == (way.to_bucket, item.target)
    return same_names and reaches(stage.driver, stage.target, way.bucket, source)


def taken(way: Way, item: Item, error: PreconditionFailed) -> Skipped:
    """Something else stands at the target. :raises PreconditionFailed: that is the item's failure"""
    if way.skip_existing and not item.expects:
        return Skipped("it was there already")
    raise error


def shown(stage: Stage, way: Way, source: BlobInfo, there: BlobInfo) -> Copy | None:
    """What stands at the target, if it is shown to be the same as the original."""
    how = proof_of(stage, way.bucket, source, way.to_bucket, there)
    return Copy(there, how) if how else None


def finish(stage: Stage, way: Way, source: BlobInfo, copy: Copy) -> Finished:
    """Check the copy, then of a move delete the original.

    :raises ChecksumMismatch: it is not the same: the copy is removed, if it is still ours
    :raises PreconditionFailed: the original has changed meanwhile
    :raises BlobNotFound: the copy has gone meanwhile; :raises DiskError: it could not be brought to the disk
    :raises ServerFault: the original could not be deleted
    """
    info, how = copy.info, copy.how
    try:
        how = how or how_same(source, info)
        if how == "size" and way.move and (way.streamed or not copy.is_ours):  # too little to delete something for
            how = compare_bytes(stage, way.bucket, source, way.to_bucket, info)
    except ChecksumMismatch:
        if copy.is_ours:
            drop(stage.target, way.to_bucket, info, stage.cancel)
        raise
    if way.move:
        if not copy.durable:
            stage.target.make_durable(way.to_bucket, info.key)
        delete_unchanged(stage.driver, way.bucket, source, stage.cancel)
    elif how == "size" and not way.streamed and not same(source, stage.driver.head(way.bucket, source.key)):
        if copy.is_ours:
            drop(stage.target, way.to_bucket, info, stage.cancel)  # nobody knows which of the two it is
        raise PreconditionFailed("It changed while it was copied.", subject=source.key)
    return Finished(how, note_of(lost_between(source, info)))
