"""What a comparison found: one row for each name, on disk, asked by direction.

The file is SQLite in the cache, so that a million names cost no memory, and what is synced is exactly what was shown.
Not thread-safe: whoever needs it opens it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from types import TracebackType

from artifact_browser.errors import DiskError
from artifact_browser.storage.location import DELIMITER, Location
from artifact_browser.transfers.disk import disk_errors
from artifact_browser.transfers.lookup import Blob, key_bytes

_SCHEMA = """
    CREATE TABLE entries (
        key BLOB PRIMARY KEY, path BLOB, local_size INTEGER, local_us INTEGER, file_id INTEGER,
        remote_size INTEGER, remote_us INTEGER, etag TEXT, same INTEGER, note TEXT NOT NULL DEFAULT ''
    ) WITHOUT ROWID;

    -- the same names from either side: what a sync in that direction would do about each
    CREATE VIEW upload AS SELECT *, coalesce(local_size, remote_size) AS size, CASE
        WHEN note <> '' THEN 'left out'
        WHEN etag IS NULL THEN 'new'
        WHEN path IS NULL THEN 'only at the target'
        WHEN same OR substr(key, -1) = x'2f' THEN 'identical'
        WHEN same IS NULL AND local_size = remote_size AND local_us <= remote_us THEN 'identical'
        WHEN local_us < remote_us THEN 'newer at the target'
        ELSE 'changed' END AS fate FROM entries;
    CREATE VIEW download AS SELECT *, coalesce(remote_size, local_size) AS size, CASE
        WHEN note <> '' THEN 'left out'
        WHEN path IS NULL THEN 'new'
        WHEN etag IS NULL THEN 'only at the target'
        WHEN same OR substr(key, -1) = x'2f' THEN 'identical'
        WHEN same IS NULL AND local_size = remote_size AND (remote_us <= local_us
            -- a download's time is the answer's Last-Modified: whole seconds, while a listing may say more
            OR local_us % 1000000 = 0 AND remote_us / 1000000 = local_us / 1000000) THEN 'identical'
        WHEN remote_us < local_us THEN 'newer at the target'
        ELSE 'changed' END AS fate FROM entries;
