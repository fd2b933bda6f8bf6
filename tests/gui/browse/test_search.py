"""Searching at the real window: typed, found, opened in its folder, taken along; stopped, and said as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from artifact_browser.errors import InputError
from artifact_browser.gui.browse.bounds_words import read_moment, read_size
from artifact_browser.gui.browse.listing_state import ListingStatus
from artifact_browser.gui.browse.search_window import SearchWindow
from artifact_browser.storage.location import Location
from tests.gui.browse.person import Person, until
from tests.parts.s3_server import S3Server
from tests.storage.paged_store import PagedStore, paged

BLOBS = {"a/x.csv": b"1", "a/deep/x.csv": b"22", "a/deep/y.txt": b"333", "b.csv": b"4444", "a/z/marker/": b""}
CSV = ["a/deep/x.csv", "a/x.csv", "b.csv"]


@pytest.fixture
def place(person: Person) -> Location:
    made = person.new_bucket(BLOBS)
    person.go(made)
    return made


@pytest.fixture(autouse=True)
def closed(person: Person) -> Iterator[None]:
    """Each test begins without search windows."""
    yield
    for window in list(person.window.search.windows):
        window.close()
    person.browse.filter.clear()


def opened(person: Person) -> SearchWindow:
    """By its keys, as a person does."""
    person.keys_pressed(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    until(lambda: person.window.search.windows, "a search window opens")
    window = person.window.search.windows[-1]
    until(lambda: window.isVisible() and window.form.text.hasFocus(), "one can type")
    return window


def names(window: SearchWindow) -> list[str]:
    model = window.table.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def look_for(window: SearchWindow, text: str, status: ListingStatus = ListingStatus.COMPLETE) -> list[str]:
    window.form.text.clear()
    QTest.keyClicks(window.form.text, text)
    QTest.keyClick(window.form.text, Qt.Key.Key_Return)
    until(lambda: window.listing.state.status is status, lambda: f"{status}: {window.listing.state}")
    return names(window)


def click(window: SearchWindow, name: str) -> None:
    index = window.table.model().index(names(window).index(name), 0)
    QTest.mouseClick(window.table.viewport(), Qt.MouseButton.LeftButton, pos=window.table.visualRect(index).center())


def test_a_pattern_is_found_below_and_opened_in_its_folder(person: Person, place: Location) -> None:
    window = opened(person)
    assert look_for(window, "**/*.csv") == CSV
    assert f"3 found \u00b7 7 B \u00b7 {len(BLOBS)} keys looked at in 1 request" in person.words(window)
    click(window, "a/deep/x.csv")
    QTest.keyClick(window.table, Qt.Key.Key_Return)
    person.arrived(replace(place, key="a/deep/"))
    until(lambda: person.selected() == ["x.csv"], "it is selected there")
    assert window.isVisible()  # the other hits are still wanted


def test_a_folder_is_found_and_shown_in_the_one_above(person: Person, place: Location) -> None:
    window = opened(person)
    assert look_for(window, "a/*") == ["a/deep", "a/z", "a/x.csv"]
    click(window, "a/deep")
    button = person.button("Open in folder", window)
    until(button.isEnabled, "it is selected")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    person.arrived(replace(place, key="a/"))
    until(lambda: person.selected() == ["deep"], "it is selected there")


def test_it_begins_with_the_filter_and_where_one_is(person: Person, place: Location) -> None:
    person.go(replace(place, key="a/"))
    person.browse.filter.setFocus()
    QTest.keyClicks(person.browse.filter, "*.CSV")
    until(lambda: person.names() == ["x.csv"], "it filters")
    actions = {action.text(): action for action in person.browse.filter.actions()}
    actions["Search below"].trigger()
    window = person.window.search.windows[-1]
    until(lambda: window.listing.state.status is ListingStatus.COMPLETE, "it has searched")
    assert window.form.text.text() == "**/*.CSV"
    assert names(window) == ["deep/x.csv", "x.csv"]
    window.form.scope.setCurrentIndex(1)
    assert look_for(window, "**/*.csv") == CSV


def test_no_match_here_leads_to_a_search_below(person: Person, place: Location) -> None:
    person.browse.filter.setFocus()
    QTest.keyClicks(person.browse.filter, "y.t")
    until(lambda: "No match for" in person.words(), "nothing here")
    QTest.mouseClick(person.button("Search in all folders below"), Qt.MouseButton.LeftButton)
    window = person.window.search.windows[-1]
    until(lambda: names(window) == ["a/deep/y.txt"], "found below")


def test_conditions_and_what_is_wrong_with_them(person: Person, place: Location) -> None:
    window = opened(person)
    QTest.mouseClick(person.button("Conditions", window), Qt.MouseButton.LeftButton)
    QTest.keyClicks(window.form.bounds.size_from, "2 somethings")
    QTest.keyClick(window.form.text, Qt.Key.Key_Return)
    assert "not understood as a size" in window.form.note.text()
    window.form.bounds.size_from.clear()
    QTest.keyClicks(window.form.bounds.size_from, "2")
    QTest.keyClicks(window.form.bounds.modified_from, "1 hour")
    assert look_for(window, "") == ["a/deep/x.csv", "a/deep/y.txt", "b.csv"]
    assert window.form.note.text() == ""
    QTest.keyClicks(window.form.bounds.modified_to, "2020")
    assert look_for(window, "") == []
    assert "Nothing found." in person.words(window)
    QTest.keyClicks(window.form.tags, "split=train")
    assert "costs a request of its own" in person.words(window)


def test_a_hostile_expression_ends_and_a_wrong_one_says_why(person: Person) -> None:
    place = person.new_bucket({"a" * 200: b"", "a" * 150 + "!": b""})
    person.go(place)
    window = opened(person)
    window.form.way.setCurrentIndex(2)
    assert look_for(window, "(a+)+$") == ["a" * 200]
    look_for(window, "(?=a)b", ListingStatus.FAILED)
    assert "look-around and back-references are not known" in window.form.note.text()
    assert look_for(window, "a!$") == ["a" * 150 + "!"]
    assert window.form.note.text() == ""


def test_nothing_on_this_level_offers_all_levels(person: Person, place: Location) -> None:
    window = opened(person)
    assert look_for(window, "*.txt") == []
    assert "Nothing found on this level." in person.words(window)
    QTest.mouseClick(person.button("Search **/*.txt", window), Qt.MouseButton.LeftButton)
    until(lambda: names(window) == ["a/deep/y.txt"], "found below")


def test_hits_are_downloaded_with_their_folders(
    person: Person, place: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.go(replace(place, key="a/"))
    window = opened(person)
    assert look_for(window, "**/x.csv") == ["deep/x.csv", "x.csv"]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    window.table.setFocus()
    QTest.keyClick(window.table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    button = person.button("Download\u2026", window)
    until(button.isEnabled, "something is selected")
    person.transfer(lambda: QTest.mouseClick(button, Qt.MouseButton.LeftButton))
    assert {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*.csv")} == {
        "deep/x.csv": b"22",
        "x.csv": b"1",
    }


def test_hits_are_copied_as_addresses_links_and_rows(person: Person, place: Location) -> None:
    window = opened(person)
    look_for(window, "**/x.csv")
    click(window, "a/x.csv")
    links = person.button("Copy links", window)
    until(links.isEnabled, "something is selected")
    with person.clipboard() as clipboard:
        window.table.setFocus()
        QTest.keyClick(window.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        assert clipboard.text() == f"local://{place.bucket}/a/x.csv"
        target = person.new_bucket({})
        person.go(target)
        person.transfer(person.window.copies.paste)
        assert person.keys(target) == ["x.csv"]
    with person.clipboard() as clipboard:
        QTest.mouseClick(links, Qt.MouseButton.LeftButton)
        until(lambda: clipboard.text().startswith("http://127.0.0.1"), "a link is on the clipboard")


def test_a_read_only_account_offers_no_delete(person: Person, s3_pages: PagedStore) -> None:
    account = person.add_account(replace(s3_pages.record, read_only=True))
    person.go(Location(account.id, "b"))
    window = opened(person)
    assert len(look_for(window, "**/*7")) == 300
    click(window, "f/k0007")
    until(lambda: person.button("Download\u2026", window).isEnabled(), "it is selected")
    assert not person.button("Delete\u2026", window).isEnabled()


@pytest.fixture
def s3_pages() -> Iterator[PagedStore]:
    with paged([f"f/k{number:04}" for number in range(3000)]) as store:
        yield store


def test_a_search_is_stopped_and_goes_on(person: Person, s3_pages: PagedStore) -> None:
    account = person.add_account(s3_pages.record)
    person.go(Location(account.id, "b"))
    window = opened(person)
    s3_pages.let_through(s3_pages.listed + 1)
    look_for(window, "**/*7", ListingStatus.LISTING)
    until(lambda: len(names(window)) == 100, "the first page's hits are there")
    until(lambda: "100 found so far" in person.words(window), "it says that it goes on")
    QTest.mouseClick(window.form.go, Qt.MouseButton.LeftButton)
    assert window.listing.state.status is ListingStatus.PARTIAL
    assert (
        "Stopped: 100 found \u00b7 700 B, there may be more \u00b7 1,000 keys looked at in 1 request"
        in person.words(window)
    )
    s3_pages.let_through(None)
    QTest.mouseClick(person.button("Continue", window), Qt.MouseButton.LeftButton)
    until(lambda: window.listing.state.status is ListingStatus.COMPLETE, "it ends")
    assert len(names(window)) == len(set(names(window))) == 300
    assert "300 found" in person.words(window)


def test_escape_stops_and_then_closes(person: Person, s3_pages: PagedStore) -> None:
    person.go(Location(person.add_account(s3_pages.record).id, "b"))
    window = opened(person)
    s3_pages.let_through(s3_pages.listed + 1)
    look_for(window, "**/*7", ListingStatus.LISTING)
    until(lambda: len(names(window)) == 100, "the first page's hits are there")
    QTest.keyClick(window.form.text, Qt.Key.Key_Escape)
    assert window.listing.state.status is ListingStatus.PARTIAL
    folder = window.listing._folder
    assert folder is not None
    QTest.keyClick(window.form.text, Qt.Key.Key_Escape)
    until(lambda: not shiboken6.isValid(window) or not window.isVisible(), "it is closed")
    assert person.window.search.windows == []
    until(lambda: not folder.exists(), "its hits are gone")
    s3_pages.let_through(None)


def test_several_windows_search_at_once_and_browsing_goes_on(person: Person, s3_pages: PagedStore) -> None:
    account = person.add_account(s3_pages.record)
    here = Location(account.id, "b")
    person.go(here)
    s3_pages.let_through(s3_pages.listed)
    for digit in "1234":
        look_for(opened(person), f"**/*{digit}", ListingStatus.LISTING)
    windows = person.window.search.windows
    other = person.new_bucket({"one": b""})
    person.go(other)
    assert person.names() == ["one"]
    assert [window.listing.state.status for window in windows] == [ListingStatus.LISTING] * 4
    windows[0].close()
    s3_pages.let_through(None)
    until(lambda: [len(names(window)) for window in windows] == [300] * 3, "the others go on")


def test_a_search_on_a_real_server(person: Person, ceph: S3Server) -> None:
    account = person.add_account(ceph.record, ceph.secret)
    place = person.new_bucket({"p/a b/[1].txt": b"1", "p/c.txt": b"22", "q.txt": b""}, account.id)
    person.go(place)
    window = opened(person)
    assert look_for(window, "p/**/[[]?].txt") == ["p/a b/[1].txt"]
    assert look_for(window, "**/*.txt") == ["p/a b/[1].txt", "p/c.txt", "q.txt"]


# -- words --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", None),
        (" 7 ", 7),
        ("1k", 1024),
        ("2 MB", 2_000_000),
        ("1.5 GiB", 1610612736),
        ("0,5m", 524288),
        ("3 bytes", 3),
    ],
)
def test_sizes_as_people_write_them(text: str, size: int | None) -> None:
    assert read_size(text) == size


def test_times_as_people_write_them() -> None:
    first, last = read_moment("2026-11-01"), read_moment("2026-11-01", last=True)
    assert first is not None
    assert last == first + 24 * 3600 * 10**6 - 1
    assert read_moment("2026-11-02") == last + 1
    assert read_moment("2026-12", last=True) == read_moment("2027") - 1  # type: ignore[operator]
    assert read_moment("2026-11-01 00:30") == first + 1800 * 10**6
    assert read_moment("2 days") < read_moment("1 h ago")  # type: ignore[operator]
    assert read_moment(" ") is None


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026-02-30", "0000", "99999999 days", "2026-11-01 25:00"])
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(InputError, match="not understood as a time"):
        read_moment(text)


@pytest.mark.parametrize("text", ["big", "1 x", "-1", "1.2.3", "\u0661e9"])
def test_what_is_no_size_is_said(text: str) -> None:
    with pytest.raises(InputError, match="not understood as a size"):
        read_size(text)
