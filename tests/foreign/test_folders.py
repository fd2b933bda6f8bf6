"""Whole folders by our transfers and by rclone and s5cmd, checked by the other one: large blobs in parts too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from artifact_browser.transfers.state import JobState
from artifact_browser.transfers.task import LARGE_BYTES, MIB
from tests.foreign.blob import AS_FILES, blobs_of
from tests.foreign.conftest import House
from tests.foreign.programs import Rclone, S5cmd, read_files, write_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Every odd name, and a file that travels in parts."""
    made = tmp_path / "set"
    made.mkdir()
    write_files(made, {key: blob.body for key, blob in blobs_of(AS_FILES).items()})
    block = os.urandom(MIB)
    with (made / "large.bin").open("wb") as out:
        for number in range(LARGE_BYTES // MIB + 2):
            out.write(number.to_bytes(4, "big") + block[4:])
    return made


def test_rclone_finds_nothing_wrong_with_an_upload_of_ours(house: House, folder: Path) -> None:
    bench = house.bench
    end = bench.finish(bench.queue.upload(bench.record, bench.at(), [folder]))
    assert (end.state, end.counts.items_done) == (JobState.DONE, len(AS_FILES) + 1)
    rclone = Rclone(house.server, house.scratch, house.presign)
    rclone.call("check", "--download", "--no-unicode-normalization", str(folder), f"ab:{house.bucket}/set")


def test_a_folder_that_s5cmd_wrote_is_downloaded_whole(house: House, folder: Path) -> None:
    bench, s5cmd = house.bench, S5cmd(house.server, house.scratch, house.presign)
    s5cmd.call("cp", "--part-size", "8", f"{folder}/", f"s3://{house.bucket}/set/")
    down = house.scratch / "down"
    end = bench.finish(bench.queue.download(bench.record, [bench.at("set/")], down))
    assert (end.state, end.counts.items_done) == (JobState.DONE, len(AS_FILES) + 1)
    again = bench.queue.upload(bench.record, bench.at("again/"), [down / "set"])  # our escapes go back to the keys
    assert bench.finish(again).state is JobState.DONE
    assert [key.removeprefix("again/") for key in house.listed("again/")] == house.listed("set/")
    ours, theirs = read_files(down / "set"), read_files(folder)
    escaped = {name for name in theirs if set(name) & {"\t", "\x7f"}}
    assert {name: ours[name] for name in theirs if name not in escaped} == {
        name: body for name, body in theirs.items() if name not in escaped
    }
    assert len(ours) == len(theirs)
