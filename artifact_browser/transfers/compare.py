"""Comparing a folder with a prefix: the dry run of a one-way sync in either direction. Nothing is changed.

Both sides are listed into a :mod:`~artifact_browser.transfers.compare_file`; files of equal size are read when the
content is to decide.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import BlobNotFound, ChecksumMismatch, FileMissing, InputError
from artifact_browser.paths import make_private
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import DELIMITER, Location
from artifact_browser.storage.open import opened
from artifact_browser.transfers.choice import PLAIN_UPLOAD
from artifact_browser.transfers.compare_file import By, CompareFile, Comparison, Direction, Group, Row, discard
from artifact_browser.transfers.content import check_file
from artifact_browser.transfers.ignore_files import IgnoreFiles, ignore_files_above
from artifact_browser.transfers.local_names import key_segments
from artifact_browser.transfers.lookup import Blob, blobs_below
from artifact_browser.transfers.walk import Found, What, walk
from artifact_browser.workers.job import JobContext

_TICK_S = 0.1
#: what nobody synced for so long is forgotten
_OLD_S = 7 * 86400


@dataclass(frozen=True, slots=True)
class CompareProgress:
    """How far it is: names found on either side, then bytes read to compare contents."""

    local: int = 0
    remote: int = 0
    bytes_read: int = 0


def compare(
    context: JobContext, record: AccountRecord, location: Location, folder: str, by: By = By.TIME
) -> Generator[None, None, Comparison]:
    """INTERACTIVE job: ``folder`` against the prefix ``location``. Progress: :class:`CompareProgress`.

    What ``.artifactignore`` leaves out of uploads is left out here as well, on both sides.
    Of one size on both sides counts as identical when the source is not the younger one; ``By.CONTENT`` reads every
    such file and compares its checksum or MD5 with the blob's, and falls back to the times where the store has neither.

    :raises InputError: there is no such folder
    :raises ArtifactBrowserError: one side could not be listed as a whole: half a comparison would delete
    """
    if not Path(folder).is_dir():
        raise InputError("There is no such folder.", subject=folder)
    folder = str(Path(folder).resolve())  # it may be a link itself; those below it are not followed
    comparisons = make_private(context.paths.cache / "comparisons")
    _forget_old(comparisons)
    path = comparisons / f"{uuid.uuid4().hex}.compare"
    teller = _Teller(context)
    try:
        with CompareFile(path, new=True) as file, opened(context, record) as driver:
            file.add_local(teller.local(_local_rows(folder)))
            base = len(location.key)
            below = ((blob.key[base:], blob) for blob in blobs_below(driver, location.bucket, location.key))
            file.add_remote(teller.remote((key, blob) for key, blob in below if key))
            ignored = _Ignored(folder)
            file.leave_out([(key, said) for key in file.remote_only() if (said := ignored.by(key))])
            file.settle_folders()
            if by is By.CONTENT:
                verdicts = ((row.key, _same(driver, location, row, teller)) for row in file.in_doubt())
                file.set_same([(key, same) for key, same in verdicts if same is not None])
            totals = file.totals()
    except BaseException:
        discard(str(path))
        raise
    yield from ()
    return Comparison(location, folder, str(path), by, totals)


def read_rows(
    context: JobContext, file: str, direction: Direction, group: Group, limit: int
) -> Generator[None, None, list[Row]]:
    """INTERACTIVE job: the first ``limit`` rows of a group."""
    with CompareFile(file) as found:
        rows = list(found.rows(direction, [group], limit))
    yield from ()
    return rows


class _Teller:
    """Counts on the way and tells it, at most ten times a second; stops a cancelled job."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._now = CompareProgress()
        self._told_at = 0.0

    def local(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            self._tell(replace(self._now, local=self._now.local + 1))
            yield row

    def remote(self, pairs: Iterator[tuple[str, Blob]]) -> Iterator[tuple[str, Blob]]:
        for pair in pairs:
            self._tell(replace(self._now, remote=self._now.remote + 1))
            yield pair

    def read(self, size_bytes: int) -> None:
        self._tell(replace(self._now, bytes_read=self._now.bytes_read + size_bytes))

    def tick(self) -> None:
        self._context.cancel.raise_if_cancelled()

    def _tell(self, now: CompareProgress) -> None:
        self._now = now
        self.tick()
        if time.monotonic() - self._told_at >= _TICK_S:
            self._told_at = time.monotonic()
            self._context.progress(now)


class _Ignored:
    """What the ignore files here say about names that only the store has."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        names = PLAIN_UPLOAD.ignore_files
        self._inside = {folder: ignore_files_above(folder, names).inside(folder, os.listdir(folder))}  # noqa: PTH208

    def by(self, key: str) -> str:
        """The ignore file that leaves ``key`` out; empty when none does."""
        *folders, name = key.split(DELIMITER)
        path, ignoring = self._folder, self._inside[self._folder]
        for part in folders:
            path = os.path.join(path, part)  # noqa: PTH118 - called for every name
            if by := ignoring.leaves_out(path, folder=True):
                return by
            ignoring = self._of(path, part, ignoring)
        return ignoring.leaves_out(os.path.join(path, name), folder=False) if name else ""  # noqa: PTH118

    def _of(self, path: str, part: str, above: IgnoreFiles) -> IgnoreFiles:
        if path not in self._inside:
            plain = part not in {"", ".", ".."} and "\0" not in part and not os.path.islink(path)  # noqa: PTH114
            there = os.listdir(path) if plain and os.path.isdir(path) else []  # noqa: PTH112, PTH208
            self._inside[path] = above.inside(path, there)
        return self._inside[path]


def _local_rows(folder: str) -> Iterator[Row]:
    above = 1 if Path(folder).name else 0
    for found in walk(folder, PLAIN_UPLOAD):
        names = found.names[above:]
        if found.what is What.UNREADABLE and found.error is not None:
            raise found.error  # what lies below it would seem to be missing
        if names:
            yield _local_row(found, names)


def _local_row(found: Found, names: tuple[str, ...]) -> Row:
    key = DELIMITER.join(key_segments(names))
    note = f"left out by {found.by}" if found.by else ""
    if found.what in {What.EMPTY_FOLDER, What.FOLDER_LEFT_OUT}:
        key += DELIMITER
    elif found.what in {What.LINK, What.SPECIAL}:
        note = f"{found.what}: not compared"
    try:
        key.encode()
    except UnicodeEncodeError:
        key, note = DELIMITER.join(names), "its name is not valid Unicode, so it cannot be a key"
    return Row(key, found.path, found.size_bytes, found.modified_us, found.file_id, None, 0, "", note)


def _same(driver: Driver, location: Location, row: Row, teller: _Teller) -> bool | None:
    """Whether the file and the blob are the same by their content; ``None``: the store cannot tell."""
    assert row.local_size is not None
    try:
        how = check_file(Path(row.path), driver.head(location.bucket, location.key + row.key), teller.tick)
    except ChecksumMismatch:
        return False
    except (BlobNotFound, FileMissing):
        return None  # gone meanwhile; the sync will see
    finally:
        teller.read(row.local_size)
    return None if how in {"", "size"} else True


def _forget_old(comparisons: Path) -> None:
    for path in comparisons.glob("*.compare"):
        try:
            if time.time() - path.stat().st_mtime > _OLD_S:
                discard(str(path))
        except OSError:
            continue
