"""Plans that meet a store without an answer: they wait for it, can be paused meanwhile, and nothing that was ordered or
finished is forgotten.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from artifact_browser.accounts.lease import Lease, LeaseWanted
from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.paths import in_home
from artifact_browser.storage.location import Location
from artifact_browser.storage.open import open_driver
from artifact_browser.transfers.compare import compare
from artifact_browser.transfers.compare_file import Direction
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.history import JobKept, read_history
from artifact_browser.transfers.journal_file import open_for_reading, read_jobs
from artifact_browser.transfers.pace import Pace
from artifact_browser.transfers.queue import TransferQueue
from artifact_browser.transfers.state import JobState
from artifact_browser.transfers.task import LARGE_BYTES, PART_BYTES
from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import WorkerPool
from artifact_browser.workers.slots import JOBS_AT_ONCE
from tests.parts.gate import Gate
from tests.transfers.conftest import Bench, TestContext, make_bench, take_your_time, wait_for

LOCAL = AccountRecord(id=THIS_COMPUTER, kind=AccountKind.LOCAL, name="This computer")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with a file of several parts."""
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "large").write_bytes(random.Random(1).randbytes(LARGE_BYTES + 2 * PART_BYTES))
    return folder


def upload(bench: Bench, source: Path) -> TransferHandle:
    return bench.queue.upload(bench.record, bench.at("to/"), [source])


def sync(bench: Bench, source: Path) -> TransferHandle:
    found = bench.pool.run(compare, bench.record, bench.at("to/"), str(source))
    return bench.queue.sync(bench.record, found, Direction.UPLOAD)


def copy(bench: Bench, source: Path) -> TransferHandle:
    with closing(open_driver(TestContext(bench.paths, None), LOCAL)) as driver:
        driver.create_bucket("mine")
        driver.put("mine", "large", (source / "large").read_bytes())
    place = Location(LOCAL.id, "mine", "large")
    return bench.queue.copy(LOCAL, [place], bench.at("to/"), to_record=bench.record)


ORDERS = pytest.mark.parametrize("order", [upload, sync, copy])


def uploads(bench: Bench) -> list[tuple[str, str]]:
    with bench.driver() as driver:
        return [(one.key, one.upload_id) for one in driver.list_uploads(bench.bucket)]


def begun(handle: TransferHandle) -> bool:
    return handle.snapshot.counts.bytes_done > PART_BYTES


@ORDERS
def test_what_is_continued_without_a_network_waits_and_keeps_its_parts(
    gated: Bench, gate: Gate, source: Path, order: Callable[[Bench, Path], TransferHandle]
) -> None:
    handle = order(gated, source)
    wait_for(lambda: begun(handle))
    handle.pause()
    wait_for(lambda: not handle.running)
    before = uploads(gated)
    gate.shut()
    handle.retry_failed()
    wait_for(lambda: handle.ended or handle.snapshot.state is JobState.WAITING_NETWORK)
    assert handle.snapshot.state is JobState.WAITING_NETWORK
    assert handle.snapshot.waiting_for == "the network"
    gate.open()
    take_your_time(gated.paths, no_more=True)
    wait_for(lambda: handle.ended or handle.snapshot.state in {JobState.RUNNING, JobState.VERIFYING})
    assert not handle.ended or handle.snapshot.state is JobState.DONE
    assert uploads(gated) in ([], before)  # gone only where it was finished
    assert gated.finish(handle).state is JobState.DONE
    assert gated.content(gated.listed()[0]) == (source / "large").read_bytes()
    assert uploads(gated) == []


def test_an_engine_that_dies_while_a_sync_waits_changes_nothing(gated: Bench, gate: Gate, source: Path) -> None:
    handle = sync(gated, source)
    wait_for(lambda: begun(handle))
    gate.shut()
    wait_for(lambda: handle.snapshot.state is JobState.WAITING_NETWORK)
    (pid,) = gated.pool.pids(Lane.ENGINE)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: gated.pool.pids(Lane.ENGINE) not in ([], [pid]))
    wait_for(lambda: handle.ended or handle.snapshot.state is JobState.WAITING_NETWORK)
    gate.open()
    take_your_time(gated.paths, no_more=True)
    assert gated.finish(handle).state is JobState.DONE


