"""Several commits at once: the collection is told of many in one write, each outcome is its own, nobody stops another."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from artifact_browser.catalog import collection_text
from artifact_browser.catalog.commit import Committed
from artifact_browser.catalog.index import ChildEntry, IndexOutcome, IndexUpdate, put_entries
from artifact_browser.catalog.index_queue import IndexQueue
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.many_commits import CommitOutcome, commit_many
from artifact_browser.catalog.staging import read_artifact
from artifact_browser.errors import FilesMissing, JobCancelled
from artifact_browser.storage.driver import Driver
from tests.catalog.making import exists, names_in_index, scanned, stage
from tests.storage.conformance.stores import Store
from tests.workers.conftest import until

NAMES = ("ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen")
LOCAL = pytest.mark.parametrize("store", ["local"], indirect=True)


class Watched:
    """A driver in front of which something happens right before the first index write reaches the store; it counts them.

    :ivar index_writes: of ``zoo``'s manifest, done; :ivar index_reads: of it, asked
    """

    def __init__(self, driver: Driver, zoo: Place, happen: Callable[[], object] = lambda: None) -> None:
        self._driver, self._zoo, self._happen = driver, zoo, happen
        self._first = threading.Lock()
        self.index_writes = self.index_reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def get(self, bucket: str, key: str, *args: Any, **options: Any) -> Any:
        self.index_reads += key == self._zoo.committed_key
        return self._driver.get(bucket, key, *args, **options)

    def put(self, bucket: str, key: str, *args: Any, **options: Any) -> Any:
        is_index = key == self._zoo.committed_key
        if is_index and self._first.acquire(blocking=False):
            self._happen()
        done = self._driver.put(bucket, key, *args, **options)
        self.index_writes += is_index
        return done


def inside(queue: IndexQueue) -> int:
    """How many commits write their entry, or wait for somebody who does."""
    return sum(line.users for line in queue._lines.values())


def outcomes(driver: Any, places: list[Place], queue: IndexQueue | None = None) -> dict[str, CommitOutcome]:
    told = queue.of(None) if queue else None
    return {one.place.name: one for one in commit_many(driver, [(place, None) for place in places], indexing=told)}


def committed(outcome: CommitOutcome) -> Committed:
    assert outcome.committed is not None, outcome.error
    return outcome.committed


def test_who_comes_while_the_index_is_written_goes_with_the_next_write(driver: Driver, zoo: Place) -> None:
    places = [stage(driver, zoo, name, {"f": b"1"}) for name in NAMES]
    queue = IndexQueue()
    watched = Watched(driver, zoo, lambda: until(lambda: inside(queue) == len(NAMES)))
    told = outcomes(watched, places, queue)
    assert watched.index_writes <= 2  # what the first one took along, and what came meanwhile
    assert [committed(told[name]).index for name in NAMES] == [IndexOutcome.UPDATED] * len(NAMES)
    if driver.capabilities.conditional_replace.value == "yes":
        # each looks at the schema; what the first wrote is known, so the second write needs no look
        assert watched.index_reads == len(NAMES)
    assert names_in_index(driver, zoo) == list(NAMES)
    assert scanned(driver, zoo)[2].up_to_date
    assert not any(read_artifact(driver, place).staged for place in places)
    assert not queue._lines


def test_what_goes_wrong_with_one_is_its_own(driver: Driver, zoo: Place) -> None:
    places = [stage(driver, zoo, name, {"f": b"1"}) for name in NAMES[:4]]
    driver.delete(places[1].bucket, places[1].file_key("f"))
    told = outcomes(driver, [*places, zoo.child("nobody")])
    assert isinstance(told["bee"].error, FilesMissing)
    assert told["nobody"].error is not None
    assert names_in_index(driver, zoo) == ["ant", "cat", "dog"]
    assert exists(driver, zoo.bucket, places[1].staged_key)


@LOCAL
def test_stopped_what_has_not_begun_stays_staged(driver: Driver, zoo: Place) -> None:
    places = [stage(driver, zoo, name) for name in NAMES]
    begun = threading.Semaphore(3)

    def check() -> None:
        if not begun.acquire(blocking=False):
            raise JobCancelled

    with pytest.raises(JobCancelled):
        list(commit_many(driver, [(place, None) for place in places], check=check))
    committed = [place.name for place in places if read_artifact(driver, place).committed]
    staged = [place.name for place in places if read_artifact(driver, place).staged]
    assert len(committed) == 3
    assert sorted(committed + staged) == list(NAMES)
    assert names_in_index(driver, zoo) == committed


@LOCAL
def test_an_entry_that_cannot_be_written_leaves_the_others_theirs(
    driver: Driver, zoo: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection_text, "MAX_COLLECTION_BYTES", 10_000)
    texts = {"ant": "small", "huge": "x" * 20_000, "last": "small"}
    entries = [ChildEntry(name, {"description": text}, "etag") for name, text in texts.items()]
    put_entries(driver, zoo, lambda: entries)
    told = {entry.name: entry.update.outcome for entry in entries if entry.update}
    assert told == {"ant": IndexOutcome.UPDATED, "huge": IndexOutcome.PENDING, "last": IndexOutcome.UPDATED}
    assert names_in_index(driver, zoo) == ["ant", "last"]


@LOCAL
def test_who_is_stopped_while_writing_for_others_leaves_them_to_the_next(
    store: Store, driver: Driver, zoo: Place
) -> None:
    queue, told, stopped = IndexQueue(), dict[str, IndexUpdate](), threading.Event()

    def stop() -> None:
        until(lambda: inside(queue) == 2)
        raise JobCancelled

    def first() -> None:
        try:
            tell(queue, Watched(driver, zoo, stop), zoo.child("ant"))
        except JobCancelled:
            stopped.set()

    def second() -> None:
        with store.opened() as own:
            told["bee"] = tell(queue, own, zoo.child("bee"))

    one, other = threading.Thread(target=first), threading.Thread(target=second)
    one.start()
    until(lambda: any(line.writing for line in queue._lines.values()))
    other.start()
    one.join(30)
    other.join(30)
    assert stopped.is_set()
    assert told["bee"].outcome is IndexOutcome.UPDATED
    assert names_in_index(driver, zoo) == ["bee"]


def tell(queue: IndexQueue, driver: Any, place: Place, fields: Mapping[str, Any] | None = None) -> IndexUpdate:
    return queue.of(None)(driver, place, fields or {"name": place.name}, "etag", lambda _: None, None)


@LOCAL
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_while_the_index_is_written_the_next_commit_finishes_them_all(
    store: Store, driver: Driver, zoo: Place, after: bool
) -> None:
    places = [stage(driver, zoo, name, {"f": b"1"}) for name in NAMES]
    child = multiprocessing.get_context("spawn").Process(target=_commit_and_die, args=(store, zoo, places, after))
    child.start()
    child.join(60)
    assert child.exitcode == 9
    states = [read_artifact(driver, place) for place in places]
    assert all(state.committed for state in states)  # the commit points are behind them
    assert not scanned(driver, zoo)[2].up_to_date
    told = outcomes(driver, [place for place, state in zip(places, states, strict=True) if state.staged])
    assert {committed(one).index for one in told.values()} == {IndexOutcome.UPDATED}
    assert names_in_index(driver, zoo) == list(NAMES)
    assert scanned(driver, zoo)[2].up_to_date


def _commit_and_die(store: Store, zoo: Place, places: list[Place], after: bool) -> None:
    queue = IndexQueue()

    def die() -> None:
        until(lambda: inside(queue) == len(places))
        if not after:
            os._exit(9)

    with store.opened() as driver:
        watched = Watched(driver, zoo, die)
        put = watched.put

        def last(*args: Any, **options: Any) -> Any:
            done = put(*args, **options)
            if watched.index_writes:
                os._exit(9)
            return done

        watched.put = last  # type: ignore[method-assign]
        outcomes(watched, places, queue)
