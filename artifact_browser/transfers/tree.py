"""Orders that move trees, up or down: what they find is planned in chunks while the first of it moves already.

A :class:`Tree` knows how one order finds items, looks at them again, sorts out what is there already, and makes courses. It
is told what to do by :mod:`~artifact_browser.transfers.stream`; or all at once, where a plan has to be whole (a sync
carries out a comparison that is whole as well).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar

from artifact_browser.transfers.blob_tasks import OneTask, TidyUp
from artifact_browser.transfers.desk import Parked
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.planning import Planning
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Course


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeOrder(Order):
    """:cvar streams: it may begin to move before all is found"""

    streams: ClassVar[bool] = True

    @abstractmethod
    def tree(self, planning: Planning) -> Tree:
        """Its plan for one run."""

    def plan(self, planning: Planning) -> Iterable[Course]:
        return self.tree(planning).whole(self.again)


class Tree(ABC):
    """One run's plan. Lives in the thread that plans.

    :ivar holds: nothing may move before all is found: what is written could be found as well
    :ivar walk_again: of a retry, has :meth:`found` asked again for what is not known; whether that can be done
    """

    holds = False

    def __init__(self, order: TreeOrder, planning: Planning) -> None:
        self._order = order
        self.planning = planning
        self.walk_again: Callable[[], bool] = lambda: False

    @abstractmethod
    def found(self) -> Iterable[Item]:
        """Everything there is to move, item by item in the book; nothing that :meth:`knows` says a run before has planned."""

    @abstractmethod
    def look_again(self, items: Sequence[Item]) -> list[Item]:
        """Items of a run before, as their sources are now, in the book."""

    @abstractmethod
    def sort_out(self, items: Sequence[Item], *, again: bool) -> tuple[list[Item], list[Course]]:
        """What of ``items`` is to be moved, after what stands at their targets was dealt with; and the courses of those that
        a run before had finished without anybody hearing of it.
        """

    @abstractmethod
    def settled(self, parked: Sequence[Parked]) -> list[Item]:
        """What is to be moved of items that have waited for a decision."""

    @abstractmethod
    def course(self, item: Item) -> Course:
        """An item's way."""

    def remember(self, item: Item) -> None:
        """A run before has planned this one, and it is in the book or has ended."""
        self.planning.taken(item.target)

    def whole(self, again: Sequence[Item]) -> Iterable[Course]:
        """All of it, before anything moves; of a retry, ``again`` only."""
        items = self.look_again(again) if again else list(self.found())
        movable, before = self.sort_out(items, again=bool(again))
        return chain(before, map(self.course, movable))

    # -- for those above ----------------------------------------------------------------------------------------
    def _finish_before(
        self, items: Sequence[Item], existing: Container[str], how: Callable[[Item], str], *, again: bool
    ) -> tuple[list[Item], list[Course]]:
        """Of a retry: the items that are still to be moved, and the courses of those that a run before had finished
        without anybody hearing of it: what it left beside them is removed first.

        :param existing: targets that are there; ``how`` says how such an item was checked, empty if it is another
        """
        left: list[Item] = []
        courses: list[Course] = []
        for item in items:
            if again and item.target in existing and (verified := how(item)):
                tidy = TidyUp(tuple(self._order.debris([item] if item.begun else [])), verified)
                courses.append(OneTask((item,), tidy))
            else:
                left.append(item)
        return left, courses

    def _tidy_rest(self, items: Sequence[Item], kept: Iterable[Item]) -> None:
        """Remove what was begun of items of a run before that are not taken up again."""
        numbers = {item.number for item in kept}
        self.planning.tidy(self._order.debris([item for item in items if item.begun and item.number not in numbers]))

    def _tidy_parked(self, parked: Sequence[Parked], going: Sequence[Item]) -> None:
        self._tidy_rest([one.item for one in parked if one.again], going)
