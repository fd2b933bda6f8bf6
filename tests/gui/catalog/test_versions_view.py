"""Versions as a person meets them: the list, a look, restore, aliases, downloads, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from artifact_browser.catalog.aliases import move_alias, read_alias
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.records import CommitNote, record_key
from artifact_browser.catalog.replacing import keep_replaced
from artifact_browser.catalog.staging import edit_fields, register_uploaded, remove_files
from artifact_browser.gui.catalog import keeping_first
from artifact_browser.gui.catalog.versions_model import ALIASES, NAME, WHO
from artifact_browser.gui.common.palette import Theme, palette
from artifact_browser.gui.common.toast import Toast
from artifact_browser.storage.driver import Driver
from tests.catalog.making import exists, plain, put, stage, stage_and_commit

TIMEOUT_MS = 15_000


@pytest.fixture
def lion(driver: Driver, zoo: Place) -> Place:
    """Two versions: ``a`` changed and ``b`` went in v2."""
    place = stage(driver, zoo, "lion", {"a": b"one", "b": b"22"})
    commit(driver, place, note=CommitNote("v1", "the first", "ada"))
    keep_replaced(driver, place, ["a"])
    driver.put(place.bucket, place.file_key("a"), b"three")
    register_uploaded(driver, place, ["a"])
    remove_files(driver, place, ["b"])
    edit_fields(driver, place, {"name": "Lion 2"})
    commit(driver, place, note=CommitNote("v2", author="bob"))
    return place


@pytest.fixture
def versions(qtbot: QtBot, room: Any, lion: Place, dialog: Callable[[str], Any]) -> Any:
    """The dialog, opened from the artifact's page, with the list in it."""
    room.show(room.at("zoo/lion/"))
    page = room.gallery.artifact_view
    qtbot.waitUntil(page.isVisible, timeout=TIMEOUT_MS)
    qtbot.mouseClick(page.versions, Qt.MouseButton.LeftButton)
    opened = dialog("Versions")
    qtbot.waitUntil(lambda: opened.shown is not None, timeout=TIMEOUT_MS)
    return opened


def choose(qtbot: QtBot, versions: Any, row: int) -> None:
    versions.table.selectRow(row)
    line = versions.versions.line(row)
    qtbot.waitUntil(lambda: versions.shown is not None and versions.shown.version == line.version, timeout=TIMEOUT_MS)


def test_the_list_and_a_look_at_one(qtbot: QtBot, versions: Any) -> None:
    model = versions.versions
    shown = [[model.index(row, column).data() for column in (NAME, ALIASES, WHO)] for row in range(2)]
    assert shown == [["v2", "latest", "bob"], ["v1", "", "ada"]]
    assert "name: Lion 2" in versions.fields.text()
    assert not versions.primary.isEnabled()  # it is the committed one
    choose(qtbot, versions, 1)
    assert "name: Lion\n" in versions.fields.text()
    assert [(versions.files.row(at).path, versions.files.row(at).state) for at in range(2)] == [
        ("a", "kept"), ("b", "kept"),
    ]  # fmt: skip
    assert "the first" in versions.chosen_facts.text()
    assert "by ada: 2 files" in versions.chosen_facts.text()
    assert versions.primary.isEnabled()


def test_restore_asks_stages_and_offers_to_commit(
    qtbot: QtBot, room: Any, driver: Driver, lion: Place, versions: Any, dialog: Callable[[str], Any]
) -> None:
    choose(qtbot, versions, 1)
    qtbot.mouseClick(versions.primary, Qt.MouseButton.LeftButton)
    asked = dialog("Restore")
    assert plain(driver, "bucket", lion.committed_key)["name"] == "Lion 2"
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: room.gallery.at_hand.subject_is_staged, timeout=TIMEOUT_MS)
    (toast,) = room.window.findChildren(Toast)
    assert "2 files put back" in toast.text.text()
    qtbot.mouseClick(toast.action, Qt.MouseButton.LeftButton)
    asked = dialog("Commit")
    asked.version.setText("v3 ")
    asked.message.setText("as it was")
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: plain(driver, "bucket", lion.committed_key)["_version"] == "v3", timeout=TIMEOUT_MS)
    qtbot.waitUntil(lambda: not room.gallery.at_hand.subject_is_staged, timeout=TIMEOUT_MS)
    assert exists(driver, "bucket", lion.file_key("b"))


