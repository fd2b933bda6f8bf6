"""When which watch looks: its interval, spread a little, later and later where it fails. No thread, no timer, no clock
of its own: it is asked and told.

An account that does not answer, or whose keys are refused, is asked by one watch at a time until it answers again; the
others wait for that. A watch that is late (a computer that slept) looks once, however many looks it missed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from artifact_browser.catalog.watch_file import Kept
from artifact_browser.errors import ErrorRecord, KeychainLocked, WrongCredentials
from artifact_browser.transfers.patience import is_passing, wants_credentials

_S = 1_000_000
_FAR_US = 365 * 86400 * _S
#: The longest that a failing watch or account waits; and one that may come back by itself at any time.
MOST_BACKOFF_S, MOST_PASSING_S = 3600, 300
_FIRST_BACKOFF_S = 30
#: Looks are spread by this part of the interval.
_JITTER = 0.1
#: Looks at the start of the program are spread over so many seconds.
START_SPREAD_S = 15
#: Watches that one job looks at.
MOST_AT_ONCE = 200


@dataclass(slots=True)
class _Setback:
    """Failures in a row, and until when nobody asks again; ``asleep``: until somebody wakes it."""

    count: int = 0
    until_us: int = 0
    asleep: bool = False


class Schedule:
    """Times are microseconds of this computer's clock; one that was set back makes nobody wait for it.

    :param chance: a number from 0 to 1, anew with each call
    """

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._next: dict[str, tuple[int, int]] = {}
        self._accounts: dict[str, _Setback] = {}
        self._watches: dict[str, _Setback] = {}

    def due(self, kept: Iterable[Kept], now_us: int) -> list[Kept]:
        """Which look now, those that waited longest first; of an account in trouble one."""
        found = [one for one in kept if one.watch.enabled and self._due_us(one, now_us) <= now_us]
        found.sort(key=lambda one: one.looked_us)
        asked: set[str] = set()
        chosen = []
        for one in found:
            account = one.watch.account_id
            if account in self._accounts:
                if account in asked:
                    continue
                asked.add(account)
            chosen.append(one)
        return chosen[:MOST_AT_ONCE]

    def wait_s(self, kept: Iterable[Kept], now_us: int) -> float | None:
        """Seconds until the next one is due; ``None``: none will be."""
        times = [self._due_us(one, now_us) for one in kept if one.watch.enabled]
        return None if not times else max(0, min(times) - now_us) / _S

    def succeeded(self, one: Kept, *, more: bool = False) -> None:
        """Its account answered. ``more``: there is more to tell, so it looks again at once."""
        self._accounts.pop(one.watch.account_id, None)
        self._watches.pop(one.watch.id, None)
        self._next.pop(one.watch.id, None)
        if more:
            self._next[one.watch.id] = (one.looked_us, one.looked_us)

    def failed(self, one: Kept, error: ErrorRecord, now_us: int) -> None:
        """It did not work: later and later."""
        account = concerns_account(error)
        table, key = (self._accounts, one.watch.account_id) if account else (self._watches, one.watch.id)
        setback = table.setdefault(key, _Setback())
        setback.count += 1
        setback.asleep = error.kind == KeychainLocked.__name__  # each look would ask somebody to unlock it
        most_s = MOST_PASSING_S if is_passing(error) else MOST_BACKOFF_S
        wait_s = min(most_s, _FIRST_BACKOFF_S * 2 ** min(setback.count - 1, 10))
        setback.until_us = now_us + int(wait_s * (1 + _JITTER * self._chance()) * _S)

    def put_off(self, one: Kept, now_us: int) -> None:
        """Somebody did not want to wait for it: in an interval from now."""
        self._next[one.watch.id] = (one.looked_us, now_us + one.watch.interval_s * _S)

    def wake(self, account_ids: Collection[str] = ()) -> None:
        """Something has changed (a sign-in, the network): these accounts, or all, are asked again now."""
        for account_id in account_ids or tuple(self._accounts):
            self._accounts.pop(account_id, None)

    def _due_us(self, one: Kept, now_us: int) -> int:
        regular = self._regular_us(one, now_us)
        own = self._wait_until(self._watches.get(one.watch.id), now_us)
        return max(regular, own, self._wait_until(self._accounts.get(one.watch.account_id), now_us))

    def _regular_us(self, one: Kept, now_us: int) -> int:
        """Its interval behind the last look, the same answer until it has looked again."""
        looked, planned = self._next.get(one.watch.id, (-1, 0))
        length = one.watch.interval_s * _S
        if looked != one.looked_us or planned > now_us + length * (1 + _JITTER):
            if not one.looked_us or one.looked_us > now_us:  # never, or by a clock that was set back: nobody knows when
                planned = now_us
            else:
                planned = one.looked_us + int(length * (1 + _JITTER * (2 * self._chance() - 1)))
            if looked == -1 and planned <= now_us and one.looked_us:
                planned = now_us + int(START_SPREAD_S * self._chance() * _S)
            self._next[one.watch.id] = (one.looked_us, planned)
        return planned

    def _wait_until(self, setback: _Setback | None, now_us: int) -> int:
        if setback is None:
            return 0
        if setback.asleep:
            return now_us + _FAR_US
        if setback.until_us > now_us + MOST_BACKOFF_S * 2 * _S:  # a clock that was set back
            setback.until_us = now_us
        return setback.until_us


def concerns_account(error: ErrorRecord) -> bool:
    """Whether an error is about the whole account: no network, a store in trouble, keys that are missing or wrong."""
    return is_passing(error) or wants_credentials(error) or error.kind == WrongCredentials.__name__
