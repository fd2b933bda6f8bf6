"""Bytes that a later edit replaced or removed: copied by the store to ``.artifact/kept/<ETag>``.

A file's key holds the latest upload only, staged or not. So before bytes of a committed version are written over or
deleted, they are copied aside under the name of their ETag, create-only where the store can, and compared: by size,
and by ETag or by the original still being the one that was looked at. Kept bytes are never changed or deleted here. Where
the bucket has versions and the record names the blob's, they stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

from artifact_browser.catalog.files import Present, locate
from artifact_browser.catalog.layout import DERIVED, Place
from artifact_browser.catalog.records import MAX_ENCODED_NAME, encoded_name
from artifact_browser.errors import (
    ArtifactBrowserError,
    BlobNotFound,
    CommitConflict,
    NotSupported,
    OutcomeUnknown,
    PreconditionFailed,
)
from artifact_browser.storage.driver import Condition, Driver, Part, Versioning

_COPIERS = 8
_PART_BYTES = 256 * 1024**2
#: nobody copies one file for so long: an upload that was begun before was left by who was killed over it
_STALE_US = 24 * 3_600_000_000
_SHOWN = 20
NO_VERSIONS: Mapping[str, str] = MappingProxyType({})

Check = Callable[[], None]
_Item = TypeVar("_Item")


def kept_place(place: Place) -> Place:
    """Where an artifact's kept bytes lie."""
    return Place(place.bucket, f"{place.prefix}{DERIVED}/kept/")


def kept_name(etag: str) -> str:
    """The name below :func:`kept_place` of the bytes with that ETag; empty where there can be none."""
    name = encoded_name(etag)
    return name if len(name) <= MAX_ENCODED_NAME else ""


def find_kept(driver: Driver, place: Place, etags: Iterable[str]) -> dict[str, Present]:
    """Which of the bytes with these ETags are kept: by ETag. One LIST per 1,000."""
    names = {name: etag for etag in etags if etag and (name := kept_name(etag))}
    return {names[name]: blob for name, blob in locate(driver, kept_place(place), names).items()}


def keep(
    driver: Driver,
    place: Place,
    blobs: Mapping[str, Present],
    check: Check = lambda: None,
    versions: Mapping[str, str] = NO_VERSIONS,
    kept: Mapping[str, Present] | None = None,
) -> None:
    """See to it that the bytes of these files (by path) are kept. One copy each, and a LIST or two for all; none where the
    bucket keeps them. A copy is proven by the ETag that the store answers; where that is another, by a LIST.

    :param check: called before each copy; may raise to stop
    :param versions: the version ids that a record names, by path: such a blob stays where it is if the bucket has its
        versions on now
    :param kept: what is kept already, by ETag, where somebody has looked
    :raises CommitConflict: files that somebody wrote over while they were copied, or whose copy is another
    :raises NotSupported: the store can not copy one of them
    """
    apart = {path: blob for path, blob in blobs.items() if not _is_named(versions, path, blob)}
    if len(apart) < len(blobs) and driver.versioning(place.bucket) is Versioning.ON:
        blobs = apart
    if not blobs:
        return
    aside = kept_place(place)
    if kept is None:
        kept = find_kept(driver, place, [blob.etag for blob in blobs.values()])
    wanted = {path: blob for path, blob in blobs.items() if not _is_same(kept.get(blob.etag), blob)}
    unnamed = [path for path, blob in wanted.items() if not kept_name(blob.etag)]
    if unnamed:
        raise NotSupported("This store does not say which bytes are there.", subject=", ".join(unnamed[:_SHOWN]))

    in_parts = bool(wanted) and driver.versioning(place.bucket, recently=True) is Versioning.SUSPENDED
    before, proven = kept, set[str]()

    def copy(one: tuple[str, Present]) -> None:
        path, blob = one
        check()
        source, target, spoiled = place.file_key(path), aside.file_key(kept_name(blob.etag)), blob.etag in before
        etag = copy_blob(driver, place.bucket, source, target, blob, create_only=not spoiled, in_parts=in_parts)
        if etag == blob.etag:
            proven.add(etag)

    each(copy, {blob.etag: (path, blob) for path, blob in wanted.items()}.values())
    wanted = {path: blob for path, blob in wanted.items() if blob.etag not in proven}
    if not wanted:
        return
    kept = find_kept(driver, place, [blob.etag for blob in wanted.values()])
    unsure = {
        path: blob
        for path, blob in wanted.items()
        if not (there := kept.get(blob.etag)) or (there.size_bytes, there.etag) != (blob.size_bytes, blob.etag)
    }
    originals = locate(driver, place, unsure)  # without their versions
    lost = [
        path
        for path, blob in unsure.items()
        if (there := kept.get(blob.etag)) is None
        or there.size_bytes != blob.size_bytes
        or originals.get(path) != replace(blob, version_id="")
    ]
    if lost:
        raise CommitConflict(
            f"{len(lost):,} file{' was' if len(lost) == 1 else 's were'} changed while the committed bytes were kept.",
            subject="\n".join(sorted(lost)[:_SHOWN]),
            kept="Nothing was overwritten.",
            todo="Look again, then repeat it.",
        )


