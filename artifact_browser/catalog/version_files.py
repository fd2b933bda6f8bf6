"""What is fetched of a version: where its bytes are, how they are known, and where they go when others take their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from artifact_browser.catalog.kept import kept_name, kept_place
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.versions import FileAt, Where
from artifact_browser.transfers.pins import NO_PIN, Pin


@dataclass(frozen=True, slots=True)
class VersionFiles:
    """A version's files, in step, for a download that may go on when others have replaced them.

    :ivar keys: where their bytes are now; :ivar paths: what each is called in the version
    :ivar versions: which version of the blob, where it is not the latest; :ivar pins: the bytes that are meant
    :ivar gone: how many others are nowhere
    """

    keys: tuple[str, ...]
    paths: tuple[str, ...]
    versions: tuple[str, ...]
    pins: tuple[Pin, ...]
    gone: int = 0


def files_to_fetch(place: Place, files: Sequence[FileAt]) -> VersionFiles:
    """What is to be downloaded of these files of a version of the artifact at ``place``."""
    there = [one for one in files if one.key]
    return VersionFiles(
        keys=tuple(one.key for one in there),
        paths=tuple(one.file.path for one in there),
        versions=tuple(one.version_id for one in there),
        pins=tuple(_pin(place, one) for one in there),
        gone=len(files) - len(there),
    )


def _pin(place: Place, one: FileAt) -> Pin:
    """What stands in its place may be written over: the bucket keeps it as a version then, or it is kept aside."""
    file = one.file
    if one.where is not Where.CURRENT:
        return NO_PIN
    if file.version_id:
        return Pin(file.etag, one.key, file.version_id)
    name = kept_name(file.etag) if file.etag else ""
    return Pin(file.etag, kept_place(place).file_key(name) if name else "")
