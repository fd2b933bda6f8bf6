"""The catalog's actions of the whole window: from the menu to the dialog and the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.bootstrap import Services
from artifact_browser.catalog.artifacts import read
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.gui.catalog.files_page import FilesPage
from artifact_browser.gui.shell.window import Window
from artifact_browser.gui.transfers.transfers_model import RowAction
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import Location
from artifact_browser.transfers.state import JobState
from tests.catalog.making import stage_and_commit

TIMEOUT_MS = 15_000


@pytest.fixture
def at_lion(qtbot: QtBot, window: Window, services: Services, driver: Driver, zoo: Place) -> Window:
    """The window at an artifact with a staged edit."""
    place = stage_and_commit(driver, zoo, "lion", {"a.bin": b"1"})
    edit_fields(driver, place, {"description": "Roars"})
    services.start()
    window.start()
    window.main.actions_["gallery_view"].trigger()
    window.navigator.go(Location(THIS_COMPUTER, "bucket", "zoo/lion/"))
    action = window.main.actions_["compare_committed"]
    qtbot.waitUntil(action.isEnabled, timeout=TIMEOUT_MS)
    return window


def test_compare_with_committed(qtbot: QtBot, at_lion: Window, dialog: Callable[[str], Any]) -> None:
    at_lion.main.actions_["compare_committed"].trigger()
    shown = dialog("Compare with committed")
    qtbot.waitUntil(lambda: shown.fields_model.rowCount() == 1, timeout=TIMEOUT_MS)
    assert not shown._part_files.isVisible()
    shown.reject()


def test_the_artifact_and_a_link_to_its_file_are_copied(qtbot: QtBot, at_lion: Window) -> None:
    clipboard = QGuiApplication.clipboard()
    at_lion.main.actions_["copy_as_uri"].trigger()
    assert clipboard.text() == "local://bucket/zoo/lion/"
    at_lion.main.actions_["copy_as_python"].trigger()
    assert "from pathlib import Path" in clipboard.text()
    page = at_lion.catalog.gallery.artifact_view.pages.page(FilesPage)
    page.links_requested.emit(("zoo/lion/a.bin",))
    qtbot.waitUntil(lambda: clipboard.text().startswith("http://127.0.0.1:"), timeout=TIMEOUT_MS)
    assert clipboard.text().endswith("/a.bin")


def test_what_a_retry_brings_is_staged_too(qtbot: QtBot, at_lion: Window, driver: Driver, tmp_path: Path) -> None:
    """A commit would make a version without it otherwise."""
    good, late = tmp_path / "good.bin", tmp_path / "late.bin"
    good.write_bytes(b"g")
    record = at_lion.main.services.book.get(THIS_COMPUTER)
    at_lion.catalog._upload(record, Location(THIS_COMPUTER, "bucket", "zoo/lion/"), [str(good), str(late)])
    room = at_lion.transfers.room
    (handle,) = room.queue.handles

    def staged() -> set[str]:
        return {one["path"] for one in read(driver, Place("bucket", "zoo/lion/"), stage=True)["files"]}

    qtbot.waitUntil(lambda: "good.bin" in staged(), timeout=TIMEOUT_MS)
    assert handle.snapshot.state is JobState.DONE_WITH_ERRORS
    late.write_bytes(b"l" * 1000)
    room.panel.action_chosen.emit(handle, RowAction.RETRY)
    qtbot.waitUntil(lambda: staged() == {"a.bin", "good.bin", "late.bin"}, timeout=TIMEOUT_MS)
