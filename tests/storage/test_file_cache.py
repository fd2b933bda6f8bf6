"""Files below a budget: the longest unused go first, groups go as a whole, and a disk that says no hurts nobody."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from artifact_browser.storage.file_cache import FileCache


@pytest.fixture
def cache(tmp_path: Path) -> FileCache:
    return FileCache(tmp_path / "cache", 1000)


def test_what_was_put_is_there_and_private(cache: FileCache, tmp_path: Path) -> None:
    cache.put("account", "a", b"picture")
    assert cache.get("account", "a") == b"picture"
    assert cache.get("account", "b") is None
    assert cache.get("other", "a") is None
    (path,) = (tmp_path / "cache" / "account").iterdir()
    assert path.name == "a"  # nothing temporary is left
    if os.name == "posix":
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_the_longest_unused_make_room(cache: FileCache, tmp_path: Path) -> None:
    for number in range(5):
        cache.put("account", str(number), bytes(200))
        os.utime(tmp_path / "cache" / "account" / str(number), (number, number))
    assert cache.get("account", "0") is not None  # used now
    cache.put("account", "5", bytes(200))
    kept = [name for name in "012345" if cache.get("account", name) is not None]
    assert kept == ["0", "3", "4", "5"]


def test_a_new_process_counts_what_is_there(cache: FileCache, tmp_path: Path) -> None:
    for number in range(5):
        cache.put("account", str(number), bytes(200))
    again = FileCache(tmp_path / "cache", 1000)
    again.put("account", "5", bytes(200))
    assert sum(path.stat().st_size for path in (tmp_path / "cache").glob("*/*")) <= 1000


def test_groups_that_are_gone_take_their_files_along(cache: FileCache) -> None:
    cache.put("stays", "a", b"1")
    cache.put("goes", "a", b"2")
    cache.forget("goes")
    assert (cache.get("stays", "a"), cache.get("goes", "a")) == (b"1", None)


def test_a_disk_that_takes_nothing_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    cache = FileCache(tmp_path / "file", 1000)
    cache.put("account", "a", b"x")
    assert cache.get("account", "a") is None
    cache.forget("account")
