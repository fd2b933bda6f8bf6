"""Bytes that a later edit replaced or removed: copied by the store to ``.artifact/kept/<ETag>``, and brought back.

A file's key holds the latest upload only, staged or not. So before bytes of a committed version are written over or
deleted, they are copied aside under the name of their ETag, create-only where the store can, and compared: by size,
and by ETag or by the original still being the one that was looked at. Kept bytes are never changed or deleted here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from artifact_browser.catalog.files import Present, locate
from artifact_browser.catalog.layout import DERIVED, Place
from artifact_browser.catalog.records import MAX_ENCODED_NAME, encoded_name
from artifact_browser.errors import (
    ArtifactBrowserError,
    BlobNotFound,
    CommitConflict,
    FilesMissing,
    NotSupported,
    OutcomeUnknown,
    PreconditionFailed,
)
from artifact_browser.storage.driver import Condition, Driver, Part

_COPIERS = 8
_PART_BYTES = 256 * 1024**2
_SHOWN = 20

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


def keep(driver: Driver, place: Place, blobs: Mapping[str, Present], check: Check = lambda: None) -> None:
    """See to it that the bytes of these files (by path) are kept. One copy each, and a LIST or two for all.

    :param check: called before each copy; may raise to stop
    :raises CommitConflict: files that somebody wrote over while they were copied, or whose copy is another
    :raises NotSupported: the store can not copy one of them
    """
    if not blobs:
        return
    aside = kept_place(place)
    kept = find_kept(driver, place, [blob.etag for blob in blobs.values()])
    wanted = {path: blob for path, blob in blobs.items() if not _is_same(kept.get(blob.etag), blob)}
    unnamed = [path for path, blob in wanted.items() if not kept_name(blob.etag)]
    if unnamed:
        raise NotSupported("This store does not say which bytes are there.", subject=", ".join(unnamed[:_SHOWN]))

    def copy(one: tuple[str, Present]) -> None:
        path, blob = one
        check()
        target, spoiled = aside.file_key(kept_name(blob.etag)), blob.etag in kept
        copy_blob(driver, place.bucket, place.file_key(path), target, blob, create_only=not spoiled)

    _each(copy, {blob.etag: (path, blob) for path, blob in wanted.items()}.values())
    if not wanted:
        return
    kept = find_kept(driver, place, [blob.etag for blob in wanted.values()])
    unsure = {
        path: blob
        for path, blob in wanted.items()
        if not (there := kept.get(blob.etag)) or (there.size_bytes, there.etag) != (blob.size_bytes, blob.etag)
    }
    originals = locate(driver, place, unsure)
    lost = [
        path
        for path, blob in unsure.items()
        if (there := kept.get(blob.etag)) is None or there.size_bytes != blob.size_bytes or originals.get(path) != blob
    ]
    if lost:
        raise CommitConflict(
            f"{len(lost):,} file{' was' if len(lost) == 1 else 's were'} changed while the committed bytes were kept.",
            subject="\n".join(sorted(lost)[:_SHOWN]),
            kept="Nothing was overwritten.",
            todo="Look again, then repeat it.",
        )


def bring_back(
    driver: Driver, place: Place, wanted: Mapping[str, str], now: Mapping[str, Present], check: Check = lambda: None
) -> dict[str, Present]:
    """Copy kept bytes (ETags by path) to where the files belong; what their blobs are then.

    :param now: what lies there and may be written over: its bytes are kept or nobody's
    :raises FilesMissing: some are not kept (nothing was written)
    :raises CommitConflict: something else lies there now; others may be back already, which can be repeated
    """
    if not wanted:
        return {}
    kept = find_kept(driver, place, wanted.values())
    gone = [path for path, etag in wanted.items() if etag not in kept]
    if gone:
        raise FilesMissing(
            f"The bytes of {len(gone):,} file{'' if len(gone) == 1 else 's'} are not kept.",
            subject="\n".join(sorted(gone)[:_SHOWN]),
        )
    aside = kept_place(place)

    def copy(one: tuple[str, str]) -> None:
        path, etag = one
        check()
        there, key = now.get(path), place.file_key(path)
        if _etag_of(driver, place.bucket, key) != (there.etag if there else ""):
            raise CommitConflict("The file was changed by somebody else meanwhile.", subject=path)
        copy_blob(driver, place.bucket, aside.file_key(kept_name(etag)), key, kept[etag], create_only=there is None)

    _each(copy, wanted.items())
    back = locate(driver, place, wanted)
    other = [
        path for path, etag in wanted.items() if path not in back or back[path].size_bytes != kept[etag].size_bytes
    ]
    if other:
        raise CommitConflict("Files were changed while they were brought back.", subject="\n".join(other[:_SHOWN]))
    return back


def copy_blob(driver: Driver, bucket: str, key: str, to_key: str, blob: Present, *, create_only: bool) -> None:
    """A copy by the store; in parts above its limit. With ``create_only`` what is there already stays.

    :raises NotSupported: it is too large, and the store cannot copy it in parts
    """
    condition = Condition(if_absent=True) if create_only else None
    if blob.size_bytes > driver.capabilities.max_copy_bytes:
        _copy_in_parts(driver, bucket, key, to_key, blob, condition)
        return
    try:
        driver.copy(bucket, key, bucket, to_key, condition=condition)
    except NotSupported:
        driver.copy(bucket, key, bucket, to_key)
    except (PreconditionFailed, OutcomeUnknown):
        if _etag_of(driver, bucket, to_key):
            return  # it is there, by us or by somebody else: it is compared afterwards
        driver.copy(bucket, key, bucket, to_key)


def _copy_in_parts(
    driver: Driver, bucket: str, key: str, to_key: str, blob: Present, condition: Condition | None
) -> None:
    if "%" in key:
        # Ceph 16.2 decodes a part's source twice, and would take another blob for "50%25"
        raise NotSupported(
            "A file this large, with a percent sign in its name, cannot be kept.",
            subject=key,
            todo="Stage the new file under another name, or rename this one first.",
        )
    limits = driver.capabilities
    step = max(min(_PART_BYTES, limits.max_part_bytes), limits.min_part_bytes, -(-blob.size_bytes // limits.max_parts))
    upload_id = driver.create_upload(bucket, to_key)
    try:
        parts: list[Part] = []
        for number, start in enumerate(range(0, blob.size_bytes, step), 1):
            length = min(step, blob.size_bytes - start)
            parts.append(
                driver.copy_part(bucket, key, bucket, to_key, upload_id, number, start, length, if_match=blob.etag)
            )
        try:
            driver.complete_upload(bucket, to_key, upload_id, parts, condition)
        except NotSupported:
            driver.complete_upload(bucket, to_key, upload_id, parts)
    except (PreconditionFailed, OutcomeUnknown):
        with suppress(ArtifactBrowserError):
            driver.abort_upload(bucket, to_key, upload_id)
        if condition is None or not _etag_of(driver, bucket, to_key):
            raise
    except BaseException:
        with suppress(ArtifactBrowserError):
            driver.abort_upload(bucket, to_key, upload_id)
        raise


def _is_same(kept: Present | None, blob: Present) -> bool:
    """Whether what is kept under the blob's ETag needs no further look. Copies of blobs in parts get another ETag:
    there the size decides, as nobody else writes these names.
    """
    if kept is None or kept.size_bytes != blob.size_bytes:
        return False
    return kept.etag == blob.etag or "-" in blob.etag


def _etag_of(driver: Driver, bucket: str, key: str) -> str:
    try:
        return driver.head(bucket, key).etag
    except BlobNotFound:
        return ""


def _each(work: Callable[[_Item], None], items: Iterable[_Item]) -> None:
    with ThreadPoolExecutor(_COPIERS, thread_name_prefix="copies") as copiers:
        for _ in copiers.map(work, items):
            pass
