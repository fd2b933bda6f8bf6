"""A place that was listed before: its rows are there at once and say of when; the store decides what is true."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from artifact_browser.accounts.record import THIS_COMPUTER, AccountRecord
from artifact_browser.gui.accounts.small_dialogs import RemoveAccountDialog
from artifact_browser.gui.browse.listing_model import TableColumn
from artifact_browser.gui.browse.listing_state import ListingStatus
from artifact_browser.gui.transfers.delete_dialog import DeleteDialog
from artifact_browser.storage.location import Location
from tests.gui.browse.person import Person, until
from tests.gui.browse.test_rows import press_heading, search, sort_by_name
from tests.storage.paged_store import PagedStore, paged
from tests.storage.s3.scripted import error

ELSEWHERE = Location(THIS_COMPUTER)


@pytest.fixture(autouse=True)
def by_name(person: Person) -> Iterator[None]:
    yield
    sort_by_name(person)


@pytest.fixture
def many() -> Iterator[PagedStore]:
    with paged([f"k{number:05d}" for number in range(3000)]) as store:
        yield store


@pytest.fixture
def account(person: Person, many: PagedStore) -> AccountRecord:
    """Its bucket was listed, and left; until :meth:`PagedStore.let_through` no page comes any more."""
    record = person.add_account(many.record)
    person.go(Location(record.id, "b"))
    until(lambda: kept(person, record), "it is kept")
    person.go(ELSEWHERE)
    many.let_through(many.listed)
    return record


def kept(person: Person, record: AccountRecord) -> list[Path]:
    """What is on the disk of the account's listings."""
    root = person.services.paths.cache / "kept-listings"
    found = []
    for folder, _, names in os.walk(root):
        about = Path(folder, "about.json")
        with suppress(FileNotFoundError):  # replaced or removed just now
            if "about.json" in names and "new-" not in folder and f'"{record.id}"' in about.read_text():
                found.append(about)
    return found


def reopened(person: Person, account: AccountRecord) -> Location:
    place = Location(account.id, "b")
    person.window.navigator.go(place)
    until(lambda: person.table.model().rowCount() == 3000, "the earlier rows are there")
    return place


def test_earlier_rows_are_there_at_once_and_give_way_without_a_jolt(
    person: Person, many: PagedStore, account: AccountRecord
) -> None:
    place = reopened(person, account)
    assert person.state.status is ListingStatus.LISTING
    assert person.table.isVisible()
    assert "3,000 blobs" in person.words()
    assert "as of now" in person.words() or "ago" in person.words()
    assert "listing anew\u2026" in person.words()
    person.select("k01500")
    scroll = person.table.verticalScrollBar().value()
    assert scroll > 0
    many.keys.remove("k00001")
    many.keys += ["k01500x", "k01501x"]
    many.let_through(None)
    person.arrived(place)
    assert person.names() == sorted(many.keys)
    assert person.selected() == ["k01500"]
    assert person.table.verticalScrollBar().value() == scroll
    assert person.table.currentIndex().data() == "k01500"
    assert "as of" not in person.words()
    assert "3,001 blobs" in person.words()


def test_a_refresh_keeps_the_rows_until_it_is_complete(
    person: Person, many: PagedStore, account: AccountRecord
) -> None:
    many.let_through(None)
    person.go(Location(account.id, "b"))
    many.let_through(many.listed + 2)
    person.window.navigator.refresh()
    until(lambda: person.state.coming.blobs, "a page is there")
    assert person.table.model().rowCount() == 3000
    assert "000 so far" in person.words()
    many.keys.pop()
    many.let_through(None)
    person.arrived(Location(account.id, "b"))
    assert person.names() == many.keys


def test_order_and_filter_work_on_earlier_rows_and_stay(
    person: Person, many: PagedStore, account: AccountRecord
) -> None:
    place = reopened(person, account)
    press_heading(person, TableColumn.NAME)
    search(person, "k0290")
    falling = [f"k{number:05d}" for number in range(2909, 2899, -1)]
    until(lambda: person.names() == falling, "filtered")
    assert "10 of 3,000 blobs as of" in person.words()
    many.keys.remove("k02905")
    many.let_through(None)
    person.arrived(place)
    falling.remove("k02905")
    assert person.names() == falling


def test_a_failure_leaves_the_earlier_rows_and_says_so(
    person: Person, many: PagedStore, account: AccountRecord
) -> None:
    many.refusal = error("AccessDenied", 403)
    many.let_through(None)
    place = reopened(person, account)
    person.arrived(place, ListingStatus.FAILED)
    assert person.table.model().rowCount() == 3000
    assert "not listed anew: Access denied" in person.words()
    many.refusal = None
    QTest.mouseClick(person.button("Try again"), Qt.MouseButton.LeftButton)
    person.arrived(place)
    assert "as of" not in person.words()


def test_stopped_it_is_still_the_earlier_rows(person: Person, many: PagedStore, account: AccountRecord) -> None:
    place = reopened(person, account)
    person.keys_pressed(Qt.Key.Key_Escape)
    assert person.state.status is ListingStatus.PARTIAL
    assert "listing anew was stopped" in person.words()
    many.let_through(None)
    QTest.mouseClick(person.button("Continue"), Qt.MouseButton.LeftButton)
    person.arrived(place)
    assert person.names() == many.keys


def test_going_away_from_earlier_rows(person: Person, many: PagedStore, account: AccountRecord) -> None:
    reopened(person, account)
    person.go(ELSEWHERE)
    many.let_through(None)
    QTest.qWait(50)
    assert person.here == person.browse.view.listing.location == ELSEWHERE
    assert person.state.as_of_us == 0
    until(lambda: len(list(person.services.paths.listings.iterdir())) == 1, "only this place's files are left")


def test_a_delete_asks_the_store_and_not_the_rows(person: Person) -> None:
    with paged([f"dir/{number}" for number in range(5)] + ["gone", "last"], bodies={"last": b"now"}) as store:
        account = person.add_account(store.record)
        place = Location(account.id, "b")
        person.go(place)
        until(lambda: kept(person, account), "it is kept")
        person.go(ELSEWHERE)
        store.keys[:] = ["dir/1", "last"]
        store.refusal = error("AccessDenied", 403)
        person.window.navigator.go(place)
        person.arrived(place, ListingStatus.FAILED)
        until(lambda: person.names() == ["dir", "gone", "last"], "the earlier rows are there")
        store.refusal = None
        person.select("dir", "last")
        person.main.actions_["delete"].trigger()
        dialog = person.dialog(DeleteDialog)
        until(lambda: dialog.plan is not None, "it is counted")
        assert dialog.total.text().startswith("2 blobs, 8 B")
        dialog.reject()
        person.no_dialog()


def test_they_are_cleared_from_the_menu(person: Person, many: PagedStore, account: AccountRecord) -> None:
    person.main.actions_["clear_listings"].trigger()
    until(lambda: not kept(person, account), "nothing is kept")
    person.window.navigator.go(Location(account.id, "b"))
    until(lambda: "Listing\u2026" in person.words(), "it is listed from nothing")
    assert not person.table.isVisible()
    many.let_through(None)
    person.arrived(Location(account.id, "b"))


def test_they_go_with_their_account(person: Person, many: PagedStore, account: AccountRecord) -> None:
    many.let_through(None)
    person.go(Location(account.id, "b"))
    until(lambda: kept(person, account), "it is kept again")
    person.main.actions_["remove_account"].trigger()
    person.dialog(RemoveAccountDialog).accept()
    until(lambda: not kept(person, account), "nothing of it is kept")
    person.arrived(ELSEWHERE)
