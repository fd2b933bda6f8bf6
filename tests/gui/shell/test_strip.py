"""The transfers strip takes its header's height until there is something to show; the drawer belongs to the table."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.gui.shell.window import Window
from artifact_browser.storage.location import Location


def _bucket(window: Window) -> Location:
    services = window.main.services
    (services.paths.store / "plain").mkdir(parents=True)
    return Location(THIS_COMPUTER, "plain")


def test_the_strip_opens_with_the_first_transfer_and_closes_with_the_last(
    qtbot: QtBot, window: Window, look: QApplication, tmp_path: Path
) -> None:
    strip, panel, middle = window.main.transfers, window.transfers.room.panel, window.main.centre
    assert strip.height() == panel.header_px
    high = middle.height()
    source = tmp_path / "a.txt"
    source.write_text("a")
    window.transfers.upload(_bucket(window), [source])
    qtbot.waitUntil(lambda: strip.height() > 2 * panel.header_px, timeout=20_000)
    assert middle.height() < high
    qtbot.waitUntil(lambda: all(handle.ended for handle in window.transfers.room.queue.handles), timeout=20_000)
    panel.header.clear.click()
    qtbot.waitUntil(lambda: strip.height() == panel.header_px)
    assert middle.height() == high


def test_a_folded_strip_gives_its_room_away_and_takes_it_back(qtbot: QtBot, window: Window, look: QApplication) -> None:
    strip, panel, middle = window.main.transfers, window.transfers.room.panel, window.main.centre
    panel.header.fold.click()
    qtbot.waitUntil(lambda: strip.height() > 2 * panel.header_px)
    unfolded, below = strip.height(), middle.height()
    panel.header.fold.click()
    qtbot.waitUntil(lambda: strip.height() == panel.header_px)
    assert middle.height() == below + unfolded - panel.header_px
    panel.header.fold.click()
    qtbot.waitUntil(lambda: strip.height() == unfolded)


def test_the_gallery_has_the_drawers_room(qtbot: QtBot, window: Window, look: QApplication) -> None:
    main, details = window.main, window.main.actions_["details"]
    assert main.details.isVisible()
    main.actions_["gallery_view"].trigger()
    assert not main.details.isVisible()
    assert not details.isEnabled()
    assert "table view" in details.toolTip()
    main.actions_["table_view"].trigger()
    assert main.details.isVisible()
    assert details.isEnabled()
    assert details.isChecked()
