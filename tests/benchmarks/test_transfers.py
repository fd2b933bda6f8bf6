"""``packaging/bench transfers`` with tiny numbers: that it runs, that what is wrong shows up, how verdicts come about."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmarks import transfers
from benchmarks.peers import PEERS, Peer
from benchmarks.report import Row
from benchmarks.shapes import MIB, SHAPES, TINY, Shape, files_fault, name_of, write_files
from benchmarks.sink import FLIPPED_NAME, Sink, SinkMissing, build, pieces
from benchmarks.store import SinkStore, client
from benchmarks.transfers import Bench, flipped_faults
from benchmarks.verdicts import OURS, WHOLE, Figures, Results, references, restless, rows_of, table_of, targets
from tests.benchmarks.command import bench
from tests.conftest import RUN
from tests.parts.process import PartMissing

SMALL = Shape("small", 3, 16384)


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    folder = tmp_path_factory.mktemp("sink")
    try:
        build(folder)
    except SinkMissing as reason:
        RUN.refuse("cc", PartMissing(str(reason)))
    with Sink(folder, {shape.size_bytes for shape in TINY}) as running:
        yield running


def test_the_rows_are_there_and_a_wrong_byte_was_noticed(sink: Sink, tmp_path: Path) -> None:
    del sink  # it says why where it cannot be had
    rows, printed = bench(
        tmp_path, "transfers", "--tiny", "--runs", "1", "--rows", "up-big", "down-small", "--peers", "rclone", "s5cmd"
    )
    big, _, small = TINY
    for label in (f"up {big.words}", f"down {small.words}"):
        measures = {name.removeprefix(f"{label} ").partition(" vs ")[0] for name in rows if name.startswith(label)}
        assert measures == {"wall", "cpu", "memory", "durable wall", "process wall"}, label
        assert 5 < rows[f"{label} memory"]["ours"] < 1000, "engine and two movers"
        assert rows[f"{label} durable wall"]["ours"] > 0
    assert len(rows) == 10
    assert "that item fails, the others do not" in printed
    for who in ("rclone", "s5cmd"):
        assert printed.count(f"| {who} |") == 2
    assert "failed" not in printed
    assert "ABSENT" not in printed


def test_a_million_in_small(sink: Sink, tmp_path: Path) -> None:
    del sink  # it says why where it cannot be had
    rows, printed = bench(tmp_path, "million", "--files", "1010", "--folder", str(tmp_path))
    assert "1,010 items planned" in printed
    assert "done: 1,010 done, 0 failed" in printed
    for phase in ("plan", "first item", "going on"):
        assert {f"{phase} wall", f"{phase} window memory", f"{phase} engine memory"} <= rows.keys()
        assert rows[f"{phase} engine and movers memory"]["ours"] > 5
    assert "ABSENT" not in printed


# -- the server -------------------------------------------------------------------------------------------------------
def put(sink: Sink, key: str, body: bytes) -> None:
    client(SinkStore(sink).access).put_object(Bucket="bench", Key=key, Body=body)


def test_the_server_knows_whether_all_and_the_right_bytes_came(sink: Sink) -> None:
    store, body = SinkStore(sink), b"".join(pieces(SMALL.size_bytes))
    for number in range(2):
        put(sink, f"whole/{name_of(number)}", body)
    assert "'right': 2" in store.upload_fault(SMALL, "whole/")
    put(sink, f"whole/{name_of(2)}", body)
    assert store.upload_fault(SMALL, "whole/") == ""
    for place in (0, 1000, -1):
        changed = bytearray(body)
        changed[place] ^= 1
        put(sink, f"whole/{name_of(2)}", bytes(changed))
        assert "'wrong': 1" in store.upload_fault(SMALL, "whole/")


def test_parts_in_another_order_are_wrong_bytes(sink: Sink) -> None:
    s3, shape = client(SinkStore(sink).access), Shape("big", 1, 10 * MIB)
    body = b"".join(pieces(shape.size_bytes))
    halves = [body[: 5 * MIB], body[5 * MIB :]]
    for prefix, order in (("right/", halves), ("turned/", halves[::-1])):
        where = {"Bucket": "bench", "Key": prefix + name_of(0)}
        upload = s3.create_multipart_upload(**where)["UploadId"]
        etags = [
            s3.upload_part(**where, UploadId=upload, PartNumber=number, Body=half)["ETag"]
            for number, half in enumerate(order, 1)
        ]
        assert [part["ETag"] for part in s3.list_parts(**where, UploadId=upload)["Parts"]] == etags
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
        assert "'unfinished': 1" in SinkStore(sink).upload_fault(shape, prefix)
        s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
    assert SinkStore(sink).upload_fault(shape, "right/") == ""
    assert "'wrong': 1" in SinkStore(sink).upload_fault(shape, "turned/")


def test_what_was_written_answers_conditions_truthfully(sink: Sink) -> None:
    s3 = client(SinkStore(sink).access)
    where = {"Bucket": "bench", "Key": "condition"}
    etag = s3.put_object(**where, Body=b"first", IfNoneMatch="*")["ETag"]
    with pytest.raises(s3.exceptions.ClientError, match="PreconditionFailed"):
        s3.put_object(**where, Body=b"second", IfNoneMatch="*")
    assert s3.head_object(**where)["ContentLength"] == 5
    assert s3.put_object(**where, Body=b"third", IfMatch=etag)["ETag"] != etag
    with pytest.raises(s3.exceptions.ClientError, match="PreconditionFailed"):
        s3.get_object(**where, IfMatch=etag)
    s3.delete_object(**where)
    with pytest.raises(s3.exceptions.ClientError, match="404"):
        s3.head_object(**where)


# -- who is wrong has not won -----------------------------------------------------------------------------------------
def test_downloaded_files_are_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    write_files(SMALL, folder)
    assert files_fault(SMALL, folder) == ""
    file = folder / name_of(1)
    body = file.read_bytes()
    file.write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
    assert "other bytes" in files_fault(SMALL, folder)
    file.write_bytes(body[:-1])
    assert "bytes" in files_fault(SMALL, folder)
    file.unlink()
    assert "2 files instead of 3" in files_fault(SMALL, folder)
    assert files_fault(SMALL, folder, absent=name_of(1)) == ""


def test_an_engine_that_does_not_compare_shows_up(sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that all went well, and the wrong file is there."""

    def careless(store: object, home: Path, jobs: list[Mapping[str, str]]) -> tuple[dict[str, Any], int]:
        for job in jobs:
            if job["verb"] == "down":
                (Path(job["folder"]) / FLIPPED_NAME).write_bytes(b"wrong")
        return {"jobs": [{"state": "done", "errors": []} for _ in jobs]}, 0

    monkeypatch.setattr(transfers, "_ours", careless)
    faults = flipped_faults(tmp_path, SinkStore(sink), [SMALL])
    assert [fault.split(" (")[1].split(" ")[0] for fault in faults] == ["up", "down"]
    assert all("done" in fault for fault in faults)


