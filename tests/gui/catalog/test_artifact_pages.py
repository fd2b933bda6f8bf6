"""The pages of an artifact: turned to with mouse and keyboard, told what is looked at, left alone when they are not."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.gui.catalog.files_page import FilesPage
from artifact_browser.gui.catalog.metadata_page import FieldRow, MetadataPage
from artifact_browser.gui.catalog.overview_page import OverviewPage
from artifact_browser.storage.driver import Driver
from tests.catalog.making import stage, stage_and_commit

TIMEOUT_MS = 15_000


def test_pages_are_turned_to_with_the_keyboard_and_follow_the_side_that_is_looked_at(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place
) -> None:
    place = stage_and_commit(driver, zoo, "lion", {"a.bin": b"12345"})
    edit_fields(driver, place, {"description": "Roars"})
    room.show(room.at("zoo/lion/"))
    view = room.gallery.artifact_view
    qtbot.waitUntil(view.isVisible, timeout=TIMEOUT_MS)
    assert type(view.pages.current) is OverviewPage
    assert view.pages.current.description.text() == "Roars"
    view.setFocus()
    qtbot.keyClick(view.pages.chips.focusProxy(), Qt.Key.Key_Right)
    assert type(view.pages.current) is FilesPage
    assert view.pages.currentWidget() is view.pages.current
    assert view.files.rowCount() == 1
    view.pages.turn_to(MetadataPage)
    metadata = view.pages.current
    assert isinstance(metadata, MetadataPage)
    rows = [metadata.fields.row(at) for at in range(metadata.fields.rowCount())]
    assert FieldRow("description", "Roars", "new") in rows
    assert FieldRow("name", "Lion") in rows
    metadata.table.selectRow([row.name for row in rows].index("description"))
    assert metadata.value.toPlainText() == "Roars"
    committed = next(chip for chip in view._sides.buttons() if chip.text() == "Committed")
    qtbot.mouseClick(committed, Qt.MouseButton.LeftButton)
    view.pages.turn_to(OverviewPage)
    assert view.pages.current.description.text() == "No description."


def test_a_page_that_asks_no_store_is_told_of_every_artifact(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place
) -> None:
    stage(driver, zoo, "lion", {"a": b"1"})
    stage(driver, zoo, "wolf", {"a": b"1", "b": b"2"})
    view = room.gallery.artifact_view
    room.show(room.at("zoo/lion/"))
    qtbot.waitUntil(lambda: view.files.rowCount() == 1, timeout=TIMEOUT_MS)
    room.show(room.at("zoo/wolf/"))
    qtbot.waitUntil(lambda: view.files.rowCount() == 2, timeout=TIMEOUT_MS)
    assert type(view.pages.current) is OverviewPage
    assert "2 files, 2 B" in view.pages.current.facts.text()
