"""Browsing, wired: tree, table, address, filter and details follow the navigator; their wishes become actions."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QMimeData, QObject, QPoint, Signal
from PySide6.QtGui import QGuiApplication

from artifact_browser.accounts.record import THIS_COMPUTER, AccountRecord
from artifact_browser.errors import ArtifactBrowserError, InputError
from artifact_browser.gui.browse.address_bar import AddressBar
from artifact_browser.gui.browse.address_reader import read_address
from artifact_browser.gui.browse.browse_view import BrowseView
from artifact_browser.gui.browse.bucket_tree import BucketTree
from artifact_browser.gui.browse.details_panel import DetailsPanel
from artifact_browser.gui.browse.entry import Entry
from artifact_browser.gui.browse.filter_field import FilterField
from artifact_browser.gui.browse.gathering import AT_ONCE, with_selected
from artifact_browser.gui.browse.link_room import LinkRoom
from artifact_browser.gui.browse.listing_state import ListingState, ListingStatus
from artifact_browser.gui.browse.tree_pane import TreePane
from artifact_browser.gui.common.bridge import Task
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.format import printable, size
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.gui.shell import context_menus
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.storage.blobs import head_blob
from artifact_browser.storage.listing_cache import clear_kept
from artifact_browser.storage.location import DELIMITER, Location, uri_of

_PINS = "pins"


class BrowseWiring(QObject):
    """Owns the browsing rooms and keeps the action context current."""

    #: look below this place for what was typed into the filter
    search_wanted = Signal(str)
    #: go to the artifact of this ``flyte://`` address
    artifact_wanted = Signal(str)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        services, bridge = window.services, window.bridge
        self.tree = BucketTree(services, bridge)
        self.view = BrowseView(services, bridge)
        self.address = AddressBar()
        self.filter = FilterField()
        self.details = DetailsPanel(bridge)
        self.links = LinkRoom(services, bridge, window)
        self.tree_pane = TreePane(self.tree)
        window.side.tree.fill(self.tree_pane)
        window.bar.address.fill(self.address)
        window.bar.filter.fill(self.filter)
        window.centre.table.fill(self.view)
        window.details.fill(self.details)
        #: to be selected once its folder is listed; is it a blob?
        self._row_wanted: tuple[Location, bool] | None = None
        self._looking: Task | None = None
        self._connect_navigation()
        self._connect_actions()
        self.show_pins()
        window.closing.connect(self.view.listing.close)

    def _connect_navigation(self) -> None:
        navigator = self._window.navigator
        navigator.location_changed.connect(self.show_location)
        navigator.refresh_requested.connect(self.refresh)
        self.tree.location_opened.connect(navigator.go)
        self.address.location_opened.connect(navigator.go)
        self.address.address_entered.connect(self.go_to_text)
        self.filter.filter_changed.connect(self.view.set_filter)
        self.filter.options_changed.connect(
            lambda bounds, expression: self.view.set_bounds(bounds, expression=expression)
        )
        self.filter.search_wanted.connect(self.search_wanted)
        self.view.search_wanted.connect(self.search_wanted)
        self.view.state_changed.connect(self._follow_state)
        self.view.selection_changed.connect(self._follow_selection)
        self.view.table.drop_hovered.connect(self.view.show_drop_target)
        self.tree.drop_hovered.connect(self.view.show_drop_target)
        self.view.table.context_menu_wanted.connect(self._table_menu)
        self.tree.context_menu_wanted.connect(self._tree_menu)
        self._window.side.pins.chosen.connect(navigator.go)
        self._window.side.pins.unpin_wanted.connect(self._toggle_pin)

    def _connect_actions(self) -> None:
        actions = self._window.actions_
        for name, slot in {
            "address": self.address.edit,
            "filter": self._focus_filter,
            "filter_buckets": self._focus_bucket_filter,
            "stop": self.view.listing.stop,
            "copy_uri": self.copy_uris,
            "copy_link": self.copy_links,
            "share": self.share,
            "clear_listings": self.clear_listings,
            "select_all": self._select_all,
            "invert_selection": self.view.table.invert_selection,
        }.items():
            actions[name].triggered.connect(slot)
        actions["pin"].triggered.connect(lambda: self._toggle_pin(self._window.navigator.current))

    # -- places -------------------------------------------------------------------------------------------------
    def record(self) -> AccountRecord:
        """The account the window is in."""
        return self._window.services.book.get(self._window.navigator.current.account_id)

    def show_account(self) -> None:
        """The account of this place was edited: its name and rights may be others."""
        here, record = self._window.navigator.current, self.record()
        self.address.show_location(here, record.name, uri_of(record.kind, here.bucket, here.key))
        self._follow_selection()

    def show_location(self, location: Location) -> None:
        """Follow the navigator everywhere."""
        record = self._window.services.book.get(location.account_id)
        self.address.show_location(location, record.name, uri_of(record.kind, location.bucket, location.key))
        self.view.show_location(location)
        self.filter.show_arrangement(self.view.listing.state.arrangement)
        self.tree.show_location(location)
        self._follow_selection()

    def refresh(self) -> None:
        """List this place and its line in the tree anew."""
        self.view.listing.refresh()
        self.tree.reload(self._window.navigator.current)
        self.details.refresh()

    def go_to_text(self, text: str) -> None:
        """Go where a typed or handed-over address leads; say what is wrong with one that leads nowhere."""
        from artifact_browser.catalog.artifact_uri import is_artifact_uri  # not before the first paint

        services = self._window.services
        if is_artifact_uri(text):
            self.artifact_wanted.emit(text)
            return
        try:
            location = read_address(text, self.record(), services.book.all(), services.paths)
        except InputError as error:
            self.address.reject_text(error.detail)
            show_error(self._window, error)
            return
        self._window.centre.view.setFocus()  # the address field goes away; the rows are what was wanted
        if not location.key or text.strip().endswith(("/", os.sep)):
            self._window.navigator.go(location)
            return
        # without a slash at its end it may be a blob: then its folder is shown, with the blob selected
        blob = replace(location, key=location.key.removesuffix("/"))
        if self._looking is not None:
            self._looking.cancel()
        self._looking = self._window.bridge.run(
            head_blob,
            services.book.get(blob.account_id),
            blob.bucket,
            blob.key,
            owner=self,
            on_done=lambda _: self.show_entry(blob, is_blob=True),
            on_error=lambda _: self._window.navigator.go(location),
        )

    def show_entry(self, location: Location, *, is_blob: bool) -> None:
        """Go to the folder of a blob or prefix and select it once it is listed."""
        folder = location.folder if is_blob else location.parent
        self.filter.reset()  # it may hide just that row
        self._row_wanted = (location, is_blob)
        self._window.navigator.go(folder)
        self._select_wanted()  # it may be listed already

    def open_entry(self, entry: Entry) -> bool:
        """Go into a bucket or folder; ``False`` when it is a blob."""
        if entry.is_blob:
            return False
        self._window.navigator.go(self.view.listing.model.location_of(entry))
        return True

    # -- actions ------------------------------------------------------------------------------------------------
    def copy_uris(self) -> None:
        """The selected rows' URIs, or this place's."""
        if self.view.table.selected_count() > AT_ONCE:
            self.copy_many()
            return
        entries = self.view.table.selected_entries()
        model = self.view.listing.model
        here = self._window.navigator.current
        uris = [model.uri(entry) for entry in entries] or [uri_of(self.record().kind, here.bucket, here.key)]
        QGuiApplication.clipboard().setText("\n".join(uris))
        show_toast(self._window, f"{len(uris)} URIs copied" if len(uris) > 1 else f"Copied {printable(uris[0])}")

    def copy_many(self) -> None:
        """The URIs of many selected rows: a worker writes them down."""
        selected, here = self.view.table.selected_count(), self._window.navigator.current
        record = self.record()
        before = uri_of(record.kind, here.bucket) if here.bucket else uri_of(record.kind, "").removesuffix("/")

        def take(text: bytes) -> None:
            data = QMimeData()
            data.setData("text/plain", text)
            QGuiApplication.clipboard().setMimeData(data)
            show_toast(self._window, f"{selected:,} URIs copied")

        self.view.listing.selected_addresses(before, take)

    def copy_links(self) -> None:
        record, bucket = self.record(), self._window.navigator.current.bucket
        self._with_selected_keys(lambda keys: self.links.copy_links(record, bucket, keys))

    def share(self) -> None:
        record, here = self.record(), self._window.navigator.current
        self._with_selected_keys(lambda keys: self.links.share(record, here, keys))

    def _with_selected_keys(self, done: Callable[[tuple[str, ...]], object]) -> None:
        """Call ``done`` with the selected blobs' keys; of many, a moment later."""
        if self.view.table.selected_count() <= AT_ONCE:
            done(self.selected_keys())
        else:
            self.with_selected(lambda places: done(tuple(at.key for at in places if not at.key.endswith(DELIMITER))))

    def with_selected(self, done: Callable[[list[Location]], object]) -> None:
        """Call ``done`` with where the selected rows are; of many, a moment later."""
        with_selected(self.view.table, self.view.listing.model, done)

    def selected_keys(self) -> tuple[str, ...]:
        """The selected blobs' keys."""
        return tuple(entry.key for entry in self.view.table.selected_entries() if entry.is_blob)

    def _select_all(self) -> None:
        self.view.table.selectAll()

    def clear_listings(self) -> None:
        """Forget what was kept of earlier listings."""
        self.view.listing.keep_nothing()
        self._window.bridge.run(clear_kept, owner=self, on_done=self._tell_cleared, on_error=self._tell_error)

    def _tell_cleared(self, freed_bytes: int) -> None:
        show_toast(self._window, f"Cached listings cleared: {size(freed_bytes)} freed")

    def _tell_error(self, error: ArtifactBrowserError) -> None:
        show_error(self._window, error)

    def forget_account(self, account_id: str) -> None:
        """An account is gone: nothing of what its places held is kept."""
        self.view.listing.keep_nothing()
        self._window.bridge.run(clear_kept, account_id)

    def _focus_filter(self) -> None:
        self._window.bar.show_filter()
        self.filter.setFocus()
        self.filter.selectAll()

    def _focus_bucket_filter(self) -> None:
        self._window.actions_["side_bar"].setChecked(True)
        self.tree_pane.ask_filter()

    # -- pins ---------------------------------------------------------------------------------------------------
    def show_pins(self) -> None:
        """The pinned places of accounts that are still here."""
        known = {record.id for record in self._window.services.book.all()}
        self._window.side.pins.show_pins(pin for pin in self._pins() if pin.account_id in known)

    def _pins(self) -> list[Location]:
        saved = self._window.services.settings.get(_PINS)
        rows = saved if isinstance(saved, list) else []
        return [Location(*row) for row in rows if isinstance(row, list) and len(row) == 3 and all(map(_is_text, row))]

    def _toggle_pin(self, place: Location) -> None:
        pins = self._pins()
        pins = [pin for pin in pins if pin != place] if place in pins else [*pins, place]
        self._window.services.settings.set(_PINS, [[pin.account_id, pin.bucket, pin.key] for pin in pins])
        self.show_pins()
        self._window.actions_["pin"].setChecked(self._window.navigator.current in pins)

    # -- context ------------------------------------------------------------------------------------------------
    def _follow_state(self, state: ListingState) -> None:
        actions = self._window.actions_
        listing = state.status is ListingStatus.LISTING
        if actions.context.listing != listing:
            actions.apply(replace(actions.context, listing=listing))
            if state.status is ListingStatus.COMPLETE:
                self.tree.place_listed(self._window.navigator.current)
        self._select_wanted()

    def _select_wanted(self) -> None:
        """Select the row that was asked for, once its folder is listed."""
        state, wanted = self.view.listing.state, self._row_wanted
        if wanted is None or state.status is ListingStatus.LISTING:
            return
        location, is_blob = wanted
        if (location.folder if is_blob else location.parent) == self.view.listing.location:
            self._row_wanted = None
            self.view.table.select_keys({(is_blob, location.key)})

    def _follow_selection(self) -> None:
        window, record = self._window, self.record()
        folders, blobs = self.view.table.selection.counts()
        here = window.navigator.current
        window.actions_.apply(
            replace(
                window.actions_.context,
                can_go_back=window.navigator.can_go_back,
                can_go_forward=window.navigator.can_go_forward,
                can_go_up=window.navigator.can_go_up,
                built_in_account=record.id == THIS_COMPUTER,
                read_only=record.read_only,
                bucket=bool(here.bucket),
                selected_blobs=blobs,
                selected_folders=folders if here.bucket else 0,
                selected_buckets=0 if here.bucket else folders,
            )
        )
        window.actions_["pin"].setChecked(here in self._pins())
        entries = self.view.table.selected_entries(most=2)
        self.details.show_entries(record, here, entries, folders + blobs, self.view.selected_bytes or 0)

    # -- menus --------------------------------------------------------------------------------------------------
    def _table_menu(self, at: QPoint) -> None:
        table = self.view.table
        names = context_menus.ON_ROWS if table.indexAt(at).isValid() else context_menus.ON_NOTHING
        self._window.actions_.menu(self._window, *names).popup(table.viewport().mapToGlobal(at))

    def _tree_menu(self, location: Location | None, at: QPoint) -> None:
        if location is not None and location != self._window.navigator.current:
            self._window.navigator.go(location)
        self._window.actions_.menu(self._window, *context_menus.in_tree(location)).popup(at)


def _is_text(value: object) -> bool:
    return isinstance(value, str)
