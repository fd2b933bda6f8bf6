"""The details drawer: what HEAD says of a blob, its tags, and a capped preview. Asks only when one looks."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QTabBar, QVBoxLayout, QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.browse.entry import Entry, EntryKind
from artifact_browser.gui.browse.facts_view import FactsView
from artifact_browser.gui.browse.listing_model import name_shown
from artifact_browser.gui.browse.preview_view import PreviewView
from artifact_browser.gui.browse.type_icons import icon_name
from artifact_browser.gui.common import format as shown
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.state_view import State, StateView
from artifact_browser.gui.common.widgets import Kind, label, set_kind
from artifact_browser.storage.blobs import BlobFacts, head_blob
from artifact_browser.storage.location import Location

#: How long a selection rests before the store is asked about it: running through rows asks nothing.
REST_MS = 180


class DetailsPanel(QWidget):
    """Accessible name ``Details``. Two tabs: preview and details."""

    #: the person wants the whole blob on disk (from "too large for a preview")
    download_wanted = Signal()

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Details")
        set_kind(self, Kind.PANEL)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._bridge = bridge
        self._task: Task | None = None
        self._record: AccountRecord | None = None
        self._location = Location("")
        self._entry: Entry | None = None
        self._picture = QLabel()
        self._name = label("", Kind.HEADING, wrap=True, copyable=True)
        self._tabs = QTabBar()
        self._tabs.setAccessibleName("Details tabs")
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        for text in ("Preview", "Details"):
            self._tabs.addTab(text)
        self.preview = PreviewView(bridge, self)
        self.facts = FactsView(self)
        self._nothing = StateView(self)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName("Details content")
        self._build()
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._rest.timeout.connect(self._ask)
        self._tabs.currentChanged.connect(self._show_tab)
        self.preview.download_wanted.connect(self.download_wanted)
        self.show_entries(None, Location(""), [], 0, 0)

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(20, 18, 20, 6)
        head.setSpacing(10)
        head.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._name, 1)
        inner = QWidget()
        set_kind(inner, Kind.PANEL)
        inner.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(inner)
        column.setContentsMargins(20, 12, 20, 20)
        column.setSpacing(12)
        column.addWidget(self.preview)
        column.addWidget(self.facts)
        column.addStretch(1)
        self._scroll.setWidget(inner)
        tabs = QHBoxLayout()
        tabs.setContentsMargins(12, 0, 12, 0)
        tabs.addWidget(self._tabs)
        tabs.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(head)
        outer.addLayout(tabs)
        outer.addWidget(self._scroll, 1)
        outer.addWidget(self._nothing, 1)

    # -- from the shell -----------------------------------------------------------------------------------------
    def show_entries(
        self, record: AccountRecord | None, location: Location, entries: list[Entry], count: int, size_bytes: int
    ) -> None:
        """Show what is selected: one blob in full, several (``entries`` are the first of ``count``) as a sum, none as a hint."""
        self._stop()
        self._record, self._location = record, location
        self._entry = entries[0] if len(entries) == 1 else None
        if self._entry is None:
            self._show_none(count, size_bytes)
            return
        entry = self._entry
        self._nothing.hide()
        self._picture.show()
        self._picture.setPixmap(icon(icon_name(entry), "accent").pixmap(20, 20))
        self._name.setText(name_shown(entry, location.key))
        self._tabs.setVisible(entry.is_blob)
        self._scroll.show()
        self.facts.show_entry(entry)
        self.preview.clear()
        self._show_tab()
        if entry.is_blob and self.isVisible():
            self._rest.start()

    def refresh(self) -> None:
        """Ask again about what is shown."""
        if self._entry is not None and self._entry.is_blob:
            self._rest.start()

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        if self._entry is not None and self._entry.is_blob:
            self._rest.start()

    # -- asking -------------------------------------------------------------------------------------------------
    def _ask(self) -> None:
        entry, record = self._entry, self._record
        if entry is None or record is None or not self.isVisible():
            return
        self._task = self._bridge.run(
            head_blob,
            record,
            self._location.bucket,
            entry.key,
            owner=self,
            on_done=self._take,
            on_error=self._fail,
        )
        self.preview.show_blob(record, self._location.bucket, entry)

    def _take(self, facts: BlobFacts) -> None:
        self._task = None
        self.facts.show_facts(facts)

    def _fail(self, error: ArtifactBrowserError) -> None:
        self._task = None
        self.facts.show_error(error)

    def _stop(self) -> None:
        self._rest.stop()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.preview.stop()

    def _show_none(self, count: int, size_bytes: int) -> None:
        self._scroll.hide()
        self._tabs.hide()
        self._picture.hide()
        self._name.setText("")
        self._nothing.show()
        if count:
            self._nothing.show_state(
                State.EMPTY,
                shown.count(count, "item") + " selected",
                detail=shown.size(size_bytes) if size_bytes else "",
                icon_name="layers",
            )
        else:
            self._nothing.show_state(State.EMPTY, "Select a blob to see it here.", icon_name="eye")

    def _show_tab(self, _: int = 0) -> None:
        entry = self._entry
        on_details = self._tabs.currentIndex() == 1 or (entry is not None and entry.kind is not EntryKind.BLOB)
        self.preview.setVisible(not on_details)
        self.facts.setVisible(True)
        self.facts.set_brief(not on_details)
