"""Finding versions as a person does: which artifact, which partitions, when, and what is done with one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.found_versions import FoundPage, FoundVersion, Scope, Wanted
from artifact_browser.catalog.index_keys import BY_PARTITIONS, keys_of
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.name_registry import FOLDER as NAMES
from artifact_browser.catalog.partitions import UNPARTITIONED
from artifact_browser.catalog.records import CommitNote
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.catalog.version_index import facts_of
from artifact_browser.catalog.version_search import Facets
from artifact_browser.gui.catalog.find_window import FindWindow
from artifact_browser.gui.catalog.found_model import NAME, PARTITIONS, WHO
from artifact_browser.gui.common.toast import Toast
from artifact_browser.gui.shell.window import Window
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import Location
from tests.catalog.making import stage, stage_and_commit

TIMEOUT_MS = 15_000


@pytest.fixture
def counts(driver: Driver, zoo: Place) -> Place:
    """Versions by region and day; ``v4`` has only a region."""
    place = stage(driver, zoo, "counts", {"a": b"1"}, artifact_id={"name": "n"})
    for version, region, day in (("v1", "us", "01"), ("v2", "eu", "01"), ("v3", "us", "02"), ("v4", "us", "")):
        time = {"value": f"2026-08-{day}"} if day else None
        edit_fields(driver, place, {"partitions": {"region": region}, "time_partition": time})
        commit(driver, place, note=CommitNote(version, author="ada"))
    return place


@pytest.fixture
def find(qtbot: QtBot, window: Window, counts: Place, dialog: Callable[[str], Any]) -> FindWindow:
    """The window, opened from the menu on the artifact's page, with everything found."""
    window.navigator.go(Location(THIS_COMPUTER, "bucket", "zoo/counts/"))
    window.main.centre.show_gallery()
    qtbot.waitUntil(lambda: window.catalog.gallery.at_hand.artifact is not None, timeout=TIMEOUT_MS)
    window.main.actions_["find_versions"].trigger()
    opened: FindWindow = dialog("Find versions")
    wait(qtbot, opened)
    return opened


def wait(qtbot: QtBot, find: FindWindow) -> None:
    qtbot.waitUntil(lambda: find.scope is not None and not find.busy, timeout=TIMEOUT_MS)


def names(find: FindWindow) -> list[str]:
    return [find.found.index(row, NAME).data() for row in range(find.found.rowCount())]


def test_facets_a_range_and_the_latest_with_their_requests(qtbot: QtBot, find: FindWindow) -> None:
    assert [box.currentText() for box in find.picker.boxes] == ["The zoo", "development", "n"]
    assert sorted(names(find)) == ["v1", "v2", "v3", "v4"]
    assert find.found.index(0, WHO).data() == "ada"
    assert find.footer.text() == "4 versions \u00b7 6 requests"  # name, LIST, four records
    region = find.side.lists["region"]
    assert [[region.model().index(row, column).data() for column in (0, 1)] for row in range(3)] == [
        ["Any", ""], ["eu", "1"], ["us", "3"],
    ]  # fmt: skip
    qtbot.keyClick(region, Qt.Key.Key_Down)
    qtbot.keyClick(region, Qt.Key.Key_Down)
    wait(qtbot, find)
    assert sorted(names(find)) == ["v1", "v3", "v4"]
    assert find.side.times is not None
    find.side.times.choose("2026-08-01")
    wait(qtbot, find)
    assert names(find) == ["v1"]
    find.which.setCurrentIndex(1)  # the latest
    find.which.activated.emit(1)
    wait(qtbot, find)
    assert names(find) == ["v1"]
    assert find.footer.text() == "1 version \u00b7 3 requests"
    find.side.until.setFocus()
    find.side.until.clear()
    qtbot.keyClicks(find.side.until, "2026-07")
    assert "before the beginning" in find.side.fault.text()
    qtbot.keyClick(find.side.until, Qt.Key.Key_Backspace)
    qtbot.keyClicks(find.side.until, "8")
    qtbot.keyClick(find.side.until, Qt.Key.Key_Return)
    wait(qtbot, find)
    assert find.side.fault.text() == ""
    assert names(find) == ["v3"]
    find.side.lists["region"].choose("eu")
    find.side.since.setText("2026-08-02")
    find.side.since.editingFinished.emit()
    wait(qtbot, find)
    assert "No version fits" in find.state._sentence.text()
    assert not find.open_button.isEnabled()


