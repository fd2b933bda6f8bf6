"""What the journal was told and could not write: it is written with what comes next."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import islice

from artifact_browser.transfers.state import Item, ItemSnapshot, JobSnapshot, PartDone

_log = logging.getLogger(__name__)

#: so many items (or parts) are owed at most: a disk that stays full must not cost the memory as well
MOST = 20_000
#: so many are written together: an attempt that fails costs no more
TOGETHER = 1000

Part = tuple[Item, PartDone]


class Owed:
    """Of one run of a job, the latest of each. Not thread-safe: its log has a lock."""

    def __init__(self) -> None:
        self.job: JobSnapshot | None = None
        self._items: dict[int, ItemSnapshot] = {}
        self._parts: dict[tuple[int, str, int], Part] = {}

    def __bool__(self) -> bool:
        return self.job is not None

    def add(self, job: JobSnapshot, items: Sequence[ItemSnapshot], parts: Sequence[Part]) -> bool:
        """Whether all that is owed could be held."""
        self.job = job
        for one in items:
            self._items.pop(one.item.number, None)  # the latest come last
            self._items[one.item.number] = one
        for item, part in parts:
            self._parts[item.number, item.begun, part.number] = item, part
        return self._bounded()

    def first(self) -> tuple[list[ItemSnapshot], list[Part], bool]:
        """What to write next; whether it is all."""
        items, parts = list(islice(self._items.values(), TOGETHER)), list(islice(self._parts.values(), TOGETHER))
        return items, parts, len(items) == len(self._items) and len(parts) == len(self._parts)

    def paid(self, items: Sequence[ItemSnapshot], parts: Sequence[Part]) -> None:
        """These are written, and the job as it is."""
        for one in items:
            del self._items[one.item.number]
        for item, part in parts:
            del self._parts[item.number, item.begun, part.number]
        if not self._items and not self._parts:
            self.job = None

    def _bounded(self) -> bool:
        """What has not ended goes first: it is found again, or written again when something comes of it."""
        fits = len(self._items) <= MOST
        if not fits:
            ended = {number: one for number, one in self._items.items() if one.state.ended}
            oldest = max(0, len(ended) - MOST * 3 // 4)
            self._items = dict(islice(ended.items(), oldest, None))
            _log.error("the journal could not be written for long: what it lacks of a job is more than can be held")
        if len(self._parts) > MOST:
            self._parts = dict(islice(self._parts.items(), MOST // 4, None))  # these move once more
        return fits
