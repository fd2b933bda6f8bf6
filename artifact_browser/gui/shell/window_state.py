"""Size, place and division of the window, remembered in the settings and restored on the next start."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QByteArray, QSize
from PySide6.QtWidgets import QMainWindow, QSplitter

from artifact_browser.settings import Settings

_FIRST_SIZE = QSize(1440, 900)
#: Room for the window manager's title bar and borders.
_FRAME = QSize(8, 40)


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
            self._window.resize(_FIRST_SIZE.boundedTo(self._window.screen().availableSize() - _FRAME))
        stored = self._settings.get("window.sizes")
        for name, sizes in stored.items() if isinstance(stored, dict) else ():
            splitter = self._splitters.get(name)
            if splitter is not None and _fits(sizes, splitter):
                splitter.setSizes(sizes)

    def save(self) -> None:
        """Write it down. :raises DiskError: it cannot be written down"""
        self._settings.set("window.geometry", self._window.saveGeometry().toBase64().toStdString())
        self._settings.set("window.sizes", {name: splitter.sizes() for name, splitter in self._splitters.items()})


def _fits(sizes: object, splitter: QSplitter) -> bool:
    return (
        isinstance(sizes, list)
        and len(sizes) == splitter.count()
        and all(isinstance(size, int) and 0 <= size < 100_000 for size in sizes)
    )


def _decoded(text: str) -> QByteArray:
    return QByteArray.fromBase64(text.encode("ascii", "replace"))
