"""What an artifact is about, at a glance."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from artifact_browser.gui.catalog.artifact_page import ArtifactPage, PageTools, ShownArtifact
from artifact_browser.gui.common.format import count, printable, size
from artifact_browser.gui.common.widgets import Kind, label


class OverviewPage(ArtifactPage):
    """Description and a line of facts."""

    TITLE = "Overview"

    def __init__(self, tools: PageTools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self.description = label("", wrap=True, copyable=True)
        self.facts = label("", Kind.DIM, wrap=True, copyable=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.description)
        column.addWidget(self.facts)
        column.addStretch(1)

    def show_artifact(self, shown: ShownArtifact) -> None:
        fields = shown.fields
        self.description.setText(printable(fields.get("description", "")) or "No description.")
        total = sum(file.size_bytes or 0 for file in shown.files)
        facts = [
            printable(fields.get("type", "")),
            f"version {printable(fields['version'])}" if fields.get("version") else "",
            f"{count(len(shown.files), 'file')}, {size(total)}",
            printable(fields.get("tags", "")),
        ]
        self.facts.setText(" \u00b7 ".join(fact for fact in facts if fact))
