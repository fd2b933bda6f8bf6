"""What differs between two states: properties that hold for any two, the cases a person meets, and hostile ones."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artifact_browser.catalog.diff import Diff, FileChangeKind, State, compare, compare_files
from artifact_browser.catalog.diff_fields import MAX_CHANGES, FieldChangeKind, compare_fields
from artifact_browser.catalog.diff_text import MAX_TEXT, line_diff, marked, shown
from artifact_browser.catalog.files import StagedFile
from artifact_browser.errors import JobCancelled

_FILES = st.lists(
    st.builds(
        StagedFile,
        path=st.sampled_from(["a", "b", "c", "d/e", "d/f", "g"]),
        size_bytes=st.sampled_from([None, 0, 1, 2]),
        etag=st.sampled_from(["", "1", "2"]),
        checksums=st.sampled_from(
            [(), (("sha256", "x"),), (("sha256", "y"),), (("crc32c", "p"),), (("sha256", "x"), ("crc32c", "q"))]
        ),
    ),
    max_size=8,
)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats()
    | st.sampled_from(["", "a", "b c", "b d", "1\n2", "1\n3"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["k", "l", "m.n", "[0]"]), inner, max_size=4)
    ),
    max_leaves=12,
)
_FIELDS = st.dictionaries(st.sampled_from(["name", "tags", "config", "authors"]), _VALUES, max_size=4)


@given(_FILES, _FILES)
@settings(max_examples=100, deadline=None)
def test_the_changes_make_the_new_files_of_the_old(before: list[StagedFile], after: list[StagedFile]) -> None:
    changes, unchanged = compare_files(before, after)
    made, wanted = {file.path: file for file in before}, {file.path: file for file in after}
    touched = set()
    for change in changes:
        if change.before is not None:
            assert made.pop(change.before.path) == change.before
    for change in changes:
        if change.after is not None:
            assert change.after.path not in made
            made[change.after.path] = change.after
            touched.add(change.after.path)
    assert made.keys() == wanted.keys()
    assert all(made[path] == wanted[path] for path in touched)
    assert unchanged == len(made.keys() - touched)
    for path in made.keys() - touched:
        known = dict(made[path].checksums), dict(wanted[path].checksums)
        assert (
            None in (made[path].size_bytes, wanted[path].size_bytes) or made[path].size_bytes == wanted[path].size_bytes
        )
        assert "sha256" not in known[0].keys() & known[1].keys() or known[0]["sha256"] == known[1]["sha256"]


@given(_FILES, _FILES, _FIELDS, _FIELDS)
@settings(max_examples=100, deadline=None)
def test_the_other_way_round_added_is_removed(
    before: list[StagedFile], after: list[StagedFile], old: dict[str, Any], new: dict[str, Any]
) -> None:
    there, back = compare(State(old, before), State(new, after)), compare(State(new, after), State(old, before))
    assert _summary(there, "before", "after") == _summary(back, "after", "before")
    assert there.unchanged == back.unchanged
    assert there == compare(State(old, before), State(new, after))
    assert pickle.loads(pickle.dumps(there)) == there


@given(_FILES, _FIELDS)
@settings(max_examples=100, deadline=None)
def test_a_state_against_itself_is_empty(files: list[StagedFile], fields: dict[str, Any]) -> None:
    again = pickle.loads(pickle.dumps(fields))  # equal, but no object is the same one
    found = compare(State(fields, files), State(again, list(files)))
    assert found.empty
    assert found.unchanged == len({file.path for file in files})


def test_files_as_a_person_tells_them() -> None:
    before = [
        StagedFile("same", 5, "1"),
        StagedFile("resized", 5, "1"),
        StagedFile("rewritten", 5, "1"),
        StagedFile("in parts now", 5, "1", (("sha256", "s"),)),
        StagedFile("other bytes", 5, "1", (("sha256", "s"),)),
        StagedFile("old/name", 7, "m", (("sha256", "moved"),)),
        StagedFile("old/by etag", 8, "tag"),
        StagedFile("gone", 9, "9"),
        StagedFile("empty", 0, "d41d8"),
        StagedFile("twin 1", 3, "", (("md5", "t"),)),
        StagedFile("twin 2", 3, "", (("md5", "t"),)),
    ]
    after = [
        StagedFile("same", 5, "1"),
        StagedFile("resized", 6, "1"),
        StagedFile("rewritten", 5, "2"),
        StagedFile("in parts now", 5, "1-2", (("sha256", "s"),)),
        StagedFile("other bytes", 5, "1", (("sha256", "t"),)),
        StagedFile("new/name", 7, "n", (("sha256", "moved"),)),
        StagedFile("new/by etag", 8, "tag"),
        StagedFile("come", 9, "8"),
        StagedFile("empty elsewhere", 0, "d41d8"),
        StagedFile("only twin", 3, "", (("md5", "t"),)),
    ]
    changes, unchanged = compare_files(before, after)
    assert unchanged == 2
    assert [(change.kind.value, change.path, change.reason) for change in changes] == [
        ("added", "come", ""),
        ("removed", "empty", ""),
        ("added", "empty elsewhere", ""),
        ("removed", "gone", ""),
        ("moved", "new/by etag", "etag"),
        ("moved", "new/name", "sha256"),
        ("added", "only twin", ""),
        ("changed", "other bytes", "sha256"),
        ("changed", "resized", "size"),
        ("changed", "rewritten", "etag"),
        ("removed", "twin 1", ""),
        ("removed", "twin 2", ""),
    ]


def test_an_etag_names_bytes_only_where_no_checksum_says_otherwise() -> None:
    one = StagedFile("a", 4, "e", (("sha256", "1"),))
    changes, _ = compare_files([one], [StagedFile("b", 4, "e", (("sha256", "2"),))])
    assert [change.kind for change in changes] == [FileChangeKind.REMOVED, FileChangeKind.ADDED]
    changes, _ = compare_files([one], [StagedFile("b", 4, "e", (("crc32c", "2"),))])
    assert [change.kind for change in changes] == [FileChangeKind.MOVED]


def test_fields_as_they_nest() -> None:
    before = {
        "_commit": "1", "collection": [{"_id": "x"}], "name": "Atlas", "tags": ["zarr", "imaging"], "version": 1,
        "config": {"training": {"lr": 0.1, "epochs": 3}}, "authors": [{"name": "Ada"}, {"name": "Bo"}],
        "old": "x", "files": [{"path": "a", "download_weight": 1}, {"path": "b", "download_weight": 1}],
    }  # fmt: skip
    after = {
        "_commit": "2", "collection": [], "name": "Atlas 2", "tags": ["imaging", "ome"], "version": "1",
        "config": {"training": {"lr": 0.2, "epochs": 3}}, "authors": [{"name": "Ada"}, {"name": "Cy"}, {"name": "Bo"}],
        "new": {"deep": [1, None]}, "files": [{"path": "a", "download_weight": 2}, {"path": "c", "download_weight": 5}],
    }  # fmt: skip
    found = compare(State(before), State(after))
    told = {
        change.name: (change.kind.value, change.before and change.before.text, change.after and change.after.text)
        for change in found.fields
    }
    assert told == {
        "authors[1]": ("added", None, '{"name": "Cy"}'),
        "config.training.lr": ("changed", "0.1", "0.2"),
        "files.a.download_weight": ("changed", "1", "2"),
        "name": ("changed", "Atlas", "Atlas 2"),
        "new": ("added", None, '{"deep": [1, null]}'),
        "old": ("removed", "x", None),
        "tags": ("changed", '["zarr", "imaging"]', '["imaging", "ome"]'),
        "version": ("changed", "1", '"1"'),
    }
    assert list(told) == sorted(told)
    tags = next(change for change in found.fields if change.name == "tags")
    assert (tags.added, tags.removed) == (("ome",), ("zarr",))


def test_the_words_and_lines_that_differ() -> None:
    old, new = marked(shown("one two three four"), shown("one 2 three, four"))
    assert [old.text[slice(*span)] for span in old.spans] == ["two"]
    assert [new.text[slice(*span)] for span in new.spans] == ["2", ","]
    assert line_diff("a\nb\nc\n", "a\nB\nc\n") == ("@@ -1,3 +1,3 @@", " a", "-b", "+B", " c")
    assert line_diff("one line", "another line") == ()


def test_what_is_long_is_cut_and_said() -> None:
    found = compare_fields({"text": "x" * 100_000}, {"text": "y" * 100_000})
    (change,) = found.changes
    assert change.before is not None
    assert (len(change.before.text), change.before.letters, change.before.cut) == (MAX_TEXT, 100_000, True)
    many = compare_fields({}, {f"k{number}": number for number in range(MAX_CHANGES + 1)})
    assert (len(many.changes), many.complete) == (MAX_CHANGES, False)
    assert not Diff(complete=False).empty


def test_what_nests_without_end_is_no_recursion() -> None:
    def nested(inmost: object, levels: int) -> dict[str, object]:
        value: object = inmost
        for number in range(levels):
            value = {"k": value} if number % 2 else [value]
        return {"deep": value}

    found = compare_fields(nested("a", 2_001), nested("b", 2_001))
    assert [change.kind for change in found.changes] == [FieldChangeKind.CHANGED]
    assert compare_fields(nested("a", 2_001), nested("a", 2_001)).changes == ()
    shared: Any = "x"
    for _ in range(60):  # 2 to the 60th, written out
        shared = [shared, shared]
    other: Any = "x"
    for _ in range(60):
        other = [other, other]
    assert compare_fields({"s": shared}, {"s": other}).changes == ()


def test_a_hundred_thousand_files_are_told_apart_and_can_be_stopped() -> None:
    before = [StagedFile(f"data/{number:06}.bin", number, f"{number:x}") for number in range(100_000)]
    after = [StagedFile(f"moved/{file.path}", file.size_bytes, file.etag) for file in before]
    changes, unchanged = compare_files(before, after)
    assert (len(changes), unchanged) == (100_001, 0)
    assert sum(change.kind is FileChangeKind.MOVED for change in changes) == 99_999
    with pytest.raises(JobCancelled):
        compare(State({}, before[:10]), State({}, after[:10]), _stop)


def _stop() -> None:
    raise JobCancelled


def _summary(diff: Diff, first: str, last: str) -> list[tuple[object, ...]]:
    turned = {"added": "removed", "removed": "added"} if first == "after" else {}
    found: list[tuple[object, ...]] = [
        (turned.get(change.kind.value, change.kind.value), str(getattr(change, first)), str(getattr(change, last)))
        for change in diff.files
    ]
    for field in diff.fields:
        sides = [side and side.text for side in (getattr(field, first), getattr(field, last))]
        elements = (field.added, field.removed) if first == "before" else (field.removed, field.added)
        found.append((turned.get(field.kind.value, field.kind.value), field.path, *sides, *elements))
    return sorted(found, key=repr)
