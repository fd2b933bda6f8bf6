"""A row of the journal that makes no sense costs that row: what is there beside it is shown and goes on, and no transfer counts
as done without it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import DiskError
from artifact_browser.paths import Paths, in_home
from artifact_browser.storage.location import Location
from artifact_browser.transfers.copy import CopyOrder
from artifact_browser.transfers.engine import _resumed
from artifact_browser.transfers.history import ItemsKept, JobKept, read_history
from artifact_browser.transfers.journal import Journal
from artifact_browser.transfers.past_jobs import (
    PastQuery,
    ReportForm,
    list_done_sources,
    list_past_items,
    list_past_jobs,
    past_report,
)
from artifact_browser.transfers.second_reading import Reading, Verdict, read_job_again
from artifact_browser.transfers.state import Counts, Item, ItemSnapshot, ItemState, JobState
from artifact_browser.workers.job import Lane
from tests.transfers.conftest import Bench, TestContext
from tests.transfers.test_going_on import restored
from tests.transfers.test_half_planned import NAMES, broken_off, source
from tests.transfers.test_journal import RECORD, head, upload

__all__ = ["source"]

SECRET = "s3cr3t-ish"
#: what a disk, or a hand, may have put there
WRONG = [
    f"state = '{SECRET}'",
    f"error = '{{\"{SECRET}'",
    "error = '[1]'",
    f"last_error = '{{\"{SECRET}\": 1}}'",
    f"file_id = '{SECRET}'",
    f"name = '{SECRET}'",
    "name = x'ff'",
    f"size_bytes = '{SECRET}'",
    "state = CAST(x'71ff' AS TEXT)",
    "etag = CAST(x'ff' AS TEXT)",
]


@pytest.fixture
def context(tmp_path: Path) -> TestContext:
    return TestContext(in_home(tmp_path).make(), None)


def spoil(paths: Paths, number: int, change: str, job_id: str = "j1") -> None:
    with closing(sqlite3.connect(paths.journal_file)) as base, base:
        found = base.execute(
            f"UPDATE item SET {change} WHERE number = ? AND job = (SELECT key FROM job WHERE id = ?)",
            (number, job_id),
        )
        assert found.rowcount == 1


def told(context: TestContext, records: tuple[AccountRecord, ...] = (RECORD,)) -> list[tuple[str, bool, list[int]]]:
    """The jobs of the history: whether it has all of their items, and which."""
    found: list[tuple[str, bool, list[int]]] = []
    for event in read_history(context, records):
        if isinstance(event, JobKept):
            found.append((event.order.head.job_id, event.whole, []))
        else:
            assert isinstance(event, ItemsKept)
            found[-1][2].extend(one.item.number for one in event.items)
    return found


@pytest.mark.parametrize("wrong", WRONG)
def test_jobs_behind_a_row_that_makes_no_sense_are_shown(
    context: TestContext, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(context.paths.journal_file)
    for job_id in ("j1", "j2"):
        log = journal.begin(upload(job_id))
        log.keep(head(job_id, JobState.PAUSED), [ItemSnapshot(Item(n, "n", "s", f"t{n}")) for n in range(4)])
        log.planned()
    spoil(context.paths, 1, wrong)
    assert told(context) == [("j1", False, [0, 2, 3]), ("j2", True, [0, 1, 2, 3])]
    again = journal.begin(upload("j1", run=2, resumes=True))
    assert [left.one.item.number for page in again.left() for left in page] == [0, 2, 3]
    assert again.unreadable == 1
    assert [item.number for page in again.known() for item in page] == [0, 2, 3]
    assert list(journal.begun("j1", 2)) == []
    journal.close()
    assert "makes no sense: job 1, item 1" in caplog.text
    assert SECRET not in caplog.text


def test_a_history_goes_on_behind_rows_that_make_no_sense(context: TestContext) -> None:
    journal = Journal(context.paths.journal_file)
    kept = [ItemSnapshot(Item(n, f"n{n}", f"s{n}", f"t{n}"), ItemState.FAILED if n > 5 else ItemState.DONE) for n in range(9)]  # fmt: skip
    for job_id in ("j1", "j2", "j3"):
        journal.begin(upload(job_id)).keep(head(job_id, JobState.DONE_WITH_ERRORS), kept)
    journal.close()
    for number in (0, 1, 2, 7):
        spoil(context.paths, number, "last_error = '['")
    with closing(sqlite3.connect(context.paths.journal_file)) as base, base:
        base.execute("UPDATE job SET changed_us = key")
        base.execute("UPDATE job SET counts = '[' WHERE id = 'j3'")
        base.execute("UPDATE job SET title = CAST(x'ff' AS TEXT) WHERE id = 'j2'")
    (found,) = list_past_jobs(context, PastQuery(), None, 2)
    assert [job.snapshot.job_id for job in found] == ["j1"]
    (first,) = list_past_items(context, found[0].key, None, 3)
    (second,) = list_past_items(context, found[0].key, first[-1], 3)
    assert [one.item.number for one in (*first, *second)] == [6, 8, 3, 4, 5]
    assert [key for batch in list_done_sources(context, "j1") for key in batch] == ["s3", "s4", "s5"]
    report = past_report(context, found[0], ReportForm.TEXT)
    with pytest.raises(StopIteration) as end:
        next(report)
    assert [line.partition(":")[0] for line in end.value.value.splitlines()[4:]] == ["n6", "n8", "n3", "n4", "n5"]


def test_a_copy_of_which_a_row_makes_no_sense_is_not_taken_for_done(context: TestContext) -> None:
    place = Location("a", "b", "p/")
    order = CopyOrder(record=RECORD, head=head(counts=Counts(3)), sources=(place,), target=place)
    journal = Journal(context.paths.journal_file)
    log = journal.begin(order)
    states = (ItemState.DONE, ItemState.QUEUED, ItemState.QUEUED)
    log.keep(
        head(counts=Counts(3)), [ItemSnapshot(Item(n, "n", "s", f"t{n}"), state) for n, state in enumerate(states)]
    )
    log.planned()
    again = replace(order, run=2, resumes=True)
    assert len(_resumed(again, journal.begin(again))[0].again) == 2
    spoil(context.paths, 2, "state = '?'")
    with pytest.raises(DiskError, match="what is left"):
        _resumed(again, journal.begin(again))
    journal.close()


@pytest.mark.parametrize("bench", ["local", "s3"], indirect=True)
def test_what_makes_no_sense_of_a_whole_plan_is_found_anew(bench: Bench, source: Path) -> None:
    (source / "left.out").touch()
    (source / ".artifactignore").write_text("*.out\n")
    first = bench.queue.upload(bench.record, bench.at(), [source])
    end = bench.finish(first)
    count = end.counts.items

    def half(one: ItemSnapshot) -> ItemSnapshot:
        return one if one.item.number == 0 else replace(one, state=ItemState.QUEUED, verified="")

    order = broken_off(bench, first, half)
    job_id = order.head.job_id
    with closing(sqlite3.connect(bench.paths.journal_file)) as base, base:
        base.execute("UPDATE job SET planned = 1, counts = (SELECT counts FROM job WHERE id = ?) WHERE id = ?", (first.job_id, job_id))  # fmt: skip
    spoil(bench.paths, 2, "state = '?'", job_id)
    gone = [one.item.target for one in first.items() if one.item.number]
    with bench.driver() as driver:
        driver.delete_many(bench.bucket, gone)
    (handle,) = (one for one in restored(bench) if one.job_id == job_id)
    assert (handle.planned, handle.knows_all) == (True, False)
    handle.retry_failed()
    end = bench.finish(handle)
    assert (end.state, end.counts.items, end.counts.items_done, end.counts.left_out) == (JobState.DONE, count, count, 1)
    assert set(gone) <= set(bench.listed())
    assert bench.person.asked == []


def test_files_are_read_again_beside_a_row_that_makes_no_sense(local: Bench, source: Path) -> None:
    handle = local.queue.upload(local.record, local.at(), [source])
    local.finish(handle)
    spoil(local.paths, 0, "file_id = '?'", handle.job_id)
    reading = local.pool.run(read_job_again, local.record, handle.job_id, lane=Lane.ENGINE)
    assert isinstance(reading, Reading)
    assert (reading.items, reading.count(Verdict.SAME), reading.all_same) == (len(NAMES), len(NAMES) - 1, False)
