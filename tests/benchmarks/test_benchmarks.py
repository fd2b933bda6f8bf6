"""Both benchmarks with tiny numbers: that they run, check their work and say it in the agreed shape. Not how fast."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.loads import Work
from benchmarks.report import Row, publish
from benchmarks.stub_server import BLOB_BYTES
from benchmarks.ui import fault_of

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"[\w ]+ (wall|cpu|memory|first-page|p50|p99|max|start|usable|work)( vs [\w ]+)?")


def bench(tmp_path: Path, *arguments: str) -> tuple[dict[str, dict[str, Any]], str]:
    """Run a benchmark as ``packaging/bench`` does; its rows by name, and what it printed."""
    file = tmp_path / "rows.json"
    command = [sys.executable, "-P", str(ROOT / "benchmarks"), *arguments, "--json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=os.environ.copy())
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(file.read_text())
    for row in rows:
        assert set(row) == {"name", "ours", "reference", "ratio", "unit"}
        assert NAME.fullmatch(row["name"]), row["name"]
        assert row["ours"] >= 0
        if row["reference"] is None:
            assert row["ratio"] is None
        else:
            assert row["ratio"] == pytest.approx(row["ours"] / row["reference"])
    return {row["name"]: row for row in rows}, done.stdout


def test_the_window_under_load(tmp_path: Path) -> None:
    rows, printed = bench(tmp_path, "ui", "--seconds", "0.5", "--runs", "1", "--loads", "mixed")
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


def test_a_row_whose_work_was_not_done_is_absent_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rows.json"
    assert publish([Row("idle p50", 0.1, "ms")], file, missing=["mixed p50"]) == 1
    assert [row["name"] for row in json.loads(file.read_text())] == ["idle p50"]
    assert "ABSENT: mixed p50" in capsys.readouterr().out


def test_work_that_was_told_but_not_served_is_a_fault(tmp_path: Path) -> None:
    work = Work(0, 1, 0, 1.0, "", "", str(tmp_path))
    report = {
        "wrong": [],
        "whole": {"keys": 0, "up": 2 * BLOB_BYTES, "down": 0},
        "rates": {"keys": 0, "up": 1, "down": 0},
    }
    assert "the server knows" in fault_of(work, report, {"received": BLOB_BYTES, "puts": 1})
    assert fault_of(work, report, {"received": 2 * BLOB_BYTES, "puts": 2}) == ""


def test_downloads_with_other_bytes_are_a_fault(tmp_path: Path) -> None:
    work = Work(0, 0, 1, 1.0, "", "", str(tmp_path))
    report = {"wrong": [], "whole": {"keys": 0, "up": 0, "down": 1}, "rates": {"keys": 0, "up": 0, "down": 1}}
    served = {"sent": BLOB_BYTES}
    assert "brought no file" in fault_of(work, report, served)
    folder = tmp_path / "down-0" / "0"
    folder.mkdir(parents=True)
    (folder / f"{BLOB_BYTES}-0.bin").write_bytes(bytes(BLOB_BYTES))
    assert "other bytes" in fault_of(work, report, served)
