"""The record that every commit leaves behind: manifest, identities of the files, who, when, and after what.

Records are immutable and create-only. One is written before the manifest that names it, so one that neither the
committed manifest nor a successor names is an orphan of a lost or killed commit, and counts for nothing.
"""

from __future__ import annotations

import getpass
import time
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol, TypeGuard
from urllib.parse import quote

from artifact_browser.catalog.files import CHECKSUMS, Present, StagedFile
from artifact_browser.catalog.json_blob import dump_object, parse_object, read_bytes, write_bytes
from artifact_browser.catalog.layout import DERIVED, Place, check_file_path
from artifact_browser.catalog.manifest import Manifest, Pause
from artifact_browser.catalog.yaml_text import MAX_BYTES, dump_mapping, too_large
from artifact_browser.errors import InputError, ManifestUnreadable
from artifact_browser.storage.driver import Driver

SCHEMA = 1
#: Of a version whose manifest we did not write.
OTHER_PROGRAM = "other program"
MAX_RECORD_BYTES = 24 * 1024**2
MAX_MESSAGE = 4000
MAX_AUTHOR = 128
MAX_SEQUENCE = 2**53
#: Of a version's or an alias's name as it stands in the key: a file name of This computer, with ``.json``.
MAX_ENCODED_NAME = 200
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})


@dataclass(frozen=True, slots=True)
class CommitNote:
    """What a person says about a commit. ``version`` empty: the commit's own id is its name."""

    version: str = ""
    message: str = ""
    author: str = ""


#: Nothing said.
NO_NOTE = CommitNote()
NOTHING: Mapping[str, Present] = MappingProxyType({})


class Ancestor(Protocol):
    """What a record needs to know of the version before."""

    @property
    def version(self) -> str: ...
    @property
    def commit_id(self) -> str: ...
    @property
    def sequence(self) -> int: ...


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One version.

    :ivar sequence: from 1, the one before plus one
    :ivar parent: the version before; empty for the first
    :ivar adopted: another program committed it, or it was committed before there were records
    :ivar content: the manifest's fingerprint
    :ivar manifest_text: YAML, without a collection's list of children
    """

    sequence: int
    version: str
    commit_id: str
    time_us: int
    author: str
    message: str
    parent: str
    parent_commit: str
    content: str
    manifest_text: str = field(repr=False)
    files: tuple[StagedFile, ...] = field(repr=False)
    adopted: bool = False


def record_key(place: Place, version: str) -> str:
    """Where a version's record lies."""
    return f"{place.prefix}{DERIVED}/v/{encoded_name(version)}.json"


def encoded_name(name: str) -> str:
    """A name as one component of a key: percent-encoded."""
    return quote(name, safe="")


def check_label(name: str, what: str = "version") -> None:
    """Return if ``name`` can name a version or an alias.

    :raises InputError: empty, too long, with blanks at its ends, control characters or invisible marks
    """
    if not name or name != name.strip():
        raise InputError(f"The name of a {what} has no blanks at its ends, and is not empty.", subject=ascii(name[:80]))
    if any(unicodedata.category(letter) in _UNSEEN for letter in name):
        raise InputError("The name has control characters or invisible marks in it.", subject=ascii(name[:80]))
    if len(encoded_name(name)) > MAX_ENCODED_NAME:
        raise InputError(f"The name of the {what} is too long.", subject=name[:80], todo="Choose a shorter name.")


def own_author() -> str:
    """Who works here, as the operating system calls them; may be empty."""
    try:
        return clean(getpass.getuser(), MAX_AUTHOR)
    except (ImportError, KeyError, OSError):
        return ""


def clean(text: str, most: int) -> str:
    """A line or text of a person without what nobody sees."""
    kept = (letter for letter in text[: most * 2] if letter in "\n\t" or unicodedata.category(letter) not in _UNSEEN)
    return "".join(kept).strip()[:most]


def make_record(
    manifest: Manifest,
    version: str,
    parent: Ancestor | None,
    note: CommitNote = NO_NOTE,
    present: Mapping[str, Present] = NOTHING,
    files: Iterable[StagedFile] = (),
    *,
    adopted: bool = False,
    time_us: int | None = None,
) -> VersionRecord:
    """The record of ``manifest`` as the version after ``parent``; files get the identity their blobs have now.

    :param note: where it names no author it is who works here

    :raises ManifestUnreadable: the manifest is larger than would be read again (an adopted one is left out then)
    """
    text = dump_mapping(manifest.fields)
    if len(text.encode()) > MAX_BYTES:
        if not adopted:
            raise too_large(len(text.encode()), MAX_BYTES, "")
        text = ""  # as another program wrote it, it was shorter: it blocks nobody, and cannot be restored
    return VersionRecord(
        sequence=parent.sequence + 1 if parent else 1,
        version=version,
        commit_id=manifest.commit_id,
        time_us=time.time_ns() // 1000 if time_us is None else time_us,
        author=clean(note.author, MAX_AUTHOR) or own_author(),
        message=clean(note.message, MAX_MESSAGE),
        parent=parent.version if parent else "",
        parent_commit=parent.commit_id if parent else "",
        content=manifest.fingerprint,
        manifest_text=text,
        files=tuple(_identified(file, present.get(file.path)) for file in files),
        adopted=adopted,
    )


