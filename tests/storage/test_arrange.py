"""Sorting and filtering give the rows a person would pick by hand."""

from __future__ import annotations

import fnmatch
from array import array
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artifact_browser.errors import JobCancelled
from artifact_browser.storage.arrange import FOLDER_BIT, Arrangement, Column, arrange
from artifact_browser.storage.columns import KeyTableWriter, encode_key
from artifact_browser.storage.listing import BLOBS, FOLDERS
from artifact_browser.workers.cancel import CancelToken

PREFIX = "data/"


class Context:
    """What an arranging job needs of its context."""

    cancel = CancelToken()


def _list(folder: Path, folders: list[str], blobs: list[tuple[str, int, int]]) -> None:
    writer = KeyTableWriter(folder, FOLDERS)
    writer.append(folders, array("q", [0] * len(folders)), array("q", [0] * len(folders)), [0] * len(folders))
    writer.close()
    writer = KeyTableWriter(folder, BLOBS)
    writer.append(
        [key for key, _, _ in blobs], array("q", [s for _, s, _ in blobs]), array("q", [m for _, _, m in blobs]),
        [0] * len(blobs),
    )  # fmt: skip
    writer.close()


def _arranged(folder: Path, folders: list[str], blobs: list[tuple[str, int, int]], wanted: Arrangement) -> list[str]:
    job = arrange(Context(), str(folder), len(encode_key(PREFIX)), len(folders), len(blobs), wanted)
    try:
        next(job)
    except StopIteration as end:
        ids = array("I")
        ids.frombytes(end.value)
        return [folders[i ^ FOLDER_BIT] if i & FOLDER_BIT else blobs[i][0] for i in ids]
    raise AssertionError("the job yields nothing")


FOLDER_ROWS = [f"{PREFIX}Alpha/", f"{PREFIX}beta/"]
BLOB_ROWS = [(f"{PREFIX}a.parquet", 5, 30), (f"{PREFIX}b.csv", 500, 10), (f"{PREFIX}c.csv", 5, 20)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Arrangement(Column.SIZE), ["a.parquet", "c.csv", "b.csv"]),
        (Arrangement(Column.SIZE, descending=True), ["b.csv", "c.csv", "a.parquet"]),
        (Arrangement(Column.MODIFIED), ["b.csv", "c.csv", "a.parquet"]),
        (Arrangement(Column.TYPE), ["b.csv", "c.csv", "a.parquet"]),
        (Arrangement(Column.NAME, descending=True), ["c.csv", "b.csv", "a.parquet"]),
    ],
)
def test_sorting_keeps_folders_first(tmp_path: Path, wanted: Arrangement, expected: list[str]):
    _list(tmp_path, FOLDER_ROWS, BLOB_ROWS)
    rows = _arranged(tmp_path, FOLDER_ROWS, BLOB_ROWS, wanted)
    assert set(rows[:2]) == set(FOLDER_ROWS)
    assert rows[2:] == [PREFIX + name for name in expected]


def test_the_filter_looks_below_the_prefix_without_regard_to_case(tmp_path: Path):
    _list(tmp_path, FOLDER_ROWS, BLOB_ROWS)
    assert _arranged(tmp_path, FOLDER_ROWS, BLOB_ROWS, Arrangement(text="data")) == []
    assert _arranged(tmp_path, FOLDER_ROWS, BLOB_ROWS, Arrangement(text="ALPH")) == [FOLDER_ROWS[0]]
    assert _arranged(tmp_path, FOLDER_ROWS, BLOB_ROWS, Arrangement(text="*.csv")) == [
        f"{PREFIX}b.csv",
        f"{PREFIX}c.csv",
    ]


@pytest.mark.parametrize("text", ["csv", "b.csv", "c"])
def test_a_listing_that_still_grows_can_be_filtered(tmp_path: Path, text: str):
    """The lister has written further than the window was told: what lies behind is not looked at."""
    _list(tmp_path, FOLDER_ROWS, BLOB_ROWS)
    told = BLOB_ROWS[:2]
    expected = [key for key, _, _ in told if text in key[len(PREFIX) :]]
    assert _arranged(tmp_path, FOLDER_ROWS, told, Arrangement(text=text)) == expected


@pytest.mark.parametrize("wanted", [Arrangement(Column.TYPE), Arrangement(text="*1"), Arrangement(text="\u00e9")])
def test_arranging_many_rows_hears_a_cancel(tmp_path: Path, wanted: Arrangement):
    """A job that ignores its cancel for two seconds costs the process, and all other jobs in it."""
    blobs = [(f"{PREFIX}{number:06}", 1, 1) for number in range(20_000)]
    _list(tmp_path, [], blobs)

    class Stopping(CancelToken):
        looks = 0

        def raise_if_cancelled(self) -> None:
            self.looks += 1
            if self.looks == 3:
                self.cancel()
            super().raise_if_cancelled()

    class Stopped:
        cancel = Stopping()

    with pytest.raises(JobCancelled):
        next(arrange(Stopped(), str(tmp_path), len(PREFIX), 0, len(blobs), wanted))


NAMES = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=12)


@settings(max_examples=150, derandomize=True)
@given(st.sets(NAMES, min_size=1, max_size=25), st.text("abAB.e-é0", min_size=1, max_size=3))
def test_the_fast_search_finds_what_python_finds(tmp_path_factory: pytest.TempPathFactory, names: set[str], text: str):
    folder = tmp_path_factory.mktemp("listing")
    keys = sorted((PREFIX + name for name in names), key=encode_key)
    blobs = [(key, 1, 1) for key in keys]
    _list(folder, [], blobs)
    fold = (lambda name: name.casefold()) if not text.isascii() else _ascii_lower
    expected = [key for key in keys if fold(text) in fold(key[len(PREFIX) :])]
    assert _arranged(folder, [], blobs, Arrangement(text=text)) == expected


def _ascii_lower(name: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)


@pytest.mark.parametrize("text", ["[", "*[!", "?*[", "*[a-]*"])
def test_an_odd_glob_finds_what_fnmatch_finds(tmp_path: Path, text: str):
    _list(tmp_path, [], BLOB_ROWS)
    rows = _arranged(tmp_path, [], BLOB_ROWS, Arrangement(text=text))
    assert rows == [key for key, _, _ in BLOB_ROWS if fnmatch.fnmatchcase(key[len(PREFIX) :], text)]
