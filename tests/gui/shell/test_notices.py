from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from artifact_browser import bootstrap
from artifact_browser.gui.common.error_sheet import ErrorSheet
from artifact_browser.gui.common.toast import Toast
from artifact_browser.gui.shell.window import Window
from artifact_browser.paths import in_home


@pytest.fixture
def damaged(qtbot: QtBot, look: QApplication, short_folder: Path) -> Iterator[Window]:
    paths = in_home(short_folder).make()
    paths.accounts_file.write_text("{ not json")
    paths.settings_file.write_text("[]")
    services = bootstrap.build(paths)
    window = Window(services)
    window.furnish()
    with qtbot.waitExposed(window.main):
        window.main.show()
    yield window
    window.close()
    window.main.close()
    window.main.deleteLater()  # with its sheet: other tests look for theirs
    qtbot.wait(1)
    services.close()


def test_damaged_files_are_named_and_kept(qtbot: QtBot, damaged: Window) -> None:
    damaged.notices.start()
    sheet = damaged.main.findChild(ErrorSheet)
    assert sheet is not None
    assert sheet.accessibleName() == "The list of accounts was damaged"
    said = damaged.main.findChild(Toast).findChild(QLabel).text()
    config = damaged.main.services.paths.config
    kept = [file for file in config.iterdir() if "damaged" in file.name and file.name.startswith("settings")]
    assert [file.read_text() for file in kept] == ["[]"]
    assert kept[0].name in said
