"""Declaring name and partitions in the window: typed, told when wrong, saved, committed, and found by the address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.artifact_uri import parse_artifact_uri
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.name_registry import register_name
from artifact_browser.catalog.own_address import find_addressed
from artifact_browser.catalog.partitions import DeclaredKeys
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.gui.catalog.edit_card_dialog import EditCardDialog
from artifact_browser.storage.driver import Driver
from tests.catalog.making import exists, plain, stage, stage_and_commit

TIMEOUT_MS = 15_000
_PAGE = 2


@pytest.fixture
def lion(driver: Driver, zoo: Place) -> Place:
    return stage_and_commit(driver, zoo, "lion", {"a": b"1"})


Edit = Callable[[str], EditCardDialog]


@pytest.fixture
def edit(qtbot: QtBot, room: Any, lion: Place, dialog: Callable[[str], Any]) -> Edit:
    """The card of an artifact, opened for editing on the page."""

    def open_(name: str) -> EditCardDialog:
        room.editing.edit_card(room.record, room.at(f"zoo/{name}/"))
        opened: EditCardDialog = dialog("Edit card")
        settled(qtbot, opened)
        opened.pages.setCurrentIndex(_PAGE)
        assert opened.pages.tabText(_PAGE) == "Name and partitions"
        return opened

    return open_


def settled(qtbot: QtBot, opened: EditCardDialog) -> None:
    qtbot.waitUntil(lambda: opened._checked == opened._draft.number, timeout=TIMEOUT_MS)


def told(qtbot: QtBot, opened: EditCardDialog, words: str) -> None:
    qtbot.waitUntil(lambda: words in opened.naming.status.text(), timeout=TIMEOUT_MS)


def test_what_is_typed_is_committed_and_found(qtbot: QtBot, driver: Driver, lion: Place, edit: Edit) -> None:
    opened = edit("lion")
    page = opened.naming
    told(qtbot, opened, "no flyte:// address")
    assert page.parts["project"].placeholderText() == "The zoo"
    assert page.parts["name"].placeholderText() == "lion"
    qtbot.keyClicks(page.parts["domain"], "production")
    told(qtbot, opened, "Nobody has the name \u201cThe zoo/production/lion\u201d yet")
    qtbot.mouseClick(page.rows.add_button, Qt.MouseButton.LeftButton)
    key, value = page.rows.field(0)
    qtbot.waitUntil(key.hasFocus, timeout=TIMEOUT_MS)
    assert (key.accessibleName(), value.accessibleName()) == ("Key 1", "Value 1")
    qtbot.keyClicks(key, "region")
    settled(qtbot, opened)
    assert "is empty" in page.faults["value/0"]
    assert "is empty" in value.accessibleDescription()
    assert not opened.primary.isEnabled()
    qtbot.keyClicks(value, "us")
    page.granularity.setCurrentIndex(page.granularity.findData("DAY"))
    qtbot.keyClicks(page.time, "2026-08")
    qtbot.keyClicks(page.time, "-99")
    settled(qtbot, opened)
    assert "Write it like 2026-08-01" in page.faults["time"]
    assert "cannot be used so" in opened.note.text()
    for letter in "\b\b15":
        qtbot.keyClick(page.time, Qt.Key.Key_Backspace if letter == "\b" else letter)
    qtbot.waitUntil(opened.primary.isEnabled, timeout=TIMEOUT_MS)
    assert opened.note.text() == ""
    assert "region: us" in opened.text.toPlainText()
    qtbot.mouseClick(opened.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: exists(driver, "bucket", lion.staged_key), timeout=TIMEOUT_MS)
    staged = plain(driver, "bucket", lion.staged_key)
    assert staged["artifact_id"] == {"domain": "production"}
    assert staged["partitions"] == {"region": "us"}
    done = commit(driver, lion)
    uri = parse_artifact_uri("flyte://av0.1/The%20zoo/production/lion?region=us&date=2026-08-15")
    assert find_addressed(driver, "bucket", uri).version == done.version


def test_declared_keys_and_a_taken_name_are_told(
    qtbot: QtBot, driver: Driver, lion: Place, zoo: Place, edit: Edit
) -> None:
    register_name(driver, lion, ArtifactName("zoo", "development", "n"), DeclaredKeys(("region",), "date"))
    commit(driver, stage(driver, zoo, "wolf", artifact_id={"project": "zoo", "name": "w"}))
    opened = edit("lion")
    page = opened.naming
    qtbot.keyClicks(page.parts["project"], "zoo")
    qtbot.keyClicks(page.parts["name"], "w")
    told(qtbot, opened, "stands for zoo/wolf/ already")
    page.parts["name"].setText("n")
    told(qtbot, opened, "Declared keys: region, date (day)")
    assert "This version: no partitions" in page.mismatch.text()
    qtbot.mouseClick(page.use_declared, Qt.MouseButton.LeftButton)
    assert [field.text() for field in page.rows.field(0)] == ["region", ""]
    assert sorted(page.faults) == ["time", "value/0"]
    page.rows.field(0)[1].setText("us")
    page.time.setText("2026-08-01")
    assert not page.faults
    assert page.mismatch.isHidden()
    settled(qtbot, opened)
    opened.reject()
    opened.reject()


def test_a_commit_says_what_its_version_is_of(
    room: Any, driver: Driver, zoo: Place, lion: Place, dialog: Callable[[str], Any]
) -> None:
    def said() -> str:
        room.catalog.commit(room.record, room.at("zoo/lion/"))
        asked = dialog("Commit")
        words = asked.partitions.text() if not asked.partitions.isHidden() else ""
        asked.reject()
        return words

    edit_fields(driver, lion, {"description": "more"})
    assert said() == ""
    edit_fields(driver, lion, {"partitions": {"region": "us"}, "time_partition": {"value": "2026-08-01"}})
    assert said() == "Partitions: date 2026-08-01 \u00b7 region us"
    commit(driver, lion)
    edit_fields(driver, lion, {"description": "and more"})
    assert said() == "Partitions: date 2026-08-01 \u00b7 region us (as the version before)"
    edit_fields(driver, lion, {"partitions": {"": "x"}})
    assert "cannot be used" in said()


def test_the_text_and_the_page_follow_each_other(qtbot: QtBot, edit: Edit) -> None:
    opened = edit("lion")
    page = opened.naming
    opened.pages.setCurrentIndex(1)
    opened.text.appendPlainText("partitions: {model: m}\n")
    settled(qtbot, opened)
    assert [field.text() for field in page.rows.field(0)] == ["model", "m"]
    opened.text.appendPlainText("time_partition: soon\n")
    settled(qtbot, opened)
    assert "partitions cannot be used" in opened.problems.model().index(0, 0).data()
    assert not page.rows.isEnabled()
    assert "on the page \u201cText\u201d" in page._only_text.text()
    opened.reject()
    opened.reject()
