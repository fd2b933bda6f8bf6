"""Making an artifact: a staged manifest with its first fields."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QWidget

from artifact_browser.gui.catalog.naming import NamedDialog

#: What a type is called, and what stands in the manifest.
TYPES = (
    ("Data set", "dataset"),
    ("Model", "model"),
    ("Application", "application"),
    ("Notebook", "notebook"),
    ("Workflow", "workflow"),
    ("Other", "generic"),
)
_DESCRIPTION_PX = 72


@dataclass(frozen=True, slots=True)
class ArtifactChoice:
    """``id`` is the folder's name."""

    id: str
    name: str
    type: str
    description: str
    tags: tuple[str, ...]

    def fields(self) -> dict[str, object]:
        """The manifest fields chosen."""
        fields: dict[str, object] = {
            "id": self.id, "name": self.name, "type": self.type, "description": self.description,
        }  # fmt: skip
        return fields | ({"tags": list(self.tags)} if self.tags else {})


class NewArtifactDialog(NamedDialog):
    """Named ``New artifact``; main button ``Create``."""

    def __init__(self, where: str, parent: QWidget | None = None) -> None:
        super().__init__("New artifact", where, parent)
        self.type = QComboBox()
        for words, value in TYPES:
            self.type.addItem(words, value)
        self.description = QPlainTextEdit()
        self.description.setFixedHeight(_DESCRIPTION_PX)
        self.description.setTabChangesFocus(True)
        self.tags = QLineEdit()
        self.add_field("Type", self.type)
        self.add_field("Description", self.description)
        self.add_field("Tags", self.tags, hint="Separated by commas")

    @property
    def choice(self) -> ArtifactChoice:
        tags = dict.fromkeys(tag.strip() for tag in self.tags.text().split(","))
        return ArtifactChoice(
            self.chosen_id,
            self.chosen_name,
            str(self.type.currentData()),
            self.description.toPlainText().strip(),
            tuple(tag for tag in tags if tag),
        )
