"""The engine's book of one job: its items that have not ended, the totals of all; and what of it is news.

This is the engine-side state (the window holds a :class:`~artifact_browser.transfers.handle.TransferHandle`).
The job's loop and the thread that plans write it. Everything passes through the methods below, in batches that
:meth:`Ledger.news` gives to the journal first and then hands out. What has ended, or lies on a shelf of the plan, is
forgotten here once it was told: the journal knows it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from artifact_browser.errors import ErrorRecord
from artifact_browser.transfers.meter import Meter
from artifact_browser.transfers.policy import GroupFound
from artifact_browser.transfers.state import (
    ANSWER,
    BATCH,
    Counts,
    Item,
    ItemsChanged,
    ItemSnapshot,
    ItemState,
    JobSnapshot,
    JobState,
    PartDone,
)

#: writes down what changed: the job, some of its items, finished parts of them
Keep = Callable[[JobSnapshot, Sequence[ItemSnapshot], Sequence[tuple[Item, PartDone]]], object]


@dataclass(slots=True)
class _Entry:
    item: Item
    state: ItemState = ItemState.QUEUED
    bytes_done: int = 0
    verified: str = ""
    note: str = ""
    error: ErrorRecord | None = None
    attempts: int = 0
    last_error: ErrorRecord | None = None
    set_back: bool = False
    #: the plan has not handed it out yet: the window needs not know it one by one
    shelved: bool = False
    #: the journal knows it as it is
    kept: bool = False

    def snapshot(self) -> ItemSnapshot:
        return ItemSnapshot(
            self.item, self.state, self.bytes_done, self.verified, self.note, self.error, self.attempts, self.last_error
        )


class Ledger:
    """Thread-safe.

    :param keep: the journal, told before anybody else
    :param head: the job's name and target, with counts that stand already: those carried over from a run before
    (a retry), and, of a job that ``counts_ahead`` (a delete of a million keys), items that get an entry only when they fail
    :ivar scanning: more may be found: the totals are not final
    :ivar found: while a question is open, the conflicts so far
    """

    def __init__(self, head: JobSnapshot, keep: Keep, *, counts_ahead: bool = False) -> None:
        self._head = head
        self._keep = keep
        self._counts_ahead = counts_ahead
        self._lock = threading.RLock()
        self._parts: list[tuple[Item, PartDone]] = []
        self._carried = head.counts
        self._entries: dict[int, _Entry] = {}
        self._changed: dict[int, _Entry] = {}  # in order
        self._meter: Meter | None = None
        self._left_out = self._folders_left_out = 0
        self._left_out_by: dict[str, None] = dict.fromkeys(head.counts.left_out_by)
        self._items_planned = 0
        self._items_done = self._items_failed = self._items_skipped = 0
        self._bytes_planned = self._bytes_done = 0
        self._how: set[str] = set(filter(None, head.verified.split(", ")))
        self._first_failure: tuple[int, ErrorRecord] | None = None
        self.scanning = False
        self.found: tuple[GroupFound, ...] = ()
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
        return self._items_planned - self._items_done - self._items_failed - self._items_skipped

    @property
    def items_at_hand(self) -> int:
        """Those of them that are not on a shelf of the plan."""
        return len(self._entries)

    @property
    def items_total(self) -> int:
        """Of this run and of those before."""
        return self._carried.items + self._items_planned

    @property
    def items_untold(self) -> int:
        return len(self._changed)

    # -- items --------------------------------------------------------------------------------------------------
    def plan(self, item: Item, *, shelved: bool = False) -> None:
        """:param shelved: it will be handed out (or shelved) by the thread that plans"""
        with self._lock:
            self._items_planned += 1
            self._bytes_planned += item.size_bytes
            self._entries[item.number] = entry = _Entry(item, attempts=item.tried, shelved=shelved)
            self._note(entry)

    def alter(self, item: Item) -> None:
        """An item says more or something else: another target, allowed to replace, what it has begun."""
        with self._lock:
            entry = self._entries.get(item.number)
            if entry is not None:  # else it has failed, and what is heard now is tidied up behind it
                entry.item = item
                self._note(entry)

    def shelve(self, items: Sequence[Item], waiting: Sequence[Item] = ()) -> None:
        """These wait where the plan keeps them, not here; they are written down now. Of the thread that plans.

        :param waiting: those that wait for an answer, which the journal says
        """
        with self._lock:
            for item in waiting:
                self._entries[item.number].note = f"waiting for {ANSWER}"
            for item in chain(items, waiting):
                self._entries.pop(item.number, None)
            entries = [entry for entry in self._changed.values() if entry.shelved]
            for entry in entries:
                del self._changed[entry.item.number]
            job = self._plain()
        if entries:
            self._keep(job, tuple(entry.snapshot() for entry in entries), ())

    def hand_out(self, items: Sequence[Item], *, waited: bool = False) -> None:
        """These are going to be carried out; from a shelf (``waited``: for an answer) or fresh from the plan."""
        with self._lock:
            for item in items:
                entry = self._entries.get(item.number)
                if entry is None:
                    entry = self._entries[item.number] = _Entry(item, attempts=item.tried, kept=not waited)
                entry.shelved = False
                self._changed[item.number] = entry

    def _note(self, entry: _Entry) -> None:
        """It is news."""
        entry.kept = False
        self._changed[entry.item.number] = entry

    def start(self, item: Item) -> None:
        """Work on it begins, or begins again."""
        with self._lock:
            entry = self._entries.get(item.number)
            if entry is not None and (entry.state is ItemState.QUEUED or entry.set_back):
                entry.state = ItemState.RUNNING
                entry.attempts += 1
                entry.set_back = False
                self._note(entry)

    def set_back(self, item: Item, error: ErrorRecord) -> None:
        """A part of the work failed and will be tried again; many at the same time count as one attempt."""
        with self._lock:
            entry = self._entries.get(item.number)
            if entry is not None:
                entry.last_error, entry.set_back = error, True
                self._note(entry)

    def moved(self, item: Item, bytes_done: int) -> None:
        """The item has ``bytes_done`` bytes behind it."""
        with self._lock:
            entry = self._entries.get(item.number)
            if entry is not None and entry.bytes_done != bytes_done:
                self._bytes_done += bytes_done - entry.bytes_done
                entry.bytes_done = bytes_done
                self._note(entry)

    def part_done(self, item: Item, part: PartDone) -> None:
        """A part of what the item has begun is finished."""
        with self._lock:
            self._parts.append((item, part))

    def stop(self, state: JobState) -> None:
        """What has not ended waits for the next run; ``state`` says why."""
        with self._lock:
            self.state, self.waiting_for = state, ""
            for entry in self._entries.values():
                if entry.state is ItemState.RUNNING:
                    entry.state = ItemState.QUEUED
                    entry.attempts -= not entry.set_back
                    self._note(entry)

    def finish(self, item: Item, verified: str, note: str = "") -> None:
        with self._lock:
            if self._has_ended(item):
                return
            if not item.folder:  # has no bytes to check
                self._how.add(verified)
            if self._counts_ahead and item.number not in self._entries:
                done = self._carried
                self._carried = replace(
                    done, items_done=done.items_done + 1, bytes_done=done.bytes_done + item.size_bytes
                )
                return
            self.moved(item, item.size_bytes)
            self._items_done += 1
            self._end(item, ItemState.DONE, note).verified = verified

    def skip(self, item: Item, note: str) -> None:
        """Left alone on purpose: it no longer counts as bytes to move."""
        with self._lock:
            if self._has_ended(item):
                return
            self._items_skipped += 1
            self._forget_bytes(self._end(item, ItemState.SKIPPED, note))

    def fail(self, item: Item, error: ErrorRecord) -> None:
        """One that was only counted ahead gets an entry of its own now."""
        with self._lock:
            if self._has_ended(item):
                return
            if self._counts_ahead and item.number not in self._entries:
                ahead = self._carried
                self._carried = replace(ahead, items=ahead.items - 1, bytes=ahead.bytes - item.size_bytes)
                self.plan(item)
            self._items_failed += 1
            entry = self._end(item, ItemState.FAILED, "")
            entry.error = entry.last_error = error
            self._forget_bytes(entry)
            if self._first_failure is None or item.number < self._first_failure[0]:
                self._first_failure = item.number, error

    def leave_out(self, by: str, *, folder: bool) -> None:
        """Counted, and no item: the person's choice of what is moved does not take it."""
        with self._lock:
            self._left_out_by[by] = None
            if folder:
                self._folders_left_out += 1
            else:
                self._left_out += 1

    def forget_left_out(self) -> None:
        """What runs before have left out is going to be found, and counted, again."""
        with self._lock:
            self._carried = replace(self._carried, left_out=0, folders_left_out=0)

    def _has_ended(self, item: Item) -> bool:
        """An item ends once, whatever is heard of it behind that."""
        return item.number not in self._entries and not self._counts_ahead

    def _end(self, item: Item, state: ItemState, note: str) -> _Entry:
        entry = self._entries.pop(item.number)
        entry.state, entry.note, entry.shelved = state, note, False
        self._note(entry)
        return entry

    def _forget_bytes(self, entry: _Entry) -> None:
        self._bytes_done -= entry.bytes_done
        self._bytes_planned -= entry.item.size_bytes
        entry.bytes_done = 0

    # -- what is told -------------------------------------------------------------------------------------------
    def news(self) -> Iterator[ItemsChanged]:
        """Everything changed since the last time, in batches; what is on a shelf is for the journal alone."""
        with self._lock:
            news = [(entry.snapshot(), entry.kept, entry.shelved) for entry in self._changed.values()]
            self._changed.clear()
            parts, self._parts = self._parts, []
        if parts and not news:
            self._keep(self._plain(), (), parts)
        for first in range(0, len(news), BATCH):
            batch = news[first : first + BATCH]
            self._keep(self._plain(), tuple(item for item, kept, _ in batch if not kept), parts)
            parts = []
            if told := tuple(item for item, _, shelved in batch if not shelved):
                yield ItemsChanged(told)

    def _plain(self) -> JobSnapshot:
        """What outlives the run."""
        with self._lock:
            return replace(self._head, state=self.state, counts=self._counts(), verified=self._verified())

    def _verified(self) -> str:
        return "" if "" in self._how else ", ".join(sorted(self._how))

    def _counts(self) -> Counts:
        return Counts(
            items=self._carried.items + self._items_planned,
            bytes=self._carried.bytes + self._bytes_planned,
            items_done=self._carried.items_done + self._items_done,
            bytes_done=self._carried.bytes_done + self._bytes_done,
            items_failed=self._carried.items_failed + self._items_failed,
            items_skipped=self._carried.items_skipped + self._items_skipped,
            left_out=self._carried.left_out + self._left_out,
            folders_left_out=self._carried.folders_left_out + self._folders_left_out,
            left_out_by=tuple(self._left_out_by),
        )

    def snapshot(self) -> JobSnapshot:
        with self._lock:
            counts = self._counts()
            running = self.state in {JobState.RUNNING, JobState.VERIFYING}
            if running and self._meter is None:
                self._meter = Meter()
            speed = self._meter.update(self._bytes_done) if self._meter and running else 0.0
            known = self._meter is not None and running and not self.scanning
            left = self._meter.time_left_s(counts.bytes - counts.bytes_done) if self._meter and known else None
            return replace(
                self._head,
                state=self.state,
                counts=counts,
                speed_bps=speed,
                time_left_s=left,
                verified=self._verified(),
                waiting_for=self.waiting_for,
                scanning=self.scanning,
                found=self.found,
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
        error = self._first_failure[1] if self._first_failure is not None else None
        return replace(self.snapshot(), error=error if self.state is JobState.FAILED else None)
