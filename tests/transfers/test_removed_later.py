"""What a transfer has begun and cannot remove, for the network is gone, is removed when it is back: in this run of the app, or in
the next; and before it begins anew.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.accounts.lease import Lease, LeaseWanted
from artifact_browser.paths import in_home
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.history import LeftBehind, read_history
from artifact_browser.transfers.journal import Journal
from artifact_browser.transfers.journal_file import open_for_reading, read_untidy
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.queue import Restoring, TransferQueue
from artifact_browser.transfers.state import JobState
from artifact_browser.transfers.task import LARGE_BYTES
from artifact_browser.workers.pool import WorkerPool
from tests.parts.faulty_link import FaultyLink
from tests.parts.gate import Gate
from tests.parts.s3_server import S3Server
from tests.transfers.conftest import Bench, s3_bench, take_your_time, wait_for
from tests.transfers.test_left_behind import pause

LARGE = random.Random(7).randbytes(LARGE_BYTES // 64) * 80


@pytest.fixture
def bench(gated: Bench) -> Bench:
    return gated


@pytest.fixture
def begun(bench: Bench, tmp_path: Path) -> TransferHandle:
    """An upload that is paused behind its first parts."""
    (tmp_path / "large.bin").write_bytes(LARGE)
    handle = bench.queue.upload(bench.record, bench.at(), [tmp_path / "large.bin"])
    pause(bench, handle)
    assert bench.unfinished()
    return handle


def untidy(bench: Bench) -> list[str]:
    """The jobs that may have left something, as the journal says."""
    with open_for_reading(bench.paths.journal_file) as base:
        return [kept.snapshot.job_id for kept in read_untidy(base)]


def start_again(bench: Bench) -> None:
    """As the app does."""
    bench.pool.close()
    pool, secret = WorkerPool(bench.paths), bench.secret
    assert secret is not None
    pool.answer(LeaseWanted, lambda _, answer: answer(Lease(secret.access_key, secret.secret_key)))
    bench.pool, bench.queue = pool, TransferQueue(pool)
    bench.queue.listen(bench.person)
    restoring = Restoring(bench.queue)
    for event in pool.iterate(read_history, (bench.record,)):
        restoring.take(event)
    restoring.end()


def test_what_was_cancelled_without_a_network_is_removed_when_it_is_back(
    bench: Bench, gate: Gate, begun: TransferHandle
) -> None:
    gate.shut()
    begun.cancel()
    assert begun.snapshot.state is JobState.CANCELLED
    bench.queue.settle(60)  # nobody waits for what cannot be removed
    assert untidy(bench) == [begun.job_id]
    gate.open()
    wait_for(lambda: not bench.unfinished(), "it is dropped")
    wait_for(lambda: not untidy(bench), "that is known")


def test_what_the_app_could_not_remove_is_removed_by_its_next_run(
    bench: Bench, gate: Gate, begun: TransferHandle, tmp_path: Path
) -> None:
    gate.shut()
    begun.cancel()
    bench.queue.settle(60)
    start_again(bench)
    gate.open()
    assert bench.queue.handles == []  # it was cancelled: no row comes back
    assert bench.unfinished()  # nobody is asked for keys before the account is used
    (tmp_path / "small").write_bytes(b"small")
    bench.finish(bench.queue.upload(bench.record, bench.at(), [tmp_path / "small"]))
    wait_for(lambda: not bench.unfinished(), "it is dropped")
    wait_for(lambda: not untidy(bench), "that is known")
    start_again(bench)
    assert bench.listed() == ["small"]


def test_what_was_cancelled_as_usual_is_not_looked_at_again(bench: Bench, tmp_path: Path) -> None:
    """Neither in its first run nor in a later one."""
    (tmp_path / "large.bin").write_bytes(LARGE)
    first = bench.queue.upload(bench.record, bench.at("a/"), [tmp_path / "large.bin"])
    wait_for(lambda: bench.unfinished())
    first.cancel()
    second = bench.queue.upload(bench.record, bench.at("b/"), [tmp_path / "large.bin"])
    pause(bench, second)
    second.cancel()
    wait_for(lambda: not bench.unfinished(), "they are dropped")
    bench.queue.settle(30)
    wait_for(lambda: not untidy(bench), "that is known")
    assert not [one for one in bench.pool.iterate(read_history, (bench.record,)) if isinstance(one, LeftBehind)]


def test_a_retry_drops_what_a_cancel_could_not(bench: Bench, gate: Gate, begun: TransferHandle) -> None:
    """Even when the app is closed between the two."""
    with bench.driver() as driver:
        (before,) = driver.list_uploads(bench.bucket)
    gate.shut()
    begun.cancel()
    bench.queue.settle(60)
    begun.retry_failed()
    wait_for(lambda: begun.snapshot.state is JobState.WAITING_NETWORK)
    start_again(bench)
    gate.open()
    (handle,) = bench.queue.handles
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert bench.content("large.bin") == LARGE
    with bench.driver() as driver:
        assert before.upload_id not in [one.upload_id for one in driver.list_uploads(bench.bucket)]


def test_a_failed_transfer_that_is_removed_from_the_list_leaves_nothing(moto: S3Server, tmp_path: Path) -> None:
    """Its keys were refused when it was gone on with: nothing is lost by that, and nothing is forgotten."""
    paths = in_home(tmp_path / "home").make()
    pool = WorkerPool(paths)
    (tmp_path / "large.bin").write_bytes(LARGE)
    with FaultyLink(moto.endpoint, 1, 0.0) as link:
        bench = s3_bench(paths, pool, replace(moto, endpoint=link.endpoint))
        for retries in (True, False):
            take_your_time(paths)
            handle = bench.queue.upload(bench.record, bench.at(), [tmp_path / "large.bin"], Policy.REPLACE)
            pause(bench, handle)
            link.refused[moto.access_key] = "InvalidAccessKeyId"
            handle.retry_failed()
            assert bench.finish(handle).state is JobState.FAILED
            link.refused.clear()
            assert bench.unfinished()
            if retries:
                handle.retry_failed()
                assert bench.finish(handle).state is JobState.DONE
            else:
                bench.queue.remove(handle)
            wait_for(lambda: not bench.unfinished(), "it is dropped")
    pool.close()


def test_what_may_have_left_something_is_in_no_history_but_not_forgotten(
    bench: Bench, gate: Gate, begun: TransferHandle
) -> None:
    gate.shut()
    begun.cancel()
    bench.queue.settle(60)
    bench.pool.close()
    journal = Journal(bench.paths.journal_file)
    assert journal.clear(()) == 1
    assert untidy(bench) == [begun.job_id]
    assert journal.clear(()) == 0
    journal.tidied(begun.job_id, 1)
    journal.close()
    Journal(bench.paths.journal_file).close()
    with open_for_reading(bench.paths.journal_file) as base:
        assert base.execute("SELECT count(*) FROM job").fetchone() == (0,)
