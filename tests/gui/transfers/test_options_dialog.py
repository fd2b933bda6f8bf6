"""Uploads and downloads with options in the real window: patterns with their example, ignore files, links, policies."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.gui.shell.window import Window
from artifact_browser.gui.transfers.options_dialog import DownloadOptionsDialog, OptionsDialog, UploadOptionsDialog
from artifact_browser.gui.transfers.options_memory import PLAIN, TransferOptions, remembered_options
from artifact_browser.gui.transfers.transfers_model import TransferColumn
from artifact_browser.storage.location import Location
from artifact_browser.transfers.choice import Links, TreeChoice
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.preview import MOST_FILES
from artifact_browser.transfers.state import Verb

WAIT_MS = 20_000
D = TypeVar("D", bound=QDialog)
BUCKET = Location(THIS_COMPUTER, "plain")


@pytest.fixture
def bucket(window: Window) -> Path:
    """An empty bucket that the window shows."""
    made = window.main.services.paths.store / "plain"
    made.mkdir(parents=True)
    window.start()
    window.navigator.go(BUCKET)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "set"
    for name in ["a.csv", "b.log", "train/c.csv", "train/d.log", "cache/e.csv"]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / ".gitignore").write_text("cache/\n")
    return root


def shown(qtbot: QtBot, kind: type[D]) -> D:
    def found() -> list[D]:
        return [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]

    qtbot.waitUntil(lambda: bool(found()), timeout=WAIT_MS)
    return found()[0]


def type_into(field: QWidget, text: str) -> None:
    field.setFocus()
    QTest.keyClicks(field, text)


def until_example(qtbot: QtBot, dialog: OptionsDialog, pattern: str) -> None:
    """Wait until the example matches; a failure shows what it says instead."""

    def matches() -> None:
        assert re.search(pattern, dialog.example.text()), dialog.example.text()

    qtbot.waitUntil(matches, timeout=WAIT_MS)


def fact(window: Window) -> str:
    model = window.transfers.room.panel.model
    return model.text(model.index(0, TransferColumn.FACTS))


def all_ended(window: Window) -> bool:
    return all(handle.ended for handle in window.transfers.room.queue.handles)


def test_an_upload_with_options_shows_what_it_takes_and_takes_that(
    qtbot: QtBot, window: Window, bucket: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions = window.main.actions_
    qtbot.waitUntil(actions["upload_options"].isEnabled, timeout=WAIT_MS)
    actions["upload_options"].trigger()
    dialog = shown(qtbot, UploadOptionsDialog)
    assert (dialog.accessibleName(), dialog.primary.text()) == ("Upload with options", "Upload")
    assert not dialog.primary.isEnabled()
    assert dialog.example.text() == "Choose files or a folder first."
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    qtbot.mouseClick(dialog.choose_folder, Qt.MouseButton.LeftButton)
    assert dialog.chosen.text() == str(folder)
    until_example(qtbot, dialog, r"^Takes 6 files: \.gitignore, a\.csv, b\.log, \u2026")

    type_into(dialog.exclude, "[")
    assert not dialog.primary.isEnabled()
    assert "\u201c[\u201d matches nothing" in dialog.note.text()
    QTest.keyClick(dialog.exclude, Qt.Key.Key_Backspace)
    type_into(dialog.exclude, "*.log")
    assert dialog.primary.isEnabled()
    type_into(dialog.ignore_files, " .gitignore")
    expected = "Leaves out 3: b.log (your patterns), cache/ (.gitignore), train/d.log (your patterns)"
    until_example(qtbot, dialog, re.escape(expected) + "$")
    assert dialog.example.text().startswith("Takes 3 files: .gitignore, a.csv, train/c.csv\n")

    dialog.links.setCurrentIndex(dialog.links.findData(Links.INSIDE))
    dialog.policy.setCurrentIndex(dialog.policy.findData(Policy.UPDATE))
    qtbot.mouseClick(dialog.primary, Qt.MouseButton.LeftButton)
    assert actions["transfers"].isChecked()
    qtbot.waitUntil(lambda: all_ended(window), timeout=WAIT_MS)
    assert {path.relative_to(bucket).as_posix() for path in bucket.rglob("*") if path.is_file()} == {
        "set/.gitignore", "set/a.csv", "set/train/c.csv",
    }  # fmt: skip
    qtbot.waitUntil(
        lambda: "\u00b7 2 files and 1 folder left out by your patterns and .gitignore \u00b7" in fact(window),
        timeout=WAIT_MS,
    )

    actions["upload_options"].trigger()
    again = shown(qtbot, UploadOptionsDialog)
    assert again.options == TransferOptions(
        TreeChoice(
            exclude=("*.log",), ignore_files=(".artifactignore", ".gitignore"), ignore_above=True, links=Links.INSIDE
        ),
        Policy.UPDATE,
    )
    qtbot.mouseClick(again.defaults, Qt.MouseButton.LeftButton)
    assert again.options == PLAIN[Verb.UPLOAD]
    again.reject()


def test_a_download_with_options_takes_what_its_example_says(
    qtbot: QtBot, window: Window, bucket: Path, folder: Path, tmp_path: Path
) -> None:
    window.transfers.upload(BUCKET, [folder])
    qtbot.waitUntil(lambda: all_ended(window), timeout=WAIT_MS)
    actions, table = window.main.actions_, window.browse.view.table

    def select() -> bool:
        table.select_keys({(False, "set/")})
        return actions["download_options"].isEnabled()

    qtbot.waitUntil(select, timeout=WAIT_MS)
    actions["download_options"].trigger()
    dialog = shown(qtbot, DownloadOptionsDialog)
    assert (dialog.accessibleName(), dialog.primary.text()) == ("Download with options", "Download")
    dialog.folder.clear()
    assert not dialog.primary.isEnabled()
    type_into(dialog.folder, str(tmp_path / "down"))
    type_into(dialog.include, "*.csv")
    until_example(
        qtbot, dialog, r"^Takes 3 files: a\.csv, cache/e\.csv, train/c\.csv\nLeaves out 3: \.gitignore \(your"
    )
    QTest.keyClick(dialog.folder, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(window.transfers.room.queue.handles) == 2 and all_ended(window), timeout=WAIT_MS)
    down = tmp_path / "down"
    assert {path.relative_to(down).as_posix() for path in down.rglob("*") if path.is_file()} == {
        "set/a.csv", "set/cache/e.csv", "set/train/c.csv",
    }  # fmt: skip


def test_the_example_of_a_large_tree_says_that_it_is_its_beginning(
    qtbot: QtBot, window: Window, bucket: Path, tmp_path: Path
) -> None:
    (tmp_path / "many").mkdir()
    for number in range(MOST_FILES + 1):
        (tmp_path / "many" / str(number)).touch()
    qtbot.waitUntil(window.main.actions_["upload_options"].isEnabled, timeout=WAIT_MS)
    window.main.actions_["upload_options"].trigger()
    dialog = shown(qtbot, UploadOptionsDialog)
    dialog.choose([str(tmp_path / "many")])
    until_example(qtbot, dialog, f"^Of the first {MOST_FILES:,} looked at:")
    dialog.choose([str(tmp_path / "gone")])
    until_example(qtbot, dialog, r"^There are no files in it\.$")
    type_into(dialog.ignore_files, " a/b")
    assert "\u201ca/b\u201d is no file name." in dialog.note.text()
    dialog.reject()


@pytest.mark.parametrize(
    "kept", [3, {}, {"a": 3}, {"a": {"choice": {}, "policy": "ask"}}, {"a": {"choice": 1, "policy": "x"}}]
)
def test_nonsense_in_the_settings_is_as_if_nothing_was_remembered(window: Window, kept: object) -> None:
    window.main.services.settings.set("options.upload", json.loads(json.dumps(kept)))
    assert remembered_options(window.main.services.settings, Verb.UPLOAD, "a") == PLAIN[Verb.UPLOAD]


def test_every_field_has_a_name(qtbot: QtBot, window: Window) -> None:
    for dialog in (
        UploadOptionsDialog(BUCKET, PLAIN[Verb.UPLOAD], window.main),
        DownloadOptionsDialog([BUCKET], PLAIN[Verb.DOWNLOAD], window.main),
    ):
        fields = [
            one
            for one in dialog.findChildren(QWidget)
            if one.window() is dialog and one.focusPolicy() & Qt.FocusPolicy.TabFocus
        ]
        assert [one for one in fields if not (one.accessibleName() or getattr(one, "text", str)())] == []
        dialog.deleteLater()
