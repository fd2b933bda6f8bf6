"""Kept listings: what a place held comes back exactly or not at all, stays small, and belongs to one account's eyes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.paths import Paths, in_home
from artifact_browser.storage import listing_cache
from artifact_browser.storage.columns import KeyTable, KeyTableWriter
from artifact_browser.storage.listing import BLOBS, FOLDERS, ListingGrown, make_listing
from artifact_browser.storage.listing_cache import KeptListing, clear_kept, find_kept, keep_listing
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import Lane
from tests.storage.test_columns import _append

RECORD = AccountRecord("mine", AccountKind.S3, "Mine", endpoint="https://store.example")
ODD_PREFIX = "caf\udce9/a\nb/"


class _Context:
    """As much of a job's line to the outside as these jobs use."""

    lane = Lane.INTERACTIVE

    def __init__(self, paths: Paths) -> None:
        self.paths, self.cancel = paths, CancelToken()

    def ask(self, question: object) -> object:
        raise AssertionError(question)

    def progress(self, value: object) -> None:
        raise AssertionError(value)


class Home:
    """Keeps and finds as a worker does; each listing has a folder of its own, as the window makes them."""

    def __init__(self, folder: Path, pid: int = 1) -> None:
        self.paths: Paths = in_home(folder).make()
        self._context, self._pid = _Context(self.paths), pid
        self._count = 0

    @property
    def root(self) -> Path:
        return self.paths.cache / "kept-listings"

    def folder(self) -> Path:
        self._count += 1
        return make_listing(self.paths.listings / f"{self._pid}-{self._count}")

    def keep(
        self, keys: list[str], prefix: str = "p/", record: AccountRecord = RECORD, bucket: str = "b", ago_us: int = 0
    ) -> Path:
        folder = self.folder()
        for name, rows in ((FOLDERS, ["p/x/"]), (BLOBS, keys)):
            writer = KeyTableWriter(folder, name)
            _append(writer, rows)
            writer.close()
        state = ListingGrown(1, len(keys), 7, 3, ("", "GLACIER"))
        listed_us = time.time_ns() // 1000 - ago_us
        list(keep_listing(self._context, record, bucket, prefix, str(folder), state, listed_us))
        return folder

    def find(self, prefix: str = "p/", record: AccountRecord = RECORD, bucket: str = "b") -> list[str] | None:
        """The keys that would be shown."""
        folder = self.folder()
        job = find_kept(self._context, record, bucket, prefix, str(folder))
        kept = _result(job)
        if kept is None:
            return None
        assert isinstance(kept, KeptListing)
        assert replace(kept.state, blobs=0) == ListingGrown(1, 0, 7, 3, ("", "GLACIER"))
        table = KeyTable(folder, BLOBS)
        table.grow(kept.state.blobs)
        keys = [table.key(row) for row in range(table.count)]
        table.close()
        return keys

    def clear(self, account_id: str = "") -> int:
        freed = _result(clear_kept(self._context, account_id))
        assert isinstance(freed, int)
        return freed

    def places(self) -> list[Path]:
        return sorted(self.root.glob("*/*"))


def _result(job: object) -> object:
    try:
        while True:
            next(job)  # type: ignore[call-overload]
    except StopIteration as end:
        return end.value


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_place_is_found_again_after_a_restart(home: Home, tmp_path: Path) -> None:
    home.keep(["p/a", "p/ä"])
    home.keep(["p/b"], ODD_PREFIX)
    assert home.find() == ["p/a", "p/ä"]
    again = Home(tmp_path, pid=2)
    assert again.find() == ["p/a", "p/ä"]
    assert again.find(ODD_PREFIX) == ["p/b"]
    assert again.find("other/") is None
    assert again.find(bucket="other") is None


def test_the_last_listing_counts(home: Home) -> None:
    home.keep(["p/old"])
    home.keep([])
    assert home.find() == []
    assert len(home.places()) == 1
    assert [entry.name for entry in home.root.iterdir()] == [home.places()[0].parent.name]


def test_what_was_listed_before_a_clearing_is_not_kept_behind_it(home: Home) -> None:
    """The job that keeps runs beside the one that clears: an account that is gone would leave its keys behind."""
    home.keep(["p/a"], ago_us=10**6)
    assert home.find() == ["p/a"]
    home.clear(RECORD.id)
    home.keep(["p/a"], ago_us=10**6)
    assert home.find() is None
    assert home.places() == []
    time.sleep(0.001)
    home.keep(["p/a"])
    assert home.find() == ["p/a"]


@pytest.mark.parametrize("noted", ["", "soon", str(2**62)])
def test_a_wrong_note_of_a_clearing_forbids_nothing(home: Home, noted: str) -> None:
    home.clear()
    (note,) = home.paths.cache.glob("kept-listings-cleared*")
    note.write_text(noted)
    home.keep(["p/a"])
    assert home.find() == ["p/a"]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "another"},
        {"endpoint": "https://other.example"},
        {"secret_revision": 1},
        {"profile": "x"},
        {"region": "r"},
    ],
    ids=str,
)
def test_rows_are_not_shown_to_others(home: Home, change: dict[str, object]) -> None:
    home.keep(["p/a"])
    assert home.find(record=replace(RECORD, **change)) is None  # type: ignore[arg-type]
    assert home.find(record=replace(RECORD, name="Renamed", colour="#000000")) == ["p/a"]


def test_what_is_kept_is_private(home: Home) -> None:
    home.keep(["p/a"])
    entries = [home.root, *home.root.rglob("*")]
    assert len(entries) == 8
    assert all(entry.stat().st_mode & 0o077 == 0 for entry in entries)


