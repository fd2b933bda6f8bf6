"""Credentials that end in the middle of transfers, on moto: every job of the account stands still, and with new ones all go on."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from artifact_browser.accounts.lease import Lease, LeaseWanted, SecretWanted
from artifact_browser.errors import CredentialsMissing
from artifact_browser.paths import in_home
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.history import read_history
from artifact_browser.transfers.queue import Restoring, TransferQueue
from artifact_browser.transfers.state import ItemState, JobState, Verb
from artifact_browser.transfers.task import LARGE_BYTES, PART_BYTES
from artifact_browser.workers.job import Question
from artifact_browser.workers.pool import WorkerPool
from tests.parts.faulty_link import FaultyLink
from tests.parts.s3_server import S3Server
from tests.transfers.conftest import Bench, s3_bench, tree, wait_for


@dataclass
class Keys:
    """The account's keys of the moment; none: nobody has signed in."""

    link: FaultyLink
    now: str = "first"

    def lease(self) -> Lease | CredentialsMissing:
        # long issued: a fresh one that is refused would not be renewed at once
        return (
            Lease(self.now, "secret", "token", issued_at=time.time() - 60) if self.now else CredentialsMissing("None.")
        )

    def answer(self, question: Question, answer: object) -> None:
        assert callable(answer)
        answer(self.lease())

    def end(self, code: str = "ExpiredToken") -> None:
        self.link.refused[self.now] = code


@pytest.fixture
def keys(moto: S3Server) -> Iterator[Keys]:
    with FaultyLink(moto.endpoint, 1, 0.0) as link:
        yield Keys(link)


@pytest.fixture
def bench(keys: Keys, moto: S3Server, tmp_path: Path) -> Iterator[Bench]:
    pool = WorkerPool(in_home(tmp_path / "home").make())
    made = s3_bench(in_home(tmp_path / "home").make(), pool, replace(moto, endpoint=keys.link.endpoint))
    pool.answer(LeaseWanted, keys.answer)
    yield made
    pool.close()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    rng, source = random.Random(5), tmp_path / "set"
    source.mkdir()
    (source / "0-large").write_bytes(rng.randbytes(LARGE_BYTES + 3 * PART_BYTES))
    for number in range(300):
        (source / f"{number:03d}").write_bytes(rng.randbytes(20_000))
    return source


def begin_both(bench: Bench, files: Path, folder: Path) -> list[TransferHandle]:
    bench.finish(bench.queue.upload(bench.record, bench.at("source/"), [files]))
    return [
        bench.queue.upload(bench.record, bench.at("up/"), [files]),
        bench.queue.download(bench.record, [bench.at("source/set/")], folder),
    ]


def stands_still(handle: TransferHandle) -> None:
    wait_for(lambda: handle.snapshot.state is JobState.WAITING_CREDENTIALS, f"it waits: {handle.snapshot}")
    assert handle.snapshot.error is not None
    assert not handle.running
    assert not handle.ended
    assert {one.state for one in handle.items()} <= {ItemState.QUEUED, ItemState.DONE}


def all_is_there(bench: Bench, files: Path, folder: Path) -> None:
    assert {key.removeprefix("up/set/"): bench.content(key) for key in bench.listed("up/")} == tree(files)
    assert tree(folder / "set") == tree(files)
    assert bench.unfinished() == []


def test_all_jobs_of_the_account_wait_and_all_go_on(bench: Bench, keys: Keys, files: Path, tmp_path: Path) -> None:
    both = begin_both(bench, files, tmp_path / "down")
    wait_for(lambda: all(handle.snapshot.counts.bytes_done > 0 for handle in both))
    keys.end()
    for handle in both:
        stands_still(handle)
    assert any(handle.snapshot.counts.items_left for handle in both)
    late = bench.queue.upload(bench.record, bench.at("late/"), [files / "000"])
    stands_still(late)  # before it knew anything
    keys.now = "second"
    bench.queue.use(bench.record, signed_in=True)
    assert {bench.finish(handle).state for handle in [*both, late]} == {JobState.DONE}
    all_is_there(bench, files, tmp_path / "down")
    assert bench.content("late/000") == (files / "000").read_bytes()


