"""Who may start next: as many as there are places, in turns, and first who was put first."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from artifact_browser.transfers.pace import LEAST_BPS, Pace
from artifact_browser.transfers.runway import Claim, Runway
from artifact_browser.transfers.state import JobState
from tests.transfers.conftest import Bench, wait_for


class Jobs:
    """Jobs that always have something to start, unless they say that they are idle."""

    def __init__(self, runway: Runway, stack: ExitStack, *names: str) -> None:
        self.woken: list[str] = []
        self.claims = {
            name: stack.enter_context(runway.claim(name, lambda name=name: self.woken.append(name)))  # type: ignore[misc]
            for name in names
        }

    def __getitem__(self, name: str) -> Claim:
        return self.claims[name]

    def ask(self) -> str:
        """Everybody asks until nobody gets a place any more; who got one, in order."""
        got = ""
        while started := [name for name, claim in self.claims.items() if claim.may_start()]:
            got += "".join(started)
        return got


def flying(jobs: Jobs) -> dict[str, int]:
    return {name: claim.flying for name, claim in jobs.claims.items()}


def test_places_are_shared_alike() -> None:
    with ExitStack() as stack:
        jobs = Jobs(Runway(lambda: 8), stack, "a", "b")
        jobs.ask()
        assert flying(jobs) == {"a": 4, "b": 4}


def test_more_jobs_than_places_take_turns() -> None:
    with ExitStack() as stack:
        jobs = Jobs(Runway(lambda: 2), stack, "a", "b", "c", "d")
        starts = Counter(jobs.ask())
        for _ in range(20):
            over = min((claim for claim in jobs.claims.values() if claim.flying), key=lambda claim: claim.started)
            over.landed()
            assert jobs.woken
            starts.update(jobs.ask())
            assert sum(flying(jobs).values()) == 2
        assert max(starts.values()) - min(starts.values()) <= 1


def test_who_is_put_first_gets_every_place_that_becomes_free_and_leaves_what_it_does_not_need() -> None:
    with ExitStack() as stack:
        runway = Runway(lambda: 3)
        jobs = Jobs(runway, stack, "a", "b")
        jobs.ask()
        runway.put_first("b")
        jobs.ask()
        assert jobs["b"].flying == 3  # without waiting for what a has under way
        while jobs["a"].flying:
            jobs["a"].landed()
            jobs.ask()
        assert flying(jobs) == {"a": 0, "b": 3}
        jobs["b"].idle()
        jobs["b"].landed()
        assert jobs.woken[-1] == "a"
        assert jobs["a"].may_start()


def test_the_last_one_put_first_comes_first_even_before_it_works() -> None:
    with ExitStack() as stack:
        runway = Runway(lambda: 1)
        runway.put_first("b")
        runway.put_first("c")
        jobs = Jobs(runway, stack, "a", "b", "c")
        assert jobs["c"].may_start()
        assert not jobs["b"].may_start()
        assert not jobs["a"].may_start()
        jobs["c"].landed()
        assert jobs.woken == ["b"]
        assert not jobs["a"].may_start()
        assert jobs["b"].may_start()
        jobs["b"].landed()
        assert jobs.woken[-1] == "a"
        assert jobs["a"].may_start()


def test_a_job_that_leaves_makes_room() -> None:
    with ExitStack() as stack:
        runway = Runway(lambda: 1)
        with ExitStack() as inner:
            leaving = Jobs(runway, inner, "a")
            leaving.ask()
            jobs = Jobs(runway, stack, "b")
            assert not jobs["b"].may_start()
        assert jobs.woken == ["b"]
        assert jobs["b"].may_start()


def test_a_job_that_does_not_come_when_it_is_woken_holds_nobody_up() -> None:
    with ExitStack() as stack:
        jobs = Jobs(Runway(lambda: 1), stack, "a", "b")
        assert jobs["a"].may_start()
        assert not jobs["b"].may_start()
        jobs["a"].landed()
        assert jobs.woken == ["b"]
        assert not jobs["a"].may_start()
        wait_for(lambda: jobs["a"].may_start(), "for the turn of the one that sleeps to pass")


def test_more_places_are_taken_as_soon_as_they_are_allowed() -> None:
    places = 1
    with ExitStack() as stack:
        jobs = Jobs(Runway(lambda: places), stack, "a", "b")
        jobs.ask()
        places = 4
        jobs.ask()
        assert flying(jobs) == {"a": 2, "b": 2}


@pytest.fixture
def one_at_a_time(local: Bench):  # type: ignore[no-untyped-def]
    pace = Pace(local.paths)
    pace.choose(LEAST_BPS, 1)
    yield pace
    pace.choose(0, 8)
    pace.close()


def test_an_upload_that_is_put_first_overtakes_those_that_run(
    local: Bench, one_at_a_time: Pace, tmp_path: Path
) -> None:
    for name in ("slow", "urgent"):
        (tmp_path / name).mkdir()
        for number in range(40):
            (tmp_path / name / str(number)).write_bytes(bytes(300))
    slow, urgent = (local.queue.upload(local.record, local.at(), [tmp_path / name]) for name in ("slow", "urgent"))
    wait_for(lambda: slow.snapshot.counts.items_done > 0 and urgent.planned, "for the first file")
    local.queue.put_first(urgent)
    assert local.queue.handles[-1] is urgent
    wait_for(lambda: urgent.ended, "for the urgent one")
    assert not slow.ended
    one_at_a_time.choose(0, 8)
    assert {local.finish(handle).state for handle in (slow, urgent)} == {JobState.DONE}
