"""Partitions of a version as rows of key and value, each with what is wrong with it below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from artifact_browser.catalog.partitions import MAX_KEYS
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.widgets import Kind, button, icon_button, label


@dataclass(frozen=True, slots=True)
class _Row:
    box: QWidget
    key: QLineEdit
    value: QLineEdit
    remove: QToolButton
    fault: QLabel


class PartitionRows(QWidget):
    """Fields are named ``Key 1``, ``Value 1`` ...; a row that is empty is none."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[_Row] = []
        self.add_button = button("Add partition", Kind.LINK_FLUSH, icon_name="plus", clicked=self._add_clicked)
        self._column = QVBoxLayout()
        self._column.setSpacing(6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._column)
        column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """All rows, the empty ones too: faults are told by their places."""
        return tuple((row.key.text(), row.value.text()) for row in self._rows)

    def show_texts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show these; ``edited`` is not emitted."""
        if tuple(rows) == self.texts:
            return
        while self._rows:
            self._drop(self._rows[0])
        for key, value in rows:
            self.add(key, value)

    def add(self, key: str = "", value: str = "") -> QLineEdit:
        """One more row; returns the field to type into."""
        box = QWidget()
        row = _Row(
            box,
            QLineEdit(key),
            QLineEdit(value),
            icon_button("Remove", "x", clicked=lambda: self._remove(row)),
            label("", Kind.FAULT, wrap=True),
        )
        row.key.setPlaceholderText("Key, for example region")
        row.value.setPlaceholderText("Value of this version")
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(row.key, 2)
        line.addWidget(row.value, 3)
        line.addWidget(row.remove)
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        grid.addLayout(line, 0, 0)
        grid.addWidget(row.fault, 1, 0)
        row.fault.hide()
        for field in (row.key, row.value):
            field.textChanged.connect(lambda _: self.edited.emit())
        self._rows.append(row)
        self._column.addWidget(box)
        self._number()
        return row.key if not key else row.value

    def field(self, at: int) -> tuple[QLineEdit, QLineEdit]:
        """A row's key and value."""
        return self._rows[at].key, self._rows[at].value

    def mark(self, faults: Mapping[str, str]) -> None:
        """Say below rows what is wrong, by ``key/0``, ``value/0`` ..."""
        for at, row in enumerate(self._rows):
            words = [faults[name] for name in (f"key/{at}", f"value/{at}") if name in faults]
            row.fault.setText(printable(" ".join(words)))
            row.fault.setVisible(bool(words))
            for field, name in ((row.key, f"key/{at}"), (row.value, f"value/{at}")):
                field.setAccessibleDescription(printable(faults.get(name, "")))

    def _add_clicked(self) -> None:
        self.add().setFocus()
        self.edited.emit()

    def _remove(self, row: _Row) -> None:
        at = self._rows.index(row)
        self._drop(row)
        (self._rows[min(at, len(self._rows) - 1)].key if self._rows else self.add_button).setFocus()
        self.edited.emit()

    def _drop(self, row: _Row) -> None:
        self._rows.remove(row)
        self._column.removeWidget(row.box)
        row.box.hide()
        row.box.deleteLater()
        self._number()

    def _number(self) -> None:
        for at, row in enumerate(self._rows, 1):
            for field, name in ((row.key, "Key"), (row.value, "Value"), (row.remove, "Remove partition")):
                field.setAccessibleName(f"{name} {at}")
        self.add_button.setEnabled(len(self._rows) < MAX_KEYS)
        self.add_button.setToolTip("" if self.add_button.isEnabled() else f"There are at most {MAX_KEYS} partitions.")
