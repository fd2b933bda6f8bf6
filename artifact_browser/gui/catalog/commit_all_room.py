"""Committing all that is staged in a collection: opens the dialog, runs its jobs, tells what changed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import many_jobs
from artifact_browser.catalog.commit import CommitPlan
from artifact_browser.catalog.layout import Place, place_of
from artifact_browser.catalog.records import CommitNote
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog.commit_all_dialog import CommitAllDialog
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.format import printable
from artifact_browser.storage.location import Location, uri_of


class CommitAllRoom(QObject):
    """``parent`` is the window its dialog stands over."""

    #: cards at or below this :class:`Location` are not what they were: look again
    catalog_changed = Signal(object)
    #: ``(record, location, dialog)``: what is known of conditional writes there, shown over ``dialog``
    conditions_requested = Signal(object, object, object)

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        self._bridge, self._window = bridge, parent

    def open(self, record: AccountRecord, location: Location) -> None:
        """Show what is staged in the collection at ``location``, and commit what of it is agreed to."""
        place = place_of(location)
        dialog = CommitAllDialog(printable(uri_of(record.kind, place.bucket, place.prefix)), self._window)
        work = _Work(self._bridge, dialog, record, place)
        work.changed.connect(
            lambda: self.catalog_changed.emit(Location(location.account_id, location.bucket, place.prefix))
        )
        dialog.badge.clicked.connect(lambda _=False: self.conditions_requested.emit(record, location, dialog))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        work.look()


class _Work(QObject):
    """The jobs of one dialog; one at a time."""

    #: something may be committed that was not
    changed = Signal()

    def __init__(self, bridge: Bridge, dialog: CommitAllDialog, record: AccountRecord, place: Place) -> None:
        super().__init__(dialog)
        self._bridge, self._dialog, self._record, self._place = bridge, dialog, record, place
        self._task: Task | None = None
        self._commits = False
        dialog.look_wanted.connect(self.look)
        dialog.commit_wanted.connect(self._commit)
        dialog.stop_wanted.connect(self._stop)

    def look(self) -> None:
        """What is staged now."""
        self._dialog.show_busy()
        self._task = self._bridge.run(
            many_jobs.plan_staged, self._record, self._place, owner=self._dialog,
            on_event=self._took, on_done=self._looked, on_error=self._failed,
        )  # fmt: skip

    def _took(self, children: Sequence[many_jobs.StagedChild]) -> None:
        self._dialog.add(children)
        plan = next((child.plan for child in children if child.plan is not None), None)
        if plan is not None:
            self._dialog.badge.show_writes(plan.writes, self._record)

    def _looked(self, staged: int) -> None:
        self._task = None
        self._dialog.end_looking(staged)

    def _commit(self, wanted: Sequence[tuple[Place, CommitPlan]]) -> None:
        self._commits = True
        note = CommitNote("", self._dialog.message.text().strip())
        self._task = self._bridge.run(
            many_jobs.commit_staged, self._record, tuple(wanted), note, owner=self._dialog,
            on_event=self._dialog.tell, on_done=self._committed, on_error=self._failed,
        )  # fmt: skip

    def _committed(self, _: int) -> None:
        self._end()
        self._dialog.end_committing()

    def _failed(self, error: ArtifactBrowserError) -> None:
        self._end()
        self._dialog.show_failure(error)

    def _stop(self) -> None:
        """What has begun is ended or left to the next commit; what is staged still is looked at anew."""
        committing = self._commits
        if self._task is not None:
            self._task.cancel()
        self._end()
        if committing and self._dialog.isVisible():
            self.look()

    def _end(self) -> None:
        self._task = None
        if self._commits:
            self._commits = False
            self.changed.emit()
