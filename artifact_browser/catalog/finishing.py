"""What a commit leaves to do behind its commit point for the version's sake: removed files, lineage and ``latest``.

Each step can be done twice. ``latest`` goes last, so that one which is late tells the next commit to look again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from artifact_browser.catalog.aliases import move_latest
from artifact_browser.catalog.file_versions import finder
from artifact_browser.catalog.files import Present, StagedFile, locate
from artifact_browser.catalog.head import Head, is_lost
from artifact_browser.catalog.kept import keep
from artifact_browser.catalog.layout import RESERVED_NAMES, Place, check_file_path
from artifact_browser.catalog.lineage_edges import write_edges
from artifact_browser.catalog.manifest import Pause
from artifact_browser.catalog.records import VersionRecord, read_sound_record, record_key
from artifact_browser.catalog.sources import version_ids
from artifact_browser.errors import (
    AccessDenied,
    CatalogError,
    InputError,
    NetworkError,
    ReadOnlyAccount,
    StorageError,
)
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import DELIMITER

#: What happens to derived things is told, not raised: the commit stands.
_TOLD = (AccessDenied, CatalogError, NetworkError, ReadOnlyAccount, StorageError)


def finish_version(driver: Driver, place: Place, head: Head, parent: VersionRecord | None, pause: Pause) -> str:
    """Remove the files that ``head.record`` lists no more, write its edges, move ``latest``; why that must wait, or ""."""
    record = head.record
    if record is None:
        return ""
    try:
        if parent is None and head.unfinished:
            parent = read_sound_record(driver, place, record.parent)
        if parent is not None:
            remove_dropped(driver, place, parent, record)
            if parent.adopted:  # whoever committed it wrote none
                write_edges(driver, place, parent)
        write_edges(driver, place, record)
        move_latest(driver, place, record, head.latest, pause)
    except _TOLD as error:
        return f"{error.title}. {error.detail}"
    return ""


def resume_version(driver: Driver, place: Place, head: Head, staged: Iterable[StagedFile]) -> None:
    """Finish the commit before, which was interrupted; files that are staged again meanwhile stay."""
    if head.record is None:
        return
    with suppress(*_TOLD):
        write_edges(driver, place, head.record)
    if not head.record.parent:
        return
    with suppress(*_TOLD):
        parent = read_sound_record(driver, place, head.record.parent)
        if parent is not None:
            remove_dropped(driver, place, parent, head.record, [file.path for file in staged])


def remove_dropped(
    driver: Driver, place: Place, parent: VersionRecord, record: VersionRecord, but: Iterable[str] = ()
) -> int:
    """Keep, then delete the blobs of files that only ``parent`` lists; how many.

    A blob that is not the one ``parent`` listed is somebody's new upload, and stays.
    """
    stays = {file.path for file in record.files} | set(but)
    dropped = {file.path: file for file in parent.files if file.path not in stays and file.etag and _may_go(file.path)}
    if not dropped:
        return 0
    names = version_ids(dropped.values())
    find = finder(names)
    present = find(driver, place, dropped)
    going = {path: blob for path, blob in present.items() if _is_it(dropped[path], blob)}
    for path in _of_others(driver, place, going):
        del going[path]
    if not going:
        return 0
    keep(driver, place, going, versions=names)
    still = find(driver, place, going)
    keys = [place.file_key(path) for path, blob in going.items() if still.get(path) == blob]
    return sum(not one.error for one in driver.delete_many(place.bucket, keys)) if keys else 0


def sweep(driver: Driver, place: Place, record: VersionRecord, head: Head | None) -> None:
    """Delete the record of a commit that another one overtook (``head``), or that was given up before its manifest was
    sent (``None``); anything unclear stays, and counts for nothing.
    """
    with suppress(*_TOLD):
        if head is None or is_lost(driver, place, record, head):
            driver.delete(place.bucket, record_key(place, record.version))


def _is_it(file: StagedFile, blob: Present) -> bool:
    return file.etag == blob.etag and file.size_bytes in (None, blob.size_bytes)


def _may_go(path: str) -> bool:
    try:
        check_file_path(path)
    except InputError:
        return False
    return path.rpartition(DELIMITER)[2] not in RESERVED_NAMES


def _of_others(driver: Driver, place: Place, paths: Iterable[str]) -> Sequence[str]:
    """Those of ``paths`` that lie in another artifact further down."""
    folders = {path: _folders(path) for path in paths}
    manifests = {folder + name: folder for above in folders.values() for folder in above for name in RESERVED_NAMES}
    others = {manifests[path] for path in locate(driver, place, manifests)} if manifests else set()
    return [path for path, above in folders.items() if not others.isdisjoint(above)]


def _folders(path: str) -> list[str]:
    parts = path.split(DELIMITER)[:-1]
    return [DELIMITER.join(parts[: at + 1]) + DELIMITER for at in range(len(parts))]
