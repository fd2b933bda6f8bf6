"""Emptying the cache, in a worker: the window does no disk work."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path

from artifact_browser.workers.job import JobContext


def clear_cache(context: JobContext) -> Generator[None, None, int]:
    """Delete what can be fetched again; listings stay, because tables are open on them.

    :returns: bytes given back
    """
    freed_bytes = 0
    for entry in context.paths.cache.iterdir():
        if entry == context.paths.listings:
            continue
        context.cancel.raise_if_cancelled()
        freed_bytes += _size(entry)
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
        yield
    return freed_bytes


def _size(entry: Path) -> int:
    if entry.is_dir() and not entry.is_symlink():
        return sum(file.lstat().st_size for file in entry.rglob("*") if not file.is_dir())
    return entry.lstat().st_size
