"""Before a version is restored: what will happen, and what stays."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from artifact_browser.catalog.versions import VersionShown, Where
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import count
from artifact_browser.gui.common.widgets import label


class RestoreDialog(AppDialog):
    """Named ``Restore``; main button ``Restore``."""

    def __init__(self, shown: VersionShown, words: str, parent: QWidget | None = None) -> None:
        super().__init__("Restore", "Restore", parent, subtitle=words[:1].upper() + words[1:])
        back = sum(at.where in (Where.KEPT, Where.VERSION) for at in shown.files)
        files = f" {count(back, 'file')} will be put back." if back else ""
        self.body.addWidget(
            label(
                f"This version is staged as an edit.{files} Nothing is committed before you commit it; the version that is "
                "committed now stays in the list, with its bytes.",
                wrap=True,
            )
        )
