"""The journal by itself: what is written comes back, whatever happens to the file."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.errors import AccessDenied, JournalNewer
from artifact_browser.storage.location import Location
from artifact_browser.transfers.choice import EVERYTHING, Links, TreeChoice
from artifact_browser.transfers.copy import CopyOrder, FolderOrder, RenameOrder
from artifact_browser.transfers.delete import DeleteOrder, DeletePlan
from artifact_browser.transfers.download import DownloadOrder
from artifact_browser.transfers.journal import Journal
from artifact_browser.transfers.journal_file import (
    MIGRATIONS,
    KeptJob,
    open_for_reading,
    read_jobs,
    read_untidy,
)
from artifact_browser.transfers.journal_rows import read_items
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.order_text import order_from_text, order_to_text
from artifact_browser.transfers.policy import Decision, GroupPolicies, Policy, decision_of
from artifact_browser.transfers.state import (
    Counts,
    Item,
    ItemSnapshot,
    ItemState,
    JobSnapshot,
    JobState,
    PartDone,
    Verb,
)
from artifact_browser.transfers.upload import UploadOrder

RECORD = AccountRecord("a", AccountKind.S3, "Lab")
ODD = "odd \udcff\t\u202e\U0001f600/x"


def head(job_id: str = "j1", state: JobState = JobState.QUEUED, **facts: Any) -> JobSnapshot:
    return JobSnapshot(job_id, Verb.UPLOAD, "scans", "b/p", "a", state, **facts)


def upload(job_id: str = "j1", **facts: Any) -> UploadOrder:
    return UploadOrder(record=RECORD, head=head(job_id), target=Location("a", "b", "p/"), paths=(ODD,), **facts)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def jobs(path: Path) -> list[KeptJob]:
    with open_for_reading(path) as base:
        return read_jobs(base)


def items(path: Path, key: int) -> list[ItemSnapshot]:
    with open_for_reading(path) as base:
        return [item for batch in read_items(base, key) for item in batch]


texts = st.text(max_size=20) | st.just(ODD)
places = st.builds(Location, texts, texts, texts)
choices = st.builds(
    TreeChoice,
    *(st.lists(texts).map(tuple) for _ in range(3)),
    ignore_above=st.booleans(),
    links=st.sampled_from(Links),
)
common = {"record": st.just(RECORD), "head": st.just(head()), "policy": st.sampled_from(Policy)}
orders: st.SearchStrategy[Order] = st.one_of(
    st.builds(UploadOrder, target=places, paths=st.lists(texts).map(tuple), choice=choices, **common),
    st.builds(
        DownloadOrder,
        sources=st.lists(places).map(tuple),
        folder=texts,
        choice=choices,
        names=st.lists(texts).map(tuple),
        versions=st.lists(texts).map(tuple),
        **common,
    ),
    st.builds(CopyOrder, sources=st.lists(places).map(tuple), target=places, move=st.booleans(), **common),
    st.builds(RenameOrder, source=places, name=texts, **common),
    st.builds(FolderOrder, parent=places, name=texts, **common),
    st.builds(
        DeleteOrder,
        delete=st.builds(DeletePlan, texts, texts, st.integers(0), st.integers(0), st.booleans()),
        above=places,
        **common,
    ),
)


@given(orders)
def test_every_order_comes_back_from_its_text(order: Order) -> None:
    kind, details = order_to_text(order)
    assert details.isascii()
    assert order_from_text(kind, details, RECORD, order.head, order.policy) == order


@pytest.mark.parametrize("decision", [*Policy, GroupPolicies(), GroupPolicies(*[Policy.KEEP_BOTH] * 4)])
def test_a_decision_comes_back_from_the_journal(path: Path, decision: Decision) -> None:
    journal = Journal(path)
    journal.begin(upload(policy=decision))
    (kept,) = jobs(path)
    assert (kept.policy, kept.policy.skips_newcomers) == (decision, decision.skips_newcomers)
    journal.close()


def test_a_decision_that_makes_no_sense_is_refused() -> None:
    for text in [
        "",
        "all",
        "identical: skip",
        "identical: skip, source newer: replace, target newer: x, different: skip",
    ]:
        with pytest.raises(ValueError):  # noqa: PT011 - an enumeration's own
            decision_of(text)


def test_orders_of_a_version_before_filters_take_everything() -> None:
    """As the first released version wrote them."""
    place = '{"account_id": "a", "bucket": "b", "key": "p/"}'
    up = order_from_text("upload", f'{{"target": {place}, "paths": ["/x"]}}', RECORD, head(), Policy.ASK)
    down = order_from_text("download", f'{{"sources": [{place}], "folder": "/x"}}', RECORD, head(), Policy.ASK)
    assert isinstance(up, UploadOrder)
    assert isinstance(down, DownloadOrder)
    assert up.choice == down.choice == EVERYTHING


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("nothing", "{}"),
        ("upload", "[]"),
        ("upload", "{"),
        ("upload", '{"target": 3, "paths": []}'),
        ("upload", '{"paths": []}'),
        ("rename", '{"source": {"account_id": "a", "bucket": "b", "key": 1}, "name": "x"}'),
        ("download", '{"sources": [], "folder": "x", "more": 1}'),
    ],
)
def test_a_text_that_is_no_order_is_refused(kind: str, details: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own among them
        order_from_text(kind, details, RECORD, head(), Policy.ASK)


def test_a_job_comes_back_with_its_items_and_parts(path: Path) -> None:
    journal = Journal(path)
    log = journal.begin(upload(policy=Policy.SKIP))
    refused = AccessDenied("No.").record()
    kept = [
        ItemSnapshot(Item(0, ODD, ODD, ODD, 3, -5, "e", 2**64 - 1, begun="u1"), ItemState.RUNNING),
        ItemSnapshot(Item(1, "b", "c", "d", folder=True, replace=True), ItemState.DONE, 0, "crc32c", "a note"),
        ItemSnapshot(Item(2, "e", "f", "g"), ItemState.FAILED, error=refused),
    ]
    counts = Counts(3, 3, 1, 0, 1, 0)
    part = PartDone(4, 16, "etag", "sum")
    log.keep(head(state=JobState.RUNNING, counts=counts), kept, [(kept[0].item, part)])
    (job,) = jobs(path)  # while the writer has it open
    assert (job.planned, job.policy, job.snapshot.counts, job.run) == (False, Policy.SKIP, counts, 1)
    assert order_from_text(job.kind, job.details, RECORD, head(), job.policy) == upload(policy=Policy.SKIP)
    log.planned()
    assert jobs(path)[0].planned
    assert items(path, job.key) == kept
    assert journal.parts("j1", kept[0].item) == (part,)
    assert journal.parts("j1", Item(0, ODD, ODD, ODD, begun="another")) == ()
    assert path.stat().st_mode & 0o077 == 0
    journal.close()


def test_parts_of_a_file_do_not_outlive_a_start_of_the_computer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    item, upload_part, range_ = Item(0, "n", "s", "t", begun="b"), PartDone(1, 5, "etag"), PartDone(2, 5)
    seen = []
    for boot in ("first", "first", "second", ""):
        monkeypatch.setattr("artifact_browser.transfers.journal_base.boot_id", lambda boot=boot: boot)
        journal = Journal(path)
        if not seen:
            journal.begin(upload()).keep(head(), [ItemSnapshot(item)], [(item, upload_part), (item, range_)])
        seen.append(journal.parts("j1", item))
        journal.close()
    assert seen == [(upload_part, range_), (upload_part, range_), (upload_part,), (upload_part,)]


def test_secrets_of_errors_stay_outside(path: Path) -> None:
    journal = Journal(path)
    error = AccessDenied("No.", technical="aws_secret_access_key=TOPSECRETVALUE").record()
    item = ItemSnapshot(Item(0, "n", "s", "t"), ItemState.FAILED, error=error)
    journal.begin(upload()).keep(head(state=JobState.FAILED, error=error), [item])
    journal.close()
    assert jobs(path)[0].snapshot.error is not None
    assert not [one for one in path.parent.iterdir() if b"TOPSECRET" in one.read_bytes()]


def test_only_the_last_run_is_heard_and_a_stopped_one_is_not(path: Path) -> None:
    journal = Journal(path)
    first = journal.begin(upload())
    first.keep(head(state=JobState.RUNNING))
    item = Item(0, "n", "s", "t")
    second = journal.begin(upload(again=(item,), run=2))
    first.keep(head(state=JobState.FAILED), [ItemSnapshot(item)])
    first.planned()
    assert (jobs(path)[0].snapshot.state, jobs(path)[0].planned) == (JobState.QUEUED, False)
    second.keep(head(state=JobState.RUNNING))
    journal.stop("j1", 1, JobState.CANCELLED)  # came late: the second run goes on
    assert jobs(path)[0].snapshot.state is JobState.RUNNING
    journal.stop("j1", 2, JobState.FAILED)
    second.keep(head(state=JobState.RUNNING))
    assert jobs(path)[0].snapshot.state is JobState.FAILED
    journal.stop("j2", 1, JobState.CANCELLED)  # before it has begun
    journal.begin(upload("j2")).keep(head("j2", JobState.RUNNING), [ItemSnapshot(item)])
    assert items(path, jobs(path)[-1].key) == []
    journal.close()


def test_what_was_ordered_is_there_before_it_begins(path: Path) -> None:
    journal = Journal(path)
    journal.enter(upload("waits", policy=Policy.SKIP))
    assert [(job.snapshot.job_id, job.run, job.policy) for job in jobs(path)] == [("waits", 1, Policy.SKIP)]
    begun = journal.begin(upload("waits", policy=Policy.SKIP))
    begun.keep(head("waits", JobState.RUNNING), two := [ItemSnapshot(Item(n, "n", "s", "t")) for n in range(2)])
    journal.enter(upload("waits"))  # heard late: it has begun
    assert items(path, 1) == two
    assert jobs(path)[0].snapshot.state is JobState.RUNNING
    journal.stop("cancelled", 1, JobState.CANCELLED)
    journal.enter(upload("cancelled"))
    assert len(jobs(path)) == 1
    journal.close()


def test_what_a_failed_sync_leaves_in_doubt_is_looked_at_again(path: Path, tmp_path: Path) -> None:
    """Also before the computer is started anew."""
    order = DownloadOrder(record=RECORD, head=head(), sources=(Location("a", "b", "k/"),), folder=str(tmp_path))
    journal = Journal(path)
    log = journal.begin(order)
    done = [ItemSnapshot(Item(n, "n", "s", f"t{n}"), ItemState.DONE) for n in range(3)]
    log.keep(head(), done)
    log.durable([0])
    again = replace(order, run=2, resumes=True)
    assert [left for page in journal.begin(again).left() for left in page] == []
    (third := journal.begin(replace(again, run=3))).doubt()
    third.durable(None)  # of a sync that went well: not of these
    resumed = journal.begin(replace(again, run=4))
    assert [(left.one.item.number, left.doubted) for page in resumed.left() for left in page] == [(1, True), (2, True)]
    assert resumed.carried().counts.items_done == 1
    journal.close()


def test_a_plan_made_anew_forgets_the_old_items_and_a_retry_keeps_them(path: Path) -> None:
    journal = Journal(path)
    two = [ItemSnapshot(Item(n, "n", "s", "t")) for n in range(2)]
    journal.begin(upload()).keep(head(), two)
    (job,) = jobs(path)
    again = ItemSnapshot(two[1].item, ItemState.DONE)
    journal.begin(upload(again=(two[1].item,), run=2)).keep(head(), [again])
    assert items(path, job.key) == [two[0], again]
    journal.begin(upload(run=3)).keep(head(), [again])
    assert items(path, job.key) == [again]
    journal.close()


def test_done_cancelled_and_removed_jobs_are_not_shown_again(path: Path) -> None:
    journal = Journal(path)
    for job_id, state in (("done", JobState.DONE), ("failed", JobState.FAILED), ("gone", JobState.FAILED)):
        journal.begin(upload(job_id)).keep(head(job_id, state))
    journal.begin(upload("cancelled"))
    journal.stop("cancelled", 1, JobState.CANCELLED)
    journal.hide(["gone"])
    assert [job.snapshot.job_id for job in jobs(path)] == ["failed"]
    journal.close()


def test_old_ended_jobs_are_forgotten_with_their_items(path: Path) -> None:
    journal = Journal(path)
    for number in range(3):
        log = journal.begin(upload(f"j{number}"))
        log.keep(head(f"j{number}", JobState.FAILED), [ItemSnapshot(Item(0, "n", "s", "t"))])
    journal.begin(upload("runs"))
    journal.close()
    with sqlite3.connect(path) as base:
        base.execute("UPDATE job SET changed_us = 5 WHERE id IN ('j0', 'runs')")
    base.close()
    Journal(path).close()
    assert [job.snapshot.job_id for job in jobs(path)] == ["j1", "j2", "runs"]
    with open_for_reading(path) as base:
        assert base.execute("SELECT count(*) FROM item").fetchone() == (2,)


def test_a_journal_with_too_many_items_forgets_the_oldest_jobs_that_only_the_history_shows(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(path)
    states = {
        "paused": JobState.PAUSED, "failed": JobState.FAILED, "first": JobState.DONE, "second": JobState.DONE,
        "third": JobState.DONE, "last": JobState.DONE,
    }  # fmt: skip
    for job_id, state in states.items():
        items_of = [ItemSnapshot(Item(n, "n", "s", "t")) for n in range(30 if job_id == "last" else 10)]
        journal.begin(upload(job_id)).keep(head(job_id, state), items_of)
    journal.close()
    monkeypatch.setattr("artifact_browser.transfers.journal_file.KEPT_ITEMS", 25)
    Journal(path).close()
    with open_for_reading(path) as base:
        kept = [job_id for (job_id,) in base.execute("SELECT id FROM job ORDER BY key")]
    assert kept == ["paused", "failed", "second", "third", "last"]


@pytest.mark.parametrize("too", ["old", "many"])
def test_what_a_forgotten_job_has_left_stays_known(path: Path, monkeypatch: pytest.MonkeyPatch, too: str) -> None:
    """Its upload in parts could not be removed yet: nobody else knows of it."""
    journal = Journal(path)
    left = ItemSnapshot(Item(0, "n", "s", "key", begun="upload"), ItemState.FAILED)
    for job_id in ("left", "tidy"):
        others = [ItemSnapshot(Item(n, "n", "s", "t"), ItemState.DONE) for n in range(1, 10)]
        journal.begin(upload(job_id)).keep(head(job_id, JobState.CANCELLED), [left, *others])
    journal.tidied("tidy", 1)
    journal.begin(upload("last")).keep(head("last", JobState.DONE), [ItemSnapshot(Item(0, "n", "s", "t"))])
    journal.close()
    if too == "many":
        monkeypatch.setattr("artifact_browser.transfers.journal_file.KEPT_ITEMS", 5)
    else:
        with sqlite3.connect(path) as base:
            base.execute("UPDATE job SET changed_us = 5 WHERE id != 'last'")
        base.close()
    for _ in range(2):
        Journal(path).close()
        with open_for_reading(path) as base:
            assert [job.snapshot.job_id for job in read_untidy(base)] == ["left"]
            assert [job_id for (job_id,) in base.execute("SELECT id FROM job ORDER BY key")] == ["left", "last"]
            assert [one for page in read_items(base, 1) for one in page] == [left]


def test_a_newer_journal_is_left_as_it_is_and_named(path: Path) -> None:
    Journal(path).close()
    with sqlite3.connect(path) as base:
        base.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    base.close()
    before = path.read_bytes()
    journal = Journal(path)
    assert isinstance(journal.trouble, JournalNewer)
    journal.begin(upload()).keep(head(), [ItemSnapshot(Item(0, "n", "s", "t"))])  # goes on without
    journal.close()
    assert path.read_bytes() == before
    with pytest.raises(JournalNewer):
        open_for_reading(path)


@pytest.mark.parametrize("damage", [b"rubbish" * 1000, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_journal_is_set_aside_and_a_new_one_begun(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)
    journal = Journal(path)
    journal.begin(upload()).keep(head(state=JobState.RUNNING))
    assert len(jobs(path)) == 1
    journal.close()
    (aside,) = [one for one in path.parent.iterdir() if ".damaged-" in one.name]
    assert aside.read_bytes() == damage


def test_damage_found_while_writing_ends_nothing(path: Path) -> None:
    journal = Journal(path)
    log = journal.begin(upload())
    for number in range(50):
        log.keep(head(), [ItemSnapshot(Item(number * 200 + n, "n" * 100, "s", "t")) for n in range(200)])
    journal.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    journal = Journal(path)
    for _ in range(3):
        journal.begin(upload("j2")).keep(head("j2", JobState.RUNNING), [ItemSnapshot(Item(0, "n", "s", "t"))])
    assert [job.snapshot.job_id for job in jobs(path)] == ["j2"]
    journal.close()


def test_a_journal_that_cannot_be_opened_stops_nothing(path: Path) -> None:
    path.mkdir()
    journal = Journal(path)
    journal.begin(upload()).keep(head(), [ItemSnapshot(Item(0, "n", "s", "t"))])
    assert journal.parts("j1", Item(0, "n", "s", "t", begun="u")) == ()
    journal.close()


def test_a_pause_that_comes_behind_a_cancel_of_the_same_run_is_not_heard(path: Path) -> None:
    journal = Journal(path)
    journal.begin(upload()).keep(head(state=JobState.RUNNING))
    journal.stop("j1", 1, JobState.CANCELLED)
    journal.stop("j1", 1, JobState.PAUSED)
    assert jobs(path) == []
    journal.close()
