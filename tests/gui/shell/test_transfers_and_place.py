"""What transfers do to the place the window shows, and what the window does while a person chooses."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord, KeySource
from artifact_browser.bootstrap import Services
from artifact_browser.errors import DiskError
from artifact_browser.gui.shell.window import Window
from artifact_browser.gui.transfers.delete_dialog import DeleteDialog
from artifact_browser.gui.transfers.transfers_model import RowAction
from artifact_browser.storage.blobs import create_bucket
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.state import JobState

WAIT_MS = 20_000
AT = Location(THIS_COMPUTER, "stuff")


@pytest.fixture
def win(window: Window, services: Services, qtbot: QtBot) -> Window:
    services.settings.set("first_run_done", True)
    services.start()
    window.start()
    for bucket in ("stuff", "other"):
        services.pool.run(create_bucket, services.book.get(THIS_COMPUTER), bucket)
    window.main.navigator.go(AT)
    qtbot.waitUntil(lambda: window.browse.view.listing.state.status.name == "COMPLETE", timeout=WAIT_MS)
    return window


def names(win: Window) -> list[str]:
    model = win.browse.view.listing.model
    return [model.entry(row).key.rstrip("/").rpartition("/")[2] for row in range(model.rowCount())]


def upload(win: Window, qtbot: QtBot, *paths: Path) -> TransferHandle:
    handle = win.transfers.upload(AT, list(paths))
    assert handle is not None
    qtbot.waitUntil(lambda: handle.ended, timeout=WAIT_MS)
    return handle


def written(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("x")
    return path


def dialogs() -> list[DeleteDialog]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, DeleteDialog) and one.isVisible()]


def test_what_a_quick_retry_brought_is_listed(win: Window, qtbot: QtBot, tmp_path: Path) -> None:
    for number in range(3):
        late = tmp_path / f"late{number}"
        handle = upload(win, qtbot, late)
        qtbot.wait(300)  # its end was told
        written(late)
        win.transfers.room.panel.action_chosen.emit(handle, RowAction.RETRY)
        qtbot.waitUntil(lambda name=late.name: name in names(win), timeout=WAIT_MS)  # type: ignore[misc]


def test_a_folder_that_is_looked_into_while_it_is_uploaded_is_listed_anew(
    win: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    first = written(tmp_path / "inner" / "a")
    upload(win, qtbot, first.parent)
    win.main.navigator.go(AT.child("inner/"))
    qtbot.waitUntil(lambda: names(win) == ["a"], timeout=WAIT_MS)
    first.unlink()
    written(tmp_path / "inner" / "b")
    upload(win, qtbot, first.parent)
    qtbot.waitUntil(lambda: names(win) == ["a", "b"], timeout=WAIT_MS)


def test_hits_of_several_folders_that_were_deleted_are_gone_where_the_window_is(
    win: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    folders = [written(tmp_path / name / "x").parent for name in ("one", "two")]
    written(folders[1] / "y")
    upload(win, qtbot, *folders)
    win.main.navigator.go(AT.child("two/"))
    qtbot.waitUntil(lambda: names(win) == ["x", "y"], timeout=WAIT_MS)
    win.search._delete(THIS_COMPUTER, [AT.child("one/x"), AT.child("two/x")])
    qtbot.waitUntil(lambda: bool(dialogs()) and dialogs()[0].plan is not None, timeout=WAIT_MS)
    dialogs()[0].accept()
    qtbot.waitUntil(lambda: names(win) == ["y"], timeout=WAIT_MS)


@pytest.mark.parametrize("where", ["tree", "strip"])
def test_delete_is_about_the_table_only_in_the_table(win: Window, qtbot: QtBot, tmp_path: Path, where: str) -> None:
    upload(win, qtbot, written(tmp_path / "keep"))
    qtbot.waitUntil(lambda: names(win) == ["keep"], timeout=WAIT_MS)
    win.browse.view.table.selectRow(0)
    focused: QWidget = win.browse.tree if where == "tree" else win.transfers.room.panel.view
    focused.setFocus()
    if where == "strip":
        view = win.transfers.room.panel.view
        view.setCurrentIndex(win.transfers.room.panel.model.index(0, 0))
    QTest.keyClick(focused, Qt.Key.Key_Delete)
    qtbot.wait(100)
    assert dialogs() == []
    rows = win.transfers.room.panel.model.rowCount()
    assert rows == (1 if where == "tree" else 0)  # in the strip it puts the row away


# -- while a person chooses ---------------------------------------------------------------------------------------------
def test_what_is_chosen_goes_where_the_person_was(
    win: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "f")

    def choose(*_: object) -> tuple[list[str], str]:
        win.main.navigator.go(Location(THIS_COMPUTER, "other"))  # a second start with an address
        return [str(path)], ""

    monkeypatch.setattr(QFileDialog, "getOpenFileNames", choose)
    win.main.actions_["upload_files"].trigger()
    (handle,) = win.transfers.room.queue.handles
    assert handle.order.target == AT  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: handle.ended, timeout=WAIT_MS)


def test_what_is_downloaded_is_of_the_account_it_was_selected_in(
    win: Window, qtbot: QtBot, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(win, qtbot, written(tmp_path / "f"))
    qtbot.waitUntil(lambda: names(win) == ["f"], timeout=WAIT_MS)
    other = AccountRecord("o", AccountKind.S3, "Other", endpoint="http://127.0.0.1:1", key_source=KeySource.NONE)
    services.book.add(other)
    win.browse.view.table.selectRow(0)
    download = win.main.actions_["download"]
    qtbot.waitUntil(download.isEnabled, timeout=WAIT_MS)
    (tmp_path / "to").mkdir()

    def choose(*_: object) -> str:
        win.main.navigator.go(Location("o"))
        return str(tmp_path / "to")

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose)
    download.trigger()
    qtbot.waitUntil(lambda: len(win.transfers.room.queue.handles) == 2, timeout=WAIT_MS)
    assert {handle.order.record.id for handle in win.transfers.room.queue.handles} == {THIS_COMPUTER}


def test_settings_that_cannot_be_written_keep_nobody_from_uploading(
    win: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "f")

    def full() -> None:
        raise DiskError("No space left on device")

    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
    monkeypatch.setattr(win.main.services.settings, "_write", full)
    win.main.actions_["upload_files"].trigger()
    (handle,) = win.transfers.room.queue.handles
    qtbot.waitUntil(lambda: handle.snapshot.state is JobState.DONE, timeout=WAIT_MS)