def _identified(file: StagedFile, blob: Present | None) -> StagedFile:
    return file if blob is None else StagedFile(file.path, blob.size_bytes, blob.etag, file.checksums, blob.version_id)


def write_record(driver: Driver, place: Place, record: VersionRecord, pause: Pause) -> None:
    """Write it, create-only.

    :raises CommitConflict: there is another of this name; :raises OutcomeUnknown:
    :raises ManifestUnreadable: it is larger than would be read again
    """
    data = encode_record(record)
    if len(data) > MAX_RECORD_BYTES:
        raise too_large(len(data), MAX_RECORD_BYTES, f"{place.bucket}/{record_key(place, record.version)}")
    write_bytes(driver, place.bucket, record_key(place, record.version), data, "", pause)


def read_record(driver: Driver, place: Place, version: str) -> VersionRecord | None:
    """The record of that name, ``None`` where there is none. :raises ManifestUnreadable: it is damaged"""
    try:
        check_label(version)
    except InputError:
        return None
    key = record_key(place, version)
    found = read_bytes(driver, place.bucket, key, MAX_RECORD_BYTES)
    return None if found is None else decode_record(found.data, f"{place.bucket}/{key}", version)


def read_sound_record(driver: Driver, place: Place, version: str) -> VersionRecord | None:
    """As :func:`read_record`, with a damaged one counted as none: it blocks nobody's commit."""
    try:
        return read_record(driver, place, version) if version else None
    except ManifestUnreadable:
        return None


def encode_record(record: VersionRecord) -> bytes:
    """The record as JSON."""
    parent = {"version": record.parent, "commit": record.parent_commit} if record.parent else None
    return dump_object(
        {
            "schema": SCHEMA,
            "sequence": record.sequence,
            "version": record.version,
            "commit": record.commit_id,
            "time_us": record.time_us,
            "author": record.author,
            "message": record.message,
            "parent": parent,
            "adopted": record.adopted,
            "content": record.content,
            "manifest": record.manifest_text,
            "files": [
                {
                    "path": file.path,
                    "size": file.size_bytes,
                    "etag": file.etag,
                    **_version(file),
                    **dict(file.checksums),
                }
                for file in record.files
            ],
        }
    )


def decode_record(data: bytes, subject: str, version: str) -> VersionRecord:
    """The record in ``data``, which lies where ``version``'s does. :raises ManifestUnreadable:"""
    body = parse_object(data, subject)
    sequence, time_us, files, parent = (body.get(name) for name in ("sequence", "time_us", "files", "parent"))
    if body.get("version") != version or not _is_count(sequence) or sequence < 1 or not isinstance(files, list):
        raise ManifestUnreadable("It is no record of this version.", subject=subject)
    parent = parent if isinstance(parent, Mapping) else {}
    return VersionRecord(
        sequence=sequence,
        version=version,
        commit_id=_text(body.get("commit")),
        time_us=time_us if _is_count(time_us) else 0,
        author=clean(_text(body.get("author")), MAX_AUTHOR),
        message=clean(_text(body.get("message")), MAX_MESSAGE),
        parent=_text(parent.get("version")),
        parent_commit=_text(parent.get("commit")),
        content=_text(body.get("content")),
        manifest_text=_text(body.get("manifest"), MAX_RECORD_BYTES),
        files=tuple(file for entry in files if (file := _file(entry)) is not None),
        adopted=body.get("adopted") is True,
    )


def _file(entry: object) -> StagedFile | None:
    """A file of a record; one with a path that no artifact can have is none."""
    if not isinstance(entry, Mapping) or not isinstance(path := entry.get("path"), str):
        return None
    try:
        check_file_path(path)
    except InputError:
        return None
    size = entry.get("size")
    sums = tuple((name, entry[name]) for name in CHECKSUMS if isinstance(entry.get(name), str))
    return StagedFile(
        path, size if _is_count(size) else None, _text(entry.get("etag")), sums, _text(entry.get("version_id"))
    )


def _version(file: StagedFile) -> dict[str, str]:
    return {"version_id": file.version_id} if file.version_id else {}


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SEQUENCE


def _text(value: object, most: int = 4096) -> str:
    return value[:most] if isinstance(value, str) else ""
