"""The journal's file: its schema, its rows, and how they are read.

SQLite with a write-ahead log, ``synchronous=NORMAL``; written by :mod:`artifact_browser.transfers.journal` only.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from artifact_browser.errors import ErrorRecord, JournalNewer
from artifact_browser.log import redact
from artifact_browser.transfers.policy import Decision, decision_of
from artifact_browser.transfers.state import BATCH, Counts, Item, ItemSnapshot, ItemState, JobSnapshot, JobState, Verb

_log = logging.getLogger(__name__)

#: From one schema to the next; ``user_version`` counts those that were applied. Released ones are never changed.
MIGRATIONS = (
    """
    CREATE TABLE job (
        key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
        run INTEGER NOT NULL, begun_us INTEGER NOT NULL, changed_us INTEGER NOT NULL,
        kind TEXT NOT NULL, details TEXT NOT NULL, policy TEXT NOT NULL,
        verb TEXT NOT NULL, title TEXT NOT NULL, target TEXT NOT NULL, account_id TEXT NOT NULL,
        state TEXT NOT NULL, stopped INTEGER NOT NULL DEFAULT 0, planned INTEGER NOT NULL DEFAULT 0, hidden INTEGER NOT NULL DEFAULT 0,
        verified TEXT NOT NULL DEFAULT '', error TEXT, counts TEXT NOT NULL
    );
    CREATE TABLE item (
        job INTEGER NOT NULL REFERENCES job (key) ON DELETE CASCADE, number INTEGER NOT NULL,
        name BLOB NOT NULL, source BLOB NOT NULL, target BLOB NOT NULL,
        size_bytes INTEGER NOT NULL, modified_us INTEGER NOT NULL, etag TEXT NOT NULL, file_id TEXT NOT NULL,
        folder INTEGER NOT NULL, replaces INTEGER NOT NULL, begun TEXT NOT NULL,
        state TEXT NOT NULL, verified TEXT NOT NULL, note TEXT NOT NULL, error TEXT,
        PRIMARY KEY (job, number)
    ) WITHOUT ROWID;
    CREATE TABLE part (
        job INTEGER NOT NULL REFERENCES job (key) ON DELETE CASCADE, item INTEGER NOT NULL, begun TEXT NOT NULL,
        number INTEGER NOT NULL, size_bytes INTEGER NOT NULL, etag TEXT NOT NULL, checksum TEXT NOT NULL,
        boot TEXT NOT NULL,
        PRIMARY KEY (job, item, begun, number)
    ) WITHOUT ROWID;
    """,
    """
    ALTER TABLE item ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE item ADD COLUMN last_error TEXT;
    """,
    """
    ALTER TABLE item ADD COLUMN expects TEXT NOT NULL DEFAULT '';
    -- since which start of the computer a finished file may still be lost with its power; empty: it is safe
    ALTER TABLE item ADD COLUMN unsafe_since TEXT NOT NULL DEFAULT '';
    """,
)
_ITEM = (
    "job", "number", "name", "source", "target", "size_bytes", "modified_us", "etag", "file_id", "folder", "replaces",
    "begun", "state", "verified", "note", "error", "expects", "attempts", "unsafe_since", "last_error",
)  # fmt: skip
#: What an older schema lacks, as it would have been: the schema that brought it, and its value.
_NEWER = {"attempts": (2, "0"), "last_error": (2, "NULL"), "expects": (3, "''"), "unsafe_since": (3, "''")}
KEEP_ITEM = (
    f"INSERT INTO item ({', '.join(_ITEM)}) VALUES ({', '.join('?' * len(_ITEM))})"  # noqa: S608 - our own names
    f" ON CONFLICT (job, number) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _ITEM[2:-1])},"
    " last_error = coalesce(excluded.last_error, last_error)"
)
#: What ``job.stopped`` says: the window has ended its last run; nothing is left of what its runs have begun. And ``job.hidden``,
#: beside that it is no row of the panel any more: it is in no history either.
STOPPED, TIDY = 1, 2
FORGOTTEN = 2
#: of a job that is not going to be tried again; 2: ``TIDY``
IS_UNTIDY = (
    "(stopped & 2 = 0"
    " AND EXISTS (SELECT 1 FROM item WHERE job = key AND begun != '' AND item.state NOT IN ('done', 'skipped')))"
)
#: How many ended jobs are kept, how long, and how many items of theirs.
KEPT_JOBS, KEPT_DAYS, KEPT_ITEMS = 1000, 90, 1_000_000
_WAIT_S = 5.0
#: a start of the computer, where the system does not say which
UNKNOWN_BOOT = "?"
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class KeptJob:
    """A job's row. ``run``: its last one; ``planned``: every item of it is in the journal."""

    key: int
    run: int
    kind: str
    details: str
    policy: Decision
    planned: bool
    snapshot: JobSnapshot


