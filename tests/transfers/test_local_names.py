"""Any key becomes names inside the chosen folder, no two keys the same ones, and comes back as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.errors import UnsafePath
from artifact_browser.transfers.disk import local_path
from artifact_browser.transfers.local_names import MACOS, MARK, POSIX, WINDOWS, LocalNames, Rules, key_segments

ODD_SEGMENTS = [
    "", ".", "..", "...", "sp ace", " lead", "trail ", "dot.", "plus+x", "pct%2Fx", "q?x=1", "h#x", "a&b<c>", "q'q",
    "n\u00e4me", "na\u0308me", "\u5b57", "\U0001f600", "a\u202eb", "tab\tx", "new\nline", "CON", "con.txt", "NUL", "COM1.log",
    "a:b", "x\\y", "C:\\Windows", "a" * 255, "b" * 1024, "\u5b57" * 341, ("." * 228) + "..", ("x" * 228) + "CON",
    MARK, MARK * 2, f"{MARK}n", f"a{MARK}s", f"{MARK}t", f"a{MARK}c2.txt", f"{MARK}41", "\x00", "a\x00b", "\x7f", "README.md", "readme.MD",
]  # fmt: skip
RULES = pytest.mark.parametrize("rules", [POSIX, MACOS, WINDOWS], ids=["posix", "macos", "windows"])
CHARACTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(f"{MARK}.. :\\cnst2A0Ff\n\0CON")
KEYS = st.lists(st.one_of(st.sampled_from(ODD_SEGMENTS), st.text(CHARACTERS, max_size=12)), min_size=1, max_size=4)


def back(path: str) -> list[str]:
    return key_segments(path.rstrip("/").split("/"))


@RULES
@given(keys=st.lists(KEYS, max_size=12, unique_by="/".join))
def test_keys_become_safe_names_and_come_back(rules: Rules, keys: list[list[str]]) -> None:
    names, given_paths = LocalNames(rules), set()
    for key in keys:
        path = names.path_of(key)
        assert back(path) == key
        inside = local_path("/chosen", path)
        assert Path("/chosen") in inside.parents
        for name in path.split("/"):
            assert len(name.encode()) < 255
            assert name not in {"", ".", ".."}
            assert not set(name) & (rules.escaped | {"\\", "\0", "\n"})
        folded = path.casefold() if rules.folds_case else path
        assert folded not in given_paths
        given_paths.add(folded)


@RULES
def test_a_blob_and_a_prefix_of_one_name_both_have_a_place(rules: Rules) -> None:
    names = LocalNames(rules)
    file, below = names.path_of(["a"]), names.path_of(["a", "b"])
    assert not below.startswith(f"{file}/")
    assert (back(file), back(below)) == (["a"], ["a", "b"])
    assert names.path_of(["a", "c"]).rpartition("/")[0] == below.rpartition("/")[0]  # one folder for one prefix


def test_ordinary_names_stay_as_they_are() -> None:
    ordinary = ["models", "a:b 2024-01-01T00:00:00.csv", "plus+and%2F.bin", "\u00fcber", "...", ".hidden"]
    assert LocalNames(POSIX).path_of(ordinary) == "/".join(ordinary)


def test_windows_cannot_hold_these_and_gets_others() -> None:
    names = LocalNames(WINDOWS)
    for segment in ["CON", "con.txt", "NUL.tar.gz", "a:b", "trail.", "trail ", "a|b?", "LPT\u00b9"]:
        path = names.path_of([segment])
        assert path != segment
        assert path[-1] not in ". "
        assert back(path) == [segment]


@pytest.mark.parametrize(("first", "second"), [("Readme.md", "README.md"), ("n\u00e4me", "na\u0308me")])
def test_names_that_only_a_case_tells_apart_get_two_files(first: str, second: str) -> None:
    names = LocalNames(MACOS)
    assert (names.path_of([first]), back(second_path := names.path_of([second]))) == (first, [second])
    assert second_path.casefold() != first.casefold()


def test_files_of_people_who_use_the_mark_keep_their_names() -> None:
    for name in [f"rock {MARK}n' roll.mp3", f"{MARK}hello{MARK}", f"a{MARK}sb", f"it{MARK}c2x.txt"]:
        assert key_segments([name]) == [name]
    for name in [f"class of {MARK}68.txt", f"{MARK}tis the season.txt", f"{MARK}70s.mp3", f"well{MARK}s", f"{MARK}41"]:
        assert key_segments([name]) == [name]
        assert key_segments(["in", name, "x"]) == ["in", name, "x"]


def test_long_names_that_only_a_case_tells_apart_do_not_meet_in_one_folder() -> None:
    first, second = ["x" * 300 + end for end in "ab"]
    names = LocalNames(MACOS)
    assert back(names.path_of([first])) == [first]
    assert back(names.path_of([second])) == [second]
    with pytest.raises(UnsafePath, match="upper and lower case"):
        names.path_of(["X" * 300])


def test_a_key_that_is_no_unicode_is_refused_by_name() -> None:
    with pytest.raises(UnsafePath):
        LocalNames(POSIX).path_of(["a\ud800"])
