"""What somebody has decided about what stands at targets, and what waits for that. Lives in the thread that plans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from artifact_browser.transfers.lookup import Blob
from artifact_browser.transfers.policy import (
    EXAMPLES,
    Conflict,
    Decision,
    Group,
    GroupFound,
    Policy,
    merged,
    policy_for,
)
from artifact_browser.transfers.shelf import Shelf
from artifact_browser.transfers.state import Item


@dataclass(frozen=True, slots=True)
class Compared:
    """A conflict and what it is. ``same``: whether the bytes are the same; ``None``: nobody knows."""

    conflict: Conflict
    group: Group
    same: bool | None


@dataclass(frozen=True, slots=True)
class Parked:
    """An item that waits for a decision; what stood at its target. ``again``: it was planned in a run before."""

    item: Item
    there: Blob
    compared: Compared
    again: bool


class Desk:
    """One run's.

    :param decision: of the order
    :param folder: where what waits is kept
    :ivar planned: how many items were looked at, and their bytes; :ivar again: those that are looked at now are of a run before
    """

    def __init__(self, decision: Decision, folder: Path) -> None:
        self.decision = decision
        self.planned = self.planned_bytes = 0
        self.again = False
        self._shelves = {group: Shelf[Parked](folder) for group in Group}
        self._examples: dict[Group, list[Conflict]] = {group: [] for group in Group}
        self._fresh: list[Parked] = []

    def undecided(self, group: Group) -> bool:
        return policy_for(self.decision, group) is Policy.ASK

    def decide(self, answer: Decision) -> None:
        """For all groups of which nothing is decided yet."""
        self.decision = merged(self.decision, answer)

    # -- what waits ---------------------------------------------------------------------------------------------
    def park(self, waiting: Parked) -> None:
        self._fresh.append(waiting)
        examples = self._examples[waiting.compared.group]
        if len(examples) < EXAMPLES:
            examples.append(waiting.compared.conflict)

    @property
    def fresh(self) -> list[Item]:
        """The items that were parked and are not put away yet."""
        return [one.item for one in self._fresh]

    def put_away(self) -> list[Item]:
        """Shelve what was parked since the last time; these are its items. :raises DiskError: no room"""
        fresh, self._fresh = self._fresh, []
        for group in Group:
            self._shelves[group].put([one for one in fresh if one.compared.group is group])
        return [one.item for one in fresh]

    def take(self) -> list[Parked]:
        """Some of what waited and is decided now; empty when there is nothing."""
        for group, shelf in self._shelves.items():
            if len(shelf) and not self.undecided(group):
                return shelf.take()
        return []

    @property
    def has_decided(self) -> bool:
        return any(len(shelf) and not self.undecided(group) for group, shelf in self._shelves.items())

    def waiting(self) -> Iterator[Group]:
        """The groups of which something waits for a decision."""
        return (group for group, shelf in self._shelves.items() if len(shelf) and self.undecided(group))

    def found(self) -> tuple[GroupFound, ...]:
        """What waits for a decision, for people."""
        return tuple(
            GroupFound(group, len(self._shelves[group]), tuple(self._examples[group])) for group in self.waiting()
        )

    def close(self) -> None:
        for shelf in self._shelves.values():
            shelf.close()
