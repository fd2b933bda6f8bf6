"""Which finished files of a download would survive a power cut: in groups, in time, and none is forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from artifact_browser.errors import DiskError, WorkerDied
from artifact_browser.transfers.blob_tasks import OneTask
from artifact_browser.transfers.durability import Durability
from artifact_browser.transfers.fetch_tasks import SyncFolder
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Course

SYNC = SyncFolder("/somewhere")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def item(number: int) -> Item:
    return Item(number, str(number), str(number), str(number))


def carried_out(course: Course | None) -> None:
    assert course is not None
    (task,) = course.begin()
    course.advance(task, None)


def group_under_way() -> tuple[Clock, list[Sequence[int] | None], Durability, Course]:
    """One file is done, and its sync begun; what is marked as safe goes to the list."""
    clock, marked = Clock(), list[Sequence[int] | None]()
    safe = Durability(SYNC, marked.append, clock)
    safe.finished([item(1)])
    clock.now = 5.0
    course = safe.due()
    assert course is not None
    return clock, marked, safe, course


def test_a_group_is_what_was_finished_before_its_sync_began() -> None:
    clock, marked = Clock(), list[Sequence[int] | None]()
    safe = Durability(SYNC, marked.append, clock)
    safe.finished([item(1), item(2)])
    assert safe.due() is None  # not so often
    clock.now = 5.0
    course = safe.due()
    safe.finished([item(3)])
    assert safe.due() is None  # one at a time
    carried_out(course)
    assert marked == [(1, 2)]
    clock.now = 10.0
    carried_out(safe.due())
    assert marked == [(1, 2), (3,)]
    clock.now = 15.0
    assert safe.due() is None  # nothing new
    (last,) = safe.last()
    carried_out(last)
    assert marked[-1] is None  # all of the job's, those of runs before included


def test_a_group_whose_sync_failed_is_in_the_next_one() -> None:
    clock, marked, safe, course = group_under_way()
    assert course.leftovers() == []
    safe.failed(course, WorkerDied("killed").record())
    clock.now = 10.0
    carried_out(safe.due())
    assert marked == [(1,)]
    assert safe.trouble is None


def test_a_sync_that_failed_is_not_made_good_by_another_one() -> None:
    """The system tells a lost write once."""
    clock, marked, safe, course = group_under_way()
    safe.failed(course, DiskError("lost").record())
    (last,) = safe.last()
    carried_out(last)
    assert safe.trouble is not None
    safe = Durability(SYNC, marked.append, clock)
    safe.failed(OneTask((), SYNC), DiskError("a folder that could not be removed").record())
    assert safe.trouble is None  # none of its business


def test_nothing_is_synced_where_nothing_is_written() -> None:
    clock = Clock()
    safe = Durability(None, lambda _: None, clock)
    safe.finished([item(1)])
    clock.now = 100.0
    assert safe.due() is None
    assert list(safe.last()) == []


def test_behind_a_sync_that_failed_nothing_counts_as_safe() -> None:
    """A later one that succeeds may be about what the system has given up."""
    clock, marked, safe, course = group_under_way()
    safe.failed(course, DiskError("lost").record())
    clock.now = 10.0
    carried_out(safe.due())
    (last,) = safe.last()
    carried_out(last)
    assert marked == []
    assert safe.trouble is not None
