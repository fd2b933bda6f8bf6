"""The table page: the blob table, what stands in its place when there is nothing, the drop hint and the footer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from artifact_browser.accounts.record import AccountKind, KeySource
from artifact_browser.bootstrap import Services
from artifact_browser.errors import (
    AccessDenied,
    ArtifactBrowserError,
    CertificateRejected,
    CredentialsExpired,
    CredentialsMissing,
    WrongCredentials,
)
from artifact_browser.gui.browse.blob_table import BlobTable
from artifact_browser.gui.browse.listing import Listing
from artifact_browser.gui.browse.listing_footer import ListingFooter
from artifact_browser.gui.browse.listing_model import dropped_files
from artifact_browser.gui.browse.listing_state import ListingState, ListingStatus
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.format import elided, printable
from artifact_browser.gui.common.state_view import State, StateView
from artifact_browser.gui.common.widgets import Kind, label, set_kind
from artifact_browser.storage.bounds import Bounds
from artifact_browser.storage.location import Location, uri_of
from artifact_browser.storage.selection import Counted

#: How long a listing may be empty before the window says that it is busy: a quick one never flickers.
BUSY_AFTER_MS = 150
#: So many selected rows are looked at here; of more a worker adds up the sizes.
COUNTED_HERE = 1000


class BrowseView(QWidget):
    """Composes the table page and says what the person wants in signals."""

    selection_changed = Signal()
    state_changed = Signal(object)
    #: files dropped: ``(Location, list[Path])``
    files_dropped = Signal(object, object)
    #: the action of the empty state: upload here, or make a bucket in this account
    upload_wanted = Signal()
    new_bucket_wanted = Signal()
    open_bucket_wanted = Signal()
    #: nothing matched the filter here: look for its text in everything below
    search_wanted = Signal(str)
    #: what a failed listing suggests: sign in again, or look at the account's settings (account id)
    sign_in_wanted = Signal(str)
    account_edit_wanted = Signal(str)

    def __init__(self, services: Services, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.listing = Listing(services, bridge, self)
        self.table = BlobTable(self.listing)
        self.footer = ListingFooter()
        self._nothing = StateView()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._nothing)
        self.drop_hint = label("", Kind.CHIP_OK)
        set_kind(self.drop_hint, Kind.NOTE_OK)
        self.drop_hint.setContentsMargins(16, 8, 16, 8)
        self.drop_hint.hide()
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._stack, 1)
        column.addWidget(self.drop_hint)
        column.addWidget(self.footer)
        #: the table had the focus before a page without rows took its place
        self._keeps_focus = False
        self._busy = QTimer(self, singleShot=True, interval=BUSY_AFTER_MS)
        self._busy.timeout.connect(self._show_busy)
        self._chosen = QTimer(self, singleShot=True, interval=0)
        self._chosen.timeout.connect(self._sum_selection)
        self._counting: Task | None = None
        #: of the selected blobs; ``None`` while a worker adds it up
        self.selected_bytes: int | None = 0
        self.setAcceptDrops(True)
        self.setFocusProxy(self.table)
        self.listing.state_changed.connect(self._follow)
        self.listing.rearranged.connect(self._chosen.start)
        self.table.selection_changed.connect(self._chosen.start)
        self.table.files_dropped.connect(self.files_dropped)
        self.table.drop_hovered.connect(self.show_drop_target)
        self.footer.stop_wanted.connect(self.listing.stop)
        self.footer.continue_wanted.connect(self.listing.go_on)

    # -- from the shell -----------------------------------------------------------------------------------------
    def add_below(self, widget: QWidget) -> None:
        """Put something between the rows and the footer (the first run's greeting)."""
        self._column.insertWidget(self._column.count() - 1, widget)

    def show_location(self, location: Location) -> None:
        """List ``location``; an account id nobody knows any more shows nothing."""
        self.listing.open(self._services.book.get(location.account_id), location)
        self.table.show_arrangement(self.listing.state.arrangement)

    def set_filter(self, text: str) -> None:
        self.listing.arrange(replace(self.listing.state.arrangement, text=text))

    def set_bounds(self, bounds: Bounds, *, expression: bool) -> None:
        """What the filter looks at besides its text, and how that is meant."""
        self.listing.arrange(replace(self.listing.state.arrangement, bounds=bounds, expression=expression))

    def show_drop_target(self, target: Location | None, verb: str = "put") -> None:
        """Name the place a drop would go to and what it would do, while something hovers."""
        if target is None:
            self.drop_hint.hide()
            return
        kind = self._services.book.get(target.account_id).kind
        uri = elided(printable(uri_of(kind, target.bucket, target.key)), 90)
        words = {"copy": f"Drop to copy to {uri} \u00b7 with Shift: move", "move": f"Drop to move to {uri}"}
        self.drop_hint.setText(words.get(verb, f"Drop to put it into {uri}"))
        self.drop_hint.show()

    # -- states -------------------------------------------------------------------------------------------------
    def _follow(self, state: ListingState) -> None:
        self.footer.show_state(state)
        if state.status is not ListingStatus.LISTING or state.shown:
            self._busy.stop()
        if state.shown:
            self._show_page(self.table)
        elif state.status is ListingStatus.LISTING:
            if not self._busy.isActive():
                self._busy.start()
        elif state.status is ListingStatus.FAILED and state.error is not None:
            self._show_failed(state.error)
        elif state.arrangement.is_filtered and state.total:
            self._show_no_match(state)
        elif state.status in {ListingStatus.COMPLETE, ListingStatus.PARTIAL, ListingStatus.FAILED}:
            self._show_empty(state)
        self.state_changed.emit(state)

    def _show_page(self, page: QWidget) -> None:
        """Turn to a page; the keyboard focus stays in the middle of the window if it was there."""
        focused = self.window().focusWidget()
        held = focused is not None and self._stack.isAncestorOf(focused)
        self._stack.setCurrentWidget(page)
        self._keeps_focus = self._keeps_focus or held
        if self._keeps_focus and page is self.table:
            self._keeps_focus = False
            self.table.setFocus()

    def _show_busy(self) -> None:
        if self.listing.state.status is ListingStatus.LISTING and not self.listing.state.shown:
            self._nothing.show_state(
                State.BUSY, "Listing\u2026", action_label="Stop", action=self.listing.stop, icon_name="hourglass"
            )
            self._show_page(self._nothing)

    def _show_failed(self, error: ArtifactBrowserError) -> None:
        if isinstance(error, AccessDenied) and not self.listing.location.bucket:
            self._nothing.show_state(
                State.NO_PERMISSION,
                "You can\u2019t list buckets with this account.",
                detail="Its keys may not do that, or are wrong: some stores do not say which. "
                "Open a bucket by name, or edit the account.",
                action_label="Open bucket by name\u2026",
                action=self.open_bucket_wanted.emit,
            )
        else:
            label, action = self._way_out(error)
            self._nothing.show_error(error, action_label=label, action=action)
        self._show_page(self._nothing)

    def _way_out(self, error: ArtifactBrowserError) -> tuple[str, Callable[[], object]]:
        """The one action that helps with an error."""
        account_id = self.listing.location.account_id
        record = self.listing.record
        if isinstance(error, CredentialsExpired) and record is not None and record.key_source is KeySource.PROFILE:
            return "Sign in again", lambda: self.sign_in_wanted.emit(account_id)
        if isinstance(error, WrongCredentials | CredentialsMissing | CredentialsExpired | CertificateRejected):
            return "Edit account\u2026", lambda: self.account_edit_wanted.emit(account_id)
        return "Try again", self.listing.refresh

    def _show_no_match(self, state: ListingState) -> None:
        text = state.arrangement.text
        self._nothing.show_state(
            State.EMPTY,
            f"No match{f' for {chr(8220)}{printable(text)}{chr(8221)}' if text else ''} among {state.total:,} listed.",
            detail=state.error.detail if state.error is not None else "",
            icon_name="search",
            action_label="Search in all folders below" if self.listing.location.bucket else "",
            action=lambda: self.search_wanted.emit(state.arrangement.text),
        )
        self._show_page(self._nothing)

    def _show_empty(self, state: ListingState) -> None:
        location, record = self.listing.location, self.listing.record
        if state.status is not ListingStatus.COMPLETE:
            self._nothing.show_state(
                State.PARTIAL,
                "Stopped before anything was listed.",
                action_label="List again",
                action=self.listing.refresh,
            )
        elif not location.bucket:
            self._show_no_buckets(by_name=record is not None and record.kind is not AccountKind.LOCAL)
        elif record is not None and record.read_only:
            self._nothing.show_state(State.EMPTY, "Nothing here.", icon_name="folder-open")
        else:
            uri = printable(uri_of(self.listing.model.kind, location.bucket, location.key))
            self._nothing.show_state(
                State.EMPTY,
                "Nothing here yet.",
                detail=f"Drop files or a folder to upload to {elided(uri, 80)}",
                action_label="Upload files\u2026",
                action=self.upload_wanted.emit,
                icon_name="folder-open",
            )
        self._show_page(self._nothing)

    def _show_no_buckets(self, *, by_name: bool) -> None:
        self._nothing.show_state(
            State.EMPTY,
            "No buckets yet.",
            detail="A bucket holds your files. Make one, or open one by its name." if by_name else "Make one to begin.",
            action_label="New bucket\u2026",
            action=self.new_bucket_wanted.emit,
            icon_name="database",
        )

    def _sum_selection(self) -> None:
        folders, blobs = self.table.selection.counts()
        self.selected_bytes = None
        if self._counting is not None:
            self._counting.cancel()
            self._counting = None
        if folders + blobs <= COUNTED_HERE:
            self.selected_bytes = sum(entry.size_bytes for entry in self.table.selected_entries() if entry.is_blob)
        else:
            self._counting = self.listing.count_selected(self._show_counted)
        self.footer.show_selection(blobs, folders, self.selected_bytes)
        self.selection_changed.emit()

    def _show_counted(self, counted: Counted) -> None:
        """A worker has added up the sizes of many rows."""
        self._counting = None
        self.selected_bytes = counted.size_bytes
        self.footer.show_selection(counted.blobs, counted.folders, counted.size_bytes)
        self.selection_changed.emit()

    # -- drops beside the rows (the empty state) ----------------------------------------------------------------
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._consider(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._consider(event)

    def _consider(self, event: QDragMoveEvent) -> None:
        record = self.listing.record
        writable = record is not None and not record.read_only
        if writable and dropped_files(event.mimeData()) and self.listing.location.bucket:
            event.acceptProposedAction()
            self.show_drop_target(self.listing.location)
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.show_drop_target(None)

    def dropEvent(self, event: QDropEvent) -> None:
        self.show_drop_target(None)
        files = dropped_files(event.mimeData())
        if files and self.listing.location.bucket:
            event.acceptProposedAction()
            self.files_dropped.emit(self.listing.location, files)
