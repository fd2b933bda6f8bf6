"""A benchmark as ``packaging/bench`` runs it, and the shape of what it writes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"[\w ]+ (wall|cpu|memory|first-page|p50|p99|max|start|usable|work|frames|requests)( vs [\w ]+)?")


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
