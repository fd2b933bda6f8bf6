"""An artifact's files: how they are recorded in its manifest, and whether what was recorded is there.

Existence and size come from LIST answers, one for every 1,000 files, not from a HEAD each; stretches of the bucket
that hold nothing recorded are jumped over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from artifact_browser.catalog.layout import Place, check_file_path
from artifact_browser.errors import BlobNotFound, InputError
from artifact_browser.storage.driver import Driver
from artifact_browser.workers.packed import packed

FILES_KEY = "files"


@packed
@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file of an artifact as its manifest records it; ``size_bytes`` is ``None`` where nobody recorded it.

    :ivar checksums: by name as in the manifest: ``sha256``, ``crc32c`` ...
    :ivar version_id: of the blob, in a version's record only: what the bucket keeps it under, whatever is written over it
    """

    path: str
    size_bytes: int | None = None
    etag: str = ""
    checksums: tuple[tuple[str, str], ...] = ()
    version_id: str = ""


class Fault(StrEnum):
    MISSING = "missing"
    SIZE_DIFFERS = "size differs"
    BAD_PATH = "path not allowed"


@dataclass(frozen=True, slots=True)
class FileProblem:
    """What stands in the way of a commit: one file, one reason, in a sentence."""

    path: str
    fault: Fault
    sentence: str


@dataclass(frozen=True, slots=True)
class Present:
    """A blob that is there. ``version_id`` is empty where none was asked for, or what is written over it replaces it."""

    size_bytes: int
    etag: str
    version_id: str = ""


CHECKSUMS = ("sha256", "crc32c", "crc64nvme", "md5")


def recorded_files(fields: Mapping[Any, Any]) -> list[StagedFile]:
    """The manifest's files, without repetitions (the last entry of a path counts); strange entries are left out."""
    listed = fields.get(FILES_KEY)
    found: dict[str, StagedFile] = {}
    for entry in listed if isinstance(listed, list) else []:
        path = entry.get("path") if isinstance(entry, Mapping) else entry
        if not isinstance(path, str):
            continue
        facts = entry if isinstance(entry, Mapping) else {}
        size, etag = facts.get("size"), facts.get("etag")
        found[path] = StagedFile(
            path,
            size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
            etag if isinstance(etag, str) else "",
            tuple((name, facts[name]) for name in CHECKSUMS if isinstance(facts.get(name), str)),
        )
    return list(found.values())


def with_files(listed: object, added: Iterable[StagedFile]) -> list[Any]:
    """The manifest's list with files added: one entry per path, other keys of an entry (weights) are kept."""
    entries: dict[str, Any] = {}
    strange: list[Any] = []
    for entry in listed if isinstance(listed, list) else []:
        path = entry.get("path") if isinstance(entry, Mapping) else entry
        if isinstance(path, str):
            entries[path] = {**(entry if isinstance(entry, Mapping) else {}), "path": path}
        else:
            strange.append(entry)
    for file in added:
        check_file_path(file.path)
        entry = entries.setdefault(file.path, {"path": file.path})
        for name in ("size", "etag", *CHECKSUMS):
            entry.pop(name, None)
        if file.size_bytes is not None:
            entry["size"] = file.size_bytes
        if file.etag:
            entry["etag"] = file.etag
        entry.update(file.checksums)
    return strange + list(entries.values())


def without_files(listed: object, paths: Iterable[str]) -> list[Any]:
    """The manifest's list without these paths."""
    gone = set(paths)
    entries = listed if isinstance(listed, list) else []
    return [entry for entry in entries if (entry.get("path") if isinstance(entry, Mapping) else entry) not in gone]


def find_problems(driver: Driver, place: Place, files: Sequence[StagedFile]) -> list[FileProblem]:
    """Everything that is wrong with the recorded files, all at once."""
    return check_files(driver, place, files)[0]


def check_files(
    driver: Driver,
    place: Place,
    files: Sequence[StagedFile],
    find: Callable[[Driver, Place, Iterable[str]], dict[str, Present]] | None = None,
) -> tuple[list[FileProblem], dict[str, Present]]:
    """As :func:`find_problems`, and what their blobs are, as ``find`` (else :func:`locate`) has found them."""
    problems = []
    sound = []
    for file in files:
        try:
            check_file_path(file.path)
        except InputError as error:
            problems.append(FileProblem(file.path, Fault.BAD_PATH, error.detail))
        else:
            sound.append(file)
    present = (find or locate)(driver, place, [file.path for file in sound])
    for file in sound:
        blob = present.get(file.path)
        if blob is None:
            problems.append(FileProblem(file.path, Fault.MISSING, "It is recorded, but no such blob is there."))
        elif file.size_bytes is not None and blob.size_bytes != file.size_bytes:
            sentence = f"{file.size_bytes:,} bytes were recorded, the blob has {blob.size_bytes:,}."
            problems.append(FileProblem(file.path, Fault.SIZE_DIFFERS, sentence))
    return sorted(problems, key=lambda problem: problem.path), present


def locate(driver: Driver, place: Place, paths: Iterable[str]) -> dict[str, Present]:
    """Size and ETag of those of ``paths`` that exist."""
    wanted = sorted({place.file_key(path): path for path in paths}.items())
    found: dict[str, Present] = {}
    at = 0
    while at < len(wanted):
        before = at
        key = wanted[at][0]
        page = next(iter(driver.list_pages(place.bucket, place.prefix, delimiter="", start_after=key[:-1])))
        sizes_and_etags = {
            name: Present(size, etag) for name, size, etag in zip(page.keys, page.sizes, page.etags, strict=True)
        }
        last = page.keys[-1] if page.keys and page.next_token is not None else None
        while at < len(wanted) and (last is None or wanted[at][0] <= last):
            key, path = wanted[at]
            if key in sizes_and_etags:
                found[path] = sizes_and_etags[key]
            at += 1
        if at == before:  # a page full of others that sort between: ask for this one by name
            key, path = wanted[at]
            try:
                info = driver.head(place.bucket, key)
                found[path] = Present(info.size_bytes, info.etag)
            except BlobNotFound:
                pass
            at += 1
    return found
