"""A transfer that comes to nothing after a pause leaves no upload and no half-written file behind; one that goes on without a
network waits for it, and forgets nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.errors import DiskError
from artifact_browser.paths import in_home
from artifact_browser.transfers.disk import names_before, next_name, temporary_name
from artifact_browser.transfers.engine import _resumed
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.journal import Journal
from artifact_browser.transfers.journal_file import open_for_reading
from artifact_browser.transfers.state import JobState
from artifact_browser.transfers.task import LARGE_BYTES
from artifact_browser.workers.pool import WorkerPool
from tests.parts.gate import Gate
from tests.parts.s3_server import S3Server
from tests.transfers.accounts import Between, between
from tests.transfers.conftest import Bench, take_your_time, tree, wait_for

LARGE = random.Random(5).randbytes(LARGE_BYTES // 64) * 80


@pytest.fixture
def bench(gated: Bench) -> Bench:
    return gated


@pytest.fixture
def pair(moto: S3Server, tmp_path: Path) -> Iterator[Between]:
    take_your_time(in_home(tmp_path / "home").make())
    pool = WorkerPool(in_home(tmp_path / "home").make())
    made = between(in_home(tmp_path / "home").make(), pool, None, moto)
    yield made
    made.source.queue.cancel_all()
    pool.close()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(LARGE)
    return path


def pause(bench: Bench, handle: TransferHandle) -> None:
    """Behind its first part."""

    def has_parts() -> bool:
        with open_for_reading(bench.paths.journal_file) as base:
            text = "SELECT count(*) FROM part WHERE job = (SELECT key FROM job WHERE id = ?)"
            return bool(base.execute(text, (handle.job_id,)).fetchone()[0])

    wait_for(lambda: handle.count() > 0 and (has_parts() or handle.ended))
    handle.pause()
    wait_for(lambda: not handle.running)
    take_your_time(bench.paths, no_more=True)
    assert handle.snapshot.state is JobState.PAUSED


def test_a_file_that_is_gone_after_a_pause_leaves_no_upload(bench: Bench, large: Path) -> None:
    handle = bench.queue.upload(bench.record, bench.at(), [large])
    pause(bench, handle)
    assert bench.unfinished()
    large.unlink()
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.FAILED
    wait_for(lambda: not bench.unfinished(), "it is dropped")


def test_a_blob_that_is_gone_after_a_pause_leaves_no_file(bench: Bench, large: Path, tmp_path: Path) -> None:
    down = tmp_path / "down"
    bench.finish(bench.queue.upload(bench.record, bench.at(), [large]))
    handle = bench.queue.download(bench.record, [bench.at(large.name)], down)
    pause(bench, handle)
    with bench.driver() as driver:
        driver.delete(bench.bucket, large.name)
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.FAILED
    wait_for(lambda: not list(down.iterdir()), "it is removed")


@pytest.mark.parametrize("resumes", [False, True])
def test_a_retry_removes_what_a_killed_engine_could_not(
    bench: Bench, large: Path, tmp_path: Path, *, resumes: bool
) -> None:
    """The engine was to remove what failed items had begun; it was killed before it came to that, twice."""
    small = tmp_path / "small.txt"
    small.write_bytes(b"small")
    bench.finish(bench.queue.upload(bench.record, bench.at("f/"), [large, small]))
    down = tmp_path / "down"
    down.mkdir()
    (down / "f").write_bytes(b"in the way")
    handle = bench.queue.download(bench.record, [bench.at("f/")], down)
    assert bench.finish(handle).state is JobState.FAILED
    begun = set[str]()
    for _ in range(2):
        begun |= {one.item.begun for one in handle.items()}
        if resumes:
            handle._partial = True  # of very many items the window does not know all: the journal does
        handle.retry_failed()
        assert bench.finish(handle).state is JobState.FAILED
    bench.queue.settle(60)
    assert len(begun) == 4
    (down / "f").unlink()
    (down / "f").mkdir()
    for name in begun:
        (down / "f" / name).write_bytes(b"half of it")
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert tree(down) == {"f/large.bin": LARGE, "f/small.txt": b"small"}


def test_names_say_which_were_before_them() -> None:
    first = temporary_name()
    second = next_name(first)
    third = next_name(second)
    assert len({first, second, third}) == 3
    assert [names_before(one) for one in (first, second, third)] == [[], [first], [first, second]]
    for odd in ("", "../../.bashrc", ".0123456789abcdef-99999999999.part", "upload-id"):
        assert names_before(odd) == []
        assert names_before(next_name(odd)) == []
        assert next_name(odd).endswith(".part")


def test_going_on_without_a_network_waits_for_it(bench: Bench, gate: Gate, large: Path) -> None:
    handle = bench.queue.upload(bench.record, bench.at(), [large])
    pause(bench, handle)
    (before,) = bench.unfinished()
    gate.shut()
    handle.retry_failed()
    wait_for(lambda: handle.snapshot.state is JobState.WAITING_NETWORK)
    gate.open()
    assert bench.finish(handle).state is JobState.DONE
    assert before not in bench.unfinished()
    assert bench.content(large.name) == LARGE


def test_a_copy_cancelled_in_its_second_run_leaves_no_upload(pair: Between) -> None:
    pair.source.put({"k": LARGE})
    handle = pair.copy("k")
    pause(pair.source, handle)
    assert pair.target.unfinished()
    handle.retry_failed()
    handle.cancel()
    wait_for(lambda: not pair.target.unfinished(), "it is dropped")
    assert handle.snapshot.state is JobState.CANCELLED


def test_a_journal_that_has_lost_a_copys_items_is_not_taken_for_its_end(pair: Between, tmp_path: Path) -> None:
    pair.source.put({"k": b"1", "m": b"2"})
    handle = pair.copy("k", "m")
    pair.source.finish(handle)
    head = replace(handle.snapshot, state=JobState.QUEUED)
    order = replace(handle.order, head=head, resumes=True)
    journal = Journal(in_home(tmp_path / "another").make().journal_file)
    with pytest.raises(DiskError, match="what is left"):
        _resumed(order, journal.begin(order))
    journal.close()
