"""Before a link of a document is followed: where it leads, in full."""

from __future__ import annotations

from urllib.parse import urlsplit

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from artifact_browser.catalog.markdown_text import checked_href
from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.widgets import Kind, label


class LinkDialog(AppDialog):
    """Named ``Open link``; main button ``Open``. ``address`` is what is shown, copied and opened: one text, in ASCII."""

    def __init__(self, address: str, parent: QWidget | None = None) -> None:
        super().__init__("Open link", "Open", parent, subtitle="The document links to this address:", width=560)
        self.address = checked_href(address)
        #: with breaks offered behind slashes, so that a long one is wrapped and seen whole
        self.shown = label(printable(address).replace("/", "/\u200b"), wrap=True)
        self.shown.setAccessibleName(f"Address: {address}")
        self.body.addWidget(self.shown)
        self.copy = self.add_secondary("Copy", icon_name="copy")
        self.copy.clicked.connect(self._copy)
        self.enter_accepts = False  # the Enter that chose the link must not open it, too
        self.cancel.setFocus()
        self.primary.setEnabled(bool(self.address))
        self.accepted.connect(lambda: QDesktopServices.openUrl(QUrl(self.address)))
        odd = _odd(self.address) if self.address else "This is no address that is opened from here."
        if odd:
            self.note.show_text(odd, Kind.NOTE_WARNING)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.address)
        self.copy.setText("Copied")
        announce(self, "Copied")


def _odd(address: str) -> str:
    """What a person may overlook in an address."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return "This address is not well formed."
    if parts.scheme == "mailto":
        return ""
    found = []
    if "@" in parts.netloc:
        found.append(f"What stands before the \u201c@\u201d is not where it leads: it leads to \u201c{host}\u201d.")
    if "xn--" in host:
        found.append(f"The host \u201c{host}\u201d stands for letters that may look like others.")
    return " ".join(found)
