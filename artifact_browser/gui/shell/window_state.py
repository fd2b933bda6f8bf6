"""Size, place and division of the window, remembered in the settings and restored on the next start."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QMainWindow, QSplitter

from artifact_browser.settings import Settings


class WindowState:
    """Saves and restores ``window`` and its splitters (by name)."""

    def __init__(self, settings: Settings, window: QMainWindow, splitters: Mapping[str, QSplitter]) -> None:
        self._settings = settings
        self._window = window
        self._splitters = splitters

    def restore(self) -> None:
        """Bring back what was saved; a screen that is gone is handled by Qt, nonsense is ignored."""
        geometry = self._settings.get("window.geometry")
        if not (isinstance(geometry, str) and self._window.restoreGeometry(_decoded(geometry))):
            self._window.resize(1440, 900)
        for name, splitter in self._splitters.items():
            sizes = self._settings.get(f"window.{name}")
            if isinstance(sizes, list) and len(sizes) == splitter.count() and all(isinstance(s, int) for s in sizes):
                splitter.setSizes(sizes)

    def save(self) -> None:
        """Write it down; called when the window closes."""
        self._settings.set("window.geometry", bytes(self._window.saveGeometry().toBase64().data()).decode())
        for name, splitter in self._splitters.items():
            self._settings.set(f"window.{name}", splitter.sizes())


def _decoded(text: str) -> QByteArray:
    return QByteArray.fromBase64(text.encode("ascii", "replace"))
