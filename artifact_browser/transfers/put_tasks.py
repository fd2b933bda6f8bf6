"""A file's way up, as tasks for movers: in one piece, or begun, sent in parts and finished.

Targets that may not be replaced are written create-only where the store honours that, so that no race overwrites
anything; an answer lost on the way is settled by looking, never by writing again blindly.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from artifact_browser.errors import (
    ArtifactBrowserError,
    ChecksumMismatch,
    OutcomeUnknown,
    PreconditionFailed,
    SourceChanged,
    StorageError,
    UploadNotFound,
)
from artifact_browser.storage.driver import (
    BlobInfo,
    Body,
    Condition,
    Driver,
    FileSlice,
    Part,
    WriteOptions,
    Written,
)
from artifact_browser.storage.etag import is_md5
from artifact_browser.storage.filetypes import content_type_of
from artifact_browser.transfers.content import file_md5
from artifact_browser.transfers.disk import check_source
from artifact_browser.transfers.evidence import found_at, head_or_none
from artifact_browser.transfers.lost_answers import settled
from artifact_browser.transfers.patience import is_passing, wants_credentials
from artifact_browser.transfers.put_checks import Wrong, create_only, etag_of, taken_back, verified, write_over
from artifact_browser.transfers.state import Item, PartDone
from artifact_browser.transfers.task import Finished, Skipped, Stage, Task
from artifact_browser.transfers.upload_marks import id_in
from artifact_browser.workers.packed import packed

_log = logging.getLogger(__name__)

FOLDER_TYPE = "application/x-directory"
_ABORT_PAUSES_S = (0.1, 0.3, 0.9, 2.0)
_AS_READ = "What is stored now is the file as it was when it was read, checked."
_AS_SENT = "What is stored now is the file as it was sent, which the store gives no way to check."


@packed
@dataclass(frozen=True, slots=True)
class PutFile(Task):
    """Send a whole file. Result: :class:`Finished`, :class:`Skipped` or :class:`Wrong`."""

    bucket: str
    item: Item
    skip_existing: bool = False

    pausable = True
    takes_turns = True

    @property
    def moved_bytes(self) -> int:
        return self.item.size_bytes

    def run(self, stage: Stage) -> Finished | Skipped | Wrong:
        item = self.item
        check_source(item)
        stamp = item.size_bytes, item.modified_us, item.file_id
        body: Body = FileSlice(item.source, 0, item.size_bytes, stage.moved, stamp=stamp) if item.size_bytes else b""
        options = WriteOptions(content_type=content_type_of(item.target))

        def write(condition: Condition | None) -> Written:
            return stage.driver.put(self.bucket, item.target, body, options, condition)

        try:
            written = settled(
                lambda: write_over(stage.driver, self.bucket, item, write),
                lambda: _found(stage.driver, self.bucket, item),
                stage.cancel,
            )
        except PreconditionFailed as error:
            return _taken(item, error, self.skip_existing)
        except (ChecksumMismatch, SourceChanged) as error:
            if isinstance(error, SourceChanged) and error.stored and error.proven is not False and _replaced(item):
                kept = _AS_READ if error.proven else _AS_SENT
                raise SourceChanged(error.detail, subject=error.subject, kept=kept) from error
            return taken_back(stage.driver, self.bucket, item.target, error, error.stored, error.version_id)
        if isinstance(written, Finished):
            return written
        try:
            return verified(stage.driver, self.bucket, item, written)
        except ChecksumMismatch as error:
            return taken_back(stage.driver, self.bucket, item.target, error, written.etag, written.version_id)


@dataclass(frozen=True, slots=True)
class PutMarker(Task):
    """Keep an empty folder as a zero-byte blob ``name/``; one that is there already is fine unless ``new``.

    :param tried: an attempt before may have written it unheard: what is there then does, it has no content
    """

    bucket: str
    item: Item
    new: bool = False
    tried: bool = False

    def unanswered(self) -> Task:
        return replace(self, tried=True)

    def run(self, stage: Stage) -> Finished:
        item, driver = self.item, stage.driver
        options = WriteOptions(content_type=FOLDER_TYPE)
        unanswered = [None] if self.tried else []

        def is_there() -> Finished | None:
            return Finished("") if head_or_none(driver, self.bucket, item.target) else None

        def write() -> Finished:
            try:
                create_only(
                    driver, item, lambda condition: driver.put(self.bucket, item.target, b"", options, condition)
                )
            except OutcomeUnknown:
                unanswered.append(None)
                raise
            return Finished("")

        if (there := is_there()) is not None:
            return there if self.tried else self._exists()
        try:
            return settled(write, lambda: is_there() if unanswered else None, stage.cancel)
        except PreconditionFailed:
            return self._exists()

    def _exists(self) -> Finished:
        if self.new:
            raise PreconditionFailed("A folder of that name is there already.", subject=self.item.target)
        return Finished("", "was there already")


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload in parts has begun.

    :ivar etag: of the original of a copy, which not every listing knows
    :ivar unsure: an attempt before went unanswered: there may be another upload that nobody was told of
    """

    upload_id: str
    etag: str = ""
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class BeginUpload(Task):
    """Begin a multipart upload. Result: :class:`Begun`. Not interruptible: an id that nobody knows is hard to clean up.

    :param unsure: as of the result
    """

    bucket: str
    item: Item
    unsure: bool = False

    alone = True
    interruptible = False

    def unanswered(self) -> Task:
        return replace(self, unsure=True)

    def run(self, stage: Stage) -> Begun:
        check_source(self.item)
        options = WriteOptions(content_type=content_type_of(self.item.target))
        repeats: list[None] = []
        upload_id = stage.driver.create_upload(
            self.bucket, self.item.target, options, repeated=lambda: repeats.append(None)
        )
        return Begun(upload_id, unsure=self.unsure or bool(repeats))


