"""The pages of an artifact behind a row of chips: one is shown, each is made when it is first turned to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QWidget

from artifact_browser.gui.catalog.artifact_page import ArtifactPage, PageTools, ShownArtifact
from artifact_browser.gui.catalog.type_chips import Chip

_Page = TypeVar("_Page", bound=ArtifactPage)


class PageStack(QStackedWidget):
    """Its :attr:`chips` stand where its user puts them (accessible name ``Pages``)."""

    #: a page was made: the :class:`ArtifactPage`, to connect its signals
    page_made = Signal(object)

    def __init__(self, kinds: Sequence[type[ArtifactPage]], tools: PageTools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kinds, self._tools = tuple(kinds), tools
        self._made: dict[type[ArtifactPage], ArtifactPage] = {}
        self._shown: ShownArtifact | None = None
        self.chips = QWidget()
        self.chips.setAccessibleName("Pages")
        row = QHBoxLayout(self.chips)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self._group = QButtonGroup(self)
        self._buttons = [Chip(kind.TITLE, kind.TITLE) for kind in self._kinds]
        for at, chip in enumerate(self._buttons):
            self._group.addButton(chip, at)
            row.addWidget(chip)
        self._buttons[0].setChecked(True)
        self.chips.setFocusProxy(self._buttons[0])
        self._group.buttonToggled.connect(lambda _, checked: self._turn() if checked else None)

    @property
    def current(self) -> ArtifactPage:
        """The page whose chip is chosen."""
        return self.page(self._kinds[self._group.checkedId()])

    def page(self, kind: type[_Page]) -> _Page:
        """The page of this kind; made if nobody has turned to it yet."""
        if kind not in self._made:
            made = self._made[kind] = kind(self._tools)
            self.addWidget(made)
            self.page_made.emit(made)
            if kind.ALWAYS_TOLD and self._shown is not None:
                made.show_artifact(self._shown)
        found = self._made[kind]
        assert isinstance(found, kind)
        return found

    def turn_to(self, kind: type[ArtifactPage]) -> None:
        """Choose this page's chip."""
        self._buttons[self._kinds.index(kind)].setChecked(True)

    def show_artifact(self, shown: ShownArtifact) -> None:
        """Show it on the chosen page; the others learn of it when they are turned to."""
        self._shown = shown
        self._turn()
        for page in self._made.values():
            if page.ALWAYS_TOLD and page is not self.currentWidget():
                page.show_artifact(shown)

    def leave(self) -> None:
        """Nobody looks any more: what is under way stops."""
        self._shown = None
        for page in self._made.values():
            page.leave()

    def _turn(self) -> None:
        page = self.current
        for other in self._made.values():
            if other is not page:
                other.leave()
        self.setCurrentWidget(page)
        self.chips.setFocusProxy(self._buttons[self._group.checkedId()])
        if self._shown is not None:
            page.show_artifact(self._shown)
