"""Items of one job as the window holds them: of very many the latest of each end, and the totals of those forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, islice

from artifact_browser.transfers.history import HELD
from artifact_browser.transfers.state import Item, ItemSnapshot, ItemState

_ENDED_WELL = frozenset({ItemState.DONE, ItemState.SKIPPED})


class HeldItems:
    """Not thread-safe: its handle has a lock.

    :ivar forgotten: items that are known no more, by state; :ivar forgotten_bytes: of those of them that are done
    """

    def __init__(self) -> None:
        self.by_number: dict[int, ItemSnapshot] = {}
        self.by_state: dict[ItemState, dict[int, None]] = {state: {} for state in ItemState}
        self.forgotten: Counter[ItemState] = Counter()
        self.forgotten_bytes = 0

    def page(self, states: Iterable[ItemState], offset: int, count: int) -> list[ItemSnapshot]:
        """Those of the first of ``states`` first; in one state the latest change comes last."""
        numbers = chain.from_iterable(self.by_state[state] for state in states)
        return [self.by_number[number] for number in islice(numbers, offset, offset + count)]

    def keep(self, item: ItemSnapshot) -> None:
        """It is new, or has changed."""
        number = item.item.number
        old = self.by_number.get(number)
        if item.last_error is None and old is not None and old.last_error is not None:
            item = replace(item, last_error=old.last_error)  # of a run before
        if old is None or old.state is not item.state:
            if old is not None:
                del self.by_state[old.state][number]
            self.by_state[item.state][number] = None
        self.by_number[number] = item
        if item.state.ended and len(self.by_state[item.state]) > HELD:
            self._forget(next(iter(self.by_state[item.state])))

    def _forget(self, number: int) -> None:
        one = self.by_number.pop(number)
        del self.by_state[one.state][number]
        self.forgotten[one.state] += 1
        if one.state is ItemState.DONE:
            self.forgotten_bytes += one.item.size_bytes

    def drop(self, states: Iterable[ItemState]) -> None:
        """Those of ``states`` will be told anew."""
        for state in states:
            self.forgotten.pop(state, None)
            for number in self.by_state[state]:
                del self.by_number[number]
            self.by_state[state].clear()

    def requeue(self) -> None:
        """What had not ended waits for another run."""
        for one in [one for one in self.by_number.values() if not one.state.ended]:
            self.keep(replace(one, state=ItemState.QUEUED, bytes_done=0))

    def half_done(self) -> tuple[Item, ...]:
        """What an engine that dies now may leave something of."""
        tidy = _ENDED_WELL | {ItemState.CANCELLED}
        return tuple(one.item for one in self.by_number.values() if one.item.begun and one.state not in tidy)

    def may_have_left(self) -> bool:
        """Whether anything that was begun did not end well."""
        return any(one.item.begun and one.state not in _ENDED_WELL for one in self.by_number.values())

    def all_ended_well(self) -> bool:
        """Whether there are items, and every one has."""
        return bool(self.by_number) and all(one.state in _ENDED_WELL for one in self.by_number.values())

    def prove(self, how: str) -> None:
        """What is done was checked once more."""
        for number in self.by_state[ItemState.DONE]:
            self.by_number[number] = replace(self.by_number[number], verified=how)

    def count(self, state: ItemState) -> int:
        """With those forgotten."""
        return len(self.by_state[state]) + self.forgotten[state]

    def total(self) -> int:
        """Likewise, of all states."""
        return len(self.by_number) + self.forgotten.total()

    def bytes_done(self) -> int:
        done = (self.by_number[number].item.size_bytes for number in self.by_state[ItemState.DONE])
        return self.forgotten_bytes + sum(done)
