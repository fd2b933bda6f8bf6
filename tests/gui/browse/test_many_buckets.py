"""Thousands of buckets and prefixes: the tree shows pages of them, filters them, finds its way; requests are counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QTest

from artifact_browser.gui.browse.tree_nodes import Loaded
from artifact_browser.gui.browse.tree_pages import BUCKETS_A_PAGE, MOST_CHILDREN
from artifact_browser.storage.location import Location
from tests.gui.browse.person import Person, until
from tests.storage.paged_store import PagedStore, paged
from tests.storage.s3.scripted import error

NAMES = tuple(f"b-{number:04d}" for number in range(5000))


@pytest.fixture(autouse=True)
def all_shown(person: Person) -> Iterator[None]:
    """No test leaves a filter."""
    yield
    person.browse.tree_pane.filter.clear()


def below(person: Person, parent: QModelIndex) -> list[str]:
    model = person.tree.model()
    return [model.index(row, 0, parent).data() for row in range(model.rowCount(parent))]


def click(person: Person, parent: QModelIndex, row: int) -> None:
    model = person.tree.model()
    person.click_tree(model.index(row if row >= 0 else model.rowCount(parent) + row, 0, parent))


def listed(person: Person, index: QModelIndex) -> None:
    node = person.tree.model().node(index)  # type: ignore[attr-defined]
    until(lambda: node.loaded is Loaded.YES, "it is listed")


def bucket_requests(store: PagedStore) -> int:
    return sum(asked.path.partition("?")[0] == "/" for asked in store.asked)


def test_five_thousand_buckets_come_in_pages_and_are_filtered(person: Person) -> None:
    with paged(["x/y"], buckets=NAMES) as store:
        account = person.add_account(store.record)
        line = person.tree_index(account.name)
        person.tree.expand(line)
        listed(person, line)
        assert below(person, line) == [*NAMES[:BUCKETS_A_PAGE], "4,000 more buckets\u2026"]
        click(person, line, -1)
        assert below(person, line) == [
            "From the first of 5,000 buckets\u2026", *NAMES[1000:2000], "3,000 more buckets\u2026"
        ]  # fmt: skip
        click(person, line, 0)
        assert below(person, line)[0] == "b-0000"
        # filtered as one types; nothing is asked for
        field = person.browse.tree_pane.filter
        assert field.isVisible()
        field.setFocus()
        QTest.keyClicks(field, "B-042")
        until(lambda: below(person, line) == [f"b-042{digit}" for digit in range(10)], "those that match")
        QTest.keyClicks(field, "zzz")
        until(lambda: below(person, line) == ["No bucket matches"], "none")
        for _ in range(3):
            QTest.keyClick(field, Qt.Key.Key_Backspace)
        until(lambda: len(below(person, line)) == 10, "those again")
        assert bucket_requests(store) == 1
        field.clear()
        assert len(below(person, line)) == BUCKETS_A_PAGE + 1
        # a place on a later page is found
        person.go(Location(account.id, "b-4321"))
        until(lambda: person.tree.currentIndex().data() == "b-4321", "its line is shown")
        assert below(person, line)[0].startswith("From the first")
        assert len(below(person, line)) <= BUCKETS_A_PAGE + 2
        assert bucket_requests(store) == 1


def test_enter_in_the_filter_goes_to_the_first_match(person: Person) -> None:
    place = person.new_bucket({})
    person.tree.reload(Location(place.account_id))
    person.tree_index("This computer", place.bucket)
    person.main.actions_["filter_buckets"].trigger()
    field = person.browse.tree_pane.filter
    until(field.hasFocus, "the filter has the focus")
    QTest.keyClicks(field, place.bucket)
    QTest.keyClick(field, Qt.Key.Key_Return)
    person.arrived(place)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == ""


def test_a_hundred_thousand_prefixes_open_with_one_request_and_come_in_pages(person: Person) -> None:
    with paged([f"p{number:06d}/x" for number in range(100_000)]) as store:
        account = person.add_account(replace(store.record, buckets=("one",)))
        line = person.tree_index(account.name, "one")
        person.tree.expand(line)
        listed(person, line)
        assert store.listed == 1
        assert below(person, line) == [*(f"p{number:06d}" for number in range(1000)), "More\u2026"]
        for page in range(2, 6):
            click(person, line, -1)
            listed(person, line)
            assert store.listed == page
        rows = below(person, line)
        assert (rows[0], rows[1], rows[-2], rows[-1]) == ("From the first\u2026", "p002000", "p004999", "More\u2026")
        assert len(rows) == MOST_CHILDREN + 2
        # going far away shows the page where that is, and the way back
        person.go(Location(account.id, "one", "p099000/"))
        until(lambda: person.tree.currentIndex().data() == "p099000", "its line is shown")
        rows = below(person, line)
        assert (rows[:2], rows[-1]) == (["From the first\u2026", "p099000"], "p099999")
        person.tree.reload(Location(account.id, "one"))
        listed(person, line)
        assert below(person, line) == rows
        click(person, line, 0)
        listed(person, line)
        assert below(person, line)[0] == "p000000"


def test_a_page_that_does_not_come_leaves_those_before(person: Person) -> None:
    with paged(
        [f"p{number:04d}/x" for number in range(1500)], refusal=error("AccessDenied", 403), refuse_from=1
    ) as store:
        account = person.add_account(replace(store.record, buckets=("one",)))
        line = person.tree_index(account.name, "one")
        person.tree.expand(line)
        listed(person, line)
        click(person, line, -1)
        until(lambda: "Try again" in below(person, line)[-1], "it says so")
        assert len(below(person, line)) == 1001
        store.refusal = None
        click(person, line, -1)
        until(lambda: below(person, line)[-1] == "p1499", "the rest")
        assert below(person, line) == [f"p{number:04d}" for number in range(1500)]


def test_pins_stay_on_top_are_kept_and_taken_away(person: Person) -> None:
    place = replace(person.new_bucket({"a/b": b""}), key="a/")
    person.go(place)
    pins = person.main.side.pins
    person.main.actions_["pin"].trigger()
    assert [pin for pin in pins.places.pins if pin == place] == [place]
    assert pins.isVisible()
    saved = [place.account_id, place.bucket, place.key]
    assert saved in person.services.settings.get("pins")
    (unpin,) = pins.menu(place).actions()
    unpin.trigger()
    assert place not in pins.places.pins
    assert saved not in person.services.settings.get("pins")
    assert not person.main.actions_["pin"].isChecked()
    person.main.actions_["pin"].trigger()
    pins.setCurrentIndex(pins.places.index(len(pins.places.pins) - 1))
    QTest.keyClick(pins, Qt.Key.Key_Delete)
    assert place not in pins.places.pins
