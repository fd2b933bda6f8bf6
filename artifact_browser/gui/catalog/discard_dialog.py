"""Before staged changes are dropped: what goes, what stays."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QCheckBox, QWidget

from artifact_browser.catalog.opening import Opened
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import count, printable
from artifact_browser.gui.common.widgets import label


@dataclass(frozen=True, slots=True)
class DiscardChoice:
    """``delete_files``: also delete the blobs that only the staged manifest lists."""

    staged_etag: str
    delete_files: bool


class DiscardDialog(AppDialog):
    """Named ``Discard``; main button ``Discard``."""

    def __init__(self, opened: Opened, parent: QWidget | None = None) -> None:
        title = opened.card.title if opened.card else ""
        super().__init__("Discard", "Discard", parent, subtitle=printable(title), destructive=True)
        self._etag = opened.staged_etag
        stays = "What is committed stays as it is." if opened.committed is not None else "It was never committed."
        self.body.addWidget(label(f"The staged manifest is deleted. {stays}", wrap=True))
        committed = {file.path for file in opened.committed_files}
        alone = [file for file in opened.staged_files if file.path not in committed]
        self.delete_files = QCheckBox(f"Also delete {count(len(alone), 'file')} that only the staged manifest lists")
        self.delete_files.setVisible(bool(alone))
        self.body.addWidget(self.delete_files)

    @property
    def choice(self) -> DiscardChoice:
        return DiscardChoice(self._etag, self.delete_files.isChecked())
