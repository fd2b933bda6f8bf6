"""The journal's file: its schema, the rows of its jobs, and how it is opened; its items' rows: :mod:`.journal_rows`.

SQLite with a write-ahead log, ``synchronous=NORMAL``; written by :mod:`artifact_browser.transfers.journal` only.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artifact_browser.errors import JournalNewer
from artifact_browser.transfers.journal_rows import NEWER, counts_of, error_of, fetch, plain_number, version_of
from artifact_browser.transfers.policy import Decision, decision_of
from artifact_browser.transfers.state import JobSnapshot, JobState, Verb

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
#: What ``job.stopped`` says: the window has ended its last run; nothing is left of what its runs have begun. And ``job.hidden``,
#: beside that it is no row of the panel any more: it is in no history either.
STOPPED, TIDY = 1, 2
FORGOTTEN = 2
#: of a job that is not going to be tried again; 2: ``TIDY``
_LEFT_SOMETHING = "(begun != '' AND item.state NOT IN ('done', 'skipped'))"
IS_UNTIDY = f"(stopped & 2 = 0 AND EXISTS (SELECT 1 FROM item WHERE job = key AND {_LEFT_SOMETHING}))"  # noqa: S608 - our own words
#: How many ended jobs are kept, how long, and how many items of theirs.
KEPT_JOBS, KEPT_DAYS, KEPT_ITEMS = 1000, 90, 1_000_000
_WAIT_S = 5.0
#: a start of the computer, where the system does not say which
UNKNOWN_BOOT = "?"
#: in its place: of an item whose sync has failed
DOUBTED = "!"
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
    return _jobs(base, "NOT hidden AND state NOT IN (?, ?)")


def read_untidy(base: sqlite3.Connection) -> list[KeptJob]:
    """The jobs that nobody is going to try again, and that may have left something half-done."""
    return _jobs(base, f"state != ? AND (state = ? OR hidden) AND {IS_UNTIDY}")


def _jobs(base: sqlite3.Connection, which: str) -> list[KeptJob]:
    """``which`` has two question marks: done, and cancelled."""
    text = f"SELECT {JOB_COLUMNS} FROM job WHERE {which} ORDER BY key"  # noqa: S608 - our own names
    rows = fetch(base, text, (JobState.DONE, JobState.CANCELLED))
    return [job for row in rows if (job := job_of(row)) is not None]


def count_items(base: sqlite3.Connection, key: int, most: int) -> int:
    """How many items a job has, counted to ``most``."""
    text = "SELECT count(*) FROM (SELECT 1 FROM item WHERE job = ? LIMIT ?)"
    count: int = base.execute(text, (key, most)).fetchone()[0]
    return count


def unsafe_items(base: sqlite3.Connection, key: int) -> set[int]:
    """The numbers of those that were finished and may have been lost with the computer's power."""
    if version_of(base) < NEWER["unsafe_since"][0]:
        return set()
    rows = base.execute("SELECT number FROM item WHERE job = ? AND unsafe_since NOT IN ('', ?)", (key, boot_id()))
    return {number for (number,) in rows}


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


def is_damage(error: sqlite3.Error) -> bool:
    """Whether it says that the file is damaged, or no journal at all: not that a row is wrong, or that it may work later."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def connect(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    try:
        _refuse_newer(base, path)
        base.execute("PRAGMA journal_mode = WAL")  # where that cannot be had, SQLite stays with what it has
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute("PRAGMA foreign_keys = ON")
        version = version_of(base)
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            base.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")
        with suppress(OSError):
            path.chmod(0o600)
    except BaseException:
        base.close()
        raise
    return base


def _refuse_newer(base: sqlite3.Connection, path: Path) -> None:
    if version_of(base) > len(MIGRATIONS):
        raise JournalNewer("Transfers of this run are not kept over its end.", subject=str(path))


def prune(base: sqlite3.Connection) -> None:
    """Forget ended jobs that are too old or too many; what the history alone still shows also for its many items, but the latest
    one. Of one that may have left something, that stays known.
    """
    ended = [state for state in JobState if state.ended]
    marks = ", ".join("?" * len(ended))
    rows = base.execute(
        "SELECT key, changed_us, (SELECT count(*) FROM item WHERE job = key),"  # noqa: S608 - our own words
        " NOT hidden AND state NOT IN (?, ?) FROM job"
        f" WHERE state IN ({marks}) AND hidden < {FORGOTTEN} ORDER BY changed_us DESC, key DESC",
        (JobState.DONE, JobState.CANCELLED, *ended),
    ).fetchall()
    oldest_us, total = now_us() - KEPT_DAYS * _DAY_US, 0
    for place, (key, changed_us, count, listed) in enumerate(rows):
        large = place > 0 and not listed and total + count > KEPT_ITEMS
        if changed_us < oldest_us or place >= KEPT_JOBS or large:
            base.execute("UPDATE job SET hidden = ? WHERE key = ?", (FORGOTTEN, key))
        elif place:
            total += count
    text = f"SELECT key, {IS_UNTIDY} FROM job WHERE hidden = {FORGOTTEN}"  # noqa: S608 - as above
    for key, untidy in base.execute(text).fetchall():
        if untidy:
            base.execute(f"DELETE FROM item WHERE job = ? AND NOT {_LEFT_SOMETHING}", (key,))  # noqa: S608 - as above
        else:
            base.execute("DELETE FROM job WHERE key = ?", (key,))


def job_of(row: tuple[Any, ...]) -> KeptJob | None:
    """A row of :data:`JOB_COLUMNS`; ``None`` when it makes no sense."""
    (key, run, job_id, kind, details, policy, verb, title, target, account_id, state, planned, verified, error,
     counts) = row  # fmt: skip
    try:
        if any(isinstance(value, bytes) for value in row):
            raise TypeError
        snapshot = JobSnapshot(
            job_id, Verb(verb), title, target, account_id, JobState(state), counts_of(counts),
            verified=verified, error=error_of(error),
        )  # fmt: skip
        return KeptJob(key, run, kind, details, decision_of(policy), bool(planned), snapshot)
    except (ValueError, TypeError):
        _log.exception("a job of the journal makes no sense: number %s", plain_number(key))
        return None


def now_us() -> int:
    return time.time_ns() // 1000
