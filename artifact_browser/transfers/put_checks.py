"""What is written is written under its conditions, checked, and taken back where it is wrong: for tasks of uploads and copies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from artifact_browser.errors import (
    AccessDenied,
    ArtifactBrowserError,
    ChecksumMismatch,
    DiskError,
    ErrorRecord,
    NetworkError,
    NotSupported,
    ServerFault,
    Throttled,
)
from artifact_browser.storage.driver import NULL_VERSION, Condition, Driver, Part, Support, Written
from artifact_browser.storage.etag import etag_of_parts, is_md5, parts_in
from artifact_browser.transfers.content import file_md5
from artifact_browser.transfers.evidence import head_or_none
from artifact_browser.transfers.standing import check_blob, etag_in
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import SMALL_BYTES, Finished, Stage, Task


@dataclass(frozen=True, slots=True)
class Wrong:
    """What stands at the target is not what was meant (``error`` says why), and could not be removed yet: a later attempt
    would take it for somebody else's.
    """

    etag: str
    error: ErrorRecord
    version_id: str = ""


@dataclass(frozen=True, slots=True)
class RemoveWrong(Task):
    """Remove it, if it is still that; the item has failed then."""

    bucket: str
    key: str
    wrong: Wrong

    interruptible = False

    def run(self, stage: Stage) -> None:
        _remove_wrong(stage.target, self.bucket, self.key, self.wrong.etag, self.wrong.version_id)


def write_over(
    driver: Driver, bucket: str, item: Item, write: Callable[[Condition | None], Written], *, by_etag: bool = True
) -> Written:
    """As :func:`create_only`; where only what is known may be replaced, after a look at it, and on that condition where the
    store honours it.

    :param by_etag: the write can carry that condition (a copy in a store cannot)
    """
    if not item.expects:
        return create_only(driver, item, write)
    if not check_blob(driver, bucket, item.target, item.expects):  # gone meanwhile: then nothing may be written over
        return create_only(driver, replace(item, replace=False), write)
    etag = etag_in(item.expects)
    if by_etag and etag and driver.capabilities.conditional_replace is not Support.NO:
        with suppress(NotSupported):  # found out now: nothing was sent yet
            return write(Condition(if_match=etag))
    return write(None)


def create_only(driver: Driver, item: Item, write: Callable[[Condition | None], Written]) -> Written:
    """Write; on condition that nothing is there, where the item may not replace and the store honours that.

    :raises PreconditionFailed: something is there
    :raises OutcomeUnknown: look before trying again
    """
    if not item.replace and driver.capabilities.conditional_create is not Support.NO:
        with suppress(NotSupported):  # found out now: nothing was sent yet
            return write(Condition(if_absent=True))
    return write(None)


def verified(driver: Driver, bucket: str, item: Item, written: Written, parts: Sequence[Part] = ()) -> Finished:
    """How a written blob was checked; one of ``parts`` by what its parts were checked by when they were sent.

    :raises ChecksumMismatch: the stored blob has another size
    """
    if written.verified:
        return Finished(written.verified)
    small = item.size_bytes <= SMALL_BYTES  # reading it again takes less than asking, and says more
    with suppress(DiskError):  # it was there when it was read
        if small and is_md5(written.etag, {}) and written.etag == file_md5(item.source, item.size_bytes):
            return Finished("md5")
    info = driver.head(bucket, item.target)
    if info.size_bytes == item.size_bytes:
        if parts and all(part.checksum for part in parts):
            return Finished("crc32c")
        of_parts = parts_in(info.etag, info.headers) and info.etag == etag_of(parts)
        return Finished("md5" if of_parts else "size")
    raise ChecksumMismatch(
        f"{item.size_bytes} bytes were sent, {info.size_bytes} are stored.", subject=f"{bucket}/{item.target}"
    )


def taken_back(
    driver: Driver, bucket: str, key: str, error: ArtifactBrowserError, etag: str, version_id: str = ""
) -> Wrong:
    """Remove what was written wrong for ``error`` as this ETag and version, and raise that; while the store cannot be reached:
    what is to be removed.
    """
    try:
        _remove_wrong(driver, bucket, key, etag, version_id)
    except (NetworkError, ServerFault, Throttled):
        return Wrong(etag, error.record(), version_id)
    raise error


def _remove_wrong(driver: Driver, bucket: str, key: str, etag: str, version_id: str) -> None:
    """If it is still that. Of versions exactly that one, so that what stood there before stands there again."""
    if version_id not in {"", NULL_VERSION}:  # "null" is a place, which another may have written to meanwhile
        with suppress(AccessDenied, NotSupported):  # whose keys may delete, but no version: it is hidden then
            (outcome,) = driver.delete_versions(bucket, [(key, version_id)])
            if not outcome.error:
                return
    there = head_or_none(driver, bucket, key) if etag else None
    if there is not None and there.etag == etag:
        driver.delete(bucket, key)


def etag_of(parts: Sequence[Part]) -> str:
    """What S3 makes the ETag of a blob of these parts, or "" where parts' ETags are no MD5s."""
    return etag_of_parts([part.etag for part in parts])
