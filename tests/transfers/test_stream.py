"""A plan that goes on while its first items move: a tree that is found when the test says so, and a loop that only takes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.paths import in_home
from artifact_browser.storage.location import Location
from artifact_browser.transfers.blob_tasks import OneTask
from artifact_browser.transfers.desk import Parked
from artifact_browser.transfers.ledger import Ledger
from artifact_browser.transfers.lookup import Blob
from artifact_browser.transfers.planning import Aids, Planning
from artifact_browser.transfers.policy import ConflictFound, Decision, Group, GroupPolicies, Policy
from artifact_browser.transfers.state import Item, ItemSnapshot, JobSnapshot, JobState, Verb
from artifact_browser.transfers.stream import AT_HAND, CHUNK, Stream
from artifact_browser.transfers.task import Course
from artifact_browser.transfers.tree import Tree
from artifact_browser.transfers.upload import UploadOrder
from artifact_browser.workers.cancel import CancelToken
from tests.transfers.conftest import wait_for

RECORD = AccountRecord("a", AccountKind.S3, "Lab")
NEWER, OLDER = 2_000_000, 1_000_000


class Grove(Tree):
    """Items by number; ``there``: what stands at their targets."""

    def __init__(self, order: Any, planning: Planning, numbers: Iterator[int], there: dict[str, Blob]) -> None:
        super().__init__(order, planning)
        self._numbers, self._there = numbers, there

    def found(self) -> Iterable[Item]:
        for _ in self._numbers:
            number = self.planning.number()
            item = Item(number, str(number), "", str(number), size_bytes=1, modified_us=NEWER)
            yield self.planning.add(item, lambda _: False)

    def look_again(self, items: Sequence[Item]) -> list[Item]:
        return [self.planning.add(item, lambda _: False) for item in items]

    def sort_out(self, items: Sequence[Item], *, again: bool) -> tuple[list[Item], list[Course]]:
        return self.planning.settle(
            items, self._there, Policy.ASK, lambda _: False, lambda _, there: there.etag == "=" or None
        ), []

    def settled(self, parked: Sequence[Parked]) -> list[Item]:
        return self.planning.settle_parked(parked, lambda _: False)

    def course(self, item: Item) -> Course:
        return OneTask([item], cast(Any, None))


class Bed:
    """What a stream stands in. ``kept``: the journal, by number."""

    def __init__(self, tmp_path: Path) -> None:
        self.cancel = CancelToken()
        self.paths = in_home(tmp_path).make()
        self.kept: dict[int, ItemSnapshot] = {}
        self.asked: list[ConflictFound] = []
        self.answers: list[Decision] = []
        self.answered = threading.Semaphore(0)
        self.stop = threading.Event()
        self.courses: list[Course] = []
        self.told: set[int] = set()
        self.planned = False
        self.was_planned = False
        self.decided: list[Decision] = []
        head = JobSnapshot("j", Verb.UPLOAD, "t", "b/", "a")
        self.ledger = Ledger(head, self.keep)
        self.ledger.state = JobState.SCANNING

    # -- the journal
    def keep(self, job: JobSnapshot, items: Sequence[ItemSnapshot], parts: object) -> None:
        self.kept.update((one.item.number, one) for one in items)

    def set_planned(self) -> None:
        self.was_planned = True

    # -- the context
    def ask(self, question: ConflictFound) -> Decision:
        self.asked.append(question)
        assert self.answered.acquire(timeout=10)
        return self.answers.pop(0)

    def answer(self, decision: Decision) -> None:
        self.answers.append(decision)
        self.answered.release()

    def begin(
        self, numbers: Iterator[int], there: dict[str, Blob] | None = None, policy: Decision = Policy.ASK
    ) -> Stream:
        order = UploadOrder(
            record=RECORD, head=self.ledger.snapshot(), policy=policy, target=Location("a", "b"), paths=()
        )
        aids = Aids(lambda _: (), lambda _: None, self.stop.is_set)
        planning = Planning(cast(Any, self), cast(Any, None), self.ledger, aids)
        log = cast(
            Any,
            type(
                "Log",
                (),
                {"planned": lambda _: self.set_planned(), "decided": lambda _, policy: self.decided.append(policy)},
            )(),
        )
        self.stream = Stream(order, planning, self.ledger, log, self.stop, started=False)
        object.__setattr__(self.stream, "_order", _Planned(order, Grove(order, planning, numbers, there or {})))
        self.stream.start(lambda: None)
        return self.stream

    def look(self) -> list[int]:
        """As the loop does: take, tell; the numbers that have come to be carried out so far."""
        self.courses.extend(self.stream.take())
        for event in self.stream.news():
            self.told.update(one.item.number for one in event.items)
            self.planned |= event.planned
        return sorted(item.number for course in self.courses for item in course.items)

    def finish(self) -> None:
        """Carry out everything that has come."""
        for course in self.courses:
            for item in course.items:
                self.ledger.finish(item, "crc32c")
        self.courses.clear()


class _Planned:
    """An order with a tree of the test's own."""

    def __init__(self, order: UploadOrder, tree: Tree) -> None:
        self._order, self._tree = order, tree

    def tree(self, planning: Planning) -> Tree:
        return self._tree

    def __getattr__(self, name: str) -> Any:
        return getattr(self._order, name)


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    made = Bed(tmp_path)
    yield made
    made.cancel.cancel()
    made.stream.close()