"""
_ADD_LOCAL = """
    INSERT INTO entries (key, path, local_size, local_us, file_id, note) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET note = 'another file here stands for the same key'"""
_ADD_REMOTE = """
    INSERT INTO entries (key, remote_size, remote_us, etag) VALUES (?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET remote_size = excluded.remote_size, remote_us = excluded.remote_us,
    etag = excluded.etag"""
_IN_DOUBT = """
    SELECT key, path, local_size, local_us, file_id, remote_size, remote_us, etag, note FROM entries
    WHERE path IS NOT NULL AND local_size = remote_size AND note = '' AND substr(key, -1) <> x'2f' ORDER BY key"""
_ROWS = {
    "upload": """
    SELECT key, path, local_size, local_us, file_id, remote_size, remote_us, etag, note FROM upload
    WHERE fate IN (SELECT value FROM json_each(?)) ORDER BY key LIMIT ?""",
    "download": """
    SELECT key, path, local_size, local_us, file_id, remote_size, remote_us, etag, note FROM download
    WHERE fate IN (SELECT value FROM json_each(?)) ORDER BY key LIMIT ?""",
}
_TOTALS = {
    "upload": "SELECT fate, count(*), sum(size) FROM upload GROUP BY fate",
    "download": "SELECT fate, count(*), sum(size) FROM download GROUP BY fate",
}
#: markers of folders that only one side has a marker for
_LOCAL_MARKERS = "SELECT key FROM entries WHERE substr(key, -1) = x'2f' AND etag IS NULL AND note = ''"
_REMOTE_MARKERS = "SELECT key FROM entries WHERE substr(key, -1) = x'2f' AND path IS NULL AND note = ''"
_ANY_LOCAL = "SELECT 1 FROM entries WHERE key > ? AND key < ? AND path IS NOT NULL LIMIT 1"
_ANY_REMOTE = "SELECT 1 FROM entries WHERE key > ? AND key < ? AND etag IS NOT NULL LIMIT 1"
#: what is left out here, with all that may lie in it: a folder, a link to one
_LEFT_OUT = "SELECT key, note FROM entries WHERE note <> '' AND path IS NOT NULL"
_REMOTE_ONLY = "SELECT key FROM entries WHERE path IS NULL ORDER BY key"
_LEAVE_ONE_OUT = "UPDATE entries SET note = ? WHERE key = ?"
_LEAVE_OUT = "UPDATE entries SET note = ? WHERE key > ? AND key < ? AND note = ''"
_BATCH = 1000


class Direction(StrEnum):
    """Which side is made like the other."""

    UPLOAD = "upload"
    DOWNLOAD = "download"


class By(StrEnum):
    """What tells whether two of one size are the same."""

    TIME = "size and time"
    CONTENT = "content"


class Group(StrEnum):
    """What a sync in one direction would do about a name."""

    #: only at the source: to be copied
    NEW = "new"
    #: another content at the target, as far as was looked
    CHANGED = "changed"
    #: as changed, and the target's is the younger one
    NEWER = "newer at the target"
    SAME = "identical"
    #: only at the target
    EXTRA = "only at the target"
    #: cannot be compared, with a note that says why
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Total:
    """Names, and bytes of the source (of the target for what is only there)."""

    items: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One name. Sizes in bytes, times in microseconds UTC; a side that has not got it says ``None``.

    :ivar key: below the prefix; :ivar path: of the file here, empty where there is none
    """

    key: str
    path: str
    local_size: int | None
    local_us: int
    file_id: int
    remote_size: int | None
    remote_us: int
    etag: str
    note: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Result of comparing, as plain data.

    :ivar file: holds the rows; whoever holds the comparison removes it with :func:`discard`
    :ivar totals: for each direction what every group holds
    """

    location: Location
    folder: str
    file: str
    by: By
    totals: Mapping[Direction, Mapping[Group, Total]] = field(default_factory=dict)


class CompareFile:
    """Open it in a ``with`` block. :raises DiskError: it is gone, damaged, or cannot be written"""

    def __init__(self, path: str | Path, *, new: bool = False) -> None:
        self._path = str(path)
        mode = "rwc" if new else "rw"
        with disk_errors(path):
            if new:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            elif not Path(path).is_file():
                raise DiskError("The comparison is not there any more. Compare again.", subject=self._path)
        self._db = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None)
        if new:  # lives as long as a dialog and its sync: nothing of it outlives a crash
            self._run("PRAGMA journal_mode = OFF")
            self._run("PRAGMA synchronous = OFF")
            self._db.executescript(_SCHEMA)

    def __enter__(self) -> CompareFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()

    # -- filling ------------------------------------------------------------------------------------------------
    def add_local(self, rows: Iterable[Row]) -> None:
        self._many(_ADD_LOCAL, ((*_local(row), row.note) for row in rows))

    def add_remote(self, blobs: Iterable[tuple[str, Blob]]) -> None:
        """Pairs of the key below the prefix, and the blob."""
        self._many(_ADD_REMOTE, ((key_bytes(key), blob.size_bytes, blob.modified_us, blob.etag) for key, blob in blobs))

    def set_same(self, verdicts: Iterable[tuple[str, bool]]) -> None:
        """What reading has shown of some keys."""
        self._many("UPDATE entries SET same = ? WHERE key = ?", ((int(same), key_bytes(key)) for key, same in verdicts))

    def remote_only(self) -> Iterator[str]:
        """The keys that have no file here. Write nothing before the last one was asked for; likewise :meth:`in_doubt`."""
        return (key.decode("utf-8", "surrogateescape") for (key,) in self._run(_REMOTE_ONLY))

    def leave_out(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Pairs of a key and by what it is left out."""
        self._many(_LEAVE_ONE_OUT, ((f"left out by {by}", key_bytes(key)) for key, by in pairs))

    def settle_folders(self) -> None:
        """What lies in a folder that is left out is left out as well, on either side; and a folder's marker says nothing
        where the other side has something in that folder.
        """
        for key, note in self._run(_LEFT_OUT).fetchall():
            folder = key if key.endswith(b"/") else key + b"/"
            self._run(_LEAVE_OUT, (note, folder, _end_of(folder)))
        for markers, beneath in ((_LOCAL_MARKERS, _ANY_REMOTE), (_REMOTE_MARKERS, _ANY_LOCAL)):
            for (key,) in self._run(markers).fetchall():
                if self._run(beneath, (key, _end_of(key))).fetchone():
                    self._run("DELETE FROM entries WHERE key = ?", (key,))

    # -- asking -------------------------------------------------------------------------------------------------
    def in_doubt(self) -> Iterator[Row]:
        """On both sides, of one size: only reading can tell."""
        return self._rows(_IN_DOUBT, ())

    def rows(self, direction: Direction, groups: Iterable[Group], limit: int = -1) -> Iterator[Row]:
        """Those of ``groups``, in key order; at most ``limit`` if that is not negative."""
        return self._rows(_ROWS[direction], (json.dumps(list(groups)), limit))

    def totals(self) -> dict[Direction, dict[Group, Total]]:
        """What each group holds, for either direction."""
        nothing = {group: Total() for group in Group}
        return {
            direction: nothing | {Group(name): Total(*found) for name, *found in self._run(_TOTALS[direction])}
            for direction in Direction
        }

    def _rows(self, sql: str, values: tuple[object, ...]) -> Iterator[Row]:
        found = self._run(sql, values)
        try:
            yield from map(_row, found)
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def _many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        try:
            waiting = iter(rows)
            while batch := list(islice(waiting, _BATCH)):
                self._db.execute("BEGIN")
                self._db.executemany(sql, batch)
                self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def _run(self, sql: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        try:
            return self._db.execute(sql, values)
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def _trouble(self, error: sqlite3.Error) -> DiskError:
        return DiskError(f"The comparison cannot be kept: {error}.", subject=self._path)


def discard(file: str) -> None:
    """Forget a comparison."""
    with suppress(OSError):
        Path(file).unlink()


def _end_of(folder: bytes) -> bytes:
    """The first key behind everything in ``folder``, which ends with a delimiter."""
    return folder[:-1] + bytes([DELIMITER.encode()[0] + 1])


def _local(row: Row) -> tuple[object, ...]:
    return key_bytes(row.key), os.fsencode(row.path), row.local_size, row.local_us, row.file_id


def _row(
    found: tuple[bytes, bytes | None, int | None, int | None, int | None, int | None, int | None, str, str],
) -> Row:
    key, path, local_size, local_us, file_id, remote_size, remote_us, etag, note = found
    return Row(
        key.decode("utf-8", "surrogateescape"), os.fsdecode(path or b""), local_size, local_us or 0, file_id or 0,
        remote_size, remote_us or 0, etag or "", note,
    )  # fmt: skip
