"""The usage window over real stores: what it says, looking inside by mouse and keys, stop and continue, ways out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QToolButton

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.gui.common.palette import Theme, palette
from artifact_browser.gui.shell import context_menus
from artifact_browser.gui.usage.treemap import Treemap
from artifact_browser.gui.usage.usage_count import CountStatus
from artifact_browser.gui.usage.usage_window import UsageWindow
from artifact_browser.storage.location import Location
from artifact_browser.storage.usage_view import Measure
from tests.gui.browse.person import Person, until
from tests.gui.usage.conftest import Opener
from tests.storage.paged_store import paged
from tests.storage.s3.scripted import error

BLOBS = {
    "data/train/a.parquet": bytes(600), "data/train/b.parquet": bytes(300), "data/test/c.csv": bytes(200),
    "logs/1.log": bytes(80), "logs/2.log": bytes(40), "model.bin": bytes(400),
}  # fmt: skip


def names(window: UsageWindow) -> list[str]:
    return [row.name for row in window.tables.contents.rows]


def point(treemap: Treemap, name: str) -> QPoint:
    """The middle of a rectangle's head."""
    row = next(place for place, row in enumerate(treemap._amounts.rows) if row.name == name)
    rect = treemap.visualRect(treemap._amounts.index(row, 0))
    return QPoint(rect.center().x(), rect.top() + 8)


def looked_into(window: UsageWindow, *expected: str) -> None:
    until(lambda: names(window) == list(expected), lambda: f"{expected}: {names(window)}")


@pytest.mark.parametrize("account", ["this-computer", "moto"])
def test_a_bucket_is_counted_and_looked_into(
    person: Person, usage: Opener, request: pytest.FixtureRequest, account: str
) -> None:
    record = request.getfixturevalue("moto_account") if account == "moto" else person.browse.record()
    place = person.new_bucket(BLOBS, record.id)
    window = usage(place)
    tester = QAbstractItemModelTester(window.tables.contents, QAbstractItemModelTester.FailureReportingMode.Fatal)
    looked_into(window, "data", "model.bin", "logs")
    said = person.words(window)
    assert "1.6 KiB" in said
    assert "in 6 blobs and 4 prefixes" in said
    assert "counted so far" not in said
    assert window.chip.text().startswith("complete as of ")
    until(lambda: window.uploads.text() == "No incomplete uploads.", "uploads were looked for")
    # the treemap: areas in proportion, exact words, a click looks inside
    treemap = window.treemap
    areas = {names(window)[cell.row]: cell.rect.width() * cell.rect.height() for cell in treemap.cells()}
    assert areas["data"] / areas["logs"] == pytest.approx(1100 / 120, rel=0.15)
    assert "1,100 bytes \u00b7 67.9 % of the bytes here" in treemap.words_at(point(treemap, "data"))
    QTest.mouseClick(treemap.viewport(), Qt.MouseButton.LeftButton, pos=point(treemap, "data"))
    looked_into(window, "train", "test")
    assert [row.name for row in window.tables.types.rows] == ["Parquet", "CSV"]
    assert [row.size_bytes for row in window.tables.ages.rows] == [1100]
    assert window.level.text() == "1.1 KiB in 3 blobs, 67.9 % of the whole"
    # a blob is no place to look into, a crumb is the way back
    QTest.mouseClick(treemap.viewport(), Qt.MouseButton.LeftButton, pos=point(treemap, "train"))
    looked_into(window, "a.parquet", "b.parquet")
    QTest.mouseClick(treemap.viewport(), Qt.MouseButton.LeftButton, pos=point(treemap, "a.parquet"))
    assert window.count.prefix == "data/train/"
    crumb = next(
        one for one in window.crumbs.findChildren(QToolButton) if one.isVisible() and one.text() == place.bucket
    )
    crumb.click()
    looked_into(window, "data", "model.bin", "logs")
    window.measure.setCurrentIndex(1)
    looked_into(window, "data", "logs", "1 blob here")
    assert window.count.measure is Measure.BLOBS
    del tester


