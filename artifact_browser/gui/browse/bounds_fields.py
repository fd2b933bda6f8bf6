"""Fields for conditions on size, time and storage class: of the search, and of the filter."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from artifact_browser.gui.browse.bounds_words import SIZE_EXAMPLE, TIME_EXAMPLE, read_moment, read_size
from artifact_browser.gui.common.dialog import captioned
from artifact_browser.storage.bounds import Bounds


class BoundsFields(QWidget):
    """Two rows of fields; an empty one lets all through."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None, *, columns: int = 5) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(8)
        self._columns, self._count = columns, 0
        self.size_from = self.add("Size from", "10 MiB", SIZE_EXAMPLE)
        self.size_to = self.add("Size to", "1.5 GiB", SIZE_EXAMPLE)
        self.modified_from = self.add("Modified from", "2026-11-01", TIME_EXAMPLE)
        self.modified_to = self.add("Modified to", "7 days", TIME_EXAMPLE)
        self.storage_class = self.add("Storage class", "GLACIER", "As the store calls it, such as STANDARD or GLACIER.")

    def add(self, name: str, example: str, explanation: str) -> QLineEdit:
        """One more field, behind the others."""
        field = QLineEdit()
        field.setPlaceholderText(example)
        field.setToolTip(explanation)
        field.setAccessibleDescription(explanation)
        field.textChanged.connect(lambda _: self.changed.emit())
        group, _ = captioned(name, field)
        row, column = divmod(self._count, self._columns)
        self._grid.addLayout(group, row, column)
        self._count += 1
        return field

    @property
    def bounds(self) -> Bounds:
        """:raises InputError: a field is not understood"""
        return Bounds(
            read_size(self.size_from.text()),
            read_size(self.size_to.text()),
            read_moment(self.modified_from.text()),
            read_moment(self.modified_to.text(), last=True),
            self.storage_class.text().strip(),
        )

    def clear(self) -> None:
        """Let all through."""
        for field in self.findChildren(QLineEdit):
            field.clear()
