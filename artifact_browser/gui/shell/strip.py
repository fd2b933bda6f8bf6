"""The height of the transfers strip: its header alone while it is folded, else what the person gave it."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QSplitter, QWidget

from artifact_browser.settings import Settings

_SETTING = "window.strip_px"
_FIRST_PX = 150
_LEAST_PX = 80
_NO_LIMIT = 16_777_215  # QWIDGETSIZE_MAX


class Strip(QObject):
    """Keeps ``strip``, the last widget of ``splitter``, as high as it should be; the rest goes to the first."""

    def __init__(self, settings: Settings, splitter: QSplitter, strip: QWidget) -> None:
        super().__init__(splitter)
        self._settings, self._splitter, self._strip = settings, splitter, strip
        stored = settings.get(_SETTING)
        self._height_px = stored if isinstance(stored, int) and _LEAST_PX <= stored < 10_000 else _FIRST_PX
        self._folded = False
        self._set_height(self._height_px)
        splitter.splitterMoved.connect(self._moved)

    def fold(self, header_px: int) -> None:
        """Show ``header_px`` of it and give the rest away."""
        self._folded = True
        self._strip.setFixedHeight(header_px)
        self._set_height(header_px)

    def unfold(self) -> None:
        """Bring back the height it had."""
        self._folded = False
        self._strip.setMinimumHeight(_LEAST_PX)
        self._strip.setMaximumHeight(_NO_LIMIT)
        self._set_height(self._height_px)

    def save(self) -> None:
        """Remember the height. :raises DiskError: it cannot be written down"""
        self._settings.set(_SETTING, self._height_px)

    def _moved(self) -> None:
        height = self._splitter.sizes()[-1]
        if not self._folded and height >= _LEAST_PX:
            self._height_px = height

    def _set_height(self, height_px: int) -> None:
        rest = max(1, self._splitter.height() - height_px - self._splitter.handleWidth())
        self._splitter.setSizes([rest, height_px])
