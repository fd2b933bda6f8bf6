"""What the engine gives a mover: tasks as plain data, each knowing how to run itself there.

A task is the smallest thing that is moved: a whole small item, or one part of a large one. A :class:`Course` is
an item's way through its tasks, held by the engine.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from artifact_browser.errors import ErrorRecord
from artifact_browser.storage.driver import Driver
from artifact_browser.transfers.state import Item, PartDone
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import Question
from artifact_browser.workers.packed import packed

MIB = 1024**2
#: blobs and files above this move in parts
LARGE_BYTES = 64 * MIB
PART_BYTES = 16 * MIB
#: tasks up to this size travel to a mover together
SMALL_BYTES = 1 * MIB


class Stage(Protocol):
    """What a task finds in the mover."""

    @property
    def driver(self) -> Driver:
        """Of the job's account; of the one that is copied from, where there are two."""

    @property
    def target(self) -> Driver:
        """Of the account that is copied to; in a job of one account the same as ``driver``."""

    @property
    def cancel(self) -> CancelToken: ...

    def moved(self, bytes_done: int) -> None:
        """This task has ``bytes_done`` bytes behind it (cheap; call it often)."""

    def ask(self, question: Question) -> object:
        """Ask the engine, and wait. :raises ArtifactBrowserError:"""


class Task(ABC):
    """Base of the tasks, which are frozen dataclasses.

    :cvar alone: goes to a mover by itself, however little it moves
    :cvar pausable: worth stopping half-way for a pause, and done again without harm; others are waited for
    :cvar takes_turns: a small one waits for the store in the S3 core only, and others may go on in the same thread meanwhile
    :cvar interruptible: a cancel may stop it half-way (if not, it is short, and its answer is needed to tidy up)
    """

    __slots__ = ()
    alone: ClassVar[bool] = False
    pausable: ClassVar[bool] = False
    takes_turns: ClassVar[bool] = False
    interruptible: ClassVar[bool] = True

    @property
    def moved_bytes(self) -> int:
        """What counts as moved when it is done."""
        return 0

    def moved_by(self, result: object) -> int:
        """What counts as moved when it is done with ``result``."""
        return self.moved_bytes

    def part_of(self, result: object) -> PartDone | None:
        """The part that ``result`` means, for the journal."""
        return None

    def unanswered(self) -> Task:
        """The task to try again, where nobody knows whether this one was carried out."""
        return self

    @abstractmethod
    def run(self, stage: Stage) -> object:
        """Do it, in a mover; the result must be picklable. :raises ArtifactBrowserError:"""


@packed
@dataclass(frozen=True, slots=True)
class Outcome:
    """Event of a mover: the task at ``place`` in its batch has ended, with a result or an error."""

    place: int
    result: object = None
    error: ErrorRecord | None = None


@packed
@dataclass(frozen=True, slots=True)
class Finished:
    """A course's last result: the item is done. ``verified`` as in ItemSnapshot."""

    verified: str
    note: str = ""


@packed
@dataclass(frozen=True, slots=True)
class Skipped:
    """A course's last result: the item was left alone."""

    note: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A course's last result where it had many items: those that failed; all others are done."""

    failed: Mapping[int, ErrorRecord]


Result = Finished | Skipped | Settled


class Course(Protocol):
    """The way of an item (or of a batch of them) through its tasks. Lives in the engine; never blocks."""

    @property
    def items(self) -> Sequence[Item]:
        """They may say more as it goes on (``begun``)."""

    def begin(self) -> Sequence[Task]:
        """The first tasks, at least one."""

    def advance(self, task: Task, result: object) -> Sequence[Task] | Result:
        """What follows a finished task; an empty sequence while others of it are under way."""

    def leftovers(self) -> Sequence[Task]:
        """What to run so that nothing half-done stays behind, if it ends here."""


def part_bytes(size_bytes: int, smallest: int = PART_BYTES, most_parts: int = 10_000) -> int:
    """The part size for a blob: ``smallest``, grown by whole MiB until ``most_parts`` are enough."""
    needed = -(-size_bytes // most_parts)
    return max(smallest, -(-needed // MIB) * MIB)
