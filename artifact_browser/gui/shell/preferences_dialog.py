"""Preferences: theme, row height, transfers, cache."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from artifact_browser.catalog.records import MAX_AUTHOR, clean, own_author
from artifact_browser.errors import InputError
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.palette import Theme
from artifact_browser.gui.common.widgets import Kind
from artifact_browser.gui.shell.preferences import Density, Preferences
from artifact_browser.gui.transfers.limit_words import EXAMPLE, NO_LIMIT, limit_text, read_limit
from artifact_browser.gui.transfers.pace_control import choices_at_once


class PreferencesDialog(AppDialog):
    """Named ``Preferences``; main button ``Save``."""

    #: the cache is to be emptied now
    cache_unwanted = Signal()

    def __init__(self, now: Preferences, limit_bps: int, at_once: int, parent: QWidget | None = None) -> None:
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
        self.limit = QLineEdit(limit_text(limit_bps) if limit_bps else "")
        self.limit.setPlaceholderText(NO_LIMIT)
        self.at_once = QComboBox()
        for number in choices_at_once(at_once):
            self.at_once.addItem(str(number), number)
        self.at_once.setCurrentIndex(self.at_once.findData(at_once))
        self.notify = QCheckBox("Tell when a long transfer has ended")
        self.notify.setChecked(now.notify)
        self.count = QCheckBox("Count my downloads")
        self.count.setToolTip(
            "A finished download adds to the count of the artifact it belongs to, under a random id that does not tell who you are"
        )
        self.count.setChecked(now.count_downloads)
        self.add_field("Speed limit", self.limit, hint=EXAMPLE)
        self.add_field(
            "Transfers at once", self.at_once, hint="For each of these, 4 to 16 small files; at 1, one by one."
        )
        self.body.addWidget(self.notify)
        self.body.addWidget(self.count)
        self.author = QLineEdit(now.author)
        self.author.setMaxLength(MAX_AUTHOR)
        self.author.setPlaceholderText(own_author())
        self.add_field("Author", self.author, hint="Your name in the versions you commit.")
        self.limit.textChanged.connect(self._check)
        self._clear = self.add_secondary("Clear cache", icon_name="trash-2")
        self._clear.setToolTip("Delete downloaded previews and opened blobs; nothing in any bucket is touched")
        self._clear.clicked.connect(self._clear_cache)

    @property
    def choice(self) -> Preferences:
        return Preferences(
            Theme(self.theme.currentData()),
            Density(self.density.currentData()),
            self.notify.isChecked(),
            self.count.isChecked(),
            clean(self.author.text(), MAX_AUTHOR),
        )

    @property
    def limit_bps(self) -> int:
        """What was written as the speed limit, in bytes a second each way. :raises InputError: not understood"""
        return read_limit(self.limit.text())

    def _check(self) -> None:
        try:
            self.show_note("" if not self.limit_bps else f"Limit: {limit_text(self.limit_bps)}", Kind.NOTE_OK)
        except InputError as error:
            self.show_note(error.detail)
            self.primary.setEnabled(False)
        else:
            self.primary.setEnabled(True)

    def _clear_cache(self) -> None:
        self._clear.setEnabled(False)
        self.cache_unwanted.emit()

    def show_cleared(self, text: str) -> None:
        """Say what became of the cache."""
        self.show_note(text, Kind.NOTE_OK)
