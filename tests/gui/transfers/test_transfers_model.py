"""The strip's model over jobs that are only heard of: nothing runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QModelIndex
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from artifact_browser.gui.transfers.transfers_model import ROWS_AT_ONCE, TransfersModel
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.queue import TransferQueue
from artifact_browser.transfers.state import Item, ItemSnapshot, ItemState, JobSnapshot, JobState, Verb


@dataclass(eq=False)
class Job:
    snapshot: JobSnapshot

    def count(self) -> int:
        return 0


def item(number: int, state: ItemState) -> ItemSnapshot:
    return ItemSnapshot(Item(number, f"item {number}", "", ""), state)


@dataclass(eq=False)
class LargeJob(Job):
    """It has forgotten all but one item of many."""

    held: tuple[ItemSnapshot, ...] = (item(700, ItemState.RUNNING),)
    knows_all = False

    def items(self, states: object, offset: int, count: int) -> list[ItemSnapshot]:
        return list(self.held[offset : offset + count])

    def count(self) -> int:
        return len(self.held)

    def knows(self, number: int) -> bool:
        return any(one.item.number == number for one in self.held)


def test_what_a_job_has_forgotten_comes_from_elsewhere_behind_what_it_knows(qtbot: QtBot) -> None:
    queue = Queue(0)
    job = LargeJob(JobSnapshot("j", Verb.UPLOAD, "large", "there", "a", JobState.RUNNING))
    queue.handles = cast(list[TransferHandle], [job])
    model = TransfersModel(cast(TransferQueue, queue))
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.refresh()
    row = model.index(0, 0)
    asked: list[ItemSnapshot | None] = []
    model.more_wanted.connect(lambda _, last: asked.append(last))
    model.show_items(row, True)
    assert model.rowCount(row) == 1
    assert model.canFetchMore(row)
    model.fetchMore(row)
    assert asked == [None]
    assert not model.canFetchMore(row)  # while somebody asks
    page = [item(number, ItemState.FAILED if number == 3 else ItemState.DONE) for number in (3, 1, 2, 700)]
    model.add_items(queue.handles[0], page, last=False)
    shown = [model.text(model.index(place, 0, row)) for place in range(model.rowCount(row))]
    assert shown == ["item 700", "item 3", "item 1", "item 2"]  # none twice
    model.fetchMore(row)
    assert asked == [None, page[-1]]
    model.add_items(queue.handles[0], [], last=True)
    assert not model.canFetchMore(row)
    model.show_items(row, False)
    assert model.rowCount(row) == 0


class Queue:
    """As much of a queue as the model asks for."""

    def __init__(self, count: int) -> None:
        made = [Job(JobSnapshot(str(n), Verb.UPLOAD, f"job {n}", "there", "a", JobState.RUNNING)) for n in range(count)]
        self.handles = cast(list[TransferHandle], made)


def test_many_changed_rows_are_told_a_few_at_a_time(qtbot: QtBot) -> None:
    queue = Queue(10)
    model = TransfersModel(cast(TransferQueue, queue))
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.refresh()
    told: list[int] = []

    def note(first: QModelIndex, last: QModelIndex) -> None:
        told.extend(range(first.row(), last.row() + 1))

    model.dataChanged.connect(note)
    model.tell(queue.handles)
    assert told == list(range(ROWS_AT_ONCE))
    model.tell(queue.handles[-2:])  # the first rows again, behind those that wait
    assert told == list(range(ROWS_AT_ONCE))
    qtbot.waitUntil(lambda: set(told) == set(range(10)))
    gone = queue.handles.pop()
    model.tell([gone])
    model.refresh()
    told.clear()
    model.tell(queue.handles[:1])
    qtbot.waitUntil(lambda: told == [8])
