"""Opening an artifact by its ``flyte://`` address: in the dialog, and in the address field."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.name_registry import name_key, register_name
from artifact_browser.gui.catalog.uri_dialog import UriDialog
from artifact_browser.gui.common.error_sheet import ErrorSheet
from artifact_browser.gui.common.toast import Toast
from artifact_browser.gui.shell.window import Window
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import Location
from tests.catalog.making import stage_and_commit

NAME = ArtifactName("zoo", "development", "cats/lion")
LION = Location(THIS_COMPUTER, "bucket", "zoo/lion/")


@pytest.fixture
def named(driver: Driver, zoo: Place) -> Place:
    place = stage_and_commit(driver, zoo, "lion", {"a": b"1"})
    register_name(driver, place, NAME)
    return place


@pytest.fixture
def asked(window: Window, named: Place, dialog: Callable[[str], object]) -> UriDialog:
    """The dialog, opened from its menu in the bucket."""
    window.navigator.go(Location(THIS_COMPUTER, "bucket"))
    window.main.actions_["open_by_uri"].trigger()
    found = dialog("Open by URI")
    assert isinstance(found, UriDialog)
    return found


def _shows_lion(window: Window) -> bool:
    return (
        window.navigator.current == LION
        and window.main.centre.shows_gallery
        and window.catalog.gallery.artifact is not None
    )


def test_an_address_is_checked_while_it_is_typed(qtbot: QtBot, asked: UriDialog) -> None:
    assert asked.uri.accessibleName() == "Address"
    assert asked.subtitle.text() == "In local://bucket/"
    assert not asked.primary.isEnabled()
    qtbot.keyClicks(asked.uri, "flyte://av0.1/zoo/development")
    assert "a project, a domain and a name" in asked.note.text()
    assert not asked.primary.isEnabled()
    qtbot.keyClicks(asked.uri, "/cats/lion")
    assert asked.note.text() == ""
    assert asked.primary.isEnabled()


def test_the_artifact_of_an_address_is_opened(qtbot: QtBot, window: Window, asked: UriDialog) -> None:
    asked.uri.setText(f"flyte://av0.1/{NAME}?region=us")
    qtbot.keyClick(asked.uri, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: _shows_lion(window), timeout=10_000)
    assert not [found for found in QApplication.topLevelWidgets() if isinstance(found, UriDialog) and found.isVisible()]


def test_a_name_nobody_took_is_told_and_can_be_mended(qtbot: QtBot, window: Window, asked: UriDialog) -> None:
    asked.uri.setText(f"flyte://av0.1/{NAME}s")
    asked.primary.click()
    assert not asked.primary.isEnabled()
    assert asked.uri.isReadOnly()
    qtbot.waitUntil(lambda: "registered" in asked.note.text(), timeout=10_000)
    assert asked.isVisible()
    qtbot.keyClick(asked.uri, Qt.Key.Key_Backspace)
    assert asked.note.text() == ""
    asked.primary.click()
    qtbot.waitUntil(lambda: _shows_lion(window), timeout=10_000)


def test_a_damaged_entry_is_told(qtbot: QtBot, driver: Driver, asked: UriDialog) -> None:
    driver.put("bucket", name_key(NAME), b'{"prefix": "../../etc/"}')
    asked.uri.setText(f"flyte://av0.1/{NAME}")
    asked.primary.click()
    qtbot.waitUntil(lambda: "no names" in asked.note.text(), timeout=10_000)
    assert asked.primary.isEnabled()


def test_the_address_field_takes_one_too(
    qtbot: QtBot, window: Window, named: Place, dialog: Callable[[str], object]
) -> None:
    def typed(text: str) -> None:
        window.main.actions_["address"].trigger()
        field = window.browse.address.findChild(QLineEdit)
        field.setText(text)
        qtbot.keyClick(field, Qt.Key.Key_Return)

    def told(words: str) -> None:
        qtbot.waitUntil(lambda: any(words in sheet.record.detail for sheet in _sheets()), timeout=10_000)
        for sheet in _sheets():
            sheet.accept()

    assert not window.main.actions_["open_by_uri"].isEnabled()
    typed(f"flyte://av0.1/{NAME}")
    told("none is open")
    window.navigator.go(Location(THIS_COMPUTER, "bucket"))
    typed("flyte://av0.1/zoo")
    told("a project, a domain and a name")
    typed(f"flyte://av0.1/{NAME}s")
    told("registered")
    typed(f" flyte://av0.1/{NAME}@v1 ")
    qtbot.waitUntil(lambda: _shows_lion(window), timeout=10_000)
    (toast,) = window.main.findChildren(Toast)
    assert "not the version of the address" in " ".join(words.text() for words in toast.findChildren(QLabel))


def _sheets() -> list[ErrorSheet]:
    return [sheet for sheet in QApplication.topLevelWidgets() if isinstance(sheet, ErrorSheet) and sheet.isVisible()]
