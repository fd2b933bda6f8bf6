"""Keys as file names: reversible, distinct, legal on every system, never outside the bucket."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from artifact_browser.errors import InputError
from artifact_browser.storage.drivers.local.names import (
    MAX_NAME_BYTES,
    check_key,
    forms_of,
    is_plain,
    key_of,
    made_forms,
    segment_of,
    to_bytes,
    usual_path,
)

ODD = [
    "a//b", "/lead", "trail/", "a///", "a/./b", "a/../c", ".", "..", "../../etc/passwd", "sp ace", " x ", "plus+x",
    "pct%2Fx", "q?x=1", "h#x", "a&b<c>", "q'q", 'q"q', "é", "e\u0301", "漢字", "😀", "\u202ertl", "t\tb", "n\nl", "r\rl",
    "CON", "nul.txt", "con .x", "a:b", "x\\y", "dot.", "k" * 1024, "A", "a", "a/b", "/" * 1024, ":/" * 512, "%~x",
    "\udcff/x", "\x01" * 1024, "é" * 512, "%~", "%~%~", "%~a%3Ab", "%~k%+/x", "%~a%=", "x" * 255, "x" * 256, "~", "-rf",
    ".artifact-browser/index.sqlite", "a\0b",
]  # fmt: skip
_LEGAL = re.compile(r'[^\x00-\x1f\\/:*?"<>|]*[^\x00-\x1f\\/:*?"<>|. ]')
_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|COM\d|LPT\d)(\..*)?", re.IGNORECASE)
SPICE = st.sampled_from([*"/.%~:\\+= aA\0\x7f", "%~", "%+", "%=", "//", "..", "%41", "é", "\udc80", "CON", "x" * 250])
KEYS = st.lists(SPICE | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).map("".join)


def usable(key: str) -> bool:
    try:
        return bool(check_key(key))
    except InputError:
        return False


def assert_legal(name: str) -> None:
    assert 0 < len(name.encode("utf-8")) <= MAX_NAME_BYTES  # raises for what is no character
    assert _LEGAL.fullmatch(name), name
    assert not _DEVICE.fullmatch(name), name
    assert name not in {".", ".."}


@given(KEYS)
@example("x" * 255)
def test_names_are_legal_everywhere_and_read_back(key: str) -> None:
    if not usable(key):
        return
    path = usual_path(key)
    for name in path:
        assert_legal(name)
    assert key_of(path) == key


@pytest.mark.parametrize("key", ODD, ids=lambda key: ascii(key)[:20])
def test_odd_keys_are_legal_and_read_back(key: str) -> None:
    path = usual_path(key)
    for name in path:
        assert_legal(name)
    assert key_of(path) == key


@given(KEYS.map(lambda key: key.replace("/", "")), st.booleans())
def test_every_form_of_a_segment_means_that_segment(segment: str, is_file: bool) -> None:
    for form in forms_of(segment, is_file=is_file):
        assert segment_of(form, is_file=is_file) == segment
    for form in made_forms(segment, is_file=is_file):
        for name in form:
            assert_legal(name)


@given(KEYS, KEYS)
@example("A", "a")
@example("é", "e\u0301")
@example("A:", "a:")
def test_second_forms_differ_even_for_a_file_system_that_knows_no_case(one: str, other: str) -> None:
    one, other = one.replace("/", ""), other.replace("/", "")
    if one == other:
        return
    for is_file in (True, False):
        first, second = made_forms(one, is_file=is_file)[1], made_forms(other, is_file=is_file)[1]
        assert [name.casefold() for name in first] != [name.casefold() for name in second]
        assert all(name.isascii() for name in first)


@given(st.lists(SPICE | st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=6))
def test_a_persons_file_name_stands_for_exactly_one_key_that_finds_it(pieces: list[str]) -> None:
    name = "".join(pieces).replace("/", "").replace("\0", "")
    if name in {"", ".", ".."} or len(to_bytes(name)) > MAX_NAME_BYTES:
        return
    for is_file in (True, False):
        segment = segment_of((name,), is_file=is_file)
        assert segment is not None
        assert (name,) in forms_of(segment, is_file=is_file)


@given(KEYS)
def test_a_fine_name_stays_as_it_is(key: str) -> None:
    segment = key.replace("/", "")
    if segment and is_plain(segment):
        assert usual_path(segment) == (segment,)


@pytest.mark.parametrize("key", ["", "x" * 1025, "é" * 513, "\ud800", "\udcc3\udca9"], ids=ascii)
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(InputError):
        check_key(key)
