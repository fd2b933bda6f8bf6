"""Check by reading again, in the real window: from the strip and from the history, with good and bad ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.errors import ConnectionFailed
from artifact_browser.gui.shell.window import Window
from artifact_browser.gui.transfers.reading_dialog import ReadingDialog
from artifact_browser.storage.blobs import create_bucket
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.second_reading import Reading, Verdict

WAIT_MS = 20_000


@pytest.fixture
def handle(qtbot: QtBot, window: Window, tmp_path: Path) -> TransferHandle:
    """Two files that were uploaded."""
    services = window.main.services
    services.pool.run(create_bucket, services.book.get(THIS_COMPUTER), "stuff")
    for name in ("a.bin", "b.bin"):
        (tmp_path / name).write_bytes(os.urandom(1000))
    made = window.transfers.upload(Location(THIS_COMPUTER, "stuff"), [tmp_path / "a.bin", tmp_path / "b.bin"])
    assert made is not None
    qtbot.waitUntil(lambda: made.ended, timeout=WAIT_MS)
    return made


def dialogs(window: Window) -> list[ReadingDialog]:
    return [one for one in window.main.findChildren(ReadingDialog) if one.isVisible()]


def from_strip(qtbot: QtBot, window: Window) -> ReadingDialog:
    panel = window.transfers.room.panel
    menu = panel.menu_for(panel.model.index(0, 0))
    assert isinstance(menu, QMenu)
    action = next(one for one in menu.actions() if one.text() == "Check by reading again\u2026")
    assert action.isEnabled()
    action.trigger()
    qtbot.waitUntil(lambda: len(dialogs(window)) == 1, timeout=WAIT_MS)
    return dialogs(window)[0]


def test_all_the_same_is_said_and_stands_in_the_strip(qtbot: QtBot, window: Window, handle: TransferHandle) -> None:
    assert handle.snapshot.verified != "second reading"
    dialog = from_strip(qtbot, window)
    assert (dialog.accessibleName(), dialog.primary.text()) == ("Check by reading again", "Read again")
    assert not dialog.reading  # it costs: it is asked first
    qtbot.mouseClick(dialog.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: dialog.note.text() == "All 2 files are the same, byte for byte (2.0 KiB read).", timeout=WAIT_MS
    )
    assert dialog.primary.text() == "Read again"
    assert handle.snapshot.verified == "second reading"
    assert {one.verified for one in handle.items()} == {"second reading"}
    dialog.reject()


def test_what_differs_is_listed_and_the_history_offers_it_too(
    qtbot: QtBot, window: Window, handle: TransferHandle, tmp_path: Path
) -> None:
    (tmp_path / "b.bin").write_bytes(b"other")
    window.main.actions_["history"].trigger()
    history = window.transfers.room.history.dialog
    assert history is not None
    qtbot.waitUntil(history.read.isEnabled, timeout=WAIT_MS)
    history.read.click()
    qtbot.waitUntil(lambda: len(dialogs(window)) == 1, timeout=WAIT_MS)
    (dialog,) = dialogs(window)
    dialog.primary.click()
    qtbot.waitUntil(lambda: dialog.note.text() == "1 of 2 files the same; 1 changed since.", timeout=WAIT_MS)
    model = dialog.troubles.model()
    assert dialog.troubles.isVisible()
    assert [model.index(0, column).data() for column in (0, 1)] == [
        "b.bin", "It has 5 bytes, the blob 1,000. The file was changed after the transfer.",
    ]  # fmt: skip
    dialog.reject()
    history.reject()


def test_it_can_be_stopped_and_a_lost_store_says_how_far_it_came(
    qtbot: QtBot, window: Window, handle: TransferHandle
) -> None:
    dialog = ReadingDialog(handle.snapshot, window.main)
    qtbot.addWidget(dialog)
    dialog.begin()
    dialog.show_progress(Reading(3, 3000, 1000, ((Verdict.SAME, 1),)))
    assert dialog.primary.text() == "Stop"
    with qtbot.waitSignal(dialog.stop_wanted):
        dialog.primary.click()
    dialog.show_stopped()
    assert dialog.facts.text().startswith("Stopped: 1 of 3 files")
    dialog.begin()
    dialog.show_progress(Reading(3, 3000, 1000, ((Verdict.SAME, 1),)))
    dialog.show_failure(ConnectionFailed("No answer."))
    assert dialog.facts.text().startswith("Not read to the end: 1 of 3 files")
    assert "No answer." in dialog.note.text()
    assert not dialog.reading
