"""Sorting and filtering give the rows a person would pick by hand."""

from __future__ import annotations

import fnmatch
import re
from array import array
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artifact_browser.errors import InputError, JobCancelled
from artifact_browser.storage.arrange import FOLDER_BIT, Arrangement, Column, arrange
from artifact_browser.storage.bounds import Bounds
from artifact_browser.storage.columns import KeyTableWriter, encode_key
from artifact_browser.storage.filetypes import type_of
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
        ids.frombytes(end.value.index)
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


@pytest.mark.parametrize(
    "wanted",
    [
        Arrangement(Column.TYPE),
        Arrangement(text="*[0-9]?x"),
        Arrangement(text="\u00e9"),
        Arrangement(text="\\d", expression=True),
    ],
)
def test_arranging_many_rows_hears_a_cancel(tmp_path: Path, wanted: Arrangement):
    """A job that ignores its cancel for two seconds costs the process, and all other jobs in it."""
    blobs = [(f"{PREFIX}{number:06}.of-a-long-ending", 1, 1) for number in range(20_000)]
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


SETTLED = st.sampled_from(["a.csv", "manifest.yaml", "_manifest.yaml", "x/manifest.yaml", "b.YAML", "c.tar.gz", ".hidden", "d.", "e",
    "f.tar.", "g.safetensors", "h.averylongending", "i.\u00fc\u00fc", "j.csv/k", "l.x y", "m..csv", "n.parquet/", "o.Csv"])  # fmt: skip


@given(st.sets(st.one_of(SETTLED, NAMES), min_size=1, max_size=25))
def test_types_sort_as_their_words_do(tmp_path_factory: pytest.TempPathFactory, names: set[str]):
    folder = tmp_path_factory.mktemp("listing")
    keys = sorted((PREFIX + name for name in names), key=encode_key)
    blobs = [(key, 1, 1) for key in keys]
    _list(folder, [], blobs)
    assert _arranged(folder, [], blobs, Arrangement(Column.TYPE)) == sorted(keys, key=type_of)


@given(st.lists(st.integers(-3, 3) | st.integers(-(2**62), 2**62), min_size=1, max_size=40), st.booleans())
def test_numbers_sort_stably(tmp_path_factory: pytest.TempPathFactory, numbers: list[int], falling: bool):
    folder = tmp_path_factory.mktemp("listing")
    blobs = [(f"{PREFIX}{at:03}", number, number) for at, number in enumerate(numbers)]
    _list(folder, [], blobs)
    expected = [key for key, _, _ in sorted(blobs, key=lambda blob: blob[1])]
    for column in (Column.SIZE, Column.MODIFIED):
        rows = _arranged(folder, [], blobs, Arrangement(column, falling))
        assert rows == (expected[::-1] if falling else expected)


GLOBS = st.text("aA*?.[]!e1", min_size=1, max_size=6).filter(lambda text: set(text) & set("*?["))


@settings(max_examples=150, derandomize=True)
@given(st.sets(st.text("aAbe.1[]!", min_size=1, max_size=8), min_size=1, max_size=25), GLOBS)
def test_the_fast_patterns_find_what_fnmatch_finds(
    tmp_path_factory: pytest.TempPathFactory, names: set[str], text: str
):
    folder = tmp_path_factory.mktemp("listing")
    keys = sorted(PREFIX + name for name in names)
    _list(folder, [f"{key}/" for key in keys], [(key, 1, 1) for key in keys])
    matches = re.compile(fnmatch.translate(text), re.IGNORECASE).match
    expected = [key for key in keys if matches(key[len(PREFIX) :])]
    rows = _arranged(folder, [f"{key}/" for key in keys], [(key, 1, 1) for key in keys], Arrangement(text=text))
    assert rows == [f"{key}/" for key in expected] + expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Arrangement(bounds=Bounds(size_from=6)), ["b.csv"]),
        (Arrangement(bounds=Bounds(size_to=5)), ["a.parquet", "c.csv"]),
        (Arrangement(text="csv", bounds=Bounds(size_to=5)), ["c.csv"]),
        (Arrangement(bounds=Bounds(modified_from_us=11, modified_to_us=29)), ["c.csv"]),
        (Arrangement(bounds=Bounds(storage_class="standard")), ["a.parquet", "b.csv", "c.csv"]),
        (Arrangement(bounds=Bounds(storage_class="glacier")), []),
        (Arrangement(text="^[bc].CSV$", expression=True), ["b.csv", "c.csv"]),
        (Arrangement(text="(a+)+$", expression=True), ["Alpha/", "beta/"]),
    ],
)
def test_bounds_and_expressions_narrow(tmp_path: Path, wanted: Arrangement, expected: list[str]):
    _list(tmp_path, FOLDER_ROWS, BLOB_ROWS)
    assert _arranged(tmp_path, FOLDER_ROWS, BLOB_ROWS, wanted) == [PREFIX + name for name in expected]


def test_an_expression_that_cannot_be_used_is_said(tmp_path: Path):
    _list(tmp_path, [], BLOB_ROWS)
    with pytest.raises(InputError, match="missing"):
        next(arrange(Context(), str(tmp_path), len(PREFIX), 0, 3, Arrangement(text="(", expression=True)))