# -- a store that takes connections and says nothing ------------------------------------------------------------------
@pytest.fixture
def silent() -> Iterator[tuple[str, list[socket.socket]]]:
    listener = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def take() -> None:
        while True:
            try:
                held.append(listener.accept()[0])
            except OSError:
                return

    threading.Thread(target=take, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", held
    listener.close()
    for one in held:
        one.close()


@pytest.mark.parametrize("copied", [False, True])
def test_a_plan_whose_store_does_not_answer_can_be_paused(
    silent: tuple[str, list[socket.socket]], source: Path, tmp_path: Path, copied: bool
) -> None:
    endpoint, held = silent
    pool = WorkerPool(in_home(tmp_path / "home").make())
    record = AccountRecord("s", AccountKind.S3, "S", endpoint=endpoint, region="us-east-1")
    pool.answer(LeaseWanted, lambda _, answer: answer(Lease("a", "b")))
    queue = TransferQueue(pool)
    if copied:
        handle = queue.copy(record, [Location("s", "bucket", "x/")], Location("s", "bucket", "y/"))
    else:
        handle = queue.upload(record, Location("s", "bucket"), [source])
    wait_for(lambda: bool(held))
    handle.pause()
    wait_for(lambda: not handle.running)
    assert handle.snapshot.state is JobState.PAUSED
    handle.cancel()
    pool.close()


# -- more jobs than have a place ------------------------------------------------------------------------------------
def test_all_that_was_ordered_is_there_after_a_kill(source: Path, tmp_path: Path) -> None:
    paths = in_home(tmp_path / "home").make()
    pace = Pace(paths)
    pace.choose(10 * 1024, 1)
    pool = WorkerPool(paths)
    bench = make_bench(paths, pool, LOCAL, None)
    count = JOBS_AT_ONCE + 5
    for number in range(count):
        bench.queue.upload(bench.record, bench.at(f"{number}/"), [source])

    def kept() -> int:
        with suppress(sqlite3.OperationalError), open_for_reading(paths.journal_file) as base:  # it is being made
            return len(read_jobs(base))
        return 0

    wait_for(lambda: kept() == count)
    (engine,) = pool.pids(Lane.ENGINE)
    pool._closed = True  # the window is gone: nobody begins anew
    os.kill(engine, signal.SIGKILL)
    pool.close()
    after = WorkerPool(paths)
    shown = [event for event in after.iterate(read_history, (LOCAL,)) if isinstance(event, JobKept)]
    after.close()
    pace.close()
    assert len(shown) == count


# -- an address that is wrong -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("key", ["x/", "x", ""])
def test_a_copy_from_or_to_a_wrong_address_fails_with_its_reason(tmp_path: Path, key: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    paths = in_home(tmp_path / "home").make()
    pool = WorkerPool(paths)
    record = AccountRecord("s", AccountKind.S3, "S", endpoint=f"http://127.0.0.1:{port}", region="us-east-1")
    pool.answer(LeaseWanted, lambda _, answer: answer(Lease("a", "b")))
    queue = TransferQueue(pool)
    if key:
        handle = queue.copy(record, [Location("s", "bucket", key)], Location("s", "bucket", "y/"))
    else:
        with closing(open_driver(TestContext(paths, None), LOCAL)) as driver:
            driver.create_bucket("mine")
            driver.put("mine", "large", b"x")
        source = Location(LOCAL.id, "mine", "large")
        handle = queue.copy(LOCAL, [source], Location("s", "b", "to/"), to_record=record)
    wait_for(lambda: handle.ended or handle.snapshot.state is JobState.WAITING_NETWORK)
    assert handle.snapshot.state is JobState.FAILED
    assert handle.snapshot.error is not None
    pool.close()