JOB_COLUMNS = (
    "key, run, id, kind, details, policy, verb, title, target, account_id, state, planned, verified, error, counts"
)


def read_jobs(base: sqlite3.Connection) -> list[KeptJob]:
    """The jobs a person has not removed and that are not done, oldest first."""
    rows = base.execute(
        f"SELECT {JOB_COLUMNS} FROM job WHERE NOT hidden AND state NOT IN (?, ?) ORDER BY key",  # noqa: S608 - our own names
        (JobState.DONE, JobState.CANCELLED),
    )
    return [job for row in rows if (job := job_of(row)) is not None]


def read_untidy(base: sqlite3.Connection) -> list[KeptJob]:
    """The jobs that nobody is going to try again, and that may have left something half-done."""
    text = f"SELECT {JOB_COLUMNS} FROM job WHERE (state = ? OR hidden) AND state != ? AND {IS_UNTIDY} ORDER BY key"  # noqa: S608 - our own names
    rows = base.execute(text, (JobState.CANCELLED, JobState.DONE))
    return [job for row in rows if (job := job_of(row)) is not None]


def read_items(base: sqlite3.Connection, key: int) -> Iterator[list[ItemSnapshot]]:
    """A job's items by number, in batches."""
    rows = select_items(base, "WHERE job = ? ORDER BY number", (key,))
    while batch := rows.fetchmany(BATCH):
        yield [item_of(row) for row in batch]


def count_items(base: sqlite3.Connection, key: int, most: int) -> int:
    """How many items a job has, counted to ``most``."""
    text = "SELECT count(*) FROM (SELECT 1 FROM item WHERE job = ? LIMIT ?)"
    count: int = base.execute(text, (key, most)).fetchone()[0]
    return count


def read_open_items(base: sqlite3.Connection, key: int, most: int) -> Iterator[list[ItemSnapshot]]:
    """The first of a job's items that are not done, failures before others, in batches."""
    for which in ("state = 'failed'", "state NOT IN ('failed', 'done', 'skipped')"):
        rows = select_items(base, f"WHERE job = ? AND {which} ORDER BY number LIMIT ?", (key, most))
        while batch := rows.fetchmany(BATCH):
            yield [item_of(row) for row in batch]


def unsafe_items(base: sqlite3.Connection, key: int) -> set[int]:
    """The numbers of those that were finished and may have been lost with the computer's power."""
    if _version(base) < _NEWER["unsafe_since"][0]:
        return set()
    rows = base.execute("SELECT number FROM item WHERE job = ? AND unsafe_since NOT IN ('', ?)", (key, boot_id()))
    return {number for (number,) in rows}


def select_items(base: sqlite3.Connection, which: str, values: Sequence[object]) -> sqlite3.Cursor:
    """Rows for :func:`item_of`, of a journal of any released schema."""
    version = _version(base)
    columns = (_NEWER[name][1] if name in _NEWER and version < _NEWER[name][0] else name for name in _ITEM)
    return base.execute(f"SELECT {', '.join(columns)} FROM item {which}", values)  # noqa: S608 - our own names


def open_for_reading(path: Path) -> closing[sqlite3.Connection]:
    """:raises JournalNewer: from a newer version, :raises sqlite3.Error: it cannot be read"""
    base = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=_WAIT_S)
    try:
        _refuse_newer(base, path)
    except BaseException:
        base.close()
        raise
    return closing(base)


