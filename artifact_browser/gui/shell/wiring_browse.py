"""Browsing, wired: tree, table, address, filter and details follow the navigator; their wishes become actions."""

from __future__ import annotations

import os
from dataclasses import replace

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QGuiApplication

from artifact_browser.accounts.record import THIS_COMPUTER, AccountRecord
from artifact_browser.errors import InputError
from artifact_browser.gui.browse.address_bar import AddressBar
from artifact_browser.gui.browse.address_reader import read_address
from artifact_browser.gui.browse.browse_view import BrowseView
from artifact_browser.gui.browse.bucket_tree import BucketTree
from artifact_browser.gui.browse.details_panel import DetailsPanel
from artifact_browser.gui.browse.entry import Entry, EntryKind
from artifact_browser.gui.browse.filter_field import FilterField
from artifact_browser.gui.browse.link_room import LinkRoom
from artifact_browser.gui.browse.listing import ListingState, ListingStatus
from artifact_browser.gui.common.bridge import Task
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.storage.blobs import head_blob
from artifact_browser.storage.location import Location, uri_of

_PINS = "pins"


class BrowseWiring(QObject):
    """Owns the browsing rooms and keeps the action context current."""

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
        window.side.tree.fill(self.tree)
        window.bar.address.fill(self.address)
        window.bar.filter.fill(self.filter)
        window.centre.table.fill(self.view)
        window.details.fill(self.details)
        self._blob_wanted: Location | None = None
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
        self.view.state_changed.connect(self._follow_state)
        self.view.selection_changed.connect(self._follow_selection)
        self.view.table.drop_hovered.connect(self.view.show_drop_target)
        self.tree.drop_hovered.connect(self.view.show_drop_target)
        self.view.table.context_menu_wanted.connect(self._table_menu)
        self.tree.context_menu_wanted.connect(self._tree_menu)
        self._window.side.pins.chosen.connect(navigator.go)

    def _connect_actions(self) -> None:
        actions = self._window.actions_
        for name, slot in {
            "address": self.address.edit,
            "filter": self._focus_filter,
            "stop": self.view.listing.stop,
            "copy_uri": self.copy_uris,
            "copy_link": self.copy_links,
            "share": self.share,
        }.items():
            actions[name].triggered.connect(slot)
        actions["pin"].triggered.connect(self._toggle_pin)

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
        self.filter.show_text(self.view.listing.state.arrangement.text)
        self.tree.show_location(location)
        self._follow_selection()

    def refresh(self) -> None:
        """List this place and its line in the tree anew."""
        self.view.listing.refresh()
        self.tree.reload(self._window.navigator.current)
        self.details.refresh()

    def go_to_text(self, text: str) -> None:
        """Go where a typed or handed-over address leads; say what is wrong with one that leads nowhere."""
        services = self._window.services
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
            on_done=lambda _: self.show_blob(blob),
            on_error=lambda _: self._window.navigator.go(location),
        )

    def show_blob(self, location: Location) -> None:
        """Go to the folder of a blob and select it once it is listed."""
        self._blob_wanted = location
        self._window.navigator.go(location.parent)

    def open_entry(self, entry: Entry) -> bool:
        """Go into a bucket or folder; ``False`` when it is a blob."""
        if entry.is_blob:
            return False
        self._window.navigator.go(self.view.listing.model.location_of(entry))
        return True

    # -- actions ------------------------------------------------------------------------------------------------
    def copy_uris(self) -> None:
        """The selected rows' URIs, or this place's."""
        entries = self.view.table.selected_entries()
        model = self.view.listing.model
        here = self._window.navigator.current
        uris = [model.uri(entry) for entry in entries] or [uri_of(self.record().kind, here.bucket, here.key)]
        QGuiApplication.clipboard().setText("\n".join(uris))
        show_toast(self._window, f"{len(uris)} URIs copied" if len(uris) > 1 else f"Copied {printable(uris[0])}")

    def copy_links(self) -> None:
        self.links.copy_links(self.record(), self._window.navigator.current.bucket, self.selected_keys())

    def share(self) -> None:
        self.links.share(self.record(), self._window.navigator.current, self.selected_keys())

    def selected_keys(self) -> tuple[str, ...]:
        """The selected blobs' keys."""
        return tuple(entry.key for entry in self.view.table.selected_entries() if entry.is_blob)

    def _focus_filter(self) -> None:
        self._window.bar.show_filter()
        self.filter.setFocus()
        self.filter.selectAll()

    # -- pins ---------------------------------------------------------------------------------------------------
    def show_pins(self) -> None:
        """The pinned places of accounts that are still here."""
        known = {record.id for record in self._window.services.book.all()}
        self._window.side.pins.show_pins(pin for pin in self._pins() if pin.account_id in known)

    def _pins(self) -> list[Location]:
        saved = self._window.services.settings.get(_PINS)
        rows = saved if isinstance(saved, list) else []
        return [Location(*row) for row in rows if isinstance(row, list) and len(row) == 3 and all(map(_is_text, row))]

    def _toggle_pin(self) -> None:
        here, pins = self._window.navigator.current, self._pins()
        pins = [pin for pin in pins if pin != here] if here in pins else [*pins, here]
        self._window.services.settings.set(_PINS, [[pin.account_id, pin.bucket, pin.key] for pin in pins])
        self.show_pins()

    # -- context ------------------------------------------------------------------------------------------------
    def _follow_state(self, state: ListingState) -> None:
        actions = self._window.actions_
        listing = state.status is ListingStatus.LISTING
        if actions.context.listing != listing:
            actions.apply(replace(actions.context, listing=listing))
            if state.status is ListingStatus.COMPLETE:
                self.tree.place_listed(self._window.navigator.current)
        wanted = self._blob_wanted
        if not listing and wanted is not None and wanted.parent == self.view.listing.location:
            self._blob_wanted = None
            self.view.table.select_keys({(True, wanted.key)})

    def _follow_selection(self) -> None:
        window, record = self._window, self.record()
        entries = self.view.table.selected_entries() if self.view.table.selected_count() <= 10_000 else []
        blobs = sum(entry.is_blob for entry in entries)
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
                selected_folders=sum(entry.kind is EntryKind.FOLDER for entry in entries),
            )
        )
        window.actions_["pin"].setChecked(here in self._pins())
        size_bytes = sum(entry.size_bytes for entry in entries)
        self.details.show_entries(record, here, entries, size_bytes)

    # -- menus --------------------------------------------------------------------------------------------------
    def _table_menu(self, at: QPoint) -> None:
        table, actions = self.view.table, self._window.actions_
        names: tuple[str, ...]
        if table.indexAt(at).isValid():
            names = ("open", "download", "", "copy_link", "share", "copy_uri", "", "rename", "delete", "", "details")
        else:
            names = ("upload_files", "upload_folder", "paste", "new_folder", "", "share", "copy_uri", "refresh")
        actions.menu(self._window, *names).popup(table.viewport().mapToGlobal(at))

    def _tree_menu(self, location: Location | None, at: QPoint) -> None:
        actions = self._window.actions_
        if location is None:
            actions.menu(self._window, "add_account").popup(at)
            return
        if location != self._window.navigator.current:
            self._window.navigator.go(location)
        names: tuple[str, ...]
        if not location.bucket:
            names = (
                "new_bucket",
                "open_bucket",
                "",
                "test_connection",
                "edit_account",
                "remove_account",
                "",
                "refresh",
            )
        elif not location.key:
            names = ("upload_files", "upload_folder", "new_folder", "new_collection", "", "share", "copy_uri", "pin", "",
                     "delete_bucket", "refresh")  # fmt: skip
        else:
            names = ("upload_files", "upload_folder", "new_folder", "", "share", "copy_uri", "pin", "refresh")
        actions.menu(self._window, *names).popup(at)


def _is_text(value: object) -> bool:
    return isinstance(value, str)
