"""Dropping and pasting: where it goes is named while hovering, and it goes there."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QGuiApplication

from artifact_browser.accounts.record import THIS_COMPUTER, AccountRecord
from artifact_browser.gui.common.toast import Toast
from artifact_browser.storage.location import Location
from artifact_browser.transfers.state import JobState, Verb
from tests.gui.browse.person import Drag, Person, until, urls
from tests.storage.conformance.odd_keys import ODD_KEYS

EMPTY = QPoint(200, 400)  # below the last row
UNSEEN = {"Cc", "Cf", "Zl", "Zp"}


@pytest.fixture
def place(person: Person) -> Location:
    made = person.new_bucket({"dir/x": b"", "a.txt": b"a", "b.txt": b"b"})
    person.go(made)
    return made


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = [tmp_path / name for name in ("one.txt", "two +%.txt")]
    for path in made:
        path.write_text(path.name)
    return made


def hint(person: Person) -> str:
    shown = person.browse.view.drop_hint
    return str(shown.text()) if shown.isVisible() else ""


def test_files_on_the_table(person: Person, place: Location, files: list[Path]) -> None:
    drag = Drag(person.table.viewport(), urls(files))
    assert drag.hover(EMPTY)
    assert hint(person) == f"Drop to put it into local://{place.bucket}/"
    handle = person.transfer(lambda: drag.drop(EMPTY))
    assert hint(person) == ""
    assert handle.snapshot.state is JobState.DONE
    until(lambda: "one.txt" in person.names(), "it is listed")
    assert set(person.keys(place)) == {"dir/x", "a.txt", "b.txt", "one.txt", "two +%.txt"}


def test_files_on_a_folder_of_the_table(person: Person, place: Location, files: list[Path]) -> None:
    drag = Drag(person.table.viewport(), urls(files))
    assert drag.hover(person.point("dir"))
    assert hint(person) == f"Drop to put it into local://{place.bucket}/dir/"
    drag.hover(person.point("a.txt"))
    assert hint(person) == f"Drop to put it into local://{place.bucket}/"
    drag.leave()
    assert hint(person) == ""
    drag.hover(person.point("dir"))
    person.transfer(lambda: drag.drop(person.point("dir")))
    assert "dir/one.txt" in person.keys(place)


def test_files_on_the_empty_page(person: Person, files: list[Path]) -> None:
    place = person.new_bucket({})
    person.go(place)
    assert not person.table.isVisible()
    drag = Drag(person.browse.view, urls(files))
    assert drag.hover(EMPTY)
    assert hint(person) == f"Drop to put it into local://{place.bucket}/"
    person.transfer(lambda: drag.drop(EMPTY))
    until(lambda: person.names() == ["one.txt", "two +%.txt"], "they are listed")


def test_files_on_the_tree(person: Person, place: Location, files: list[Path]) -> None:
    index = person.tree_index("This computer", place.bucket, "dir")
    person.tree.scrollTo(index)
    drag, at = Drag(person.tree.viewport(), urls(files)), person.tree.visualRect(index).center()
    assert drag.hover(at)
    assert hint(person) == f"Drop to put it into local://{place.bucket}/dir/"
    person.transfer(lambda: drag.drop(at))
    assert {"dir/one.txt", "dir/two +%.txt"} <= set(person.keys(place))


def test_nothing_is_taken_where_nothing_can_go(person: Person, place: Location, files: list[Path]) -> None:
    account = person.tree.visualRect(person.tree_index("This computer")).center()
    assert not Drag(person.tree.viewport(), urls(files)).hover(account)
    text = QMimeData()
    text.setText("just words")
    assert not Drag(person.table.viewport(), text).hover(EMPTY)
    person.go(Location(THIS_COMPUTER))
    assert not Drag(person.table.viewport(), urls(files)).hover(EMPTY)
    assert hint(person) == ""


def test_rows_dragged_onto_a_folder_of_the_tree_are_copied(person: Person, place: Location) -> None:
    index = person.tree_index("This computer", place.bucket, "dir")
    person.tree.scrollTo(index)
    rows = person.table.model().mimeData([person.row("a.txt"), person.row("b.txt")])
    drag, at = Drag(person.tree.viewport(), rows), person.tree.visualRect(index).center()
    assert drag.hover(at)
    assert hint(person) == f"Drop to copy to local://{place.bucket}/dir/ \u00b7 with Shift: move"
    assert person.transfer(lambda: drag.drop(at)).snapshot.state is JobState.DONE
    assert set(person.keys(place)) == {"dir/x", "a.txt", "b.txt", "dir/a.txt", "dir/b.txt"}


def test_rows_dragged_with_shift_to_another_account_are_moved(
    person: Person, place: Location, moto_account: AccountRecord
) -> None:
    other = person.new_bucket({"in/y": b"y"}, moto_account.id)
    index = person.tree_index(moto_account.name, other.bucket, "in")
    person.tree.scrollTo(index)
    rows = person.table.model().mimeData([person.row("a.txt"), person.row("dir")])
    shift = Qt.KeyboardModifier.ShiftModifier
    drag, at = Drag(person.tree.viewport(), rows, shift), person.tree.visualRect(index).center()
    assert drag.hover(at)
    assert hint(person) == f"Drop to move to s3://{other.bucket}/in/"
    handle = person.transfer(lambda: drag.drop(at))
    assert (handle.snapshot.verb, handle.snapshot.state) == (Verb.MOVE, JobState.DONE)
    assert set(person.keys(other)) == {"in/y", "in/a.txt", "in/dir/x"}
    until(lambda: person.names() == ["b.txt"], "what went is not listed any more")


def test_rows_are_not_copied_onto_blobs_or_beside(person: Person, place: Location) -> None:
    rows = person.table.model().mimeData([person.row("a.txt")])
    drag = Drag(person.table.viewport(), rows)
    assert not drag.hover(person.point("b.txt"))
    assert not drag.hover(EMPTY)
    assert drag.hover(person.point("dir"))
    drag.leave()


def test_files_on_the_clipboard_are_uploaded_here(person: Person, place: Location, files: list[Path]) -> None:
    person.go(replace(place, key="dir/"))
    QGuiApplication.clipboard().setMimeData(urls(files))
    person.transfer(lambda: person.keys_pressed(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier))
    until(lambda: "one.txt" in person.names(), "it is listed")
    QGuiApplication.clipboard().setText("words")
    person.keys_pressed(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    toasts = (one.accessibleName() for one in person.main.findChildren(Toast))
    assert "There are no files or blobs on the clipboard." in list(toasts)


# -- odd keys -----------------------------------------------------------------------------------------------------


def test_odd_keys_are_listed_shown_and_copied_exactly(person: Person) -> None:
    place = person.new_bucket({key: b"x" for key in ODD_KEYS})
    met: list[str] = []
    waiting = [place]
    while waiting:
        here = waiting.pop()
        if here.key.count("/") > 6:
            continue  # one key is 204 folders deep
        person.go(here)
        model = person.browse.view.listing.model
        for row in range(model.rowCount()):
            entry, name = model.entry(row), model.index(row, 0).data()
            assert name.strip() or name
            unseen = [sign for sign in name if unicodedata.category(sign) in UNSEEN and sign != "\u200d"]
            assert unseen == [], repr(name)
            if entry.is_blob:
                met.append(entry.key)
            else:
                waiting.append(replace(here, key=entry.key))
    deep = [key for key in ODD_KEYS if key.count("/") > 6]
    assert sorted(met) == sorted(set(ODD_KEYS) - set(deep))
    person.go(place)
    for key in ("new\nline", "\u202eexe.txt", "pct%2Fx", "plus+x", "..", "%"):
        person.table.select_keys({(True, key)})
        until(lambda key=key: person.browse.selected_keys() == (key,), "it is selected")
        with person.clipboard() as clipboard:
            person.main.actions_["copy_uri"].trigger()
            assert clipboard.text() == f"local://{place.bucket}/{key}"
