"""A blob's way to another place, as tasks for movers: copied by the store itself, or read from one and sent to another.

What is read carries the ETag, so that a copy never mixes two versions. A move deletes the original in the same task that
has checked the copy: never before, and only if it is still the blob that was copied.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from artifact_browser.errors import (
    AccessDenied,
    ArtifactBrowserError,
    ChecksumMismatch,
    ConnectionFailed,
    InputError,
    OutcomeUnknown,
    PreconditionFailed,
    StorageError,
    UploadNotFound,
)
from artifact_browser.storage.driver import BlobInfo, Condition, Driver, Part, WriteOptions, Written
from artifact_browser.storage.etag import is_md5
from artifact_browser.transfers.content import Check, md5_of
from artifact_browser.transfers.evidence import compare_bytes, delete_unchanged, drop, head_or_none, how_same, same
from artifact_browser.transfers.keeping import class_of, kept_of, lost_between, note_of, write_kept
from artifact_browser.transfers.put_tasks import AbortUpload, Begun, PartTask, create_only, etag_of, still_stored
from artifact_browser.transfers.state import Item, PartDone
from artifact_browser.transfers.task import MIB, Finished, Skipped, Stage, Task
from artifact_browser.transfers.upload_marks import id_in
from artifact_browser.workers.cancel import CancelToken

_READ_BYTES = MIB
#: what all tasks of one mover may hold in memory at once; a larger part has it to itself
_HELD_BYTES = 64 * MIB
#: how large parts are that programs make (this one, boto3, the MinIO client, ...), most likely first
_PEOPLES_PARTS = tuple(mebibytes * MIB for mebibytes in (16, 8, 5, 64, 32, 10, 15, 50, 25, 20, 12))
_CHANGED = "It is not the blob that was listed."
_ITSELF = "it is there already"
_TAKEN = "A blob of that name is there already."


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
class CopyBlob(Task):
    """Copy in the store, compare, and of a move delete the original. Result: :class:`Finished` or :class:`Skipped`."""

    way: Way
    item: Item

    @property
    def moved_bytes(self) -> int:
        return self.item.size_bytes

    def run(self, stage: Stage) -> Finished | Skipped:
        way, item = self.way, self.item
        source = _original(stage, way, item)
        if is_itself(stage, way, item, source):
            return Skipped(_ITSELF)
        copy = None if item.replace else head_or_none(stage.target, way.to_bucket, item.target)
        if copy is None:
            copy = self._copy(stage.target, source)
        elif not same(source, copy):
            return _taken(way, item)
        return _finish(stage, way, source, copy)

    def _copy(self, target: Driver, source: BlobInfo) -> BlobInfo:
        way, item = self.way, self.item

        def copy(storage_class: str) -> None:
            def write(condition: Condition | None) -> Written:
                return target.copy(
                    way.bucket,
                    item.source,
                    way.to_bucket,
                    item.target,
                    condition=condition,
                    storage_class=storage_class,
                )

            with suppress(OutcomeUnknown):  # the comparison that follows knows
                create_only(target, item, write)

        try:
            copy(class_of(source))
        except InputError:
            if not class_of(source):
                raise
            copy("")  # the store does not have that class; the note says so
        return target.head(way.to_bucket, item.target)


@dataclass(frozen=True, slots=True)
class StreamBlob(Task):
    """Read a whole small blob and send it to the other account. Result: :class:`Finished` or :class:`Skipped`."""

    way: Way
    item: Item

    pausable = True

    @property
    def moved_bytes(self) -> int:
        return self.item.size_bytes

    def run(self, stage: Stage) -> Finished | Skipped:
        way, item = self.way, self.item
        with _held.taking(item.size_bytes, stage.cancel):
            body, source, how_read = _read_whole(stage, way, item)
            if is_itself(stage, way, item, source):
                return Skipped(_ITSELF)
            if not item.replace and (there := head_or_none(stage.target, way.to_bucket, item.target)) is not None:
                if not _holds(there, body):
                    return _taken(way, item)
                return _finish(stage, way, source, there, how_read)  # by an attempt whose answer was lost
            kept = kept_of(stage.driver, way.bucket, source, stage.target.capabilities)

            def write(options: WriteOptions) -> Written:
                return create_only(
                    stage.target,
                    item,
                    lambda condition: stage.target.put(way.to_bucket, item.target, body, options, condition),
                )

            how_written = ""
            lost = kept.lost
            try:
                written, lost = write_kept(kept, write)
                how_written = written.verified
            except (PreconditionFailed, OutcomeUnknown) as error:
                there = head_or_none(stage.target, way.to_bucket, item.target)
                if there is None or not _holds(there, body):
                    if isinstance(error, PreconditionFailed) and there is not None:
                        return _taken(way, item)
                    raise
            if not way.move and how_written and how_read != "size":
                return Finished(how_written, note_of(lost))
            copy = stage.target.head(way.to_bucket, item.target)
            how = how_read if how_read != "size" and (how_written or _holds(copy, body)) else ""
            end = _finish(stage, way, source, copy, how)
            return Finished(end.verified, note_of(lost))


@dataclass(frozen=True, slots=True)
class BeginCopy(Task):
    """Begin a large blob's parts. Result: :class:`Begun`, or what there is to say already. Not interruptible: as
    BeginUpload.
    """

    way: Way
    item: Item
    unsure: bool = False

    alone = True
    interruptible = False

    def unanswered(self) -> Task:
        return replace(self, unsure=True)

    def run(self, stage: Stage) -> Begun | Finished | Skipped:
        way, item = self.way, self.item
        source = _original(stage, way, item)
        if is_itself(stage, way, item, source):
            return Skipped(_ITSELF)
        there = None if item.replace else head_or_none(stage.target, way.to_bucket, item.target)
        if there is not None:
            return _finish(stage, way, source, there) if same(source, there) else _taken(way, item)
        kept = kept_of(stage.driver, way.bucket, source, stage.target.capabilities)
        repeats: list[None] = []

        def create(options: WriteOptions) -> str:
            return stage.target.create_upload(
                way.to_bucket, item.target, options, repeated=lambda: repeats.append(None)
            )

        upload_id, _ = write_kept(kept, create)
        return Begun(upload_id, source.etag, unsure=self.unsure or bool(repeats))


@dataclass(frozen=True, slots=True)
class ResumeCopy(Task):
    """See which of the ``known`` parts the target's store still has. Result: those; ``None`` when it knows the upload
    no more, all of them when that is because it was finished.
    """

    way: Way
    item: Item
    known: tuple[PartDone, ...]
    part_count: int

    alone = True

    def moved_by(self, result: object) -> int:
        return sum(part.size_bytes for part in result) if isinstance(result, tuple) else 0

    def run(self, stage: Stage) -> tuple[Part, ...] | None:
        try:
            stored = stage.target.list_parts(self.way.to_bucket, self.item.target, id_in(self.item.begun))
        except UploadNotFound:
            there = head_or_none(stage.target, self.way.to_bucket, self.item.target)
            known = tuple(Part(one.number, one.etag, one.size_bytes, one.checksum) for one in self.known)
            whole = len(known) == self.part_count and there is not None and there.etag == etag_of(known)
            return known if whole else None
        return still_stored(self.known, stored)


@dataclass(frozen=True, slots=True)
class CopyPart(PartTask):
    """Copy one part of a blob."""

    way: Way
    item: Item
    upload_id: str
    number: int
    start: int
    length: int

    def run(self, stage: Stage) -> Part:
        way, item = self.way, self.item
        if not way.streamed:
            return stage.target.copy_part(
                way.bucket, item.source, way.to_bucket, item.target, self.upload_id, self.number,
                self.start, self.length, if_match=item.etag,
            )  # fmt: skip
        with _held.taking(self.length, stage.cancel):
            body = memoryview(bytearray(self.length))
            done = 0
            with stage.driver.get(
                way.bucket, item.source, start=self.start, length=self.length, if_match=item.etag
            ) as reader:
                while done < self.length and (count := reader.readinto(body[done : done + _READ_BYTES])):
                    stage.cancel.raise_if_cancelled()
                    done += count
                    stage.moved(done)
            if done != self.length:
                raise ConnectionFailed("The answer ended too early.", subject=item.source)
            return stage.target.upload_part(way.to_bucket, item.target, self.upload_id, self.number, body)


@dataclass(frozen=True, slots=True)
class FinishCopy(Task):
    """Make the parts one blob, compare, and of a move delete the original. Result: Finished or Skipped."""

    way: Way
    item: Item
    upload_id: str
    parts: tuple[Part, ...]

    alone = True

    def run(self, stage: Stage) -> Finished | Skipped:
        way, item = self.way, self.item
        source = _original(stage, way, item)
        target = stage.target

        def write(condition: Condition | None) -> Written:
            return target.complete_upload(way.to_bucket, item.target, self.upload_id, self.parts, condition)

        try:
            create_only(target, item, write)
        except (PreconditionFailed, OutcomeUnknown, UploadNotFound) as error:
            # UploadNotFound: an attempt before may have finished it, and its answer was lost
            there = head_or_none(target, way.to_bucket, item.target)
            if there is None or not (same(source, there) or there.etag == etag_of(self.parts)):
                if not isinstance(error, PreconditionFailed):
                    raise
                taken = _taken(way, item)
                AbortUpload(way.to_bucket, item.target, self.upload_id).run(stage)
                return taken
            AbortUpload(way.to_bucket, item.target, self.upload_id).run(stage)  # what stands there may be another's
        copy = target.head(way.to_bucket, item.target)
        if copy.tag_count < source.tag_count:
            copy = self._bring_tags(stage, source, copy)
        return _finish(stage, way, source, copy)

    def _bring_tags(self, stage: Stage, source: BlobInfo, copy: BlobInfo) -> BlobInfo:
        """Some stores (Ceph 16.2) forget the tags that an upload in parts began with. The note says what stays lost."""
        with suppress(StorageError):
            tags = stage.driver.get_tags(self.way.bucket, source.key)
            stage.target.put_tags(self.way.to_bucket, copy.key, tags)
            return stage.target.head(self.way.to_bucket, copy.key)
        return copy


def _original(stage: Stage, way: Way, item: Item) -> BlobInfo:
    """:raises PreconditionFailed: it is not the blob that was listed, or not what the target's account sees there"""
    source = stage.driver.head(way.bucket, item.source)
    if item.etag and item.etag != source.etag:
        raise PreconditionFailed(_CHANGED, subject=item.source)
    if not way.streamed and not reaches(stage.driver, stage.target, way.bucket, source):
        raise AccessDenied("The other account may not read it, so its store cannot copy it.", subject=item.source)
    return source


