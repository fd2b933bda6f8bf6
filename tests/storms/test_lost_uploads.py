"""Whoever begins an upload in parts is killed when the store has begun it and nobody was told its id yet: whatever comes then,
no upload is left.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.accounts.lease import LeaseWanted, SecretWanted
from artifact_browser.accounts.record import AccountRecord
from artifact_browser.paths import Paths, in_home
from artifact_browser.storage.location import Location
from artifact_browser.transfers.history import read_history
from artifact_browser.transfers.queue import Restoring, TransferQueue
from artifact_browser.transfers.state import JobState, Verb
from artifact_browser.transfers.task import LARGE_BYTES, PART_BYTES
from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import WorkerPool
from tests.parts.faulty_link import FaultyLink
from tests.parts.s3_server import S3Server
from tests.storms.processes import NEEDS_SIGKILL, SEED, kill, movers_of
from tests.storms.restart_child import DOWN, up
from tests.storms.test_restarts import END_S, App
from tests.transfers.conftest import Bench, wait_for

pytestmark = NEEDS_SIGKILL
KEY = "large.bin"


@pytest.fixture
def link(server: S3Server) -> Iterator[FaultyLink]:
    with FaultyLink(server.endpoint, SEED, 0.0) as made:
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / KEY).write_bytes(random.Random(SEED).randbytes(LARGE_BYTES + 77))
    return tmp_path / KEY


def unfinished(bench: Bench, key: str = KEY) -> list[str]:
    """Ids of all uploads of the file; what the S3 core finds out about the store with is not counted."""
    with bench.driver() as driver:
        return [upload.upload_id for upload in driver.list_uploads(bench.bucket, key)]


def kill_all(bench: Bench, lane: Lane) -> None:
    pids = movers_of(bench.pool) if lane is Lane.MOVER else bench.pool.pids(lane)
    assert any([kill(pid) for pid in pids])


@pytest.mark.parametrize("whom", [Lane.MOVER, Lane.ENGINE, None])
def test_it_goes_on_and_no_upload_is_left(bench: Bench, link: FaultyLink, file: Path, whom: Lane | None) -> None:
    """``None``: nobody is killed, the answer is lost on its way."""
    link.keeps_begins = True
    handle = bench.queue.upload(replace(bench.record, endpoint=link.endpoint), bench.at(), [file])
    wait_for(lambda: link.kept and unfinished(bench))
    link.keeps_begins = whom is not None
    if whom is not None:
        kill_all(bench, whom)
        link.keeps_begins = False
    assert bench.finish(handle).state is JobState.DONE
    assert bench.content(KEY) == file.read_bytes()
    bench.queue.settle(30)
    assert unfinished(bench) == []


@pytest.mark.parametrize("whom", [Lane.MOVER, Lane.ENGINE])
def test_it_is_cancelled_and_no_upload_is_left(bench: Bench, link: FaultyLink, file: Path, whom: Lane) -> None:
    link.keeps_begins = True
    handle = bench.queue.upload(replace(bench.record, endpoint=link.endpoint), bench.at(), [file])
    wait_for(lambda: link.kept and unfinished(bench))
    kill_all(bench, whom)
    handle.cancel()
    link.keeps_begins = False
    wait_for(lambda: not unfinished(bench), f"{unfinished(bench)} are dropped")
    bench.queue.settle(30)
    assert unfinished(bench) == []
    assert bench.listed() == []


def test_a_copy_to_another_account_leaves_none(bench: Bench, link: FaultyLink) -> None:
    data, copy = random.Random(SEED).randbytes(PART_BYTES + 77), f"copy/{KEY}"
    bench.put({KEY: data})
    other = replace(bench.record, id="other", endpoint=link.endpoint)
    link.keeps_begins = True
    handle = bench.queue.copy(bench.record, [bench.at(KEY)], Location(other.id, bench.bucket, "copy/"), to_record=other)
    wait_for(lambda: link.kept and unfinished(bench, copy))
    kill_all(bench, Lane.MOVER)
    link.keeps_begins = False
    assert bench.finish(handle).state is JobState.DONE
    assert bench.content(copy) == data
    bench.queue.settle(30)
    assert unfinished(bench, copy) == []


@pytest.mark.parametrize("goes_on", [True, False])
def test_the_app_is_killed_and_started_again(
    bench: Bench, server: S3Server, link: FaultyLink, file: Path, goes_on: bool, tmp_path: Path
) -> None:
    key = f"{up('1')}{KEY}"
    bench.put({f"{DOWN}small": b"for the other transfer"})
    link.keeps_begins = True
    app = App([
        str(tmp_path / "app"), server.name, link.endpoint, server.access_key, server.secret_key, bench.bucket,
        str(file), str(tmp_path / "down"), "1",
    ])  # fmt: skip
    try:
        wait_for(lambda: link.kept and unfinished(bench, key))
        wait_for(lambda: app.hear(0.1) or "going" in app.said)
        workers, movers = app.pids()
        assert kill(app.process.pid)
        for pid in (*workers, *movers):  # one may have noticed and left
            kill(pid)
        link.keeps_begins = False
        if goes_on:
            app.process.communicate()
            app.start()
            assert app.hear(END_S), app.said
            assert bench.content(key) == file.read_bytes()
    finally:
        app.end()
    if not goes_on:
        cancel_all(in_home(tmp_path / "app"), server, replace(bench.record, endpoint=link.endpoint))
    wait_for(lambda: not unfinished(bench, key), f"{unfinished(bench, key)} are dropped")


def cancel_all(paths: Paths, server: S3Server, record: AccountRecord) -> None:
    """Start the app, and cancel what it finds."""
    pool = WorkerPool(paths)
    pool.answer(LeaseWanted, lambda _, answer: answer(server.lease))
    pool.answer(SecretWanted, lambda _, answer: answer(server.secret))
    queue = TransferQueue(pool)
    restoring = Restoring(queue)
    for event in pool.iterate(read_history, (record,)):
        restoring.take(event)
    restoring.end()
    (handle,) = [one for one in queue.handles if one.snapshot.verb is Verb.UPLOAD]
    handle.cancel()
    queue.settle(30)
    pool.close()