def test_a_listing_that_is_shown_is_not_disturbed(home: Home) -> None:
    """Neither when the window lets the files go it kept from, nor when what is kept is cleared under one it is shown in."""
    folder = home.keep(["p/a"])
    for file in folder.iterdir():
        file.unlink()
    shown = home.folder()
    kept = _result(find_kept(home._context, RECORD, "b", "p/", str(shown)))
    assert isinstance(kept, KeptListing)
    assert home.clear() > 0
    assert home.find() is None
    table = KeyTable(shown, BLOBS)
    table.grow(1)
    assert table.key(0) == "p/a"
    table.close()


def _cut(place: Path) -> None:
    (place / "blobs.rows").write_bytes((place / "blobs.rows").read_bytes()[:-1])


def _turn(place: Path) -> None:
    data = bytearray((place / "blobs.keys").read_bytes())
    data[-1] ^= 1
    (place / "blobs.keys").write_bytes(data)


def _edit(**changes: object) -> Callable[[Path], None]:
    def change(place: Path) -> None:
        about = json.loads((place / "about.json").read_text())
        about.update(changes)
        (place / "about.json").write_text(json.dumps(about))

    return change


def _link(place: Path) -> None:
    (place / "folders.rows").rename(place / "moved")
    (place / "folders.rows").symlink_to(place / "moved")


def _link_whole(place: Path) -> None:
    away = place.parent.parent.parent / "away"
    place.rename(away)
    place.symlink_to(away)


WRONG = {
    "cut": _cut,
    "turned": _turn,
    "gone": lambda place: (place / "folders.keys").unlink(),
    "no json": lambda place: (place / "about.json").write_text("{"),
    "a list": lambda place: (place / "about.json").write_text("[]"),
    "long": lambda place: (place / "about.json").write_text(" " * 100_000 + "{}"),
    "schema": _edit(schema=2),
    "state": _edit(state={"folders": 1, "blobs": "2", "size_bytes": 7, "requests": 3, "classes": []}),
    "more rows": _edit(state={"folders": 1, "blobs": 9, "size_bytes": 7, "requests": 3, "classes": []}),
    "negative": _edit(state={"folders": 1, "blobs": -1, "size_bytes": 7, "requests": 3, "classes": []}),
    "classes": _edit(state={"folders": 1, "blobs": 2, "size_bytes": 7, "requests": 3, "classes": [1]}),
    "time": _edit(listed_us="yesterday"),
    "another place": _edit(place=["x"]),
    "a link": _link,
    "all a link": _link_whole,
    "a file": lambda place: (listing_cache._remove(place), place.write_text("x")),  # type: ignore[func-returns-value]
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_damaged_is_removed_and_never_shown(home: Home, wrong: Callable[[Path], object]) -> None:
    home.keep(["p/a", "p/b"])
    (place,) = home.places()
    wrong(place)
    assert home.find() is None
    assert not os.path.lexists(place)
    home.keep(["p/a"])
    assert home.find() == ["p/a"]


def test_what_was_shown_longest_ago_makes_room(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing_cache, "MOST_BYTES", 3 * 2200)
    for number in range(3):
        home.keep([f"p/{'x' * 1000}"], f"{number}/")
        _age(home, 10)
    assert home.find("0/") is not None  # shown: now 1/ is the oldest
    home.keep([f"p/{'x' * 1000}"], "3/")
    home.keep([f"p/{'x' * 1000}"], "4/")
    found = [number for number in range(5) if home.find(f"{number}/") is not None]
    assert found[0] == 0
    assert 4 in found
    assert 1 not in found
    assert sum(file.stat().st_size for file in home.root.rglob("*") if file.is_file()) <= 3 * 2200


def test_one_that_is_too_large_alone_lets_the_others_go(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.keep(["p/a"], "1/")
    _age(home, 10)
    monkeypatch.setattr(listing_cache, "MOST_BYTES", 100)
    home.keep(["p/b"], "2/")
    assert (home.find("1/"), home.find("2/")) == (None, ["p/b"])


def test_there_are_not_too_many(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing_cache, "MOST_PLACES", 4)
    for number in range(6):
        home.keep(["p/a"], f"{number}/")
        _age(home, 10)
    assert len(home.places()) == 4
    assert home.find("5/") == ["p/a"]


def test_foreign_files_go(home: Home, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    home.keep(["p/a"])
    (home.root / "stray").write_text("x")
    (home.root / "away").symlink_to(precious)
    (home.places()[0].parent / "stray").mkdir()
    home.keep(["p/a"], "2/")
    assert [entry.name for entry in home.root.iterdir()] == [home.places()[0].parent.name]
    assert len(home.places()) == 2
    home.clear()
    assert list(home.root.iterdir()) == []
    assert (precious / "file").read_text() == "x"


def test_an_account_goes_with_all_it_held(home: Home) -> None:
    other = replace(RECORD, id="other")
    home.keep(["p/a"])
    home.keep(["p/a"], "2/")
    home.keep(["p/b"], record=other)
    assert home.clear("mine") > 0
    assert (home.find(), home.find("2/"), home.find(record=other)) == (None, None, ["p/b"])
    assert home.clear() > 0
    assert home.find(record=other) is None


def _age(home: Home, seconds: int) -> None:
    """Everything that is kept was shown so much longer ago."""
    for about in home.root.rglob("about.json"):
        status = about.stat()
        os.utime(about, (status.st_atime - seconds, status.st_mtime - seconds))
