"""The history: what has ended is found in pages, by words and states, reported, tried again and forgotten."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.errors import AccessDenied, JobCancelled
from artifact_browser.paths import Paths, in_home
from artifact_browser.transfers.engine import clear_history
from artifact_browser.transfers.history import read_history
from artifact_browser.transfers.journal import Journal
from artifact_browser.transfers.journal_file import open_for_reading, read_jobs
from artifact_browser.transfers.journal_rows import read_items
from artifact_browser.transfers.pace import LEAST_BPS, Pace
from artifact_browser.transfers.past_jobs import (
    PastJob,
    PastQuery,
    ReportForm,
    list_past_items,
    list_past_jobs,
    past_report,
    revive_past_job,
)
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.queue import Restoring
from artifact_browser.transfers.state import Counts, Item, ItemSnapshot, ItemState, JobSnapshot, JobState, Verb
from artifact_browser.workers.job import Lane
from tests.transfers.conftest import Bench, TestContext, wait_for
from tests.transfers.test_journal import RECORD, head, upload

EVERYTHING = PastQuery()
DENIED = AccessDenied("No right to write.").record()


@pytest.fixture
def home(tmp_path: Path) -> Paths:
    return in_home(tmp_path).make()


@pytest.fixture
def context(home: Paths) -> TestContext:
    return TestContext(home, None)


@pytest.fixture
def past(home: Paths) -> Iterator[Journal]:
    """Five that have ended, one that runs."""
    journal = Journal(home.journal_file)
    for number, state in enumerate(
        (JobState.DONE, JobState.FAILED, JobState.DONE_WITH_ERRORS, JobState.CANCELLED, JobState.DONE, JobState.RUNNING)
    ):
        log = journal.begin(upload(f"j{number}", policy=Policy.SKIP))
        items = [
            ItemSnapshot(Item(0, f"Scans/{number}.raw", "s", "t", 5), ItemState.DONE, 0, "crc32c", attempts=3, last_error=DENIED),
            ItemSnapshot(Item(1, "=cmd()", "s\n2", "t2", 5), ItemState.FAILED, error=DENIED, last_error=DENIED, attempts=1),
        ]  # fmt: skip
        log.keep(head(f"j{number}", state, counts=Counts(2, 10, 1, 5, 1)), items)
        log.planned()
    journal.close()
    with sqlite3.connect(home.journal_file) as base:
        base.execute("UPDATE job SET changed_us = begun_us + key * 1000000")
        base.execute("UPDATE job SET title = 'other' WHERE id = 'j4'")
    base.close()
    journal = Journal(home.journal_file)
    yield journal
    journal.close()


def found(
    context: TestContext, query: PastQuery = EVERYTHING, below: PastJob | None = None, count: int = 9
) -> list[PastJob]:
    (page,) = list_past_jobs(context, query, below, count)
    return list(page)


def ids(jobs: list[PastJob]) -> list[str]:
    return [job.snapshot.job_id for job in jobs]


def test_what_has_ended_comes_in_pages_the_newest_first(context: TestContext, past: Journal) -> None:
    first = found(context, count=2)
    second = found(context, below=first[-1], count=2)
    third = found(context, below=second[-1], count=2)
    assert [ids(page) for page in (first, second, third)] == [["j4", "j3"], ["j2", "j1"], ["j0"]]
    assert first[0].ended_us == first[0].begun_us + 5_000_000


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (PastQuery("scans p"), ["j4", "j3", "j2", "j1", "j0"]),
        (PastQuery("OTHER"), ["j4"]),
        (PastQuery("other 2.raw"), []),
        (PastQuery("2.raw"), ["j2"]),
        (PastQuery("%"), []),
        (PastQuery(states=(JobState.FAILED, JobState.DONE_WITH_ERRORS)), ["j2", "j1"]),
        (PastQuery("upload 0.RAW", (JobState.DONE,)), ["j0"]),
    ],
)
def test_words_and_states_choose(context: TestContext, past: Journal, query: PastQuery, expected: list[str]) -> None:
    assert ids(found(context, query)) == expected


def test_no_journal_is_an_empty_history(context: TestContext) -> None:
    assert found(context) == []
    assert list(list_past_items(context, 1, None, 5)) == [()]


def test_a_search_that_is_cancelled_ends(context: TestContext, past: Journal) -> None:
    context.cancel.cancel()
    with pytest.raises(JobCancelled):
        found(context, PastQuery("x"))


def test_items_come_with_the_failures_first(context: TestContext, past: Journal) -> None:
    (job, *_) = found(context)
    (items,) = list_past_items(context, job.key, None, 5)
    assert [(one.item.number, one.attempts, one.last_error) for one in items] == [(1, 1, DENIED), (0, 3, DENIED)]
    assert list(list_past_items(context, job.key, items[0], 5)) == [(items[1],)]


def report(context: TestContext, job: PastJob, form: ReportForm) -> str:
    steps = past_report(context, job, form)
    with pytest.raises(StopIteration) as end:
        next(steps)
    text = end.value.value
    assert isinstance(text, str)
    return text


def test_a_report_names_every_item_and_its_error(context: TestContext, past: Journal) -> None:
    (job, *_) = found(context)
    text = report(context, job, ReportForm.TEXT)
    assert text.splitlines()[0] == "Upload: other -> b/p"
    assert "=cmd(): failed, 5 bytes, " in text
    assert "Scans/4.raw: done, 5 bytes, checked by crc32c, tried 3 times" in text
    assert text.count("No right to write.") == 2


def test_a_csv_report_is_read_back_and_holds_no_formula(context: TestContext, past: Journal) -> None:
    (job, *_) = found(context)
    rows = list(csv.DictReader(io.StringIO(report(context, job, ReportForm.CSV))))
    assert [(row["name"], row["source"], row["state"], row["attempts"]) for row in rows] == [
        ("'=cmd()", "s\\n2", "failed", "1"),
        ("Scans/4.raw", "s", "done", "3"),
    ]


def test_clearing_forgets_what_has_ended_and_nothing_else(context: TestContext, past: Journal) -> None:
    assert past.clear(("j1",)) == 4
    assert ids(found(context)) == ["j1"]
    with open_for_reading(context.paths.journal_file) as base:
        assert [job.snapshot.job_id for job in read_jobs(base)] == ["j1", "j5"]
        assert base.execute("SELECT count(*) FROM item").fetchone() == (4,)


@pytest.mark.parametrize(
    ("state", "verb", "can"),
    [
        (JobState.FAILED, Verb.UPLOAD, True),
        (JobState.CANCELLED, Verb.DOWNLOAD, True),
        (JobState.DONE, Verb.UPLOAD, False),
        (JobState.FAILED, Verb.DELETE, False),
    ],
)
def test_what_can_be_tried_again(state: JobState, verb: Verb, can: bool) -> None:
    assert PastJob(1, 0, 0, JobSnapshot("j", verb, "t", "x", "a", state)).can_retry is can


def test_a_job_whose_account_is_gone_is_not_brought_back(context: TestContext, past: Journal) -> None:
    job = found(context, PastQuery(states=(JobState.FAILED,)))[0]
    assert list(revive_past_job(context, job.key, ())) == []
    assert len(list(revive_past_job(context, job.key, (RECORD,)))) == 2


@pytest.fixture
def slow(local: Bench) -> Iterator[Pace]:
    """To slow the movers down with; without a limit again afterwards."""
    pace = Pace(local.paths)
    yield pace
    pace.choose(0, 8)
    pace.close()


def test_a_done_job_of_an_earlier_run_is_in_the_history_only_and_a_cancelled_one_can_be_done(
    local: Bench, slow: Pace, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    done = local.queue.upload(local.record, local.at(), [tmp_path / "file"])
    local.finish(done)
    source = tmp_path / "much"
    source.mkdir()
    for number in range(300):
        (source / str(number)).write_bytes(bytes(2000))
    slow.choose(LEAST_BPS, 8)  # it would take a minute
    cancelled = local.queue.upload(local.record, local.at(), [source])
    wait_for(lambda: cancelled.planned, "for its plan")
    cancelled.cancel()
    local.queue.settle()
    slow.choose(0, 8)

    def history() -> dict[str, Any]:
        return {
            job.snapshot.job_id: job
            for page in local.pool.iterate(list_past_jobs, EVERYTHING, None, 1000)
            for job in page
        }

    wait_for(lambda: {done.job_id, cancelled.job_id} <= set(history()), "for the journal")
    shown = local.pool.iterate(read_history, (local.record,))
    assert done.job_id not in {kept.order.head.job_id for kept in shown if hasattr(kept, "order")}
    assert cancelled.snapshot.state is JobState.CANCELLED
    restoring = Restoring(local.queue)
    local.queue.remove(cancelled)
    for event in local.pool.iterate(revive_past_job, history()[cancelled.job_id].key, (local.record,)):
        restoring.take(event)
    restoring.end()
    (again,) = [handle for handle in local.queue.handles if handle.job_id == cancelled.job_id]
    again.retry_failed()
    assert local.finish(again).state is JobState.DONE
    assert len(local.listed("much/")) == 300
    local.pool.run(clear_history, (), lane=Lane.ENGINE)
    assert not {done.job_id, cancelled.job_id} & set(history())


#: the first released schema, word for word
SCHEMA_1 = """
    CREATE TABLE job (
        key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
        run INTEGER NOT NULL, begun_us INTEGER NOT NULL, changed_us INTEGER NOT NULL,
        kind TEXT NOT NULL, details TEXT NOT NULL, policy TEXT NOT NULL,
        verb TEXT NOT NULL, title TEXT NOT NULL, target TEXT NOT NULL, account_id TEXT NOT NULL,
        state TEXT NOT NULL, stopped INTEGER NOT NULL DEFAULT 0, planned INTEGER NOT NULL DEFAULT 0, hidden INTEGER NOT NULL DEFAULT 0,
        verified TEXT NOT NULL DEFAULT '', error TEXT, counts TEXT NOT NULL
    );
    CREATE TABLE item (
        job INTEGER NOT NULL REFERENCES job (key) ON DELETE CASCADE, number INTEGER NOT NULL,
        name BLOB NOT NULL, source BLOB NOT NULL, target BLOB NOT NULL,
        size_bytes INTEGER NOT NULL, modified_us INTEGER NOT NULL, etag TEXT NOT NULL, file_id TEXT NOT NULL,
        folder INTEGER NOT NULL, replaces INTEGER NOT NULL, begun TEXT NOT NULL,
        state TEXT NOT NULL, verified TEXT NOT NULL, note TEXT NOT NULL, error TEXT,
        PRIMARY KEY (job, number)
    ) WITHOUT ROWID;
    CREATE TABLE part (
        job INTEGER NOT NULL REFERENCES job (key) ON DELETE CASCADE, item INTEGER NOT NULL, begun TEXT NOT NULL,
        number INTEGER NOT NULL, size_bytes INTEGER NOT NULL, etag TEXT NOT NULL, checksum TEXT NOT NULL,
        boot TEXT NOT NULL,
        PRIMARY KEY (job, item, begun, number)
    ) WITHOUT ROWID;
    INSERT INTO job VALUES (7, 'old', 2, 1, 9000000000000000, 'upload',
        '{"target": {"account_id": "a", "bucket": "b", "key": "p/"}, "paths": ["x"]}', 'skip', 'Upload', 'scans', 'b/p',
        'a', 'failed', 0, 1, 0, '', NULL,
        '{"items": 1, "bytes": 3, "items_done": 0, "bytes_done": 0, "items_failed": 1, "items_skipped": 0}');
    INSERT INTO item VALUES (7, 0, X'66', X'73', X'74', 3, -5, 'e', '18446744073709551615', 0, 1, 'u1', 'failed', '', 'n', NULL);
    INSERT INTO part VALUES (7, 0, 'u1', 1, 3, 'etag', 'sum', 'boot');
    PRAGMA user_version = 1;
