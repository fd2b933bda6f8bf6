"""A journal that cannot be written for a moment, or whose file is set aside: nothing it was told is forgotten or gets into
another job, and no plan counts as whole that is not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.errors import DiskError
from artifact_browser.storage.location import Location
from artifact_browser.transfers.copy import CopyOrder
from artifact_browser.transfers.engine import _resumed
from artifact_browser.transfers.journal import Journal
from artifact_browser.transfers.journal_file import STOPPED, TIDY
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.state import Counts, Item, ItemSnapshot, ItemState, JobState, PartDone
from tests.transfers.conftest import Bench, wait_for
from tests.transfers.test_half_planned import NAMES, found, names_and_states, source
from tests.transfers.test_journal import RECORD, head, items, jobs, path, upload

__all__ = ["path", "source"]


@pytest.fixture
def journal(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    monkeypatch.setattr("artifact_browser.transfers.journal_file._WAIT_S", 0.05)
    journal = Journal(path)
    yield journal
    journal.close()


@contextmanager
def busy(path: Path) -> Iterator[None]:
    """While inside, somebody else writes to the journal."""
    with closing(sqlite3.connect(path, isolation_level=None)) as base:
        base.execute("BEGIN IMMEDIATE")
        yield
        base.execute("ROLLBACK")


def some(first: int, count: int, state: ItemState = ItemState.QUEUED) -> list[ItemSnapshot]:
    return [ItemSnapshot(Item(n, "n" * 200, "s", f"t{n}"), state) for n in range(first, first + count)]


def said(path: Path) -> dict[str, tuple[str, int, int]]:
    """Of each job: its state, ``stopped`` and ``hidden``."""
    with closing(sqlite3.connect(path)) as base:
        return {job_id: tuple(rest) for job_id, *rest in base.execute("SELECT id, state, stopped, hidden FROM job")}


def damaged(journal: Journal) -> None:
    """As when a page of its file makes no sense."""
    error = sqlite3.DatabaseError("malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    with journal._lock:
        journal._give_up(error)


# -- what could not be written ---------------------------------------------------------------------------------------
def test_what_could_not_be_written_is_written_with_what_comes_next(journal: Journal, path: Path) -> None:
    log = journal.begin(upload())
    part = PartDone(1, 5, "etag")
    begun = replace(some(0, 1)[0].item, begun="u")
    with busy(path):
        log.keep(head(state=JobState.RUNNING), [ItemSnapshot(begun), *some(1, 199)], [(begun, part)])
        log.keep(head(state=JobState.RUNNING), some(1, 1, ItemState.DONE))
        log.planned()
    assert items(path, 1) == []
    assert not jobs(path)[0].planned
    log.keep(head(state=JobState.RUNNING, counts=Counts(201)), some(200, 1))
    assert items(path, 1) == [ItemSnapshot(begun), *some(1, 1, ItemState.DONE), *some(2, 199)]
    assert journal.parts("j1", begun) == (part,)
    assert (jobs(path)[0].planned, jobs(path)[0].snapshot.counts.items) == (True, 201)


def test_a_disk_that_was_full_for_a_moment_costs_nothing(journal: Journal, path: Path) -> None:
    log = journal.begin(upload())
    assert journal._base is not None
    (pages,) = journal._base.execute("PRAGMA page_count").fetchone()
    journal._base.execute(f"PRAGMA max_page_count = {pages + 2}")
    for first in range(0, 1000, 200):
        log.keep(head(), some(first, 200))
    assert len(items(path, 1)) < 1000
    journal._base.execute("PRAGMA max_page_count = 100000")
    log.planned()
    assert not jobs(path)[0].planned
    log.keep(head())
    assert items(path, 1) == some(0, 1000)
    assert jobs(path)[0].planned


def test_that_the_plan_is_whole_is_said_later_if_it_cannot_be_now(journal: Journal, path: Path) -> None:
    log = journal.begin(upload())
    log.keep(head(), some(0, 2))
    with busy(path):
        log.planned()
    log.keep(head())
    assert jobs(path)[0].planned


def test_what_is_owed_is_bounded_and_a_plan_that_lost_something_never_counts_as_whole(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artifact_browser.transfers.owed.MOST", 20)
    log = journal.begin(upload())
    with busy(path):
        log.keep(head(), some(0, 10, ItemState.DONE))
        for first in range(10, 100, 5):
            log.keep(head(), some(first, 5))
    log.keep(head())
    log.planned()
    kept = items(path, 1)
    assert kept[:10] == some(0, 10, ItemState.DONE)  # what has ended is not done again
    assert len(kept) <= 20
    assert not jobs(path)[0].planned


def test_the_end_of_a_job_is_written_with_what_another_writes(journal: Journal, path: Path) -> None:
    log, other = journal.begin(upload()), journal.begin(upload("j2"))
    log.keep(head(), some(0, 2))
    log.planned()
    with busy(path):
        log.keep(head(state=JobState.DONE_WITH_ERRORS), some(0, 2, ItemState.FAILED))
    other.keep(head("j2", JobState.RUNNING))
    assert items(path, 1) == some(0, 2, ItemState.FAILED)
    assert jobs(path)[0].snapshot.state is JobState.DONE_WITH_ERRORS


def test_the_end_of_the_last_job_is_written_after_a_while(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artifact_browser.transfers.journal_base.AGAIN_S", 0.05)
    log = journal.begin(upload())
    log.keep(head(), some(0, 2))
    with busy(path):
        log.keep(head(state=JobState.FAILED), some(0, 2, ItemState.FAILED))
    wait_for(lambda: jobs(path)[0].snapshot.state is JobState.FAILED)
    assert items(path, 1) == some(0, 2, ItemState.FAILED)
    assert not journal._debtors


def test_what_a_run_owes_is_there_for_the_next(journal: Journal, path: Path) -> None:
    log = journal.begin(upload())
    log.keep(head(), some(0, 4))
    with busy(path):
        log.keep(head(state=JobState.PAUSED), some(0, 3, ItemState.DONE))
    resumed = journal.begin(upload(run=2, resumes=True))
    assert [one.one.item.number for page in resumed.left() for one in page] == [3]
    assert resumed.carried().counts.items_done == 3


def test_words_about_a_job_are_written_later_if_they_cannot_be_now(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artifact_browser.transfers.journal_base.AGAIN_S", 0.05)
    logs = {name: journal.begin(upload(name)) for name in ("ended", "removed", "read", "tidy")}
    for name, log in logs.items():
        log.keep(head(name, JobState.RUNNING), some(0, 2, ItemState.DONE))
    with busy(path):
        journal.stop("ended", 1, JobState.CANCELLED)
        journal.hide(["removed"])
        journal.verified("read", [1], "read again")
        journal.tidied("tidy", 1)
        assert said(path) == {name: (JobState.RUNNING, 0, 0) for name in logs}
    logs["ended"].keep(head("ended", JobState.PAUSED))  # not heard, whenever it comes
    wait_for(lambda: not journal._debtors)
    assert said(path) == {
        "ended": (JobState.CANCELLED, STOPPED, 0),
        "removed": (JobState.RUNNING, 0, 1),
        "read": (JobState.RUNNING, 0, 0),
        "tidy": (JobState.RUNNING, TIDY, 0),
    }
    assert [one.verified for one in items(path, 3)] == ["", "read again"]


def test_words_the_journal_cannot_be_told_for_long_are_bounded(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artifact_browser.transfers.unsaid.MOST_ROWS", 3)
    for name in "abcd":
        journal.begin(upload(name))
    with busy(path):
        for name in "abcd":
            journal.hide([name])
    journal.settle()
    assert [name for name, (_, _, hidden) in said(path).items() if hidden] == ["b", "c", "d"]


def test_a_decision_that_cannot_be_written_now_holds_for_later_runs(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artifact_browser.transfers.journal_base.AGAIN_S", 0.05)
    alone, goes_on, owing = (journal.begin(upload(name, policy=Policy.ASK)) for name in "123")
    with busy(path):
        for log in (alone, goes_on):
            log.decided(Policy.SKIP)
        owing.keep(head("3", JobState.RUNNING), some(0, 1))
        owing.decided(Policy.SKIP)
    goes_on.keep(head("2", JobState.RUNNING))
    assert jobs(path)[1].policy is Policy.SKIP
    wait_for(lambda: not journal._debtors)
    assert [job.policy for job in jobs(path)] == [Policy.SKIP] * 3


def test_a_run_that_begins_when_it_was_ended_already_stays_ended(journal: Journal, path: Path) -> None:
    journal.stop("late", 1, JobState.CANCELLED)
    log = journal.begin(upload("late"))
    log.keep(head("late", JobState.RUNNING), some(0, 1))
    assert said(path) == {"late": (JobState.CANCELLED, STOPPED, 0)}
    journal.begin(upload("late", run=2)).keep(head("late", JobState.RUNNING))
    assert said(path) == {"late": (JobState.RUNNING, 0, 0)}


def test_a_run_whose_begin_could_not_be_written_is_there_later(journal: Journal, path: Path) -> None:
    with busy(path):
        log = journal.begin(upload(policy=Policy.SKIP))
        log.keep(head(), some(0, 2))
    log.keep(head(state=JobState.RUNNING), some(2, 2))
    log.planned()
    (job,) = jobs(path)
    assert (job.run, job.policy, job.planned, job.snapshot.state) == (1, Policy.SKIP, True, JobState.RUNNING)
    assert items(path, job.key) == some(0, 4)


def test_a_later_run_is_not_pushed_aside_by_one_that_could_not_begin(journal: Journal, path: Path) -> None:
    journal.begin(upload()).keep(head(), some(0, 1))
    with busy(path):
        second = journal.begin(upload(run=2, again=(Item(0, "n", "s", "t"),)))
    journal.begin(upload(run=3, resumes=True))
    second.keep(head(state=JobState.FAILED))
    assert [(job.run, job.snapshot.state) for job in jobs(path)] == [(3, JobState.QUEUED)]


def test_nobody_says_that_all_is_done_while_the_journal_cannot_be_read(journal: Journal, path: Path) -> None:
    journal.begin(upload()).keep(head(), some(0, 3))
    resumed = journal.begin(upload(run=2, resumes=True))
    with busy(path):
        with pytest.raises(DiskError, match="what is left"):
            list(resumed.left())
        with pytest.raises(DiskError, match="what is left"):
            resumed.carried()


def test_a_plan_that_lacks_an_item_is_not_taken_for_whole(journal: Journal) -> None:
    """Of three, the journal has one that is done and one that is left."""
    place = Location("a", "b", "p/")
    order = CopyOrder(record=RECORD, head=head(counts=Counts(3)), sources=(place,), target=place)
    log = journal.begin(order)
    log.keep(head(counts=Counts(3)), [*some(0, 1, ItemState.DONE), *some(1, 1)])
    again = replace(order, run=2, resumes=True)
    with pytest.raises(DiskError, match="what is left"):
        _resumed(again, journal.begin(again))


def test_a_retry_of_some_items_makes_no_plan_whole(journal: Journal, path: Path) -> None:
    """The engine died with what it owed: the window knows the plan, the journal does not."""
    log = journal.begin(upload())
    log.keep(head(), some(0, 2))
    retry = journal.begin(upload(run=2, again=(some(0, 1)[0].item,)))
    retry.planned()
    assert not jobs(path)[0].planned


@pytest.mark.parametrize("bench", ["local", "s3"], indirect=True)
def test_after_a_crash_what_was_not_written_of_a_plan_is_found_anew(
    bench: Bench, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artifact_browser.transfers.journal_file._WAIT_S", 0.05)
    first = bench.queue.upload(bench.record, bench.at(), [source])
    bench.finish(first)
    journal = Journal(bench.paths.journal_file)
    order = replace(first.order, head=replace(first.order.head, job_id=f"{first.job_id}-half"))
    planned = sorted(first.items(), key=lambda one: one.item.number)
    log = journal.begin(order)
    log.keep(replace(order.head, state=JobState.RUNNING), planned[:1])
    log.keep(replace(order.head, state=JobState.RUNNING), [replace(planned[1], state=ItemState.QUEUED)])
    with busy(bench.paths.journal_file):
        log.keep(replace(order.head, state=JobState.RUNNING), planned[2:])
    log.planned()
    journal.close()
    with bench.driver() as driver:
        driver.delete_many(bench.bucket, [f"set/{name}" for name in NAMES[1:]])
    handle = found(bench, order)
    handle.retry_failed()
    end = bench.finish(handle)
    assert (end.state, end.counts.items, end.counts.items_done) == (JobState.DONE, 5, 5)
    assert bench.listed() == [f"set/{name}" for name in NAMES]
    assert {state for _, state in names_and_states(bench, handle.job_id).values()} == {ItemState.DONE}


# -- rows and files that are wrong -----------------------------------------------------------------------------------
@pytest.mark.parametrize("wrong", [{"etag": None}, {"etag": "\udcff"}, {"size_bytes": 1 << 70}, {"begun": object()}])
def test_a_row_that_cannot_be_written_costs_that_row_only(journal: Journal, path: Path, wrong: dict[str, Any]) -> None:
    log = journal.begin(upload())
    odd = replace(some(1, 1)[0].item, **wrong)
    log.keep(head(), [*some(0, 1), ItemSnapshot(odd), *some(2, 1)])
    log.keep(head(state=JobState.RUNNING), some(3, 1))
    assert items(path, 1) == [*some(0, 1), *some(2, 2)]
    assert jobs(path)[0].snapshot.state is JobState.RUNNING
    log.planned()
    assert not jobs(path)[0].planned
    assert not list(path.parent.glob("*.damaged-*"))


@pytest.mark.parametrize(
    "error",
    [sqlite3.IntegrityError(), sqlite3.DataError(), sqlite3.ProgrammingError(), sqlite3.InterfaceError(),
     sqlite3.NotSupportedError(), sqlite3.DatabaseError(), sqlite3.OperationalError()],
)  # fmt: skip
def test_only_a_damaged_file_is_set_aside(journal: Journal, path: Path, error: sqlite3.Error) -> None:
    log = journal.begin(upload())
    with journal._lock:
        journal._give_up(error)
    log.keep(head(state=JobState.RUNNING), some(0, 1))
    assert not list(path.parent.glob("*.damaged-*"))
    assert len(jobs(path)) == 1
    damaged(journal)
    assert list(path.parent.glob("*.damaged-*"))


def test_a_job_writes_to_itself_only_when_the_file_was_set_aside(journal: Journal, path: Path) -> None:
    old = journal.begin(upload("old", policy=Policy.SKIP))
    old.keep(head("old"), some(0, 3))
    damaged(journal)
    new = journal.begin(upload("new"))
    new.keep(head("new", JobState.RUNNING), some(0, 1))
    assert list(old.left()) == list(old.known()) == []
    assert not old.has_begun
    old.keep(head("old", JobState.WAITING_NETWORK), some(2, 1, ItemState.DONE))
    old.durable(None)
    old.planned()
    of_new, of_old = jobs(path)
    assert (of_new.snapshot.job_id, of_new.snapshot.state, of_new.planned) == ("new", JobState.RUNNING, False)
    assert items(path, of_new.key) == some(0, 1)
    # put back, without what only the old file has
    assert (of_old.snapshot.job_id, of_old.snapshot.state, of_old.planned) == ("old", JobState.WAITING_NETWORK, False)
    assert (of_old.run, of_old.policy) == (1, Policy.SKIP)
    assert items(path, of_old.key) == some(2, 1, ItemState.DONE)


def test_a_job_that_was_stopped_or_forgotten_is_not_put_back(journal: Journal, path: Path) -> None:
    stopped, forgotten = journal.begin(upload("stopped")), journal.begin(upload("forgotten"))
    forgotten.keep(head("forgotten", JobState.FAILED))
    assert journal.clear([]) == 1
    forgotten.keep(head("forgotten", JobState.FAILED), some(0, 1))
    assert [job.snapshot.job_id for job in jobs(path)] == ["stopped"]
    journal.stop("stopped", 1, JobState.CANCELLED)
    damaged(journal)
    stopped.keep(head("stopped", JobState.RUNNING), some(0, 1))
    assert jobs(path) == []


def test_a_journal_of_none_owes_nothing(path: Path) -> None:
    path.mkdir()
    journal = Journal(path)
    log = journal.begin(upload())
    assert log.keep(head(), some(0, 2))
    assert not journal._debtors
    journal.close()
