"""What shows that a copy is its original, and what it takes to delete an original: used by movers.

An original is deleted only behind a copy that was checked, and only while it is still the blob that was copied.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from artifact_browser.errors import (
    ArtifactBrowserError,
    BlobNotFound,
    ChecksumMismatch,
    NotSupported,
    PreconditionFailed,
)
from artifact_browser.storage.driver import BlobInfo, Driver, Reader, Support
from artifact_browser.storage.etag import is_md5
from artifact_browser.transfers.content import check_same, md5_of, whole_checksums
from artifact_browser.transfers.lost_answers import settled
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Stage
from artifact_browser.workers.cancel import CancelToken

_CHUNK_BYTES = 1024**2
_WRITTEN_TO = "It changed while it was copied; both were kept."
F = TypeVar("F")


def head_or_none(driver: Driver, bucket: str, key: str) -> BlobInfo | None:
    """What stands at a key."""
    try:
        return driver.head(bucket, key)
    except BlobNotFound:
        return None


def found_at(driver: Driver, bucket: str, item: Item, shown: Callable[[BlobInfo], F | None]) -> F | None:
    """What ``shown`` makes of what stands at an item's target, for :func:`~.lost_answers.settled`; ``None``: nothing stands
    there, or what may be written over.

    :param shown: ``None`` where it is not what the item was to write
    :raises PreconditionFailed: something else stands there
    """
    there = head_or_none(driver, bucket, item.target)
    found = None if there is None else shown(there)
    if there is not None and found is None and not (item.replace or item.expects):
        raise PreconditionFailed("A blob of that name is there already.", subject=item.target)
    return found


def same(one: BlobInfo, other: BlobInfo) -> bool:
    """Whether size and ETag are the same."""
    return bool(one.etag) and one.etag == other.etag and one.size_bytes == other.size_bytes


def how_same(original: BlobInfo, copy: BlobInfo) -> str:
    """By what the stores' own words show that two blobs are the same: a checksum's name, ``md5``, ``etag``, or ``size``
    where that is all they have in common.

    :raises ChecksumMismatch: they are not
    """
    if original.size_bytes != copy.size_bytes:
        raise ChecksumMismatch(
            f"{original.size_bytes} bytes were copied, {copy.size_bytes} are stored.", subject=copy.key
        )
    ours, theirs = whole_checksums(original), whole_checksums(copy)
    for name in ours.keys() & theirs.keys():
        if ours[name] != theirs[name]:
            raise ChecksumMismatch(f"The copy has another {name.upper()} than the original.", subject=copy.key)
        return name
    if is_md5(original.etag, original.headers) and is_md5(copy.etag, copy.headers):
        if original.etag != copy.etag:
            raise ChecksumMismatch("The copy has another MD5 than the original.", subject=copy.key)
        return "md5"
    return "etag" if same(original, copy) or not original.size_bytes else "size"


def proof_of(stage: Stage, bucket: str, original: BlobInfo, to_bucket: str, there: BlobInfo) -> str:
    """What shows that a blob which nobody has told of is the same as the original: as :func:`how_same`, and ``bytes`` where
    the stores' words do not suffice. Empty where it is another.

    :raises PreconditionFailed: one of them was written to meanwhile
    """
    try:
        how = how_same(original, there)
        return how if how != "size" else compare_bytes(stage, bucket, original, to_bucket, there)
    except ChecksumMismatch:
        return ""


def holds_md5(there: BlobInfo, body: memoryview) -> bool:
    """Whether a blob is these bytes, as far as an MD5 says."""
    return there.size_bytes == len(body) and is_md5(there.etag, there.headers) and there.etag == md5_of(body)


def holds(stage: Stage, bucket: str, there: BlobInfo, body: memoryview) -> bool:
    """Whether the target's blob is these bytes; read where its ETag is no MD5."""
    if there.size_bytes != len(body) or is_md5(there.etag, there.headers):
        return holds_md5(there, body)
    return reads_as(stage.target, bucket, there, body, stage.cancel)


def reads_as(driver: Driver, bucket: str, blob: BlobInfo, body: memoryview, cancel: CancelToken) -> bool:
    """Whether these bytes come when a blob is read (once more). :raises PreconditionFailed: it is another one by now"""
    done, room = 0, memoryview(bytearray(min(_CHUNK_BYTES, max(1, len(body)))))
    with driver.get(bucket, blob.key, if_match=blob.etag) as reader:
        check_same(reader.info, blob.size_bytes, blob.etag)
        while count := _fill(reader, room):
            cancel.raise_if_cancelled()
            if room[:count] != body[done : done + count]:
                return False
            done += count
    return done == len(body)


def compare_bytes(stage: Stage, bucket: str, original: BlobInfo, to_bucket: str, copy: BlobInfo) -> str:
    """Read both and compare. Result: ``bytes``. :raises ChecksumMismatch:"""
    rooms = [memoryview(bytearray(min(_CHUNK_BYTES, max(1, original.size_bytes)))) for _ in range(2)]
    with (
        stage.driver.get(bucket, original.key, if_match=original.etag) as one,
        stage.target.get(to_bucket, copy.key, if_match=copy.etag) as other,
    ):
        check_same(one.info, original.size_bytes, original.etag)
        check_same(other.info, copy.size_bytes, copy.etag)
        while True:
            stage.cancel.raise_if_cancelled()
            counts = [_fill(reader, room) for reader, room in zip((one, other), rooms, strict=True)]
            if rooms[0][: counts[0]] != rooms[1][: counts[1]]:
                raise ChecksumMismatch("The copy has other bytes than the original.", subject=copy.key)
            if not counts[0]:
                return "bytes"


def drop(driver: Driver, bucket: str, bad: BlobInfo, cancel: CancelToken) -> None:
    """Remove a bad copy, if it is still ours. What prevents that is not said: why it is bad matters more."""
    with suppress(ArtifactBrowserError):
        delete_unchanged(driver, bucket, bad, cancel)


def delete_unchanged(driver: Driver, bucket: str, blob: BlobInfo, cancel: CancelToken) -> None:
    """Delete a blob, unless somebody has written to it since ``blob`` was seen; gone is fine.

    :raises PreconditionFailed: it was: both are kept
    :raises ServerFault: :raises JobCancelled: as :func:`~.lost_answers.settled`
    """

    def delete() -> bool:
        if driver.capabilities.conditional_delete is not Support.NO:
            with suppress(NotSupported):
                driver.delete(bucket, blob.key, if_match=blob.etag)
                return True
        if not same(blob, driver.head(bucket, blob.key)):
            raise PreconditionFailed(_WRITTEN_TO, subject=blob.key)
        driver.delete(bucket, blob.key)
        return True

    def is_gone() -> bool | None:
        return True if head_or_none(driver, bucket, blob.key) is None else None

    try:
        settled(delete, is_gone, cancel)
    except BlobNotFound:
        return
    except PreconditionFailed as error:
        raise PreconditionFailed(_WRITTEN_TO, subject=blob.key, technical=error.technical) from error


def _fill(reader: Reader, room: memoryview) -> int:
    """Read until ``room`` is full or the blob ends."""
    done = 0
    while done < len(room) and (count := reader.readinto(room[done:])):
        done += count
    return done
