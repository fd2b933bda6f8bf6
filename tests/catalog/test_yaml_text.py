"""Manifests from strangers: whatever stands in them, the answer is a mapping or an error that says where."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.catalog.yaml_text import MAX_ALIASES, MAX_DEPTH, MAX_MERGED, dump_mapping, parse_mapping
from artifact_browser.errors import ManifestUnreadable

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)
)
#: Each level merges the one below twice.
MERGE_BOMB = "a0: &a0 {k: v}\n" + "".join(
    f"a{i}: &a{i}\n  k{i}: v\n  <<: [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 17)
)
#: More keys for one mapping than it may get.
WIDE_MERGE = (
    "".join(f"a{i}: &a{i} {{{', '.join(f'k{i}_{j}: 0' for j in range(MAX_MERGED // 3))}}}\n" for i in range(4))
    + "all: {<<: [*a0, *a1, *a2, *a3]}\n"
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("# only a comment\n", "empty"),
        ("---\n...\n", "line 2, column 1: expected a mapping"),
        ("- a\n- b\n", "line 1, column 1: expected a mapping, found a list"),
        ("just text", "line 1, column 1: expected a mapping, found a single value"),
        ("a: 1\nb: [1, 2\nc: 3\n", "line 3, column 2"),
        ("a: 1\nb:\n  x: 1\n  x: 2\n", "line 4, column 3: the key “x” is there twice"),
        ("a: 1\r\nb: {\r\n", "line 3, column 1"),
        ("a: !!python/object/apply:os.system [true]\n", "line 1, column 4"),
        ("a: 1\n---\nb: 2\n", "line 2"),
        ("a: 1\nb: x\x07y\n", "line 2, column 5: a control character (U+0007)"),
        ("a: " + "[" * (MAX_DEPTH + 5), f"nested deeper than {MAX_DEPTH}"),
        ("a: &x 1\nb: [" + "*x," * (MAX_ALIASES + 1) + "]\n", f"more than {MAX_ALIASES} aliases"),
        (BOMB, "multiply"),
        (WIDE_MERGE, "merged"),
        ("a: &a [*a]\n", "contains itself"),
        ("a: 2026-13-45\n", "cannot be read"),
        ("a: " + "9" * 5000, "number or date"),
        ("a: 1" + ":0" * 5000, "number or date"),
        ("? [a, b]\n: c\n? {x: 1}\n: d\n", "line 1, column 3"),
    ],
)
def test_says_what_is_wrong_and_where(text: str, says: str) -> None:
    with pytest.raises(ManifestUnreadable) as caught:
        parse_mapping(text.encode())
    assert says in caught.value.detail


def test_mappings_that_hypha_marks_as_its_own_class_are_mappings() -> None:
    text = b"!munch.Munch\nconfig: !munch.Munch\n  a: 1\nlist:\n- !munch.Munch {b: no}\n"
    assert parse_mapping(text) == {"config": {"a": 1}, "list": [{"b": False}]}
    for strange in (b"!munch.Other\na: 1\n", b"a: !munch.Munch [1]\n"):
        with pytest.raises(ManifestUnreadable, match="line"):
            parse_mapping(strange)


def test_merge_keys_do_not_double_with_every_level() -> None:
    """PyYAML takes each merged pair once since 6.0.4; before, the bomb is refused."""
    told: list[object] = []
    try:
        told.append(parse_mapping(MERGE_BOMB.encode())["a16"])
    except ManifestUnreadable as refused:
        told.append("merged" in refused.detail)
    assert told in ([True], [{"k": "v"} | {f"k{i}": "v" for i in range(1, 17)}])


def test_text_that_is_not_utf8_is_told_with_its_place() -> None:
    with pytest.raises(ManifestUnreadable, match="line 2, column 4: the text is not UTF-8"):
        parse_mapping(b"a: 1\nb: \xff\xfe\n")


def test_five_megabytes_are_refused_with_the_reason() -> None:
    with pytest.raises(ManifestUnreadable, match=r"5\.0 MiB; more than 4 MiB"):
        parse_mapping(b"a: " + b"x" * (5 * 1024**2))


@pytest.mark.parametrize("data", [b"\xef\xbb\xbfa: 1\r\nb: x\r\n", "a: 1\nb: x\n".encode("utf-16")])
def test_byte_order_marks_and_line_ends_of_other_systems_are_fine(data: bytes) -> None:
    assert parse_mapping(data) == {"a": 1, "b": "x"}


KEYS = st.text(max_size=12)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=6))
def test_what_is_written_reads_back_here_and_elsewhere(body: dict[str, object]) -> None:
    text = dump_mapping(body)
    assert parse_mapping(text.encode()) == body
    assert yaml.safe_load(text) == body
