"""The gallery as a person meets it: on a real store, through the real workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QAbstractItemView
from pytestqt.qtbot import QtBot

from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.gui.catalog.gallery_model import STAGED_CHIP
from artifact_browser.gui.common.palette import Theme, palette
from artifact_browser.storage.driver import Driver
from tests.catalog.making import exists, plain, put, stage, stage_and_commit

TIMEOUT_MS = 15_000


def test_a_collection_its_cards_its_chips_and_the_state_of_its_index(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place
) -> None:
    stage_and_commit(driver, zoo, "lion")
    stage(driver, zoo, "wolf", type="model")
    put(driver, "bucket", "zoo/bad/manifest.yaml", "a: 1\nb: [\n")
    room.show(room.at("zoo/"))
    qtbot.waitUntil(lambda: "index up to date" in room.gallery.header.state.text(), timeout=TIMEOUT_MS)
    assert room.cards() == {"Lion": "committed", "Wolf": "staged", "bad": "broken"}
    assert room.gallery.header.title.text() == "The zoo"
    assert "3 artifacts · 1 staged · 1 broken" in room.gallery.header.state.text()
    room.gallery.chips.type_chosen.emit(STAGED_CHIP)
    assert room.gallery.model.rowCount() == 1
    room.gallery.chips.type_chosen.emit("")
    room.gallery.set_filter("LIO")
    assert room.gallery.model.rowCount() == 1
    room.gallery.set_filter("nothing like it")
    assert room.gallery.state.isVisible()


def test_what_another_program_committed_is_told_and_the_index_brought_up_to_date(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place
) -> None:
    put(driver, "bucket", "zoo/new/manifest.yaml", "type: model\nname: Newcomer\n")
    room.show(room.at("zoo/"))
    qtbot.waitUntil(lambda: "out of date: 1 missing" in room.gallery.header.state.text(), timeout=TIMEOUT_MS)
    assert room.cards() == {"Newcomer": "committed"}
    qtbot.mouseClick(room.gallery.header.update_index, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "index up to date" in room.gallery.header.state.text(), timeout=TIMEOUT_MS)
    assert [entry["_id"] for entry in plain(driver, "bucket", zoo.committed_key)["collection"]] == ["new"]


def test_a_broken_card_leads_to_its_manifest(qtbot: QtBot, room: Any, driver: Driver, zoo: Place) -> None:
    put(driver, "bucket", "zoo/bad/_manifest.yaml", "- list\n")
    room.show(room.at("zoo/"))
    qtbot.waitUntil(lambda: room.gallery.model.rowCount() == 1, timeout=TIMEOUT_MS)
    view = room.gallery.view
    qtbot.waitUntil(lambda: view.visualRect(view.model().index(0, 0)).height() > 100, timeout=TIMEOUT_MS)
    cell = view.visualRect(view.model().index(0, 0))
    link = view.itemDelegate().open_manifest_rect(cell, view.font())
    with qtbot.waitSignal(room.gallery.manifest_requested) as opened:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=link.center())
    assert opened.args[0].key == "zoo/bad/_manifest.yaml"
    with qtbot.waitSignal(room.gallery.manifest_requested):
        room.gallery.select("zoo/bad/")
        qtbot.keyClick(view, Qt.Key.Key_Return)


def test_empty_places_say_what_to_do(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, dialog: Callable[[str], Any]
) -> None:
    room.show(room.at("zoo/"))
    qtbot.waitUntil(lambda: "No artifacts yet" in _said(room), timeout=TIMEOUT_MS)
    room.show(room.at("elsewhere/"))
    qtbot.waitUntil(lambda: "No collection here" in _said(room), timeout=TIMEOUT_MS)
    assert not room.gallery.header.new_artifact.isEnabled()
    room.show(room.at(""))
    qtbot.waitUntil(lambda: room.cards() == {"The zoo": "committed"}, timeout=TIMEOUT_MS)
    put(driver, "bucket", "zoo/manifest.yaml", "type: collection\n x: [")
    room.show(room.at("zoo/"))
    qtbot.waitUntil(lambda: "cannot be read" in _said(room), timeout=TIMEOUT_MS)


def test_a_failure_is_never_drawn_as_empty(qtbot: QtBot, room: Any, driver: Driver) -> None:
    location = replace(room.at("zoo/"), bucket="no-such-bucket")
    room.show(location)
    qtbot.waitUntil(lambda: "No such bucket" in _said(room), timeout=TIMEOUT_MS)


def test_a_read_only_account_offers_nothing_that_changes(qtbot: QtBot, room: Any, driver: Driver, zoo: Place) -> None:
    stage(driver, zoo, "wolf")
    room.record = replace(room.record, read_only=True)
    room.show(room.at("zoo/wolf/"))
    page = room.gallery.artifact_view
    qtbot.waitUntil(page.isVisible, timeout=TIMEOUT_MS)
    for offered in (page.commit, page.stage, page.discard, page.edit):
        assert not offered.isEnabled()
    room.show(room.at("zoo/"))
    qtbot.waitUntil(lambda: room.gallery.model.total == 1, timeout=TIMEOUT_MS)
    assert not room.gallery.header.new_collection.isEnabled()


def test_covers_are_loaded_for_what_can_be_seen(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, tmp_path: Path
) -> None:
    image = QImage(400, 200, QImage.Format.Format_RGB32)
    image.fill(QColor("#123456"))
    image.save(str(tmp_path / "cover.png"))
    driver.put("bucket", "zoo/lion/cover.png", (tmp_path / "cover.png").read_bytes())
    put(driver, "bucket", "zoo/lion/manifest.yaml", "type: model\nname: Lion\ncovers: [cover.png]\n")
    put(driver, "bucket", "zoo/liar/cover.png", "no picture")
    put(driver, "bucket", "zoo/liar/manifest.yaml", "type: model\nname: Liar\ncovers: [cover.png]\n")
    with qtbot.waitSignal(room.gallery.covers.loaded, timeout=TIMEOUT_MS) as loaded:
        room.show(room.at("zoo/"))  # may take until they are loaded
    assert loaded.args == ["zoo/lion/"]
    view = room.gallery.view
    cell = view.visualRect(view.model().index(view.model().row_of("zoo/lion/"), 0))
    shown = view.viewport().grab().toImage()
    at = (cell.topLeft() + QPoint(40, 60)) * shown.devicePixelRatio()
    assert shown.pixelColor(at).name() == "#123456"


def test_light_and_dark(qtbot: QtBot, room: Any, driver: Driver, zoo: Place) -> None:
    stage_and_commit(driver, zoo, "lion")
    room.show(room.at("zoo/"))
    qtbot.waitUntil(lambda: "index up to date" in room.gallery.header.state.text(), timeout=TIMEOUT_MS)
    light = ground_of_first_card(room.gallery.view)
    palette().choose(Theme.DARK)
    assert ground_of_first_card(room.gallery.view).lightness() < light.lightness() - 100


def ground_of_first_card(view: QAbstractItemView) -> QColor:
    """The colour that most of its lower half has: what is written there changes with the time and the font."""
    card = view.visualRect(view.model().index(0, 0))
    card.setTop(card.center().y())
    image = view.viewport().grab(card).toImage()
    seen = Counter(image.pixel(x, y) for x in range(image.width()) for y in range(image.height()))
    return QColor(seen.most_common(1)[0][0])


def test_from_a_new_artifact_to_its_commit(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, dialog: Callable[[str], Any]
) -> None:
    room.show(room.at("zoo/"))
    qtbot.waitUntil(lambda: room.gallery.header.new_artifact.isEnabled(), timeout=TIMEOUT_MS)
    qtbot.mouseClick(room.gallery.header.new_artifact, Qt.MouseButton.LeftButton)
    asked = dialog("New artifact")
    assert not asked.primary.isEnabled()
    qtbot.keyClicks(asked.name, "Cell atlas 2026")
    assert asked.id.text() == "cell-atlas-2026"
    asked.tags.setText("imaging, zarr,imaging")
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    page = room.gallery.artifact_view
    qtbot.waitUntil(page.isVisible, timeout=TIMEOUT_MS)
    put(driver, "bucket", "zoo/cell-atlas-2026/data/a.bin", "12345")
    room.catalog.files_staged(room.record, room.gallery.location, ["zoo/cell-atlas-2026/data/a.bin"])
    qtbot.waitUntil(lambda: page.files.rowCount() == 1, timeout=TIMEOUT_MS)
    qtbot.mouseClick(page.commit, Qt.MouseButton.LeftButton)
    asked = dialog("Commit")
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not room.gallery.at_hand.subject_is_staged, timeout=TIMEOUT_MS)
    seen = plain(driver, "bucket", "zoo/cell-atlas-2026/manifest.yaml")
    assert (seen["name"], seen["tags"], seen["files"][0]["path"]) == (
        "Cell atlas 2026",
        ["imaging", "zarr"],
        "data/a.bin",
    )
    room.show(room.at("zoo/"))
    qtbot.waitUntil(lambda: room.cards() == {"Cell atlas 2026": "committed"}, timeout=TIMEOUT_MS)


def test_a_conflict_is_told_and_nothing_overwritten(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, dialog: Callable[[str], Any]
) -> None:
    place = stage_and_commit(driver, zoo, "lion")
    edit_fields(driver, place, {"name": "Mine"})
    room.show(room.at("zoo/lion/"))
    qtbot.waitUntil(lambda: room.gallery.at_hand.subject_is_staged, timeout=TIMEOUT_MS)
    room.catalog.commit(room.record, room.at("zoo/lion/"))
    asked = dialog("Commit")
    put(driver, "bucket", place.committed_key, "type: dataset\nname: Theirs\n")
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    sheet = dialog("Somebody else committed first")
    assert plain(driver, "bucket", place.committed_key)["name"] == "Theirs"
    assert plain(driver, "bucket", place.staged_key)["name"] == "Mine"
    sheet.reject()


def test_missing_files_are_all_shown_before_a_commit(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, dialog: Callable[[str], Any]
) -> None:
    place = stage(driver, zoo, "lion", {"a": b"1", "b": b"2", "c": b"3"})
    driver.delete_many("bucket", [place.file_key("a"), place.file_key("b")])
    room.catalog.commit(room.record, room.at("zoo/lion/"))
    asked = dialog("Commit")
    assert not asked.primary.isEnabled()
    assert "2 files cannot be committed" in asked.note.text()
    asked.reject()


def test_discard_asks_and_drops(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, dialog: Callable[[str], Any]
) -> None:
    place = stage(driver, zoo, "lion", {"a": b"1"})
    room.catalog.discard(room.record, room.at("zoo/lion/"))
    asked = dialog("Discard")
    asked.delete_files.setChecked(True)
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not exists(driver, "bucket", place.staged_key), timeout=TIMEOUT_MS)
    qtbot.waitUntil(lambda: not exists(driver, "bucket", place.file_key("a")), timeout=TIMEOUT_MS)


def test_a_new_collection_is_gone_to(qtbot: QtBot, room: Any, driver: Driver, dialog: Callable[[str], Any]) -> None:
    room.catalog.new_collection(room.record, room.at(""))
    asked = dialog("New collection")
    qtbot.keyClicks(asked.name, "Field data")
    qtbot.keyClicks(asked.id, "/")
    assert "no slash" in asked.note.text()
    assert not asked.primary.isEnabled()
    qtbot.keyClick(asked.id, Qt.Key.Key_Backspace)
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: room.gallery.at_hand.shows_collection, timeout=TIMEOUT_MS)
    assert room.gallery.location.key == "field-data/"


def test_files_with_reserved_names_are_refused_before_any_upload(
    qtbot: QtBot, room: Any, driver: Driver, dialog: Callable[[str], Any]
) -> None:
    with qtbot.assertNotEmitted(room.catalog.stage_requested):
        room.catalog.stage(room.record, room.at("zoo/lion/"), ["/tmp/manifest.yaml"])
    dialog("That cannot be used").reject()
    with qtbot.waitSignal(room.catalog.stage_requested, timeout=TIMEOUT_MS) as staged:
        room.catalog.stage(room.record, room.at("zoo/lion"), ["/tmp/a.csv"])
    assert staged.args[1].key == "zoo/lion/"


def _said(room: Any) -> str:
    state = room.gallery.state
    return f"{state._sentence.text()} {state._detail.text()}" if state.isVisible() else ""
