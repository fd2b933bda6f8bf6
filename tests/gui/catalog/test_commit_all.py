"""Committing all that is staged in a collection, as a person does it: from the gallery, with each one's end in its row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.bootstrap import Services
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.staging import edit_fields, read_artifact
from artifact_browser.gui.catalog.commit_all_dialog import CommitAllDialog
from artifact_browser.gui.shell.window import Window
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import Location
from tests.catalog.making import names_in_index, stage, stage_and_commit

TIMEOUT_MS = 15_000


@pytest.fixture
def at_zoo(qtbot: QtBot, window: Window, services: Services, driver: Driver, zoo: Place) -> Window:
    """The window at a collection: an edit, two new artifacts, and one whose file is missing, all staged."""
    edit_fields(driver, stage_and_commit(driver, zoo, "ant", {"a": b"1"}), {"description": "Walks"})
    stage(driver, zoo, "bee", {"b": b"22"})
    stage(driver, zoo, "cat")
    broken = stage(driver, zoo, "dog", {"d": b"1"})
    driver.delete(broken.bucket, broken.file_key("d"))
    services.start()
    window.start()
    window.main.actions_["gallery_view"].trigger()
    window.navigator.go(Location(THIS_COMPUTER, "bucket", "zoo/"))
    qtbot.waitUntil(window.main.actions_["commit_all"].isEnabled, timeout=TIMEOUT_MS)
    return window


@pytest.fixture
def opened(qtbot: QtBot, at_zoo: Window, dialog: Callable[[str], Any]) -> CommitAllDialog:
    """The dialog, all looked at."""
    header = at_zoo.catalog.gallery.header
    qtbot.waitUntil(header.commit_all.isVisible, timeout=TIMEOUT_MS)
    qtbot.mouseClick(header.commit_all, Qt.MouseButton.LeftButton)
    shown = dialog("Commit all staged")
    assert isinstance(shown, CommitAllDialog)
    qtbot.waitUntil(shown.again.isVisible, timeout=TIMEOUT_MS)
    return shown


def rows(shown: CommitAllDialog) -> list[list[str]]:
    return [[shown.model.index(row, column).data() for column in range(3)] for row in range(shown.model.rowCount())]


def test_what_can_be_committed_is_and_what_cannot_says_why(
    qtbot: QtBot, opened: CommitAllDialog, driver: Driver, zoo: Place
) -> None:
    assert rows(opened) == [
        ["Ant", "an edit · 1 file, 1 B", ""],
        ["Bee", "new · 1 file, 2 B", ""],
        ["Cat", "new · no files", ""],
        ["Dog", "new · 1 file, 1 B", "1 file missing or different"],
    ]
    assert "3 of 4 chosen · 1 cannot be committed" in opened.chosen_words.text()
    opened.table.setFocus()
    opened.table.selectRow(1)
    qtbot.keyClick(opened.table, Qt.Key.Key_Space)  # not the bee
    edit_fields(driver, zoo.child("cat"), {"description": "edited meanwhile"})
    qtbot.mouseClick(opened.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(opened.note.isVisible, timeout=TIMEOUT_MS)
    assert opened.note.text().startswith("1 artifact committed, 1 not")
    ends = [state for _, _, state in rows(opened)]
    assert ends[:2] == ["committed", ""]
    assert "changed by somebody else meanwhile" in ends[2]
    assert names_in_index(driver, zoo) == ["ant"]
    assert read_artifact(driver, zoo.child("bee")).committed is None
    qtbot.mouseClick(opened.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [row[0] for row in rows(opened)] == ["Bee", "Cat", "Dog"], timeout=TIMEOUT_MS)
    qtbot.waitUntil(opened.primary.isEnabled, timeout=TIMEOUT_MS)
    opened.message.setText("all at once")
    qtbot.mouseClick(opened.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: opened.note.text() == "2 artifacts committed", timeout=TIMEOUT_MS)
    assert names_in_index(driver, zoo) == ["ant", "bee", "cat"]
    opened.reject()


def test_the_gallery_behind_it_shows_them_committed(qtbot: QtBot, at_zoo: Window, opened: CommitAllDialog) -> None:
    gallery = at_zoo.catalog.gallery
    qtbot.mouseClick(opened.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: gallery.model.staged == 1, timeout=TIMEOUT_MS)
    qtbot.waitUntil(lambda: not gallery.header.commit_all.isVisible(), timeout=TIMEOUT_MS)
    opened.reject()


def test_where_nothing_is_staged_it_says_so(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, dialog: Callable[[str], Any]
) -> None:
    from artifact_browser.gui.catalog.commit_all_room import CommitAllRoom

    stage_and_commit(driver, zoo, "ant")
    CommitAllRoom(room.gallery._bridge, room.window).open(room.record, room.at("zoo/"))
    shown = dialog("Commit all staged")
    qtbot.waitUntil(lambda: "Nothing is staged" in shown.state._sentence.text(), timeout=TIMEOUT_MS)
    assert not shown.primary.isEnabled()
    shown.reject()
