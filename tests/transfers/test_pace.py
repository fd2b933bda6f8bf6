"""The speed limit: by a clock of the test's own to the byte, and over real movers as somebody who waits for them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from artifact_browser.errors import JobCancelled
from artifact_browser.paths import Paths, in_home
from artifact_browser.transfers import pace as pace_module
from artifact_browser.transfers.pace import LEAST_BPS, Flow, Pace, Way, turn_bytes
from artifact_browser.transfers.state import JobState
from artifact_browser.workers.cancel import CancelToken
from tests.transfers.conftest import Bench, wait_for

MIB = 1024**2


class Clock(CancelToken):
    """Time that passes only when somebody waits; ``meanwhile`` happens during the next wait."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.meanwhile: Callable[[], None] | None = None

    def wait(self, seconds: float) -> None:
        self.now += seconds
        if self.meanwhile is not None:
            then, self.meanwhile = self.meanwhile, None
            then()
        self.raise_if_cancelled()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(pace_module.time, "monotonic", lambda: made.now)
    return made


@pytest.fixture
def home(tmp_path: Path) -> Paths:
    return in_home(tmp_path).make()


def passed(clock: Clock, work: Callable[[], None]) -> float:
    began = clock.now
    work()
    return clock.now - began


def move(flow: Flow, count: int) -> None:
    while count:
        piece = flow.most(count)
        flow.passed(piece)
        count -= piece


@pytest.mark.parametrize("limit", [LEAST_BPS, MIB, 300 * MIB])
def test_a_body_takes_its_size_by_the_limit(home: Paths, clock: Clock, limit: int) -> None:
    pace = Pace(home)
    pace.choose(limit, 8)
    took = passed(clock, lambda: move(Flow(pace, Way.UP, clock), 20 * limit))
    assert took == pytest.approx(20, rel=0.02)


def test_many_small_bodies_of_two_processes_share_the_limit(home: Paths, clock: Clock) -> None:
    """And what each costs beside its bytes does not slow them down further."""
    one, other = Pace(home), Pace(home)
    one.choose(MIB, 8)

    def work() -> None:
        for _ in range(500):
            for pace in (one, other):
                move(Flow(pace, Way.DOWN, clock), 16 * 1024)
                clock.now += 0.003  # the request's own time: less than the bytes' share

    assert passed(clock, work) == pytest.approx(500 * 2 * 16 / 1024, rel=0.05)


