"""Two small questions that end in a name: rename a blob or folder, make a folder."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QLineEdit, QWidget

from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import elided, printable
from artifact_browser.gui.common.widgets import Kind, label
from artifact_browser.storage.location import DELIMITER, Location

_LONGEST_BYTES = 1024
_FOLDER_HINT = "Everything in the folder is copied to its new name and checked; what is checked is then deleted under the old name."


@dataclass(frozen=True, slots=True)
class NameChoice:
    """A name, verbatim."""

    name: str


class _NameDialog(AppDialog):
    def __init__(self, title: str, verb: str, parent: QWidget | None, prefix: str, subtitle: str) -> None:
        super().__init__(title, verb, parent, subtitle=subtitle)
        self._prefix = prefix
        self.name = QLineEdit()
        self.add_field("Name", self.name)
        self.name.textChanged.connect(self._check)

    @property
    def choice(self) -> NameChoice:
        return NameChoice(self.name.text())

    def _check(self) -> None:
        name = self.name.text()
        too_long = len((self._prefix + name).encode("utf-8", "replace")) > _LONGEST_BYTES
        self.show_note(*self._word(name, too_long))
        self.primary.setEnabled(bool(name.strip(DELIMITER)) and not too_long and self._usable(name))

    def _word(self, name: str, too_long: bool) -> tuple[str, Kind]:
        if too_long:
            return f"A key has at most {_LONGEST_BYTES:,} bytes.", Kind.NOTE_BAD
        if DELIMITER in name.strip(DELIMITER):
            return "Each \u201c/\u201d begins a folder.", Kind.NOTE_WARNING
        if name != name.strip():
            return "The name begins or ends with a space.", Kind.NOTE_WARNING
        return "", Kind.NOTE_WARNING

    def _usable(self, name: str) -> bool:
        return True


class RenameDialog(_NameDialog):
    """Named ``Rename``; main button ``Rename``."""

    def __init__(self, location: Location, parent: QWidget | None = None) -> None:
        self._old = location.name
        shown = elided(printable(location.key), 80)
        super().__init__("Rename", "Rename", parent, location.parent.key, f"{shown} in {location.bucket}")
        self.name.setText(self._old)
        stem = self._old.rpartition(".")[0] or self._old
        if location.key.endswith(DELIMITER):
            stem = self._old
            self.body.addWidget(label(_FOLDER_HINT, Kind.HINT, wrap=True))
        self.name.setSelection(0, len(stem))
        self._check()

    def _usable(self, name: str) -> bool:
        return name != self._old and not name.endswith(DELIMITER)


class NewFolderDialog(_NameDialog):
    """Named ``New folder``; main button ``Create``."""

    def __init__(self, parent_location: Location, parent: QWidget | None = None) -> None:
        place = elided(printable(f"{parent_location.bucket}/{parent_location.key}"), 80)
        super().__init__("New folder", "Create", parent, parent_location.key, f"In {place}")
        self._check()
