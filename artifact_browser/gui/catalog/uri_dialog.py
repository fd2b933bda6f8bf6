"""*Open by URI*: an artifact's address, checked while it is typed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from artifact_browser.catalog.artifact_uri import EXAMPLE, ArtifactUri, parse_artifact_uri
from artifact_browser.errors import ArtifactBrowserError, InputError
from artifact_browser.gui.common.dialog import AppDialog


class UriDialog(AppDialog):
    """Named ``Open by URI``; main button ``Open``. It stays until whoever looks for the artifact has found it.

    :param where: the bucket that is asked, in words
    """

    #: look for the artifact of :attr:`choice`
    look_wanted = Signal()

    def __init__(self, where: str, parent: QWidget | None = None) -> None:
        super().__init__("Open by URI", "Open", parent, subtitle=f"In {where}", width=540)
        self.uri = QLineEdit()
        self.uri.setPlaceholderText(EXAMPLE)
        self.add_field("Address", self.uri, hint="A name may have dots and slashes; @ and ? in it are %40 and %3F.")
        self.uri.textChanged.connect(self._check)
        self._parsed: ArtifactUri | None = None
        self.primary.clicked.disconnect()
        self.primary.clicked.connect(self.look_wanted)
        self._check("")

    @property
    def choice(self) -> ArtifactUri:
        assert self._parsed is not None
        return self._parsed

    def show_looking(self) -> None:
        """The artifact is being looked for."""
        self.show_note("")
        self.uri.setReadOnly(True)
        self.set_busy(True)

    def show_failure(self, error: ArtifactBrowserError) -> None:
        """It was not found: say why, and let the address be changed."""
        self.uri.setReadOnly(False)
        self.set_busy(False)
        self._refuse(error)
        self.uri.setFocus()

    def _check(self, text: str) -> None:
        self._parsed = None
        self.show_note("")
        if text.strip():
            try:
                self._parsed = parse_artifact_uri(text)
            except InputError as error:
                self._refuse(error)
        self.primary.setEnabled(self._parsed is not None)

    def _refuse(self, error: ArtifactBrowserError) -> None:
        self.show_note(f"{error.detail} {error.todo}".strip())
