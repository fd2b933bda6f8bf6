"""The middle of the window: the table page, or the gallery."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget, QWidget

from artifact_browser.gui.shell.actions import Actions
from artifact_browser.gui.shell.slot import Slot


class Centre(QStackedWidget):
    """Slots ``table`` and ``gallery``; the view actions switch between them."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self.table = Slot()
        self.gallery = Slot()
        self.addWidget(self.table)
        self.addWidget(self.gallery)
        actions["table_view"].triggered.connect(self.show_table)
        actions["gallery_view"].triggered.connect(self.show_gallery)
        self.show_table()

    @property
    def shows_gallery(self) -> bool:
        return self.currentIndex() == 1

    def show_table(self) -> None:
        self._actions["table_view"].setChecked(True)
        self.setCurrentIndex(0)

    def show_gallery(self) -> None:
        self._actions["gallery_view"].setChecked(True)
        self.setCurrentIndex(1)

    @property
    def view(self) -> Slot:
        """The slot that is showing."""
        return self.gallery if self.shows_gallery else self.table
