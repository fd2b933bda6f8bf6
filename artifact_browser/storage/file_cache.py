"""Small files that can be had again, kept on disk below a budget of bytes; what was not used for longest goes first.

Grouped by account, so that what belongs to one is gone with it. Safe to use from several threads and processes: a file
appears whole or not at all, and one that goes away is only missing.
"""

from __future__ import annotations

import os
import shutil
import threading
import uuid
from contextlib import suppress
from pathlib import Path

from artifact_browser.paths import make_private

#: after a clear-out so much of the budget is used: the next files need none
_LEFT = 0.8
_TEMPORARY = ".new"


class FileCache:
    """:param folder: a private folder, made when it is needed; :param budget_bytes: of all groups together"""

    def __init__(self, folder: Path, budget_bytes: int) -> None:
        self._folder, self._budget = folder, budget_bytes
        self._lock = threading.Lock()
        self._used = -1  # not looked at yet

    def get(self, group: str, name: str) -> bytes | None:
        """The bytes of ``name``, a plain file name; ``None`` when they are not there."""
        path = self._folder / group / name
        try:
            data = path.read_bytes()
        except OSError:
            return None
        with suppress(OSError):
            os.utime(path)  # used now
        return data

    def put(self, group: str, name: str, data: bytes) -> None:
        """Keep ``data``. A disk that is full or may not be written to keeps nothing, and nothing else happens."""
        folder = self._folder / group
        path = folder / name
        temporary = folder / f"{uuid.uuid4().hex}{_TEMPORARY}"
        try:
            make_private(folder)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            temporary.replace(path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            return
        with self._lock:
            if self._used >= 0:
                self._used += len(data)
            if self._used < 0 or self._used > self._budget:
                self._used = self._make_room()

    def forget(self, group: str) -> None:
        """Remove a group with all its files."""
        shutil.rmtree(self._folder / group, ignore_errors=True)
        with self._lock:
            self._used = -1

    def _make_room(self) -> int:
        """Remove the longest unused until the rest fits; what is used then. Others' unfinished files of a crash too."""
        found = []
        for path in self._folder.glob("*/*"):
            with suppress(OSError):
                stat = path.stat()
                found.append((stat.st_mtime_ns, stat.st_size, path))
        used = sum(size for _, size, _ in found)
        if used <= self._budget:
            return used
        for _, size, path in sorted(found):
            if used <= self._budget * _LEFT:
                break
            with suppress(OSError):
                path.unlink()
            used -= size
        return used
