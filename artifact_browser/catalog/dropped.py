"""Files that a commit takes out of an artifact: kept aside, then deleted, unless they are somebody else's by now.

Where they are, what is kept already and whether another artifact begins in one of their folders is told by the LIST that the
commit makes anyway; right before they are deleted another one tells that all of it still holds: a batch of deletes has no
condition, and somebody may have uploaded to the same path meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from artifact_browser.catalog.file_versions import finder
from artifact_browser.catalog.files import Present, StagedFile
from artifact_browser.catalog.kept import keep, kept_name, kept_place
from artifact_browser.catalog.layout import RESERVED_NAMES, Place, check_file_path
from artifact_browser.catalog.sources import version_ids
from artifact_browser.errors import InputError
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import DELIMITER


@dataclass(frozen=True, slots=True)
class Dropped:
    """Files that only the version before lists, by path.

    :ivar present: what a LIST told of :func:`looked_at` a moment ago, if one was made
    """

    files: Mapping[str, StagedFile]
    present: Mapping[str, Present] | None = None


def dropped_files(before: Iterable[StagedFile], after: Iterable[StagedFile]) -> dict[str, StagedFile]:
    """Those of ``before`` that ``after`` does not list, whose bytes are known and that may go."""
    stays = {file.path for file in after}
    return {file.path: file for file in before if file.path not in stays and file.etag and _may_go(file.path)}


def looked_at(place: Place, files: Mapping[str, StagedFile]) -> list[str]:
    """What is to be known to remove ``files``: paths below ``place``."""
    aside = kept_place(place).prefix.removeprefix(place.prefix)
    kept = [aside + name for file in files.values() if (name := kept_name(file.etag))]
    return [*files, *_manifests(files), *kept]


def remove_dropped(driver: Driver, place: Place, dropped: Dropped) -> int:
    """Keep, then delete the blobs of these files; how many.

    A blob that is not the one that was listed is somebody's new upload, and stays; so does one in another artifact.
    """
    files = dropped.files
    if not files:
        return 0
    names = version_ids(files.values())
    find = finder(names)
    present = dropped.present
    if present is None:
        present = find(driver, place, looked_at(place, files))
    others = _of_others(files, present)
    going = {
        path: present[path]
        for path, file in files.items()
        if path in present and path not in others and is_listed(file, present[path])
    }
    if not going:
        return 0
    aside = kept_place(place).prefix.removeprefix(place.prefix)
    etags = {blob.etag: aside + kept_name(blob.etag) for blob in going.values()}
    kept = {etag: present[path] for etag, path in etags.items() if path in present}
    keep(driver, place, going, versions=names, kept=kept)
    still = find(driver, place, [*going, *_manifests(going)])
    others = _of_others(going, still)
    keys = [place.file_key(path) for path, blob in going.items() if still.get(path) == blob and path not in others]
    return sum(not one.error for one in driver.delete_many(place.bucket, keys)) if keys else 0


def is_listed(file: StagedFile, blob: Present) -> bool:
    """Whether ``blob`` is the one that was listed as ``file``."""
    return file.etag == blob.etag and file.size_bytes in (None, blob.size_bytes)


def _may_go(path: str) -> bool:
    try:
        check_file_path(path)
    except InputError:
        return False
    return path.rpartition(DELIMITER)[2] not in RESERVED_NAMES


def _manifests(paths: Iterable[str]) -> list[str]:
    """Where the manifests of artifacts further down would be that these paths could belong to."""
    folders = {folder for path in paths for folder in _folders(path)}
    return [folder + name for folder in folders for name in RESERVED_NAMES]


def _of_others(paths: Iterable[str], present: Collection[str]) -> set[str]:
    """Those of ``paths`` that lie in another artifact further down."""
    return {
        path for path in paths if any(folder + name in present for folder in _folders(path) for name in RESERVED_NAMES)
    }


def _folders(path: str) -> list[str]:
    parts = path.split(DELIMITER)[:-1]
    return [DELIMITER.join(parts[: at + 1]) + DELIMITER for at in range(len(parts))]