def test_each_way_has_the_limit_for_itself(home: Paths, clock: Clock) -> None:
    pace = Pace(home)
    pace.choose(MIB, 8)
    up = passed(clock, lambda: move(Flow(pace, Way.UP, clock), 10 * MIB))
    began = clock.now
    move(Flow(pace, Way.DOWN, clock), MIB // 20)
    assert up == pytest.approx(10, rel=0.02)
    assert clock.now - began < 0.1


def test_without_a_limit_nobody_waits(home: Paths, clock: Clock) -> None:
    assert passed(clock, lambda: move(Flow(Pace(home), Way.UP, clock), 1000 * MIB)) == 0


@pytest.mark.parametrize("then", [0, 500 * MIB])
def test_a_choice_reaches_those_who_wait_within_a_second(home: Paths, clock: Clock, then: int) -> None:
    pace, window = Pace(home), Pace(home)
    window.choose(LEAST_BPS, 8)
    clock.meanwhile = lambda: window.choose(then, 8)
    assert passed(clock, lambda: pace.book(Way.UP, 10 * MIB, clock)) < 1


def test_a_lower_limit_holds_from_the_next_piece_on(home: Paths, clock: Clock) -> None:
    pace, window = Pace(home), Pace(home)
    flow = Flow(pace, Way.UP, clock)
    move(flow, 100 * MIB)
    window.choose(MIB, 8)
    clock.now += 0.2
    assert flow.most(100 * MIB) == turn_bytes(MIB)
    assert passed(clock, lambda: move(flow, 5 * MIB)) == pytest.approx(5, rel=0.05)


def test_a_piece_on_a_slow_line_is_small(home: Paths, clock: Clock) -> None:
    flow = Flow(Pace(home), Way.DOWN, clock)
    for _ in range(50):
        piece = flow.most(100 * MIB)
        clock.now += piece / (200 * 1024)  # as long as it takes at 200 KiB a second
        flow.passed(piece)
    assert flow.most(100 * MIB) / (200 * 1024) < 1


def test_who_waits_can_be_cancelled(home: Paths, clock: Clock) -> None:
    pace = Pace(home)
    pace.choose(LEAST_BPS, 8)
    clock.meanwhile = clock.cancel
    with pytest.raises(JobCancelled):
        pace.book(Way.UP, MIB, clock)


def test_a_choice_outlives_who_made_it_and_a_restart_of_the_computer(home: Paths, clock: Clock) -> None:
    before = Pace(home)
    before.choose(MIB, 3)
    clock.now = 5_000_000.0
    before.book(Way.UP, MIB, clock)
    before.close()
    clock.now = 10.0  # the clock begins anew
    after = Pace(home)
    assert (after.limit_bps, after.at_once) == (MIB, 3)
    assert passed(clock, lambda: after.book(Way.UP, MIB, clock)) == pytest.approx(1, rel=0.15)


def test_a_choice_is_kept_within_reason(home: Paths) -> None:
    pace = Pace(home)
    pace.choose(1, 1000)
    assert (pace.limit_bps, pace.at_once) == (LEAST_BPS, 32)


# -- over real movers -------------------------------------------------------------------------------------------
@pytest.fixture
def chosen(bench: Bench) -> Iterator[Pace]:
    """The session's movers under a limit; without one afterwards."""
    pace = Pace(bench.paths)
    yield pace
    pace.choose(0, 8)
    pace.close()


def files(folder: Path, count: int, size_bytes: int) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:04}").write_bytes(os.urandom(size_bytes))
    return folder


@pytest.mark.parametrize(("count", "size_bytes"), [(1, 3 * MIB), (96, 32 * 1024)], ids=["large", "small"])
def test_both_ways_keep_the_limit(bench: Bench, chosen: Pace, tmp_path: Path, count: int, size_bytes: int) -> None:
    source = files(tmp_path / "in", count, size_bytes)
    limit = 2 * MIB
    chosen.choose(limit, 8)
    least_s = count * size_bytes / limit * 0.9
    began = time.monotonic()
    assert bench.finish(bench.queue.upload(bench.record, bench.at(), [source])).state is JobState.DONE
    assert time.monotonic() - began > least_s
    began = time.monotonic()
    end = bench.finish(bench.queue.download(bench.record, [bench.at("in/")], tmp_path / "out"))
    assert end.state is JobState.DONE
    assert time.monotonic() - began > least_s
    assert all((tmp_path / "out" / "in" / one.name).read_bytes() == one.read_bytes() for one in source.iterdir())


def test_a_transfer_under_a_limit_is_set_free_paused_and_cancelled_at_once(
    bench: Bench, chosen: Pace, tmp_path: Path
) -> None:
    """It would take an hour."""
    source = files(tmp_path / "in", 4, 10 * MIB)
    chosen.choose(LEAST_BPS, 8)
    handle = bench.queue.upload(bench.record, bench.at(), [source])
    wait_for(lambda: handle.snapshot.counts.bytes_done > 0, "for the first bytes")
    handle.pause()
    wait_for(lambda: handle.snapshot.state is JobState.PAUSED, "for the pause")
    handle.retry_failed()
    other = bench.queue.upload(bench.record, bench.at("other/"), [source])
    wait_for(lambda: other.snapshot.counts.bytes_done > 0, "for the other's first bytes")
    other.cancel()
    bench.queue.settle()
    chosen.choose(0, 8)
    assert bench.finish(handle).state is JobState.DONE
    assert bench.listed() == [f"in/{one.name}" for one in sorted(source.iterdir())]
