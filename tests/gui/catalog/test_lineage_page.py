"""The page *Lineage*: parents and uses walked by keyboard, parents added and taken back, what is empty or stopped told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from artifact_browser.catalog import artifacts
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.lineage import Declared, VersionRef
from artifact_browser.catalog.lineage_edges import MOST_USES, Uses
from artifact_browser.catalog.lineage_walk import Lineage, Looked
from artifact_browser.catalog.records import record_key
from artifact_browser.gui.catalog.lineage_dialogs import AddParentDialog, AddReferenceDialog
from artifact_browser.gui.catalog.lineage_graph import LineageGraph
from artifact_browser.gui.catalog.lineage_map import MOST_DRAWN, LineageMap
from artifact_browser.gui.catalog.lineage_page import LineagePage
from artifact_browser.gui.catalog.link_dialog import LinkDialog
from artifact_browser.storage.driver import Driver
from tests.catalog.making import stage, stage_and_commit

TIMEOUT_MS = 15_000
Key = Qt.Key


def opened(qtbot: QtBot, room: Any, key: str) -> LineagePage:
    room.show(room.at(key))
    view = room.gallery.artifact_view
    qtbot.waitUntil(view.isVisible, timeout=TIMEOUT_MS)
    view.pages.turn_to(LineagePage)
    page = view.pages.current
    assert isinstance(page, LineagePage)
    return page


def lines(page: LineagePage) -> list[tuple[str, str]]:
    """What the list says: relation and artifact."""
    model = page.list
    return [(model.index(row, 0).data(), model.index(row, 1).data()) for row in range(model.rowCount())]


def committed(driver: Driver, zoo: Place, name: str, *parents: str) -> Place:
    place = stage(driver, zoo, name)
    for parent in parents:
        artifacts.add_parent(driver, place, f"s3://{zoo.bucket}/{parent}")
    commit(driver, place)
    return place


def test_lineage_is_walked_with_the_keyboard_and_enter_opens_that_version(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place
) -> None:
    raw = committed(driver, zoo, "raw")
    committed(driver, zoo, "clean", raw.prefix)
    model = stage(driver, zoo, "model")
    artifacts.add_parent(driver, model, "s3://bucket/zoo/clean/")
    artifacts.add_reference(driver, model, "https://example.org/run/17")
    commit(driver, model)
    artifacts.edit(driver, raw, {"description": "Newer than what was used"})
    commit(driver, raw)

    page = opened(qtbot, room, "zoo/model/")
    qtbot.waitUntil(lambda: page.list.rowCount() == 3, timeout=TIMEOUT_MS)
    assert page.words.text() == "Made from 1 \u00b7 used by 0"
    page.graph.setFocus()
    qtbot.keyClick(page.graph, Key.Key_Left)
    assert page.graph.accessibleDescription().startswith("Made from: clean, Version ")
    qtbot.keyClick(page.graph, Key.Key_Left)  # further than is known: it is looked for
    qtbot.waitUntil(lambda: page.list.rowCount() == 4, timeout=TIMEOUT_MS)
    assert ("Made from, 2 steps", "zoo/raw/") in lines(page)
    qtbot.keyClick(page.graph, Key.Key_Left)
    assert page.graph.chosen is not None
    assert page.graph.chosen.title == "raw"
    assert page.list.node(page.table.currentIndex().row()).title == "raw"
    used = page.graph.chosen.ref
    wanted: list[tuple[str, str]] = []
    room.gallery.version_requested.connect(lambda at, version: wanted.append((at.key, version)))
    qtbot.keyClick(page.graph, Key.Key_Return)
    assert used is not None
    assert wanted == [("zoo/raw/", used.version)]
    qtbot.waitUntil(lambda: room.gallery.location.key == "zoo/raw/", timeout=TIMEOUT_MS)
    qtbot.waitUntil(lambda: ("Used by", "zoo/clean/") in lines(page), timeout=TIMEOUT_MS)
    assert "not the committed one" in page.words.text()
    page.committed.click()  # nothing uses the newer one
    qtbot.waitUntil(lambda: page.map is not None and page.map.is_empty, timeout=TIMEOUT_MS)


def test_parents_and_references_are_added_and_taken_back(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, dialog: Callable[[str], Any]
) -> None:
    stage_and_commit(driver, zoo, "raw")
    place = stage(driver, zoo, "model")
    page = opened(qtbot, room, "zoo/model/")
    qtbot.waitUntil(lambda: "Nothing is known" in page.state._sentence.text(), timeout=TIMEOUT_MS)
    page.add_parent.click()
    asked = dialog("Add parent")
    assert isinstance(asked, AddParentDialog)
    qtbot.waitUntil(lambda: asked.nearby.count() == 2, timeout=TIMEOUT_MS)
    asked.text.setText("raw")
    assert "not an address" in asked.note.text()
    assert not asked.primary.isEnabled()
    asked.text.setText("local://bucket/zoo/nobody/")
    asked.primary.click()
    qtbot.waitUntil(lambda: "Nothing is committed there" in asked.note.text(), timeout=TIMEOUT_MS)
    asked.nearby.activated.emit(1)
    assert asked.choice == "local://bucket/zoo/raw/"
    asked.primary.click()
    qtbot.waitUntil(lambda: ("Made from", "zoo/raw/") in lines(page), timeout=TIMEOUT_MS)
    page.add_reference.click()
    reference = dialog("Add reference")
    assert isinstance(reference, AddReferenceDialog)
    reference.text.setText("https://example.org/run/17")
    reference.primary.click()
    qtbot.waitUntil(lambda: ("Reference", "https://example.org/run/17") in lines(page), timeout=TIMEOUT_MS)
    page.table.selectRow(lines(page).index(("Reference", "https://example.org/run/17")))
    page.open.click()
    link = dialog("Open link")
    assert isinstance(link, LinkDialog)
    assert link.address == "https://example.org/run/17"  # shown, and not followed yet
    link.reject()
    page.table.selectRow(lines(page).index(("Made from", "zoo/raw/")))
    page.remove.click()
    qtbot.waitUntil(lambda: page.list.rowCount() == 2, timeout=TIMEOUT_MS)
    assert artifacts.lineage(driver, place, stage=True).declared == Declared((), ("https://example.org/run/17",))


def test_very_many_uses_are_drawn_in_part_and_the_whole_number_is_said(qtbot: QtBot, look: object) -> None:
    start = VersionRef("zoo/raw/", "1")
    users = tuple(VersionRef(f"zoo/u{number}/", "1") for number in range(MOST_USES))
    uses = Uses(users, 10_000, complete=False)
    lineage = Lineage(start, Declared(), {start: Looked(Declared(), uses)}, tuple((start, user) for user in users), 12)
    found = LineageMap(lineage, "Raw")
    assert found.words() == "Made from 0 \u00b7 the first 500 of more than 10,000 uses"
    graph = LineageGraph()
    qtbot.addWidget(graph)
    graph.show_map(found)
    drawn = [node for node in found.nodes if not graph.rect_of(node).isEmpty()]
    assert len(drawn) == 1 + MOST_DRAWN
    assert [words for _, words in graph._more] == ["460 more in the list"]


def test_what_is_gone_or_stopped_is_said(qtbot: QtBot, room: Any, driver: Driver, zoo: Place) -> None:
    raw = committed(driver, zoo, "raw")
    committed(driver, zoo, "clean", raw.prefix)
    page = opened(qtbot, room, "zoo/clean/")
    qtbot.waitUntil(lambda: page.list.rowCount() == 2, timeout=TIMEOUT_MS)
    node = page.list.node(0)
    assert node.ref is not None
    driver.delete(zoo.bucket, record_key(raw, node.ref.version))
    page.graph.expand_wanted.emit(node)
    qtbot.waitUntil(lambda: "not there any more" in page.list.node(0).detail, timeout=TIMEOUT_MS)
    assert page.graph.mark_of(page.list.node(0)).isEmpty()  # one need not ask again
    page.graph.activated.emit(page.list.node(0))
    qtbot.waitUntil(lambda: room.gallery.location.key == "zoo/raw/", timeout=TIMEOUT_MS)
    qtbot.waitUntil(lambda: page.state._detail.text().startswith("There is no such version"), timeout=TIMEOUT_MS)
    page.committed.click()
    page.state._button.click()  # Stop, before an answer can have come
    assert page.state._sentence.text() == "Stopped."
    page.state._button.click()
    qtbot.waitUntil(lambda: page.map is not None or "Nothing" in page.state._sentence.text(), timeout=TIMEOUT_MS)
