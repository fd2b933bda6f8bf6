"""What was found out about each endpoint, kept in one small file so that it is asked only once.

Facts are proven by probes or by answers, never guessed from a server's name (design decision 10). The file is shared
by all processes of one home: it is read again when it changed, and written whole and atomically under a lock file, so
that two processes that learn different things at the same time both keep theirs.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from artifact_browser.storage.driver import Support

_SCHEMA = 1
#: looking at the file took as long as the head of a request, several times for each
_LOOK_S = 0.02
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Facts:
    """One endpoint's proven ways.

    :ivar checksum: it checks ``x-amz-checksum-crc32c`` and says so
    :ivar raw_plus: a ``+`` in a listed key stands for itself (``yes``) or for a space (``no``)
    """

    conditional_create: Support = Support.UNKNOWN
    conditional_replace: Support = Support.UNKNOWN
    conditional_delete: Support = Support.UNKNOWN
    conditional_copy: Support = Support.UNKNOWN
    conditional_copy_create: Support = Support.UNKNOWN
    conditional_complete: Support = Support.UNKNOWN
    etag_quoted: bool = True
    checksum: Support = Support.UNKNOWN
    raw_plus: Support = Support.UNKNOWN


class Remembered:
    """The facts of one endpoint. Any thread; a file that cannot be read or written costs a probe, never an error."""

    def __init__(self, file: Path, endpoint: str) -> None:
        self._file = file
        self._endpoint = endpoint
        self._seen: tuple[int, int] | None = None
        self._looked_at = float("-inf")
        #: this account may not write what a probe writes: not asked again in this process
        self.refused = False
        self._facts = Facts()

    def facts(self) -> Facts:
        """What is known now, other processes' discoveries included (a moment later)."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_S:
            return self._facts
        self._looked_at = now
        with _lock:
            stamp = _stamp(self._file)
            if stamp != self._seen:
                self._facts = _decode(_load(self._file).get(self._endpoint))
                self._seen = stamp
            return self._facts

    def learn(self, **changes: Any) -> Facts:
        """Add facts; returns all that is known."""
        before = self.facts()
        if replace(before, **changes) == before:
            return before
        with _lock, _between_processes(self._file):
            table = _load(self._file)
            facts = replace(_decode(table.get(self._endpoint)), **changes)
            table[self._endpoint] = asdict(facts)
            with suppress(OSError):
                _save(self._file, table)
            self._facts, self._seen = facts, _stamp(self._file)
            return facts


class _between_processes:  # noqa: N801 - used as a context manager, reads as one
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


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino


def _load(file: Path) -> dict[str, Any]:
    try:
        table = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    known = isinstance(table, dict) and table.get("schema") == _SCHEMA and isinstance(table.get("endpoints"), dict)
    return dict(table["endpoints"]) if known else {}


def _save(file: Path, table: dict[str, Any]) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump({"schema": _SCHEMA, "endpoints": table}, out, indent=1, sort_keys=True)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _decode(entry: object) -> Facts:
    """Facts from the file; what is not understood is unknown."""
    if not isinstance(entry, dict):
        return Facts()
    known: dict[str, Any] = {"etag_quoted": entry.get("etag_quoted") is not False}
    for one in fields(Facts):
        if one.name != "etag_quoted" and entry.get(one.name) in {"yes", "no"}:
            known[one.name] = Support(entry[one.name])
    return Facts(**known)
