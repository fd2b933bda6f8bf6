"""The table of an artifact's files, in the artifact's page and in the commit dialog."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QWidget

from artifact_browser.gui.catalog.file_list_model import FileListModel
from artifact_browser.gui.common.plain_table import PlainTable

_SIZE_PX = 90


class FileList(PlainTable):
    """Accessible name ``Files``."""

    def __init__(self, model: FileListModel, parent: QWidget | None = None) -> None:
        super().__init__("Files", model, parent)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        head = self.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        head.setStretchLastSection(True)

    def show_states(self, shown: bool) -> None:
        """Whether the column that says what is new or changed has something to say."""
        self.setColumnHidden(2, not shown)
        self._divide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._divide()
        super().resizeEvent(event)

    def _divide(self) -> None:
        width = self.viewport().width()
        share = 100 if self.isColumnHidden(2) else 52
        self.setColumnWidth(0, max(160, width * share // 100 - (_SIZE_PX if share == 100 else 0)))
        self.setColumnWidth(1, _SIZE_PX)