@dataclass(frozen=True, slots=True)
class ResumeUpload(Task):
    """See which of the ``known`` parts the store still has. Result: those; ``None`` when it knows the upload no more."""

    bucket: str
    item: Item
    known: tuple[PartDone, ...]

    alone = True

    def moved_by(self, result: object) -> int:
        return sum(part.size_bytes for part in result) if isinstance(result, tuple) else 0

    def run(self, stage: Stage) -> tuple[Part, ...] | None:
        check_source(self.item)
        try:
            stored = stage.driver.list_parts(self.bucket, self.item.target, id_in(self.item.begun))
        except UploadNotFound:
            return None
        return still_stored(self.known, stored)


class PartTask(Task):
    """Base of the tasks that bring one part to an upload. Result: :class:`Part`."""

    __slots__ = ()
    pausable = True
    length: int

    @property
    def moved_bytes(self) -> int:
        return self.length

    def part_of(self, result: object) -> PartDone:
        assert isinstance(result, Part)
        return PartDone(result.number, self.length, result.etag, result.checksum)


class JoinTask(Task):
    """Base of the tasks that make an upload's parts one blob. Result: what has become of that; or the parts that are left, where
    the store has found others damaged.

    :ivar again: damaged parts were sent again already: next time it has failed
    """

    __slots__ = ()
    alone = True
    upload_id: str
    parts: tuple[Part, ...]
    again: bool

    def moved_by(self, result: object) -> int:
        if not isinstance(result, tuple):
            return 0
        left: tuple[Part, ...] = result
        return sum(part.size_bytes for part in left) - sum(part.size_bytes for part in self.parts)

    def left(self, driver: Driver, bucket: str, key: str, error: ChecksumMismatch) -> tuple[Part, ...]:
        """The parts that need not be sent again. :raises ChecksumMismatch: ``error``, where that would help nothing"""
        if self.again:
            raise error
        try:
            left = still_stored(self.parts, driver.list_parts(bucket, key, self.upload_id))
        except StorageError:
            raise error from None
        if len(left) == len(self.parts):
            raise error
        return left


def still_stored(known: Sequence[PartDone | Part], stored: Sequence[Part]) -> tuple[Part, ...]:
    """Those of the ``known`` parts that a store has as they were."""
    there = {(part.number, part.size_bytes, part.etag) for part in stored}
    return tuple(
        Part(one.number, one.etag, one.size_bytes, one.checksum)
        for one in known
        if (one.number, one.size_bytes, one.etag) in there
    )


