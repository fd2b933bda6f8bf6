"""Versions, acted upon: reads them for the dialog, restores, moves aliases, has files downloaded."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import jobs, name_jobs
from artifact_browser.catalog.aliases import Alias
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.artifact_uri import ArtifactUri
from artifact_browser.catalog.diff_export import Titles
from artifact_browser.catalog.layout import Place, place_of
from artifact_browser.catalog.restoring import Restored
from artifact_browser.catalog.version_files import files_to_fetch
from artifact_browser.catalog.versions import VersionLine, VersionList, VersionShown
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog.address_copy import copy_version_address, why_not
from artifact_browser.gui.catalog.alias_dialog import AliasDialog, DeleteAliasDialog
from artifact_browser.gui.catalog.diff_room import DiffRoom
from artifact_browser.gui.catalog.restore_dialog import RestoreDialog
from artifact_browser.gui.catalog.versions_dialog import VersionsDialog
from artifact_browser.gui.catalog.versions_model import short_name, version_words
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.format import count, printable
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.storage.location import Location, uri_of


class VersionsRoom(QObject):
    """``parent`` is the window its dialogs stand over."""

    #: cards at or below this :class:`Location` are not what they were
    catalog_changed = Signal(object)
    #: ``(record, location)``: what was restored is to be committed
    commit_wanted = Signal(object, object)
    #: ``(record, location, files, folder)``: download a version's :class:`VersionFiles` of the artifact at the location
    download_requested = Signal(object, object, object, str)
    #: ``(record, location)``: new versions of it are to be watched
    watch_wanted = Signal(object, object)

    def __init__(self, bridge: Bridge, diffs: DiffRoom, parent: QWidget) -> None:
        super().__init__(parent)
        self._bridge, self.diffs, self.window = bridge, diffs, parent

    def open(self, record: AccountRecord, location: Location, version: str = "", flag: str = "") -> VersionsDialog:
        """The versions of the artifact at ``location``.

        :param version: the one to look at first, else the latest; ``flag``: what to mind about it
        """
        place = place_of(location)
        where = printable(uri_of(record.kind, place.bucket, place.prefix))
        dialog = VersionsDialog(where, self.window, writable=not record.read_only)
        if version:
            dialog.want(version, flag)
        dialog.watch_wanted.connect(lambda: self._watch(dialog, record, location))
        _Course(self, self._bridge, dialog, record, location)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def _watch(self, dialog: VersionsDialog, record: AccountRecord, location: Location) -> None:
        dialog.reject()
        self.watch_wanted.emit(record, location)


class _Course(QObject):
    """One dialog's jobs; they end with it."""

    def __init__(
        self, room: VersionsRoom, bridge: Bridge, dialog: VersionsDialog, record: AccountRecord, location: Location
    ) -> None:
        super().__init__(dialog)
        self._room, self._bridge, self._dialog = room, bridge, dialog
        self._record, self._location, self._place = record, location, place_of(location)
        self._looking: Task | None = None
        dialog.chosen_changed.connect(self._look)
        dialog.retry_wanted.connect(self._read)
        dialog.more_wanted.connect(self._read_more)
        dialog.restore_wanted.connect(self._restore)
        dialog.alias_wanted.connect(self._set_alias)
        dialog.download_wanted.connect(self._download)
        dialog.compare_wanted.connect(self._compare)
        dialog.copy_wanted.connect(self._copy)
        self._name: ArtifactName | None = None
        self._read()
        self._bridge.run(
            name_jobs.address_of, record, self._place, "", owner=self, on_done=self._named,
            on_error=lambda error: dialog.show_address("", why_not(error)),
        )  # fmt: skip

    def _named(self, uri: ArtifactUri) -> None:
        self._name = uri.name
        self._dialog.show_address(str(uri))

    def _copy(self, line: VersionLine) -> None:
        if self._name is not None:
            copy_version_address(self._dialog, self._name, line.version)

    def _read(self) -> None:
        self._dialog.show_busy()
        self._run_list("", self._dialog.show_versions, self._dialog.show_error)

    def _read_more(self, after: str) -> None:
        self._dialog.more.setEnabled(False)
        self._run_list(after, lambda found: self._dialog.show_versions(found, older=True), self._show)

    def _run_list(
        self, after: str, done: Callable[[VersionList], None], failed: Callable[[ArtifactBrowserError], None]
    ) -> None:
        self._bridge.run(
            jobs.list_versions, self._record, self._place, after, owner=self, on_done=done, on_error=failed
        )

    def _look(self, line: VersionLine) -> None:
        if self._looking is not None:
            self._looking.cancel()
        self._looking = self._bridge.run(
            jobs.look_into_version, self._record, self._place, line.version, owner=self,
            on_done=self._dialog.show_version, on_error=self._dialog.show_version_error,
        )  # fmt: skip

    def _restore(self, line: VersionLine) -> None:
        shown = self._dialog.shown
        if shown is None:
            return
        dialog = RestoreDialog(shown, version_words(line), self._dialog)

        def agreed() -> None:
            self._dialog.set_busy(True)
            self._dialog.show_note("")
            self._bridge.run(
                jobs.restore_version, self._record, self._place, line.version, owner=self,
                on_done=lambda done: self._restored(done, line), on_error=self._failed,
            )  # fmt: skip

        self._open(dialog, agreed)

    def _restored(self, done: Restored, line: VersionLine) -> None:
        room, record, location = self._room, self._record, self._location
        back = f", {count(done.put_back, 'file')} put back" if done.put_back else ""
        self._dialog.accept()
        show_toast(
            room.window,
            f"Staged: {version_words(line)}{back}",
            "Commit\u2026",
            lambda: room.commit_wanted.emit(record, location),
        )
        room.catalog_changed.emit(_folder(location, self._place))

    def _compare(self, earlier: VersionLine, later: VersionLine) -> None:
        titles = Titles(_title(earlier), _title(later))
        self._room.diffs.open(
            "Compare versions", titles, self._place.name, jobs.compare_versions, self._record, self._place,
            earlier.version, later.version, over=self._dialog,
        )  # fmt: skip

    def _set_alias(self, line: VersionLine) -> None:
        dialog = AliasDialog(self._dialog.aliases, line.version, version_words(line), self._dialog)

        def agreed() -> None:
            choice = dialog.choice
            self._bridge.run(
                jobs.move_alias, self._record, self._place, choice.name, line.version, choice.expected, owner=self,
                on_done=lambda _: self._read(), on_error=self._failed,
            )  # fmt: skip

        dialog.delete_wanted.connect(lambda alias: self._delete_alias(alias, dialog))
        self._open(dialog, agreed)

    def _delete_alias(self, alias: Alias, over: AliasDialog) -> None:
        dialog = DeleteAliasDialog(alias, over)

        def agreed() -> None:
            over.reject()
            self._bridge.run(
                jobs.delete_alias, self._record, self._place, alias.name, alias.now.version, owner=self,
                on_done=lambda _: self._read(), on_error=self._failed,
            )  # fmt: skip

        self._open(dialog, agreed)

    def _download(self, shown: VersionShown) -> None:
        dialog = QFileDialog(self._dialog, "Download this version into")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda folder: self._download_into(shown, folder))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _download_into(self, shown: VersionShown, folder: str) -> None:
        files = files_to_fetch(self._place, shown.files)
        if files.keys and folder:
            self._room.download_requested.emit(self._record, _folder(self._location, self._place), files, folder)
            self._dialog.accept()

    def _open(self, dialog: AppDialog, agreed: Callable[[], object]) -> None:
        dialog.accepted.connect(agreed)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _failed(self, error: ArtifactBrowserError) -> None:
        self._dialog.set_busy(False)
        self._dialog.enable_buttons()
        self._show(error)

    def _show(self, error: ArtifactBrowserError) -> None:
        self._dialog.more.setEnabled(True)
        show_error(self._dialog, error)


def _title(line: VersionLine) -> str:
    return f"Version {line.sequence} ({printable(short_name(line))})"


def _folder(location: Location, place: Place) -> Location:
    return Location(location.account_id, place.bucket, place.prefix)
