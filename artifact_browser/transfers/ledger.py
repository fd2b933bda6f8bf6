"""The engine's book of one job: every item, its state, the totals; and what of it is news.

This is the engine-side state (the window holds a :class:`~artifact_browser.transfers.handle.TransferHandle`).
The job's loop is its only writer. It is where a journal goes: everything that must survive passes through the
methods below, in batches that :meth:`Ledger.news` hands out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from artifact_browser.errors import ErrorRecord
from artifact_browser.transfers.meter import Meter
from artifact_browser.transfers.state import (
    BATCH,
    Counts,
    Item,
    ItemsChanged,
    ItemSnapshot,
    ItemState,
    JobSnapshot,
    JobState,
)


@dataclass(slots=True)
class _Entry:
    item: Item
    state: ItemState = ItemState.QUEUED
    bytes_done: int = 0
    verified: str = ""
    note: str = ""
    error: ErrorRecord | None = None

    def snapshot(self) -> ItemSnapshot:
        return ItemSnapshot(self.item, self.state, self.bytes_done, self.verified, self.note, self.error)


class Ledger:
    """:param head: the job's name and target, with counts that stand already: those carried over from a run before
    (a retry), and items counted ahead that get an entry only when they fail (a delete of a million keys)
    """

    def __init__(self, head: JobSnapshot) -> None:
        self._head = head
        self._carried = head.counts
        self._entries: dict[int, _Entry] = {}
        self._changed: dict[int, None] = {}  # an ordered set
        self._meter: Meter | None = None
        self._items_done = self._items_failed = self._items_skipped = 0
        self._bytes_planned = self._bytes_done = 0
        self._how: set[str] = set(filter(None, [head.verified]))
        self.state = JobState.QUEUED
        self.waiting_for = ""

    @property
    def job_id(self) -> str:
        return self._head.job_id

    @property
    def target(self) -> str:
        return self._head.target

    @property
    def items_waiting(self) -> int:
        """Planned here and not ended yet."""
        return len(self._entries) - self._items_done - self._items_failed - self._items_skipped

    # -- items --------------------------------------------------------------------------------------------------
    def plan(self, item: Item) -> None:
        self._entries[item.number] = _Entry(item)
        self._bytes_planned += item.size_bytes
        self._changed[item.number] = None

    def alter(self, item: Item) -> None:
        """An item says more or something else: another target, allowed to replace, what it has begun."""
        self._entries[item.number].item = item
        self._changed[item.number] = None

    def start(self, item: Item) -> None:
        entry = self._entries.get(item.number)
        if entry is not None and entry.state is ItemState.QUEUED:
            entry.state = ItemState.RUNNING
            self._changed[item.number] = None

    def moved(self, item: Item, bytes_done: int) -> None:
        """The item has ``bytes_done`` bytes behind it."""
        entry = self._entries.get(item.number)
        if entry is not None and not entry.state.ended and entry.bytes_done != bytes_done:
            self._bytes_done += bytes_done - entry.bytes_done
            entry.bytes_done = bytes_done
            self._changed[item.number] = None

    def finish(self, item: Item, verified: str, note: str = "") -> None:
        if not item.folder:  # has no bytes to check
            self._how.add(verified)
        if item.number not in self._entries:  # counted ahead
            done = self._carried
            self._carried = replace(done, items_done=done.items_done + 1, bytes_done=done.bytes_done + item.size_bytes)
            return
        self.moved(item, item.size_bytes)
        self._items_done += 1
        self._end(item, ItemState.DONE, note).verified = verified

    def skip(self, item: Item, note: str) -> None:
        """Left alone on purpose: it no longer counts as bytes to move."""
        self._items_skipped += 1
        self._forget_bytes(self._end(item, ItemState.SKIPPED, note))

    def fail(self, item: Item, error: ErrorRecord) -> None:
        """One that was only counted ahead gets an entry of its own now."""
        if item.number not in self._entries:
            ahead = self._carried
            self._carried = replace(ahead, items=ahead.items - 1, bytes=ahead.bytes - item.size_bytes)
            self.plan(item)
        self._items_failed += 1
        entry = self._end(item, ItemState.FAILED, "")
        entry.error = error
        self._forget_bytes(entry)

    def _end(self, item: Item, state: ItemState, note: str) -> _Entry:
        entry = self._entries[item.number]
        entry.state, entry.note = state, note
        self._changed[item.number] = None
        return entry

    def _forget_bytes(self, entry: _Entry) -> None:
        self._bytes_done -= entry.bytes_done
        self._bytes_planned -= entry.item.size_bytes
        entry.bytes_done = 0

    # -- what is told -------------------------------------------------------------------------------------------
    def news(self) -> Iterator[ItemsChanged]:
        """Everything changed since the last time, in batches."""
        numbers = list(self._changed)
        self._changed.clear()
        for first in range(0, len(numbers), BATCH):
            yield ItemsChanged(tuple(self._entries[number].snapshot() for number in numbers[first : first + BATCH]))

    def snapshot(self) -> JobSnapshot:
        counts = Counts(
            items=self._carried.items + len(self._entries),
            bytes=self._carried.bytes + self._bytes_planned,
            items_done=self._carried.items_done + self._items_done,
            bytes_done=self._carried.bytes_done + self._bytes_done,
            items_failed=self._carried.items_failed + self._items_failed,
            items_skipped=self._carried.items_skipped + self._items_skipped,
        )
        running = self.state in {JobState.RUNNING, JobState.VERIFYING}
        if running and self._meter is None:
            self._meter = Meter()
        speed = self._meter.update(self._bytes_done) if self._meter and running else 0.0
        left = self._meter.time_left_s(counts.bytes - counts.bytes_done) if self._meter and running else None
        return replace(
            self._head,
            state=self.state,
            counts=counts,
            speed_bps=speed,
            time_left_s=left,
            verified="" if "" in self._how else ", ".join(sorted(self._how)),
            waiting_for=self.waiting_for,
        )

    def end(self) -> JobSnapshot:
        """The last word: done, or done with errors (every item failed: failed, for the first one's reason)."""
        counts = self.snapshot().counts
        if not counts.items_failed:
            self.state = JobState.DONE
        elif counts.items_done or counts.items_skipped:
            self.state = JobState.DONE_WITH_ERRORS
        else:
            self.state = JobState.FAILED
        self.waiting_for = ""
        error = next((entry.error for entry in self._entries.values() if entry.error), None)
        return replace(self.snapshot(), error=error if self.state is JobState.FAILED else None)
