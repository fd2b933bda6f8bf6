"""When watches look: as often as they should, never all at once, and never because of a clock."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from artifact_browser.catalog.watch import Watch
from artifact_browser.catalog.watch_file import Kept
from artifact_browser.catalog.watch_schedule import MOST_BACKOFF_S, MOST_PASSING_S, START_SPREAD_S, Schedule
from artifact_browser.errors import (
    AccessDenied,
    ArtifactBrowserError,
    ConnectionFailed,
    CredentialsExpired,
    KeychainLocked,
    ManifestUnreadable,
)

S = 1_000_000
NOW = 1_800_000_000 * S


def kept(number: int = 1, looked_s: float | None = None, account: str = "a", interval_s: int = 300) -> Kept:
    watch = Watch(f"w{number}", account, "bucket", "x/", interval_s=interval_s)
    return Kept(watch, looked_us=0 if looked_s is None else NOW - int(looked_s * S))


def schedule() -> Schedule:
    return Schedule(random.Random(4).random)


def ids(found: list[Kept]) -> list[str]:
    return [one.watch.id for one in found]


def test_a_new_watch_looks_at_once_and_then_once_an_interval() -> None:
    made = schedule()
    assert ids(made.due([kept()], NOW)) == ["w1"]
    made.succeeded(kept())
    one = kept(looked_s=0)
    assert made.due([one], NOW) == []
    assert 270 <= (made.wait_s([one], NOW) or 0) <= 330
    assert made.due([one], NOW + 269 * S) == []
    assert ids(made.due([one], NOW + 331 * S)) == ["w1"]
    assert made.due([replace(one, watch=replace(one.watch, enabled=False))], NOW + 331 * S) == []


def test_what_is_late_looks_once_however_late_it_is() -> None:
    made, one = schedule(), kept(looked_s=0)
    made.due([one], NOW)
    week = NOW + 7 * 86400 * S
    assert ids(made.due([one], week)) == ["w1"]
    made.succeeded(one)
    assert made.due([replace(one, looked_us=week)], week) == []


def test_two_hundred_watches_of_a_start_are_spread() -> None:
    made = schedule()
    many = [kept(number, looked_s=9999) for number in range(200)]
    counts = [len(made.due(many, NOW + second * S)) for second in range(START_SPREAD_S + 1)]
    assert counts[0] == 0
    assert counts[-1] == 200
    assert max(after - before for before, after in pairwise(counts)) < 40
    fresh = [replace(one, looked_us=NOW) for one in many]
    for one in many:
        made.succeeded(one)
    waits = {round(made.wait_s([one], NOW) or 0) for one in fresh}
    assert len(waits) > 40


@pytest.mark.parametrize(
    ("error", "most_s"), [(ConnectionFailed(), MOST_PASSING_S), (CredentialsExpired(), MOST_BACKOFF_S)]
)
def test_an_account_in_trouble_is_asked_by_one_watch_later_and_later(error: ArtifactBrowserError, most_s: int) -> None:
    made, now = schedule(), NOW
    many = [kept(number) for number in range(200)]
    other = kept(500, account="b")
    made.due(many, now)
    waits = []
    for _ in range(12):
        made.failed(many[0], error.record(), now)
        wait_s = made.wait_s(many, now)
        assert wait_s is not None
        waits.append(wait_s)
        assert ids(made.due([*many, other], now)) == ["w500"]
        now += int(wait_s * S) + 1
        assert len(made.due(many, now)) == 1
    assert 30 <= waits[0] <= 33
    assert waits[1] > 1.5 * waits[0]
    assert most_s <= waits[-1] <= most_s * 1.1
    made.succeeded(many[0])
    assert len(made.due(many, now)) == 200


def test_a_sign_in_ends_the_waiting() -> None:
    made = schedule()
    many = [kept(number) for number in range(3)]
    for _ in range(5):
        made.failed(many[0], CredentialsExpired().record(), NOW)
    made.wake(["b"])
    assert made.due(many, NOW) == []
    made.wake(["a"])
    assert len(made.due(many, NOW)) == 3


def test_a_keychain_that_is_locked_is_not_knocked_at_again() -> None:
    made = schedule()
    many = [kept(number) for number in range(3)]
    made.failed(many[0], KeychainLocked().record(), NOW)
    assert made.due(many, NOW + 86400 * S) == []
    made.wake()
    assert len(made.due(many, NOW + 86400 * S)) == 3


@pytest.mark.parametrize("error", [ManifestUnreadable(), AccessDenied()])
def test_one_watchs_trouble_is_no_others(error: ArtifactBrowserError) -> None:
    made = schedule()
    pair = [kept(1), kept(2)]
    made.failed(pair[0], error.record(), NOW)
    assert ids(made.due(pair, NOW)) == ["w2"]
    assert ids(made.due(pair, NOW + 34 * S)) == ["w1", "w2"]


def test_a_clock_that_was_set_back_stops_nothing() -> None:
    made, one = schedule(), kept(looked_s=0)
    made.due([one], NOW)
    year_ago = NOW - 365 * 86400 * S
    assert ids(made.due([one], year_ago)) == ["w1"]
    made.succeeded(one)
    again = replace(one, looked_us=year_ago)
    assert made.due([again], year_ago) == []
    assert ids(made.due([again], year_ago + 331 * S)) == ["w1"]
    made.failed(again, ConnectionFailed().record(), NOW)
    assert ids(made.due([again], year_ago + 400 * S)) == ["w1"]


def test_what_was_stopped_looks_an_interval_later() -> None:
    made, one = schedule(), kept(looked_s=400)
    made.put_off(one, NOW)
    assert made.due([one], NOW + 299 * S) == []
    assert ids(made.due([one], NOW + 301 * S)) == ["w1"]


def test_more_to_tell_is_told_at_once() -> None:
    made, one = schedule(), kept(looked_s=0)
    made.succeeded(one, more=True)
    assert ids(made.due([one], NOW)) == ["w1"]
