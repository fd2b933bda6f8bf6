"""A finished transfer is read again on request: every byte, both ways, and what is not the same is told apart."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from artifact_browser.errors import InputError
from artifact_browser.transfers.past_jobs import PAGE, PastQuery, list_past_items, list_past_jobs
from artifact_browser.transfers.second_reading import Reading, Trouble, Verdict, read_job_again
from artifact_browser.transfers.state import ItemState, JobState
from artifact_browser.workers.job import Lane
from tests.transfers.conftest import Bench


def read(bench: Bench, job_id: str) -> tuple[Reading, dict[str, Trouble]]:
    told: list[Trouble] = []
    result: list[Reading] = []

    def follow():  # type: ignore[no-untyped-def]
        result.append((yield from bench.pool.iterate(read_job_again, bench.record, job_id, lane=Lane.ENGINE)))

    for troubles in follow():
        told += troubles
    return result[0], {one.name: one for one in told}


def checked_by(bench: Bench, job_id: str) -> tuple[str, dict[str, str]]:
    """What the history says of the job, and of its items."""
    jobs = [job for page in bench.pool.iterate(list_past_jobs, PastQuery(), None, PAGE) for job in page]
    job = next(one for one in jobs if one.snapshot.job_id == job_id)
    items = [one for page in bench.pool.iterate(list_past_items, job.key, None, PAGE) for one in page]
    return job.snapshot.verified, {one.item.name: one.verified for one in items if one.state is ItemState.DONE}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "set"
    (root / "empty").mkdir(parents=True)
    for name, size in {"a.bin": 3_000_000, "b.bin": 10, "c.bin": 0, "d.bin": 77}.items():
        (root / name).write_bytes(os.urandom(size))
    return root


def test_every_byte_of_a_transfer_is_read_again(bench: Bench, folder: Path, tmp_path: Path) -> None:
    up = bench.queue.upload(bench.record, bench.at(), [folder])
    assert bench.finish(up).state is JobState.DONE
    reading, troubles = read(bench, up.job_id)
    assert (reading.items, reading.bytes_read, reading.all_same, troubles) == (4, 3_000_087, True, {})
    how, items = checked_by(bench, up.job_id)
    assert how == "second reading"
    assert {name: said for name, said in items.items() if name != "set/empty"} == {
        f"set/{name}.bin": "second reading" for name in "abcd"
    }

    down = bench.queue.download(bench.record, [bench.at("set/")], tmp_path / "down")
    assert bench.finish(down).state is JobState.DONE
    assert read(bench, down.job_id)[0].all_same


def test_what_is_not_the_same_is_told_with_what_is_known_of_it(bench: Bench, folder: Path) -> None:
    up = bench.queue.upload(bench.record, bench.at(), [folder])
    assert bench.finish(up).state is JobState.DONE
    before = checked_by(bench, up.job_id)
    stamp = (folder / "a.bin").stat()
    data = bytearray((folder / "a.bin").read_bytes())
    data[2_345_678] ^= 1
    (folder / "a.bin").write_bytes(data)  # a bad disk: nobody wrote it
    os.utime(folder / "a.bin", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    (folder / "b.bin").write_bytes(b"a new version")
    (folder / "c.bin").unlink()
    with bench.driver() as driver:
        driver.delete_many(bench.bucket, ["set/d.bin"])
    reading, troubles = read(bench, up.job_id)
    assert {name: one.verdict for name, one in troubles.items()} == {
        "set/a.bin": Verdict.DIFFERENT,
        "set/b.bin": Verdict.CHANGED,
        "set/c.bin": Verdict.GONE,
        "set/d.bin": Verdict.GONE,
    }
    assert troubles["set/a.bin"].detail == "Its bytes are not the blob's."
    assert troubles["set/b.bin"].detail == ("It has 13 bytes, the blob 10. The file was changed after the transfer.")
    assert (reading.items_read, reading.count(Verdict.GONE), reading.all_same) == (4, 2, False)
    assert checked_by(bench, up.job_id) == before


def test_a_blob_that_was_written_after_its_download_says_so(bench: Bench, tmp_path: Path) -> None:
    bench.put({"x": b"then", "y": b"same"})
    down = bench.queue.download(bench.record, [bench.at("x"), bench.at("y")], tmp_path / "down")
    assert bench.finish(down).state is JobState.DONE
    bench.put({"x": b"late"})
    reading, troubles = read(bench, down.job_id)
    assert reading.count(Verdict.SAME) == 1
    assert [(one.name, one.verdict, one.detail) for one in troubles.values()] == [
        ("x", Verdict.CHANGED, "Its bytes are not the blob's. The blob was written after the transfer.")
    ]


def test_a_transfer_nobody_knows_any_more_cannot_be_read(local: Bench) -> None:
    with pytest.raises(InputError, match="does not know"):
        local.pool.run(read_job_again, local.record, "gone", lane=Lane.ENGINE)
