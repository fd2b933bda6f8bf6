"""Many processes, killed processes, lost answers: every commit is there once, and the next one finishes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from typing import Any

import pytest

from artifact_browser.catalog.aliases import LATEST, read_alias
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.index import IndexOutcome, rebuild_index
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.opening import PlaceKind
from artifact_browser.catalog.staging import edit_fields, read_artifact, remove_files
from artifact_browser.errors import OutcomeUnknown
from artifact_browser.storage.driver import Driver
from tests.catalog.making import exists, names_in_index, plain, scanned, stage, stage_and_commit
from tests.catalog.test_records import chain
from tests.storage.conformance.stores import Store

WRITES = frozenset({"put", "delete", "copy", "delete_many"})
#: Record, manifest, index, copy of the removed file, its deletion, ``latest``, deletion of the staged manifest.
STEPS = 7


def test_many_processes_commit_into_one_collection(
    store: Store, driver: Driver, zoo: Place, size: Callable[[int, int], int]
) -> None:
    each, writers = size(5, 40), 8
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(writers), context.SimpleQueue()
    children = [
        context.Process(target=_commit_many, args=(store, zoo, number, each, barrier, results))
        for number in range(writers)
    ]
    for child in children:
        child.start()
    pending = sum(results.get() for _ in children)
    for child in children:
        child.join(30)
        assert child.exitcode == 0
    results.close()
    wanted = sorted(f"w{number}-{at}" for number in range(writers) for at in range(each))
    if pending:  # told as such; a rebuild heals it
        rebuild_index(driver, zoo)
    assert pending <= each
    assert names_in_index(driver, zoo) == wanted
    assert scanned(driver, zoo)[2].up_to_date


def _commit_many(store: Store, zoo: Place, number: int, each: int, barrier: Any, results: Any) -> None:
    pending = 0
    try:
        with store.opened() as driver:
            driver.check_bucket(zoo.bucket)
            barrier.wait(60)
            for at in range(each):
                place = stage(driver, zoo, f"w{number}-{at}", {"f": b"1"})
                pending += commit(driver, place).index is IndexOutcome.PENDING
    finally:  # whoever waits hears of a failure, too
        results.put(pending)


@pytest.mark.parametrize("store", ["local"], indirect=True)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(STEPS))
def test_killed_at_any_write_the_next_commit_finishes(
    store: Store, driver: Driver, zoo: Place, step: int, after: bool
) -> None:
    place = stage_and_commit(driver, zoo, "lion", {"a": b"1", "old": b"22"})
    edit_fields(driver, place, {"name": "Lion 2"})
    remove_files(driver, place, ["old"])
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=_commit_and_die, args=(store, place, step, after))
    child.start()
    child.join(60)
    assert child.exitcode == 9
    state = read_artifact(driver, place)
    assert state.committed is not None
    if state.staged is None:  # died behind the commit's last write
        opened, cards, summary = scanned(driver, zoo)
        assert opened.kind is PlaceKind.COLLECTION
        assert cards["lion"].title == "Lion 2"
        assert summary.up_to_date
    else:
        commit(driver, place)
    records = chain(driver, place)
    assert [record.sequence for record in records] == [1, 2]
    latest = read_alias(driver, place, LATEST)
    assert latest is not None
    assert latest.now.version == records[1].version
    assert not exists(driver, zoo.bucket, place.file_key("old"))
    assert exists(driver, zoo.bucket, f"{place.prefix}.artifact/kept/{records[0].files[1].etag}")
    assert not exists(driver, zoo.bucket, place.staged_key)
    assert plain(driver, zoo.bucket, place.committed_key)["name"] == "Lion 2"
    assert [entry["name"] for entry in plain(driver, zoo.bucket, zoo.committed_key)["collection"]] == ["Lion 2"]


def _commit_and_die(store: Store, place: Place, step: int, after: bool) -> None:
    with store.opened() as driver:
        dying: Any = _Faulty(driver, step, after, lambda: os._exit(9))
        commit(dying, place)


@pytest.mark.parametrize("after", [False, True], ids=["not written", "written"])
@pytest.mark.parametrize("step", range(5))
def test_a_lost_answer_is_settled_by_reading_again(driver: Driver, zoo: Place, step: int, after: bool) -> None:
    place = stage_and_commit(driver, zoo, "lion", {"a": b"1", "old": b"22"})
    edit_fields(driver, place, {"name": "Lion 2"})
    remove_files(driver, place, ["old"])

    def lose() -> None:
        raise OutcomeUnknown("the connection was lost")

    # a copy and a batch of deletes have no condition, and are repeated by the driver itself
    faulty: Any = _Faulty(driver, step, after, lose, frozenset({"put", "delete"}))
    done = commit(faulty, place)
    assert faulty.faults == 1
    assert done.index is IndexOutcome.UPDATED
    assert not done.staged_left
    assert not done.late
    assert not exists(driver, zoo.bucket, place.staged_key)
    assert names_in_index(driver, zoo) == ["lion"]
    assert [record.version for record in chain(driver, place)][1:] == [done.version]


class _Faulty:
    """A driver in front of which something happens at the n-th write: before it reaches the store, or after."""

    def __init__(
        self, driver: Driver, step: int, after: bool, happen: Callable[[], None], writes: frozenset[str] = WRITES
    ) -> None:
        self._driver, self._left, self._after, self._happen = driver, step, after, happen
        self._writes = writes
        self.faults = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._driver, name)
        if name not in self._writes:
            return found

        def call(*args: Any, **options: Any) -> Any:
            self._left -= 1
            if self._left != -1:
                return found(*args, **options)
            self.faults += 1
            if self._after:
                found(*args, **options)
            return self._happen()

        return call
