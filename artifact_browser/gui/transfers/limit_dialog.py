"""A speed limit of one's own."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QLineEdit, QWidget

from artifact_browser.errors import InputError
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.widgets import Kind
from artifact_browser.gui.transfers.limit_words import EXAMPLE, NO_LIMIT, limit_text, read_limit


@dataclass(frozen=True, slots=True)
class LimitChoice:
    """Bytes a second each way, 0 for no limit."""

    limit_bps: int


class LimitDialog(AppDialog):
    """Named ``Speed limit``; main button ``Set``."""

    def __init__(self, limit_bps: int, parent: QWidget | None = None) -> None:
        super().__init__("Speed limit", "Set", parent)
        self.limit = QLineEdit(limit_text(limit_bps) if limit_bps else "")
        self.limit.setPlaceholderText(NO_LIMIT)
        self.add_field("Limit", self.limit, hint=EXAMPLE)
        self.limit.selectAll()
        self.limit.textChanged.connect(self._check)

    @property
    def choice(self) -> LimitChoice:
        return LimitChoice(read_limit(self.limit.text()))

    def _check(self) -> None:
        try:
            meant = read_limit(self.limit.text())
        except InputError as error:
            self.show_note(error.detail)
            self.primary.setEnabled(False)
            return
        self.show_note(limit_text(meant), Kind.NOTE_OK)
        self.primary.setEnabled(True)
