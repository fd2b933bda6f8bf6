"""The tree's model under Qt's own tester: lazy, failed lines are tried again, accounts come and go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from artifact_browser.accounts.record import THIS_COMPUTER, AccountRecord
from artifact_browser.gui.browse import bucket_tree_model, tree_pages
from artifact_browser.gui.browse.bucket_tree_model import BucketTreeModel
from artifact_browser.gui.browse.tree_nodes import Loaded
from artifact_browser.storage.location import Location
from tests.gui.browse.person import Person, until
from tests.parts.s3_server import S3Server
from tests.storage.paged_store import PagedStore, paged
from tests.storage.s3.scripted import error


@pytest.fixture
def model(person: Person) -> Iterator[BucketTreeModel]:
    made = BucketTreeModel(person.services, person.window.bridge)
    tester = QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    tester.setUseFetchMore(False)  # it would open every line there is
    yield made
    made.deleteLater()


@pytest.fixture
def store() -> Iterator[PagedStore]:
    with paged(["a/x", "b/y", "top"]) as made:
        yield made


@pytest.fixture
def account(person: Person, store: PagedStore) -> AccountRecord:
    return person.add_account(replace(store.record, buckets=("one",)))


def top(model: BucketTreeModel, account_id: str) -> QModelIndex:
    rows = (model.index(row, 0) for row in range(model.rowCount()))
    return next(index for index in rows if model.node(index).location.account_id == account_id)


def shown(model: BucketTreeModel, parent: QModelIndex) -> list[str]:
    return [model.index(row, 0, parent).data() for row in range(model.rowCount(parent))]


def loaded(model: BucketTreeModel, parent: QModelIndex) -> list[str]:
    """Open a line, as the view does, and wait for what is below."""
    if model.canFetchMore(parent):
        model.fetchMore(parent)
        assert shown(model, parent) == ["Listing\u2026"]
    until(lambda: model.node(parent).loaded in {Loaded.YES, Loaded.FAILED}, "listed")
    return shown(model, parent)


def test_a_level_is_listed_when_it_is_opened(model: BucketTreeModel, store: PagedStore, account: AccountRecord) -> None:
    model.reload_accounts()
    line = top(model, account.id)
    assert (model.hasChildren(line), model.rowCount(line), store.asked) == (True, 0, [])
    assert loaded(model, line) == ["listed", "one"]
    asked = len(store.asked)
    bucket = model.index(1, 0, line)
    assert model.hasChildren(bucket)
    assert len(store.asked) == asked
    assert loaded(model, bucket) == ["a", "b"]
    assert store.listed == 1
    assert bucket.data(Qt.ItemDataRole.ToolTipRole) == "s3://one/"
    assert model.index(0, 0, bucket).data(Qt.ItemDataRole.ToolTipRole) == "s3://one/a/"
    assert model.index(0, 0, bucket).data(Qt.ItemDataRole.AccessibleDescriptionRole) == "prefix"


def test_a_failed_line_says_why_and_is_listed_again(
    model: BucketTreeModel, store: PagedStore, account: AccountRecord
) -> None:
    store.refusal = error("AccessDenied", 403)
    model.reload_accounts()
    line = top(model, account.id)
    loaded(model, line)
    bucket = model.index(1, 0, line)
    (said,) = loaded(model, bucket)
    assert said.startswith("Access denied: ")
    store.refusal = None
    model.reload(Location(account.id, "one"))
    assert loaded(model, bucket) == ["a", "b"]


def test_a_click_on_a_failed_line_tries_again(person: Person, store: PagedStore, account: AccountRecord) -> None:
    store.refusal = error("AccessDenied", 403)
    bucket = person.tree_index(account.name, "one")
    person.tree.expand(bucket)
    until(lambda: str(person.tree.model().index(0, 0, bucket).data()).startswith("Access denied"), "it says why")
    store.refusal = None
    person.click_tree(person.tree.model().index(0, 0, bucket))
    assert person.tree_index(account.name, "one", "a").isValid()


def test_a_reload_keeps_what_is_open_and_takes_over_what_changed(
    model: BucketTreeModel, store: PagedStore, account: AccountRecord
) -> None:
    model.reload_accounts()
    line = top(model, account.id)
    loaded(model, line)
    bucket = model.index(1, 0, line)
    loaded(model, bucket)
    store.keys = ["0/x", "b/y/z", "b/x"]
    inner = model.node(model.index(1, 0, bucket))
    model.reload(Location(account.id, "one"))
    until(lambda: shown(model, bucket) == ["0", "b"], "a is gone, 0 is new")
    assert model.node(model.index(1, 0, bucket)) is inner
    assert loaded(model, model.index_of(inner)) == ["y"]
    store.keys = []
    model.reload(Location(account.id, "one"))
    until(lambda: shown(model, bucket) == [], "nothing is left")
    assert not model.hasChildren(bucket)


def test_accounts_come_change_and_go(model: BucketTreeModel, person: Person, moto: S3Server) -> None:
    before = model.rowCount()
    record = person.add_account(moto.record, moto.secret)
    model.reload_accounts()
    assert model.rowCount() == before + 1
    loaded(model, top(model, record.id))
    person.services.book.replace(replace(record, name="Renamed", read_only=True))
    model.reload_accounts()
    line = top(model, record.id)
    assert (line.data(), line.data(Qt.ItemDataRole.AccessibleDescriptionRole)) == ("Renamed", "account, read-only")
    person.services.book.remove(record.id)
    model.reload_accounts()
    assert model.rowCount() == before
    assert shown(model, QModelIndex())[0] == "This computer"


def test_what_is_wanted_is_listed_on_the_way(model: BucketTreeModel, person: Person) -> None:
    place = person.new_bucket({"a/b/c": b""})
    model.reload(Location(THIS_COMPUTER))  # the tester has opened it when it was made
    until(lambda: place.bucket in shown(model, top(model, THIS_COMPUTER)), "the bucket is there")
    wanted = Location(THIS_COMPUTER, place.bucket, "a/b/")
    for depth in range(2):
        index = model.ensure(wanted)
        until(lambda index=index: model.node(index).loaded is Loaded.YES, f"level {depth} is listed")
    assert model.node(model.ensure(wanted)).location == wanted


def test_an_account_without_buckets_says_so(model: BucketTreeModel, person: Person) -> None:
    with paged([], buckets_denied=True) as store:
        denied = person.add_account(store.record)
        model.reload_accounts()
        assert loaded(model, top(model, denied.id)) == ["Open a bucket by name\u2026"]


def test_pages_and_filters_keep_the_model_sound(
    model: BucketTreeModel, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under Qt's tester, with small pages: what comes, goes and stays in one step."""
    for where in (tree_pages, bucket_tree_model):
        monkeypatch.setattr(where, "BUCKETS_A_PAGE", 10)
    monkeypatch.setattr(tree_pages, "MOST_CHILDREN", 90)
    names = tuple(f"b-{number:02d}" for number in range(23))
    with paged([f"p{number:04d}/x" for number in range(150)], page_size=4, buckets=names) as store:
        record = person.add_account(store.record)
        model.reload_accounts()
        line = top(model, record.id)
        assert loaded(model, line) == [*names[:10], "13 more buckets\u2026"]
        inner = model.node(model.index(5, 0, line))
        assert len(loaded(model, model.index_of(inner))) == 81
        model.show_more(inner)
        until(lambda: inner.loaded is Loaded.YES, "the next page")
        rows = shown(model, model.index_of(inner))
        assert rows == ["From the first\u2026", *(f"p{number:04d}" for number in range(60, 150))]
        model.set_filter("5")
        assert shown(model, line) == ["b-05", "b-15"]
        assert model.node(model.index(0, 0, line)) is inner
        model.set_filter("no such name")
        assert shown(model, line) == ["No bucket matches"]
        model.set_filter("")
        model.show_more(model.node(line))
        model.show_more(model.node(line))
        assert shown(model, line) == ["From the first of 23 buckets\u2026", *names[20:]]
        model.show_first(model.node(line))
        assert shown(model, line) == [*names[:10], "13 more buckets\u2026"]
