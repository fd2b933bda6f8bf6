"""Whatever happens on the way: nothing outside the folder, nothing half-written, nothing left behind, no job stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from artifact_browser.storage.driver import FileSlice
from artifact_browser.transfers import disk
from artifact_browser.transfers.state import ItemState, JobState
from artifact_browser.transfers.task import MIB
from artifact_browser.workers.job import Lane
from tests.transfers.conftest import Bench, tree, wait_for

HOSTILE = [
    "../../evil",
    "/etc/evil",
    "a/../../b",
    "..",
    ".",
    "../",
    "a//b",
    "/",
    "x/./y",
    "C:\\evil",
    "..\\..\\evil",
    "l/escape",
]


def test_hostile_keys_stay_in_the_folder(local: Bench, tmp_path: Path) -> None:
    local.put({f"p/{key}": key.encode() for key in HOSTILE})
    outside = tmp_path / "outside"
    target = tmp_path / "deep" / "er" / "down"
    for folder in (outside, target / "p"):
        folder.mkdir(parents=True)
    (target / "p" / "l").symlink_to(outside)
    handle = local.queue.download(local.record, [local.at("p/")], target)
    end = local.finish(handle)
    assert (end.counts.items, end.counts.items_failed) == (len(HOSTILE), 1)
    (failed,) = handle.items([ItemState.FAILED])
    assert failed.error is not None
    assert (failed.item.source, failed.error.kind) == ("p/l/escape", "UnsafePath")
    assert not list(outside.iterdir())
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {
        path for path in target.rglob("*") if path.is_file()
    }
    assert sorted(data.decode() for data in tree(target).values() if data is not None) == sorted(
        key for key in HOSTILE if key != "l/escape" and key
    )
    (target / "p" / "l").unlink()
    again = local.queue.upload(local.record, local.at("again/"), [target / "p"])
    assert local.finish(again).state is JobState.DONE
    assert set(local.listed("again/p/")) == {f"again/p/{key}" for key in HOSTILE if key != "l/escape"}


def large_file(path: Path, mebibytes: int) -> Path:
    block = os.urandom(MIB)
    with path.open("wb") as out:
        for _ in range(mebibytes):
            out.write(block)
    return path


def test_the_trial_of_a_folder_leaves_nothing_even_if_one_was_killed(tmp_path: Path) -> None:
    trial = tmp_path / disk._TRIAL
    assert disk.folds_case(tmp_path) == (tmp_path / "..").joinpath(tmp_path.name.upper()).exists()
    assert list(tmp_path.iterdir()) == []
    trial.touch()  # killed between making and removing it
    disk.folds_case(tmp_path)
    assert list(tmp_path.iterdir()) == []
    trial.write_bytes(b"somebody's")
    disk.folds_case(tmp_path)
    assert trial.read_bytes() == b"somebody's"
    trial.unlink()
    trial.symlink_to(tmp_path / "elsewhere")
    disk.folds_case(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [trial.name]


def test_many_try_a_folder_at_the_same_time(tmp_path: Path) -> None:
    once = disk.folds_case(tmp_path)
    with ThreadPoolExecutor(8) as many:
        assert set(many.map(lambda _: disk.folds_case(tmp_path), range(200))) == {once}
    assert list(tmp_path.iterdir()) == []


def begun(folder: Path) -> bool:
    """Whether there is a file in ``folder``: so soon that the count of bytes, which may come after half of them, has not
    begun."""
    return any(entry.is_file() for entry in folder.rglob("*"))


def mover_pids() -> list[int]:
    """The movers are children of the engine, which is a child of ours (nobody else's child has children)."""
    command = ["ps", "-ww", "-eo", "pid,ppid,args"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    rows = [line.split(None, 2) for line in lines]
    ours = {pid for pid, parent, _ in rows if parent == str(os.getpid())}
    return [int(pid) for pid, parent, program in rows if parent in ours and "spawn_main" in program]


def test_cancel_is_quick_and_leaves_nothing(bench: Bench, tmp_path: Path) -> None:
    file = large_file(tmp_path / "0.bin", 70)
    files = [file, *(tmp_path / f"{number}.bin" for number in range(1, 8))]
    for other in files[1:]:
        other.hardlink_to(file)
    handle = bench.queue.upload(bench.record, bench.at(), files)
    wait_for(lambda: handle.snapshot.counts.bytes_done > 0)
    begun = time.monotonic()
    handle.cancel()
    assert handle.snapshot.state is JobState.CANCELLED
    assert time.monotonic() - begun < 0.2
    bench.queue.settle()
    assert not bench.unfinished()
    assert ItemState.CANCELLED in {one.state for one in handle.items()}
    finished = {one.item.target for one in handle.items([ItemState.DONE])}
    assert finished <= set(bench.listed()) < {path.name for path in files}


def test_a_cancelled_download_leaves_whole_files_only_and_goes_on(bench: Bench, tmp_path: Path) -> None:
    file = large_file(tmp_path / "0.bin", 70)
    with (
        bench.driver() as driver
    ):  # in one piece: moto gives copies of what came in parts a checksum that is not theirs
        driver.put(bench.bucket, "0.bin", FileSlice(file, 0, 70 * MIB))
        for number in range(1, 6):
            driver.copy(bench.bucket, "0.bin", bench.bucket, f"{number}.bin")
    down = tmp_path / "down"
    handle = bench.queue.download(bench.record, [bench.at(key) for key in bench.listed()], down)
    wait_for(lambda: begun(down))
    handle.cancel()
    bench.queue.settle()
    left = {path.name: path.stat().st_size for path in down.iterdir()}
    assert left == dict.fromkeys(left, 70 * MIB)
    assert len(left) < 6
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert sorted(path.name for path in down.iterdir()) == bench.listed()
    assert (down / "5.bin").read_bytes() == file.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not known on Windows")
def test_a_killed_mover_costs_nothing(bench: Bench, tmp_path: Path) -> None:
    root = tmp_path / "set"
    root.mkdir()
    for number in range(30):
        (root / f"{number}.bin").write_bytes(os.urandom(100_000 + number))
    large_file(root / "large.bin", 70)
    handle = bench.queue.upload(bench.record, bench.at(), [root])
    wait_for(lambda: handle.snapshot.counts.items_done > 0 and any(one.item.begun for one in handle.items()))
    os.kill(mover_pids()[0], signal.SIGKILL)
    end = bench.finish(handle)
    assert end.counts.items == 31
    assert end.state is JobState.DONE, [one.error for one in handle.items([ItemState.FAILED])]
    assert not bench.unfinished()
    assert all(bench.content(f"set/{path.name}") == path.read_bytes() for path in root.iterdir())
    handle = bench.queue.download(bench.record, [bench.at("set/")], tmp_path / "down")
    wait_for(lambda: begun(tmp_path / "down"))
    os.kill(mover_pids()[0], signal.SIGKILL)
    end = bench.finish(handle)
    assert end.state is JobState.DONE, [one.error for one in handle.items([ItemState.FAILED])]
    assert tree(tmp_path / "down" / "set") == tree(root)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not known on Windows")
def test_a_killed_engine_costs_nothing_but_a_delete_stops_and_says_so(local: Bench, tmp_path: Path) -> None:
    file = large_file(tmp_path / "0.bin", 70)
    files = [file, *(tmp_path / f"{number}.bin" for number in range(1, 6))]
    for other in files[1:]:
        other.hardlink_to(file)
    handle = local.queue.upload(local.record, local.at(), files)
    wait_for(lambda: handle.snapshot.counts.bytes_done > 0)
    os.kill(local.pool.pids(Lane.ENGINE)[0], signal.SIGKILL)
    end = local.finish(handle)
    assert (end.state, end.counts.items, end.counts.items_left) == (JobState.DONE, 6, 0)
    assert sorted(local.listed()) == [path.name for path in files]
    local.put({f"many/{number:04d}": b"" for number in range(3000)})
    handle = local.queue.delete(local.record, local.plan_delete("many/"))
    wait_for(lambda: handle.snapshot.state is JobState.RUNNING)
    os.kill(local.pool.pids(Lane.ENGINE)[0], signal.SIGKILL)
    end = local.finish(handle)
    if end.state is not JobState.DONE:  # it may have been through
        assert end.state is JobState.FAILED
        assert end.error is not None
        assert end.error.kind == "WorkerDied"


def test_one_failed_item_does_not_stop_the_others_and_can_be_tried_again(local: Bench, tmp_path: Path) -> None:
    root = tmp_path / "set"
    root.mkdir()
    for number in range(20):
        (root / f"{number}").write_text(str(number))
    handle = local.queue.upload(local.record, local.at(), [root, tmp_path / "gone"])
    end = local.finish(handle)
    assert (end.state, end.counts.items_done, end.counts.items_failed) == (JobState.DONE_WITH_ERRORS, 20, 1), end
    (failed,) = handle.items([ItemState.FAILED])
    assert failed.error is not None
    assert failed.error.kind == "FileMissing"
    (tmp_path / "gone").write_text("here again")
    handle.retry_failed()
    end = local.finish(handle)
    assert (end.state, end.counts.items, end.counts.items_done) == (JobState.DONE, 21, 21)
    assert local.content("gone") == b"here again"


def test_a_missing_bucket_fails_the_job_with_its_reason(bench: Bench, tmp_path: Path) -> None:
    bench.bucket += "-gone"
    handle = bench.queue.download(bench.record, [bench.at("p/")], tmp_path / "down")
    end = bench.finish(handle)
    assert end.state is JobState.FAILED
    assert end.error is not None
    assert end.error.kind == "BucketNotFound"


def test_a_read_only_account_changes_nothing(local: Bench, tmp_path: Path) -> None:
    from dataclasses import replace

    (tmp_path / "f").write_text("x")
    handle = local.queue.upload(replace(local.record, read_only=True), local.at(), [tmp_path / "f"])
    assert local.finish(handle).state is JobState.FAILED
    (failed,) = handle.items([ItemState.FAILED])
    assert failed.error is not None
    assert failed.error.kind == "ReadOnlyAccount"
    assert not local.listed()


def test_progress_is_coalesced_however_many_items(local: Bench, tmp_path: Path) -> None:
    root = tmp_path / "set"
    root.mkdir()
    for number in range(400):
        (root / f"{number}").write_bytes(b"x" * 100)
    begun = time.monotonic()
    end = local.finish(local.queue.upload(local.record, local.at(), [root]))
    took = time.monotonic() - begun
    assert end.counts.items_done == 400
    assert len(local.person.seen) < 60 + took * 40  # items in batches, figures ten times a second
