"""A network that goes and comes back, and a store that is in trouble for a while."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.errors import (
    AccessDenied,
    CertificateRejected,
    ConnectionFailed,
    ErrorRecord,
    ServerFault,
    Throttled,
)
from artifact_browser.paths import in_home
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.patience import Patience, Setbacks
from artifact_browser.transfers.state import ItemState, JobState
from artifact_browser.transfers.task import PART_BYTES
from artifact_browser.workers.pool import WorkerPool
from tests.parts.gate import Gate
from tests.parts.s3_server import S3Server
from tests.transfers.conftest import Bench, s3_bench, tree, wait_for

GONE, TROUBLE = ConnectionFailed("No.").record(), ServerFault("500").record()
FEWER = Throttled("503").record()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_while_nothing_gets_through_it_waits_for_ever_and_tries_one_at_a_time() -> None:
    clock = Clock()
    patience, task = Patience(clock), Setbacks()
    assert patience.share(8) == 8
    waited = []
    for _ in range(50):
        assert patience.worth_waiting(GONE, task)
        assert patience.waiting_for == "the network"
        began = clock.now
        while patience.share(8) == 0:
            clock.now += 0.1
        assert patience.share(8) == 1
        waited.append(clock.now - began)
    assert waited[0] <= 1.2
    assert waited[3] > waited[0]
    assert max(waited) <= 30.2
    patience.got_through()
    assert (patience.share(8), patience.waiting_for) == (8, "")


def test_failures_of_things_that_were_under_way_together_count_once() -> None:
    clock = Clock()
    patience = Patience(clock)
    for _ in range(8):
        assert patience.worth_waiting(TROUBLE, Setbacks())
    assert patience.waiting_for == "the store to recover"
    clock.now = 1.0
    assert patience.share(8) == 1


def test_a_task_that_fails_while_others_get_through_is_given_up() -> None:
    patience, task = Patience(Clock()), Setbacks()
    tries = 0
    while patience.worth_waiting(TROUBLE, task):
        tries += 1
        patience.got_through()  # others
    assert 2 <= tries <= 5


def test_a_store_that_asks_for_fewer_requests_gets_half_as_many_and_time_whatever_gets_through() -> None:
    clock = Clock()
    patience, task = Patience(clock), Setbacks()
    for _ in range(20):  # a long time, and others get through all the while
        assert patience.worth_waiting(FEWER, task, under_way=32)
        patience.got_through()
        assert patience.share(64) == 0  # what was under way then says nothing
        clock.now += 1.5
        patience.got_through()
    assert patience.share(64) < 8
    for _ in range(3000):
        patience.got_through()
    assert patience.share(64) == 64


def test_half_as_many_each_time_it_asks_and_one_more_when_all_got_through() -> None:
    clock = Clock()
    patience = Patience(clock)
    allowed = []
    for under_way in (32, 16, 8):
        patience.worth_waiting(FEWER, Setbacks(), under_way)
        patience.worth_waiting(FEWER, Setbacks(), under_way)  # at the same time: once
        clock.now += 30.0
        patience.got_through()
        allowed.append(patience.share(64))
    assert allowed == [16, 8, 4]
    for _ in range(5):
        patience.got_through()
    assert patience.share(64) == 5


def test_one_blob_that_is_refused_for_ever_while_others_get_through_is_given_up() -> None:
    clock = Clock()
    patience, task = Patience(clock), Setbacks()
    while patience.worth_waiting(FEWER, task):
        patience.got_through()
        clock.now += 1.0
    assert 600 <= clock.now < 610
    assert patience.worth_waiting(FEWER, Setbacks())


@pytest.mark.parametrize("error", [AccessDenied("No.").record(), CertificateRejected("No.").record()])
def test_what_does_not_pass_is_not_waited_for(error: ErrorRecord) -> None:
    patience = Patience(Clock())
    assert not patience.worth_waiting(error, Setbacks())
    assert patience.waiting_for == ""


@pytest.fixture
def bench(gate: Gate, moto: S3Server, tmp_path: Path) -> Iterator[Bench]:
    paths = in_home(tmp_path / "home").make()
    pool = WorkerPool(paths)
    yield s3_bench(paths, pool, replace(moto, endpoint=gate.endpoint))
    pool.close()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    rng, source = random.Random(3), tmp_path / "set"
    source.mkdir()
    for number in range(300):
        (source / f"{number:03d}").write_bytes(rng.randbytes(20_000))
    (source / "large").write_bytes(rng.randbytes(6 * PART_BYTES))
    return source


def cut_off(bench: Bench, gate: Gate, handle: TransferHandle) -> None:
    """Shut the gate on the way; it waits, says for what, and fails nothing."""
    wait_for(lambda: handle.snapshot.counts.items_done > 20)
    gate.shut()
    wait_for(lambda: handle.snapshot.state is JobState.WAITING_NETWORK, "the job waits")
    assert handle.snapshot.waiting_for == "the network"
    assert [one.error for one in handle.items([ItemState.FAILED])] == []


def test_a_network_that_is_gone_is_waited_for(bench: Bench, gate: Gate, files: Path, tmp_path: Path) -> None:
    handle = bench.queue.upload(bench.record, bench.at(), [files])
    cut_off(bench, gate, handle)
    done = handle.snapshot.counts.items_done
    gate.open()
    assert bench.finish(handle).state is JobState.DONE
    assert done < handle.snapshot.counts.items_done == 301
    assert {key.removeprefix("set/"): bench.content(key) for key in bench.listed("set/")} == tree(files)

    down = tmp_path / "down"
    handle = bench.queue.download(bench.record, [bench.at("set/")], down)
    cut_off(bench, gate, handle)
    gate.open()
    assert bench.finish(handle).state is JobState.DONE
    assert tree(down / "set") == tree(files)


def test_what_waits_can_be_paused_and_cancelled(bench: Bench, gate: Gate, files: Path) -> None:
    handle = bench.queue.upload(bench.record, bench.at(), [files])
    cut_off(bench, gate, handle)
    assert handle.can_pause
    handle.pause()
    wait_for(lambda: not handle.running)
    assert handle.snapshot.state is JobState.PAUSED
    assert {one.state for one in handle.items()} <= {ItemState.QUEUED, ItemState.DONE}
    gate.open()
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    handle = bench.queue.upload(bench.record, bench.at("again/"), [files])
    cut_off(bench, gate, handle)
    handle.cancel()
    assert handle.snapshot.state is JobState.CANCELLED
    gate.open()


def test_a_network_that_is_gone_before_anything_is_known_fails_with_its_reason(
    bench: Bench, gate: Gate, files: Path
) -> None:
    gate.shut()
    handle = bench.queue.upload(bench.record, bench.at(), [files])
    end = bench.finish(handle)
    assert end.state is JobState.FAILED
    assert end.error is not None
    assert end.error.kind == "ConnectionFailed"
    gate.open()
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE


def test_an_outage_between_two_throttlings_is_not_the_tasks_trouble() -> None:
    clock = Clock()
    patience, task = Patience(clock), Setbacks()
    assert patience.worth_waiting(FEWER, task, 8)
    clock.now = 3.0
    patience.got_through()
    for _ in range(40):
        clock.now += 30
        assert patience.worth_waiting(GONE, task)
    clock.now += 30
    patience.got_through()
    assert patience.worth_waiting(FEWER, task, 8)
