"""Preferences: theme, row height, cache."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.palette import Theme
from artifact_browser.gui.common.widgets import Kind
from artifact_browser.gui.shell.preferences import Density, Preferences


class PreferencesDialog(AppDialog):
    """Named ``Preferences``; main button ``Save``."""

    #: the cache is to be emptied now
    cache_unwanted = Signal()

    def __init__(self, now: Preferences, parent: QWidget | None = None) -> None:
        super().__init__("Preferences", "Save", parent)
        self.theme = QComboBox()
        for theme, text in ((Theme.SYSTEM, "As the system"), (Theme.LIGHT, "Light"), (Theme.DARK, "Dark")):
            self.theme.addItem(text, theme)
        self.theme.setCurrentIndex(self.theme.findData(now.theme))
        self.density = QComboBox()
        for density, text in ((Density.NORMAL, "Normal"), (Density.COMPACT, "Compact")):
            self.density.addItem(text, density)
        self.density.setCurrentIndex(self.density.findData(now.density))
        self.add_field("Theme", self.theme)
        self.add_field("Row height", self.density)
        self._clear = self.add_secondary("Clear cache", icon_name="trash-2")
        self._clear.setToolTip("Delete downloaded previews and opened blobs; nothing in any bucket is touched")
        self._clear.clicked.connect(self._clear_cache)

    @property
    def choice(self) -> Preferences:
        return Preferences(Theme(self.theme.currentData()), Density(self.density.currentData()))

    def _clear_cache(self) -> None:
        self._clear.setEnabled(False)
        self.cache_unwanted.emit()

    def show_cleared(self, text: str) -> None:
        """Say what became of the cache."""
        self.show_note(text, Kind.NOTE_OK)
