"""A file's way up, as tasks for movers: in one piece, or begun, sent in parts and finished.

Targets that may not be replaced are written create-only where the store honours that, so that no race overwrites
anything; an answer lost on the way is settled by looking, never by writing again blindly.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from artifact_browser.errors import (
    ArtifactBrowserError,
    BlobNotFound,
    ChecksumMismatch,
    NetworkError,
    NotSupported,
    OutcomeUnknown,
    PreconditionFailed,
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
    Support,
    WriteOptions,
    Written,
)
from artifact_browser.storage.filetypes import content_type_of
from artifact_browser.transfers.content import file_md5, is_md5
from artifact_browser.transfers.disk import check_source
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Finished, Skipped, Stage, Task

FOLDER_TYPE = "application/x-directory"
_TRIES = 3
_ABORT_PAUSES_S = (0.1, 0.3, 0.9, 2.0)


@dataclass(frozen=True, slots=True)
class PutFile(Task):
    """Send a whole file. Result: :class:`Finished` or :class:`Skipped`."""

    bucket: str
    item: Item
    skip_existing: bool = False

    @property
    def moved_bytes(self) -> int:
        return self.item.size_bytes

    def run(self, stage: Stage) -> Finished | Skipped:
        item = self.item
        check_source(item)
        body: Body = FileSlice(Path(item.source), 0, item.size_bytes, stage.moved) if item.size_bytes else b""
        options = WriteOptions(content_type=content_type_of(item.target))

        def write(condition: Condition | None) -> Written:
            return stage.driver.put(self.bucket, item.target, body, options, condition)

        for attempt in range(_TRIES):
            try:
                written = create_only(stage.driver, item, write)
                break
            except (PreconditionFailed, OutcomeUnknown) as error:
                if same := _same_blob(stage.driver, self.bucket, item, ""):
                    return same
                if isinstance(error, PreconditionFailed) or attempt == _TRIES - 1:
                    return _taken(item, error, self.skip_existing)
        check_source(item)
        return verified(stage.driver, self.bucket, item, written)


@dataclass(frozen=True, slots=True)
class PutMarker(Task):
    """Keep an empty folder as a zero-byte blob ``name/``; one that is there already is fine unless ``new``."""

    bucket: str
    item: Item
    new: bool = False

    def run(self, stage: Stage) -> Finished:
        item = self.item
        options = WriteOptions(content_type=FOLDER_TYPE)
        if _head(stage.driver, self.bucket, item):
            return self._exists()
        try:
            create_only(
                stage.driver,
                item,
                lambda condition: stage.driver.put(self.bucket, item.target, b"", options, condition),
            )
        except PreconditionFailed:
            return self._exists()
        return Finished("")

    def _exists(self) -> Finished:
        if self.new:
            raise PreconditionFailed("A folder of that name is there already.", subject=self.item.target)
        return Finished("", "was there already")


@dataclass(frozen=True, slots=True)
class BeginUpload(Task):
    """Begin a multipart upload. Result: its id. Not interruptible: an id that nobody knows cannot be cleaned up."""

    bucket: str
    item: Item

    alone = True
    interruptible = False

    def run(self, stage: Stage) -> str:
        check_source(self.item)
        options = WriteOptions(content_type=content_type_of(self.item.target))
        return stage.driver.create_upload(self.bucket, self.item.target, options)


@dataclass(frozen=True, slots=True)
class PutPart(Task):
    """Send one part. Result: :class:`Part`."""

    bucket: str
    item: Item
    upload_id: str
    number: int
    offset: int
    length: int

    @property
    def moved_bytes(self) -> int:
        return self.length

    def run(self, stage: Stage) -> Part:
        check_source(self.item)
        body = FileSlice(Path(self.item.source), self.offset, self.length, stage.moved)
        part = stage.driver.upload_part(self.bucket, self.item.target, self.upload_id, self.number, body)
        check_source(self.item)
        return part


@dataclass(frozen=True, slots=True)
class FinishUpload(Task):
    """Make the parts one blob, and check it. Result: :class:`Finished` or :class:`Skipped`."""

    bucket: str
    item: Item
    upload_id: str
    parts: tuple[Part, ...]
    skip_existing: bool = False

    alone = True

    def run(self, stage: Stage) -> Finished | Skipped:
        item = self.item
        check_source(item)

        def write(condition: Condition | None) -> Written:
            return stage.driver.complete_upload(self.bucket, item.target, self.upload_id, self.parts, condition)

        try:
            written = create_only(stage.driver, item, write)
        except (PreconditionFailed, OutcomeUnknown, UploadNotFound) as error:
            # UploadNotFound: an attempt before may have finished it, and its answer was lost
            if same := _same_blob(stage.driver, self.bucket, item, _etag_of(self.parts)):
                return same
            return _taken(item, error, self.skip_existing)
        return verified(stage.driver, self.bucket, item, written)


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
                stage.driver.abort_upload(self.bucket, self.key, self.upload_id)
                if not stage.driver.list_parts(self.bucket, self.key, self.upload_id):
                    return
            except UploadNotFound:
                return
            except (StorageError, NetworkError) as error:
                trouble = error
            stage.cancel.wait(pause_s)
        if trouble is not None:
            raise trouble


def create_only(driver: Driver, item: Item, write: Callable[[Condition | None], Written]) -> Written:
    """Write; on condition that nothing is there, where the item may not replace and the store honours that.

    :raises PreconditionFailed: something is there
    :raises OutcomeUnknown: look before trying again
    """
    if not item.replace and driver.capabilities.conditional_create is not Support.NO:
        with suppress(NotSupported):  # found out now: nothing was sent yet
            return write(Condition(if_absent=True))
    return write(None)


def verified(driver: Driver, bucket: str, item: Item, written: Written) -> Finished:
    """:raises ChecksumMismatch: the stored blob has another size; it is removed if it is still ours"""
    if written.verified:
        return Finished(written.verified)
    info = driver.head(bucket, item.target)
    if info.size_bytes == item.size_bytes:
        return Finished("size")
    if info.etag == written.etag:
        driver.delete(bucket, item.target)
    raise ChecksumMismatch(
        f"{item.size_bytes} bytes were sent, {info.size_bytes} are stored.", subject=f"{bucket}/{item.target}"
    )


def _taken(item: Item, error: ArtifactBrowserError, skip_existing: bool) -> Skipped:
    if isinstance(error, PreconditionFailed) and skip_existing:
        return Skipped("somebody else wrote it meanwhile")
    raise error


def _head(driver: Driver, bucket: str, item: Item) -> BlobInfo | None:
    try:
        return driver.head(bucket, item.target)
    except BlobNotFound:
        return None


def _same_blob(driver: Driver, bucket: str, item: Item, parts_etag: str) -> Finished | None:
    """Whether what stands at the target is what we meant to write: then it is written, whoever answered what."""
    info = _head(driver, bucket, item)
    if info is None or info.size_bytes != item.size_bytes:
        return None
    if parts_etag and info.etag == parts_etag:
        return Finished("md5")
    if is_md5(info.etag, info.headers) and info.etag == file_md5(item.source, item.size_bytes):
        return Finished("md5")
    return None


def _etag_of(parts: Sequence[Part]) -> str:
    """What S3 makes the ETag of a blob of these parts, or "" where parts' ETags are no MD5s."""
    try:
        digests = b"".join(binascii.unhexlify(part.etag) for part in parts)
    except binascii.Error:
        return ""
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
