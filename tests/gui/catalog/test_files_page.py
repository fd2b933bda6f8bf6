"""The files of an artifact: sorted, with the checksum that is known of each, and copied as what somebody needs."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QTextDocument
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from artifact_browser.catalog.files import StagedFile
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.staging import register_files
from artifact_browser.gui.catalog.file_list_model import FileListModel, FileRow
from artifact_browser.gui.catalog.files_page import FilesPage
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.storage.driver import Driver
from tests.catalog.making import stage

TIMEOUT_MS = 15_000


def _page(qtbot: QtBot, room: Any, driver: Driver, zoo: Place) -> FilesPage:
    place = stage(driver, zoo, "lion", {"b.bin": b"22", "c.bin": b"1"})
    files = [StagedFile("a.bin", 300, "e", (("crc32c", "weak"), ("sha256", "strong"))), StagedFile("d.bin")]
    register_files(driver, place, files)
    room.show(room.at("zoo/lion/"))
    view = room.gallery.artifact_view
    qtbot.waitUntil(lambda: view.files.rowCount() == 4, timeout=TIMEOUT_MS)
    view.pages.turn_to(FilesPage)
    page = view.pages.current
    assert isinstance(page, FilesPage)
    return page


def test_checksums_by_kind_and_sorting_by_any_column(qtbot: QtBot, room: Any, driver: Driver, zoo: Place) -> None:
    page = _page(qtbot, room, driver, zoo)
    model = page.files
    assert _column(model, 0) == ["a.bin", "b.bin", "c.bin", "d.bin"]
    sums = _column(model, 3)
    assert (sums[0], sums[3]) == ("sha256 strong", "")
    assert sums[1].startswith("ETag ")
    assert model.index(0, 3).data(Qt.ItemDataRole.ToolTipRole) == "sha256 strong\ncrc32c weak\nETag e"
    head = page.table.horizontalHeader()
    at = QPoint(head.sectionViewportPosition(1) + 20, head.height() // 2)
    qtbot.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=at)
    by_size = _column(model, 0)
    qtbot.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert _column(model, 0) == by_size[::-1]
    assert {by_size[0], by_size[-1]} == {"a.bin", "d.bin"}
    room.gallery.refresh()
    qtbot.waitUntil(lambda: room.gallery._scan is None, timeout=TIMEOUT_MS)
    assert _column(model, 0) == by_size[::-1]


def test_what_looks_like_html_is_no_html_in_a_tooltip(qtbot: QtBot, look: QApplication) -> None:
    name = "<img src='file:///etc/hostname'>.bin"
    model = FileListModel()
    model.show([FileRow(name, checksum="sha256 x", hint=f"sha256 {name}")])
    tip = model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    shown = QTextDocument()
    shown.setHtml(tip)
    assert shown.toPlainText() == name
    assert plain_tip("a > b") == "a > b"


def test_files_are_copied_as_uri_and_python_and_links_are_asked_for(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place
) -> None:
    page = _page(qtbot, room, driver, zoo)
    page.table.selectRow(1)
    menu = page.menu(page.table.chosen_paths)
    entries = {action.text(): action for action in menu.actions()}
    entries["Copy as URI"].trigger()
    assert QGuiApplication.clipboard().text() == "local://bucket/zoo/lion/b.bin"
    entries["Copy as Python"].trigger()
    got: dict[str, Any] = {}
    exec(QGuiApplication.clipboard().text(), got)
    assert got["data"] == b"22"
    assert not entries["Copy as AWS command"].isEnabled()
    with qtbot.waitSignal(room.gallery.artifact_view.links_requested) as asked:
        entries["Copy presigned link"].trigger()
    assert asked.args == [("zoo/lion/b.bin",)]


def test_the_artifact_itself_is_copied_from_its_button(qtbot: QtBot, room: Any, driver: Driver, zoo: Place) -> None:
    _page(qtbot, room, driver, zoo)
    menu = room.gallery.artifact_view.copy.menu()
    menu.aboutToShow.emit()
    entries = {action.text(): action for action in menu.actions()}
    entries["Copy as URI"].trigger()
    assert QGuiApplication.clipboard().text() == "local://bucket/zoo/lion/"


def _column(model: Any, column: int) -> list[str]:
    return [model.index(row, column).data() for row in range(model.rowCount())]
