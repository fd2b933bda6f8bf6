"""Rows of the journal's items, as they are written and read.

A row that makes no sense (a file that was damaged, a hand in it) costs that row: it is left out and the log says so, without
what stands in it.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from artifact_browser.errors import ErrorRecord
from artifact_browser.log import redact
from artifact_browser.transfers.state import BATCH, Counts, Item, ItemSnapshot, ItemState

_log = logging.getLogger(__name__)

Row = tuple[Any, ...]

_ITEM = (
    "job", "number", "name", "source", "target", "size_bytes", "modified_us", "etag", "file_id", "folder", "replaces",
    "begun", "state", "verified", "note", "error", "expects", "attempts", "unsafe_since", "last_error",
)  # fmt: skip
#: where in a row its number and its state are
NUMBER, STATE = _ITEM.index("number"), _ITEM.index("state")
_TYPES = (int, int, bytes, bytes, bytes, int, int, str, str, int, int, str, str, str, str)
_NOTHING = type(None)
#: what a row has in its columns; the two errors may be none
_FITTING = frozenset(
    (*_TYPES, error, str, int, str, last_error) for error in (str, _NOTHING) for last_error in (str, _NOTHING)
)
#: What an older schema lacks, as it would have been: the schema that brought it, and its value.
NEWER = {"attempts": (2, "0"), "last_error": (2, "NULL"), "expects": (3, "''"), "unsafe_since": (3, "''")}
KEEP_ITEM = (
    f"INSERT INTO item ({', '.join(_ITEM)}) VALUES ({', '.join('?' * len(_ITEM))})"  # noqa: S608 - our own names
    f" ON CONFLICT (job, number) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _ITEM[2:-1])},"
    " last_error = coalesce(excluded.last_error, last_error)"
)
#: the items that a job has moved; it has no bytes of folders
MOVED = "job = ? AND state = 'done' AND NOT folder"
KEEP_PART = "INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


def version_of(base: sqlite3.Connection) -> int:
    """The schema of a journal."""
    version: int = base.execute("PRAGMA user_version").fetchone()[0]
    return version


def read_rows(base: sqlite3.Connection, which: str, values: Sequence[object]) -> list[Row]:
    """Rows for :func:`items_of`, of a journal of any released schema; all at once, so ``which`` has a limit.

    :raises sqlite3.Error: it cannot be read
    """
    version = version_of(base)
    columns = (NEWER[name][1] if name in NEWER and version < NEWER[name][0] else name for name in _ITEM)
    return fetch(base, f"SELECT {', '.join(columns)} FROM item {which}", values)  # noqa: S608 - our own names


def fetch(base: sqlite3.Connection, text: str, values: Sequence[object]) -> list[Row]:
    """What a query gives, all at once; a text that is no UTF-8 comes as bytes.

    :raises sqlite3.Error: it cannot be read
    """
    try:
        return base.execute(text, values).fetchall()
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) is not None:
            raise
    with _any_text(base):  # a text that is none costs all of the rows otherwise
        return base.execute(text, values).fetchall()


@contextmanager
def _any_text(base: sqlite3.Connection) -> Iterator[None]:
    """While inside, a text that is no UTF-8 is read as bytes."""
    before, base.text_factory = base.text_factory, _text_or_bytes
    try:
        yield
    finally:
        base.text_factory = before


def _text_or_bytes(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def read_items(base: sqlite3.Connection, key: int) -> Iterator[list[ItemSnapshot]]:
    """A job's items by number, in batches."""
    yield from _read_pages(base, "job = ?", key)


def read_moved_items(base: sqlite3.Connection, key: int, page: int) -> Iterator[list[Item]]:
    """What a job has moved, folders not counted, by number, in batches of at most ``page``."""
    for items in _read_pages(base, MOVED, key, page=page):
        yield [one.item for one in items]


def read_open_items(base: sqlite3.Connection, key: int, most: int) -> Iterator[list[ItemSnapshot]]:
    """The first of a job's items that are not done, failures before others, in batches."""
    for which in ("state = 'failed'", "state NOT IN ('failed', 'done', 'skipped')"):
        yield from _read_pages(base, f"job = ? AND {which}", key, most)


def _read_pages(
    base: sqlite3.Connection, which: str, key: int, most: int | None = None, *, page: int = BATCH
) -> Iterator[list[ItemSnapshot]]:
    last: object = -1
    left = most
    while left is None or left > 0:
        count = page if left is None else min(page, left)
        rows = read_rows(base, f"WHERE {which} AND number > ? ORDER BY number LIMIT ?", (key, last, count))
        if not rows:
            return
        last = rows[-1][NUMBER]
        left = None if left is None else left - len(rows)
        yield items_of(rows)


def items_of(rows: Sequence[Row]) -> list[ItemSnapshot]:
    """Those of ``rows`` that make sense."""
    found: list[ItemSnapshot] = []
    for row in rows:
        try:
            found.append(_item_of(row))
        except (ValueError, TypeError, KeyError) as error:
            where = (plain_number(value) for value in row[: NUMBER + 1])
            _log.error("an item of the journal makes no sense: job %s, item %s: %s", *where, type(error).__name__)
    return found


def plain_number(number: object) -> object:
    """Whatever else stands where a number should be is not for the log."""
    return number if isinstance(number, int) else "?"


def _item_of(row: Row) -> ItemSnapshot:
    """:raises ValueError: it makes no sense, :raises TypeError: likewise"""
    if tuple(map(type, row)) not in _FITTING:
        raise TypeError
    (_, number, name, source, target, size_bytes, modified_us, etag, file_id, folder, replaces, begun,
     state, verified, note, error, expects, attempts, _, last_error) = row  # fmt: skip
    item = Item(
        number, _text(name), _text(source), _text(target), size_bytes, modified_us, etag, int(file_id),
        bool(folder), bool(replaces), begun, expects,
    )  # fmt: skip
    return ItemSnapshot(item, ItemState(state), 0, verified, note, error_of(error), attempts, error_of(last_error))


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


def counts_of(text: str) -> Counts:
    """:raises ValueError: it makes no sense, :raises TypeError: likewise"""
    counts = Counts(**json.loads(text))
    return replace(counts, left_out_by=tuple(counts.left_out_by))


def error_text(error: ErrorRecord | None) -> str | None:
    if error is None:
        return None
    plain = {name: redact(value) if isinstance(value, str) else value for name, value in asdict(error).items()}
    return json.dumps(plain)


def error_of(text: str | None) -> ErrorRecord | None:
    """:raises ValueError: it makes no sense, :raises TypeError: likewise"""
    return ErrorRecord(**json.loads(text)) if text else None
