"""One artifact: its title, what can be done with it, and its pages, of what is committed or of what is staged."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog.opening import Opened
from artifact_browser.gui.catalog.address_copy import add_address_entry
from artifact_browser.gui.catalog.artifact_page import ArtifactPage, PageTools, ShownArtifact
from artifact_browser.gui.catalog.artifact_pages import PAGES
from artifact_browser.gui.catalog.copying import fill_copy_menu
from artifact_browser.gui.catalog.dropped_files import dropped_files
from artifact_browser.gui.catalog.file_list_model import FileListModel
from artifact_browser.gui.catalog.files_page import FilesPage
from artifact_browser.gui.catalog.lineage_page import LineagePage
from artifact_browser.gui.catalog.page_stack import PageStack
from artifact_browser.gui.catalog.type_chips import Chip
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.head_layout import HeadLayout
from artifact_browser.gui.common.widgets import Kind, button, label
from artifact_browser.storage.location import Location

_COMMITTED, _STAGED = "committed", "staged"


class ArtifactView(QWidget):
    """Accessible name ``Artifact``. Takes dropped files: they are to be staged."""

    stage_requested = Signal()
    commit_requested = Signal()
    discard_requested = Signal()
    compare_requested = Signal()
    edit_requested = Signal()
    #: keys of files: a presigned link to each is wanted on the clipboard
    links_requested = Signal(object)
    versions_requested = Signal()
    files_dropped = Signal(object)
    #: prefix of another artifact in this bucket, and the version of it to look at
    artifact_wanted = Signal(str, str)
    #: a page has changed what is staged
    changed = Signal()

    def __init__(self, tools: PageTools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Artifact")
        self.setAcceptDrops(True)
        self.takes_drops = True
        self._tools = tools
        self._shown: ShownArtifact | None = None
        self._title = label("", Kind.TITLE, wrap=True, copyable=True)
        self._state = label("", Kind.DIM, copyable=True)
        self.versions = button("Versions\u2026", clicked=self.versions_requested.emit)
        self.stage = button("Stage files\u2026", clicked=self.stage_requested.emit)
        self.edit = button("Edit card\u2026", clicked=self.edit_requested.emit)
        self.discard = button("Discard\u2026", clicked=self.discard_requested.emit)
        self.copy = button("Copy as", icon_name="copy")
        self.copy.setMenu(QMenu(self.copy))
        self.copy.menu().aboutToShow.connect(self._fill_copy_menu)
        self.compare = button("Compare\u2026", clicked=self.compare_requested.emit)
        self.compare.setToolTip("Show what is staged against what is committed")
        self.commit = button("Commit\u2026", Kind.PRIMARY, clicked=self.commit_requested.emit)
        self._sides = QButtonGroup(self)
        self._sides.buttonClicked.connect(lambda chip: self._show_side(chip.value))
        #: Overview, Files, Metadata ...
        self.pages = PageStack(PAGES, tools)
        self.pages.page_made.connect(self._connect_page)
        self._lay_out()

    @property
    def files(self) -> FileListModel:
        """The files of the page *Files*."""
        return self.pages.page(FilesPage).files

    def _lay_out(self) -> None:
        title = QWidget()
        texts = QVBoxLayout(title)
        texts.setContentsMargins(0, 0, 0, 0)
        texts.setSpacing(2)
        texts.addWidget(self._title)
        texts.addWidget(self._state)
        self.under_state = texts  # what others show there
        head = HeadLayout()
        for made in (
            title, self.versions, self.copy, self.discard, self.compare, self.edit, self.stage, self.commit,
        ):  # fmt: skip
            head.addWidget(made)
        chips = QHBoxLayout()
        chips.setSpacing(6)
        chips.addWidget(self.pages.chips)
        chips.addStretch(1)
        for text, value in (("Committed", _COMMITTED), ("Staged", _STAGED)):
            chip = Chip(text, value)
            chip.setToolTip(f"Show the {value} manifest")
            self._sides.addButton(chip)
            chips.addWidget(chip)
        self.setFocusProxy(self.pages.chips)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 12)
        column.setSpacing(12)
        column.addLayout(head)
        column.addLayout(chips)
        column.addWidget(self.pages, 1)
        for before, after in ((self.edit, self.stage), (self.stage, self.commit), (self.commit, self.discard)):
            self.setTabOrder(before, after)  # the focus never lands on Discard by itself

    def show_artifact(self, record: AccountRecord, location: Location, opened: Opened) -> None:
        """Show both manifests; the staged one first where there is one."""
        staged, committed = opened.staged is not None, opened.committed is not None
        writable = not record.read_only
        self.takes_drops = writable
        self._shown = ShownArtifact(record, location, opened, staged)
        card = opened.card
        self._title.setText(printable(card.title) if card else "")
        words = {
            (True, True): "Committed, with a staged edit",
            (True, False): "Committed",
            (False, True): "Staged, not committed yet",
        }
        self._state.setText(words.get((committed, staged), ""))
        self.stage.setEnabled(writable)
        self.edit.setEnabled(writable)
        self.commit.setEnabled(writable and staged)
        self.compare.setVisible(staged and committed)
        self.discard.setVisible(staged)
        self.discard.setEnabled(writable)
        for chip in self._sides.buttons():
            chip.setVisible(staged and committed)
            chip.setChecked(isinstance(chip, Chip) and chip.value == (_STAGED if staged else _COMMITTED))
        self._show_side(_STAGED if staged else _COMMITTED)

    def leave(self) -> None:
        """Another place is looked at."""
        self.pages.leave()

    def _connect_page(self, page: ArtifactPage) -> None:
        if isinstance(page, FilesPage):
            page.links_requested.connect(self.links_requested)
        if isinstance(page, LineagePage):
            page.artifact_wanted.connect(self.artifact_wanted)
            page.changed.connect(self.changed)

    def _fill_copy_menu(self) -> None:
        menu, shown = self.copy.menu(), self._shown
        menu.clear()
        if shown is not None:
            place = shown.place
            fill_copy_menu(menu, self, self._tools.services, shown.record, place.bucket, [place.prefix])
            add_address_entry(menu, self._tools.bridge, self, shown.record, place)

    def _show_side(self, side: str) -> None:
        shown = self._shown
        if shown is not None:
            self.pages.show_artifact(ShownArtifact(shown.record, shown.location, shown.opened, side == _STAGED))

    # -- drops --------------------------------------------------------------------------------------------------
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.setAccepted(self.takes_drops and bool(dropped_files(event.mimeData())))

    def dropEvent(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.files_dropped.emit(dropped_files(event.mimeData()))