@dataclass(frozen=True, slots=True)
class PutPart(PartTask):
    """Send one part of a file."""

    bucket: str
    item: Item
    upload_id: str
    number: int
    offset: int
    length: int

    def run(self, stage: Stage) -> Part:
        check_source(self.item)
        body = FileSlice(self.item.source, self.offset, self.length, stage.moved)
        part = stage.driver.upload_part(self.bucket, self.item.target, self.upload_id, self.number, body)
        check_source(self.item)
        return part


@dataclass(frozen=True, slots=True)
class FinishUpload(JoinTask):
    """Make the parts one blob, and check it. Result: :class:`Finished`, :class:`Skipped` or :class:`Wrong`; or as of
    :class:`JoinTask`.
    """

    bucket: str
    item: Item
    upload_id: str
    parts: tuple[Part, ...]
    skip_existing: bool = False
    again: bool = False

    def run(self, stage: Stage) -> Finished | Skipped | Wrong | tuple[Part, ...]:
        item = self.item
        check_source(item)
        written: Written | Finished | Skipped

        def write(condition: Condition | None) -> Written:
            return stage.driver.complete_upload(self.bucket, item.target, self.upload_id, self.parts, condition)

        try:
            written = settled(
                lambda: write_over(stage.driver, self.bucket, item, write),
                lambda: _found(stage.driver, self.bucket, item, etag_of(self.parts)),
                stage.cancel,
            )
        except PreconditionFailed as error:
            written = _taken(item, error, self.skip_existing)
        except ChecksumMismatch as error:
            return self.left(stage.driver, self.bucket, item.target, error)
        if isinstance(written, Finished | Skipped):
            AbortUpload(self.bucket, item.target, self.upload_id).run(stage)  # what stands there may be another's
            return written
        try:
            return verified(stage.driver, self.bucket, item, written, self.parts)
        except ChecksumMismatch as error:
            return taken_back(stage.driver, self.bucket, item.target, error, written.etag, written.version_id)


@dataclass(frozen=True, slots=True)
class AbortUpload(Task):
    """Drop an unfinished upload and its parts.

    Parts that were under way when it was dropped may still arrive (and be billed for ever), and some servers stumble
    over them, so it is dropped until the store says that it does not know it any more.
    """

    bucket: str
    key: str
    upload_id: str

    def run(self, stage: Stage) -> None:
        trouble: ArtifactBrowserError | None = None
        for pause_s in _ABORT_PAUSES_S:
            try:
                stage.target.abort_upload(self.bucket, self.key, self.upload_id)
                if not stage.target.list_parts(self.bucket, self.key, self.upload_id):
                    return
            except UploadNotFound:
                return
            except StorageError as error:  # a store that cannot be reached is for whoever waits for it
                trouble = error
            stage.cancel.wait(pause_s)
        if trouble is not None:
            raise trouble


@dataclass(frozen=True, slots=True)
class DropOld(Task):
    """Drop an upload that a run before has begun, before the item begins anew. A store in trouble is waited for, as with all
    tasks; what it refuses is in the log: the item does not fail for it.
    """

    bucket: str
    key: str
    upload_id: str

    def run(self, stage: Stage) -> None:
        try:
            AbortUpload(self.bucket, self.key, self.upload_id).run(stage)
        except StorageError as error:
            record = error.record()
            if is_passing(record) or wants_credentials(record):
                raise
            _log.warning("an upload is left at a key: %s", type(error).__name__)


def _replaced(item: Item) -> bool:
    """Whether something may have stood there, which is gone: what has come instead is better than nothing."""
    return item.replace or bool(item.expects)


def _taken(item: Item, error: PreconditionFailed, skip_existing: bool) -> Skipped:
    if skip_existing and not item.expects:
        return Skipped("somebody else wrote it meanwhile")
    raise error


def _found(driver: Driver, bucket: str, item: Item, parts_etag: str = "") -> Finished | None:
    """Whether what stands at the target is what we meant to write: then it is written, whoever answered what.

    :raises PreconditionFailed: as :func:`found_at`
    """

    def shown(info: BlobInfo) -> Finished | None:
        if info.size_bytes != item.size_bytes:
            return None
        if parts_etag and info.etag == parts_etag:
            return Finished("md5")
        if is_md5(info.etag, info.headers) and info.etag == file_md5(item.source, item.size_bytes):
            return Finished("md5")
        return None

    return found_at(driver, bucket, item, shown)
