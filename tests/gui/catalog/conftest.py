"""A gallery on *This computer* with a bucket ``b`` and a collection ``zoo/`` in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER, AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.catalog.layout import Place
from artifact_browser.gui.catalog.card_room import CardRoom
from artifact_browser.gui.catalog.catalog_room import CatalogRoom
from artifact_browser.gui.catalog.gallery import Gallery
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import Location
from artifact_browser.storage.open import open_driver
from tests.catalog.making import make_collection
from tests.storage.conformance.stores import DirectContext


@pytest.fixture
def record(services: Services) -> AccountRecord:
    return services.book.get(THIS_COMPUTER)


@pytest.fixture
def driver(services: Services, record: AccountRecord) -> Iterator[Driver]:
    opened = open_driver(DirectContext(services.paths, None), record)
    opened.create_bucket("bucket")
    yield opened
    opened.close()


@pytest.fixture
def zoo(driver: Driver) -> Place:
    return make_collection(driver, Place("bucket", "zoo/"), name="The zoo")


class Room:
    """The gallery and its actions in a window, connected as the shell connects them."""

    def __init__(self, services: Services, record: AccountRecord) -> None:
        self.record = record
        self.window = QMainWindow()
        bridge = Bridge(services.pool, self.window)
        self.gallery = Gallery(services, bridge)
        self.catalog = CatalogRoom(services, bridge, self.window)
        self.editing = CardRoom(bridge, self.window)
        self.window.setCentralWidget(self.gallery)
        self.window.resize(1200, 800)
        gallery, catalog = self.gallery, self.catalog
        gallery.location_opened.connect(self.show)
        catalog.created.connect(self.show)
        catalog.catalog_changed.connect(lambda _: gallery.refresh())
        self.editing.catalog_changed.connect(lambda _: gallery.refresh())
        self.editing.location_chosen.connect(self.show)
        self.editing.commit_requested.connect(catalog.commit)
        catalog.edit_requested.connect(self.editing.edit_card)
        catalog.schema_requested.connect(self.editing.edit_schema)
        for signal, action in (
            (gallery.new_collection_requested, catalog.new_collection),
            (gallery.new_artifact_requested, catalog.new_artifact),
            (gallery.edit_card_requested, self.editing.edit_card),
            (gallery.commit_requested, catalog.commit),
            (gallery.discard_requested, catalog.discard),
            (gallery.compare_requested, catalog.compare),
            (gallery.index_update_requested, catalog.update_index),
            (gallery.versions_requested, catalog.versions.open),
        ):
            signal.connect(lambda location, action=action: action(record, location))

    def show(self, location: Location) -> None:
        self.gallery.show_location(self.record, location)

    def at(self, key: str) -> Location:
        return Location(THIS_COMPUTER, "bucket", key)

    def cards(self) -> dict[str, str]:
        """Title and status of the cards, as they are announced."""
        return {card.title: card.status.value for card in self.gallery.model.cards()}


@pytest.fixture
def room(qtbot: QtBot, look: QApplication, services: Services, record: AccountRecord) -> Iterator[Room]:
    made = Room(services, record)
    qtbot.addWidget(made.window)
    with qtbot.waitExposed(made.window):
        made.window.show()
    yield made
    made.gallery.stop()


@pytest.fixture
def dialog(qtbot: QtBot) -> Callable[[str], object]:
    """The open dialog of an accessible name, once it is there."""

    def wait(name: str) -> object:
        found: list[object] = []

        def look_for() -> bool:
            found[:] = [w for w in QApplication.topLevelWidgets() if w.isVisible() and w.accessibleName() == name]
            return bool(found)

        qtbot.waitUntil(look_for, timeout=10_000)
        return found[0]

    return wait
