"""``packaging/bench catalog`` with tiny numbers: that it runs and checks its work, and how many requests things really make."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import catalog, catalog_index
from benchmarks.catalog_run import Fault, Setting
from tests.benchmarks.command import bench

TINY = ("--children", "12", "--commits", "2", "--processes", "2", "--files", "30", "--latency-ms", "1")


def names(*parts: str) -> set[str]:
    return {name for part in parts for name in catalog.PARTS[part][1]}


def test_requests_are_within_their_bounds(tmp_path: Path) -> None:
    rows, printed = bench(tmp_path, "catalog", *TINY, "--parts", "requests", "index")
    assert set(rows) == names("requests", "index")
    assert "WRONG" not in printed
    counted = {name.removeprefix("catalog ").removesuffix(" requests"): row["ours"] for name, row in rows.items()}
    assert counted["commit"] <= 12
    assert counted["first commit"] <= 12
    assert counted["commit of many files"] <= 12
    assert counted["commit of replaced files"] <= 12 + 5
    assert counted["latest of a partition"] == 3


def test_commits_of_several_processes(tmp_path: Path) -> None:
    rows, printed = bench(tmp_path, "catalog", *TINY, "--parts", "commits")
    assert set(rows) == names("commits")
    assert "WRONG" not in printed


@pytest.mark.parametrize("part", ["gallery", "gallery-elsewhere"])
def test_the_gallery_of_the_window(tmp_path: Path, part: str) -> None:
    rows, _ = bench(tmp_path, "catalog", *TINY, "--parts", part)
    assert set(rows) == names(part)
    assert 10 < rows[f"catalog {part.replace('-', ' ')} memory"]["ours"] < 1000


def test_an_index_that_lacks_children_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artifact_browser.workers.pool.WorkerPool.run", lambda *_: (11, 11))
    with pytest.raises(Fault, match="11"):
        catalog_index.rows(Setting(tmp_path, 12, 0, 0.0, 0, 0))
