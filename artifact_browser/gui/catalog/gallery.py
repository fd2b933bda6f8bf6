"""The gallery: a collection's cards, an artifact's page, or the collections found below any other place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.catalog import jobs
from artifact_browser.catalog.card import Card
from artifact_browser.catalog.layout import RESERVED_NAMES, place_of
from artifact_browser.catalog.opening import Opened, PlaceKind
from artifact_browser.catalog.scan import CardsFound, ScanSummary
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog.artifact_page import PageTools
from artifact_browser.gui.catalog.artifact_view import ArtifactView
from artifact_browser.gui.catalog.at_hand import AtHand
from artifact_browser.gui.catalog.card_delegate import GUTTER_PX
from artifact_browser.gui.catalog.covers import CoverLoader
from artifact_browser.gui.catalog.gallery_counts import GalleryCounts
from artifact_browser.gui.catalog.gallery_header import GalleryHeader
from artifact_browser.gui.catalog.gallery_model import GalleryModel
from artifact_browser.gui.catalog.gallery_view import GalleryView
from artifact_browser.gui.catalog.gallery_words import header_words
from artifact_browser.gui.catalog.type_chips import TypeChips
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.state_view import State, StateView
from artifact_browser.storage.driver import NOTHING_KNOWN
from artifact_browser.storage.location import Location


class Gallery(QWidget):
    """Shows one place at a time; asks the shell for everything that changes something."""

    #: a collection or artifact to go to: its :class:`Location`
    location_opened = Signal(object)
    #: the :class:`Location` of a broken manifest's blob, to be opened
    manifest_requested = Signal(object)
    #: :attr:`at_hand` is other than before
    context_changed = Signal()
    #: the selected :class:`Card` or ``None``
    card_selected = Signal(object)
    #: actions wanted, each with the :class:`Location` concerned
    new_collection_requested = Signal(object)
    new_artifact_requested = Signal(object)
    stage_files_requested = Signal(object)
    commit_requested = Signal(object)
    discard_requested = Signal(object)
    compare_requested = Signal(object)
    edit_card_requested = Signal(object)
    versions_requested = Signal(object)
    #: location of an artifact that was just opened, and the version of it to look at
    version_requested = Signal(object, str)
    index_update_requested = Signal(object)
    commit_all_requested = Signal(object)
    #: somebody has come to a committed artifact's page (again is no coming): its :class:`Location`
    artifact_visited = Signal(object)
    #: what the store here does with conditions on writes
    conditions_requested = Signal(object)
    #: files dropped on an artifact: ``(Location, paths)``
    files_dropped = Signal(object, object)

    def __init__(self, services: Services, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Gallery view")
        self._services, self._bridge = services, bridge
        self._record: AccountRecord | None = None
        self._location = Location("")
        self._opened: Opened | None = None
        self._summary: ScanSummary | None = None
        self._scan: Task | None = None
        self._visits = False
        self._seen: set[str] = set()
        self.model = GalleryModel(self)
        self.covers = CoverLoader(bridge, self)
        self.view = GalleryView(self.model, self.covers)
        self.header = GalleryHeader()
        self.chips = TypeChips()
        self.artifact_view = ArtifactView(PageTools(services, bridge))
        self.counts = GalleryCounts(services.settings, bridge, self.model, self.header, self.artifact_view, self)
        self.state = StateView()
        self._cards = self._lay_out_cards()
        self._stack = QStackedWidget()
        for page in (self._cards, self.artifact_view):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self.setFocusProxy(self.view)
        self._connect()

    def _lay_out_cards(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 16, 0, 0)
        column.setSpacing(4)
        head = QVBoxLayout()
        head.setContentsMargins(20, 0, 20, 0)
        head.setSpacing(12)
        head.addWidget(self.header)
        head.addWidget(self.chips)
        column.addLayout(head)
        self._middle = QStackedWidget()
        inset = QWidget()
        row = QHBoxLayout(inset)
        row.setContentsMargins(20 - GUTTER_PX, 0, 0, 0)  # the cards' edges stand under the title's
        row.addWidget(self.view)
        self._middle.addWidget(inset)
        self._middle.addWidget(self.state)
        column.addWidget(self._middle, 1)
        return page

    def _connect(self) -> None:
        self.model.counted.connect(self._refresh_header)
        self.chips.type_chosen.connect(self._choose_type)
        self.view.card_activated.connect(lambda card: self.location_opened.emit(self._of(card)))
        self.view.manifest_wanted.connect(self._want_manifest)
        self.view.card_selected.connect(self._selected)
        self.view.files_dropped.connect(lambda card, paths: self.files_dropped.emit(self._of(card), paths))
        header, page = self.header, self.artifact_view
        header.new_collection_requested.connect(lambda: self.new_collection_requested.emit(self._location))
        header.new_artifact_requested.connect(lambda: self.new_artifact_requested.emit(self._location))
        header.index_update_requested.connect(lambda: self.index_update_requested.emit(self._location))
        header.commit_all_requested.connect(lambda: self.commit_all_requested.emit(self._location))
        header.badge.clicked.connect(lambda _=False: self.conditions_requested.emit(self._location))
        page.stage_requested.connect(lambda: self.stage_files_requested.emit(self._location))
        page.commit_requested.connect(lambda: self.commit_requested.emit(self._location))
        page.edit_requested.connect(lambda: self.edit_card_requested.emit(self._location))
        page.discard_requested.connect(lambda: self.discard_requested.emit(self._location))
        page.compare_requested.connect(lambda: self.compare_requested.emit(self._location))
        page.versions_requested.connect(lambda: self.versions_requested.emit(self._location))
        page.artifact_wanted.connect(self._open_version)
        page.changed.connect(self.refresh)
        page.files_dropped.connect(lambda paths: self.files_dropped.emit(self._location, paths))

    def _open_version(self, prefix: str, version: str) -> None:
        location = self._at(prefix)
        self.location_opened.emit(location)
        self.version_requested.emit(location, version)

    # -- what the shell asks ------------------------------------------------------------------------------------
    @property
    def location(self) -> Location:
        return self._location

    @property
    def at_hand(self) -> AtHand:
        """What a person has at hand now."""
        return AtHand(self._location, self._opened, self.view.current_card)

    # -- what the shell does ------------------------------------------------------------------------------------
    def show_location(self, record: AccountRecord, location: Location) -> None:
        """Show a place; whatever was being looked at is given up. The same place again is a refresh."""
        place = place_of(location) if location.bucket else None
        location = Location(location.account_id, location.bucket, place.prefix if place else "")
        before = self._record
        same = location == self._location and before is not None and record == replace(before, probing=record.probing)
        self.stop()
        self._record, self._location = record, location
        self._summary = None
        self._visits = not same
        if not same:
            self._opened = None
            self.chips.reset()
            self.model.set_type("")
            self.model.clear()
        self._seen = set()
        if place is None:
            self._stack.setCurrentWidget(self._cards)
            self.header.allow(collection=False, artifact=False, reason="Open a bucket first")
            self.header.show_title(printable(record.name))
            self.header.show_state("")
            self._say(State.EMPTY, "Open a bucket to see its collections.", icon_name="library")
            self.context_changed.emit()
            return
        self.covers.open(record, location.bucket)
        self._refresh_header()
        if not self.model.total and not same:
            self._say(State.BUSY, "Looking for artifacts\u2026")
        self._scan = self._bridge.run(
            jobs.scan_place, record, place, owner=self,
            on_event=self._take, on_done=self._finished, on_error=self._failed,
        )  # fmt: skip
        self.context_changed.emit()

    def refresh(self) -> None:
        """Look again at the same place."""
        if self._record is not None:
            self.show_location(self._record, self._location)

    def set_filter(self, text: str) -> None:
        """Show cards with these words; the window's filter field."""
        self.model.set_filter(text)
        self._show_middle()
        self._refresh_header()

    def select(self, prefix: str) -> bool:
        """Make a card the selected one. ``False``: it is not (or not yet) shown."""
        return self.view.select(prefix)

    def stop(self) -> None:
        """Stop looking; what was found stays."""
        if self._scan is not None:
            self._scan.cancel()
            self._scan = None
        self.covers.want(())
        self.artifact_view.leave()
        self.counts.stop()

    # -- from the scan ------------------------------------------------------------------------------------------
    def _take(self, event: Opened | CardsFound) -> None:
        if isinstance(event, Opened):
            self._opened = event
            shows_page = event.kind is PlaceKind.ARTIFACT and not event.error
            if shows_page and self._record is not None:
                self.artifact_view.show_artifact(self._record, self._location, event)
                self._visit(event)
            else:
                self.artifact_view.leave()
                if self._record is not None and event.kind is PlaceKind.COLLECTION:
                    self.counts.read_children(self._record, place_of(self._location))
            self._turn_to(self.artifact_view if shows_page else self._cards)
            self._refresh_header()
            self.context_changed.emit()
            return
        self._seen |= {card.prefix for card in event.cards}
        self.model.take(event.cards, event.gone)
        self._show_middle()

    def _visit(self, opened: Opened) -> None:
        """The page of an artifact is shown, or read again."""
        committed = opened.committed is not None
        if self._record is not None:
            self.counts.line.show_of(self._record, place_of(self._location), committed=committed)
        if self._visits and committed:
            self.artifact_visited.emit(self._location)
        self._visits = False

    def _finished(self, summary: ScanSummary) -> None:
        self._scan, self._summary = None, summary
        self.model.take((), [card.prefix for card in self.model.cards() if card.prefix not in self._seen])
        self.model.arrange()
        self._refresh_header()
        self._show_middle()
        self.context_changed.emit()

    def _failed(self, error: ArtifactBrowserError) -> None:
        self._scan = None
        self._refresh_header()
        if self.model.total:
            self.header.show_state(f"{self.header.state.text()} \u00b7 not all could be read: {error.title.lower()}")
            return
        self._stack.setCurrentWidget(self._cards)
        self._middle.setCurrentWidget(self.state)
        self.state.show_error(error, action_label="Try again", action=self.refresh)

    def _turn_to(self, page: QWidget) -> None:
        """Switch pages; the keyboard focus stays in the gallery if it was there."""
        focused = self.focusWidget()
        had_focus = focused is not None and focused.hasFocus()
        self._stack.setCurrentWidget(page)
        self.setFocusProxy(self.artifact_view if page is self.artifact_view else self.view)
        if had_focus:
            self.setFocus()

    # -- showing ------------------------------------------------------------------------------------------------
    @property
    def _read_only(self) -> bool:
        return self._record is not None and self._record.read_only

    def _refresh_header(self) -> None:
        header, opened = self.header, self._opened
        title = opened.card.title if opened and opened.card else self._location.name
        header.show_title(printable(title), opened.card.description if opened and opened.card else "")
        header.show_state(header_words(self.model, opened, self._summary, scanning=self._scan is not None))
        stale = self._summary is not None and not self._summary.up_to_date and self.at_hand.shows_collection
        header.show_index_problem(stale and not self._read_only and not (opened and opened.error))
        header.show_staged(self.model.staged if self.at_hand.shows_collection and not self._read_only else 0)
        header.badge.show_writes(opened.writes if opened else NOTHING_KNOWN, self._record)
        reason = "This account is read-only" if self._read_only else "Open a collection first"
        header.allow(
            collection=not self._read_only and bool(self._location.bucket),
            artifact=not self._read_only and self.at_hand.shows_collection and not (opened and opened.error),
            reason=reason,
        )
        self.view.takes_drops = not self._read_only
        self.chips.show_counts(self.model.types(), self.model.staged)
        self.chips.setVisible(self.model.total > 0)

    def _show_middle(self) -> None:
        if self.model.rowCount():
            self._middle.setCurrentIndex(0)
        elif self.model.total:
            self._say(State.EMPTY, "Nothing here has these words.", icon_name="search")
        elif self._scan is None and self._summary is not None:
            self._say_empty()

    def _say_empty(self) -> None:
        opened = self._opened
        if opened is not None and opened.error:
            self._say(
                State.FAILED, "This manifest cannot be read.", opened.error, "Open manifest",
                lambda: self.manifest_requested.emit(self._at(opened.broken_key)),
            )  # fmt: skip
        elif self.at_hand.shows_collection:
            self._say(
                State.EMPTY, "No artifacts yet.", "Make one, drop files on it, and commit it.", "New artifact\u2026",
                lambda: self.new_artifact_requested.emit(self._location), icon_name="package-plus",
            )  # fmt: skip
        else:
            self._say(
                State.EMPTY, "No collection here.", "A collection shows its artifacts as cards.",
                "New collection\u2026", lambda: self.new_collection_requested.emit(self._location), icon_name="library",
            )  # fmt: skip

    def _say(
        self,
        state: State,
        sentence: str,
        detail: str = "",
        action_label: str = "",
        action: Callable[[], object] | None = None,
        icon_name: str = "",
    ) -> None:
        if self._read_only and state is State.EMPTY:
            action_label, action = "", None
        self._middle.setCurrentWidget(self.state)
        self.state.show_state(
            state, sentence, detail=detail, action_label=action_label, action=action, icon_name=icon_name
        )

    def _choose_type(self, kind: str) -> None:
        self.model.set_type(kind)
        self._show_middle()

    def _selected(self, card: Card | None) -> None:
        self.card_selected.emit(card)
        self.context_changed.emit()

    def _want_manifest(self, card: Card) -> None:
        name = card.error.partition(":")[0]
        self.manifest_requested.emit(self._at(card.prefix + (name if name in RESERVED_NAMES else "manifest.yaml")))

    def _of(self, card: Card) -> Location:
        return self._at(card.prefix)

    def _at(self, key: str) -> Location:
        return Location(self._location.account_id, self._location.bucket, key)
