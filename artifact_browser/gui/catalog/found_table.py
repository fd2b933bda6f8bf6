"""The table of found versions: what tells least goes first where there is little room."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent

from artifact_browser.gui.catalog import found_model as columns
from artifact_browser.gui.catalog.found_model import FoundModel
from artifact_browser.gui.common.plain_table import PlainTable

_WIDTHS = {columns.NUMBER: 44, columns.NAME: 140, columns.WHEN: 116}
_WHO_PX, _NARROW_PX, _LEAST_PX = 110, 600, 160


class FoundTable(PlainTable):
    """Accessible name ``Versions``."""

    def __init__(self, model: FoundModel) -> None:
        super().__init__("Versions", model)
        self.horizontalHeader().setStretchLastSection(True)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        width = self.viewport().width()
        narrow = width < _NARROW_PX
        self.setColumnHidden(columns.WHO, narrow)
        left = width - sum(_WIDTHS.values()) - (0 if narrow else _WHO_PX)
        self.setColumnWidth(columns.PARTITIONS, max(_LEAST_PX, left))
        super().resizeEvent(event)
