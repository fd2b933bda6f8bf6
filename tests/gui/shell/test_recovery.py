"""A store that was away and comes back is well again everywhere, not only where one pressed *Try again*."""

from __future__ import annotations

import shutil
from dataclasses import replace

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.gui.shell.window import Window
from artifact_browser.storage.location import Location


def _lines(window: Window) -> list[str]:
    """What the tree says below its first account."""
    model = window.browse.tree.model()
    account = model.index(0, 0)
    return [str(model.index(row, 0, account).data()) for row in range(model.rowCount(account))]


def test_the_tree_recovers_with_the_table(qtbot: QtBot, window: Window, look: QApplication) -> None:
    services = window.main.services
    root = services.paths.cache / "elsewhere"
    root.write_text("no folder at all")
    services.book.replace(replace(services.book.get(THIS_COMPUTER), root=str(root)))
    window.start()
    tree = window.browse.tree
    window.navigator.go(Location(THIS_COMPUTER, "plain"))
    qtbot.waitUntil(lambda: window.browse.view.listing.state.error is not None, timeout=20_000)
    qtbot.waitUntil(lambda: _lines(window) not in ([], ["Listing\u2026"]), timeout=20_000)
    assert _lines(window) != ["plain"]

    root.unlink()
    (root / "plain").mkdir(parents=True)
    window.browse.view.listing.refresh()  # what Try again does
    qtbot.waitUntil(lambda: _lines(window) == ["plain"], timeout=20_000)
    qtbot.waitUntil(lambda: tree.current_location() == Location(THIS_COMPUTER, "plain"), timeout=20_000)
    shutil.rmtree(root)
