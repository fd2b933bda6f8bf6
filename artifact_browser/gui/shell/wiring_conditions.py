"""Conditional writes, wired: badges open what is known, and show what a check has found."""

from __future__ import annotations

from PySide6.QtCore import QObject

from artifact_browser.gui.catalog.conditions_room import ConditionsRoom
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.wiring_browse import BrowseWiring
from artifact_browser.gui.shell.wiring_catalog import CatalogWiring


class ConditionsWiring(QObject):
    """Owns the conditions room."""

    def __init__(self, window: MainWindow, browse: BrowseWiring, catalog: CatalogWiring) -> None:
        super().__init__(window)
        self.room = ConditionsRoom(window.services, window.bridge, window)
        catalog.gallery.conditions_requested.connect(lambda at: self.room.show(browse.record(), at))
        catalog.room.conditions_requested.connect(self.room.show)
        catalog.together.conditions_requested.connect(self.room.show)
        self.room.conditions_changed.connect(catalog.room.catalog_changed)
