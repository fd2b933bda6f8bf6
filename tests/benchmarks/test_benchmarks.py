"""The benchmarks of the window with tiny numbers: that they run, check their work and say it in the agreed shape. Not how fast."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.loads import Load, Work
from benchmarks.report import Row, publish
from benchmarks.stub_server import BLOB_BYTES
from benchmarks.ui import fault_of
from tests.benchmarks.command import bench


def test_the_window_under_load(tmp_path: Path) -> None:
    rows, printed = bench(tmp_path, "ui", "--seconds", "3", "--runs", "1", "--loads", "mixed")
    assert set(rows) == {
        "mixed p50", "mixed p99", "mixed max", "mixed cpu",
        "mixed listings work vs no window", "mixed uploads work vs no window", "mixed downloads work vs no window",
    }  # fmt: skip
    assert rows["mixed p50"]["ours"] <= rows["mixed p99"]["ours"] <= rows["mixed max"]["ours"]
    assert rows["mixed listings work vs no window"]["unit"] == "keys/s"
    assert "ABSENT" not in printed


def test_the_start(tmp_path: Path) -> None:
    rows, _ = bench(tmp_path, "startup", "--runs", "1")
    assert set(rows) == {"window start vs empty window", "window usable"}
    assert rows["window usable"]["ours"] > rows["window start vs empty window"]["ours"]


def test_the_table_and_searches(tmp_path: Path) -> None:
    rows, printed = bench(tmp_path, "table", "--pages", "3", "--runs", "1")
    assert {"list max", "sort by size wall", "filter by expression wall", "invert max", "four searches work"} <= set(
        rows
    )
    assert "WRONG" not in printed


def test_a_row_whose_work_was_not_done_is_absent_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rows.json"
    assert publish([Row("idle p50", 0.1, "ms")], file, missing=["mixed p50"]) == 1
    assert [row["name"] for row in json.loads(file.read_text())] == ["idle p50"]
    assert "ABSENT: mixed p50" in capsys.readouterr().out


def test_work_that_was_told_but_not_served_is_a_fault(tmp_path: Path) -> None:
    work = Work(Load(uploads=1), 1.0, "", "", str(tmp_path))
    report = {
        "wrong": [],
        "whole": {"keys": 0, "up": 2 * BLOB_BYTES, "down": 0},
        "rates": {"keys": 0, "up": 1, "down": 0},
    }
    assert "the server knows" in fault_of(work, report, {"received": BLOB_BYTES, "puts": 1})
    assert fault_of(work, report, {"received": 2 * BLOB_BYTES, "puts": 2}) == ""


def test_downloads_with_other_bytes_are_a_fault(tmp_path: Path) -> None:
    work = Work(Load(downloads=1), 1.0, "", "", str(tmp_path))
    report = {"wrong": [], "whole": {"keys": 0, "up": 0, "down": 1}, "rates": {"keys": 0, "up": 0, "down": 1}}
    served = {"sent": BLOB_BYTES}
    assert "brought no file" in fault_of(work, report, served)
    folder = tmp_path / "down-0" / "0"
    folder.mkdir(parents=True)
    (folder / f"{BLOB_BYTES}-0.bin").write_bytes(bytes(BLOB_BYTES))
    assert "other bytes" in fault_of(work, report, served)
