"""A blob's way to another place, as tasks for movers: copied by the store itself, or read from one and sent to another.

What is read carries the ETag, so that a copy never mixes two versions. When an original may go: :mod:`~.copy_ends`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from artifact_browser.errors import (
    BlobNotFound,
    ChecksumMismatch,
    ConnectionFailed,
    InputError,
    PreconditionFailed,
    StorageError,
    UploadNotFound,
)
from artifact_browser.storage.driver import BlobInfo, Condition, Driver, Part, WriteOptions, Written
from artifact_browser.storage.etag import parts_in
from artifact_browser.transfers.content import SECOND_READING, Check, check_same
from artifact_browser.transfers.copy_ends import (
    Copy,
    Way,
    finish,
    is_itself,
    moved_before,
    original,
    shown,
    taken,
)
from artifact_browser.transfers.evidence import (
    found_at,
    head_or_none,
    holds,
    holds_md5,
    reads_as,
    same,
)
from artifact_browser.transfers.keeping import class_of, kept_of, note_of, write_kept
from artifact_browser.transfers.lost_answers import settled
from artifact_browser.transfers.put_checks import etag_of, write_over
from artifact_browser.transfers.put_tasks import AbortUpload, Begun, JoinTask, PartTask, still_stored
from artifact_browser.transfers.state import Item, PartDone
from artifact_browser.transfers.task import MIB, Finished, Skipped, Stage, Task
from artifact_browser.transfers.upload_marks import id_in
from artifact_browser.workers.cancel import CancelToken

_READ_BYTES = MIB
#: what all tasks of one mover may hold in memory at once; a larger part has it to itself
_HELD_BYTES = 64 * MIB
#: how large parts are that programs make (this one, boto3, the MinIO client, ...), most likely first
_PEOPLES_PARTS = tuple(mebibytes * MIB for mebibytes in (16, 8, 5, 64, 32, 10, 15, 50, 25, 20, 12))
_ITSELF = "it is there already"


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
        try:
            source = original(stage, way, item)
        except BlobNotFound as error:
            return moved_before(stage, way, item, error)
        if is_itself(stage, way, item, source):
            return Skipped(_ITSELF)

        def look() -> Copy | None:
            return found_at(stage.target, way.to_bucket, item, lambda there: shown(stage, way, source, there))

        try:
            copy = None if item.replace else look()
            if copy is None:
                copy = settled(lambda: self._copy(stage.target, source), look, stage.cancel)
        except PreconditionFailed as error:
            return taken(way, item, error)
        return finish(stage, way, source, copy)

    def _copy(self, target: Driver, source: BlobInfo) -> Copy:
        way, item = self.way, self.item

        def copy(storage_class: str) -> Written:
            def write(condition: Condition | None) -> Written:
                return target.copy(
                    way.bucket,
                    item.source,
                    way.to_bucket,
                    item.target,
                    condition=condition,
                    storage_class=storage_class,
                )

            return write_over(target, way.to_bucket, item, write, by_etag=False)

        try:
            written = copy(class_of(source))
        except InputError:
            if not class_of(source):
                raise
            written = copy("")  # the store does not have that class; the note says so
        made = Copy(target.head(way.to_bucket, item.target), written=written.etag, durable=written.durable)
        return replace(made, how="bytes") if written.verified == "bytes" and made.is_ours else made


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
            try:
                body, source, how_read = _read_whole(stage, way, item)
            except BlobNotFound as error:
                return moved_before(stage, way, item, error)
            if is_itself(stage, way, item, source):
                return Skipped(_ITSELF)

            def look() -> Copy | None:
                return found_at(
                    stage.target,
                    way.to_bucket,
                    item,
                    lambda there: Copy(there, how_read) if holds(stage, way.to_bucket, there, body) else None,
                )

            def write(options: WriteOptions) -> Written | Copy:
                def put(condition: Condition | None) -> Written:
                    return stage.target.put(way.to_bucket, item.target, body, options, condition)

                return settled(lambda: write_over(stage.target, way.to_bucket, item, put), look, stage.cancel)

            written: Written | Copy
            lost: tuple[str, ...] = ()
            try:
                there = None if item.replace else look()
                if there is not None:
                    written = there  # by an attempt whose answer was lost
                else:
                    kept = kept_of(stage.driver, way.bucket, source, stage.target.capabilities)
                    written, lost = write_kept(kept, write)
            except PreconditionFailed as error:
                return taken(way, item, error)
            if isinstance(written, Copy):
                return finish(stage, way, source, written)
            if not way.move and written.verified and how_read != "size":
                return Finished(written.verified, note_of(lost))
            copy = Copy(stage.target.head(way.to_bucket, item.target), written=written.etag, durable=written.durable)
            if how_read != "size" and ((written.verified and copy.is_ours) or holds_md5(copy.info, body)):
                copy = replace(copy, how=how_read)
            end = finish(stage, way, source, copy)
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
        source = original(stage, way, item)
        if is_itself(stage, way, item, source):
            return Skipped(_ITSELF)

        def look() -> Copy | None:
            return found_at(
                stage.target,
                way.to_bucket,
                item,
                lambda there: shown(stage, way, source, there) if same(source, there) else None,
            )

        try:
            there = None if item.replace else look()
        except PreconditionFailed as error:
            return taken(way, item, error)
        if there is not None:
            return finish(stage, way, source, there)
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
                check_same(reader.info, None, item.etag)
                while done < self.length and (count := reader.readinto(body[done : done + _READ_BYTES])):
                    stage.cancel.raise_if_cancelled()
                    done += count
                    stage.moved(done)
            if done != self.length:
                raise ConnectionFailed("The answer ended too early.", subject=item.source)
            return stage.target.upload_part(way.to_bucket, item.target, self.upload_id, self.number, body)


@dataclass(frozen=True, slots=True)
class FinishCopy(JoinTask):
    """Make the parts one blob, compare, and of a move delete the original. Result: Finished or Skipped; or as of JoinTask."""

    way: Way
    item: Item
    upload_id: str
    parts: tuple[Part, ...]
    again: bool = False

    def run(self, stage: Stage) -> Finished | Skipped | tuple[Part, ...]:
        way, item = self.way, self.item
        try:
            source = original(stage, way, item)
        except BlobNotFound as error:
            return moved_before(stage, way, item, error, etag_of(self.parts))
        target = stage.target
        abort = AbortUpload(way.to_bucket, item.target, self.upload_id)

        def write(condition: Condition | None) -> Written:
            return target.complete_upload(way.to_bucket, item.target, self.upload_id, self.parts, condition)

        def look() -> Copy | None:
            found = found_at(target, way.to_bucket, item, lambda there: self._shown(stage, source, there))
            if found is not None:
                abort.run(stage)  # what stands there may be another's
            return found

        def complete() -> Copy:
            written = write_over(target, way.to_bucket, item, write)
            return Copy(target.head(way.to_bucket, item.target), written=written.etag, durable=written.durable)

        try:
            copy = settled(complete, look, stage.cancel)
        except PreconditionFailed as error:
            skipped = taken(way, item, error)
            abort.run(stage)
            return skipped
        except ChecksumMismatch as error:
            return self.left(target, way.to_bucket, item.target, error)
        if copy.info.tag_count < source.tag_count:
            copy = replace(copy, info=self._bring_tags(stage, source, copy.info))
        return finish(stage, way, source, copy)

    def _shown(self, stage: Stage, source: BlobInfo, there: BlobInfo) -> Copy | None:
        """As :func:`~.copy_ends.shown`. Where parts' MD5s make the ETag, they tell: nobody needs to read a large blob for it."""
        ours = etag_of(self.parts)
        if ours and parts_in(there.etag, there.headers) and not same(source, there):
            return Copy(there, written=ours) if there.etag == ours else None
        return shown(stage, self.way, source, there)

    def _bring_tags(self, stage: Stage, source: BlobInfo, copy: BlobInfo) -> BlobInfo:
        """Some stores (Ceph 16.2) forget the tags that an upload in parts began with. The note says what stays lost."""
        with suppress(StorageError):
            tags = stage.driver.get_tags(self.way.bucket, source.key)
            stage.target.put_tags(self.way.to_bucket, copy.key, tags)
            return stage.target.head(self.way.to_bucket, copy.key)
        return copy


def _read_whole(stage: Stage, way: Way, item: Item) -> tuple[memoryview, BlobInfo, str]:
    """A blob's bytes, what it is, and how they were checked."""
    body = memoryview(bytearray(item.size_bytes))
    done = 0
    with stage.driver.get(way.bucket, item.source, if_match=item.etag) as reader:
        check_same(reader.info, item.size_bytes, item.etag)
        check = Check(reader.info)
        while done < len(body) and (count := reader.readinto(body[done : done + _READ_BYTES])):
            stage.cancel.raise_if_cancelled()
            check.feed(body[done : done + count])
            done += count
            stage.moved(done)
        if done < len(body):
            raise ConnectionFailed("The answer ended too early.", subject=item.source)
        info, how = reader.info, check.verdict()
    if not how:  # its ETag is of other parts, or the bytes are others
        if not reads_as(stage.driver, way.bucket, info, body, stage.cancel):
            raise ChecksumMismatch("It was read twice, and not the same bytes came.", subject=item.source)
        how = SECOND_READING
    return body, info, how


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