def test_a_restore_that_cannot_be_is_told(
    qtbot: QtBot, driver: Driver, lion: Place, versions: Any, dialog: Callable[[str], Any]
) -> None:
    choose(qtbot, versions, 1)
    edit_fields(driver, lion, {"name": "somebody's edit"})
    qtbot.mouseClick(versions.primary, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(dialog("Restore").primary, Qt.MouseButton.LeftButton)
    dialog("That cannot be used").reject()
    assert versions.isVisible()
    assert versions.primary.isEnabled()
    assert plain(driver, "bucket", lion.staged_key)["name"] == "somebody's edit"


def test_files_that_are_gone_are_told_and_cannot_be_restored(
    qtbot: QtBot, driver: Driver, lion: Place, versions: Any
) -> None:
    pages = driver.list_pages("bucket", f"{lion.prefix}.artifact/kept/", delimiter="")
    driver.delete_many("bucket", [key for page in pages for key in page.keys])
    choose(qtbot, versions, 1)
    assert "2 files cannot be found" in versions.chosen_facts.text()
    assert "kept nowhere" in versions.files.row(0).trouble
    assert not versions.primary.isEnabled()
    assert not versions.download.isEnabled()


def test_an_alias_is_set_then_moved_with_its_history_in_sight(
    qtbot: QtBot, driver: Driver, lion: Place, versions: Any, dialog: Callable[[str], Any]
) -> None:
    choose(qtbot, versions, 1)
    qtbot.mouseClick(versions.alias, Qt.MouseButton.LeftButton)
    asked = dialog("Set alias")
    assert not asked.primary.isEnabled()
    asked.name.setCurrentText("latest")
    assert "moved by commits only" in asked.note.text()
    asked.name.setCurrentText("production")
    assert asked.primary.text() == "Set"
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: versions.versions.index(1, ALIASES).data() == "production", timeout=TIMEOUT_MS)
    choose(qtbot, versions, 0)
    qtbot.mouseClick(versions.alias, Qt.MouseButton.LeftButton)
    asked = dialog("Set alias")
    asked.name.setCurrentText("production")
    assert asked.primary.text() == "Move"
    assert "It points to v1, set" in asked.moves.text()
    move_alias(driver, lion, "production", "v2")  # somebody was quicker
    move_alias(driver, lion, "production", "v1")
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: versions.versions.index(0, ALIASES).data() == "latest, production", timeout=TIMEOUT_MS)
    found = read_alias(driver, lion, "production")
    assert found is not None
    assert [move.version for move in (found.now, *found.before)] == ["v2", "v1", "v2", "v1"]