"""


def test_a_journal_of_the_first_schema_is_read_before_it_is_brought_up_to_date_and_after(context: TestContext) -> None:
    path = context.paths.journal_file
    with sqlite3.connect(path) as base:
        base.executescript(SCHEMA_1)
    base.close()
    kept = ItemSnapshot(
        Item(0, "f", "s", "t", 3, -5, "e", 2**64 - 1, replace=True, begun="u1"), ItemState.FAILED, note="n"
    )

    def look() -> list[ItemSnapshot]:
        with open_for_reading(path) as base:
            (job,) = read_jobs(base)
            return [item for batch in read_items(base, job.key) for item in batch]

    assert look() == [kept]
    journal = Journal(path)
    assert look() == [kept]
    (job,) = found(context)
    assert job.snapshot.title == "scans"
    item = kept.item
    assert [part.etag for part in journal.parts("old", item)] == ["etag"]
    tried = ItemSnapshot(item, ItemState.QUEUED, attempts=2, last_error=DENIED)
    log = journal.begin(upload("old", again=(item,), run=3))
    log.keep(head("old", JobState.RUNNING), [tried])
    log.keep(head("old", JobState.RUNNING), [ItemSnapshot(item, ItemState.DONE, attempts=2)])
    assert [(one.attempts, one.last_error, one.state) for one in look()] == [(2, DENIED, ItemState.DONE)]
    journal.close()
