"""The file of what was found out about endpoints: read with suspicion, written whole and atomically under a lock.

::

    {"schema": 2,
     "endpoints": {<address>: {"checksum": "yes", "named_checksum": "yes", "raw_plus": "no"}},
     "accounts": {<account id>: {<address>: {
         "conditions": {"conditional_create": "yes", ..., "asked_us": ..., "server": "MinIO", "bucket": ...},
         "versioned": {...},                      the same of buckets that have their versions on
         "buckets": {<bucket>: {...}},            where it differs
         "left": [[<bucket>, <key>], ...]}}}}     what a check under way writes, to be removed by the next one
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

SCHEMA = 2
MAX_BYTES = 4 * 1024**2


class BetweenProcesses:
    """A lock held by the kernel for as long as the file is open; nothing where the platform has none."""

    def __init__(self, file: Path) -> None:
        self._path = file.with_suffix(".lock")
        self._handle: int | None = None

    def __enter__(self) -> None:
        with suppress(OSError, ImportError):
            import fcntl

            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._handle, fcntl.LOCK_EX)

    def __exit__(self, *_exception: object) -> None:
        if self._handle is not None:
            os.close(self._handle)


def stamp(file: Path) -> tuple[int, int] | None:
    """What changes with the file; ``None`` where there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino


def load(file: Path) -> dict[str, Any]:
    """The document; what is not understood is as if nothing were known."""
    empty: dict[str, Any] = {"schema": SCHEMA, "endpoints": {}, "accounts": {}}
    try:
        with file.open("rb") as handle:
            table = json.loads(handle.read(MAX_BYTES + 1)[:MAX_BYTES])
    except (OSError, ValueError, RecursionError):
        return empty
    if not isinstance(table, dict):
        return empty
    schema = table.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        return {**empty, "schema": schema}
    if schema == SCHEMA and isinstance(table.get("endpoints"), dict) and isinstance(table.get("accounts"), dict):
        return table
    return empty


def save(file: Path, table: dict[str, Any]) -> None:
    """Replace the file; one of a newer version is left as it is. :raises OSError:"""
    if table["schema"] != SCHEMA:
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(table, out, indent=1, sort_keys=True)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def part(table: dict[str, Any], *names: str) -> dict[str, Any]:
    """The object at these names, made where there is none (or something else)."""
    at = table
    for name in names:
        if not isinstance(at.get(name), dict):
            at[name] = {}
        at = at[name]
    return at