def test_an_alias_is_deleted_unless_somebody_moved_it_meanwhile(
    qtbot: QtBot, driver: Driver, lion: Place, versions: Any, dialog: Callable[[str], Any]
) -> None:
    move_alias(driver, lion, "production", "v1")
    move_alias(driver, lion, "tested", "v1")
    versions.retry_wanted.emit()
    qtbot.waitUntil(lambda: versions.versions.index(1, ALIASES).data() == "production, tested", timeout=TIMEOUT_MS)

    def delete(name: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        qtbot.mouseClick(versions.alias, Qt.MouseButton.LeftButton)
        asked = dialog("Set alias")
        assert not asked.delete.isEnabled()
        asked.name.setCurrentText(name)
        qtbot.mouseClick(asked.delete, Qt.MouseButton.LeftButton)
        sure = dialog("Delete alias")
        assert "It points to v1, set" in sure.moves.text()
        meanwhile()
        qtbot.mouseClick(sure.primary, Qt.MouseButton.LeftButton)

    delete("production")
    qtbot.waitUntil(lambda: versions.versions.index(1, ALIASES).data() == "tested", timeout=TIMEOUT_MS)
    assert read_alias(driver, lion, "production") is None
    delete("tested", lambda: move_alias(driver, lion, "tested", "v2"))
    qtbot.waitUntil(lambda: dialog("Somebody else moved this alias") is not None, timeout=TIMEOUT_MS)
    found = read_alias(driver, lion, "tested")
    assert found is not None
    assert found.now.version == "v2"


def test_a_download_asks_for_a_folder_and_takes_kept_and_current_bytes(
    qtbot: QtBot, room: Any, driver: Driver, lion: Place, versions: Any, tmp_path: Path
) -> None:
    choose(qtbot, versions, 1)
    qtbot.mouseClick(versions.download, Qt.MouseButton.LeftButton)
    (asked,) = versions.findChildren(QFileDialog)
    with qtbot.waitSignal(room.catalog.versions.download_requested, timeout=TIMEOUT_MS) as wanted:
        asked.fileSelected.emit(str(tmp_path))
    _, at, files, folder = wanted.args
    assert folder == str(tmp_path)
    assert files.paths == ("a", "b")
    bodies = []
    for key in files.keys:
        with driver.get(at.bucket, key) as reader:
            bodies.append(reader.read())
    assert bodies == [b"one", b"22"]


def test_empty_failed_and_broken_histories_say_so(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, lion: Place, dialog: Callable[[str], Any]
) -> None:
    stage(driver, zoo, "wolf")
    opened = room.catalog.versions.open(room.record, room.at("zoo/wolf/"))
    qtbot.waitUntil(lambda: "No versions yet" in _said(opened), timeout=TIMEOUT_MS)
    opened.reject()
    opened = room.catalog.versions.open(room.record, replace(room.at("zoo/wolf/"), bucket="nowhere"))
    qtbot.waitUntil(lambda: "No such bucket" in _said(opened), timeout=TIMEOUT_MS)
    assert opened.state._button.text() == "Try again"
    opened.reject()
    put(driver, "bucket", record_key(lion, "v1"), "{")
    opened = room.catalog.versions.open(replace(room.record, read_only=True), room.at("zoo/lion/"))
    qtbot.waitUntil(lambda: opened.shown is not None, timeout=TIMEOUT_MS)
    assert "missing or damaged" in opened.note.text()
    assert not opened.alias.isEnabled()  # read only
    opened.reject()


def test_committed_bytes_are_kept_before_an_upload_begins(
    qtbot: QtBot, room: Any, driver: Driver, lion: Place, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"newer")
    etag = driver.head("bucket", lion.file_key("a")).etag
    with qtbot.waitSignal(room.catalog.stage_requested, timeout=TIMEOUT_MS):
        room.catalog.stage(room.record, room.at("zoo/lion/"), [str(tmp_path / "a")])
    assert exists(driver, "bucket", f"{lion.prefix}.artifact/kept/{etag}")


def test_what_cannot_be_kept_is_not_written_over_and_a_cancel_uploads_nothing(
    qtbot: QtBot, room: Any, driver: Driver, lion: Place, dialog: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with qtbot.assertNotEmitted(room.catalog.stage_requested):
        room.catalog.stage(replace(room.record, read_only=True), room.at("zoo/lion/"), ["/tmp/a"])
        sheet = dialog("This account is read-only")
        assert sheet.primary.text() == "Try again"
        sheet.reject()
        monkeypatch.setattr(keeping_first, "_SILENT_MS", 0)
        monkeypatch.setattr(keeping_first.jobs, "keep_replaced", _wait_for_cancel)
        room.catalog.stage(room.record, room.at("zoo/lion/"), ["/tmp/a"])
        qtbot.waitUntil(lambda: "Keeping the committed files" in _toast(room), timeout=TIMEOUT_MS)
        (toast,) = [one for one in room.window.findChildren(Toast) if one.isVisible()]
        qtbot.mouseClick(toast.action, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: "Nothing was uploaded" in _toast(room), timeout=TIMEOUT_MS)


def _wait_for_cancel(context: Any, *_: Any) -> Any:
    yield from ()
    context.cancel.wait(60)


def test_a_bad_version_name_cannot_be_committed(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, dialog: Callable[[str], Any]
) -> None:
    place = stage_and_commit(driver, zoo, "wolf")
    version = plain(driver, "bucket", place.committed_key)["_version"]
    edit_fields(driver, place, {"name": "Wolf 2"})
    room.catalog.commit(room.record, room.at("zoo/wolf/"))
    asked = dialog("Commit")
    asked.version.setText("x" * 300)
    assert not asked.primary.isEnabled()
    assert "too long" in asked.note.text()
    asked.version.setText(version)
    assert asked.primary.isEnabled()
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    dialog("That cannot be used").reject()  # the name is taken
    assert plain(driver, "bucket", place.staged_key)["name"] == "Wolf 2"


def test_light_and_dark(qtbot: QtBot, versions: Any, look: QApplication) -> None:
    cell = versions.table.visualRect(versions.versions.index(0, ALIASES))
    inside = cell.center()
    inside.setX(cell.right() - 4)
    inside.setY(versions.table.viewport().height() - 3)
    light = versions.table.viewport().grab().toImage().pixelColor(inside).lightness()
    palette().choose(Theme.DARK)
    assert versions.table.viewport().grab().toImage().pixelColor(inside).lightness() < light - 100


def _said(opened: Any) -> str:
    state = opened.state
    return f"{state._sentence.text()} {state._detail.text()}" if state.isVisible() else ""


def _toast(room: Any) -> str:
    return " ".join(one.text.text() for one in room.window.findChildren(Toast) if one.isVisible())


def test_the_committed_version_can_be_put_back_after_an_upload_was_given_up(
    qtbot: QtBot, room: Any, driver: Driver, lion: Place
) -> None:
    keep_replaced(driver, lion, ["a"])
    put(driver, "bucket", lion.file_key("a"), "half a thought")
    opened = room.catalog.versions.open(room.record, room.at("zoo/lion/"))
    qtbot.waitUntil(lambda: opened.shown is not None, timeout=TIMEOUT_MS)
    assert opened.chosen.committed
    assert opened.primary.isEnabled()
    opened.reject()


def test_any_two_versions_are_compared(qtbot: QtBot, versions: Any, dialog: Callable[[str], Any]) -> None:
    choose(qtbot, versions, 1)
    versions.compare.menu().aboutToShow.emit()
    (latest,) = versions.compare.menu().actions()
    assert "(committed)" in latest.text()
    latest.trigger()
    compared = dialog("Compare versions")
    files, fields = compared.files_model, compared.fields_model
    qtbot.waitUntil(lambda: files.rowCount() == 2, timeout=TIMEOUT_MS)
    said = "\n".join(files.index(row, at).data() or "" for row in range(2) for at in range(files.columnCount()))
    assert "a" in said.splitlines()
    assert "b" in said.splitlines()
    assert "removed" in said.lower()
    assert "name" in [
        fields.index(row, at).data() for row in range(fields.rowCount()) for at in range(fields.columnCount())
    ]
    compared.reject()
