"""Getting about: tree, address, crumbs, history; what leads nowhere says why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QToolButton

from artifact_browser.accounts.record import THIS_COMPUTER, AccountRecord
from artifact_browser.gui.browse.bucket_dialogs import OpenBucketDialog
from artifact_browser.gui.browse.listing_state import ListingStatus
from artifact_browser.gui.common.error_sheet import ErrorSheet
from artifact_browser.storage.location import Location
from tests.gui.browse.person import Person, until
from tests.storage.paged_store import paged

TREE = {"a/b/c.txt": b"1", "a/d.txt": b"22", "top.txt": b"333"}


def typed(person: Person, address: str) -> QLineEdit:
    """Ctrl+L, type, Enter."""
    person.main.actions_["address"].trigger()
    field = next(one for one in person.main.findChildren(QLineEdit) if one.accessibleName() == "Address")
    field.setText(address)
    QTest.keyClick(field, Qt.Key.Key_Return)
    return field


def test_a_bucket_is_opened_in_the_tree(person: Person) -> None:
    place = person.new_bucket(TREE)
    person.window.navigator.go(Location(THIS_COMPUTER))
    person.refresh()
    index = person.tree_index("This computer", place.bucket)
    person.click_tree(index)
    person.arrived(place)
    assert person.names() == ["a", "top.txt"]
    person.click_tree(person.tree_index("This computer", place.bucket, "a", "b"))
    person.arrived(replace(place, key="a/b/"))
    assert person.names() == ["c.txt"]


def test_the_tree_follows_the_table(person: Person) -> None:
    place = person.new_bucket(TREE)
    person.go(Location(THIS_COMPUTER))
    person.go(place)
    person.open("a")
    person.arrived(replace(place, key="a/"))
    person.open("b")
    person.arrived(replace(place, key="a/b/"))
    until(lambda: person.tree.current_location() == person.here, "the tree stands there too")
    assert person.tree.isExpanded(person.tree_index("This computer", place.bucket))


def test_an_address_of_a_blob_shows_it_in_its_folder(person: Person) -> None:
    place = person.new_bucket(TREE)
    typed(person, f"local://{place.bucket}/a/d.txt")
    person.arrived(replace(place, key="a/"))
    until(lambda: person.selected() == ["d.txt"], "the blob is selected")


@pytest.mark.parametrize("ending", ["", "/", "/a/", "/a", "/a/b"])
def test_an_address_of_this_computer(person: Person, ending: str) -> None:
    place = person.new_bucket(TREE)
    typed(person, f"local://{place.bucket}{ending}")
    key = ending.strip("/")
    person.arrived(replace(place, key=f"{key}/" if key else ""))


@pytest.mark.parametrize("ending", ["", "/a", "/a/b/"])
@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_path_inside_the_store_leads_to_its_bucket(person: Person, scheme: str, ending: str) -> None:
    place = person.new_bucket(TREE)
    typed(person, f"{scheme}{person.services.paths.store}/{place.bucket}{ending}")
    key = ending.strip("/")
    person.arrived(replace(place, key=f"{key}/" if key else ""))


def test_s3_finds_its_account(person: Person, moto_account: AccountRecord) -> None:
    place = person.new_bucket(TREE, moto_account.id)
    person.go(Location(moto_account.id))
    typed(person, f"s3://{place.bucket}/a/")
    person.arrived(replace(place, key="a/"))
    assert person.names() == ["b", "d.txt"]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("nonsense", "not an address"),
        ("http://example.org/x", "not an address"),
        ("s3://", "names no bucket"),
        ("/etc", "not one of This computer"),
        ("~/somewhere", "not one of This computer"),
        ("{store}/../outside", "not one of This computer"),
    ],
)
def test_an_address_that_leads_nowhere_says_why(person: Person, address: str, why: str) -> None:
    before, text = person.here, address.format(store=person.services.paths.store)
    field = typed(person, text)
    sheet = person.dialog(ErrorSheet)
    assert why in sheet.record.detail
    assert sheet.record.todo
    sheet.close()
    assert person.here == before
    assert (field.text(), field.isVisible()) == (text, True)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not field.isVisible()


def test_a_bucket_that_does_not_exist_is_failed_and_never_empty(person: Person) -> None:
    typed(person, "local://never-made/")
    person.arrived(Location(THIS_COMPUTER, "never-made"), ListingStatus.FAILED)
    assert "No such bucket" in person.words()
    assert "Nothing here" not in person.words()


def test_back_forward_up_and_what_was_ahead(person: Person) -> None:
    place = person.new_bucket(TREE)
    actions = person.main.actions_
    below, deeper = replace(place, key="a/"), replace(place, key="a/b/")
    for step in (place, below, deeper):
        person.go(step)
    actions["back"].trigger()
    person.arrived(below)
    actions["back"].trigger()
    person.arrived(place)
    actions["forward"].trigger()
    person.arrived(below)
    actions["up"].trigger()
    person.arrived(place)
    assert not actions["forward"].isEnabled()
    actions["up"].trigger()
    person.arrived(Location(THIS_COMPUTER))
    assert not actions["up"].isEnabled()
    person.keys_pressed(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    person.arrived(place)


def test_crumbs_lead_up(person: Person) -> None:
    place = person.new_bucket(TREE)
    person.go(replace(place, key="a/b/"))
    crumbs = {one.accessibleName(): one for one in person.browse.address.findChildren(QToolButton) if one.isVisible()}
    assert [name for name in crumbs] == ["Go to This computer", f"Go to {place.bucket}", "Go to a", "Go to b"]
    QTest.mouseClick(crumbs["Go to a"], Qt.MouseButton.LeftButton)
    person.arrived(replace(place, key="a/"))


def test_a_bucket_is_opened_by_name_where_listing_is_denied(person: Person) -> None:
    with paged(["x.txt"], buckets_denied=True) as store:
        account = person.add_account(store.record)
        person.go(Location(account.id), ListingStatus.FAILED)
        notice = person.tree_index(account.name, "Open a bucket by name\u2026")
        person.click_tree(notice)
        asked = person.dialog(OpenBucketDialog)
        QTest.keyClicks(asked.name, "hidden-one")
        QTest.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
        person.arrived(Location(account.id, "hidden-one"))
        assert person.names() == ["x.txt"]
        assert person.services.book.get(account.id).buckets == ("hidden-one",)
        person.click_tree(person.tree_index(account.name, "hidden-one"))
        person.go(Location(THIS_COMPUTER))
