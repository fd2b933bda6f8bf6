"""The disk fills up in the middle of a download: what is there is whole, the rest says why not and left nothing, and with
space again it goes on.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.paths import in_home
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.state import ItemState, JobState
from artifact_browser.transfers.task import LARGE_BYTES, MIB
from artifact_browser.workers.pool import WorkerPool
from tests.parts.faulty_link import Fault, FaultyLink
from tests.parts.s3_server import S3Server
from tests.storms.processes import SEED, movers_of
from tests.transfers.conftest import Bench, s3_bench, tree, wait_for

ROOM_BYTES = LARGE_BYTES + 24 * MIB


@pytest.fixture
def bench(moto: S3Server, tmp_path: Path) -> Iterator[Bench]:
    pool = WorkerPool(in_home(tmp_path / "home").make())
    yield s3_bench(in_home(tmp_path / "home").make(), pool, moto)
    pool.close()


@pytest.fixture
def wanted(bench: Bench, tmp_path: Path) -> dict[str, bytes | None]:
    """What is in the bucket below ``set/``: small blobs and one in parts."""
    rng, source = random.Random(SEED), tmp_path / "set"
    source.mkdir()
    for number in range(40):
        (source / f"{number:02d}").write_bytes(rng.randbytes(200_000))
    (source / "99-large").write_bytes(rng.randbytes(LARGE_BYTES + MIB))
    bench.finish(bench.queue.upload(bench.record, bench.at(), [source]))
    return tree(source)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM_BYTES}", "tmpfs", str(folder)]
    if not sys.platform.startswith("linux") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk needs the right to mount a tmpfs (root on Linux)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def check(handle: TransferHandle, folder: Path, wanted: dict[str, bytes | None]) -> None:
    """Every item is whole or failed for want of space; nothing else is there."""
    there = tree(folder) if folder.exists() else {}
    items = handle.items(count=1000)
    assert {one.item.name for one in items} == {f"set/{name}" for name in wanted}
    for one in items:
        name = one.item.name.removeprefix("set/")
        if one.state is ItemState.DONE:
            assert there[name] == wanted[name]
        else:
            assert one.error is not None
            assert one.error.kind == "DiskFull", one.error
            assert name not in there
    assert there.keys() == {
        one.item.name.removeprefix("set/") for one in items if one.state is ItemState.DONE
    }  # temporary files would stand here


def test_a_disk_that_fills_up_costs_only_what_does_not_fit(
    bench: Bench, moto: S3Server, small_disk: Path, wanted: dict[str, bytes | None]
) -> None:
    ballast = small_disk / "ballast"
    with FaultyLink(moto.endpoint, SEED, 1.0, (Fault.SLOW,), slow_s=0.1) as link:
        record = replace(bench.record, endpoint=link.endpoint)
        handle = bench.queue.download(record, [bench.at("set/")], small_disk / "down")
        wait_for(lambda: handle.snapshot.counts.bytes_done > 0)
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(os.urandom(65536)):
                pass
        end = bench.finish(handle)
        link.heal()
        bench.queue.settle(30)
        assert end.state in {JobState.DONE_WITH_ERRORS, JobState.FAILED}
        check(handle, small_disk / "down" / "set", wanted)
        handle.retry_failed()
        end = bench.finish(handle)  # still full: it says so before it writes anything
        assert end.error is not None
        assert end.error.kind == "DiskFull"
        ballast.unlink()
        handle.retry_failed()
        assert bench.finish(handle).state is JobState.DONE
    assert tree(small_disk / "down" / "set") == wanted


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of other processes are Linux's")
def test_a_limit_on_what_may_be_written_is_a_full_disk(
    bench: Bench, tmp_path: Path, wanted: dict[str, bytes | None]
) -> None:
    import resource

    wait_for(lambda: len(movers_of(bench.pool)) == 2, "the movers are there")
    for pid in movers_of(bench.pool):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))
    handle = bench.queue.download(bench.record, [bench.at("set/")], tmp_path / "down")
    assert bench.finish(handle).state is JobState.FAILED
    bench.queue.settle(30)
    check(handle, tmp_path / "down" / "set", wanted)
    for pid in movers_of(bench.pool):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert tree(tmp_path / "down" / "set") == wanted


def test_a_disk_with_room_for_the_rest_is_large_enough(
    bench: Bench, moto: S3Server, wanted: dict[str, bytes | None], small_disk: Path
) -> None:
    """What a paused download has written already takes no more room; nor does what is there and the same."""
    with FaultyLink(moto.endpoint, SEED, 1.0, (Fault.SLOW,)) as link:
        slow = replace(bench.record, endpoint=link.endpoint)
        handle = bench.queue.download(slow, [bench.at("set/99-large")], small_disk)
        wait_for(lambda: handle.snapshot.counts.bytes_done > ROOM_BYTES // 2)
        handle.pause()
        wait_for(lambda: not handle.running)
        link.heal()
        handle.retry_failed()
        assert bench.finish(handle).state is JobState.DONE
    again = bench.queue.download(bench.record, [bench.at("set/99-large")], small_disk, Policy.UPDATE)
    assert bench.finish(again).state is JobState.DONE
    assert tree(small_disk) == {"99-large": wanted["99-large"]}
