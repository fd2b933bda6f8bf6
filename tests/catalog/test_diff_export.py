"""A diff as text, JSON and CSV, also of names that would like to be something else; and the job that makes one."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.diff import Diff, State, compare
from artifact_browser.catalog.diff_export import (
    ComputedDiff,
    DiffForm,
    Titles,
    as_csv,
    as_json,
    as_text,
    copy_diff,
    export_diff,
)  # fmt: skip
from artifact_browser.catalog.files import StagedFile
from artifact_browser.catalog.jobs import compare_staged
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.staging import edit_fields, register_uploaded, remove_files
from artifact_browser.errors import BlobNotFound, DiskError
from artifact_browser.storage.driver import Driver
from tests.catalog.making import stage
from tests.storage.conformance.stores import DirectContext, Store

_TITLES = Titles("Committed", "Staged \u202e")
_BEFORE = State(
    {"name": "Atlas", "tags": ["a", "b"], "text": "one\ntwo\n", "lr": 0.1},
    [StagedFile("gone.bin", 5, "1"), StagedFile("same", 1, "s"), StagedFile("old", 3, "m", (("sha256", "x"),))],
)
_AFTER = State(
    {"name": "Atlas 2", "tags": ["b", "c"], "text": "one\n2\n", "lr": 0.2, "long": "x" * 9000},
    [StagedFile("=cmd()\n\u202e,", 7, "@e"), StagedFile("same", 1, "s"), StagedFile("new", 3, "m", (("sha256", "x"),))],
)


def test_as_text_it_reads_line_by_line() -> None:
    lines = as_text(compare(_BEFORE, _AFTER), _TITLES).splitlines()
    assert lines[:2] == ["--- Committed", "+++ Staged \\u202e"]
    assert "Files: 1 added, 1 removed, 0 changed, 1 moved, 1 the same" in lines
    assert "> old -> new (3 bytes, by sha256)" in lines
    assert "+ =cmd()\\n\\u202e, (7 bytes)" in lines
    at = lines.index("tags: changed")
    assert lines[at + 1 : at + 3] == ["  - a", "  + c"]
    assert "    -two" in lines
    assert any("(cut: 9,000 letters)" in line for line in lines)
    assert "Nothing differs." in as_text(Diff(), _TITLES)


def test_as_json_it_can_be_read_back() -> None:
    read = json.loads(as_json(compare(_BEFORE, _AFTER), _TITLES))
    assert (read["format"], read["version"], read["complete"]) == ("artifact-browser-diff", 1, True)
    assert {name: read["files"][name] for name in ("added", "removed", "changed", "moved", "unchanged")} == {
        "added": 1, "removed": 1, "changed": 0, "moved": 1, "unchanged": 1,
    }  # fmt: skip
    moved = next(row for row in read["files"]["changes"] if row["change"] == "moved")
    assert moved["before"] == {"path": "old", "size": 3, "etag": "m", "sha256": "x"}
    rate = next(row for row in read["fields"] if row["name"] == "lr")
    assert (rate["before"], rate["after"]) == ({"text": "0.1", "letters": 3}, {"text": "0.2", "letters": 3})
    assert json.loads(as_json(Diff(), _TITLES))["files"]["changes"] == []


def test_as_csv_names_stay_cells() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(compare(_BEFORE, _AFTER), _TITLES))))
    assert [row["path"] for row in rows] == ["'=cmd()\\n\u202e,", "gone.bin", "new"]
    assert rows[0]["etag after"] == "'@e"
    assert (rows[2]["path before"], rows[2]["checksum after"]) == ("old", "sha256:x")


def test_written_by_a_worker_and_refused_where_it_cannot_be(store: Store, tmp_path: Path) -> None:
    context = DirectContext(store.paths, store.secret)
    data = ComputedDiff.of(compare(_BEFORE, _AFTER)).data
    for form in DiffForm:
        _run(export_diff(context, data, _TITLES, form, str(tmp_path / f"diff.{form}")))
    assert json.loads((tmp_path / "diff.json").read_text())["files"]["added"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["diff.csv", "diff.json", "diff.txt"]
    assert _run(copy_diff(context, data, _TITLES)) == (tmp_path / "diff.txt").read_text(encoding="utf-8")
    with pytest.raises(DiskError):
        _run(export_diff(context, data, _TITLES, DiffForm.CSV, str(tmp_path / "no such folder" / "diff.csv")))


def test_staged_against_committed(store: Store, driver: Driver, zoo: Place) -> None:
    context = DirectContext(store.paths, store.secret)
    place = stage(driver, zoo, "lion", {"a": b"1", "b": b"22", "old/c": b"333"})
    first = _run(compare_staged(context, store.record, place)).diff
    assert [change.path for change in first.files] == ["a", "b", "old/c"]
    commit(driver, place)
    with pytest.raises(BlobNotFound):
        _run(compare_staged(context, store.record, place))
    for path, body in {"b": b"2", "new/c": b"333"}.items():
        driver.put(place.bucket, place.file_key(path), body)
    register_uploaded(driver, place, ["b", "new/c"])
    remove_files(driver, place, ["old/c"])
    edit_fields(driver, place, {"description": "Roars"})
    found = _run(compare_staged(context, store.record, place)).diff
    assert [(change.kind.value, change.path) for change in found.files] == [("changed", "b"), ("moved", "new/c")]
    assert [(field.name, field.after and field.after.text) for field in found.fields] == [("description", "Roars")]
    assert found.unchanged == 1


def _run(job):  # type: ignore[no-untyped-def]
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value
