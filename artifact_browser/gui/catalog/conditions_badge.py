"""A badge that is there where commits are not known to be safe; pressed, it says why and checks again."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton, QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.gui.catalog.conditions_words import badge_words
from artifact_browser.gui.common.widgets import Kind, set_kind
from artifact_browser.storage.driver import ConditionalWrites


class ConditionsBadge(QPushButton):
    """Hidden while there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoDefault(False)
        set_kind(self, Kind.CHIP_WARNING)
        self.hide()

    def show_writes(self, writes: ConditionalWrites, record: AccountRecord | None) -> None:
        """What is known of the store that is shown, for this account."""
        words, tooltip = badge_words(writes, record)
        self.setText(words)
        self.setToolTip(tooltip)
        self.setAccessibleDescription(tooltip)
        self.setVisible(bool(words))
