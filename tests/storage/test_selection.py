"""Selected rows are found again whatever the order, the filter and the listing: compared with sets of keys."""

from __future__ import annotations

from array import array
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.storage.arrange import FOLDER_BIT, Arrangement, Column, arrange
from artifact_browser.storage.columns import KeyTableWriter
from artifact_browser.storage.listing import BLOBS, FOLDERS
from artifact_browser.storage.selection import (
    Arranged,
    Chosen,
    Hidden,
    addresses_of,
    carry_over,
    count_selected,
)
from artifact_browser.workers.cancel import CancelToken


class Context:
    """What a job needs of its context."""

    cancel = CancelToken()


def result(job: Generator[Any, None, Any]) -> Any:
    with pytest.raises(StopIteration) as end:
        next(job)
    return end.value.value


def write(folder: Path, names: list[str]) -> tuple[list[str], list[str]]:
    """Names that end with a slash are folders."""
    names = sorted(names)
    folders, blobs = [n for n in names if n.endswith("/")], [n for n in names if not n.endswith("/")]
    for table, keys in ((FOLDERS, folders), (BLOBS, blobs)):
        writer = KeyTableWriter(folder, table)
        writer.append(keys, array("q", map(len, keys)), array("q", bytes(8 * len(keys))), bytes(len(keys)))
        writer.close()
    return folders, blobs


class Table:
    """What the window holds of a listing."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        self.folder = folder
        self.folders, self.blobs = write(folder, names)
        self.shown = Arranged(None, bytes(len(names)))

    @property
    def keys(self) -> list[str]:
        if self.shown.index is None:
            return self.folders + self.blobs
        ids = array("I")
        ids.frombytes(self.shown.index)
        return [self.folders[one ^ FOLDER_BIT] if one & FOLDER_BIT else self.blobs[one] for one in ids]

    @property
    def selected(self) -> set[str]:
        return {key for key, bit in zip(self.keys, self.shown.rows, strict=True) if bit}

    def choose(self, keys: set[str]) -> None:
        self.shown = Arranged(self.shown.index, bytes(key in keys for key in self.keys), self.shown.hidden)

    @property
    def chosen(self) -> Chosen:
        folders = sum(key.endswith("/") for key in self.keys)
        return Chosen(self.shown.rows, self.shown.index, folders, self.shown.hidden, self.shown.current)

    def arrange(self, wanted: Arrangement) -> None:
        counts = len(self.folders), len(self.blobs)
        self.shown = result(
            arrange(Context(), str(self.folder), 0, *counts, wanted, ("",), self.chosen)  # type: ignore[arg-type]
        )


NAMES = st.sets(st.sampled_from([f"{a}{b}{c}" for a in "abc" for b in "xyz" for c in ("", "/", "z", "xy")]), min_size=1)
WAYS = st.sampled_from(
    [Arrangement(), Arrangement(Column.SIZE), Arrangement(Column.NAME, True), Arrangement(text="x"), Arrangement(text="*z"),
     Arrangement(Column.SIZE, True, "a")]
)  # fmt: skip


@given(NAMES, st.lists(st.tuples(WAYS, st.sets(st.integers(0, 40), max_size=6)), min_size=1, max_size=6))
def test_a_selection_survives_orders_and_filters(
    tmp_path_factory: pytest.TempPathFactory, names: set[str], steps: list[tuple[Arrangement, set[int]]]
) -> None:
    table = Table(tmp_path_factory.mktemp("listing"), sorted(names))
    wanted: set[str] = set()
    for way, rows in steps:
        picked = {key for row, key in enumerate(table.keys) if row in rows}
        wanted = (wanted - set(table.keys)) | picked  # what is hidden stays as it is
        table.choose(picked)
        table.arrange(way)
        assert table.selected == wanted & set(table.keys)
    table.arrange(Arrangement())
    assert table.selected == wanted


def test_the_current_row_is_found_again(tmp_path: Path) -> None:
    table = Table(tmp_path, ["f/", "a", "bbb", "cc"])
    table.shown = Arranged(None, bytes(4), Hidden(), 0)
    for row, way, found in ((0, Arrangement(Column.NAME, True), 0), (0, Arrangement(text="b"), -1)):
        del row
        chosen = Chosen(bytes(4), None, 1, Hidden(), 0 | FOLDER_BIT)
        assert result(arrange(Context(), str(tmp_path), 0, 1, 3, way, ("",), chosen)).current == found  # type: ignore[arg-type]
    chosen = Chosen(bytes(4), None, 1, Hidden(), 1)
    found = result(arrange(Context(), str(tmp_path), 0, 1, 3, Arrangement(Column.SIZE, True), ("",), chosen))  # type: ignore[arg-type]
    assert found.current == 1
    assert found.index is not None


@given(NAMES, NAMES, st.sets(st.integers(0, 40), max_size=9))
def test_a_selection_is_found_in_the_next_listing(
    tmp_path_factory: pytest.TempPathFactory, before: set[str], after: set[str], rows: set[int]
) -> None:
    old = Table(tmp_path_factory.mktemp("old"), sorted(before))
    new = Table(tmp_path_factory.mktemp("new"), sorted(after))
    picked = {key for row, key in enumerate(old.keys) if row in rows}
    old.choose(picked)
    old.arrange(Arrangement(text="x"))  # some of them hidden
    found = result(
        carry_over(Context(), str(old.folder), len(old.folders), len(old.blobs), old.chosen, str(new.folder),  # type: ignore[arg-type]
                   len(new.folders), len(new.blobs))
    )  # fmt: skip
    new.shown = Arranged(None, bytes(len(new.keys)), found)
    new.arrange(Arrangement(Column.SIZE))
    assert new.selected == picked & after


def test_many_rows_are_counted_and_written_down(tmp_path: Path) -> None:
    table = Table(tmp_path, ["f/", "g/", "a", "bbb", "cc"])
    table.arrange(Arrangement(Column.SIZE, True))
    table.choose({"g/", "bbb", "a"})
    counted = result(count_selected(Context(), str(tmp_path), 2, 3, table.chosen))  # type: ignore[arg-type]
    assert (counted.folders, counted.blobs, counted.size_bytes) == (1, 2, 4)
    text = result(addresses_of(Context(), str(tmp_path), 2, 3, table.chosen, "s3://b/"))  # type: ignore[arg-type]
    assert text == b"s3://b/g/\ns3://b/bbb\ns3://b/a"
    table.arrange(Arrangement(text="b"))  # what is hidden is not touched by what is done with the selection
    counted = result(count_selected(Context(), str(tmp_path), 2, 3, table.chosen))  # type: ignore[arg-type]
    assert (counted.folders, counted.blobs, counted.size_bytes) == (0, 1, 3)
