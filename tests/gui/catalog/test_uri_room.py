"""Opening an artifact by its ``flyte://`` address: in the dialog, and in the address field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.name_registry import name_key, register_name
from artifact_browser.catalog.partitions import DeclaredKeys
from artifact_browser.catalog.records import CommitNote
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.catalog.versions import VersionLine, VersionList
from artifact_browser.gui.catalog.uri_dialog import UriDialog
from artifact_browser.gui.catalog.versions_dialog import VersionsDialog
from artifact_browser.gui.common.error_sheet import ErrorSheet
from artifact_browser.gui.shell.instance import understood
from artifact_browser.gui.shell.window import Window
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import Location
from tests.catalog.making import stage, stage_and_commit

NAME = ArtifactName("zoo", "development", "cats/lion")
ID = {"project": "zoo", "domain": "development", "name": "cats/lion"}
LION = Location(THIS_COMPUTER, "bucket", "zoo/lion/")


@pytest.fixture
def named(driver: Driver, zoo: Place) -> Place:
    place = stage_and_commit(driver, zoo, "lion", {"a": b"1"})
    register_name(driver, place, NAME, DeclaredKeys(("region", "model")))
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
        and window.catalog.gallery.at_hand.artifact is not None
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
    asked.uri.setText(f"flyte://av0.1/{NAME}")
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
    typed(f"flyte://av0.1/{NAME}s")
    told("in a bucket of this account")
    typed(f"flyte://av0.1/{NAME}")  # no bucket is open: the one that has it is found
    qtbot.waitUntil(lambda: _shows_lion(window), timeout=10_000)
    window.navigator.go(Location(THIS_COMPUTER, "bucket"))
    typed("flyte://av0.1/zoo")
    told("a project, a domain and a name")
    typed(f"flyte://av0.1/{NAME}s")
    told("registered")
    typed(f"flyte://av0.1/{NAME}@v1")
    told("fits this address")
    typed(f" flyte://av0.1/{NAME} ")
    qtbot.waitUntil(lambda: _shows_lion(window), timeout=10_000)


@pytest.fixture
def history(driver: Driver, named: Place) -> Place:
    """``v2`` is of ``us``, ``v3`` of ``eu``; one before them had no partitions."""
    for version, region in (("v2", "us"), ("v3", "eu")):
        edit_fields(driver, named, {"artifact_id": ID, "partitions": {"region": region}})
        commit(driver, named, note=CommitNote(version))
    return named


@pytest.mark.parametrize(
    ("rest", "version", "which"),
    [
        ("@v2", "v2", "version 2 of 3, not the latest"), ("?region=us", "v2", "version 2 of 3, not the latest"),
        ("@latest", "v3", "version 3 of 3, the latest"),
    ],
)  # fmt: skip
def test_the_version_of_an_address_is_shown(
    qtbot: QtBot, window: Window, history: Place, dialog: Callable[[str], Any], rest: str, version: str, which: str
) -> None:
    window.navigator.go(Location(THIS_COMPUTER, "bucket"))
    window.open_handed_over(understood(f"open flyte://av0.1/{NAME}{rest}".encode()))  # as another start hands it over
    versions = dialog("Versions")
    qtbot.waitUntil(lambda: versions.shown is not None and versions.shown.version == version, timeout=10_000)
    assert versions.chosen.version == version
    assert versions.chosen_mark.text() == which
    assert 'partitions: {"region":' in versions.fields.text()
    assert "Declared: model, region. This version: region." in versions.note.text()
    qtbot.waitUntil(lambda: _shows_lion(window), timeout=10_000)
    versions.reject()


def test_a_copied_address_leads_back_to_its_version(
    qtbot: QtBot, window: Window, history: Place, dialog: Callable[[str], Any]
) -> None:
    window.navigator.go(LION)
    window.main.centre.show_gallery()
    page = window.catalog.gallery.artifact_view
    qtbot.waitUntil(page.isVisible, timeout=10_000)
    page.versions.click()
    versions = dialog("Versions")
    qtbot.waitUntil(lambda: versions.shown is not None, timeout=10_000)
    versions.table.selectRow(1)
    qtbot.waitUntil(versions.copy.isEnabled, timeout=10_000)
    qtbot.mouseClick(versions.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == f"flyte://av0.1/{NAME}@v2"
    versions.reject()
    window.navigator.go(Location(THIS_COMPUTER, "bucket"))
    window.main.actions_["open_by_uri"].trigger()
    asked = dialog("Open by URI")
    asked.uri.paste()
    asked.primary.click()
    again = dialog("Versions")
    qtbot.waitUntil(lambda: again.shown is not None and again.shown.version == "v2", timeout=10_000)
    again.reject()


def test_only_an_artifact_whose_name_is_registered_can_be_copied(
    qtbot: QtBot, window: Window, driver: Driver, zoo: Place, history: Place
) -> None:
    def entry() -> Any:
        menu = window.catalog.gallery.artifact_view.copy.menu()
        menu.aboutToShow.emit()
        return next(action for action in menu.actions() if "flyte" in action.text())

    window.main.centre.show_gallery()
    window.navigator.go(LION)
    qtbot.waitUntil(lambda: _shows_lion(window), timeout=10_000)
    known = entry()
    qtbot.waitUntil(known.isEnabled, timeout=10_000)
    known.trigger()
    assert QGuiApplication.clipboard().text() == f"flyte://av0.1/{NAME}"
    taken = stage(driver, zoo, "wolf", artifact_id=ID)
    commit(driver, taken)
    stage_and_commit(driver, zoo, "bear")
    for name, why in (("wolf", "stands for zoo/lion/ already"), ("bear", "no registered name")):
        at = Location(THIS_COMPUTER, "bucket", f"zoo/{name}/")
        window.navigator.go(at)
        qtbot.waitUntil(lambda at=at: window.catalog.gallery.at_hand.artifact == at, timeout=10_000)
        made = entry()
        qtbot.waitUntil(lambda why=why, made=made: why in made.toolTip(), timeout=10_000)
        assert not made.isEnabled()


def test_a_version_far_down_is_shown_with_what_is_behind_it(qtbot: QtBot, look: QApplication) -> None:
    dialog = VersionsDialog("here")
    qtbot.addWidget(dialog)
    lines = [VersionLine(number, f"v{number}", committed=number == 9) for number in range(9, 0, -1)]
    dialog.want("v4")
    with qtbot.waitSignal(dialog.more_wanted) as wanted:
        dialog.show_versions(VersionList(tuple(lines[:3]), more="v6"))
    assert wanted.args == ["v4"]
    dialog.show_versions(VersionList(tuple(lines[5:])), older=True)
    assert dialog.chosen == lines[5]
    assert "between 4 and 7 are not shown" in dialog.note.text()
    dialog.want("lost")
    dialog.show_versions(VersionList(tuple(lines)))
    assert dialog.chosen == lines[0]
    assert "lost is not in this history" in dialog.note.text()


def _sheets() -> list[ErrorSheet]:
    return [sheet for sheet in QApplication.topLevelWidgets() if isinstance(sheet, ErrorSheet) and sheet.isVisible()]
