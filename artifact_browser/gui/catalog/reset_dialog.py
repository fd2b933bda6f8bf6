"""Before an artifact's statistics begin at zero again: what they are now."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from artifact_browser.catalog.stats import Statistics
from artifact_browser.gui.catalog.count_words import counts_words
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.widgets import Kind, label


class ResetDialog(AppDialog):
    """Named ``Reset statistics``; main button ``Reset``."""

    def __init__(self, name: str, found: Statistics, parent: QWidget | None = None) -> None:
        super().__init__("Reset statistics", "Reset", parent, subtitle=printable(name), destructive=True)
        self.now = label(counts_words(found.counts), Kind.HEADING, wrap=True)
        self.body.addWidget(self.now)
        self.body.addWidget(
            label(
                "All counts begin at zero, also those of everybody else. What is downloaded from now on counts again.",
                wrap=True,
            )
        )
        self.body.addWidget(label("This cannot be undone.", Kind.DIM))
