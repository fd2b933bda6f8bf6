"""``packaging/bench listing`` with few keys: that everybody's rows are compared, and how verdicts come about."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.listing_peers import LISTERS, Order
from benchmarks.listing_run import Fault, Figures, run_lister
from benchmarks.listing_verdicts import OURS, WINDOW, Results, rows_of, table_of
from benchmarks.pages import PREFIX, Pages, bucket_of, digest, digest_of, modified_us_of
from benchmarks.sink import SinkMissing
from benchmarks.store import Access
from benchmarks.stub_server import key_of, size_of
from tests.benchmarks.command import bench
from tests.conftest import RUN
from tests.parts.process import PartMissing

NS = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    try:
        running = Pages(tmp_path_factory.mktemp("pages"))
    except SinkMissing as reason:
        RUN.refuse("cc", PartMissing(str(reason)))
    with running:
        yield running


def listed(pages: Pages, bucket: str, query: str) -> ElementTree.Element:
    with urllib.request.urlopen(f"{pages.endpoint}/{bucket}?{query}", timeout=10) as answer:
        return ElementTree.fromstring(answer.read())


def test_everybody_lists_the_same_rows(pages: Pages, tmp_path: Path) -> None:
    del pages  # it says why where it cannot be had
    peers = ["rclone", "s5cmd", "obstore"]
    only = ["ours", "ours in window", *peers]
    rows, printed = bench(tmp_path, "listing", "--keys", "2500", "--runs", "1", "--only", *only)
    label = "2500 keys"
    assert set(rows) == {
        *(f"{label} {measure} vs {peer}" for measure in ("wall", "cpu") for peer in peers),
        *(f"{label} {name}" for name in ("first-page", "memory", "page cpu", "page wall")),
        *(f"{label} window {name}" for name in ("first-page", "memory", "wall")),
    }
    assert 10 < rows[f"{label} memory"]["ours"] < rows[f"{label} window memory"]["ours"] < 1000
    assert 0 < rows[f"{label} first-page"]["ours"] / 1000 <= rows[f"{label} wall vs rclone"]["ours"]
    assert "WRONG" not in printed
    assert "failed" not in printed


def test_the_server_says_what_the_benchmark_expects(pages: Pages) -> None:
    page = listed(pages, "keys-1003", "list-type=2&prefix=data/&encoding-type=url")
    assert (page.findtext(f"{NS}IsTruncated"), page.findtext(f"{NS}NextContinuationToken")) == ("true", "1000")
    rest = listed(pages, "keys-1003", "list-type=2&prefix=data/&continuation-token=1000")
    assert rest.findtext(f"{NS}IsTruncated") == "false"
    rows = [*page.findall(f"{NS}Contents"), *rest.findall(f"{NS}Contents")]
    found = [(str(row.findtext(f"{NS}Key")), int(str(row.findtext(f"{NS}Size")))) for row in rows]
    assert found == [(key_of(PREFIX, number), size_of(number)) for number in range(1003)]
    assert digest((key.encode(), size) for key, size in found) == digest_of(1003)
    moment = rows[777].findtext(f"{NS}LastModified")
    assert moment == "2025-04-22T09:57:10.000Z"
    assert modified_us_of(777) == 1_745_315_830_000_000
    for query in ("list-type=2&start-after=", "marker="):
        behind = listed(pages, "keys-1003", f"{query}{key_of(PREFIX, 1000)}&prefix=data/&max-keys=1")
        assert behind.findtext(f"{NS}Contents/{NS}Key") == key_of(PREFIX, 1001)


def test_who_has_other_rows_has_failed(pages: Pages, tmp_path: Path) -> None:
    order = Order(Access(pages.endpoint, bucket_of(1200)), tmp_path)
    obstore = next(lister for lister in LISTERS if lister.name == "obstore")
    assert run_lister(obstore, order, 1200).wall_s > 0
    with pytest.raises(Fault, match="not the server's"):
        run_lister(obstore, order, 1201)
    quits = replace(obstore, command=lambda _: [sys.executable, "-c", "raise SystemExit('no luck')"])
    with pytest.raises(Fault, match="no luck"):
        run_lister(quits, order, 1200)


def test_verdicts_are_held_at_a_million_on_the_own_server() -> None:
    def results(wall_s: float, cpu_s: float, memory_mib: float = 100.0, first_s: float = 0.1) -> Results:
        return Results([Figures(first_s, wall_s, cpu_s, memory_mib, wall_s - 1)])

    everybody = {
        OURS: results(4.0, 5.0), "s5cmd": results(10.0, 12.0), "rclone": results(6.0, 10.0), "obstore": results(3.0, 3.0),
        WINDOW: results(5.0, 5.0, 351.0, 0.151), "boto3": Results(faults=["away"]),
    }  # fmt: skip
    rows, missing = rows_of(1_000_000, everybody, real=False)
    verdicts = {row.name: row.verdict.split(" ")[0] for row in rows if row.verdict}
    assert verdicts == {
        "1000000 keys wall vs s5cmd": "reached", "1000000 keys cpu vs s5cmd": "reached",
        "1000000 keys wall vs rclone": "MISSED", "1000000 keys cpu vs rclone": "reached",
        "1000000 keys wall vs obstore": "reached",
        "1000000 keys window first-page": "MISSED", "1000000 keys window memory": "MISSED",
    }  # fmt: skip
    assert missing == ["1000000 keys wall vs boto3", "1000000 keys cpu vs boto3"]
    few, _ = rows_of(10_000, everybody, real=False)
    assert [row.name for row in few if row.verdict and "window" not in row.name] == []
    assert "| boto3 | failed: away" in "\n".join(table_of(1_000_000, everybody))