def test_a_version_is_opened_copied_and_downloaded(
    qtbot: QtBot, window: Window, find: FindWindow, dialog: Callable[[str], Any], tmp_path: Path
) -> None:
    find.table.selectRow(names(find).index("v2"))
    qtbot.mouseClick(find.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "flyte://av0.1/The%20zoo/development/n@v2"
    qtbot.mouseClick(find.download, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(find.findChildren(QFileDialog)), timeout=TIMEOUT_MS)
    (asked,) = find.findChildren(QFileDialog)
    with qtbot.waitSignal(window.transfers.room.job_finished, timeout=TIMEOUT_MS):
        asked.fileSelected.emit(str(tmp_path))
    assert (tmp_path / "a").read_bytes() == b"1"
    asked.reject()
    qtbot.waitUntil(lambda: not window.transfers.room.has_running(), timeout=TIMEOUT_MS)
    qtbot.keyClick(find.table, Qt.Key.Key_Return)
    versions = dialog("Versions")
    qtbot.waitUntil(lambda: versions.shown is not None, timeout=TIMEOUT_MS)
    assert versions.chosen.version == "v2"
    versions.reject()


def test_names_are_chosen_one_after_the_other(
    qtbot: QtBot, window: Window, driver: Driver, zoo: Place, counts: Place, dialog: Callable[[str], Any]
) -> None:
    commit(driver, stage(driver, zoo, "other", artifact_id={"project": "alpha", "domain": "staging", "name": "x"}))
    driver.put("bucket", ".artifacts/alpha/staging/y%20.json", b'{"prefix": "zoo/counts/"}')  # no name of ours
    stage_and_commit(driver, zoo, "bear")
    window.navigator.go(Location(THIS_COMPUTER, "bucket", "zoo/"))
    window.main.centre.show_gallery()
    qtbot.waitUntil(lambda: window.catalog.gallery.header.title.text() == "The zoo", timeout=TIMEOUT_MS)
    window.main.actions_["find_versions"].trigger()
    find = dialog("Find versions")
    wait(qtbot, find)
    project = find.picker.boxes[0]
    assert [box.currentText() for box in find.picker.boxes] == ["The zoo", "development", "n"]  # the collection's own
    project.setCurrentIndex(project.findText("alpha"))
    project.activated.emit(project.currentIndex())
    qtbot.waitUntil(lambda: find.scope is not None and find.scope.place == zoo.child("other"), timeout=TIMEOUT_MS)
    wait(qtbot, find)
    assert [box.currentText() for box in find.picker.boxes] == ["alpha", "staging", "x"]
    name = find.picker.boxes[2]
    name.setCurrentIndex(1)
    name.activated.emit(1)
    assert "blanks at its ends" in find.state._detail.text()
    assert not find.find_button.isEnabled()
    name.setCurrentIndex(0)
    name.activated.emit(0)
    wait(qtbot, find)
    assert names(find)
    find.close()
    bear = Location(THIS_COMPUTER, "bucket", "zoo/bear/")
    window.navigator.go(bear)
    qtbot.waitUntil(lambda: window.catalog.gallery.at_hand.artifact == bear, timeout=TIMEOUT_MS)
    window.main.actions_["find_versions"].trigger()
    find = dialog("Find versions")
    wait(qtbot, find)
    assert "no registered name" in find.where.text()
    assert "No version stands in the index" in find.state._sentence.text()
    find.close()


def test_an_address_with_a_range_finds_what_it_names(
    qtbot: QtBot, window: Window, counts: Place, dialog: Callable[[str], Any]
) -> None:
    window.navigator.go(Location(THIS_COMPUTER, "bucket"))
    window.browse.go_to_text("flyte://av0.1/The%20zoo/development/n?region=us&date=2026-08-02..2026-09")
    find = dialog("Find versions")
    wait(qtbot, find)
    assert names(find) == ["v3"]
    assert find.side.lists["region"].chosen == "us"
    assert (find.side.since.text(), find.side.until.text()) == ("2026-08-02", "2026-09")
    assert find.footer.text() == "1 version \u00b7 3 requests"
    find.close()


def test_more_is_asked_for_and_put_behind(qtbot: QtBot, look: QApplication) -> None:
    find = FindWindow("here")
    qtbot.addWidget(find)
    find.show_scope(Scope(Place("b", "p/"), None, None, Facets({}, {}, 1, 1), 1))
    rows = [FoundVersion(f"v{number}", number, UNPARTITIONED) for number in (2, 1)]
    find.show_page(FoundPage((rows[0],), 3, more="next"), more=False)
    assert "so far" in find.footer.text()
    with qtbot.waitSignal(find.find_wanted) as wanted:
        find.more.click()
    assert wanted.args == [Wanted(), "next"]
    find.show_finding(more=True)
    assert not find.more.isEnabled()
    find.show_page(FoundPage((rows[1],), 2), more=True)
    assert names(find) == ["v2", "v1"]
    assert find.footer.text() == "2 versions \u00b7 5 requests"
    assert find.more.isHidden()
    assert not find.copy.isEnabled()  # it has no registered name


def test_empty_failed_stopped_and_left_out_are_told(
    qtbot: QtBot, window: Window, driver: Driver, counts: Place, find: FindWindow, dialog: Callable[[str], Any]
) -> None:
    for claim in (facts_of(counts, "v9", 9, {"partitions": {"region": "eu"}}),):
        for key in keys_of(claim):
            driver.put("bucket", key, b"")
    find.find_button.click()
    assert find.busy
    wait(qtbot, find)
    assert "1 left out: no record says the same" in find.footer.text()
    driver.delete_many("bucket", [key for key in _keys(driver, f"{counts.prefix}{BY_PARTITIONS}") if "v3" in key])
    find.update_index.click()
    told = "Index updated: 1 written, 1 removed"
    qtbot.waitUntil(lambda: any(toast.text.text() == told for toast in find.findChildren(Toast)), timeout=TIMEOUT_MS)
    qtbot.waitUntil(lambda: find.scope is not None and find.found.rowCount() == 4, timeout=TIMEOUT_MS)
    wait(qtbot, find)
    assert find.footer.text() == "4 versions \u00b7 6 requests"
    find.find_button.click()
    qtbot.keyClick(find, Qt.Key.Key_Escape)
    assert not find.busy
    assert "Stopped" in find.state._sentence.text()
    find.state._button.click()
    wait(qtbot, find)
    assert find.found.rowCount() == 4
    driver.delete_many("bucket", _keys(driver, NAMES))
    find.find_button.click()
    wait(qtbot, find)
    assert find.found.rowCount() == 0
    assert "registered" in find.state._detail.text()
    find.close()
    window.navigator.go(Location(THIS_COMPUTER, "bucket"))
    window.main.actions_["find_versions"].trigger()
    find = dialog("Find versions")
    qtbot.waitUntil(lambda: "No artifact of this bucket" in find.state._sentence.text(), timeout=TIMEOUT_MS)
    assert not find.busy
    find.close()


def test_a_version_that_is_not_as_declared_is_marked(qtbot: QtBot, find: FindWindow) -> None:
    at = find.found.index(names(find).index("v4"), PARTITIONS)
    assert "Declared: region, date (day)" in at.data(Qt.ItemDataRole.AccessibleTextRole)
    assert at.data(Qt.ItemDataRole.DecorationRole) is not None
    assert find.found.index(names(find).index("v1"), PARTITIONS).data(Qt.ItemDataRole.DecorationRole) is None


def _keys(driver: Driver, prefix: str) -> list[str]:
    return [key for page in driver.list_pages("bucket", prefix, delimiter="") for key in page.keys]
