"""A listing file gives back exactly what was put in, while it grows and after it was gone on with."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artifact_browser.storage.columns import KeyTable, KeyTableWriter, decode_key, encode_key

KEYS = st.text(st.characters(), max_size=40)


def _append(writer: KeyTableWriter, keys: list[str], size: int = 1) -> None:
    count = len(keys)
    writer.append(keys, array("q", [size] * count), array("q", range(count)), [7] * count)


@settings(max_examples=60, derandomize=True)
@given(st.lists(KEYS, max_size=30), st.lists(KEYS, max_size=30))
def test_any_keys_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, one: list[str], two: list[str]):
    folder = tmp_path_factory.mktemp("listing")
    writer, table = KeyTableWriter(folder, "blobs"), KeyTable(folder, "blobs")
    _append(writer, one)
    table.grow(writer.count)
    assert [table.key(row) for row in range(table.count)] == one
    _append(writer, two)
    table.grow(writer.count)
    assert [table.key(row) for row in range(table.count)] == one + two
    writer.close()
    table.close()


def test_facts_survive_with_64_bits(tmp_path: Path):
    writer = KeyTableWriter(tmp_path, "blobs")
    writer.append(["huge"], array("q", [5 * 1024**4]), array("q", [1_700_000_000_123_456]), [3])
    table = KeyTable(tmp_path, "blobs")
    table.grow(1)
    row = table.row(0)
    assert (row.key, row.size_bytes, row.modified_us, row.class_code) == ("huge", 5 * 1024**4, 1_700_000_000_123_456, 3)
    with pytest.raises(IndexError):
        table.row(1)
    table.close()
    writer.close()


def test_going_on_cuts_what_was_never_told(tmp_path: Path):
    writer = KeyTableWriter(tmp_path, "blobs")
    _append(writer, ["a", "b", "torn"])
    writer.close()
    again = KeyTableWriter(tmp_path, "blobs", keep=2)
    assert again.last_key == "b"
    _append(again, ["c"])
    again.close()
    table = KeyTable(tmp_path, "blobs")
    table.grow(3)
    assert [table.key(row) for row in range(3)] == ["a", "b", "c"]
    table.close()


@settings(max_examples=60, derandomize=True)
@given(st.sets(KEYS, min_size=1, max_size=40))
def test_find_in_byte_order(tmp_path_factory: pytest.TempPathFactory, keys: set[str]):
    folder = tmp_path_factory.mktemp("listing")
    ordered = sorted(keys, key=encode_key)
    writer, table = KeyTableWriter(folder, "blobs"), KeyTable(folder, "blobs")
    _append(writer, ordered)
    table.grow(writer.count)
    assert [table.find(key) for key in ordered] == list(range(len(ordered)))
    assert table.find(ordered[-1] + "\0not there") is None
    writer.close()
    table.close()


def test_a_name_that_is_no_utf8_survives():
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert decode_key(encode_key(name)) == name


def test_files_are_private(tmp_path: Path):
    KeyTableWriter(tmp_path, "blobs").close()
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())
