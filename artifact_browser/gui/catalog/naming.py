"""A dialog that begins with a name and the id (folder) made from it."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QWidget

from artifact_browser.catalog.layout import check_name, id_from_title
from artifact_browser.errors import InputError
from artifact_browser.gui.common.dialog import AppDialog


class NamedDialog(AppDialog):
    """Fields ``Name`` and ``Id``; the id follows the name until somebody types it."""

    def __init__(self, title: str, where: str, parent: QWidget | None = None) -> None:
        super().__init__(title, "Create", parent, subtitle=f"In {where}")
        self.name = QLineEdit()
        self.id = QLineEdit()
        self.add_field("Name", self.name)
        self.add_field("Id", self.id, hint="The folder it lies in; it stays when the name changes.")
        self.name.textChanged.connect(self._suggest)
        self.id.textEdited.connect(self._check)
        self._check()

    @property
    def chosen_id(self) -> str:
        return self.id.text().strip()

    @property
    def chosen_name(self) -> str:
        return self.name.text().strip() or self.chosen_id

    def _suggest(self, name: str) -> None:
        if not self.id.isModified():
            self.id.setText(id_from_title(name))
            self.id.setModified(False)
        self._check()

    def _check(self) -> None:
        problem = ""
        if self.chosen_id:
            try:
                check_name(self.chosen_id)
            except InputError as error:
                problem = f"{error.detail} {error.todo}".strip()
        self.show_note(problem)
        self.primary.setEnabled(bool(self.chosen_id) and not problem)
