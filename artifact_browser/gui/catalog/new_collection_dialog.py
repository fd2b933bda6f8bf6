"""Making a collection: its name, its folder, what it is about."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QLineEdit, QWidget

from artifact_browser.gui.catalog.naming import NamedDialog


@dataclass(frozen=True, slots=True)
class CollectionChoice:
    """``id`` is the folder's name."""

    id: str
    name: str
    description: str

    def fields(self) -> dict[str, object]:
        """The manifest fields chosen."""
        return {"id": self.id, "name": self.name, "description": self.description}


class NewCollectionDialog(NamedDialog):
    """Named ``New collection``; main button ``Create``."""

    def __init__(self, where: str, parent: QWidget | None = None) -> None:
        super().__init__("New collection", where, parent)
        self.description = QLineEdit()
        self.add_field("Description", self.description)

    @property
    def choice(self) -> CollectionChoice:
        return CollectionChoice(self.chosen_id, self.chosen_name, self.description.text().strip())
