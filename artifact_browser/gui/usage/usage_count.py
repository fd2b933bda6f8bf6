"""One count from its first page to its honest end: which state it is in, and the jobs behind it.

A count is *counting*, *stopped*, *broken off* or *complete*. What was counted stays in its folder, so that it can go on
behind the last key, and any level can be looked into without asking the store again.
"""

from __future__ import annotations

import itertools
import logging
import os
import time
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.errors import AccountNotFound, ArtifactBrowserError, JobCancelled
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.storage.listing import forget_listing, make_listing, remove_listing
from artifact_browser.storage.location import Location, uri_of
from artifact_browser.storage.usage import UploadsCounted, count_uploads, count_usage
from artifact_browser.storage.usage_export import Report, ReportForm, export_usage
from artifact_browser.storage.usage_file import UsageCounted
from artifact_browser.storage.usage_view import Measure, UsageView, view_usage

#: How often the level that is shown is looked at anew while it is counted.
LOOK_MS = 400
_NUMBERS = itertools.count(1)
_LOG = logging.getLogger(__name__)


class CountStatus(StrEnum):
    COUNTING = "counting"
    STOPPED = "stopped"
    FAILED = "broken off"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class CountState:
    """What the header says. ``ended_us``: when it was last counted, microseconds since the epoch."""

    status: CountStatus = CountStatus.STOPPED
    counted: UsageCounted = field(default_factory=UsageCounted)
    ended_us: int = 0
    error: ArtifactBrowserError | None = None


