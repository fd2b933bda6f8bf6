"""The speed limit in the window: written as people write it, chosen while transfers run, remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.errors import InputError
from artifact_browser.gui.shell.preferences_dialog import PreferencesDialog
from artifact_browser.gui.shell.window import Window
from artifact_browser.gui.transfers.limit_dialog import LimitDialog
from artifact_browser.gui.transfers.limit_words import PRESETS, limit_text, read_limit
from artifact_browser.gui.transfers.transfers_model import RowAction
from artifact_browser.storage.blobs import create_bucket
from artifact_browser.storage.location import Location
from artifact_browser.transfers.pace import LEAST_BPS, Pace
from artifact_browser.transfers.state import JobState

MIB = 1024**2
WAIT_MS = 20_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0), ("off", 0), (" No limit ", 0), ("0", 0),
        ("5M", 5 * MIB), ("5 MiB/s", 5 * MIB), ("5mib", 5 * MIB), ("5 MB/s", 5_000_000), ("5 mb", 5_000_000),
        ("2,5 MB/s", 2_500_000), ("1.5 GiB per second", 1536 * MIB), ("500k", 500 * 1024), ("500 kB/sec", 500_000),
        ("20 Mbit/s", 2_500_000), ("100Mbps", 12_500_000), ("1 gbit", 125_000_000), ("20000 B/s", 20_000),
        ("20000 bytes/s", 20_000), ("102400", 102_400),
    ],
)  # fmt: skip
def test_limits_are_read_as_people_write_them(text: str, expected: int) -> None:
    assert read_limit(text) == expected


@pytest.mark.parametrize("text", ["fast", "5 apples", "-1 MB/s", "1 B/s", "5 KB/s", "9999999 TB/s", "1..5 M", "MB"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_limit(text)


@pytest.mark.parametrize("limit", [*PRESETS, LEAST_BPS])
def test_what_is_shown_is_read_back(limit: int) -> None:
    assert read_limit(limit_text(limit)) == limit


def entries(menu: QMenu) -> dict[str, QAction]:
    return {action.text(): action for action in menu.actions() if action.text()}


def opened_menu(window: Window) -> QMenu:
    menu = window.transfers.room.panel.header.limit_menu
    menu.aboutToShow.emit()
    return menu


def test_a_limit_is_chosen_shown_in_force_and_remembered(qtbot: QtBot, window: Window) -> None:
    room, services = window.transfers.room, window.main.services
    header = room.panel.header
    movers = Pace(services.paths)
    assert entries(opened_menu(window))["No limit"].isChecked()
    entries(opened_menu(window))[limit_text(PRESETS[1])].trigger()
    qtbot.waitUntil(lambda: movers.limit_bps == PRESETS[1], timeout=WAIT_MS)
    assert services.settings.get("transfers_limit_bps") == PRESETS[1]
    assert header.limited.text() == "limit 1.0 MiB/s"
    assert not header.limited.isHidden()
    menu = opened_menu(window)
    assert entries(menu)[limit_text(PRESETS[1])].isChecked()
    numbers = next(action.menu() for action in menu.actions() if action.menu())
    assert isinstance(numbers, QMenu)
    entries(numbers)["2"].trigger()
    qtbot.waitUntil(lambda: movers.at_once == 2, timeout=WAIT_MS)
    entries(opened_menu(window))["No limit"].trigger()
    assert header.limited.isHidden()
    qtbot.waitUntil(lambda: movers.limit_bps == 0, timeout=WAIT_MS)
    assert movers.at_once == 2
    movers.close()


def test_a_limit_of_ones_own(qtbot: QtBot, window: Window) -> None:
    entries(opened_menu(window))["Own limit\u2026"].trigger()
    dialog = window.main.findChild(LimitDialog)
    assert isinstance(dialog, LimitDialog)
    dialog.limit.setText("fast")
    assert not dialog.primary.isEnabled()
    assert "not understood" in dialog.note.text()
    dialog.limit.setText("24 Mbit/s")
    assert dialog.note.text() == "2.9 MiB/s"
    dialog.primary.click()
    assert window.transfers.room.pace.limit_bps == 3_000_000
    assert entries(opened_menu(window))["2.9 MiB/s"].isChecked()


def test_the_preferences_have_it_too(qtbot: QtBot, window: Window) -> None:
    window.transfers.room.pace.choose(limit_bps=5 * MIB)
    window.main.actions_["preferences"].trigger()
    dialog = window.main.findChild(PreferencesDialog)
    assert isinstance(dialog, PreferencesDialog)
    assert dialog.limit.text() == "5.0 MiB/s"
    dialog.limit.setText("?")
    assert not dialog.primary.isEnabled()
    dialog.limit.setText("")
    dialog.at_once.setCurrentIndex(dialog.at_once.findData(4))
    dialog.notify.setChecked(False)
    dialog.primary.click()
    pace = window.transfers.room.pace
    assert (pace.limit_bps, pace.at_once) == (0, 4)
    assert window.main.services.settings.get("notify_ended") is False


def test_a_transfer_is_moved_to_the_top_and_a_failed_item_tried_again_alone(
    qtbot: QtBot, window: Window, tmp_path: Path
) -> None:
    room, services = window.transfers.room, window.main.services
    record = services.book.get(THIS_COMPUTER)
    services.pool.run(create_bucket, record, "stuff")
    room.pace.choose(limit_bps=LEAST_BPS, at_once=1)
    handles = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        for number in range(20):
            (tmp_path / name / f"{number:02}").write_bytes(bytes(2000))
        handles.append(room.upload(record, Location(THIS_COMPUTER, "stuff"), [tmp_path / name]))
    one, two = handles
    assert one is not None
    assert two is not None
    model, panel = room.panel.model, room.panel
    qtbot.waitUntil(lambda: model.rowCount() == 2 and one.planned and two.planned, timeout=WAIT_MS)
    assert model.handle(model.index(0, 0)) is two
    menu = panel.menu_for(model.index(1, 0))
    assert menu is not None
    entries(menu)[RowAction.FIRST].trigger()
    qtbot.waitUntil(lambda: model.handle(model.index(0, 0)) is one, timeout=WAIT_MS)
    for number in (5, 6):
        (tmp_path / "two" / f"{number:02}").write_bytes(b"changed meanwhile")
    room.pace.choose(limit_bps=0, at_once=8)
    qtbot.waitUntil(lambda: one.ended and two.snapshot.state is JobState.DONE_WITH_ERRORS, timeout=WAIT_MS)
    model.show_items(model.index(1, 0), True)
    first = model.index(0, 0, model.index(1, 0))
    item = model.item(first)
    assert item is not None
    assert item.attempts == 1
    (tmp_path / "two" / item.item.name.rpartition("/")[2]).write_bytes(bytes(2000))
    menu = panel.menu_for(first)
    assert menu is not None
    entries(menu)["Retry this item"].trigger()
    qtbot.waitUntil(lambda: two.snapshot.state is JobState.DONE_WITH_ERRORS and two.ended, timeout=WAIT_MS)
