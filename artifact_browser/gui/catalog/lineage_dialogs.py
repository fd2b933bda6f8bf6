"""*Add parent* and *Add reference*: what an artifact was made from, checked while it is typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from artifact_browser.catalog.lineage import check_reference
from artifact_browser.catalog.lineage_naming import check_address
from artifact_browser.errors import ArtifactBrowserError, InputError
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import printable
from artifact_browser.storage.location import segment_name


class _AddDialog(AppDialog):
    """It stays until whoever adds it says how it went."""

    #: add :attr:`choice`
    add_wanted = Signal()

    def __init__(self, title: str, check: Callable[[str], None], parent: QWidget | None, subtitle: str) -> None:
        super().__init__(title, "Add", parent, subtitle=subtitle, width=540)
        self._check_text = check
        self.text = QLineEdit()
        self.text.textChanged.connect(self._check)
        self.primary.clicked.disconnect()
        self.primary.clicked.connect(self.add_wanted)
        self.primary.setEnabled(False)

    @property
    def choice(self) -> str:
        return self.text.text().strip()

    def show_adding(self) -> None:
        """It is being looked for and written down."""
        self.show_note("")
        self.text.setReadOnly(True)
        self.set_busy(True)

    def show_failure(self, error: ArtifactBrowserError) -> None:
        """Say why it was not added, and let it be changed."""
        self.text.setReadOnly(False)
        self.set_busy(False)
        self.show_note(f"{error.detail} {error.todo}".strip())
        self.text.setFocus()

    def _check(self, _: str) -> None:
        self.show_note("")
        fits = bool(self.choice)
        if fits:
            try:
                self._check_text(self.choice)
            except InputError as error:
                fits = False
                self.show_note(f"{error.detail} {error.todo}".strip())
        self.primary.setEnabled(fits)


class AddParentDialog(_AddDialog):
    """Named ``Add parent``. ``root``: the bucket's address, for what is picked from the collection."""

    def __init__(self, root: str, parent: QWidget | None = None) -> None:
        super().__init__(
            "Add parent",
            check_address,
            parent,
            "An artifact this one was made from. The commit writes it down for both.",
        )
        self._root = root
        self.nearby = QComboBox()
        self.nearby.addItem("Looking\u2026")
        self.nearby.setEnabled(False)
        self.nearby.activated.connect(self._pick)
        self.add_field("From this collection", self.nearby)
        self.text.setPlaceholderText(f"{root}collection/artifact/@version")
        hint = "Or flyte://av0.1/project/domain/name@version. Without a version it is the one that is committed now."
        self.add_field("Address", self.text, hint=hint)

    def show_nearby(self, prefixes: Sequence[str]) -> None:
        """What can be picked."""
        self.nearby.clear()
        self.nearby.addItem("Choose an artifact\u2026" if prefixes else "There is no other artifact")
        for prefix in prefixes:
            self.nearby.addItem(printable(segment_name(prefix)), prefix)
        self.nearby.setEnabled(bool(prefixes))

    def _pick(self, at: int) -> None:
        prefix = self.nearby.itemData(at)
        if prefix:
            self.text.setText(f"{self._root}{prefix}")


class AddReferenceDialog(_AddDialog):
    """Named ``Add reference``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Add reference",
            check_reference,
            parent,
            "Something outside that led to this artifact. It is shown as it is.",
        )
        self.text.setPlaceholderText("https://example.org/runs/17")
        self.add_field("Reference", self.text, hint="A web address, the name of a run, a Git commit.")
