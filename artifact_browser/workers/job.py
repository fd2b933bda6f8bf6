"""What a job is, seen from inside a worker process.

A job is a plain top-level generator function ``job(context, *arguments)`` with picklable arguments. What it
yields are events (tuples, bytes, arrays, frozen dataclasses of this package) that arrive in order and are held
back by the reader (at most 8 unacknowledged, then ``yield`` waits); what it returns is its result; what it
raises arrives as one of our errors. It runs in a thread of its own inside the lane's process.

A job whose starter must know something before the job goes on yields :data:`ALL_TAKEN` behind the event that says it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Final, Protocol

from artifact_browser.paths import Paths
from artifact_browser.workers.cancel import CancelToken


class Lane(StrEnum):
    """Which process a job runs in (design decision 1)."""

    #: list, head, presign, commit; owns the botocore sessions and hands out leases
    INTERACTIVE = "interactive"
    #: decodes pictures and other hostile bytes: may die without hurting anything else
    PREVIEW = "preview"
    #: goes through whole buckets for hits: nobody's listing waits for it; started with the first search
    SEARCH = "search"
    #: serves loopback links of This computer (design decision 7); started with the first link
    LINKS = "links"
    #: plans, schedules and verifies transfers; parent of the movers; nice 5
    ENGINE = "engine"
    #: moves the item or part the engine gives it; a pool of the engine's own; nice 5
    MOVER = "mover"


@dataclass(frozen=True, slots=True)
class Question:
    """Base of what a job may ask the window; subclasses are frozen dataclasses with picklable fields."""


class AllTaken(Enum):
    """No event: what a job yields to wait until its starter has worked off every event so far."""

    MARK = 0


ALL_TAKEN: Final = AllTaken.MARK


class JobContext(Protocol):
    """A job's line to the outside. Safe to use from any thread of the job."""

    #: the stop sign: pass it to everything that blocks
    cancel: CancelToken
    #: the app's folders
    paths: Paths
    #: which process this is: only the interactive one signs in by itself
    lane: Lane

    def ask(self, question: Question) -> Any:
        """Ask and wait for the answer; parks this job's thread, never the lane.

        :raises JobCancelled: when cancelled while waiting
        :raises ArtifactBrowserError: the error the other side answered with
        """

    def progress(self, value: object) -> None:
        """Report a state that replaces the one before: never queued, at most 20 a second leave the process."""


#: ``job(context, *arguments)``
Job = Callable[..., Generator[Any, None, Any]]