def test_it_still_waits_after_a_restart(bench: Bench, keys: Keys, files: Path, tmp_path: Path) -> None:
    both = begin_both(bench, files, tmp_path / "down")
    wait_for(lambda: all(handle.snapshot.counts.bytes_done > 0 for handle in both))
    keys.end()
    for handle in both:
        stands_still(handle)
    bench.pool.close()
    pool = WorkerPool(bench.paths)
    try:
        pool.answer(LeaseWanted, keys.answer)
        pool.answer(SecretWanted, lambda _, answer: answer(bench.secret))
        queue = TransferQueue(pool)
        restoring = Restoring(queue)
        for event in pool.iterate(read_history, (bench.record,)):
            restoring.take(event)
        restoring.end()
        assert {handle.snapshot.verb for handle in queue.handles} == {Verb.UPLOAD, Verb.DOWNLOAD}
        for handle in queue.handles:
            stands_still(handle)
            assert handle.snapshot.error is not None
            assert handle.snapshot.error.kind == "CredentialsExpired"
        keys.now = "second"
        queue.use(bench.record, signed_in=True)
        for handle in queue.handles:
            assert bench.finish(handle).state is JobState.DONE
        all_is_there(bench, files, tmp_path / "down")
    finally:
        pool.close()


def test_what_is_cancelled_while_it_waits_is_cleared_up_with_the_next_keys(
    bench: Bench, keys: Keys, files: Path
) -> None:
    handle = bench.queue.upload(bench.record, bench.at("up/"), [files / "0-large"])
    wait_for(lambda: handle.snapshot.counts.bytes_done > 0)
    keys.end()
    stands_still(handle)
    handle.cancel()
    assert handle.snapshot.state is JobState.CANCELLED
    keys.now = "second"
    bench.queue.use(bench.record, signed_in=True)
    wait_for(lambda: not bench.unfinished())
    assert bench.listed("up/") == []


def test_nobody_signed_in_is_waited_for_and_cancel_and_pause_still_work(bench: Bench, keys: Keys, files: Path) -> None:
    keys.now = ""
    paused, cancelled, going = (bench.queue.upload(bench.record, bench.at(name), [files / "000"]) for name in "abc")
    for handle in (paused, cancelled, going):
        stands_still(handle)
    paused.pause()
    assert paused.snapshot.state is JobState.PAUSED
    cancelled.cancel()
    assert cancelled.snapshot.state is JobState.CANCELLED
    keys.now = "second"
    changed = replace(bench.record, secret_revision=1)
    bench.queue.use(replace(bench.record, name="Another name"))
    assert going.snapshot.state is JobState.WAITING_CREDENTIALS  # a name is no key
    bench.queue.use(changed)
    assert bench.finish(going).state is JobState.DONE
    assert paused.order.record == changed
    assert bench.listed() == ["c000"]
    paused.retry_failed()
    assert bench.finish(paused).state is JobState.DONE


@pytest.mark.parametrize(
    ("code", "kind"), [("InvalidAccessKeyId", "WrongCredentials"), ("AccessDenied", "AccessDenied")]
)
def test_refused_for_good_fails_with_its_reason(bench: Bench, keys: Keys, files: Path, code: str, kind: str) -> None:
    handle = bench.queue.upload(bench.record, bench.at(), [files])
    wait_for(lambda: handle.snapshot.counts.items_done > 0)
    keys.end(code)
    end = bench.finish(handle)
    assert end.state is JobState.DONE_WITH_ERRORS
    assert {one.error.kind for one in handle.items([ItemState.FAILED]) if one.error} == {kind}
    keys.link.refused.clear()
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE


def test_a_delete_does_not_wait_it_says_what_was_not_deleted(bench: Bench, keys: Keys) -> None:
    bench.put({"a": b"1", "b": b"2"})
    plan = bench.plan_delete("a", "b")
    keys.end()
    handle = bench.queue.delete(bench.record, plan)
    assert bench.finish(handle).state is JobState.FAILED
    assert [one.error.kind for one in handle.items([ItemState.FAILED]) if one.error] == ["CredentialsExpired"] * 2
    keys.now = "second"
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert bench.listed() == []
