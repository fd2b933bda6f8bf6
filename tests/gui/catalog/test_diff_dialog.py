"""Comparing as a person does it: staged against committed, through the real workers; and what the dialog shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from artifact_browser.catalog.diff import Diff, State, compare
from artifact_browser.catalog.diff_export import Titles
from artifact_browser.catalog.files import StagedFile
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.staging import edit_fields, register_uploaded
from artifact_browser.errors import ConnectionFailed
from artifact_browser.gui.catalog.diff_dialog import DiffDialog
from artifact_browser.gui.common.palette import DARK, LIGHT, Theme, contrast, palette
from artifact_browser.storage.driver import Driver
from tests.catalog.making import stage_and_commit

TIMEOUT_MS = 15_000


@pytest.fixture
def edited(driver: Driver, zoo: Place) -> Place:
    """A committed artifact with a staged edit."""
    place = stage_and_commit(driver, zoo, "lion", {"a": b"1", "b": b"22"})
    driver.put("bucket", place.file_key("c"), b"333")
    driver.put("bucket", place.file_key("b"), b"2")
    register_uploaded(driver, place, ["b", "c"])
    edit_fields(driver, place, {"description": "It roars loudly"})
    return place


def test_staged_against_committed_from_the_artifacts_page(
    qtbot: QtBot, room: Any, edited: Place, dialog: Callable[[str], Any], tmp_path: Path
) -> None:
    room.show(room.at("zoo/lion/"))
    page = room.gallery.artifact_view
    qtbot.waitUntil(page.compare.isVisible, timeout=TIMEOUT_MS)
    qtbot.mouseClick(page.compare, Qt.MouseButton.LeftButton)
    shown = dialog("Compare with committed")
    qtbot.waitUntil(lambda: shown.files_model.rowCount() == 2, timeout=TIMEOUT_MS)
    assert _chips(shown) == ["All 2", "Added 1", "Changed 1"]
    assert _column(shown.files_model, 1) == ["b", "c"]
    added = next(chip for chip in shown._group.buttons() if chip.text() == "Added 1")
    qtbot.keyClick(added, Qt.Key.Key_Space)
    assert _column(shown.files_model, 1) == ["c"]
    assert _column(shown.fields_model, 1) == ["description"]
    assert "+ It roars loudly" in shown.detail.toPlainText()
    qtbot.mouseClick(shown.copy, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shown.copy.text() == "Copied", timeout=TIMEOUT_MS)
    assert "+ c (3 bytes)" in QGuiApplication.clipboard().text()
    as_json = next(action for action in shown.export.menu().actions() if "JSON" in action.text())
    as_json.trigger()
    asked = next(child for child in shown.findChildren(QFileDialog))
    asked.selectFile(str(tmp_path / "found"))
    asked.accept()
    qtbot.waitUntil(lambda: "Exported to" in shown.note.text(), timeout=TIMEOUT_MS)
    assert json.loads((tmp_path / "found.json").read_text())["files"]["changed"] == 1
    qtbot.mouseClick(shown.primary, Qt.MouseButton.LeftButton)


def test_the_commit_dialog_shows_what_changes(
    qtbot: QtBot, room: Any, edited: Place, dialog: Callable[[str], Any]
) -> None:
    room.catalog.commit(room.record, room.at("zoo/lion/"))
    asked = dialog("Commit")
    qtbot.mouseClick(asked.changes, Qt.MouseButton.LeftButton)
    shown = dialog("Compare with committed")
    qtbot.waitUntil(lambda: shown.files_model.rowCount() == 2, timeout=TIMEOUT_MS)
    shown.reject()
    assert asked.isVisible()
    asked.reject()


def test_nothing_differs_busy_and_failed_are_told_apart(qtbot: QtBot, look: QApplication) -> None:
    shown = DiffDialog("Compare versions", Titles("v1", "v2"), "lion")
    qtbot.addWidget(shown)
    shown.show()
    assert "Comparing" in shown.state._sentence.text()
    assert not shown.export.isEnabled()
    shown.show_diff(Diff(unchanged=3))
    assert shown.state._sentence.text() == "Nothing differs."
    tries: list[int] = []
    shown.show_failure(ConnectionFailed("No route."), lambda: tries.append(1))
    qtbot.mouseClick(shown.state._button, Qt.MouseButton.LeftButton)
    assert tries == [1]
    shown.show_diff(compare(State({}), State({"a": 1})))
    assert not shown._part_files.isVisible()
    assert shown._part_fields.isVisible()


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
def test_what_differs_is_marked_and_legible(qtbot: QtBot, look: QApplication, theme: Theme) -> None:
    palette().choose(theme)
    shown = DiffDialog("Compare versions", Titles("v1", "v2"), "lion")
    qtbot.addWidget(shown)
    text = "Roof sensors, one reading a second"
    shown.show_diff(compare(State({"description": text}), State({"description": text.replace("second", "minute")})))
    found = {}
    block = shown.detail.document().begin()
    while block.isValid():
        at = block.begin()
        while not at.atEnd():
            fragment = at.fragment()
            found[fragment.text()] = fragment.charFormat()
            at += 1
        block = block.next()
    assert found["second"].fontStrikeOut()
    assert found["minute"].fontUnderline()
    tokens = DARK if theme is Theme.DARK else LIGHT
    for form in found.values():
        behind = form.background().color() if form.background().style() != Qt.BrushStyle.NoBrush else tokens.background
        assert contrast(QColor(form.foreground().color()), behind) >= 4.5


def test_a_hundred_thousand_files_are_shown_at_once(qtbot: QtBot, look: QApplication) -> None:
    before = [StagedFile(f"{number:06}", number) for number in range(100_000)]
    after = [StagedFile(file.path, 7) for file in before]
    shown = DiffDialog("Compare versions", Titles("v1", "v2"), "lion")
    qtbot.addWidget(shown)
    shown.show_diff(compare(State({}, before), State({}, after)))
    assert shown.files_model.rowCount() == 99_999
    assert _chips(shown) == ["All 99,999", "Changed 99,999"]


def _chips(shown: DiffDialog) -> list[str]:
    return [chip.text() for chip in shown._group.buttons()]


def _column(model: Any, column: int) -> list[str]:
    return [model.index(row, column).data() for row in range(model.rowCount())]