def peer_that(program: str) -> Peer:
    return Peer(
        "liar", lambda: True, lambda move: [sys.executable, "-c", program, str(move.folder)], lambda _: {}, "", "none"
    )


@pytest.mark.parametrize(
    ("program", "fault"),
    [
        ("pass", "0 files instead of 3"),
        ("import sys; sys.exit('no such bucket')", "no such bucket"),
        ("import sys, pathlib\nfor n in range(3): (pathlib.Path(sys.argv[1]) / f'{n:06d}.bin').write_bytes(bytes(16384))",
         "other bytes"),
    ],
)  # fmt: skip
def test_a_peer_that_did_not_do_it_has_failed(sink: Sink, tmp_path: Path, program: str, fault: str) -> None:
    peer = peer_that(program)
    running = Bench(tmp_path, SinkStore(sink), {"small": SMALL}, [peer])
    running.run(("down", "small"), 1, only=["liar"])
    results = running.results["down", "small"]["liar"]
    assert results.failed
    assert fault in results.faults[0]


# -- verdicts ---------------------------------------------------------------------------------------------------------
def results_of(*walls: float, cpu: float = 1.0, memory: float = 0.0) -> Results:
    return Results([Figures(wall, cpu, memory, wall) for wall in walls])


def by_name(rows: list[Row]) -> dict[str, Row]:
    return {row.name: row for row in rows}


