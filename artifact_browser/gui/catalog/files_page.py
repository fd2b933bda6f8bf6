"""An artifact's files: names, sizes, checksums, and in a staged manifest what is new or changed."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from artifact_browser.gui.catalog.artifact_page import ArtifactPage, PageTools, ShownArtifact
from artifact_browser.gui.catalog.file_list import FileList
from artifact_browser.gui.catalog.file_list_model import FileListModel, FileRow
from artifact_browser.gui.common.format import count, size
from artifact_browser.gui.common.widgets import Kind, label


class FilesPage(ArtifactPage):
    """Holds the table ``Files``."""

    TITLE = "Files"
    ALWAYS_TOLD = True

    def __init__(self, tools: PageTools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self.files = FileListModel(self)
        self.table = FileList(self.files)
        self._empty = label("No files yet. Drop files here, or choose \u201cStage files\u2026\u201d.", Kind.DIM)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._empty)
        column.addWidget(self.table, 1)
        column.addStretch(0)
        self.setFocusProxy(self.table)

    def show_artifact(self, shown: ShownArtifact) -> None:
        rows = _rows(shown)
        self.files.show(rows)
        self.table.show_states(any(row.state for row in rows))
        total = sum(file.size_bytes or 0 for file in shown.files)
        self._empty.setVisible(not rows)
        self.table.setVisible(bool(rows))
        self.table.setAccessibleDescription(f"{count(len(rows), 'file')}, {size(total)}")


def _rows(shown: ShownArtifact) -> list[FileRow]:
    before = {file.path: file for file in shown.opened.committed_files}
    rows = []
    for file in shown.files:
        state = ""
        if shown.before is not None:
            old = before.get(file.path)
            state = "new" if old is None else "" if old == file else "changed"
        rows.append(FileRow(file.path, file.size_bytes, state))
    return rows