def boot_id() -> str:
    """Which start of this computer this is; empty where the system does not say (Linux does: random(4))."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def set_aside(path: Path) -> Path:
    """Move a damaged journal out of the way, with what belongs to it; where it is now."""
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
    _log.error("the journal is damaged; it was set aside as %s", aside.name)
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).replace(aside.with_name(aside.name + ending))
    return aside


def connect(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    try:
        _refuse_newer(base, path)
        base.execute("PRAGMA journal_mode = WAL")  # where that cannot be had, SQLite stays with what it has
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute("PRAGMA foreign_keys = ON")
        version = _version(base)
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            base.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")
        with suppress(OSError):
            path.chmod(0o600)
    except BaseException:
        base.close()
        raise
    return base


def _version(base: sqlite3.Connection) -> int:
    version: int = base.execute("PRAGMA user_version").fetchone()[0]
    return version


def _refuse_newer(base: sqlite3.Connection, path: Path) -> None:
    if _version(base) > len(MIGRATIONS):
        raise JournalNewer("Transfers of this run are not kept over its end.", subject=str(path))


def prune(base: sqlite3.Connection) -> None:
    ended = [state for state in JobState if state.ended]
    marks = ", ".join("?" * len(ended))
    base.execute(f"DELETE FROM job WHERE hidden = {FORGOTTEN} AND NOT {IS_UNTIDY}")  # noqa: S608 - our own words
    base.execute(
        f"DELETE FROM job WHERE state IN ({marks}) AND (changed_us < ? OR key NOT IN"  # noqa: S608 - question marks
        f" (SELECT key FROM job WHERE state IN ({marks}) ORDER BY changed_us DESC LIMIT ?))",
        (*ended, now_us() - KEPT_DAYS * _DAY_US, *ended, KEPT_JOBS),
    )
    rows = base.execute(
        f"SELECT key, (SELECT count(*) FROM item WHERE job = key) FROM job WHERE state IN ({marks})"  # noqa: S608 - as above
        " ORDER BY changed_us DESC",
        ended,
    ).fetchall()
    total = 0
    for key, count in rows:
        total += count
        if total > KEPT_ITEMS:
            base.execute("DELETE FROM job WHERE key = ?", (key,))


def job_of(row: tuple[Any, ...]) -> KeptJob | None:
    """A row of :data:`JOB_COLUMNS`; ``None`` when it makes no sense."""
    (key, run, job_id, kind, details, policy, verb, title, target, account_id, state, planned, verified, error,
     counts) = row  # fmt: skip
    try:
        snapshot = JobSnapshot(
            job_id, Verb(verb), title, target, account_id, JobState(state), _counts_of(counts),
            verified=verified, error=_error_of(error),
        )  # fmt: skip
        return KeptJob(key, run, kind, details, decision_of(policy), bool(planned), snapshot)
    except (ValueError, TypeError):
        _log.exception("a job of the journal makes no sense: %s", job_id)
        return None


def item_of(row: tuple[Any, ...]) -> ItemSnapshot:
    """A row of :func:`select_items`."""
    (_, number, name, source, target, size_bytes, modified_us, etag, file_id, folder, replaces, begun,
     state, verified, note, error, expects, attempts, _, last_error) = row  # fmt: skip
    item = Item(
        number, _text(name), _text(source), _text(target), size_bytes, modified_us, etag, int(file_id),
        bool(folder), bool(replaces), begun, expects,
    )  # fmt: skip
    return ItemSnapshot(item, ItemState(state), 0, verified, note, _error_of(error), attempts, _error_of(last_error))


def as_bytes(text: str) -> bytes:
    """Names of any bytes: a lone surrogate stands for one that is no UTF-8."""
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def safe_text(text: str) -> str:
    """For a column of text: what cannot be written there is shown as a question mark."""
    return text.encode("utf-8", "replace").decode()


def counts_text(counts: Counts) -> str:
    return json.dumps(asdict(counts))


def _counts_of(text: str) -> Counts:
    counts = Counts(**json.loads(text))
    return replace(counts, left_out_by=tuple(counts.left_out_by))


def error_text(error: ErrorRecord | None) -> str | None:
    if error is None:
        return None
    plain = {name: redact(value) if isinstance(value, str) else value for name, value in asdict(error).items()}
    return json.dumps(plain)


def _error_of(text: str | None) -> ErrorRecord | None:
    return ErrorRecord(**json.loads(text)) if text else None


def now_us() -> int:
    return time.time_ns() // 1000
