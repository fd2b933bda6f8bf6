"""What rows of the strip say and do in the corners: clicks twice, keys, menus that are old, odd names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from artifact_browser.bootstrap import Services
from artifact_browser.gui.common.error_sheet import ErrorSheet
from artifact_browser.gui.transfers.transfers_model import RowAction, TransferColumn
from artifact_browser.gui.transfers.transfers_room import TransfersRoom
from artifact_browser.storage.blobs import create_bucket
from artifact_browser.storage.location import Location
from artifact_browser.transfers.pace import LEAST_BPS
from artifact_browser.transfers.queue import _home
from artifact_browser.transfers.state import JobState
from tests.gui.transfers.test_transfers_room import (
    RECORD,
    WAIT_MS,
    end,
    files,
    place,
    room,
    row_texts,
    services,
    window,
)

__all__ = ["files", "place", "room", "services", "window"]


def test_a_double_click_on_remove_cancels_nothing_below(
    room: TransfersRoom, qtbot: QtBot, place: Location, tmp_path: Path
) -> None:
    room.pace.choose(limit_bps=LEAST_BPS)
    (tmp_path / "big").write_bytes(os.urandom(400_000))
    running = room.upload(RECORD, place, [tmp_path / "big"])
    assert running is not None
    qtbot.waitUntil(lambda: running.snapshot.state is JobState.RUNNING, timeout=WAIT_MS)
    (tmp_path / "empty").write_bytes(b"")
    end(qtbot, room, room.upload(RECORD, place, [tmp_path / "empty"]))
    view, chosen = room.panel.view, list[str]()
    view.action_chosen.connect(lambda _, action: chosen.append(action))
    spot = view.visualRect(room.panel.model.index(0, TransferColumn.ACTION)).center()
    at = view.viewport().mapTo(view.window(), spot)
    handle = view.window().windowHandle()
    QTest.mouseDClick(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)  # type: ignore[call-overload]
    qtbot.wait(200)
    state = running.snapshot.state
    running.cancel()
    room.pace.choose(limit_bps=0)
    assert (chosen, state) == ([RowAction.REMOVE], JobState.RUNNING)


def test_the_delete_key_puts_a_failed_row_away_and_begins_nothing(
    room: TransfersRoom, qtbot: QtBot, place: Location, files: list[Path], tmp_path: Path
) -> None:
    end(qtbot, room, room.upload(RECORD, place, [*files, tmp_path / "gone"]))
    view, chosen = room.panel.view, list[str]()
    view.action_chosen.connect(lambda _, action: chosen.append(action))
    view.setCurrentIndex(room.panel.model.index(0, 0))
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert chosen == [RowAction.REMOVE]


def test_a_menu_that_stayed_open_speaks_of_the_row_it_was_opened_on(
    room: TransfersRoom, qtbot: QtBot, place: Location, files: list[Path], tmp_path: Path
) -> None:
    end(qtbot, room, room.upload(RECORD, place, [*files, tmp_path / "gone"]))
    model = room.panel.model
    room.panel.view.expand(model.index(0, 0))
    menu = room.panel.menu_for(model.index(0, 0, model.index(0, 0)))
    why = next(action for action in menu.actions() if action.text().startswith("Why"))
    room.panel.action_chosen.emit(room.queue.handles[0], RowAction.REMOVE)
    why.trigger()
    sheets = [one for one in QApplication.topLevelWidgets() if isinstance(one, ErrorSheet) and one.isVisible()]
    assert len(sheets) == 1
    sheets[0].close()


@pytest.mark.parametrize(
    ("keys", "title", "facts"),
    [
        (["stuff/"], "Delete stuff from stuff", "1 blob"),
        (["a/x", "a/y/"], "Delete 1 blob from stuff", "1 blob"),
    ],
)
def test_a_delete_says_what_it_deletes(
    room: TransfersRoom, qtbot: QtBot, tmp_path: Path, keys: list[str], title: str, facts: str
) -> None:
    (tmp_path / "x").write_text("x")
    where = Location(RECORD.id, "stuff", keys[0].partition("/")[0] + "/")
    end(qtbot, room, room.upload(RECORD, where, [tmp_path / "x"]))
    delete(room, qtbot, [Location(RECORD.id, "stuff", key) for key in keys])
    texts = row_texts(room)
    assert texts[0] == title
    assert texts[1].startswith(facts)


def test_a_bucket_is_no_blob(room: TransfersRoom, qtbot: QtBot, services: Services, tmp_path: Path) -> None:
    services.pool.run(create_bucket, RECORD, "three")
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_text("x")
    end(qtbot, room, room.upload(RECORD, Location(RECORD.id, "three"), paths))
    delete(room, qtbot, [Location(RECORD.id, "three")], typed="three")
    assert row_texts(room)[0] == "Delete bucket three"
    assert row_texts(room)[1].startswith("3 blobs")


def delete(room: TransfersRoom, qtbot: QtBot, locations: list[Location], typed: str = "") -> None:
    dialog = room.delete(RECORD, locations)
    qtbot.waitUntil(lambda: dialog.plan is not None, timeout=WAIT_MS)
    if typed:
        dialog.bucket_name.setText(typed)
    with qtbot.waitSignal(room.job_finished, timeout=WAIT_MS):
        dialog.accept()


def test_a_folder_of_nobody_is_said_and_a_key_is_no_shortcut(room: TransfersRoom, qtbot: QtBot) -> None:
    dialog = room.sync(RECORD, Location(RECORD.id, "stuff", "R&D/"))
    assert dialog.upload.shortcut().isEmpty()
    assert "R&&D" in dialog.upload.text()
    QTest.keyClicks(dialog.folder, "~nobody-of-that-name/photos")
    QTest.keyClick(dialog.folder, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.progress.text() == "There is no such folder.", timeout=WAIT_MS)
    dialog.reject()


def test_only_what_lies_in_the_home_folder_is_shown_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ann"))
    assert [_home(one) for one in ("/home/ann", "/home/ann/x", "/home/annabel/x")] == ["~", "~/x", "/home/annabel/x"]
