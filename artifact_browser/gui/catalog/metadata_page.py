"""An artifact's fields, one below the other; in a staged manifest with what is changed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from artifact_browser.gui.catalog.artifact_page import ArtifactPage, PageTools, ShownArtifact
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.widgets import Kind, label

FIRST_FIELDS = ("name", "description", "type", "version", "tags", "id")
_LINE_PX = 20


class MetadataPage(ArtifactPage):
    """Every value can be selected and copied."""

    TITLE = "Metadata"

    def __init__(self, tools: PageTools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(16)
        self._facts.setVerticalSpacing(6)
        self._facts.setColumnStretch(1, 1)
        self._facts.setContentsMargins(0, 0, 0, 0)
        inside = QWidget()
        within = QVBoxLayout(inside)
        within.setContentsMargins(0, 0, 0, 0)
        within.addLayout(self._facts)
        within.addStretch(1)
        scroll = QScrollArea()
        scroll.setAccessibleName("Fields")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll)
        self.setFocusProxy(scroll)

    def show_artifact(self, shown: ShownArtifact) -> None:
        while (item := self._facts.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        fields = {name: value for name, value in shown.fields.items() if value}
        order = [name for name in FIRST_FIELDS if name in fields] + sorted(fields.keys() - set(FIRST_FIELDS))
        for at, name in enumerate(order):
            caption = label(printable(name), Kind.DIM)
            value = label(fields[name], wrap=True, copyable=True)
            for part in (caption, value):
                part.setMinimumHeight(_LINE_PX)  # one line of each, centred, has one baseline
            self._facts.addWidget(caption, at, 0, Qt.AlignmentFlag.AlignTop)
            value.setAccessibleName(f"{name}: {fields[name]}")
            self._facts.addWidget(value, at, 1, Qt.AlignmentFlag.AlignTop)
            if shown.before is not None and shown.before.get(name) != fields[name]:
                self._facts.addWidget(label("changed", Kind.CHIP_WARNING), at, 2, Qt.AlignmentFlag.AlignTop)
