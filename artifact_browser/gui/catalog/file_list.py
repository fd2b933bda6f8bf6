"""The table of an artifact's files, in the artifact's page and in the commit dialog."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from artifact_browser.gui.catalog.file_list_model import FileListModel

_ROW_PX = 30
_SIZE_PX = 90


class FileList(QTableView):
    """Accessible name ``Files``."""

    def __init__(self, model: FileListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setObjectName("file_list")
        self.setAccessibleName("Files")
        self.setTabKeyNavigation(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
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
