"""Watches as a person meets them: made, told of, downloaded by, paused, edited and removed, in the whole window."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.watch import Action, Watch
from artifact_browser.catalog.watch_book import WatchBook, new_watch_id
from artifact_browser.gui.common.error_sheet import ErrorSheet
from artifact_browser.gui.common.toast import Toast
from artifact_browser.gui.shell.notification_service import Note
from artifact_browser.gui.shell.window import Window
from artifact_browser.gui.watches.partition_fields import NONE
from artifact_browser.gui.watches.watch_words import FINE, LOOKING, ORPHAN, PAUSED
from artifact_browser.gui.watches.watches_model import DOES, LAST, STATE, WATCH
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import Location
from tests.catalog.making import stage_and_commit
from tests.gui.shell.test_accessible_names import INTERACTIVE, walk
from tests.gui.watches.conftest import version

TIMEOUT_MS = 20_000
Find = Callable[[str], Any]


@pytest.fixture(autouse=True)
def no_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's real desktop is talked to."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)


@pytest.fixture
def started(qtbot: QtBot, window: Window, lion: Place) -> Window:
    """Watches look by themselves from now on, as behind the start of the app."""
    window.watches.room.start()
    return window


def until(qtbot: QtBot, what: Callable[[], bool]) -> None:
    qtbot.waitUntil(what, timeout=TIMEOUT_MS)


def at_lion(qtbot: QtBot, window: Window) -> None:
    window.main.centre.show_gallery()
    window.navigator.go(Location(THIS_COMPUTER, "bucket", "zoo/lion/"))
    until(qtbot, lambda: window.main.actions_["watch"].isEnabled())


def ask(qtbot: QtBot, window: Window, dialog: Find) -> Any:
    """The dialog of a new watch, once it knows which partitions there are."""
    at_lion(qtbot, window)
    window.main.actions_["watch"].trigger()
    asked = dialog("Watch")
    until(qtbot, lambda: asked.partitions._known)
    return asked


def add(window: Window, **what: Any) -> str:
    watch_id = new_watch_id()
    window.watches.room.book.add(Watch(watch_id, THIS_COMPUTER, "bucket", **({"prefix": "zoo/lion/"} | what)))
    return watch_id


def has_looked(window: Window) -> bool:
    return all(kept.looked_us for kept in window.watches.room.book.all())


def row(listed: Any, number: int = 0) -> list[str]:
    model = listed.watches
    return [str(model.index(number, column).data()) for column in range(model.columnCount())]


def toasts(window: Window) -> list[str]:
    return [one.accessibleName() for one in window.main.findChildren(Toast)]


def test_a_watch_is_made_looks_and_shows_what_it_found(
    qtbot: QtBot, started: Window, driver: Driver, lion: Place, dialog: Find
) -> None:
    asked = ask(qtbot, started, dialog)
    assert asked.artifact.text() == "zoo/lion/"
    assert [asked.partitions.fields["region"].itemText(at) for at in range(2)] == ["any", "us"]
    asked.partitions.fields["region"].setCurrentText("us")
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    assert toasts(started) == ["Watching lion · region=us"]
    until(qtbot, lambda: has_looked(started))
    (kept,) = started.watches.room.book.all()
    assert (kept.watch.exact, kept.watch.partitions, kept.watch.action) == (True, (("region", "us"),), Action.NOTIFY)

    started.main.actions_["watches"].trigger()
    listed = dialog("Watches")
    assert row(listed)[WATCH] == "lion · region=us"
    assert (row(listed)[DOES], row(listed)[LAST], row(listed)[STATE]) == ("Notifies", "1 · v1", FINE)
    assert listed.found_none.isVisible()
    version(driver, lion, "v2")
    version(driver, lion, "v3", region="eu")
    qtbot.mouseClick(listed.primary, Qt.MouseButton.LeftButton)
    assert (row(listed)[STATE], listed.primary.text()) == (LOOKING, "Stop")
    qtbot.mouseClick(listed.primary, Qt.MouseButton.LeftButton)
    assert (row(listed)[STATE], listed.primary.text()) == (FINE, "Look now")
    qtbot.mouseClick(listed.primary, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: listed.news.rowCount() == 1)
    assert [str(listed.news.index(0, column).data()) for column in range(2)] == ["2 · v2", "region=us"]
    until(qtbot, lambda: row(listed)[STATE] == FINE)  # somebody looks at it
    assert started.watches.room.book.unread() == ()

    listed.news_table.setFocus()
    listed.news_table.selectRow(0)
    qtbot.keyClick(listed.news_table, Qt.Key.Key_Return)
    versions = dialog("Versions")
    until(qtbot, lambda: versions.chosen is not None)
    assert versions.chosen.version == "v2"
    assert started.navigator.current == Location(THIS_COMPUTER, "bucket", "zoo/lion/")
    assert started.watches.room.dialog is None  # it made way
    versions.reject()


def test_new_versions_are_downloaded_once_each_beside_what_is_there(
    qtbot: QtBot,
    started: Window,
    driver: Driver,
    lion: Place,
    dialog: Find,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = tmp_path / "new versions"
    target.mkdir()
    asked = ask(qtbot, started, dialog)
    asked.download.setChecked(True)
    assert not asked.primary.isEnabled()
    asked.folder.setText("here")
    assert "whole path" in asked.note.text()
    chosen: list[QFileDialog] = []
    monkeypatch.setattr(QFileDialog, "open", lambda self: chosen.append(self))
    qtbot.mouseClick(asked.choose_folder, Qt.MouseButton.LeftButton)
    chosen[0].fileSelected.emit(str(target))
    assert "lion/version" in asked.folder_hint.text()
    assert asked.primary.isEnabled()
    asked.accept()
    until(qtbot, lambda: has_looked(started))
    (target / "lion" / "v2").mkdir(parents=True)
    (target / "lion" / "v2" / "a.txt").write_text("mine")

    room = started.watches.room
    for name in ("v2", ".."):  # which is a name of a version like others
        version(driver, lion, name)
    room.keeper.look_now([kept.watch.id for kept in room.book.all()])

    def all_there() -> bool:
        files = {
            path.relative_to(tmp_path / "new versions").as_posix(): path.read_text() for path in tmp_path.rglob("*.txt")
        }
        dots = [name for name, text in files.items() if text == ".."]
        if len(dots) == 1:
            assert dots[0].startswith("lion/")
            assert "/../" not in dots[0]
        return len(dots) == 1 and files.items() >= {"lion/v2/a.txt": "mine", "lion/v2/a (2).txt": "v2"}.items()

    until(qtbot, all_there)
    until(qtbot, lambda: room.book.owed() == ())
    assert len(started.transfers.room.queue.handles) == 2
    room.keeper.look_now([kept.watch.id for kept in room.book.all()])
    until(qtbot, lambda: not room.keeper.looking)
    assert len(started.transfers.room.queue.handles) == 2
    until(qtbot, lambda: not started.transfers.room.has_running())


def test_who_looks_elsewhere_is_told_through_the_desktop_and_led_to_the_version(
    qtbot: QtBot, started: Window, driver: Driver, lion: Place, dialog: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[Note] = []
    monkeypatch.setattr(started.notify.notifier, "show", notes.append)
    monkeypatch.setattr(started.main, "isActiveWindow", lambda: False)
    watch_id = add(started)
    until(qtbot, lambda: has_looked(started))
    for name in ("v2", "<b>v3</b>"):
        version(driver, lion, name)
    started.watches.room.keeper.look_now([watch_id])
    until(qtbot, lambda: bool(notes))
    (note,) = notes
    assert note.title == "2 new versions of lion"
    assert note.text == "The latest: 3 · <b>v3</b> (region=us)"
    shown = started.main.actions_["transfers"].isChecked()
    started.notify.notifier.chosen.emit(note.key)
    versions = dialog("Versions")
    until(qtbot, lambda: versions.chosen is not None)
    assert versions.chosen.version == "<b>v3</b>"
    assert started.main.actions_["transfers"].isChecked() == shown  # that is for notes of transfers
    assert started.watches.room.book.unread() == ()
    versions.reject()


def test_what_nobody_has_read_is_said_at_the_next_start(
    qtbot: QtBot, services: Services, window: Window, lion: Place, driver: Driver, dialog: Find
) -> None:
    watch_id = add(window)
    room = window.watches.room
    room.keeper.look_now([watch_id])
    until(qtbot, lambda: not room.keeper.looking)
    version(driver, lion, "v2")
    room.keeper.look_now([watch_id])
    until(qtbot, lambda: bool(room.book.unread()))
    again = Window(services)
    again.furnish()
    again.main.show()
    again.start()
    until(qtbot, lambda: "Watches found a new version." in toasts(again))
    again.close()
    again.main.close()
    again.main.deleteLater()


def test_paused_edited_and_removed(qtbot: QtBot, started: Window, driver: Driver, lion: Place, dialog: Find) -> None:
    add(started)
    started.main.actions_["watches"].trigger()
    listed = dialog("Watches")
    until(qtbot, lambda: row(listed)[STATE] == FINE)
    qtbot.mouseClick(listed.pause, Qt.MouseButton.LeftButton)
    assert row(listed)[STATE] == PAUSED
    assert listed.pause.text() == "Go on"
    assert not listed.primary.isEnabled()
    qtbot.mouseClick(listed.pause, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(listed.edit, Qt.MouseButton.LeftButton)
    edited = dialog("Edit watch")
    until(qtbot, lambda: edited.partitions._known)
    edited.interval.setCurrentIndex(edited.interval.findData(30))
    edited.partitions.fields["region"].setCurrentText("eu")  # which is not there yet
    qtbot.mouseClick(edited.primary, Qt.MouseButton.LeftButton)
    assert row(listed)[WATCH] == "lion · region=eu"
    until(qtbot, lambda: "no version with these partitions" in row(listed)[STATE])
    qtbot.mouseClick(listed.remove, Qt.MouseButton.LeftButton)
    asked = dialog("Remove watch")
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    assert listed.watches.rowCount() == 0
    assert listed.state.isVisible()
    assert not listed.edit.isEnabled()
    assert started.watches.room.book.all() == ()
    listed.reject()


def test_a_read_only_account_is_watched_and_a_removed_one_says_so(
    qtbot: QtBot, started: Window, driver: Driver, lion: Place, dialog: Find
) -> None:
    book = started.main.services.book
    book.replace(replace(book.get(THIS_COMPUTER), read_only=True))
    other = AccountRecord("0123456789abcdef", AccountKind.S3, "Other", endpoint="http://localhost:1")
    book.add(other)
    add(started)
    room = started.watches.room
    until(qtbot, lambda: has_looked(started) and not room.keeper.looking)
    room.book.add(Watch(new_watch_id(), other.id, "bucket", "zoo/lion/"))
    book.remove(other.id)
    started.accounts.room.accounts_changed.emit()
    add(started, prefix="zoo/")
    until(qtbot, lambda: bool(room.book.all()[2].looked_us))  # however long the others wait
    started.main.actions_["watches"].trigger()
    listed = dialog("Watches")
    assert [row(listed, number)[STATE] for number in range(3)] == [FINE, ORPHAN, FINE]
    listed.table.selectRow(1)
    assert ORPHAN in listed.chosen_facts.text()
    assert (listed.edit.isEnabled(), listed.pause.isEnabled(), listed.remove.isEnabled()) == (False, False, True)
    listed.reject()


def test_trouble_is_told_in_words_and_ends_with_a_look_that_works(
    qtbot: QtBot, started: Window, driver: Driver, lion: Place, dialog: Find
) -> None:
    broken = f"{lion.prefix}manifest.yaml"
    with driver.get("bucket", broken) as reader:
        kept = reader.read()
    add(started)
    until(qtbot, lambda: has_looked(started))
    driver.put("bucket", broken, b"{")
    started.main.actions_["watches"].trigger()
    listed = dialog("Watches")
    qtbot.mouseClick(listed.primary, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: row(listed)[STATE].startswith("The manifest cannot be read"))
    assert "The manifest cannot be read" in listed.chosen_facts.text()
    driver.put("bucket", broken, kept)
    qtbot.mouseClick(listed.primary, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: row(listed)[STATE] == FINE)
    listed.reject()


def test_partitions_that_are_not_known_stop_nobody(
    qtbot: QtBot, started: Window, driver: Driver, zoo: Place, dialog: Find
) -> None:
    stage_and_commit(driver, zoo, "tiger", {"a": b"1"})
    asked = ask(qtbot, started, dialog)
    asked.artifact.setText("zoo/tiger")
    asked.artifact.editingFinished.emit()
    until(qtbot, lambda: asked.partitions.words.text() == NONE)
    assert asked.partitions.fields == {}
    asked.artifact.setText("flyte://av0.1/zoo/development/none")
    asked.artifact.editingFinished.emit()
    until(qtbot, lambda: "not known" in asked.partitions.words.text())
    assert asked.primary.isEnabled()  # it may be registered later
    asked.artifact.setText("../../etc/")
    qtbot.keyClicks(asked.artifact, "x")
    assert not asked.primary.isEnabled()
    assert "no names" in asked.note.text()
    asked.reject()


@pytest.mark.parametrize("text", ["{", json.dumps({"schema": 99, "watches": []})], ids=["damaged", "newer"])
def test_a_file_that_cannot_be_used_is_said_at_the_start(
    qtbot: QtBot, services: Services, look: QApplication, dialog: Find, text: str
) -> None:
    services.paths.make().watches_file.write_text(text)
    window = Window(services)
    window.furnish()
    window.main.show()
    window.start()

    def sheet() -> ErrorSheet | None:
        found = [one for one in QApplication.topLevelWidgets() if isinstance(one, ErrorSheet) and one.isVisible()]
        return found[0] if found else None

    until(qtbot, lambda: sheet() is not None)
    shown = sheet()
    assert shown is not None
    assert "watches" in shown.record.title
    shown.accept()
    window.main.actions_["watches"].trigger()
    listed = dialog("Watches")
    assert listed.add.isEnabled() == (text == "{")
    assert bool(listed.note.text()) == (text != "{")
    listed.reject()
    window.close()
    window.main.close()
    window.main.deleteLater()
    assert WatchBook(services.paths.watches_file).read_only == (text != "{")


def test_everything_in_the_dialogs_has_a_name(qtbot: QtBot, started: Window, dialog: Find) -> None:
    add(started)
    asked = ask(qtbot, started, dialog)
    asked.download.setChecked(True)
    for found in (asked, started.watches.room.open()):
        met = [one for one in walk(QAccessible.queryAccessibleInterface(found)) if one.role in INTERACTIVE]
        assert len(met) > 6
        assert [one for one in met if not one.name] == []
    started.watches.room.open().reject()
    asked.reject()
