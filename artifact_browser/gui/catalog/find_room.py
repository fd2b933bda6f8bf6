"""Finding versions: opens the window, runs its jobs, hands on what is to be opened or downloaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import find_jobs, jobs
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.found_versions import FoundPage, FoundVersion, Scope, Wanted
from artifact_browser.catalog.layout import Place, place_of
from artifact_browser.catalog.name_registry import NamesBelow
from artifact_browser.catalog.own_address import Several
from artifact_browser.catalog.version_files import files_to_fetch
from artifact_browser.catalog.version_index import IndexRebuilt
from artifact_browser.catalog.versions import VersionShown
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog.address_copy import copy_version_address
from artifact_browser.gui.catalog.find_window import FindWindow
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.storage.location import Location, uri_of
from artifact_browser.workers.job import Job


class FindRoom(QObject):
    """``parent`` is the main window; each search has a window of its own, which ends with it."""

    #: ``(record, location, version, flag)``: look at this version of the artifact at ``location``
    open_wanted = Signal(object, object, str, str)
    #: ``(record, location, files, folder)``: download a version's :class:`VersionFiles` of the artifact at the location
    download_requested = Signal(object, object, object, str)

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._windows: list[FindWindow] = []

    def open(
        self,
        record: AccountRecord,
        bucket: Location,
        artifact: Location | None,
        project: str = "",
        several: Several | None = None,
    ) -> FindWindow:
        """Find versions of ``artifact``, or of one that is chosen among those of the bucket.

        :param project: the one to look into first; ``several``: what is chosen at first
        """
        window = FindWindow(printable(uri_of(record.kind, bucket.bucket)), writable=not record.read_only)
        work = _FindWork(self, self._bridge, window, record, bucket)
        self._windows.append(window)
        window.destroyed.connect(lambda _=None: self._windows.remove(window))
        window.picker.preferred = (project, *window.picker.preferred[1:])
        window.preset = several
        window.show()
        work.begin(place_of(artifact) if artifact is not None else None)
        return window

    def close_all(self) -> None:
        """The main window closes."""
        for window in tuple(self._windows):
            window.close()


class _FindWork(QObject):
    """One window's jobs; they end with it."""

    def __init__(
        self, room: FindRoom, bridge: Bridge, window: FindWindow, record: AccountRecord, bucket: Location
    ) -> None:
        super().__init__(window)
        self._room, self._bridge, self._window, self._record, self._bucket = room, bridge, window, record, bucket
        self._running: Task | None = None
        self._again: Callable[[], None] = lambda: None
        window.picker.level_wanted.connect(self._ask_level)
        window.picker.name_chosen.connect(lambda name: self._look(name, None))
        window.picker.refused.connect(self._refuse)
        window.find_wanted.connect(self._find)
        window.stop_wanted.connect(self._stop)
        window.retry_wanted.connect(self._try_again)
        window.reindex_wanted.connect(self._reindex)
        window.open_wanted.connect(self._open)
        window.download_wanted.connect(self._download)
        window.copy_wanted.connect(self._copy)

    def begin(self, place: Place | None) -> None:
        """Look at one artifact, else at which there are."""
        self._window.picker.choosing = place is None
        if place is not None:
            self._look(None, place)
        else:
            self._ask_level(())

    def _try_again(self) -> None:
        self._again()

    def _ask_level(self, above: tuple[str, ...]) -> None:
        window = self._window

        def told(found: NamesBelow) -> None:
            window.picker.show_level(above, found)
            if not above and not found.values and window.scope is None and window.picker.choosing:
                window.show_no_names()

        def failed(error: ArtifactBrowserError) -> None:
            if window.scope is None and window.picker.choosing:
                self._again = lambda: self._ask_level(above)
                window.show_error(error)

        self._bridge.run(
            find_jobs.names_below, self._record, self._bucket.bucket, above, owner=self, on_done=told, on_error=failed
        )

    def _look(self, name: ArtifactName | None, place: Place | None) -> None:
        self._again = lambda: self._look(name, place)
        self._window.show_looking()
        self._run(self._show_scope, find_jobs.look_around, name, place)

    def _refuse(self, error: ArtifactBrowserError) -> None:
        self._stop()
        self._again = lambda: self._ask_level(())
        self._window.show_looking()
        self._window.show_error(error)

    def _show_scope(self, scope: Scope) -> None:
        window, choosing = self._window, self._window.picker.choosing
        whose = printable(uri_of(self._record.kind, scope.place.bucket, scope.place.prefix))
        window.tell_whose(whose if scope.name else f"{whose} \u00b7 no registered name")
        if not choosing:
            if scope.name is not None:
                window.picker.show_name(scope.name)
            else:
                self._ask_level(())
        window.show_scope(scope)

    def _find(self, wanted: Wanted, more: str) -> None:
        scope = self._window.scope
        if scope is None:
            return
        self._again = lambda: self._find(wanted, more)
        self._window.show_finding(more=bool(more))

        def found(page: FoundPage) -> None:
            self._window.show_page(page, more=bool(more))

        self._run(found, find_jobs.find_versions, scope.name, scope.place, wanted, more)

    def _reindex(self) -> None:
        scope = self._window.scope
        if scope is None:
            return
        self._again = lambda: self._look(scope.name, scope.place if scope.name is None else None)
        self._window.show_reindexing(0)

        def done(rebuilt: IndexRebuilt) -> None:
            show_toast(self._window, f"Index updated: {rebuilt.written:,} written, {rebuilt.removed:,} removed")
            self._again()

        self._run(done, find_jobs.reindex_versions, scope.place, on_event=self._window.show_reindexing)

    def _run(
        self, done: Callable[[Any], None], job: Job, *args: object, on_event: Callable[[Any], None] | None = None
    ) -> None:
        if self._running is not None:
            self._running.cancel()
        self._running = self._bridge.run(
            job, self._record, self._bucket.bucket, *args,
            owner=self, on_done=done, on_error=self._window.show_error, on_event=on_event,
        )  # fmt: skip

    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
        self._window.show_stopped()

    # -- what is done with a version ----------------------------------------------------------------------------
    def _open(self, found: FoundVersion) -> None:
        self._room.open_wanted.emit(self._record, self._at(), found.version, found.flag)

    def _copy(self, found: FoundVersion) -> None:
        scope = self._window.scope
        if scope is None or scope.name is None:
            return
        copy_version_address(self._window, scope.name, found.version)

    def _download(self, found: FoundVersion) -> None:
        scope = self._window.scope
        if scope is None:
            return

        def ask(shown: VersionShown) -> None:
            at = self._at()
            files = files_to_fetch(place_of(at), shown.files)
            if not files.keys:
                show_toast(self._window, "This version has no file that could be downloaded.")
                return
            dialog = QFileDialog(self._window, "Download this version into")
            dialog.setFileMode(QFileDialog.FileMode.Directory)
            dialog.setOption(QFileDialog.Option.ShowDirsOnly)
            ask_for = self._room.download_requested.emit
            dialog.fileSelected.connect(lambda folder: ask_for(self._record, at, files, folder))
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

        self._bridge.run(
            jobs.look_into_version, self._record, scope.place, found.version, owner=self,
            on_done=ask, on_error=self._show,
        )  # fmt: skip

    def _at(self) -> Location:
        assert self._window.scope is not None
        place = self._window.scope.place
        return Location(self._bucket.account_id, place.bucket, place.prefix)

    def _show(self, error: ArtifactBrowserError) -> None:
        show_error(self._window, error)
