"""Movers and the engine are killed at random moments: every job ends in a named state, nothing is half-written, nothing
is lost, nothing is left behind, and *retry failed* brings the rest.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.paths import in_home
from artifact_browser.storage.drivers.s3.probe_remains import RESERVED
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.state import ItemState, JobState
from artifact_browser.transfers.task import LARGE_BYTES
from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import WorkerPool
from tests.storms.processes import NEEDS_SIGKILL, SEED, kill, movers_of
from tests.transfers.conftest import Bench, make_bench, s3_bench, tree, wait_for

pytestmark = NEEDS_SIGKILL
Size = Callable[[int, int], int]
ROUND_S = 300.0


@pytest.fixture
def files(tmp_path: Path, size: Size) -> Path:
    """A folder of small files and of large ones that travel in parts; the same bytes every time."""
    rng = random.Random(SEED)
    root = tmp_path / "set"
    for number in range(size(60, 600)):
        file = root / f"{number % 7}" / f"{number:05d}.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(rng.randbytes(rng.randrange(200_000)))
    for number in range(size(1, 2)):
        (root / f"0-large-{number}.bin").write_bytes(rng.randbytes(LARGE_BYTES + 1000 + number))
    return root


@pytest.fixture(params=["local", "moto"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """With processes of its own: they are to be killed."""
    paths = in_home(tmp_path / "home").make()
    pool = WorkerPool(paths)
    if request.param == "local":
        record = AccountRecord(id=THIS_COMPUTER, kind=AccountKind.LOCAL, name="This computer")
        made = make_bench(paths, pool, record, None)
    else:
        made = s3_bench(paths, pool, request.getfixturevalue("moto"))
    made.person.answer = Policy.REPLACE
    yield made
    pool.close()


class Storm:
    """Kills ``kills`` processes while jobs run; one in four is the engine.

    :ivar killed: how many movers and engines were really killed
    """

    def __init__(self, bench: Bench, kills: int) -> None:
        self.bench, self.kills = bench, kills
        self.rng = random.Random(SEED)
        self.killed = {Lane.MOVER: 0, Lane.ENGINE: 0}
        self.rounds = 0

    def rage(self, begin: Callable[[int], TransferHandle], check: Callable[[TransferHandle, int], None]) -> None:
        """Begin jobs one after the other until all kills are spent, see each through to its good end, and check it."""
        while sum(self.killed.values()) < self.kills:
            handle = begin(self.rounds)
            ends_at = time.monotonic() + ROUND_S
            while True:
                self._disturb(handle)
                assert time.monotonic() < ends_at, handle.snapshot
                if not handle.ended:
                    continue
                self._check_end(handle)
                if handle.snapshot.state is JobState.DONE:
                    break
                handle.retry_failed()
            self.bench.queue.settle(60)
            check(handle, self.rounds)
            self.rounds += 1

    def _disturb(self, handle: TransferHandle) -> None:
        """Wait a random time, then kill somebody, if it is still time for that."""
        pause_ends_at = time.monotonic() + self.rng.uniform(0.01, 0.5)
        while time.monotonic() < pause_ends_at and not handle.ended:
            time.sleep(0.005)
        if handle.ended or sum(self.killed.values()) >= self.kills:
            return
        lane = Lane.ENGINE if self.rng.random() < 0.25 else Lane.MOVER
        pids = self.bench.pool.pids(lane) if lane is Lane.ENGINE else movers_of(self.bench.pool)
        if pids and kill(self.rng.choice(pids)):
            self.killed[lane] += 1

    @staticmethod
    def _check_end(handle: TransferHandle) -> None:
        """Ended by name; what came in is what went out."""
        state, counts = handle.snapshot.state, handle.snapshot.counts
        assert state in {JobState.DONE, JobState.DONE_WITH_ERRORS, JobState.FAILED}
        items = handle.items(count=1_000_000)
        assert all(one.state.ended for one in items)
        assert len({one.item.number for one in items}) == len(items)
        if state is JobState.FAILED:
            assert handle.snapshot.error is not None
            assert handle.snapshot.error.kind == "WorkerDied", handle.snapshot.error
            return
        by_state = {state: sum(one.state is state for one in items) for state in ItemState}
        assert counts.items_left == 0
        assert (counts.items, counts.items_done, counts.items_failed, counts.items_skipped) == (
            len(items), by_state[ItemState.DONE], by_state[ItemState.FAILED], by_state[ItemState.SKIPPED],
        )  # fmt: skip


def uploads_left(bench: Bench) -> list[str]:
    """Keys of unfinished uploads, but for what the S3 core finds out about a store with."""
    return [key for key in bench.unfinished() if RESERVED not in key]


def test_uploads_survive_a_kill_storm(
    bench: Bench, files: Path, size: Size, record_property: Callable[[str, object], None]
) -> None:
    wanted = {name: data for name, data in tree(files).items() if data is not None}
    storm = Storm(bench, size(4, 24))

    def begin(number: int) -> TransferHandle:
        return bench.queue.upload(bench.record, bench.at(f"{number}/"), [files])

    def check(handle: TransferHandle, number: int) -> None:
        assert handle.snapshot.counts.items_done == len(wanted)
        assert sorted(bench.listed(f"{number}/")) == sorted(f"{number}/set/{name}" for name in wanted)
        for name, data in wanted.items():
            assert bench.content(f"{number}/set/{name}") == data, name
        wait_for(lambda: not uploads_left(bench), f"{uploads_left(bench)} are dropped")

    storm.rage(begin, check)
    record_property("storm", f"seed {SEED}, {len(wanted)} files, {storm.rounds} jobs, killed {storm.killed}")


def test_downloads_survive_a_kill_storm(
    bench: Bench, files: Path, tmp_path: Path, size: Size, record_property: Callable[[str, object], None]
) -> None:
    wanted = tree(files)
    bench.finish(bench.queue.upload(bench.record, bench.at(), [files]))
    storm = Storm(bench, size(4, 24))

    def begin(number: int) -> TransferHandle:
        return bench.queue.download(bench.record, [bench.at("set/")], tmp_path / f"down-{number}")

    def check(handle: TransferHandle, number: int) -> None:
        assert handle.snapshot.counts.items_done == len(wanted)
        found = tree(tmp_path / f"down-{number}" / "set")
        assert found.keys() ^ wanted.keys() == set()
        assert all(found[name] == data for name, data in wanted.items())

    storm.rage(begin, check)
    record_property("storm", f"seed {SEED}, {len(wanted)} files, {storm.rounds} jobs, killed {storm.killed}")


def test_a_transfer_goes_on_with_the_next_engine_and_a_cancelled_one_leaves_nothing(
    bench: Bench, files: Path, tmp_path: Path
) -> None:
    (large, *_) = files.glob("0-large-*.bin")
    handle = bench.queue.upload(bench.record, bench.at(), [large])
    wait_for(lambda: handle.snapshot.counts.bytes_done > 0)
    kill(bench.pool.pids(Lane.ENGINE)[0])
    assert bench.finish(handle).state is JobState.DONE
    assert bench.content(large.name) == large.read_bytes()
    down = tmp_path / "down"
    handle = bench.queue.download(bench.record, [bench.at(large.name)], down)
    wait_for(lambda: handle.snapshot.counts.bytes_done > 0)
    kill(bench.pool.pids(Lane.ENGINE)[0])
    assert bench.finish(handle).state is JobState.DONE
    assert tree(down) == {large.name: large.read_bytes()}
    for begin in (
        lambda: bench.queue.upload(bench.record, bench.at("again/"), [large]),
        lambda: bench.queue.download(bench.record, [bench.at(large.name)], tmp_path / "again"),
    ):
        handle = begin()
        wait_for(lambda handle=handle: handle.snapshot.counts.bytes_done > 0)
        kill(bench.pool.pids(Lane.ENGINE)[0])
        handle.cancel()
        bench.queue.settle(60)
    wait_for(lambda: not uploads_left(bench))
    wait_for(lambda: not tree(tmp_path / "again") or set(tree(tmp_path / "again")) == {large.name})