def test_the_fastest_peer_by_wall_and_by_cpu_is_the_reference_and_the_median_counts() -> None:
    results = {
        OURS: results_of(1.0, 9.0, 1.2, cpu=2.0, memory=100.0),
        WHOLE: results_of(3.0),
        "quick": results_of(1.2, 1.2, 1.3, cpu=4.0),
        "frugal": results_of(5.0, cpu=1.0),
        "broken": Results([Figures(0.1, 0.1)], ["other bytes"]),
        "aside": results_of(0.5, cpu=0.1),
    }
    assert references(results, ["quick", "frugal", "broken"]) == ("quick", "frugal")
    rows, missing = rows_of("up small", results, ["quick", "frugal", "broken"], (1.0, 1.2))
    found = by_name(rows)
    assert not missing
    assert found["up small wall vs quick"].ours == 1.2
    assert found["up small wall vs quick"].verdict == "reached (<= 1 x)"
    assert found["up small cpu vs frugal"].ratio == 2.0
    assert found["up small cpu vs frugal"].verdict == "MISSED (<= 1.2 x)"
    assert found["up small memory"].verdict == "reached (<= 300)"
    assert found["up small process wall vs quick"].ratio == 3.0 / 1.2
    assert "| broken | failed: other bytes |" in "\n".join(table_of("up small", results, {}))


def test_the_targets_are_those_of_the_issue() -> None:
    for shape in SHAPES:
        assert targets("up", shape.name, real=False) == (1.0, 1.2)
        assert targets("down", shape.name, real=False) == ((1.0, 1.2) if shape.name == "small" else (1.3, 1.8))
        assert targets("down", shape.name, real=True) == targets("up", shape.name, real=True) == (1.05, None)


def test_without_us_or_without_any_peer_the_row_is_missing() -> None:
    failed = Results(faults=["it did not end"])
    for results in ({OURS: failed, "peer": results_of(1.0)}, {OURS: results_of(1.0), "peer": failed}):
        rows, missing = rows_of("up small", results, ["peer"], (1.0, 1.2))
        assert (rows, missing) == ([], ["up small wall", "up small cpu", "up small memory"])


def test_figures_that_lie_too_far_apart_are_named() -> None:
    calm, wild = results_of(1.0, 1.1, 1.2), results_of(1.0, 1.1, 1.4)
    assert restless({OURS: calm, "peer": calm, "slow": results_of(5.0, 9.0)}, ["peer", "slow"]) == []
    assert restless({OURS: wild, "peer": calm}, ["peer"]) == [OURS]
    assert restless({OURS: calm, "peer": wild}, ["peer"]) == ["peer"]


def test_a_row_whose_figures_lie_apart_is_run_again_and_the_calmer_set_counts(
    sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Bench(tmp_path, SinkStore(sink), {"small": SMALL}, [PEERS[0], peer_that("")])
    walls = {OURS: [1.0, 2.0, 1.1, 1.2], WHOLE: [1.0, 1.0], "rclone": [1.0, 1.0, 0.9, 1.3], "liar": [5.0, 5.0]}
    monkeypatch.setattr(Bench, "_measure", lambda _self, _key, name: Figures(walls[name].pop(0), 1.0))
    key = ("up", "small")
    for number in (1, 2):
        running.run(key, number)
    running.settle(key, 2)
    results = running.results[key]
    assert [run.wall_s for run in results[OURS].runs] == [1.1, 1.2]
    assert [run.wall_s for run in results["rclone"].runs] == [1.0, 1.0]
    assert not walls["rclone"], "both were run again, in turn"
    assert list(results) == [OURS, WHOLE, "rclone", "liar"]


def test_what_is_moved_has_a_name() -> None:
    assert [shape.words for shape in SHAPES] == ["1 x 1 GiB", "64 x 16 MiB", "5000 x 16 KiB"]
