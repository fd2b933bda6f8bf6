"""More rows than one looks at one by one: chosen, turned round, sorted, filtered, listed anew and taken along."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest

from artifact_browser.gui.browse.gathering import AT_ONCE
from artifact_browser.gui.browse.kept_selection import KEPT_KEYS
from artifact_browser.gui.browse.listing_model import TableColumn
from artifact_browser.storage.location import Location
from tests.gui.browse.person import Person, until
from tests.storage.paged_store import PagedStore, paged

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ROWS = 3000


@pytest.fixture(scope="module")
def many() -> Iterator[PagedStore]:
    """Names of two lengths, which are their sizes."""
    assert max(KEPT_KEYS, AT_ONCE) < ROWS
    with paged(
        [f"f{number}/x" for number in range(5)] + [f"k{number:05}{'y' * (number % 2)}" for number in range(ROWS)]
    ) as store:
        yield store


@pytest.fixture
def place(person: Person, many: PagedStore) -> Iterator[Location]:
    made = Location(person.add_account(many.record).id, "b")
    person.go(made)
    yield made
    person.browse.filter.reset()
    while not person.state.arrangement.is_plain:
        press(person, TableColumn.NAME)


def press(person: Person, column: TableColumn) -> None:
    header = person.table.horizontalHeader()
    at = header.sectionViewportPosition(column) + header.sectionSize(column) // 2
    before = person.state.arrangement
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at, 10))
    until(lambda: person.state.arrangement != before, "it is to be sorted")


def selected(person: Person, count: int, words: str = "") -> None:
    """Wait until so many rows are selected, the actions know, and the footer says so."""
    until(
        lambda: person.table.selected_count() == count and person.main.actions_.context.rows == count,
        lambda: f"{count} selected: {person.table.selected_count()}, {person.main.actions_.context}",
    )
    until(lambda: f"{count:,} selected {words}".strip() in person.words(), lambda: f"{words}: {person.words()}")


def all_but(person: Person, name: str) -> None:
    """Choose one row, and turn the selection round."""
    person.click(name)
    person.keys_pressed(Qt.Key.Key_I, CTRL | SHIFT)


def test_everything_but_one_stays_through_order_filter_and_refresh(person: Person, place: Location) -> None:
    all_but(person, "k00001y")
    total, size = ROWS + 5 - 1, 6 * ROWS + ROWS // 2 - 7
    selected(person, total, f"\u00b7 {size / 1024:.1f} KiB in {ROWS - 1:,} blobs")
    assert person.main.actions_["delete"].toolTip().startswith("Delete")
    assert person.main.actions_["download"].isEnabled()
    press(person, TableColumn.SIZE)
    press(person, TableColumn.SIZE)
    until(lambda: person.names()[5].endswith("y"), "the large ones first")
    selected(person, total)
    person.browse.filter.setFocus()
    QTest.keyClicks(person.browse.filter, "*01y")
    until(lambda: len(person.names()) == ROWS // 100, "filtered")
    assert person.names()[-1] == "k00001y"
    selected(person, ROWS // 100 - 1)  # what cannot be seen is not acted upon
    QTest.keyClick(person.browse.filter, Qt.Key.Key_Escape)
    until(lambda: len(person.names()) == ROWS + 5, "all again")
    selected(person, total)
    person.refresh()
    selected(person, total)
    assert person.table.selection.holds(person.names().index("k00003y"))
    assert not person.table.selection.holds(person.names().index("k00001y"))
    press(person, TableColumn.NAME)
    until(lambda: person.names()[5:7] == ["k00000", "k00001y"], "by name again")
    selected(person, total)
    person.window.navigator.refresh()
    person.refresh()  # before the first has ended
    selected(person, total)


def test_ranges_and_single_rows(person: Person, place: Location) -> None:
    person.click("k00002")
    person.click("k00007y", SHIFT)
    selected(person, 6)
    person.click("k00004", CTRL)
    person.click("k00009y", CTRL)
    selected(person, 6)
    assert person.selected() == ["k00002", "k00003y", "k00005y", "k00006", "k00007y", "k00009y"]
    person.click("k00010", SHIFT)
    assert person.selected() == ["k00002", "k00003y", "k00005y", "k00006", "k00007y", "k00009y", "k00010"]
    person.keys_pressed(Qt.Key.Key_Down, SHIFT)
    selected(person, 8)
    person.keys_pressed(Qt.Key.Key_Up)
    assert len(person.selected()) == 1
    person.keys_pressed(Qt.Key.Key_A, CTRL)
    selected(person, ROWS + 5)
    person.click("f1", CTRL)
    selected(person, ROWS + 4)
    person.table.clearSelection()
    until(lambda: person.main.actions_.context.rows == 0, "nothing is selected")
    assert " selected" not in person.words()


def test_what_is_painted_is_what_is_selected(person: Person, place: Location) -> None:
    """Qt knows of the rows on the screen, wherever that is."""
    all_but(person, "f0")
    table = person.table
    table.scrollToBottom()
    until(lambda: table.selectionModel().isSelected(table.model().index(ROWS + 4, 0)), "Qt has heard of it")
    assert not table.selectionModel().isSelected(table.model().index(0, 0))
    assert len(table.selectionModel().selection().toList()) == 1
    table.scrollToTop()
    until(lambda: table.selectionModel().isSelected(table.model().index(3, 0)), "and of these")
    assert not table.selectionModel().isSelected(table.model().index(0, 0))


def test_many_rows_are_copied_as_addresses(person: Person, place: Location) -> None:
    person.table.selectAll()
    selected(person, ROWS + 5)
    with person.clipboard() as clipboard:
        person.main.actions_["copy_uri"].trigger()
        until(lambda: clipboard.text(), "a worker has written them down")
        lines = clipboard.text().split("\n")
    assert len(lines) == ROWS + 5
    assert lines[:6] == [*(f"s3://b/f{number}/" for number in range(5)), "s3://b/k00000"]
    assert "3,005 URIs copied" in person.words(person.main)


def test_many_rows_are_gathered_while_the_window_goes_on(person: Person, place: Location) -> None:
    all_but(person, "f3")
    taken: list[list[Location]] = []
    person.browse.with_selected(taken.append)
    assert taken == []
    until(lambda: taken, "they are gathered")
    assert [at.key for at in taken[0][:5]] == ["f0/", "f1/", "f2/", "f4/", "k00000"]
    assert len(taken[0]) == ROWS + 4
    person.browse.with_selected(taken.append)
    person.table.selectAll()
    until(lambda: "Something else was selected meanwhile" in person.words(person.main), "it says so")
    assert len(taken) == 1


# -- filter options -----------------------------------------------------------------------------------------------
def option(person: Person) -> QAction:
    return next(action for action in person.browse.filter.actions() if action.text() == "Filter options")


def test_bounds_hide_rows_and_are_seen(person: Person, place: Location) -> None:
    plain = option(person).icon().cacheKey()
    option(person).trigger()
    options = person.browse.filter.options
    until(options.isVisible, "the panel opens")
    QTest.keyClicks(options.bounds.size_from, "7 somethings")
    until(lambda: "not understood as a size" in person.words(options), "it says what is wrong")
    options.bounds.size_from.clear()
    QTest.keyClicks(options.bounds.size_from, "7")
    until(lambda: len(person.names()) == ROWS // 2, "the long names only")
    assert f"{ROWS // 2:,} of 5 folders \u00b7 {ROWS:,} blobs match your bounds" in person.words()
    QTest.keyClick(options.bounds.size_from, Qt.Key.Key_Return)
    until(lambda: not options.isVisible(), "it is closed")
    assert option(person).icon().cacheKey() != plain
    person.browse.filter.setFocus()
    QTest.keyClick(person.browse.filter, Qt.Key.Key_Escape)
    until(lambda: len(person.names()) == ROWS + 5, "all again")
    assert options.bounds.size_from.text() == ""


def test_an_expression_filters_and_a_wrong_one_says_so(person: Person, place: Location) -> None:
    person.browse.filter.setFocus()
    QTest.keyClick(person.browse.filter, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    options = person.browse.filter.options
    until(options.isVisible, "the panel opens")
    options.expression.click()
    options.close()
    QTest.keyClicks(person.browse.filter, "^K.*[02]{4}$")
    until(lambda: len(person.names()) == 16, lambda: f"as in the expression: {person.names()[:20]}")
    QTest.keyClicks(person.browse.filter, "(")
    until(lambda: "Not filtered: The expression cannot be used: missing" in person.words(), "it says what is wrong")
    assert len(person.names()) == 16
    person.browse.filter.reset()
    until(lambda: len(person.names()) == ROWS + 5, "all again")
    assert "Not filtered" not in person.words()
