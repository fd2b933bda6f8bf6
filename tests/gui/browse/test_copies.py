"""Cut, copy, paste, and Copy to: rows go where a person says, over all accounts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from artifact_browser.accounts.record import THIS_COMPUTER, AccountRecord
from artifact_browser.gui.browse.place_dialog import PlaceDialog
from artifact_browser.gui.transfers.conflict_dialog import ConflictDialog
from artifact_browser.gui.transfers.delete_dialog import DeleteDialog
from artifact_browser.gui.transfers.name_dialogs import RenameDialog
from artifact_browser.storage.location import Location
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.state import JobState, Verb
from tests.gui.browse.person import Person, until

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def place(person: Person) -> Location:
    made = person.new_bucket({"dir/x": b"x", "dir/y/z": b"z", "a.txt": b"a", "b.txt": b"b"})
    person.go(made)
    return made


def test_rows_are_copied_and_pasted_in_another_account(
    person: Person, place: Location, moto_account: AccountRecord
) -> None:
    other = person.new_bucket({"old": b""}, moto_account.id)
    person.select("a.txt", "dir")
    with person.clipboard() as clipboard:
        person.keys_pressed(Qt.Key.Key_C, CTRL)
        root = f"local://{place.bucket}/"
        assert clipboard.text() == f"{root}dir/\n{root}a.txt"  # what other programs paste
        person.go(other)
        handle = person.transfer(lambda: person.keys_pressed(Qt.Key.Key_V, CTRL))
        assert (handle.snapshot.verb, handle.snapshot.state) == (Verb.COPY, JobState.DONE)
        assert handle.snapshot.target == f"{moto_account.name}: {other.bucket}"
        until(lambda: person.names() == ["dir", "a.txt", "old"], "they are listed")
        assert clipboard.text()  # once more, if one likes
    assert set(person.keys(other)) == {"old", "dir/x", "dir/y/z", "a.txt"}
    assert set(person.keys(place)) == {"dir/x", "dir/y/z", "a.txt", "b.txt"}


def test_rows_are_cut_and_pasted_once(person: Person, place: Location) -> None:
    person.select("a.txt", "b.txt")
    with person.clipboard() as clipboard:
        person.keys_pressed(Qt.Key.Key_X, CTRL)
        assert set(person.keys(place)) >= {"a.txt", "b.txt"}  # not before they are pasted
        person.go(replace(place, key="dir/"))
        handle = person.transfer(lambda: person.keys_pressed(Qt.Key.Key_V, CTRL))
        assert (handle.snapshot.verb, handle.snapshot.state) == (Verb.MOVE, JobState.DONE)
        assert clipboard.text() == ""
    until(lambda: person.names() == ["y", "a.txt", "b.txt", "x"], "they are listed")
    assert set(person.keys(place)) == {"dir/x", "dir/y/z", "dir/a.txt", "dir/b.txt"}


def test_copy_to_asks_for_a_place_in_any_account_and_about_conflicts(
    person: Person, place: Location, moto_account: AccountRecord
) -> None:
    other = person.new_bucket({"in/a.txt": b"there"}, moto_account.id)
    person.select("a.txt")
    person.main.actions_["copy_to"].trigger()
    dialog = person.dialog(PlaceDialog)
    assert (dialog.accessibleName(), dialog.primary.text(), dialog.tree.accessibleName()) == (
        "Copy to",
        "Copy",
        "Where to",
    )
    until(lambda: dialog.tree.current_location() == place, "it begins where one is")
    assert not dialog.primary.isEnabled()  # it is there already
    dialog.tree.show_location(replace(other, key="in/"))
    until(lambda: dialog.tree.current_location() == replace(other, key="in/"), "the folder is found")
    assert dialog.chosen.text() == f"{moto_account.name}: s3://{other.bucket}/in/"

    def copy() -> None:
        QTest.mouseClick(dialog.primary, Qt.MouseButton.LeftButton)
        asked = person.dialog(ConflictDialog)
        asked.choices[Policy.KEEP_BOTH].setChecked(True)
        asked.accept()

    handle = person.transfer(copy)
    assert handle.snapshot.state is JobState.DONE
    person.no_dialog()
    assert set(person.keys(other)) == {"in/a.txt", "in/a (2).txt"}


def test_nothing_can_be_copied_to_a_read_only_account(
    person: Person, place: Location, moto_account: AccountRecord
) -> None:
    other = person.new_bucket({}, moto_account.id)
    person.services.book.replace(replace(moto_account, read_only=True))
    person.tree.reload_accounts()
    person.select("a.txt")
    person.main.actions_["copy_to"].trigger()
    dialog = person.dialog(PlaceDialog)
    dialog.tree.show_location(other)
    until(lambda: dialog.tree.current_location() == other, "the bucket is found")
    assert not dialog.primary.isEnabled()
    assert dialog.note.text() == "This account is read-only."
    dialog.reject()
    person.no_dialog()


def test_a_folder_is_renamed_with_f2(person: Person, place: Location) -> None:
    person.select("dir")
    person.keys_pressed(Qt.Key.Key_F2)
    dialog = person.dialog(RenameDialog)
    dialog.name.setText("other")
    assert person.transfer(dialog.accept).snapshot.state is JobState.DONE
    until(lambda: person.names() == ["other", "a.txt", "b.txt"], "it is listed under its new name")
    assert set(person.keys(place)) == {"other/x", "other/y/z", "a.txt", "b.txt"}


def test_a_bucket_that_is_not_empty_is_deleted_after_its_name_was_typed(person: Person, place: Location) -> None:
    with person.store().opened() as driver:
        driver.create_upload(place.bucket, "unfinished")
    person.main.actions_["delete_bucket"].trigger()
    dialog = person.dialog(DeleteDialog)
    assert dialog.accessibleName() == "Delete bucket"
    until(lambda: dialog.plan is not None, "it is counted")
    assert dialog.total.text() == "4 blobs, 4 B \u00b7 1 unfinished upload"
    assert not dialog.primary.isEnabled()
    dialog.bucket_name.setText(place.bucket)
    handle = person.transfer(dialog.accept)
    assert (handle.snapshot.state, handle.snapshot.counts.items_done) == (JobState.DONE, 6)
    person.arrived(Location(THIS_COMPUTER))
    assert place.bucket not in person.names()


def test_deleting_what_the_catalog_keeps_says_what_is_lost(person: Person) -> None:
    kept = DeleteDialog([Location(THIS_COMPUTER, "bucket", "data/.artifact/")], person.main)
    other = DeleteDialog([Location(THIS_COMPUTER, "bucket", "data/artifacts/")], person.main)
    warned = [any("earlier versions" in one.text() for one in dialog.findChildren(QLabel)) for dialog in (kept, other)]
    assert warned == [True, False]