def reaches(driver: Driver, target: Driver, bucket: str, source: BlobInfo) -> bool:
    """Whether the target's keys see the same blob under the same name: two tenants may each have such a bucket."""
    if target is driver:
        return True
    try:
        seen = target.head(bucket, source.key)
    except ArtifactBrowserError:
        return False
    return same(source, seen) and seen.modified_us == source.modified_us


def is_itself(stage: Stage, way: Way, item: Item, source: BlobInfo) -> bool:
    """Whether the target is the original, seen through another account: a move would delete the only one there is."""
    same_names = (way.bucket, item.source) == (way.to_bucket, item.target)
    return same_names and reaches(stage.driver, stage.target, way.bucket, source)


def _taken(way: Way, item: Item) -> Skipped:
    if way.skip_existing:
        return Skipped("it was there already")
    raise PreconditionFailed(_TAKEN, subject=item.target)


def _finish(stage: Stage, way: Way, source: BlobInfo, copy: BlobInfo, how: str = "") -> Finished:
    """Check the copy, then of a move delete the original. ``how``: it was checked on its way already.

    :raises ChecksumMismatch: it is not the same: the copy is removed, if it is still ours
    :raises PreconditionFailed: the original has changed meanwhile
    """
    try:
        how = how or how_same(source, copy)
        if way.move and way.streamed and how == "size":  # too little to delete something for
            how = compare_bytes(stage, way.bucket, source, way.to_bucket, copy)
    except ChecksumMismatch:
        drop(stage.target, way.to_bucket, copy)
        raise
    if way.move:
        delete_unchanged(stage.driver, way.bucket, source)
    elif how == "size" and not way.streamed and not same(source, stage.driver.head(way.bucket, source.key)):
        drop(stage.target, way.to_bucket, copy)  # nobody knows which of the two it is
        raise PreconditionFailed("It changed while it was copied.", subject=source.key)
    return Finished(how, note_of(lost_between(source, copy)))


