"""An artifact's history: its versions from the latest to the first, what one of them holds, and where its bytes are.

The history is the chain of parents from the committed manifest on: a record outside of it belongs to a commit that
was lost. Records are read several at once, in the order in which the store says they were written; that order only
decides what is fetched together, never what is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import unquote

from artifact_browser.catalog.aliases import LATEST, Alias, list_aliases, move_alias
from artifact_browser.catalog.collection_text import read_collection
from artifact_browser.catalog.file_versions import finder
from artifact_browser.catalog.files import Present, StagedFile, locate, recorded_files
from artifact_browser.catalog.head import Head, adopt, adopted_name, find_head
from artifact_browser.catalog.layout import DERIVED, Place
from artifact_browser.catalog.manifest import Manifest, Pause, read_manifest
from artifact_browser.catalog.opening import shown_fields
from artifact_browser.catalog.records import (
    OTHER_PROGRAM,
    CommitNote,
    VersionRecord,
    make_record,
    read_record,
    read_sound_record,
)
from artifact_browser.catalog.sources import find_sources
from artifact_browser.errors import BlobNotFound, ManifestUnreadable
from artifact_browser.storage.driver import Driver

PAGE = 500
_READERS = 8
#: Records that are looked for one by one where the batch did not hold them.
_MAX_SINGLES = 50
_MAX_LIST_PAGES = 20


#: What may be done about it.
WHY_GONE = (
    "The bucket kept them as versions, which a lifecycle rule or somebody has removed: look at the bucket\u2019s rules, or "
    "upload the files again."
)


class Where(StrEnum):
    """Where the bytes of a version's file are now."""

    CURRENT = "current"
    #: in a version that the bucket keeps
    VERSION = "version"
    KEPT = "kept"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version in the list.

    :ivar committed: the artifact is at this version now; :ivar recorded: its record is written (else at the next commit)
    """

    sequence: int
    version: str
    time_us: int = 0
    author: str = ""
    message: str = ""
    parent: str = ""
    adopted: bool = False
    file_count: int = 0
    size_bytes: int = 0
    committed: bool = False
    recorded: bool = True
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionList:
    """Versions, the latest first.

    :ivar more: the version to go on with, empty at the end
    :ivar broken: the record that is missing or damaged, where the history ends too early
    """

    lines: tuple[VersionLine, ...]
    aliases: tuple[Alias, ...] = ()
    more: str = ""
    broken: str = ""


@dataclass(frozen=True, slots=True)
class FileAt:
    """A version's file, and the key (and the version of it, where it is not the latest) its bytes are at; empty when they
    are gone.
    """

    file: StagedFile
    where: Where
    key: str = ""
    version_id: str = ""


@dataclass(frozen=True, slots=True)
class VersionShown:
    """What one version holds, to look at. ``error``: its manifest cannot be read, and why."""

    version: str
    fields: dict[str, str]
    files: tuple[FileAt, ...]
    error: str = ""


def list_versions(
    driver: Driver, place: Place, after: str = "", check: Callable[[], None] = lambda: None, page: int = PAGE
) -> VersionList:
    """Up to ``page`` versions: some GETs, a LIST per 1,000 records and aliases, and one GET for each version.

    :param after: go on with this version (a list's ``more``); :param check: may raise to stop
    :raises ManifestUnreadable: the committed manifest
    """
    committed = read_manifest(driver, place.bucket, place.committed_key)
    head = find_head(driver, place, committed)
    lines: list[VersionLine] = []
    start = after
    if not after:
        if committed is not None and head.record is None:
            lines.append(_line(unrecorded(committed, head), recorded=False))
        start = head.tip.version if head.tip else ""
    if not lines and not start:
        return VersionList(())
    aliases = list_aliases(driver, place)
    known = {head.tip.version: _line(head.tip)} if head.tip else {}
    room = page - len(lines)
    if start and not (len(known) == 1 and start in known and not known[start].parent):
        known |= _read_lines(driver, place, _names(driver, place, start, room), check)
    more = broken = ""
    singles = 0
    while start:
        if len(lines) >= page:
            more = start
            break
        line = known.get(start)
        if line is None and singles < _MAX_SINGLES:
            singles += 1
            record = read_sound_record(driver, place, start)
            line = _line(record) if record else None
            if line is None:
                broken = start
                break
        elif line is None:
            more = start
            break
        if lines and line.sequence >= lines[-1].sequence:
            broken = start  # a chain that does not go down could go in a circle
            break
        lines.append(line)
        start = line.parent
    return VersionList(
        _named(lines, aliases, committed_first=committed is not None and not after), tuple(aliases), more, broken
    )


def version_of(driver: Driver, place: Place, version: str) -> VersionRecord:
    """One version's record; of a committed manifest that has none yet: what it will be.

    :raises BlobNotFound: there is no such version; :raises ManifestUnreadable: its record is damaged
    """
    record = read_record(driver, place, version)
    if record is not None:
        return record
    committed = read_manifest(driver, place.bucket, place.committed_key)
    if committed is not None:
        head = find_head(driver, place, committed)
        if head.record is None and adopted_name(head.tip, committed) == version:
            paths = [file.path for file in recorded_files(committed.fields)]
            present = finder(committed.version_id)(driver, place, paths)
            return unrecorded(committed, head, present)
    raise BlobNotFound("There is no such version.", subject=version)


def fields_of(record: VersionRecord) -> dict[Any, Any]:
    """The fields of a version's manifest. :raises ManifestUnreadable: its text is no manifest"""
    return read_collection(record.manifest_text.encode(errors="replace"), subject=record.version).fields


def look_into(driver: Driver, place: Place, version: str) -> VersionShown:
    """A version's fields and files. :raises BlobNotFound: :raises ManifestUnreadable: its record is damaged"""
    record = version_of(driver, place, version)
    files = tuple(where_files(driver, place, record.files))
    try:
        manifest = Manifest(read_collection(record.manifest_text.encode(errors="replace"), subject=version))
    except ManifestUnreadable as error:
        return VersionShown(version, {}, files, error.detail)
    return VersionShown(version, shown_fields(manifest) or {}, files)


def point_alias(
    driver: Driver, place: Place, name: str, version: str, by: str, expected: str, pause: Pause = time.sleep
) -> Alias:
    """As :func:`~aliases.move_alias`; another program's version that has no record yet gets it first."""
    if read_record(driver, place, version) is None:
        version_of(driver, place, version)
        committed = read_manifest(driver, place.bucket, place.committed_key)
        if committed is not None:
            adopt(driver, place, committed, find_head(driver, place, committed), pause=pause)
    return move_alias(driver, place, name, version, by, expected, pause)


def where_files(driver: Driver, place: Place, files: Iterable[StagedFile]) -> list[FileAt]:
    """Where the bytes of a version's files are now: one LIST per 1,000 files, and for those that are not current
    those of :func:`~sources.find_sources`.
    """
    listed = list(files)
    present = locate(driver, place, [file.path for file in listed])
    away = [file for file in listed if not _is_current(file, present.get(file.path))]
    sources = find_sources(driver, place, away) if away else {}
    missing = {file.path for file in away}
    found = []
    for file in listed:
        if file.path not in missing:
            found.append(FileAt(file, Where.CURRENT, place.file_key(file.path)))
        elif (source := sources.get(file.path)) is not None:
            where = Where.VERSION if source.blob.version_id else Where.KEPT
            found.append(FileAt(file, where, source.key, source.blob.version_id))
        else:
            found.append(FileAt(file, Where.GONE))
    return found


def unrecorded(committed: Manifest, head: Head, present: dict[str, Present] | None = None) -> VersionRecord:
    """The committed manifest as the version it will be adopted as; nothing is written."""
    return make_record(
        committed, adopted_name(head.tip, committed), head.tip, CommitNote(author=OTHER_PROGRAM), present or {},
        recorded_files(committed.fields), adopted=True, time_us=committed.modified_us,
    )  # fmt: skip


def _is_current(file: StagedFile, blob: Present | None) -> bool:
    if blob is None or file.size_bytes not in (None, blob.size_bytes):
        return False
    return not file.etag or file.etag == blob.etag


def _line(record: VersionRecord, *, recorded: bool = True) -> VersionLine:
    return VersionLine(
        sequence=record.sequence,
        version=record.version,
        time_us=record.time_us,
        author=record.author,
        message=record.message,
        parent=record.parent,
        adopted=record.adopted,
        file_count=len(record.files),
        size_bytes=sum(file.size_bytes or 0 for file in record.files),
        recorded=recorded,
    )


def _named(lines: list[VersionLine], aliases: Iterable[Alias], *, committed_first: bool) -> tuple[VersionLine, ...]:
    """With the aliases of each; ``latest`` is the committed one, however late the blob of that name is."""
    names: dict[str, list[str]] = {}
    for alias in aliases:
        if alias.name != LATEST:
            names.setdefault(alias.now.version, []).append(alias.name)
    found = []
    for at, line in enumerate(lines):
        latest = at == 0 and committed_first
        chips = (*((LATEST,) if latest else ()), *sorted(names.get(line.version, ())))
        found.append(replace(line, committed=latest, aliases=chips))
    return tuple(found)


def _names(driver: Driver, place: Place, start: str, most: int) -> list[str]:
    """Names of records to read: ``start`` and what was written before it, the latest first."""
    folder = f"{place.prefix}{DERIVED}/v/"
    found: list[tuple[int, str]] = []
    for number, page in enumerate(driver.list_pages(place.bucket, folder, delimiter="")):
        found += [
            (modified, unquote(key[len(folder) :].removesuffix(".json")))
            for key, modified in zip(page.keys, page.modified_us, strict=True)
            if key.endswith(".json")
        ]
        if number + 1 == _MAX_LIST_PAGES:
            break
    found.sort(reverse=True)
    names = [name for _, name in found]
    first = max(0, names.index(start) - _MAX_SINGLES) if start in names else 0
    return names[first : first + most + 2 * _MAX_SINGLES]


def _read_lines(
    driver: Driver, place: Place, names: Iterable[str], check: Callable[[], None]
) -> dict[str, VersionLine]:
    def read(name: str) -> VersionLine | None:
        check()
        record = read_sound_record(driver, place, name)
        return _line(record) if record else None

    with ThreadPoolExecutor(_READERS, thread_name_prefix="records") as readers:
        return {line.version: line for line in readers.map(read, names) if line is not None}
