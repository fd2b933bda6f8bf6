"""Making, staging, committing and discarding: asks with a dialog, runs the job, tells how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.catalog import jobs
from artifact_browser.catalog.card_jobs import wanted_of
from artifact_browser.catalog.commit import CommitPlan, Committed
from artifact_browser.catalog.copy_as import CopyForm
from artifact_browser.catalog.files import StagedFile
from artifact_browser.catalog.index import Rebuilt
from artifact_browser.catalog.layout import Place, check_file_path, place_of
from artifact_browser.catalog.opening import Opened
from artifact_browser.catalog.records import CommitNote
from artifact_browser.catalog.schema_text import Wanted
from artifact_browser.errors import ArtifactBrowserError, CommitConflict, InputError
from artifact_browser.gui.catalog.address_copy import copy_address
from artifact_browser.gui.catalog.commit_dialog import CommitDialog
from artifact_browser.gui.catalog.commit_words import how_it_ended
from artifact_browser.gui.catalog.copying import copy_as
from artifact_browser.gui.catalog.diff_room import DiffRoom
from artifact_browser.gui.catalog.discard_dialog import DiscardDialog
from artifact_browser.gui.catalog.keeping_first import KeepingFirst
from artifact_browser.gui.catalog.new_artifact_dialog import NewArtifactDialog
from artifact_browser.gui.catalog.new_collection_dialog import NewCollectionDialog
from artifact_browser.gui.catalog.versions_room import VersionsRoom
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.format import count, printable
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.storage.location import DELIMITER, Location, uri_of
from artifact_browser.workers.job import Job


class CatalogRoom(QObject):
    """The catalog's actions. ``parent`` is the window its dialogs stand over."""

    #: cards at or below this :class:`Location` are not what they were: look again
    catalog_changed = Signal(object)
    #: something was made: its :class:`Location`, to go to
    created = Signal(object)
    #: ``(record, location, paths)``: upload these local files below ``location``, then call :meth:`files_staged`
    stage_requested = Signal(object, object, object)
    #: ``(record, location, dialog)``: what is known of conditional writes there, shown over ``dialog``
    conditions_requested = Signal(object, object, object)
    #: ``(record, location)``: the card does not fit and is to be edited
    edit_requested = Signal(object, object)
    #: ``(record, location)`` of a collection whose schema is broken and is to be mended
    schema_requested = Signal(object, object)

    def __init__(self, services: Services, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        self._services, self._bridge, self._window = services, bridge, parent
        #: comparing any two states
        self.diffs = DiffRoom(bridge, parent)
        self.versions = VersionsRoom(bridge, self.diffs, parent)
        self.versions.setParent(self)
        self.versions.catalog_changed.connect(self.catalog_changed)
        self.versions.commit_wanted.connect(self.commit)

    # -- making -------------------------------------------------------------------------------------------------
    def new_collection(self, record: AccountRecord, location: Location) -> None:
        """Ask for a collection below ``location`` and make it."""
        place = place_of(location)
        dialog = NewCollectionDialog(_where(record, place), self._window)

        def create() -> None:
            choice = dialog.choice
            self._create(jobs.create_collection, record, location, choice.id, choice.fields())

        self._open(dialog, create)

    def new_artifact(self, record: AccountRecord, location: Location) -> None:
        """Ask for an artifact in the collection at ``location`` and stage its first manifest."""
        place = place_of(location)

        def ask(wanted: Wanted) -> None:
            dialog = NewArtifactDialog(_where(record, place), self._window, wanted)

            def create() -> None:
                choice = dialog.choice
                self._create(jobs.create_artifact, record, location, choice.id, choice.fields())

            self._open(dialog, create)

        self._bridge.run(wanted_of, record, place, owner=self, on_done=ask, on_error=self._show)

    # -- staging ------------------------------------------------------------------------------------------------
    def stage(self, record: AccountRecord, location: Location, paths: Sequence[str]) -> None:
        """Have local files uploaded into the artifact at ``location``; refuses names that an artifact cannot hold."""
        try:
            for path in paths:
                check_file_path(Path(path).name)
        except InputError as error:
            show_error(self._window, error)
            return
        if paths:
            begin = partial(self.stage_requested.emit, record, _folder(location), tuple(paths))
            KeepingFirst(self._bridge, self._window).run(record, place_of(location), tuple(paths), begin)

    def choose_and_stage(self, record: AccountRecord, location: Location) -> None:
        """Ask which files to stage."""
        dialog = QFileDialog(self._window, "Stage files")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda paths: self.stage(record, location, paths))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def files_staged(self, record: AccountRecord, location: Location, keys: Sequence[str]) -> None:
        """The upload is done: record these keys in the staged manifest of the artifact at ``location``."""
        place = place_of(location)
        paths = tuple(key[len(place.prefix) :] for key in keys if key.startswith(place.prefix))

        def done(files: tuple[StagedFile, ...]) -> None:
            show_toast(
                self._window,
                f"{count(len(files), 'file')} staged in \u201c{printable(place.name)}\u201d",
                "Commit\u2026",
                lambda: self.commit(record, location),
            )
            self.catalog_changed.emit(_folder(location))

        if paths:
            self._bridge.run(
                jobs.register_uploaded, record, place, paths, owner=self, on_done=done, on_error=self._show
            )

    # -- commit and discard -------------------------------------------------------------------------------------
    def commit(self, record: AccountRecord, location: Location) -> None:
        """Look at what is staged, show it, and commit it when agreed to."""
        place = place_of(location)

        def agree(plan: CommitPlan) -> None:
            dialog = CommitDialog(plan, self._window)
            dialog.badge.show_writes(plan.writes, record)
            dialog.badge.clicked.connect(lambda _=False: self.conditions_requested.emit(record, location, dialog))
            dialog.changes_wanted.connect(lambda: self.diffs.compare_staged(record, location, dialog))
            dialog.edit_wanted.connect(lambda: self.edit_requested.emit(record, _folder(location)))
            dialog.schema_wanted.connect(lambda: self.schema_requested.emit(record, _folder(location).parent))
            self._open(dialog, lambda: self._commit(record, location, plan, dialog.choice))

        self._bridge.run(jobs.plan_commit, record, place, owner=self, on_done=agree, on_error=self._show)

    def compare(self, record: AccountRecord, location: Location) -> None:
        """Show what is staged against what is committed."""
        self.diffs.compare_staged(record, location)

    def copy_as(self, form: CopyForm, record: AccountRecord, location: Location) -> None:
        """Put the artifact on the clipboard: its URI, or what gets it."""
        place = place_of(location)
        copy_as(form, self._window, self._services, record, place.bucket, [place.prefix])

    def copy_address(self, record: AccountRecord, location: Location) -> None:
        """Put the artifact's ``flyte://`` address on the clipboard, if its name is registered."""
        copy_address(self._bridge, self._window, record, place_of(location))

    def discard(self, record: AccountRecord, location: Location) -> None:
        """Show what would be dropped, and drop it when agreed to."""
        place = place_of(location)

        def agree(opened: Opened) -> None:
            if not opened.staged_etag:
                show_toast(self._window, "Nothing is staged here.")
                return
            dialog = DiscardDialog(opened, self._window)

            def drop() -> None:
                choice = dialog.choice
                self._bridge.run(
                    jobs.discard, record, place, choice.staged_etag, choice.delete_files,
                    owner=self, on_done=done, on_error=failed,
                )  # fmt: skip

            self._open(dialog, drop)

        def done(deleted: int) -> None:
            files = f" and {count(deleted, 'file')} deleted" if deleted else ""
            show_toast(self._window, f"Staged changes dropped{files}")
            self.catalog_changed.emit(_folder(location))

        def failed(error: ArtifactBrowserError) -> None:
            self._show(error)
            self.catalog_changed.emit(_folder(location))

        self._bridge.run(jobs.open_artifact, record, place, owner=self, on_done=agree, on_error=self._show)

    def update_index(self, record: AccountRecord, location: Location) -> None:
        """Make the index of the collection at ``location`` anew."""

        def done(rebuilt: Rebuilt) -> None:
            left_out = f"; {count(len(rebuilt.broken), 'broken manifest')} left out" if rebuilt.broken else ""
            show_toast(self._window, f"Index updated: {count(rebuilt.listed, 'artifact')}{left_out}")
            self.catalog_changed.emit(_folder(location))

        self._bridge.run(jobs.rebuild_index, record, place_of(location), owner=self, on_done=done, on_error=self._show)

    # -- inside -------------------------------------------------------------------------------------------------
    def _create(
        self, job: Job, record: AccountRecord, location: Location, name: str, fields: Mapping[str, object]
    ) -> None:
        child = Location(location.account_id, location.bucket, place_of(location).prefix + name + DELIMITER)

        def done(_: object) -> None:
            self.catalog_changed.emit(_folder(location))
            self.created.emit(child)

        self._bridge.run(job, record, place_of(child), fields, owner=self, on_done=done, on_error=self._show)

    def _commit(self, record: AccountRecord, location: Location, plan: CommitPlan, note: CommitNote) -> None:
        def done(committed: Committed) -> None:
            words = how_it_ended(committed)
            show_toast(self._window, words[0].upper() + words[1:])
            self.catalog_changed.emit(_folder(location))

        def failed(error: ArtifactBrowserError) -> None:
            if isinstance(error, CommitConflict):
                show_error(self._window, error, action_label="Look again", action=lambda: self.commit(record, location))
            else:
                self._show(error)
            self.catalog_changed.emit(_folder(location))

        self._bridge.run(jobs.commit, record, place_of(location), plan, note, owner=self, on_done=done, on_error=failed)

    def _open(self, dialog: AppDialog, agreed: Callable[[], object]) -> None:
        dialog.accepted.connect(agreed)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _show(self, error: ArtifactBrowserError) -> None:
        show_error(self._window, error)


def _where(record: AccountRecord, place: Place) -> str:
    return printable(uri_of(record.kind, place.bucket, place.prefix))


def _folder(location: Location) -> Location:
    """The place as a prefix, with its slash."""
    return Location(location.account_id, location.bucket, place_of(location).prefix)
