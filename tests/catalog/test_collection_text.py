"""A collection's list: one line per child, the same for every YAML reader, and nobody else's line touched."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.catalog.collection_text import CollectionText, flow_mapping, read_collection, read_lines
from tests.catalog.test_yaml_text import VALUES

HEAD = {"type": "collection", "name": "Zoo", "zebra": [1, 2], "_commit": "x", "summary_fields": ["name"]}
NASTY = "a\u2028b\u2029c\x85d\ufeffe\x7ff\x9bg\th\ni\rj\"k\\l'm: n # o {p} [q] \u0000 \U0001f600"


def written(*entries: dict[str, object]) -> bytes:
    text = CollectionText(dict(HEAD))
    for entry in entries:
        text.put(entry)
    return text.encode()


def test_one_line_per_child_that_every_yaml_reader_understands() -> None:
    entry = {"_id": "a", "description": NASTY, "tags": ["x", "y"], "n": 1e16, "ok": True, "none": None}
    data = written(entry, {"_id": "b"})
    lines = [line for line in data.decode().split("\n") if line.startswith("- {")]
    assert len(lines) == 2
    assert yaml.safe_load(data) == {**HEAD, "collection": [entry, {"_id": "b"}]}
    again = read_lines(data)
    assert again is not None
    assert again.entries == [entry, {"_id": "b"}]


def test_an_empty_collection_reads_as_one() -> None:
    assert yaml.safe_load(written())["collection"] == []
    assert read_collection(written()).entries == []


@given(st.dictionaries(st.text(max_size=12), VALUES, max_size=6))
def test_any_entry_means_the_same_as_json_and_as_yaml(entry: dict[str, object]) -> None:
    assert yaml.safe_load(flow_mapping(entry)) == entry


def test_replacing_one_entry_carries_the_other_lines_over_as_they_are() -> None:
    data = written({"_id": "a", "name": "A"}, {"_id": "b", "name": "B"}).replace(
        b'{"_id": "a", "name": "A"}', b'{"_id": "a",   "name": "A", "weight": 1.50}'
    )
    text = read_collection(data)
    assert text.put({"_id": "b", "name": "New"})
    again = text.encode()
    assert b'- {"_id": "a",   "name": "A", "weight": 1.50}\n' in again
    assert b'- {"_id": "b", "name": "New"}\n' in again
    assert not read_collection(again).put({"_id": "b", "name": "New"})


def test_a_list_another_program_wrote_is_read_by_libyaml() -> None:
    body = {**HEAD, "collection": [{"_id": "ex", "name": "Ex", "config.a": {"k": 1}}, "bare"]}
    text = read_collection(yaml.dump(body).encode())
    assert text.entries == [{"_id": "ex", "name": "Ex", "config.a": {"k": 1}}, {"_id": "bare"}]
    assert text.fields == HEAD
    assert yaml.safe_load(text.encode())["collection"] == text.entries


def test_twice_listed_children_become_one() -> None:
    text = read_collection(yaml.dump({**HEAD, "collection": [{"_id": "a"}, {"_id": "b"}, {"_id": "a"}]}).encode())
    assert text.put({"_id": "a", "name": "A"})
    assert text.entries == [{"_id": "a", "name": "A"}, {"_id": "b"}]


def test_windows_line_ends() -> None:
    data = written({"_id": "a"}, {"_id": "b"}).replace(b"\n", b"\r\n")
    assert read_collection(data).entries == [{"_id": "a"}, {"_id": "b"}]


def test_text_that_opens_before_the_list_cannot_reach_into_it() -> None:
    data = b'description: "x\ncollection:\n- {"_id": "no"}\n"\ntype: collection\n'
    assert read_lines(data) is None


def test_ten_thousand_children_are_read_by_lines() -> None:
    text = CollectionText(dict(HEAD))
    text.replace([{"_id": f"a{i}", "name": f"Artifact {i}", "tags": ["x", "y"]} for i in range(10_000)])
    data = text.encode()
    found = read_lines(data)
    assert found is not None
    assert len(found.entries) == 10_000