def copy_blob(
    driver: Driver, bucket: str, key: str, to_key: str, blob: Present, *, create_only: bool, in_parts: bool = False
) -> str:
    """A copy by the store; in parts above its limit. Its ETag, empty where the store did not say it of a whole copy. With ``create_only`` what is there already stays. It is the version
    of ``key`` that ``blob`` names, if it names one.

    :param in_parts: also below its limit: in Ceph 16.2 a plain copy of a null version shares its bytes where the key has
        other versions, and changes when that is written over (measured)
    :raises NotSupported: it is too large, and the store cannot copy it in parts
    """
    condition = Condition(if_absent=True) if create_only else None
    if blob.size_bytes > driver.capabilities.max_copy_bytes or (in_parts and blob.size_bytes):
        _copy_in_parts(driver, bucket, key, to_key, blob, condition)
        return ""
    version: dict[str, Any] = {"version_id": blob.version_id} if blob.version_id else {}
    try:
        return driver.copy(bucket, key, bucket, to_key, condition=condition, **version).etag
    except NotSupported:
        return driver.copy(bucket, key, bucket, to_key, **version).etag
    except (PreconditionFailed, OutcomeUnknown):
        if etag_of(driver, bucket, to_key):
            return ""  # it is there, by us or by somebody else: it is compared afterwards
        return driver.copy(bucket, key, bucket, to_key, **version).etag


def _copy_in_parts(
    driver: Driver, bucket: str, key: str, to_key: str, blob: Present, condition: Condition | None
) -> None:
    if "%" in key:
        # Ceph 16.2 decodes a part's source twice, and would take another blob for "50%25"
        raise NotSupported(
            "A file with a percent sign in its name cannot be kept if it is this large, or the bucket\u2019s versions are "
            "suspended.",
            subject=key,
            todo="Stage the new file under another name, or rename this one first.",
        )
    limits = driver.capabilities
    step = max(min(_PART_BYTES, limits.max_part_bytes), limits.min_part_bytes, -(-blob.size_bytes // limits.max_parts))
    version = {"version_id": blob.version_id} if blob.version_id else {}
    upload_id = driver.create_upload(bucket, to_key)
    try:
        _drop_stale(driver, bucket, to_key, upload_id)
        parts: list[Part] = []
        for number, start in enumerate(range(0, blob.size_bytes, step), 1):
            length = min(step, blob.size_bytes - start)
            parts.append(
                driver.copy_part(
                    bucket, key, bucket, to_key, upload_id, number, start, length, if_match=blob.etag, **version
                )
            )
        try:
            driver.complete_upload(bucket, to_key, upload_id, parts, condition)
        except NotSupported:
            driver.complete_upload(bucket, to_key, upload_id, parts)
    except (PreconditionFailed, OutcomeUnknown):
        with suppress(ArtifactBrowserError):
            driver.abort_upload(bucket, to_key, upload_id)
        if condition is None or not etag_of(driver, bucket, to_key):
            raise
    except BaseException:
        with suppress(ArtifactBrowserError):
            driver.abort_upload(bucket, to_key, upload_id)
        raise


def _drop_stale(driver: Driver, bucket: str, key: str, ours: str) -> None:
    """Drop what was left at this very key by somebody who was killed, or lost the network, while copying the same bytes: old by
    the store's own clock, which the upload of ``ours`` tells. Who may not list uploads leaves it.
    """
    with suppress(ArtifactBrowserError):
        there = {one.upload_id: one.started_us for one in driver.list_uploads(bucket, key) if one.key == key}
        now = there.pop(ours, 0)
        for upload_id, started_us in there.items():
            if 0 < started_us <= now - _STALE_US:
                driver.abort_upload(bucket, key, upload_id)


def _is_named(versions: Mapping[str, str], path: str, blob: Present) -> bool:
    return bool(blob.version_id) and versions.get(path) == blob.version_id


def _is_same(kept: Present | None, blob: Present) -> bool:
    """Whether what is kept under the blob's ETag needs no further look. Copies of blobs in parts, and copies made in parts,
    get another ETag: there the size decides, as nobody else writes these names.
    """
    if kept is None or kept.size_bytes != blob.size_bytes:
        return False
    return kept.etag == blob.etag or "-" in blob.etag or "-" in kept.etag


def etag_of(driver: Driver, bucket: str, key: str) -> str:
    """What stands at ``key``; empty where nothing does."""
    try:
        return driver.head(bucket, key).etag
    except BlobNotFound:
        return ""


def each(work: Callable[[_Item], None], items: Iterable[_Item]) -> None:
    """Several at once. :raises ArtifactBrowserError: the first that went wrong"""
    with ThreadPoolExecutor(_COPIERS, thread_name_prefix="copies") as copiers:
        for _ in copiers.map(work, items):
            pass