def gated(first: int, then: int) -> tuple[Iterator[int], Callable[[], None]]:
    """``first`` numbers at once, the others when it is opened."""
    gate = threading.Event()

    def numbers() -> Iterator[int]:
        yield from range(first)
        assert gate.wait(10)
        yield from range(first, first + then)

    return numbers(), gate.set


def test_the_first_items_come_while_more_is_found(bed: Bed) -> None:
    numbers, open_gate = gated(CHUNK, CHUNK)
    stream = bed.begin(numbers, policy=Policy.SKIP)
    wait_for(lambda: len(bed.look()) == CHUNK)
    assert not stream.over
    assert (stream.state[0], bed.ledger.snapshot().scanning, bed.planned) == (JobState.SCANNING, True, False)
    assert bed.ledger.snapshot().time_left_s is None
    bed.finish()
    open_gate()
    wait_for(lambda: len(bed.look()) == CHUNK and stream.over)
    assert (stream.complete, bed.planned, bed.was_planned) == (True, True, True)
    assert bed.ledger.snapshot().scanning is False
    assert bed.asked == []


def test_the_walk_does_not_wait_for_the_movers_and_holds_little(bed: Bed) -> None:
    many = 10 * AT_HAND
    stream = bed.begin(iter(range(many)), policy=Policy.SKIP)
    wait_for(lambda: bed.look() and bed.planned)
    assert (bed.ledger.items_total, len(bed.kept)) == (many, many)  # all of it is in the journal
    assert len(bed.look()) <= AT_HAND + CHUNK
    assert bed.ledger.items_at_hand <= AT_HAND + CHUNK
    assert len(bed.told) <= AT_HAND + 2 * CHUNK
    seen = []
    while not stream.over or bed.courses:
        seen += bed.look()
        bed.finish()
    assert seen == list(range(many))  # each once, in order
    assert stream.complete


def test_few_files_without_a_conflict_begin_unasked_when_all_are_found(bed: Bed) -> None:
    numbers, open_gate = gated(3, 2)
    bed.begin(numbers)
    assert bed.look() == []
    open_gate()
    wait_for(lambda: bed.look() == [0, 1, 2, 3, 4])
    assert bed.asked == []


def test_many_files_are_asked_about_at_once_and_begin_at_start(bed: Bed) -> None:
    numbers, open_gate = gated(CHUNK, CHUNK)
    stream = bed.begin(numbers)
    wait_for(lambda: bed.asked)
    (question,) = bed.asked
    assert (question.planned, question.size_bytes, question.total, question.begins) == (CHUNK, CHUNK, 0, True)
    assert bed.look() == []
    open_gate()
    wait_for(lambda: bed.look() == [] and bed.planned)
    assert (stream.state, bed.ledger.snapshot().counts.items) == ((JobState.WAITING, "your answer"), 2 * CHUNK)
    bed.answer(Policy.SKIP)
    wait_for(lambda: len(bed.look()) == 2 * CHUNK)
    wait_for(lambda: stream.over)


