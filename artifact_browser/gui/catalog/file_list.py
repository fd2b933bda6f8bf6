"""The table of an artifact's files, in the artifact's page and in the commit dialog."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QWidget

from artifact_browser.gui.catalog.file_list_model import FileListModel
from artifact_browser.gui.common.menu_place import menu_place
from artifact_browser.gui.common.plain_table import PlainTable

_SIZE_PX = 90


class FileList(PlainTable):
    """Accessible name ``Files``."""

    #: the files whose context menu is wanted, as their paths, and where
    menu_wanted = Signal(object, object)

    def __init__(self, model: FileListModel, parent: QWidget | None = None, *, checksums: bool = False) -> None:
        super().__init__("Files", model, parent)
        self._model, self._checksums = model, checksums
        self.setColumnHidden(3, not checksums)
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

    @property
    def chosen_paths(self) -> list[str]:
        """The selected files, from the top on."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self._model.row(at).path for at in rows]

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index, place = menu_place(self, event)
        if index.isValid():
            self.menu_wanted.emit(self.chosen_paths, place)

    def _divide(self) -> None:
        """Widths by what is shown; the last column takes the rest."""
        width = self.viewport().width() - _SIZE_PX
        shares = [1.0] if not self._checksums else [0.62]
        if not self.isColumnHidden(2):
            shares = [0.5] if not self._checksums else [0.48, 0.14]
        self.setColumnWidth(0, max(160, int(width * shares[0])))
        self.setColumnWidth(1, _SIZE_PX)
        if len(shares) > 1:
            self.setColumnWidth(2, int(width * shares[1]))