class UsageCount(QObject):
    """Counts one place. Lives in the GUI thread; the work is the interactive worker's."""

    #: a :class:`CountState`
    state_changed = Signal(object)
    #: the level that is looked at, as far as it is counted: :class:`UsageView`, or ``None``
    view_changed = Signal(object)
    #: ``(UploadsCounted | None, why it could not be looked for)``
    uploads_changed = Signal(object, str)
    #: a report was written: its path
    exported = Signal(str)
    #: a report, or a look, failed: an error
    failed = Signal(object)

    def __init__(
        self, services: Services, bridge: Bridge, record: AccountRecord, place: Location, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.record, self.place = record, place
        self.state = CountState()
        self.view: UsageView | None = None
        self.uploads: UploadsCounted | None = None
        self.uploads_trouble = ""
        self.prefix, self.measure = place.key, Measure.SIZE
        self._services, self._bridge = services, bridge
        self._folder: Path | None = None
        self._counting: Task | None = None
        self._uploads_task: Task | None = None
        self._looking: Task | None = None
        self._stale = False
        self._later = QTimer(self, interval=LOOK_MS, singleShot=True)
        self._later.timeout.connect(self._look)

    # -- what a person does -------------------------------------------------------------------------------------
    def count_anew(self) -> None:
        """Begin at the first key; what was counted before is forgotten."""
        self.forget()
        self._folder = make_listing(self._services.paths.listings / f"{os.getpid()}-u{next(_NUMBERS)}")
        self.view = None
        self._become(CountState(CountStatus.COUNTING))
        self.view_changed.emit(None)
        self._run()

    def go_on(self) -> None:
        """Go on behind the last key."""
        if self.state.status in {CountStatus.STOPPED, CountStatus.FAILED}:
            self._become(replace(self.state, status=CountStatus.COUNTING, error=None))
            self._run()

    def stop(self) -> None:
        """Stop; what is counted stays."""
        if self._counting is not None:
            self._counting.cancel()
            self._counting = None
        if self._uploads_task is not None:
            self._uploads_task.cancel()
            self._no_uploads(JobCancelled())
        if self.state.status is CountStatus.COUNTING:
            self.look_later()  # the job still writes down its last page
            self._become(replace(self.state, status=CountStatus.STOPPED, ended_us=_now_us()))

    def forget(self) -> None:
        """Stop, and remove what was counted."""
        self.stop()
        self._later.stop()
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        if self._folder is not None:
            self._bridge.run(remove_listing, str(self._folder), on_error=_left_for_the_next_start)
            self._folder = None

    def close(self) -> None:
        """Stop, and remove what was counted now: the worker may be about to end."""
        self.stop()
        self._later.stop()
        if self._folder is not None:
            forget_listing(self._folder)
            self._folder = None

    def look(self, prefix: str, measure: Measure) -> None:
        """Look into another level, or by another measure."""
        self.prefix, self.measure = prefix, measure
        self._look()

    def export(self, form: ReportForm, path: Path) -> None:
        """Write the level that is shown to ``path``."""
        place = uri_of(self.record.kind, self.place.bucket, self.prefix)
        as_of_us = self.state.ended_us if self.state.status is CountStatus.COMPLETE else _now_us()
        report = Report(place, self.prefix, as_of_us, form, self.uploads)
        self._bridge.run(
            export_usage,
            str(self._folder),
            report,
            str(path),
            owner=self,
            on_done=lambda _: self.exported.emit(str(path)),
            on_error=self.failed.emit,
        )

    # -- counting -----------------------------------------------------------------------------------------------
    def _run(self) -> None:
        try:
            record = self.record = self._services.book.get(self.record.id)  # as it is now
        except AccountNotFound as error:
            self._break_off(error)
            return
        self._counting = self._bridge.run(
            count_usage,
            record,
            self.place.bucket,
            self.place.key,
            str(self._folder),
            owner=self,
            on_event=self._take,
            on_done=self._complete,
            on_error=self._break_off,
        )
        if self.uploads is None or self.uploads_trouble:
            self._look_for_uploads(record)

    def _take(self, counted: UsageCounted) -> None:
        self._become(replace(self.state, counted=counted))
        if self.view is None:
            self._look()
        else:
            self.look_later()

    def _complete(self, counted: UsageCounted) -> None:
        self._counting = None
        self.state = CountState(CountStatus.COMPLETE, counted, _now_us())
        self._look()  # before it is told: what is not read yet is not empty
        self._become(self.state)

    def _break_off(self, error: ArtifactBrowserError) -> None:
        self._counting = None
        self.state = replace(self.state, status=CountStatus.FAILED, error=error, ended_us=_now_us())
        if self.state.counted.requests:
            self._look()
        self._become(self.state)

    @property
    def is_looking(self) -> bool:
        """Whether a view of the level is on its way."""
        return self._looking is not None or self._later.isActive()

    # -- looking ------------------------------------------------------------------------------------------------
    def look_later(self) -> None:
        if not self._later.isActive():
            self._later.start()

    def _look(self) -> None:
        """One look at a time; what is asked for meanwhile is looked at next."""
        self._later.stop()
        if self._folder is None or not self.state.counted.requests:
            return
        if self._looking is not None:
            self._stale = True
            return
        self._stale = False
        self._looking = self._bridge.run(
            view_usage,
            str(self._folder),
            self.prefix,
            self.measure,
            owner=self,
            on_done=self._seen,
            on_error=self._not_seen,
        )

    def _seen(self, view: UsageView | None) -> None:
        self._looking = None
        if self._stale:
            self._look()
            return
        self.view = view
        if view is not None and self.state.status in {CountStatus.STOPPED, CountStatus.FAILED}:
            self._become(replace(self.state, counted=view.counted))  # the last page that was written down
        self.view_changed.emit(view)

    def _not_seen(self, error: ArtifactBrowserError) -> None:
        self._looking = None
        self.failed.emit(error)

    # -- unfinished uploads -------------------------------------------------------------------------------------
    def _look_for_uploads(self, record: AccountRecord) -> None:
        self.uploads_trouble = ""
        self._show_uploads(None)
        self._uploads_task = self._bridge.run(
            count_uploads,
            record,
            self.place.bucket,
            self.place.key,
            owner=self,
            on_event=self._show_uploads,
            on_done=self._all_uploads,
            on_error=self._no_uploads,
        )

    def _show_uploads(self, found: UploadsCounted | None) -> None:
        self.uploads = found
        self.uploads_changed.emit(found, "")

    def _all_uploads(self, found: UploadsCounted) -> None:
        self._uploads_task = None
        self._show_uploads(found)

    def _no_uploads(self, error: ArtifactBrowserError) -> None:
        self._uploads_task = None
        self.uploads, self.uploads_trouble = None, error.title
        self.uploads_changed.emit(None, error.title)

    def _become(self, state: CountState) -> None:
        self.state = state
        self.state_changed.emit(state)


def _now_us() -> int:
    return time.time_ns() // 1000


def _left_for_the_next_start(error: ArtifactBrowserError) -> None:
    _LOG.info("a count's files stay for now: %s", error)