def there(etag: str = "", time_us: int = OLDER) -> Blob:
    return Blob("", 1, time_us, etag)


def test_undecided_conflicts_wait_and_others_do_not(bed: Bed) -> None:
    found = {"0": there(), "1": there("="), "2": there(time_us=NEWER + 10**6)}
    stream = bed.begin(iter(range(5)), found)
    wait_for(lambda: bed.asked)
    assert {one.group: one.count for one in bed.asked[0].groups} == {
        Group.SOURCE_NEWER: 1, Group.TARGET_NEWER: 1, Group.IDENTICAL: 1,
    }  # fmt: skip
    assert bed.look() == []
    bed.answer(GroupPolicies(source_newer=Policy.REPLACE, target_newer=Policy.ASK, different=Policy.ASK))
    wait_for(lambda: bed.look() == [0, 3, 4])
    assert not stream.over
    assert len(bed.asked) == 1  # while others move, it waits
    bed.finish()
    wait_for(lambda: len(bed.asked) == 2)
    assert [one.group for one in bed.asked[1].groups] == [Group.TARGET_NEWER]
    assert not bed.asked[1].begins
    bed.answer(Policy.KEEP_BOTH)
    wait_for(lambda: bed.look() == [2])
    (course,) = bed.courses
    assert [item.target for item in course.items] == ["2 (2)"]
    wait_for(lambda: stream.over)
    assert stream.complete
    assert bed.ledger.snapshot().counts.items_skipped == 1
    assert bed.decided[-1] == GroupPolicies(Policy.REPLACE, Policy.KEEP_BOTH, Policy.KEEP_BOTH, Policy.SKIP)


def test_a_kind_that_turns_up_later_follows_its_policy_or_is_asked_about(bed: Bed) -> None:
    numbers, open_gate = gated(CHUNK, 2)
    found = {"0": there(), str(CHUNK): there(), str(CHUNK + 1): there(time_us=NEWER)}
    stream = bed.begin(numbers, found)
    wait_for(lambda: bed.asked)
    bed.answer(
        GroupPolicies(source_newer=Policy.SKIP, target_newer=Policy.ASK, different=Policy.ASK, identical=Policy.ASK)
    )
    wait_for(lambda: stream._started or stream._answer is not None)  # it looks for more, and hears of it with the next
    open_gate()
    wait_for(lambda: len(bed.asked) == 2)
    assert [one.group for one in bed.asked[1].groups] == [Group.IDENTICAL]  # of one size and time
    bed.answer(Policy.SKIP)
    wait_for(lambda: len(bed.look()) == CHUNK - 1 and stream.over)
    assert bed.ledger.snapshot().counts.items_skipped == 3


def test_what_is_found_wrong_is_told_when_the_rest_is_through(bed: Bed) -> None:
    def numbers() -> Iterator[int]:
        yield from range(CHUNK)
        raise OSError("the listing broke off")

    stream = bed.begin(numbers(), policy=Policy.SKIP)
    wait_for(lambda: len(bed.look()) == CHUNK and bed.stream._over)
    assert isinstance(stream.trouble, OSError)
    assert not stream.complete
    assert not bed.planned


def test_a_plan_that_is_given_up_has_all_it_found_in_the_journal(bed: Bed) -> None:
    numbers, open_gate = gated(CHUNK + 10, 1)
    stream = bed.begin(numbers)
    wait_for(lambda: bed.ledger.items_total == CHUNK + 10)
    bed.stop.set()
    open_gate()
    stream.close()
    bed.look()
    assert sorted(bed.kept)[: CHUNK + 10] == list(range(CHUNK + 10))
    assert (stream.over, stream.complete, bed.planned) == (True, False, False)
