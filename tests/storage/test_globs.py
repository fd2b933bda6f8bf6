"""Patterns find the keys that a slow and simple reading of them finds, and no name keeps them busy."""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.errors import InputError
from artifact_browser.storage.expression import MAX_LETTERS, compiled_expression
from artifact_browser.storage.globs import compiled_glob, literal_part, one_level

KEYS = ["a.txt", "b.md", "dir/c.txt", "dir/sub/d.txt", "dir2/e.txt", "a b.txt", "[x].txt", "a%20b.txt", "deep/a/b/c/f.txt",
        "dir//g.txt", "/lead.txt", "dir/"]  # fmt: skip


def oracle(pattern: list[str], path: list[str]) -> bool:
    """Segment against segment; ``**`` tries every number of them."""
    if not pattern:
        return not path
    if pattern[0] == "**":
        if len(pattern) == 1:
            return bool(path)
        return any(oracle(pattern[1:], path[at:]) for at in range(len(path) + 1))
    return bool(path) and fnmatch.fnmatchcase(path[0], pattern[0]) and oracle(pattern[1:], path[1:])


def found(pattern: str) -> list[str]:
    glob = compiled_glob(pattern)
    return [key for key in KEYS if glob.match(key)]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", ["a.txt", "b.md", "a b.txt", "[x].txt", "a%20b.txt"]),
        ("**", KEYS),
        ("**/*.txt", [key for key in KEYS if key.endswith(".txt")]),
        ("dir/*.txt", ["dir/c.txt"]),
        ("d*/*.txt", ["dir/c.txt", "dir2/e.txt"]),
        ("dir/**", ["dir/c.txt", "dir/sub/d.txt", "dir//g.txt", "dir/"]),
        ("dir/**/d.txt", ["dir/sub/d.txt"]),
        ("**/b/**/f.txt", ["deep/a/b/c/f.txt"]),
        ("[ab]*", ["a.txt", "b.md", "a b.txt", "a%20b.txt"]),
        ("[!ab]*", ["[x].txt"]),
        ("a b*", ["a b.txt"]),
        ("a%20b*", ["a%20b.txt"]),
        ("[[]x].txt", ["[x].txt"]),
        ("?.md", ["b.md"]),
        ("dir//*", ["dir//g.txt"]),
        ("/lead.txt", ["/lead.txt"]),
        ("dir?c.txt", []),
        ("dir[!a]c.txt", []),
        ("[x", []),
        ("a.txt", ["a.txt"]),
    ],
)
def test_what_a_pattern_finds(pattern: str, expected: list[str]) -> None:
    assert found(pattern) == expected


SEGMENT = st.text("ab*?[]!-. ", max_size=6)
PATTERN = st.lists(st.one_of(SEGMENT, st.just("**")), min_size=1, max_size=5).map("/".join)
PATH = st.lists(st.text("ab[]-!. ", max_size=4), min_size=1, max_size=5).map("/".join)


@given(PATTERN, st.lists(PATH, min_size=1, max_size=12))
def test_a_pattern_finds_what_trying_everything_finds(pattern: str, paths: list[str]) -> None:
    glob, literal = compiled_glob(pattern), literal_part(pattern)
    for path in paths:
        expected = oracle(pattern.split("/"), path.split("/"))
        assert bool(glob.match(path)) is expected, (pattern, path)
        if expected:
            assert path.startswith(literal)
            assert not one_level(pattern) or path.count("/") == literal.count("/")


@given(PATTERN, PATH)
def test_without_regard_to_case(pattern: str, path: str) -> None:
    expected = oracle(pattern.upper().split("/"), path.upper().split("/"))
    if not re.search(r"\[[^]]*[a-b]", pattern):  # what a range holds depends on the case it is written in
        assert bool(compiled_glob(pattern, match_case=False).match(path.swapcase())) is expected


def test_the_literal_part() -> None:
    assert literal_part("data/part-*.csv") == "data/part-"
    assert literal_part("a b/[x") == "a b/"
    assert literal_part("2026/Data/*", match_case=False) == "2026/"
    assert literal_part("plain/key") == "plain/key"
    assert [one_level(text) for text in ("*.txt", "dir/*", "dir/a", "d*/x", "**", "dir/**", "a**")] == [
        True, True, True, False, False, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "pattern", ["*a" * 20 + "b", "**/*a*a*a*a*a*b", "**/a/" * 12 + "b", "**/*a/" * 8 + "*b", "[a-a]*" * 30 + "b"]
)
def test_no_name_keeps_a_pattern_busy(pattern: str) -> None:
    """Any of these would outlive the test run if stars shared a name in every way there is."""
    glob = compiled_glob(pattern)
    for hostile in ("a" * 1024, "a/" * 512, "aa/" * 341):
        assert glob.match(hostile) is None


@pytest.mark.parametrize("text", ["(a+)+$", "(a|aa)+$", "(.*a){20}b", "((((a*)*)*)*)*b"])
def test_no_key_keeps_an_expression_busy(text: str) -> None:
    holds = compiled_expression(text)
    assert not holds(b"a" * 1023 + b"!")
    assert holds(b"aab") == bool(re.search(text, "aab"))


def test_expressions_on_real_keys() -> None:
    assert compiled_expression("^a b%20\\[x\\]$")(b"a b%20[x]")
    assert compiled_expression("^\u017elu\u0165.$")("\u017elu\u0165\u00fd".encode())
    assert compiled_expression("A.b", match_case=False)(b"xa\nB")
    assert not compiled_expression("A.b")(b"xa\nB")
    compiled_expression("x")(b"\xed\xa0\x80x")  # a local name that is no UTF-8


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(", "missing )"),
        ("(?=a)b", "look-around"),
        ("(a)\\1", "back-references"),
        ("((a{100}){100}){100}", "repetition size"),
        ("x" * (MAX_LETTERS + 1), "longer than"),
    ],
)
def test_an_expression_that_cannot_be_used_says_why(text: str, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        compiled_expression(text)
