"""Walking what was dropped: files and empty folders, lazily, one folder at a time in memory.

Symbolic links are not followed (a link out of the tree would upload what nobody chose; a link in a circle would never
end), and special files are not read; both are reported, never left out silently.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from artifact_browser.errors import DiskError
from artifact_browser.transfers.disk import disk_error, stamp_of


class What(StrEnum):
    FILE = "file"
    EMPTY_FOLDER = "empty folder"
    LINK = "symbolic link"
    SPECIAL = "special file"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing of the tree. ``names`` is the path from what was chosen, its own name first."""

    path: str
    names: tuple[str, ...]
    what: What
    size_bytes: int = 0
    modified_us: int = 0
    file_id: int = 0
    error: DiskError | None = None


def walk(chosen: str) -> Iterator[Found]:
    """Everything at and below ``chosen`` (a file or a folder), folders in name order. Never raises ``OSError``."""
    path = Path(chosen).absolute()
    names = (path.name,) if path.name else ()
    waiting = [(str(path), names)]
    while waiting:
        here, names = waiting.pop()
        try:
            found = os.lstat(here)
            if not stat.S_ISDIR(found.st_mode):
                yield _file(here, names, found)
                continue
            inside = sorted(os.listdir(here), reverse=True)  # noqa: PTH208 - names, not Path objects: a million of them
        except OSError as error:
            yield Found(here, names, What.UNREADABLE, error=disk_error(error, here))
            continue
        if not inside:
            yield Found(here, names, What.EMPTY_FOLDER)
        waiting.extend((os.path.join(here, name), (*names, name)) for name in inside)  # noqa: PTH118 - see above


def _file(path: str, names: tuple[str, ...], found: os.stat_result) -> Found:
    if stat.S_ISLNK(found.st_mode):
        return Found(path, names, What.LINK)
    if not stat.S_ISREG(found.st_mode):
        return Found(path, names, What.SPECIAL)
    size, modified_us, file_id = stamp_of(found)
    return Found(path, names, What.FILE, size, modified_us, file_id)
