"""Rows of a listing: order, filter, selection, Stop and Continue; a failure is never drawn as empty."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from artifact_browser.accounts.lease import Secret
from artifact_browser.accounts.record import THIS_COMPUTER, AccountRecord, KeySource
from artifact_browser.gui.browse.listing_model import TableColumn
from artifact_browser.gui.browse.listing_state import ListingStatus
from artifact_browser.storage.listing import BATCH_S
from artifact_browser.storage.location import Location
from tests.gui.browse.person import Person, until
from tests.parts.s3_server import S3Server
from tests.storage.paged_store import PagedStore, paged
from tests.storage.s3.scripted import error

BLOBS = {
    "dir/x": b"",
    "b.csv": b"22",
    "A.txt": b"4444",
    "c.parquet": b"1",
    "d.txt": b"333",
    "zoo/y": b"",
}
BY_NAME = ["dir", "zoo", "A.txt", "b.csv", "c.parquet", "d.txt"]


@pytest.fixture(autouse=True)
def by_name(person: Person) -> Iterator[None]:
    """The order is the window's, not the place's: each test leaves it as it was."""
    yield
    sort_by_name(person)


@pytest.fixture
def place(person: Person) -> Location:
    made = person.new_bucket(BLOBS)
    person.go(made)
    return made


@pytest.fixture
def many() -> Iterator[PagedStore]:
    """5,000 blobs in pages of 1,000."""
    with paged([f"k{number:05d}" for number in range(5000)]) as store:
        yield store


def press_heading(person: Person, column: TableColumn) -> None:
    header = person.table.horizontalHeader()
    at = header.sectionViewportPosition(column) + header.sectionSize(column) // 2
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at, 10))


def sort_by_name(person: Person) -> None:
    person.browse.view.set_filter("")
    while not person.state.arrangement.is_plain:
        press_heading(person, TableColumn.NAME)


def search(person: Person, text: str) -> None:
    """Type into the filter, whatever is there."""
    field = person.browse.filter
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, text) if text else QTest.keyClick(field, Qt.Key.Key_Delete)
    until(lambda: person.state.arrangement.text == text, "it filters")


# -- order and filter ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "rising"),
    [
        (TableColumn.SIZE, ["c.parquet", "b.csv", "d.txt", "A.txt"]),
        (TableColumn.TYPE, ["b.csv", "c.parquet", "A.txt", "d.txt"]),
        (TableColumn.MODIFIED, None),
        (TableColumn.CLASS, ["A.txt", "b.csv", "c.parquet", "d.txt"]),
    ],
)
def test_a_heading_sorts_and_turns_round(
    person: Person, place: Location, column: TableColumn, rising: list[str] | None
) -> None:
    if rising is None:  # touched one after the other
        rising = [key for key in BLOBS if "/" not in key]
    press_heading(person, column)
    until(lambda: person.names()[2:] == rising, "sorted")
    assert person.names()[:2] == ["dir", "zoo"]
    press_heading(person, column)
    until(lambda: person.names()[2:] == rising[::-1], "the other way round")
    header = person.table.horizontalHeader()
    assert (header.sortIndicatorSection(), header.sortIndicatorOrder()) == (column, Qt.SortOrder.DescendingOrder)


def test_in_a_narrow_window_names_stay_and_other_columns_give_way(person: Person, place: Location) -> None:
    person.go(place)
    table = person.table
    table.setMinimumWidth(1)
    shown: dict[int, list[TableColumn]] = {}
    for width in (760, 640, 500, 400):
        table.resize(width, table.height())
        shown[width] = [column for column in TableColumn if not table.isColumnHidden(column)]
        assert table.columnWidth(TableColumn.NAME) >= 200
    name, size, modified, kind, _ = TableColumn
    assert shown == {
        760: list(TableColumn),
        640: [name, size, modified, kind],
        500: [name, size, modified],
        400: [name, size],
    }


def test_names_fall_and_rise(person: Person, place: Location) -> None:
    press_heading(person, TableColumn.NAME)
    until(lambda: person.names() == ["zoo", "dir", "d.txt", "c.parquet", "b.csv", "A.txt"], "falling")
    press_heading(person, TableColumn.NAME)
    until(lambda: person.names() == BY_NAME, "rising")


def test_an_order_is_kept_while_rows_still_come(person: Person) -> None:
    with paged(["bb", "a", "dddd", "ccc", "eeeee", "f" * 9], page_size=2, open_pages=1) as store:
        account = person.add_account(store.record)
        person.window.navigator.go(Location(account.id, "b"))
        until(lambda: len(person.names()) == 2, "the first page is there")
        press_heading(person, TableColumn.SIZE)
        press_heading(person, TableColumn.SIZE)
        until(lambda: person.names() == ["bb", "a"], "sorted by size, falling")
        assert "sorted over what is listed so far" in person.words()
        told = time.monotonic()
        until(lambda: time.monotonic() - told > BATCH_S, "the next page is told by itself")
        store.let_through(2)
        until(lambda: len(person.names()) == 4, "more")
        assert person.names() == sorted(person.names(), key=len, reverse=True)
        store.let_through(None)
        until(lambda: person.names() == ["f" * 9, "eeeee", "dddd", "ccc", "bb", "a"], "the whole in order")


def test_the_filter_narrows_and_says_so(person: Person, place: Location) -> None:
    search(person, "TXT")
    until(lambda: person.names() == ["A.txt", "d.txt"], "two match")
    assert "2 of 2 folders \u00b7 4 blobs" in person.words()
    search(person, "*.[cp]*")
    until(lambda: person.names() == ["b.csv", "c.parquet"], "a pattern")
    search(person, "")
    until(lambda: person.names() == BY_NAME, "all again")


def test_no_match_is_not_empty(person: Person, place: Location) -> None:
    search(person, "nothing-like-it")
    until(lambda: "No match for" in person.words(), "it says so")
    assert "among 6 listed" in person.words()
    assert "Nothing here" not in person.words()
    QTest.keyClick(person.browse.filter, Qt.Key.Key_Escape)
    until(lambda: person.names() == BY_NAME and person.table.isVisible(), "all again")


def test_another_place_is_not_filtered(person: Person, place: Location) -> None:
    search(person, "A.txt")
    until(lambda: person.names() == ["A.txt"], "one matches")
    person.go(replace(place, key="dir/"))
    assert (person.names(), person.browse.filter.text()) == (["x"], "")


# -- selection ----------------------------------------------------------------------------------------------------


def test_a_refresh_keeps_selection_and_current_row(person: Person, place: Location) -> None:
    person.select("b.csv", "d.txt", "zoo")
    assert "3 selected \u00b7 5 B" in person.words()
    person.put(place, {"aa-new": b"", "c.csv": b""})
    person.refresh()
    assert person.selected() == ["zoo", "b.csv", "d.txt"]
    assert person.table.currentIndex().data() == "zoo"
    assert person.names() == ["dir", "zoo", "A.txt", "aa-new", "b.csv", "c.csv", "c.parquet", "d.txt"]


def test_sort_and_filter_keep_the_selection(person: Person, place: Location) -> None:
    person.select("b.csv", "d.txt")
    press_heading(person, TableColumn.SIZE)
    until(lambda: person.names()[2:] == ["c.parquet", "b.csv", "d.txt", "A.txt"], "sorted")
    assert person.selected() == ["b.csv", "d.txt"]
    search(person, "txt")
    until(lambda: person.names() == ["d.txt", "A.txt"], "filtered")
    assert person.selected() == ["d.txt"]
    assert person.table.currentIndex().data() == "d.txt"


def test_everything_selected_stays_everything(person: Person, place: Location) -> None:
    person.keys_pressed(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert person.selected() == BY_NAME
    person.put(place, {"more": b""})
    person.refresh()
    assert len(person.selected()) == 7


def test_everything_that_is_shown_is_not_everything(person: Person, place: Location) -> None:
    search(person, "txt")
    until(lambda: person.names() == ["A.txt", "d.txt"], "filtered")
    person.keys_pressed(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    person.refresh()
    until(lambda: person.selected() == ["A.txt", "d.txt"], "both are selected again")
    search(person, "")
    until(lambda: person.names() == BY_NAME, "all again")
    assert person.selected() == ["A.txt", "d.txt"]


def test_the_keyboard_stays_where_a_row_has_gone(person: Person, place: Location) -> None:
    person.select("c.parquet")
    with person.store().opened() as driver:
        driver.delete(place.bucket, "c.parquet")
    person.refresh()
    assert person.selected() == []
    assert person.table.currentIndex().data() == "d.txt"
    person.keys_pressed(Qt.Key.Key_Up)
    assert person.selected() == ["b.csv"]


def test_two_refreshes_at_once_keep_the_selection(person: Person) -> None:
    with paged([f"k{number}" for number in range(6)], page_size=2) as store:
        account = person.add_account(store.record)
        person.go(Location(account.id, "b"))
        person.select("k1", "k5")
        store.let_through(store.listed + 1)
        person.window.navigator.refresh()
        until(lambda: person.state.coming.blobs == 2, "the first page is there")
        assert len(person.names()) == 6, "the rows stay until all of the new ones are there"
        store.let_through(None)
        person.refresh()
        assert person.selected() == ["k1", "k5"]


def test_another_place_has_no_selection(person: Person, place: Location) -> None:
    person.select("A.txt")
    person.go(replace(place, key="dir/"))
    assert person.selected() == []
    until(lambda: person.main.actions_.context.selected_blobs == 0, "the actions know")
    assert not person.main.actions_["delete"].isEnabled()


def test_enter_opens_a_folder(person: Person, place: Location) -> None:
    person.select("dir")
    person.keys_pressed(Qt.Key.Key_Return)
    person.arrived(replace(place, key="dir/"))


def test_tab_leaves_the_table(person: Person, place: Location) -> None:
    person.select("A.txt")
    person.keys_pressed(Qt.Key.Key_Tab)
    until(lambda: not person.table.hasFocus(), "the focus has moved on")


def test_uris_are_copied(person: Person, place: Location) -> None:
    person.select("b.csv", "dir")
    with person.clipboard() as clipboard:
        person.keys_pressed(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        until(clipboard.text, "something is on the clipboard")
        assert clipboard.text() == f"local://{place.bucket}/dir/\nlocal://{place.bucket}/b.csv"
    person.table.clearSelection()
    with person.clipboard() as clipboard:
        person.main.actions_["copy_uri"].trigger()
        assert clipboard.text() == f"local://{place.bucket}/"


# -- states -------------------------------------------------------------------------------------------------------


def test_a_listing_asks_once_a_page_and_nothing_a_row(person: Person, many: PagedStore) -> None:
    account = person.add_account(many.record)
    person.go(Location(account.id, "b"))
    assert person.table.model().rowCount() == 5000
    until(lambda: not person.tree._model._tasks, "the tree has its line")
    pages = [asked.path for asked in many.asked if "list-type=2" in asked.path and "/b?" in asked.path]
    person.table.scrollToBottom()
    QTest.qWait(50)
    person.select("k04999")
    person.table.clearSelection()
    assert many.listed == len(pages) == 5
    assert "5,000 blobs" in person.words()


def test_stop_says_partial_and_continue_goes_on(person: Person, many: PagedStore) -> None:
    many.open_pages = 2
    account = person.add_account(many.record)
    person.window.navigator.go(Location(account.id, "b"))
    until(lambda: person.state.total, "the first page is there")
    assert "still listing" in person.words()
    stopped_at = person.state.total
    person.keys_pressed(Qt.Key.Key_Escape)
    assert person.state.status is ListingStatus.PARTIAL
    assert f"Stopped after {stopped_at:,} blobs" in person.words()
    assert "there may be more" in person.words()
    many.let_through(None)
    QTest.mouseClick(person.button("Continue"), Qt.MouseButton.LeftButton)
    person.arrived(Location(account.id, "b"))
    assert person.names() == many.keys


def test_stopped_before_the_first_row(person: Person, many: PagedStore) -> None:
    many.open_pages = 0
    account = person.add_account(many.record)
    person.window.navigator.go(Location(account.id, "b"))
    until(lambda: "Listing\u2026" in person.words(), "it says that it is busy")
    QTest.mouseClick(person.browse.view.footer.action, Qt.MouseButton.LeftButton)
    assert "Stopped before anything was listed." in person.words()
    assert "Nothing here" not in person.words()
    many.let_through(None)
    QTest.mouseClick(person.button("List again"), Qt.MouseButton.LeftButton)
    person.arrived(Location(account.id, "b"))


def test_another_place_at_once_cancels(person: Person, many: PagedStore, place: Location) -> None:
    many.open_pages = 1
    account = person.add_account(many.record)
    person.window.navigator.go(Location(account.id, "b"))
    until(lambda: person.state.total, "the first page is there")
    person.go(place)
    assert person.names() == BY_NAME
    many.let_through(None)
    QTest.qWait(100)
    assert person.names() == BY_NAME


def test_what_broke_off_is_partial_with_its_cause(person: Person, many: PagedStore) -> None:
    many.refusal, many.refuse_from = error("AccessDenied", 403), 2
    account = person.add_account(many.record)
    person.go(Location(account.id, "b"), ListingStatus.PARTIAL)
    assert "(access denied): there may be more" in person.words()
    assert person.table.isVisible()
    assert 1000 <= person.table.model().rowCount() <= 2000
    many.refusal = None
    QTest.mouseClick(person.button("Continue"), Qt.MouseButton.LeftButton)
    person.arrived(Location(account.id, "b"))
    assert person.names() == many.keys


@pytest.mark.parametrize(
    ("refusal", "cause", "way_out"),
    [
        ("AccessDenied", "Access denied", "Try again"),
        ("NoSuchBucket", "No such bucket", "Try again"),
        ("InvalidAccessKeyId", "The keys were not accepted", "Edit account\u2026"),
        ("SignatureDoesNotMatch", "The keys were not accepted", "Edit account\u2026"),
        ("ExpiredToken", "The sign-in has expired", "Edit account\u2026"),
    ],
)
def test_a_refused_listing_says_why_and_is_never_empty(person: Person, refusal: str, cause: str, way_out: str) -> None:
    status = 404 if refusal == "NoSuchBucket" else 403
    with paged(["x"], refusal=error(refusal, status)) as store:
        account = person.add_account(replace(store.record, key_source=KeySource.SESSION), Secret("KEY", "secret"))
        person.go(Location(account.id, "b"), ListingStatus.FAILED)
        assert cause in person.words()
        assert "Nothing here" not in person.words()
        assert not person.table.isVisible()
        assert person.button(way_out)
        store.refusal = None
        person.refresh()
        assert person.names() == ["x"]


def test_a_store_that_is_gone_is_failed(person: Person) -> None:
    with paged(["x"]) as store:
        account = person.add_account(store.record)
        person.go(Location(account.id, "b"))
    person.window.navigator.refresh()
    person.arrived(Location(account.id, "b"), ListingStatus.FAILED)
    assert "No connection" in person.words()
    assert "Nothing here" not in person.words()
    assert person.button("Try again")


def test_denied_buckets_offer_a_name(person: Person) -> None:
    with paged(["x"], buckets_denied=True) as store:
        account = person.add_account(store.record)
        person.go(Location(account.id), ListingStatus.FAILED)
        assert "No buckets" not in person.words()
        assert "You can\u2019t list buckets with this account." in person.words()
        assert person.button("Open bucket by name\u2026")


def test_an_empty_bucket_says_what_to_do(person: Person) -> None:
    person.go(person.new_bucket({}))
    assert "Nothing here yet." in person.words()
    assert person.button("Upload files\u2026")


def test_wrong_keys_on_a_real_server(person: Person, ceph: S3Server) -> None:
    account: AccountRecord = person.add_account(ceph.record, Secret(ceph.access_key, "wrong" * 8))
    person.go(Location(account.id), ListingStatus.FAILED)
    words = person.words()  # Ceph 16.2 says AccessDenied to a wrong signature
    assert "Its keys may not do that, or are wrong" in words
    assert "No buckets" not in words
    person.go(Location(THIS_COMPUTER))
