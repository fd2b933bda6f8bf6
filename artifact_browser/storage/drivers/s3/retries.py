"""One policy for both ways to the store: what is tried again, how often, and what never is.

Reads and plain writes get four attempts with jittered back-off after a lost connection, throttling or a 5xx. A
conditional write is sent once: a lost answer is :class:`OutcomeUnknown`, because a second attempt would meet its own
success and call it a conflict (design decision 6); only a store that asks to slow down has not begun with it. Three
refusals are repaired once each, for every request, since the server did nothing: expired credentials (renewed), another
region (learnt), a clock too far off (adjusted).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol, TypeVar

from artifact_browser.errors import (
    ArtifactBrowserError,
    ClockSkew,
    ConnectionFailed,
    CredentialsExpired,
    NetworkError,
    OutcomeUnknown,
    ServerFault,
    Throttled,
    WrongRegion,
)
from artifact_browser.workers import turns
from artifact_browser.workers.cancel import CancelToken

MAX_ATTEMPTS = 4
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 5.0

T = TypeVar("T")


class Repairs(Protocol):
    """What can be put right between two attempts; each says whether a further attempt makes sense."""

    def renew_credentials(self) -> bool: ...

    def learn_region(self, region: str) -> bool: ...

    def adjust_clock(self) -> bool: ...


def attempt(send: Callable[[], T], repairs: Repairs, cancel: CancelToken, *, once: bool = False) -> T:
    """Run ``send`` until it succeeds or there is no sense in trying again.

    :param once: conditional write: never repeated after it may have been carried out
    :raises OutcomeUnknown: ``once``, and the answer was lost, 409 or 5xx, but for a 503 that says *SlowDown*
    :raises JobCancelled: cancelled before, during or between attempts
    """
    repaired: set[type[ArtifactBrowserError]] = set()
    failures = 0
    while True:
        cancel.raise_if_cancelled()
        try:
            return send()
        except (CredentialsExpired, WrongRegion, ClockSkew) as error:
            if type(error) in repaired or not _repair(error, repairs):
                raise
            repaired.add(type(error))
        except (NetworkError, Throttled, ServerFault, OutcomeUnknown) as error:
            cancel.raise_if_cancelled()
            if once and not (isinstance(error, Throttled) and error.untouched):
                raise _unknown(error) from error
            failures += 1
            if failures >= MAX_ATTEMPTS or not (error.retryable or isinstance(error, OutcomeUnknown)):
                raise
            turns.pause(pause_s(failures), cancel)


def pause_s(failures: int) -> float:
    """How long to wait after the n-th failure: doubling, with jitter so that many clients do not march in step."""
    return min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0**failures) * random.uniform(0.25, 1.0)


def _repair(error: ArtifactBrowserError, repairs: Repairs) -> bool:
    if isinstance(error, WrongRegion):
        return repairs.learn_region(error.region)
    if isinstance(error, ClockSkew):
        return repairs.adjust_clock()
    return repairs.renew_credentials()


def _unknown(error: ArtifactBrowserError) -> ArtifactBrowserError:
    """A failed conditional write: certain when nothing was sent, unknown otherwise."""
    certain = isinstance(error, ConnectionFailed | OutcomeUnknown) or (
        isinstance(error, NetworkError) and not error.retryable
    )
    if certain:
        return error
    return OutcomeUnknown(
        f"The answer was lost, so it may or may not have been written. {error.detail}",
        subject=error.subject,
        technical=error.technical,
    )
