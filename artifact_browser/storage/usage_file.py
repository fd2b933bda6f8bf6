"""What was counted, on disk: one row for each prefix, so that any level can be looked into and nothing is counted twice.

The file is SQLite in a private folder of the cache. One job writes it; others read it meanwhile and see whole states
only: each is one transaction, the place to go on included. Not thread-safe: whoever needs it opens it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from artifact_browser.errors import DiskError, DiskFull, JobCancelled
from artifact_browser.storage.columns import encode_key
from artifact_browser.storage.usage_tree import Node, Tally, UsageTree

FILE = "usage.sqlite"
_SCHEMA = """
    CREATE TABLE node (
        id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, name BLOB NOT NULL, size INTEGER NOT NULL,
        blobs INTEGER NOT NULL, own_size INTEGER NOT NULL, own_blobs INTEGER NOT NULL, top TEXT NOT NULL,
        facts TEXT NOT NULL, cut INTEGER NOT NULL
    );
    CREATE INDEX by_size ON node (parent, size DESC);
    CREATE INDEX by_blobs ON node (parent, blobs DESC);
    CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), value TEXT NOT NULL);
    CREATE TABLE run (number INTEGER NOT NULL);
    INSERT INTO run VALUES (0);
"""
_KEEP = "INSERT OR REPLACE INTO node VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_MOST = 2**63 - 1
_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class UsageCounted:
    """How far a count is.

    :ivar prefixes: how many there are below, as far as they are told apart
    :ivar seconds: spent counting, pauses left out
    :ivar last_key: up to there, in key order, everything is counted
    """

    size_bytes: int = 0
    blobs: int = 0
    prefixes: int = 0
    requests: int = 0
    seconds: float = 0.0
    last_key: str = ""
    complete: bool = False


class UsageFile:
    """Writes a count. Made anew, or taken up where the last writer ended; that one cannot write any more.

    :raises DiskError: it cannot be written
    """

    def __init__(self, folder: Path) -> None:
        with _disk_errors():
            path = folder / FILE
            known = path.exists()
            self._base = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
            # a cache: what a power cut takes is counted again
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = OFF")
            # the indexes are written in no order: with the default of 2 MB their pages were written again and again
            self._base.execute("PRAGMA cache_size = -16000")
            self._base.execute("PRAGMA wal_autocheckpoint = 8000")
            if not known:
                path.chmod(0o600)
                self._base.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
            self._base.execute("UPDATE run SET number = number + 1")
            self._run = self._running()

    def state(self) -> dict[str, Any] | None:
        """What :meth:`keep` wrote last."""
        with _disk_errors():
            return read_state(self._base)

    def keep(self, tree: UsageTree, counted: UsageCounted) -> None:
        """Write what is final since the last time, the unfinished path, and how far it is, all or nothing.

        :raises JobCancelled: another run has taken the count up
        """
        state = {"tree": tree.kept(), "counted": asdict(counted)}
        with _disk_errors():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                if self._running() != self._run:
                    raise JobCancelled("The count is taken up by another run.")
                self._base.executemany(_KEEP, map(_row, [*tree.finished, *tree.unfinished()]))
                self._base.execute("INSERT OR REPLACE INTO state VALUES (1, ?)", (json.dumps(state),))
                self._base.execute("COMMIT")
                tree.forget_finished()
            except BaseException:
                self._base.execute("ROLLBACK")
                raise

    def _running(self) -> int:
        return int(self._base.execute("SELECT number FROM run").fetchone()[0])

    def close(self) -> None:
        self._base.close()


@contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection]:
    """The count in ``folder``, to be asked. :raises DiskError: it cannot be read"""
    with _disk_errors():
        base = sqlite3.connect(f"{(folder / FILE).as_uri()}?mode=ro", uri=True, timeout=_WAIT_S, isolation_level=None)
        try:
            base.execute("BEGIN")  # one state for all that is asked
            yield base
        finally:
            base.close()


def read_state(base: sqlite3.Connection) -> dict[str, Any] | None:
    row = base.execute("SELECT value FROM state").fetchone()
    return json.loads(row[0]) if row else None


def counted_of(state: dict[str, Any]) -> UsageCounted:
    """How far the count was when the state was written."""
    return UsageCounted(**state["counted"])


def facts_of(text: str) -> Tally:
    """The groups of a row."""
    classes, ages, types = json.loads(text)
    return Tally(0, 0, classes, ages, types)


def _row(node: Node) -> tuple[object, ...]:
    tally = node.tally
    facts = json.dumps([tally.classes, tally.ages, tally.types], separators=(",", ":"))
    top = json.dumps(node.top, separators=(",", ":"))
    numbers = (max(0, min(number, _MOST)) for number in (tally.size_bytes, tally.blobs, *node.own))
    return (node.number, node.parent, encode_key(node.name), *numbers, top, facts, node.cut)


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            raise DiskFull("The disk is full: what is counted cannot be kept.", technical=str(error)) from error
        raise DiskError("What was counted cannot be read or written.", technical=str(error)) from error
