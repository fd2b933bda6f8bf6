"""Where the bytes of files are that do not stand in their place any more: in a version of the bucket's, or kept aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from artifact_browser.catalog.file_versions import find_versions
from artifact_browser.catalog.files import Present, StagedFile
from artifact_browser.catalog.kept import find_kept, kept_name, kept_place
from artifact_browser.catalog.layout import Place
from artifact_browser.storage.driver import Driver


@dataclass(frozen=True, slots=True)
class Source:
    """What to copy or read a file's bytes from: a key, and (in ``blob.version_id``) its version where that is named."""

    key: str
    blob: Present


def version_ids(files: Iterable[StagedFile]) -> dict[str, str]:
    """The version ids that a record names, by path."""
    return {file.path: file.version_id for file in files if file.version_id}


def find_sources(driver: Driver, place: Place, files: Iterable[StagedFile]) -> dict[str, Source]:
    """Sources of these files, by path; those without are gone. One LIST per 1,000 versions, and one per 1,000 kept blobs."""
    listed = list(files)
    wanted = version_ids(listed)
    there = find_versions(driver, place, wanted) if wanted else {}
    found = {
        file.path: Source(place.file_key(file.path), blob)
        for file in listed
        if (blob := there.get(file.path)) is not None and _fits(file, blob) and file.etag in ("", blob.etag)
    }
    rest = [file for file in listed if file.path not in found]
    kept = find_kept(driver, place, [file.etag for file in rest]) if rest else {}
    return found | _kept(place, rest, kept)


def _kept(place: Place, files: Iterable[StagedFile], kept: Mapping[str, Present]) -> dict[str, Source]:
    aside = kept_place(place)
    return {
        file.path: Source(aside.file_key(kept_name(file.etag)), blob)
        for file in files
        if (blob := kept.get(file.etag)) is not None and _fits(file, blob)
    }


def _fits(file: StagedFile, blob: Present) -> bool:
    return file.size_bytes in (None, blob.size_bytes)
