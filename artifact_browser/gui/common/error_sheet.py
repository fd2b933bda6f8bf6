"""The one way errors are shown: the cause in a sentence, what was kept, what to do, details to copy.

No traceback is shown; the log has it. What *Copy details* puts on the clipboard is redacted first.
"""

from __future__ import annotations

import platform
from collections.abc import Callable

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

import artifact_browser
from artifact_browser.errors import ArtifactBrowserError, ErrorRecord
from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import elided, printable
from artifact_browser.gui.common.widgets import Kind, label
from artifact_browser.log import redact


class ErrorSheet(AppDialog):
    """One error. ``accepted`` means the primary action was chosen."""

    def __init__(self, record: ErrorRecord, parent: QWidget | None = None, *, action: str = "") -> None:
        super().__init__(record.title, action or "OK", parent, cancel="Close", width=500)
        self.record = record
        self.cancel.setVisible(bool(action))
        for text, kind in _paragraphs(record):
            self.body.addWidget(label(text, kind, wrap=True, copyable=True))
        self.copy_button = self.add_secondary("Copy details", icon_name="copy")
        self.copy_button.clicked.connect(self._copy)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(details(self.record))
        self.copy_button.setText("Copied")
        announce(self, "Details copied")


def show_error(
    window: QWidget | None,
    error: ArtifactBrowserError,
    *,
    action_label: str = "",
    action: Callable[[], object] | None = None,
) -> ErrorSheet:
    """Show ``error`` over ``window`` without stopping the event loop.

    :param action_label: the primary action's verb ("Try again"); without one the sheet says ``OK``
    """
    sheet = ErrorSheet(error.record(), window, action=action_label)
    sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if action is not None:
        sheet.accepted.connect(action)
    sheet.open()
    announce(sheet, f"{sheet.record.title}. {sheet.record.detail}", urgent=True)
    return sheet


def details(record: ErrorRecord) -> str:
    """Everything worth putting into a report, without secrets and signatures."""
    lines = [
        f"{record.title} ({record.kind})",
        record.detail,
        f"Concerned: {printable(record.subject)}" if record.subject else "",
        f"Kept: {record.kept}" if record.kept else "",
        f"Advice: {record.todo}" if record.todo else "",
        record.technical,
        f"Artifact Browser {artifact_browser.__version__}, Python {platform.python_version()}, Qt {qVersion()}, "
        f"{platform.system()} {platform.release()}",
    ]
    return redact("\n".join(line for line in lines if line))


def _paragraphs(record: ErrorRecord) -> list[tuple[str, Kind | None]]:
    subject = elided(printable(redact(record.subject)), 200)
    found: list[tuple[str, Kind | None]] = [
        (redact(record.detail), None),
        (subject, Kind.DIM),
        (redact(record.kept), Kind.HEADING),
        (record.todo, None),
    ]
    return [(text, kind) for text, kind in found if text]
