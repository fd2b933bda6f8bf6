"""The gallery, wired: it follows the navigator while it is shown; staging goes through transfers, then is recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QPoint

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog.copy_as import CopyForm
from artifact_browser.catalog.layout import place_of
from artifact_browser.catalog.own_address import Addressed
from artifact_browser.catalog.version_files import VersionFiles
from artifact_browser.errors import AccountNotFound, ArtifactBrowserError
from artifact_browser.gui.catalog.card_room import CardRoom
from artifact_browser.gui.catalog.catalog_room import CatalogRoom
from artifact_browser.gui.catalog.commit_all_room import CommitAllRoom
from artifact_browser.gui.catalog.find_room import FindRoom
from artifact_browser.gui.catalog.gallery import Gallery
from artifact_browser.gui.catalog.uri_room import UriRoom
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.wiring_browse import BrowseWiring
from artifact_browser.gui.shell.wiring_transfers import TransferWiring
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.past_jobs import list_done_targets
from artifact_browser.transfers.state import ItemState, JobState


class CatalogWiring(QObject):
    """Owns gallery and catalog room."""

    def __init__(self, window: MainWindow, browse: BrowseWiring, transfers: TransferWiring) -> None:
        super().__init__(window)
        self._window, self._browse, self._transfers = window, browse, transfers
        self._staging: dict[TransferHandle, tuple[AccountRecord, Location]] = {}
        self.gallery = Gallery(window.services, window.bridge)
        self.room = CatalogRoom(window.services, window.bridge, window)
        self.cards = CardRoom(window.bridge, window)
        self.uris = UriRoom(window.bridge, window)
        self.together = CommitAllRoom(window.bridge, window)
        self.finding = FindRoom(window.bridge, window)
        window.centre.gallery.fill(self.gallery)
        self._connect_gallery()
        self._connect_actions()
        window.navigator.location_changed.connect(self._follow)
        window.navigator.refresh_requested.connect(self._refresh)
        window.centre.currentChanged.connect(self._switched)
        browse.filter.filter_changed.connect(self._filter)
        window.closing.connect(self.gallery.stop)

    def _connect_gallery(self) -> None:
        gallery, room = self.gallery, self.room
        gallery.location_opened.connect(self._window.navigator.go)
        gallery.manifest_requested.connect(self._show_blob)
        gallery.context_changed.connect(self._apply_context)
        gallery.card_selected.connect(lambda _: self._apply_context())
        gallery.new_collection_requested.connect(lambda at: room.new_collection(self._record(), at))
        gallery.new_artifact_requested.connect(lambda at: room.new_artifact(self._record(), at))
        gallery.stage_files_requested.connect(lambda at: room.choose_and_stage(self._record(), at))
        gallery.edit_card_requested.connect(lambda at: self.cards.edit_card(self._record(), at))
        gallery.commit_requested.connect(lambda at: room.commit(self._record(), at))
        gallery.discard_requested.connect(lambda at: room.discard(self._record(), at))
        gallery.compare_requested.connect(lambda at: room.compare(self._record(), at))
        gallery.artifact_view.links_requested.connect(
            lambda keys: self._browse.links.copy_links(self._record(), gallery.location.bucket, keys)
        )
        gallery.index_update_requested.connect(lambda at: room.update_index(self._record(), at))
        gallery.files_dropped.connect(lambda at, paths: room.stage(self._record(), at, list(map(str, paths))))
        gallery.view.context_menu_wanted.connect(self._menu)
        gallery.commit_all_requested.connect(lambda at: self.together.open(self._record(), at))
        self.together.catalog_changed.connect(self._changed)
        room.catalog_changed.connect(self._changed)
        self.cards.catalog_changed.connect(self._changed)
        self.cards.location_chosen.connect(self._window.navigator.go)
        self.cards.commit_requested.connect(room.commit)
        room.edit_requested.connect(self.cards.edit_card)
        room.schema_requested.connect(self.cards.edit_schema)
        room.created.connect(self._window.navigator.go)
        room.stage_requested.connect(self._upload)
        gallery.versions_requested.connect(lambda at: room.versions.open(self._record(), at))
        gallery.version_requested.connect(lambda at, version: room.versions.open(self._record(), at, version))
        room.versions.download_requested.connect(self._download)
        self._transfers.room.job_finished.connect(self._uploaded)

    def _connect_actions(self) -> None:
        actions, room, gallery = self._window.actions_, self.room, self.gallery
        here = self._window.navigator
        actions["new_collection"].triggered.connect(lambda: room.new_collection(self._record(), here.current))
        actions["commit_all"].triggered.connect(lambda: self.together.open(self._record(), gallery.location))
        actions["new_artifact"].triggered.connect(lambda: room.new_artifact(self._record(), gallery.location))
        for name, act, at_hand in (
            ("stage_files", room.choose_and_stage, lambda: gallery.at_hand.artifact),
            ("commit", room.commit, lambda: gallery.at_hand.subject),
            ("discard", room.discard, lambda: gallery.at_hand.subject),
            ("compare_committed", room.compare, lambda: gallery.at_hand.artifact),
            ("versions", room.versions.open, lambda: gallery.at_hand.artifact),
            ("copy_as_flyte", room.copy_address, lambda: gallery.at_hand.artifact),
            ("edit_card", self.cards.edit_card, lambda: gallery.at_hand.subject),
            ("schema", self.cards.edit_schema, lambda: gallery.at_hand.subject_collection),
        ):
            actions[name].triggered.connect(partial(self._act, act, at_hand))
        for name, form in {
            "copy_as_uri": CopyForm.URI,
            "copy_as_python": CopyForm.PYTHON,
            "copy_as_aws": CopyForm.AWS,
            "copy_as_rclone": CopyForm.RCLONE,
        }.items():
            actions[name].triggered.connect(
                partial(self._act, partial(room.copy_as, form), lambda: gallery.at_hand.artifact)
            )
        uris = self.uris
        actions["open_by_uri"].triggered.connect(lambda: uris.ask(self._record(), here.current))
        self._browse.artifact_wanted.connect(lambda text: uris.go_to(self._record(), here.current, text))
        uris.refused.connect(self._browse.address.reject_text)
        uris.found.connect(self._open_found)
        actions["find_versions"].triggered.connect(self._find_versions)
        self.finding.open_wanted.connect(self._open_found_version)
        self.finding.download_requested.connect(self._download)
        self._window.closing.connect(self.finding.close_all)

    def _find_versions(self, _checked: bool = False) -> None:
        """Of the artifact at hand, else of any of the bucket, those of the collection that is shown first."""
        shown, gallery = self._window.centre.shows_gallery, self.gallery
        artifact = gallery.at_hand.artifact if shown else None
        project = gallery.header.title.text() if shown and gallery.at_hand.shows_collection else ""
        self.finding.open(self._record(), self._window.navigator.current, artifact, project)

    def _open_found_version(self, _: AccountRecord, location: Location, version: str, flag: str) -> None:
        self._window.raise_to_front()
        self._open_found(location, Addressed(place_of(location), version, flag=flag))

    def _open_found(self, location: Location, found: Addressed) -> None:
        """The artifact of an address, and over its page the version that the address names; of a range of time all."""
        try:
            record = self._window.services.book.get(location.account_id)
        except AccountNotFound as error:  # removed meanwhile
            self._show_error(error)
            return
        self.show_version(record, location, found.version, found.flag)
        if found.several is not None:
            self.finding.open(record, location, location, several=found.several)

    def show_version(self, record: AccountRecord, location: Location, version: str = "", flag: str = "") -> None:
        """Go to an artifact, and look at one of its versions if one is named."""
        self._window.navigator.go(location)
        self._window.centre.show_gallery()
        self._window.centre.view.setFocus()
        if version:
            self.room.versions.open(record, location, version, flag)

    def _act(
        self,
        act: Callable[[AccountRecord, Location], object],
        at_hand: Callable[[], Location | None],
        _checked: bool = False,
    ) -> None:
        location = at_hand()
        if location is not None:
            act(self._record(), location)

    # -- following ----------------------------------------------------------------------------------------------
    def _record(self) -> AccountRecord:
        return self._browse.record()

    def _follow(self, location: Location) -> None:
        if self._window.centre.shows_gallery:
            self.gallery.show_location(self._record(), location)
        self._apply_context()

    def _refresh(self) -> None:
        self._follow(self._window.navigator.current)

    def _switched(self, _: int) -> None:
        if self._window.centre.shows_gallery:
            self.gallery.set_filter(self._browse.filter.text())
            self._follow(self._window.navigator.current)
        else:
            self.gallery.stop()
            self._apply_context()

    def _filter(self, text: str) -> None:
        if self._window.centre.shows_gallery:
            self.gallery.set_filter(text)

    def _apply_context(self) -> None:
        actions, gallery, shown = self._window.actions_, self.gallery, self._window.centre.shows_gallery
        actions.apply(
            replace(
                actions.context,
                collection=shown and gallery.at_hand.shows_collection,
                artifact=shown and gallery.at_hand.artifact is not None,
                staged_artifact=shown and gallery.at_hand.subject_is_staged,
                card=shown and gallery.at_hand.subject is not None,
                schema=shown and gallery.at_hand.subject_collection is not None,
                catalog_place=shown and gallery.at_hand.place is not None,
            )
        )

    def _changed(self, location: Location) -> None:
        """Something at or below ``location`` is not what it was: look again at what is shown."""
        current = self._window.navigator.current
        if current.bucket == location.bucket and (
            current.key.startswith(location.key) or location.key.startswith(current.key)
        ):
            self._window.navigator.refresh()
        self._browse.tree.reload(location.parent)

    def _show_blob(self, location: Location) -> None:
        """A manifest in the table, selected, with its text in the details drawer."""
        self._window.centre.show_table()
        self._window.actions_["details"].setChecked(True)
        self._browse.show_entry(location, is_blob=True)

    def _menu(self, at: QPoint) -> None:
        names = (
            "edit_card",
            "schema",
            "",
            "stage_files",
            "compare_committed",
            "commit",
            "commit_all",
            "discard",
            "versions",
            "find_versions",
            "watch",
            "",
            "new_artifact",
            "new_collection",
            "",
            "download_weights",
            "reset_stats",
            "delete_artifact",
            "",
            "refresh",
        )
        self._window.actions_.menu(self._window, *names).popup(at)

    # -- staging ------------------------------------------------------------------------------------------------
    def _upload(self, record: AccountRecord, location: Location, paths: Sequence[str]) -> None:
        handle = self._transfers.upload(location, [Path(path) for path in paths])
        if handle is not None:
            self._staging[handle] = (record, location)

    def _download(self, record: AccountRecord, at: Location, files: VersionFiles, folder: str) -> None:
        """A version's files under their own names, wherever their bytes are."""
        self._window.actions_["transfers"].setChecked(True)
        sources = [Location(at.account_id, at.bucket, key) for key in files.keys]
        self._transfers.room.download(
            record, sources, folder, names=files.paths, versions=files.versions, pins=files.pins
        )

    def _uploaded(self, handle: TransferHandle) -> None:
        """What arrived is recorded, also when some of it did not."""
        record, location = self._staging.get(handle, (None, None))
        if handle.snapshot.state is JobState.DONE:  # else what failed may be tried again
            self._staging.pop(handle, None)
        if record is None or location is None:
            return
        try:
            record = self._window.services.book.get(record.id)
        except AccountNotFound:
            return  # removed meanwhile: the files are there, nobody can record them
        done = handle.items({ItemState.DONE}, count=1_000_000)
        keys = [item.item.target for item in done if not item.item.folder]
        if not handle.knows_all:  # the window forgets some of very many
            keys.clear()
            self._window.bridge.run(
                list_done_targets,
                handle.job_id,
                owner=self,
                on_event=keys.extend,
                on_done=lambda _: self._stage(record, location, keys),
                on_error=self._show_error,
            )
        else:
            self._stage(record, location, keys)

    def _show_error(self, error: ArtifactBrowserError) -> None:
        show_error(self._window, error)

    def _stage(self, record: AccountRecord, location: Location, keys: list[str]) -> None:
        if keys:
            self.room.files_staged(record, location, keys)