def _read_whole(stage: Stage, way: Way, item: Item) -> tuple[memoryview, BlobInfo, str]:
    """A blob's bytes, what it is, and how they were checked."""
    body = memoryview(bytearray(item.size_bytes))
    done = 0
    with stage.driver.get(way.bucket, item.source, if_match=item.etag) as reader:
        if reader.info.size_bytes != item.size_bytes:
            raise PreconditionFailed(_CHANGED, subject=item.source)
        check = Check(reader.info)
        while done < len(body) and (count := reader.readinto(body[done : done + _READ_BYTES])):
            stage.cancel.raise_if_cancelled()
            check.feed(body[done : done + count])
            done += count
            stage.moved(done)
        if done < len(body):
            raise ConnectionFailed("The answer ended too early.", subject=item.source)
        return body, reader.info, check.verdict()


def _holds(there: BlobInfo, body: memoryview) -> bool:
    """Whether a blob is these bytes, as far as an MD5 says."""
    return there.size_bytes == len(body) and is_md5(there.etag, there.headers) and there.etag == md5_of(body)


class _Held:
    """What a mover's tasks hold in memory, together."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._taken = 0
        self._changed = threading.Condition()

    @contextmanager
    def taking(self, size_bytes: int, cancel: CancelToken) -> Iterator[None]:
        """Wait until there is room for ``size_bytes``. :raises JobCancelled: meanwhile"""
        size_bytes = min(size_bytes, self._most)
        with self._changed:
            while self._taken + size_bytes > self._most:
                self._changed.wait(0.1)
                cancel.raise_if_cancelled()
            self._taken += size_bytes
        try:
            yield
        finally:
            with self._changed:
                self._taken -= size_bytes
                self._changed.notify_all()


_held = _Held(_HELD_BYTES)


def part_layout(size_bytes: int, etag: str, usual: int, smallest: int, most_parts: int) -> int:
    """The size of a copy's parts: the original's where its ETag lets it be guessed (the copy has the same ETag then, which
    proves that it is the same), else ``usual``.
    """
    count = etag.rpartition("-")[2] if "-" in etag else ""
    if count.isascii() and count.isdigit() and 0 < int(count) <= most_parts:
        least = -(-size_bytes // (int(count) * MIB)) * MIB
        for guessed in (*_PEOPLES_PARTS, least):
            if smallest <= guessed <= _HELD_BYTES and -(-size_bytes // guessed) == int(count):
                return guessed
    needed = -(-size_bytes // most_parts)
    return max(usual, smallest, -(-needed // MIB) * MIB)


def parts_of_layout(size_bytes: int, part_bytes: int) -> Sequence[tuple[int, int, int]]:
    """``(number, start, length)`` of every part."""
    return [
        (number, start, min(part_bytes, size_bytes - start))
        for number, start in enumerate(range(0, size_bytes, part_bytes), 1)
    ]
