"""A window for one search: what to look for, the hits as they come, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QMimeData, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.errors import ArtifactBrowserError, InputError
from artifact_browser.gui.browse.blob_table import MOST_DRAGGED, BlobTable
from artifact_browser.gui.browse.entry import Entry
from artifact_browser.gui.browse.gathering import AT_ONCE, with_selected
from artifact_browser.gui.browse.listing_footer import ListingFooter
from artifact_browser.gui.browse.listing_state import ListingState, ListingStatus
from artifact_browser.gui.browse.search_form import SearchForm
from artifact_browser.gui.browse.search_listing import SearchListing
from artifact_browser.gui.common import format as shown
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.state_view import State, StateView
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.gui.common.widgets import Kind, button, label
from artifact_browser.storage.globs import DEEP
from artifact_browser.storage.key_match import Way
from artifact_browser.storage.location import Location, uri_of
from artifact_browser.storage.search import SearchGrown


class SearchFooter(ListingFooter):
    """Counts hits, keys and requests."""

    def sentence(self, state: ListingState) -> str:
        grown = state.grown
        if state.status is ListingStatus.IDLE:
            return ""
        if not isinstance(grown, SearchGrown):
            return state.error.title if state.error else "Searching\u2026"
        found = f"{state.total:,} found" + (" so far" if state.status is ListingStatus.LISTING else "")
        if grown.blobs:
            found += f" \u00b7 {shown.size(grown.size_bytes)}"
        asked = shown.count(grown.requests, "request")
        if grown.tag_requests:
            asked += f", {grown.tag_requests:,} of them for tags"
        counted = f"{shown.count(grown.seen, 'key')} looked at in {asked}"
        if not state.arrangement.is_in_order and state.status is not ListingStatus.COMPLETE:
            counted += " \u00b7 sorted over what is found so far"
        if state.status is ListingStatus.LISTING:
            return f"{found} \u00b7 {counted}\u2026"
        if state.status is ListingStatus.PARTIAL:
            why = f" ({state.error.detail or state.error.title})" if state.error else ""
            return f"Stopped{why}: {found}, there may be more \u00b7 {counted}"
        return f"{found} \u00b7 {counted}"


class SearchWindow(QDialog):
    """Named ``Search``. Not modal, and any number may be open; each has a listing of its own."""

    #: show this :class:`Location` in its folder, selected; is it a blob?
    place_wanted = Signal(object, bool)
    #: hits as ``list[Location]``, and the prefix that was searched
    download_wanted = Signal(object, object)
    delete_wanted = Signal(object)
    #: blobs as ``list[Location]``
    links_wanted = Signal(object)
    closed = Signal()

    def __init__(self, services: Services, bridge: Bridge, record: AccountRecord, here: Location) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._record, self._here = record, here
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Search")
        self.setAccessibleName("Search")
        self.resize(980, 660)
        self.setMinimumSize(560, 420)
        self.listing = SearchListing(services, bridge, self)
        self.form = SearchForm()
        whole = uri_of(record.kind, here.bucket)
        self.form.show_scopes(uri_of(record.kind, here.bucket, here.key), whole)
        self.table = BlobTable(self.listing)
        self.table.setAccessibleName("Hits")
        self.table.setAcceptDrops(False)
        self.nothing = StateView()
        self._said: ListingStatus | None = None
        self._counting: Task | None = None
        self.footer = SearchFooter()
        self._told = QTimer(self, singleShot=True, interval=0)
        self._told.timeout.connect(self._follow_selection)
        self._make_actions()
        self._lay_out()
        self._connect()
        self._follow(self.listing.state)
        self._follow_selection()

    # -- parts --------------------------------------------------------------------------------------------------
    def _make_actions(self) -> None:
        self.open_in_folder = self._action("Open in folder", "Show it in its folder (Enter)", self._open_selected)
        self.download = self._action(
            "Download\u2026", "Download into a folder, with the folders below", self._download, "Ctrl+D"
        )
        self.copy_links = self._action(
            "Copy links", "Copy presigned links to the selected blobs", self._links, "Ctrl+Shift+C"
        )
        self.copy = self._action(
            "Copy", "Copy to paste elsewhere; in other programs: the addresses", self._copy, "Ctrl+C"
        )
        self.delete = self._action("Delete\u2026", "Delete, after a look at what that is", self._delete, "Del")

    def _action(self, text: str, tooltip: str, slot: object, keys: str = "") -> QAction:
        made = QAction(text, self)
        made.setToolTip(f"{tooltip}\n{keys}" if keys else tooltip)
        if keys:
            made.setShortcut(QKeySequence(keys))
        made.triggered.connect(slot)
        self.table.addAction(made)
        made.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        return made

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QWidget()
        inside = QVBoxLayout(head)
        inside.setContentsMargins(20, 16, 20, 12)
        inside.setSpacing(12)
        inside.addWidget(label("Search", Kind.TITLE))
        inside.addWidget(self.form)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.nothing)
        row = QHBoxLayout()
        row.setContentsMargins(16, 10, 16, 12)
        row.setSpacing(8)
        for action in self._actions:
            row.addWidget(self._button(action))
        row.addStretch(1)
        row.addWidget(button("Close", clicked=self.close))
        column.addWidget(head)
        column.addWidget(self._stack, 1)
        column.addWidget(self.footer)
        column.addLayout(row)

    @property
    def _actions(self) -> tuple[QAction, ...]:
        return self.open_in_folder, self.download, self.copy_links, self.copy, self.delete

    def _button(self, action: QAction) -> QWidget:
        made = button(action.text(), clicked=action.trigger)
        made.setToolTip(action.toolTip())
        made.setEnabled(action.isEnabled())
        action.enabledChanged.connect(made.setEnabled)
        return made

    def _connect(self) -> None:
        self.form.search_wanted.connect(self.search)
        self.form.stop_wanted.connect(self.listing.stop)
        self.footer.stop_wanted.connect(self.listing.stop)
        self.footer.continue_wanted.connect(self.listing.go_on)
        self.listing.state_changed.connect(self._follow)
        self.listing.rearranged.connect(self._told.start)
        self.table.selection_changed.connect(self._told.start)
        self.table.entry_opened.connect(self._show_entry)
        self.table.context_menu_wanted.connect(self._menu)

    # -- searching ----------------------------------------------------------------------------------------------
    def start(self, filter_text: str) -> None:
        """Show it, ready to type; with what the filter was asked for, search at once."""
        self.form.begin_with(filter_text)
        self.show()
        self.form.text.setFocus()
        self.form.text.selectAll()
        if filter_text:
            self.search()

    def search(self) -> None:
        """Search for what the form says."""
        try:
            wanted = self.form.search
        except InputError as error:
            self.form.note.show_text(error.detail)
            return
        self.form.note.show_text("")
        place = self._here if self.form.in_prefix else Location(self._here.account_id, self._here.bucket)
        self.setWindowTitle(
            f"{shown.elided(shown.printable(wanted.text), 40)} \u2013 Search" if wanted.text else "Search"
        )
        self.listing.search(self._record, place, wanted)
        self.table.show_arrangement(self.listing.state.arrangement)

    def _follow(self, state: ListingState) -> None:
        self.footer.show_state(state)
        self.form.show_running(state.status is ListingStatus.LISTING)
        if state.shown:
            self._said = None
            self._stack.setCurrentWidget(self.table)
            return
        self._stack.setCurrentWidget(self.nothing)
        if state.status is self._said:
            return  # ten times a second the same
        self._said = state.status
        if state.status is ListingStatus.IDLE:
            uri = shown.elided(shown.printable(uri_of(self._record.kind, self._here.bucket, self._here.key)), 80)
            self.nothing.show_state(State.EMPTY, "What are you looking for?", detail=f"Below {uri}", icon_name="search")
        elif state.status is ListingStatus.LISTING:
            self.nothing.show_state(
                State.BUSY, "Searching\u2026", action_label="Stop", action=self.listing.stop, icon_name="hourglass"
            )
        elif state.status is ListingStatus.FAILED and state.error is not None:
            self._show_failed(state.error)
        elif state.status is ListingStatus.PARTIAL:
            self.nothing.show_state(
                State.PARTIAL, "Stopped before anything was found.", action_label="Continue", action=self.listing.go_on
            )
        else:
            self._show_none()

    def _show_failed(self, error: ArtifactBrowserError) -> None:
        if isinstance(error, InputError):
            self.form.note.show_text(error.detail)
        self.nothing.show_error(error, action_label="Try again", action=self.search)

    def _show_none(self) -> None:
        """Nothing was found; a pattern that stayed on its level may have been meant to go through all of them."""
        wanted = self.listing.wanted
        deep = DEEP in wanted.text.split("/")
        if wanted.way is Way.PATTERN and wanted.text and not deep:
            wider = f"{DEEP}/{wanted.text}"
            self.nothing.show_state(
                State.EMPTY, "Nothing found on this level.", detail="* does not go through folders; ** does.",
                action_label=f"Search {shown.elided(shown.printable(wider), 40)}",
                action=lambda: self._search_for(wider), icon_name="search",
            )  # fmt: skip
        else:
            self.nothing.show_state(State.EMPTY, "Nothing found.", icon_name="search")

    def _search_for(self, text: str) -> None:
        self.form.text.setText(text)
        self.search()

    # -- what is done with hits ---------------------------------------------------------------------------------
    def _with_selected(self, done: Callable[[list[Location]], object]) -> None:
        with_selected(self.table, self.listing.model, done)

    def _follow_selection(self) -> None:
        folders, blobs = self.table.selection.counts()
        if self._counting is not None:
            self._counting.cancel()
            self._counting = None
        size_bytes = None
        if folders + blobs <= AT_ONCE:
            size_bytes = sum(entry.size_bytes for entry in self.table.selected_entries() if entry.is_blob)
        else:
            self._counting = self.listing.count_selected(
                lambda found: self.footer.show_selection(found.blobs, found.folders, found.size_bytes)
            )
        self.footer.show_selection(blobs, folders, size_bytes)
        self.open_in_folder.setEnabled(folders + blobs == 1)
        for action in (self.download, self.copy):
            action.setEnabled(folders + blobs > 0)
        self.copy_links.setEnabled(blobs > 0 and not folders)
        self.delete.setEnabled(folders + blobs > 0 and not self._record.read_only)

    def _show_entry(self, entry: Entry) -> None:
        self.place_wanted.emit(self.listing.model.location_of(entry), entry.is_blob)

    def _open_selected(self) -> None:
        for entry in self.table.selected_entries(most=1):
            self._show_entry(entry)

    def _download(self) -> None:
        below = self.listing.location
        self._with_selected(lambda locations: self.download_wanted.emit(locations, below))

    def _links(self) -> None:
        self._with_selected(self.links_wanted.emit)

    def _delete(self) -> None:
        self._with_selected(self.delete_wanted.emit)

    def _copy(self) -> None:
        selected = self.table.selected_count()
        if selected <= MOST_DRAGGED:
            data = self.listing.model.mime_of(self.table.selected_entries())
            self._put_on_clipboard(data, f"{shown.count(selected, 'item')} on the clipboard.")
            return

        def take(text: bytes) -> None:
            data = QMimeData()
            data.setData("text/plain", text)
            self._put_on_clipboard(data, f"{selected:,} URIs on the clipboard.")

        self.listing.selected_addresses(uri_of(self._record.kind, self._here.bucket), take)

    def _put_on_clipboard(self, data: QMimeData, words: str) -> None:
        QGuiApplication.clipboard().setMimeData(data)
        show_toast(self, words)

    def _menu(self, at: QPoint) -> None:
        if not self.table.indexAt(at).isValid():
            return
        menu = QMenu(self)
        menu.addActions(self._actions)
        menu.popup(self.table.viewport().mapToGlobal(at))

    # -- window -------------------------------------------------------------------------------------------------
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()  # the form's and the table's; a dialog would press some button
            return
        if event.key() == Qt.Key.Key_Escape and self.listing.state.status is ListingStatus.LISTING:
            self.listing.stop()
            return
        super().keyPressEvent(event)

    def reject(self) -> None:
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.listing.close()
        self.closed.emit()
        event.accept()  # a dialog's own would ask reject, which asks this