def test_keys_go_from_rectangle_to_rectangle_and_back(person: Person, usage: Opener) -> None:
    window = usage(person.new_bucket(BLOBS))
    looked_into(window, "data", "model.bin", "logs")
    treemap = window.treemap
    window.activateWindow()
    treemap.setFocus()
    until(treemap.hasFocus, "the treemap has the focus")
    QTest.keyClick(treemap, Qt.Key.Key_Home)
    assert treemap.currentIndex().data() == "data"
    QTest.keyClick(treemap, Qt.Key.Key_Right)
    assert treemap.currentIndex().data() in {"model.bin", "logs"}
    assert window.tables.table.currentIndex() == treemap.currentIndex()  # one selection
    QTest.keyClick(treemap, Qt.Key.Key_Left)
    QTest.keyClick(treemap, Qt.Key.Key_Return)
    looked_into(window, "train", "test")
    QTest.keyClick(treemap, Qt.Key.Key_Backspace)
    looked_into(window, "data", "model.bin", "logs")
    QTest.keyClick(treemap, Qt.Key.Key_Backspace)  # the top
    assert window.count.prefix == ""
    table = window.tables.table
    table.setFocus()
    table.selectRow(0)
    QTest.keyClick(table, Qt.Key.Key_Return)
    looked_into(window, "train", "test")
    QTest.keyClick(table, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_what_was_found_is_shown_in_the_main_window(person: Person, usage: Opener) -> None:
    place = person.new_bucket(BLOBS)
    window = usage(place)
    looked_into(window, "data", "model.bin", "logs")
    window.tables.table.selectRow(0)
    window.open_place.click()
    person.arrived(replace(place, key="data/"))
    assert window.isVisible()
    blob = window.tables.contents.rows[1]
    look, go, copy = window.part_actions(window.tables.contents.rows[2], QMenu(window))
    assert [one.text() for one in (look, go, copy)] == ["Look inside", "Open in browser", "Copy URI"]
    copy.trigger()
    assert QGuiApplication.clipboard().text() == f"local://{place.bucket}/logs/"
    go_to_blob, _ = window.part_actions(blob, QMenu(window))
    go_to_blob.trigger()
    person.arrived(place)
    until(lambda: person.selected() == ["model.bin"], "the blob is selected")


def test_the_action_counts_what_is_selected(person: Person) -> None:
    place = person.new_bucket(BLOBS)
    person.go(place)
    person.select("logs")
    person.main.actions_["usage"].trigger()
    room = person.window.usage.room
    assert room is not None
    window = room.windows[replace(place, key="logs/")]
    until(lambda: window.count.state.status is CountStatus.COMPLETE, "it is counted")
    assert window.count.state.counted.blobs == 2
    person.main.actions_["usage"].trigger()
    assert list(room.windows.values()) == [window]  # one window a place
    for names in (context_menus.ON_ROWS, context_menus.ON_NOTHING, context_menus.in_tree(place)):
        assert "usage" in names
    room.close()


def test_windows_go_with_their_account_and_the_main_window(person: Person, usage: Opener) -> None:
    window = usage(person.new_bucket(BLOBS))
    folders = list(person.services.paths.listings.glob("*-u*"))
    assert folders
    with paged(["a"]) as store:
        account = person.add_account(replace(store.record, buckets=("one",)))
        other = usage(Location(account.id, "one"))
        person.go(Location("this-computer"))
        person.services.book.remove(account.id)
        person.window.accounts.room.accounts_changed.emit()
        assert not other.isVisible()
        assert window.isVisible()
    person.main.hide()
    assert not window.isVisible()
    person.main.show()
    room = person.window.usage.room
    assert room is not None
    room.close()
    until(lambda: not list(person.services.paths.listings.glob("*-u*")), "what was counted is removed")


def test_a_bucket_can_be_chosen_in_its_account(person: Person) -> None:
    place = person.new_bucket(BLOBS)
    usage = person.main.actions_["usage"]
    person.go(Location(place.account_id))
    person.table.clearSelection()
    until(lambda: not usage.isEnabled(), "there is nothing to count")
    person.click(place.bucket)
    until(usage.isEnabled, "a bucket is selected")
    usage.trigger()
    room = person.window.usage.room
    assert room is not None
    assert place in room.windows
    room.close()


def test_stop_says_how_far_and_continue_goes_on(person: Person, usage: Opener) -> None:
    keys = [f"{number // 1000}/k{number:05d}" for number in range(3500)]
    with paged(keys, open_pages=2) as store:
        account = person.add_account(replace(store.record, buckets=("one",)))
        window = usage(Location(account.id, "one"), CountStatus.COUNTING)
        until(lambda: window.count.state.counted.blobs == 1000, "the first page is counted")
        until(lambda: names(window) == ["0"], "it fills")
        until(lambda: store.listed == 3, "the next page is asked for")  # the table's, the first, and this one
        assert "counted so far" in window.facts.text()
        window.main.click()
        assert window.main.text() == "Continue"
        assert window.chip.text() == "stopped"
        until(lambda: "everything up to \u201c0/k00999\u201d is counted" in window.how.text(), "it says how far")
        assert "counted so far" in window.facts.text()
        store.let_through(None)
        window.main.click()
        until(lambda: window.count.state.status is CountStatus.COMPLETE, "it is complete")
        assert window.count.state.counted.blobs == 3500
        # no page is counted twice; the store may see more requests: of the run that had not heard of its stop yet
        assert window.count.state.counted.requests == 4
        until(lambda: sorted(names(window)) == ["0", "1", "2", "3"], "all is shown")
        # closed and opened again it is there at once, and nothing is asked
        asked = store.listed
        window.close()
        again = usage(Location(account.id, "one"))
        assert again is not window
        assert again.count.state.counted.blobs == 3500
        assert store.listed == asked + 1  # the table's own listing
        again.main.click()
        until(lambda: again.count.state.status is CountStatus.COUNTING, "it is counted again")
        until(lambda: again.count.state.status is CountStatus.COMPLETE, "to the end")


def test_a_lost_connection_keeps_what_was_counted(person: Person, usage: Opener) -> None:
    keys = [f"p/k{number:05d}" for number in range(2500)]
    with paged(keys, refusal=error("InternalError", 500), refuse_from=2) as store:
        account = person.add_account(replace(store.record, buckets=("one",)))
        person.window.navigator.go(Location(account.id, "one"))
        until(lambda: store.listed >= 1, "the table is listed")
        person.main.actions_["usage"].trigger()
        room = person.window.usage.room
        assert room is not None
        window = room.windows[Location(account.id, "one")]
        until(lambda: window.count.state.status is CountStatus.FAILED, "it breaks off")
        until(lambda: window.count.view is not None, "what was counted is shown")
        until(lambda: "What was counted so far is kept." in window.note.text(), "it says so")
        assert window.chip.text() == "broken off"
        store.refusal = None
        window.main.click()
        until(lambda: window.count.state.status is CountStatus.COMPLETE, "it goes on to the end")
        assert window.count.state.counted.blobs == 2500
        assert window.note.text() == ""


def test_a_denied_place_and_an_empty_one_say_which_they_are(person: Person, usage: Opener) -> None:
    with paged(["a"], refusal=error("AccessDenied", 403)) as store:
        account = person.add_account(replace(store.record, buckets=("one",)))
        person.window.navigator.go(Location(account.id, "one"))
        person.main.actions_["usage"].trigger()
        room = person.window.usage.room
        assert room is not None
        window = room.windows[Location(account.id, "one")]
        until(lambda: window.count.state.status is CountStatus.FAILED, "it is refused")
        until(lambda: "Access denied" in person.words(window), "it says so")
        assert not window.export.isEnabled()
        store.refusal = None
        person.button("Try again", window).click()
        until(lambda: window.count.state.status is CountStatus.COMPLETE, "now it may")
    empty = usage(person.new_bucket({}))
    until(lambda: "Nothing is stored here." in person.words(empty), "empty is no failure")
    zero = usage(person.new_bucket({"zero": b""}))
    until(lambda: "Every blob here is empty." in person.words(zero), "nor is this")


def test_what_is_not_read_yet_is_not_called_empty(person: Person) -> None:
    """The last look comes after the count's end; until then nothing is known of what is here."""
    place = person.new_bucket(BLOBS)
    person.go(place)
    person.table.clearSelection()
    person.main.actions_["usage"].trigger()
    room = person.window.usage.room
    assert room is not None
    window = room.windows[place]
    said: set[str] = set()
    window.count.state_changed.connect(lambda _: said.update(person.words(window).split("\n")))
    until(lambda: names(window) == ["data", "model.bin", "logs"], "it is read")
    assert "Nothing is stored here." not in said
    room.close()


def test_unfinished_uploads_are_told_apart(person: Person, usage: Opener, moto_account: AccountRecord) -> None:
    place = person.new_bucket({"blob": bytes(10)}, moto_account.id)
    with person.store(moto_account.id).opened() as driver:
        upload = driver.create_upload(place.bucket, "half")
        driver.upload_part(place.bucket, "half", upload, 1, bytes(5 * 1024**2))
    window = usage(place)
    until(lambda: window.uploads.text().startswith("1 incomplete upload holds 5.0 MiB in 1 part"), "they are found")
    assert "Not in the figures above." in window.uploads.text()
    assert window.figure.text() == "10 B"


def test_a_report_is_written(person: Person, usage: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window = usage(person.new_bucket(BLOBS))
    looked_into(window, "data", "model.bin", "logs")
    menu = window.export.menu()
    assert isinstance(menu, QMenu)
    for action, name in zip(menu.actions(), ("usage.csv", "usage.json"), strict=True):
        path = tmp_path / name
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, path=path: (str(path), ""))
        action.trigger()
        until(lambda path=path: window.note.text() == f"Written to {path}", "it says where")
    assert json.loads((tmp_path / "usage.json").read_text())["rows"][0]["bytes"] == 1620
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "where.csv"), ""))
    menu.actions()[0].trigger()
    until(lambda: "could not be written" in window.note.text(), "it says what went wrong")


