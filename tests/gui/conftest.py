"""The window over a private home, in the app's own look, without a screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from artifact_browser import bootstrap
from artifact_browser.bootstrap import Services
from artifact_browser.gui.common.palette import Theme, palette
from artifact_browser.gui.shell.theme import Look
from artifact_browser.gui.shell.window import Window
from artifact_browser.paths import in_home


@pytest.fixture(scope="session")
def dressed(qapp: QApplication) -> QApplication:
    """The application in its look."""
    Look(qapp, Theme.LIGHT)
    return qapp


@pytest.fixture
def look(dressed: QApplication) -> Iterator[QApplication]:
    """The application, light again after the test."""
    yield dressed
    palette().choose(Theme.LIGHT)


@pytest.fixture
def services(short_folder: Path) -> Iterator[Services]:
    """The services over a home of their own; ``start()`` them for a worker that is warm and links of This computer."""
    built = bootstrap.build(in_home(short_folder / "home"))
    yield built
    built.close()


@pytest.fixture
def window(qtbot: QtBot, look: QApplication, services: Services) -> Iterator[Window]:
    """The whole window, shown; nothing is listed yet (``window.start()`` does that)."""
    made = Window(services)
    made.furnish()
    made.main.resize(1440, 900)
    with qtbot.waitExposed(made.main):
        made.main.show()
    yield made
    made.close()
    made.main.close()
    made.main.deleteLater()
    qtbot.wait(1)
