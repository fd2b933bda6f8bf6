"""What a job does about failures that pass: a network that is gone is waited for, a store that is in trouble spared.

The S3 core has tried again a few times already when an error arrives here (:mod:`~artifact_browser.storage.drivers.s3.retries`:
within seconds); this is about minutes and hours, for a job as a whole.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from artifact_browser.errors import (
    ConnectionFailed,
    CredentialsExpired,
    CredentialsMissing,
    ErrorRecord,
    KeychainLocked,
    NetworkError,
    ServerFault,
    Throttled,
    TimedOut,
)

#: kinds of errors -> what the job waits for, in words
_PASSING = {
    ConnectionFailed.__name__: "the network",
    TimedOut.__name__: "the network",
    NetworkError.__name__: "the network",
    Throttled.__name__: "the store to recover",
    ServerFault.__name__: "the store to recover",
}
#: kinds of errors that new keys or a new sign-in put right
_CREDENTIALS = frozenset({CredentialsExpired.__name__, CredentialsMissing.__name__, KeychainLocked.__name__})
_FIRST_S, _LONGEST_S = 1.0, 30.0
#: how often a task may fail while others get through; then it is the task's own trouble
_TRIES = 5
#: a store that asks for fewer requests means all of them, not this task's: only for so long it may ask that of one
_THROTTLED_S = 600.0


def wants_credentials(error: ErrorRecord) -> bool:
    """Whether somebody has to sign in before anything of this account goes on (keys that are wrong do not count)."""
    return error.kind in _CREDENTIALS


def is_passing(error: ErrorRecord) -> bool:
    """Whether it is about the network, or a store in trouble: it may work again by itself."""
    return error.kind in _PASSING


@dataclass(slots=True)
class Setbacks:
    """A task's share of it. ``at``: how much had got through when it failed last; ``throttled``: how often, since
    when.
    """

    counted: int = 0
    at: int = -1
    throttled: int = 0
    since: float = 0.0


class Patience:
    """One job's, for its loop.

    While nothing gets through, no task's failures are counted: it may take all night. One task at a time then finds out
    whether it works again. Where the store asks for fewer requests, half as many are under way from then on, and one more
    each time that all of them got through.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._got_through = 0
        self._failures = 0
        self._until = 0.0
        #: throttled: so many may be under way; and whether it is to rest, whatever gets through
        self._allowed, self._rests = math.inf, False
        #: what the job waits for; empty when all is well
        self.waiting_for = ""

    def worth_waiting(self, error: ErrorRecord, task: Setbacks, under_way: int = 1) -> bool:
        """Whether the failed task should be tried again later. ``under_way``: how many were, this one included."""
        words = _PASSING.get(error.kind, "")
        if not words:
            return False
        now, throttled = self._clock(), error.kind == Throttled.__name__
        if task.at != self._got_through:  # others get through
            task.at = self._got_through
            if not throttled:
                task.counted, task.throttled = task.counted + 1, 0
            else:
                task.throttled, task.since = task.throttled + 1, task.since if task.throttled else now
            if task.throttled >= _TRIES and now - task.since > _THROTTLED_S:
                return False
        elif not throttled:
            task.throttled = 0
        if task.counted >= _TRIES:
            return False
        if now >= self._until:  # failures that were under way together count once
            self._rests = throttled
            if throttled:
                self._allowed = max(1.0, min(self._allowed, under_way) / 2)
            self._failures += 1
            self._until = now + min(_LONGEST_S, _FIRST_S * 2.0 ** (self._failures - 1)) * random.uniform(0.5, 1.0)
        self.waiting_for = words
        return True

    def got_through(self) -> None:
        """A task was answered as it should be."""
        self._got_through += 1
        self._allowed += 1 / self._allowed
        if not self._rests or self._clock() >= self._until:  # else it was under way when the store asked for fewer
            self._failures, self._until, self.waiting_for, self._rests = 0, 0.0, "", False

    def share(self, share: int) -> int:
        """How much may be under way now: none while it waits, then one that finds out."""
        if not self.waiting_for:
            return int(min(self._allowed, share))
        return 0 if self._clock() < self._until else 1