def test_a_screen_reader_meets_names_and_figures(person: Person, usage: Opener) -> None:
    window = usage(person.new_bucket(BLOBS))
    looked_into(window, "data", "model.bin", "logs")
    assert window.accessibleName() == "Usage"
    assert QAccessible.queryAccessibleInterface(window).role() is QAccessible.Role.Window
    assert window.treemap.accessibleName() == "Treemap"
    reader = QAccessible.queryAccessibleInterface(window.treemap)
    told = {reader.child(number).text(QAccessible.Text.Name) for number in range(reader.childCount())}
    assert {"data", "model.bin", "logs"} <= told
    assert "1.1 KiB, 3 blobs, 67.9 %" in window.tables.contents.index(0, 0).data(
        Qt.ItemDataRole.AccessibleDescriptionRole
    )
    for button in window.findChildren(QPushButton):
        assert button.text() or button.accessibleName() or not button.isVisible()


def test_it_is_painted_in_light_and_dark(person: Person, usage: Opener) -> None:
    window = usage(person.new_bucket({**BLOBS, "odd\u202e/\tname": bytes(50), "//": bytes(20)}))
    until(lambda: len(names(window)) == 5, "all is there")
    seen = set()
    for theme in (Theme.LIGHT, Theme.DARK):
        palette().choose(theme)
        picture = window.treemap.grab().toImage()
        seen.add(picture.pixelColor(picture.width() // 4, 12).name())
        for cell in window.treemap.cells():
            window.treemap.words_at(cell.rect.center().toPoint())
    palette().choose(Theme.LIGHT)
    assert len(seen) == 2


def test_a_level_of_thousands_is_drawn_with_a_few_hundred_rectangles(person: Person, usage: Opener) -> None:
    with paged([f"p{number:04d}/{blob}" for number in range(2000) for blob in "ab"]) as store:
        account = person.add_account(replace(store.record, buckets=("one",)))
        window = usage(Location(account.id, "one"))
        until(lambda: len(names(window)) == 301, "the largest and the others")
        assert names(window)[-1] == "1,700 other prefixes"
        cells = window.treemap.cells()
        assert len(cells) + sum(len(cell.inside) for cell in cells) < 400
        assert sum(cell.members for cell in cells) == 301
        rest = next(cell for cell in cells if cell.row < 0)
        assert "too small" in window.treemap.words_at(rest.rect.center().toPoint())
