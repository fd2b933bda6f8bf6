"""Writes that are sent once: an answer that is lost is settled by looking, and what is not there is written again.

A few times within the task. Then the store is in trouble: the job waits for it as for the network, and has the whole task
done again (:mod:`~artifact_browser.transfers.patience`).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from artifact_browser.errors import OutcomeUnknown, PreconditionFailed, ServerFault, UploadNotFound
from artifact_browser.workers import turns
from artifact_browser.workers.cancel import CancelToken

_TRIES = 3
#: before a second look at a store that gave no answer, twice as long before a third
_TRY_PAUSE_S = 0.25

W = TypeVar("W")
F = TypeVar("F")


def settled(write: Callable[[], W], look: Callable[[], F | None], cancel: CancelToken) -> W | F:
    """What ``write`` returns, or what ``look`` finds where the answer was lost.

    :param look: what is there, if it is what was to be written; ``None``: nothing, or what may be written over
    :raises PreconditionFailed: something else is there, as the store or ``look`` says
    :raises UploadNotFound: as the store says, and it was not an attempt before that has finished it
    :raises ServerFault: nothing was written
    :raises JobCancelled: while it pauses
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return write()
        except (PreconditionFailed, OutcomeUnknown, UploadNotFound) as error:
            # the first and the last: an attempt before may have written it, and its answer was lost
            found = look()
            if found is not None:
                return found
            if not isinstance(error, OutcomeUnknown):
                raise
            if attempt == _TRIES:
                raise ServerFault(
                    "The store did not take it.", subject=error.subject, technical=error.technical
                ) from error
        turns.pause(random.uniform(0.5, 1.0) * _TRY_PAUSE_S * attempt, cancel)
