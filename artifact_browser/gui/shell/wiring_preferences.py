"""Preferences, about and the log folder: what the shell itself remembers and shows."""

from __future__ import annotations

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from artifact_browser.errors import DiskError
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.format import size
from artifact_browser.gui.common.palette import palette
from artifact_browser.gui.shell.about_dialog import AboutDialog
from artifact_browser.gui.shell.cache_job import clear_cache
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.preferences import NOTIFY, Density, Preferences, remembered
from artifact_browser.gui.shell.preferences_dialog import PreferencesDialog
from artifact_browser.gui.shell.wiring_browse import BrowseWiring
from artifact_browser.gui.transfers.pace_control import PaceControl
from artifact_browser.settings import AUTHOR, COUNT_DOWNLOADS


class PreferenceWiring(QObject):
    """Applies what is remembered, and remembers what is chosen."""

    def __init__(self, window: MainWindow, browse: BrowseWiring, pace: PaceControl) -> None:
        super().__init__(window)
        self._window, self._browse, self._pace = window, browse, pace
        self._settings = window.services.settings
        for name, slot in {
            "preferences": self._choose,
            "about": self._about,
            "open_log": self._open_log,
        }.items():
            window.actions_[name].triggered.connect(slot)
        self._apply(remembered(self._settings))

    def _choose(self) -> None:
        pace = self._pace
        dialog = PreferencesDialog(remembered(self._settings), pace.limit_bps, pace.at_once, self._window)

        def save() -> None:
            self._apply(dialog.choice)
            try:
                self._settings.set("theme", dialog.choice.theme.value)
                self._settings.set("density", dialog.choice.density.value)
                self._settings.set(NOTIFY, dialog.choice.notify)
                self._settings.set(COUNT_DOWNLOADS, dialog.choice.count_downloads)
                self._settings.set(AUTHOR, dialog.choice.author)
            except DiskError as error:
                show_error(self._window, error)
                return
            pace.choose(limit_bps=dialog.limit_bps, at_once=dialog.at_once.currentData())

        def clear() -> None:
            self._window.bridge.run(
                clear_cache, owner=dialog, on_done=lambda freed: dialog.show_cleared(f"{size(freed)} freed.")
            )

        dialog.accepted.connect(save)
        dialog.cache_unwanted.connect(clear)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _apply(self, preferences: Preferences) -> None:
        palette().choose(preferences.theme)
        self._browse.view.table.set_compact(preferences.density is Density.COMPACT)

    def _about(self) -> None:
        dialog = AboutDialog(self._window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _open_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._window.services.paths.log)))
