"""What the window asks the engine to do: orders as plain data, each knowing how to plan itself there.

An order can be given again for some of its items (a retry): the items keep their numbers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.transfers.planning import Planning
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.state import Counts, Item, JobSnapshot
from artifact_browser.transfers.task import Course, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(ABC):
    """Base of the orders.

    :ivar head: the job's row before anything is known of it
    :ivar again: only these items, if there are any
    """

    record: AccountRecord
    head: JobSnapshot
    policy: Policy = Policy.ASK
    again: tuple[Item, ...] = ()

    @abstractmethod
    def plan(self, planning: Planning) -> Iterable[Course]:
        """What is to be carried out, every item of it in the book. Runs in the engine.

        :raises ArtifactBrowserError: nothing can be done at all
        """

    def closing(self, planning: Planning, counts: Counts) -> Iterable[Course]:
        """What to carry out after everything else, knowing how that went."""
        return ()

    def debris(self, items: Sequence[Item]) -> Sequence[Task]:
        """What to run so that nothing is left of these items, which an engine that died had begun."""
        return ()

    def for_items(self, items: Sequence[Item], head: JobSnapshot, policy: Policy) -> Self:
        """The same order for ``items`` only."""
        return replace(self, again=tuple(items), head=head, policy=policy)
