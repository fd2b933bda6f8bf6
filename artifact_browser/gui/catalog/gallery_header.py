"""The lines above the cards: title, counts and state of the index, what can be made here."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from artifact_browser.gui.catalog.conditions_badge import ConditionsBadge
from artifact_browser.gui.catalog.gallery_model import SortBy
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.common.widgets import Kind, button, label


class GalleryHeader(QWidget):
    """Speaks; decides nothing."""

    new_collection_requested = Signal()
    new_artifact_requested = Signal()
    index_update_requested = Signal()
    commit_all_requested = Signal()
    #: a :class:`SortBy` was chosen
    sort_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = label("", Kind.TITLE, copyable=True)
        self.state = label("", Kind.DIM, copyable=True)
        self.update_index = button("Update index", Kind.LINK, clicked=self.index_update_requested.emit)
        self.update_index.setToolTip("Read all children and write the collection\u2019s list anew")
        self.commit_all = button("Commit all staged\u2026", Kind.LINK, clicked=self.commit_all_requested.emit)
        self.commit_all.setToolTip("Look at all that is staged in this collection, and commit it together")
        self.badge = ConditionsBadge()
        self.new_collection = button("New collection\u2026", clicked=self.new_collection_requested.emit)
        self.new_artifact = button("New artifact\u2026", Kind.PRIMARY, clicked=self.new_artifact_requested.emit)
        self.sort = QComboBox()
        self.sort.setAccessibleName("Sort by")
        self.sort.setToolTip("In which order the cards stand")
        for sort, text in ((SortBy.NAME, "Name"), (SortBy.MODIFIED, "Last modified"), (SortBy.DOWNLOADS, "Downloads")):
            self.sort.addItem(f"By {text.lower()}", sort)
        self.sort.activated.connect(lambda _: self.sort_chosen.emit(SortBy(self.sort.currentData())))
        facts = QHBoxLayout()
        facts.setSpacing(8)
        facts.addWidget(self.state)
        facts.addWidget(self.update_index)
        facts.addWidget(self.commit_all)
        facts.addWidget(self.badge)
        facts.addStretch(1)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self.title)
        texts.addLayout(facts)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addLayout(texts, 1)
        row.addWidget(self.sort)
        row.addWidget(self.new_collection)
        row.addWidget(self.new_artifact)
        self.show_index_problem(False)
        self.show_staged(0)

    def show_title(self, title: str, description: str = "") -> None:
        self.title.setText(title)
        self.title.setToolTip(plain_tip(description))

    def show_state(self, text: str) -> None:
        """``8 artifacts \u00b7 1 staged edit \u00b7 index up to date``."""
        self.state.setText(text)

    def show_sort(self, sort: SortBy) -> None:
        """The order that is in force."""
        self.sort.setCurrentIndex(self.sort.findData(sort))

    def show_index_problem(self, wrong: bool) -> None:
        """Whether the index may be brought up to date by a button."""
        self.update_index.setVisible(wrong)

    def show_staged(self, staged: int) -> None:
        """Several that are staged may be committed by one button."""
        self.commit_all.setVisible(staged > 1)

    def allow(self, *, collection: bool, artifact: bool, reason: str) -> None:
        """What may be made here; ``reason`` is the tooltip of what may not."""
        for made, allowed in ((self.new_collection, collection), (self.new_artifact, artifact)):
            made.setEnabled(allowed)
            made.setToolTip("" if allowed else reason)
