"""What files cannot say about blobs, in one SQLite file: ETags, metadata, tags, uploads, who made a folder.

WAL where the file system can do it (any number of readers beside the writer), else SQLite's rollback journal. All
writes to the store happen inside :meth:`Index.writing`, which is one writer at a time over all processes. Keys
are stored as bytes, in two parts (up to the last ``/``, and the rest), so a page of a listing is one range of the
primary key and the order is the key's byte order.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from artifact_browser.errors import DiskError
from artifact_browser.storage.columns import decode_key, encode_key
from artifact_browser.workers.cancel import CancelToken

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS blobs(
  bucket BLOB, parent BLOB, name BLOB, size_bytes INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
  etag TEXT NOT NULL, attributes TEXT NOT NULL, PRIMARY KEY(bucket, parent, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uploads(
  id TEXT PRIMARY KEY, bucket BLOB NOT NULL, key BLOB NOT NULL, started_us INTEGER NOT NULL,
  attributes TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS parts(
  upload_id TEXT, number INTEGER, etag TEXT NOT NULL, size_bytes INTEGER NOT NULL, file TEXT NOT NULL,
  PRIMARY KEY(upload_id, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS folders(path BLOB PRIMARY KEY, made_us INTEGER NOT NULL) WITHOUT ROWID;
"""
_BUSY_S = 1.0
#: How long a write waits for other writers.
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a person or program said about a blob."""

    content_type: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Attributes:
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Known:
    """A blob's row. True only while the file has this size and time."""

    size_bytes: int
    modified_ns: int
    etag: str
    attributes: Attributes = field(default_factory=Attributes)


class Index:
    """One process's connection to the index; threads take turns.

    :param path: the SQLite file, or ``:memory:`` where the folder may not be written
    """

    def __init__(self, path: str, cancel: CancelToken) -> None:
        self._cancel = cancel
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            self._begin_use()
        except BaseException:
            self._database.close()
            raise

    def _begin_use(self) -> None:
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise DiskError(
                "This folder was written by a newer Artifact Browser.", todo="Update Artifact Browser, then try again."
            )
        if version < SCHEMA_VERSION:
            self._patiently("PRAGMA journal_mode=WAL")
            with self.writing() as database:
                for statement in _SCHEMA.split(";"):
                    database.execute(statement)
                database.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        self._database.execute("PRAGMA synchronous=NORMAL")

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Be the only writer until the block ends: committed at its end, rolled back by any exception.

        :param durable: return only when the commit would survive a power cut
        """
        with self._lock:
            self._database.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._patiently("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._patiently("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    def _patiently(self, statement: str) -> None:
        """Execute, waiting for other processes, as long as nobody cancels."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            self._cancel.raise_if_cancelled()
            try:
                self._database.execute(statement).fetchall()
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                self._cancel.wait(0.005)

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with self._lock:
            return self._database.execute(query, values).fetchall()

    # -- blobs --------------------------------------------------------------------------------------------------
    def known(self, bucket: str, key: str) -> Known | None:
        """The blob's row, whether or not its file still agrees."""
        with self._lock:
            row = self._database.execute(
                "SELECT size_bytes, modified_ns, etag, attributes FROM blobs WHERE bucket=? AND parent=? AND name=?",
                _address(bucket, key),
            ).fetchone()
        return None if row is None else Known(row[0], row[1], row[2], Attributes.from_json(row[3]))

    def save(self, bucket: str, key: str, known: Known) -> None:
        """Write the blob's row; inside :meth:`writing`."""
        self._database.execute(
            "INSERT OR REPLACE INTO blobs VALUES(?, ?, ?, ?, ?, ?, ?)",
            (*_address(bucket, key), known.size_bytes, known.modified_ns, known.etag, known.attributes.to_json()),
        )

    def forget(self, bucket: str, key: str) -> None:
        """Remove the blob's row; inside :meth:`writing`."""
        self._database.execute("DELETE FROM blobs WHERE bucket=? AND parent=? AND name=?", _address(bucket, key))

    def etags(self, bucket: str, parent: str, first: str, last: str) -> dict[str, tuple[int, int, str]]:
        """``name -> (size_bytes, modified_ns, etag)`` of the blobs directly in ``parent``, from name to name."""
        with self._lock:
            rows = self._database.execute(
                "SELECT name, size_bytes, modified_ns, etag FROM blobs"
                " WHERE bucket=? AND parent=? AND name BETWEEN ? AND ?",
                (encode_key(bucket), encode_key(parent), encode_key(first), encode_key(last)),
            ).fetchall()
        return {decode_key(name): (size_bytes, modified_ns, etag) for name, size_bytes, modified_ns, etag in rows}

    # -- folders ------------------------------------------------------------------------------------------------
    def made_folder(self, path: bytes, made_us: int) -> None:
        """Remember that we made a folder; inside :meth:`writing`."""
        self._database.execute("INSERT OR IGNORE INTO folders VALUES(?, ?)", (path, made_us))

    def folder_made_us(self, path: bytes) -> int | None:
        """When we made the folder; ``None`` if we did not."""
        with self._lock:
            row = self._database.execute("SELECT made_us FROM folders WHERE path=?", (path,)).fetchone()
        return None if row is None else int(row[0])

    def forget_folder(self, path: bytes) -> None:
        self._database.execute("DELETE FROM folders WHERE path=?", (path,))

    def close(self) -> None:
        with self._lock:
            self._database.close()


def _address(bucket: str, key: str) -> tuple[bytes, bytes, bytes]:
    cut = key.rfind("/") + 1
    return encode_key(bucket), encode_key(key[:cut]), encode_key(key[cut:])
