"""One listing from its first page to its honest end: which state it is in, and the jobs behind it.

A listing is *listing*, *partial* (stopped, or broken off after some rows), *complete* or *failed*; failed is never
drawn as empty. Another place, a refresh or *Stop* cancels the running job at once.
"""

from __future__ import annotations

import itertools
import logging
import os
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.errors import ArtifactBrowserError, JobCancelled
from artifact_browser.gui.browse.listing_model import ListingModel, forget_times
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.storage.arrange import PLAIN, Arrangement, arrange
from artifact_browser.storage.columns import encode_key
from artifact_browser.storage.listing import (
    NOTHING,
    ListingGrown,
    forget_listing,
    list_account,
    list_prefix,
    make_listing,
    remove_listing,
)
from artifact_browser.storage.location import Location

#: How often an order of its own is made anew while rows still arrive.
REARRANGE_MS = 500
_NUMBERS = itertools.count(1)
_LOG = logging.getLogger(__name__)


class ListingStatus(StrEnum):
    IDLE = "idle"
    LISTING = "listing"
    PARTIAL = "partial"
    COMPLETE = "complete"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ListingState:
    """What the footer says. ``shown`` is the number of rows in the table (a filter hides some)."""

    status: ListingStatus = ListingStatus.IDLE
    grown: ListingGrown = NOTHING
    shown: int = 0
    arrangement: Arrangement = PLAIN
    error: ArtifactBrowserError | None = None
    #: the rows are an account's buckets
    of_buckets: bool = False

    @property
    def total(self) -> int:
        return self.grown.folders + self.grown.blobs


class Listing(QObject):
    """Runs listings into a :class:`ListingModel`. Lives in the GUI thread; the work is the interactive worker's."""

    #: a :class:`ListingState`
    state_changed = Signal(object)
    #: the model is about to be, or has been, filled anew: keep and restore the selection
    about_to_rearrange = Signal()
    rearranged = Signal()

    def __init__(self, services: Services, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.model = ListingModel(self)
        self._services, self._bridge = services, bridge
        self._record: AccountRecord | None = None
        self._state = ListingState()
        self._folder: Path | None = None
        self._listing: Task | None = None
        self._arranging: Task | None = None
        self._rearrange_later = QTimer(self)
        self._rearrange_later.setSingleShot(True)
        self._rearrange_later.setInterval(REARRANGE_MS)
        self._rearrange_later.timeout.connect(self._arrange)

    @property
    def state(self) -> ListingState:
        return self._state

    @property
    def location(self) -> Location:
        return self.model.location

    @property
    def record(self) -> AccountRecord | None:
        return self._record

    # -- what a person does -------------------------------------------------------------------------------------
    def open(self, record: AccountRecord, location: Location) -> None:
        """List a prefix, a bucket, or the buckets of an account; whatever ran is cancelled at once."""
        self._cancel()
        old, self._folder = self._folder, self._new_folder()
        self._record = record
        forget_times()
        same_place = location == self.location
        arrangement = self._state.arrangement
        if not same_place:
            arrangement = replace(arrangement, text="")
        self.about_to_rearrange.emit()
        self.model.begin(self._folder, location, record.kind)
        if old is not None:
            self._bridge.run(remove_listing, str(old), on_error=_left_for_the_next_start)
        if not arrangement.is_plain:
            self.model.set_order(b"")
        self._become(ListingState(ListingStatus.LISTING, arrangement=arrangement, of_buckets=not location.bucket))
        self._start(NOTHING)

    def refresh(self) -> None:
        """List the same place anew, with the account as it is now."""
        if self._record is not None:
            self.open(self._services.book.get(self._record.id), self.location)

    def stop(self) -> None:
        """Stop listing; what has arrived stays and is called partial."""
        if self._state.status is ListingStatus.LISTING:
            self._cancel()
            self._become(replace(self._state, status=ListingStatus.PARTIAL))

    def go_on(self) -> None:
        """Continue a partial listing behind its last row."""
        if self._state.status is ListingStatus.PARTIAL:
            self._become(replace(self._state, status=ListingStatus.LISTING, error=None))
            self._start(self._state.grown)

    def arrange(self, arrangement: Arrangement) -> None:
        """Sort and filter; the rows change when the worker has the index."""
        if arrangement != self._state.arrangement:
            self._state = replace(self._state, arrangement=arrangement)
            self._arrange()

    def close(self) -> None:
        """Stop and remove the listing's files."""
        self._cancel()
        self.model.begin(None, Location(""), self.model.kind)
        if self._folder is not None:
            forget_listing(self._folder)
            self._folder = None

    # -- the listing job ----------------------------------------------------------------------------------------
    def _start(self, before: ListingGrown) -> None:
        assert self._record is not None
        place = self.location
        if place.bucket:
            job, args = list_prefix, (self._record, place.bucket, place.key, str(self._folder), before)
        else:
            job, args = list_account, (self._record, str(self._folder))  # type: ignore[assignment]
        self._listing = self._bridge.run(
            job, *args, owner=self, on_event=self._grown, on_done=self._completed, on_error=self._broken
        )

    def _grown(self, grown: ListingGrown) -> None:
        self.model.grow(grown)
        self._become(replace(self._state, grown=grown))
        if not self._state.arrangement.is_plain and not self._rearrange_later.isActive():
            self._rearrange_later.start()

    def _completed(self, grown: ListingGrown) -> None:
        self.model.grow(grown)
        self._become(replace(self._state, status=ListingStatus.COMPLETE, grown=grown))
        if not self._state.arrangement.is_plain:
            self._arrange()
        self.rearranged.emit()

    def _broken(self, error: ArtifactBrowserError) -> None:
        status = ListingStatus.PARTIAL if self._state.total else ListingStatus.FAILED
        self._become(replace(self._state, status=status, error=None if isinstance(error, JobCancelled) else error))

    # -- order and filter ---------------------------------------------------------------------------------------
    def _arrange(self) -> None:
        if self._arranging is not None:
            self._arranging.cancel()
            self._arranging = None
        self._rearrange_later.stop()
        wanted, grown = self._state.arrangement, self._state.grown
        if wanted.is_plain:
            if self.model.is_arranged:
                self._show_order(None)
            self._become(self._state)
            return
        self._arranging = self._bridge.run(
            arrange,
            str(self._folder),
            len(encode_key(self.location.key)),
            grown.folders,
            grown.blobs,
            wanted,
            owner=self,
            on_done=self._show_order,
            on_error=self._not_arranged,
        )

    def _show_order(self, index: bytes | None) -> None:
        self.about_to_rearrange.emit()
        self.model.set_order(index)
        self.rearranged.emit()
        self._become(self._state)

    def _not_arranged(self, error: ArtifactBrowserError) -> None:
        self._become(replace(self._state, error=error))

    def _become(self, state: ListingState) -> None:
        self._state = replace(state, shown=self.model.rowCount())
        self.state_changed.emit(self._state)

    def _cancel(self) -> None:
        for task in (self._listing, self._arranging):
            if task is not None:
                task.cancel()
        self._listing = self._arranging = None
        self._rearrange_later.stop()

    def _new_folder(self) -> Path:
        return make_listing(self._services.paths.listings / f"{os.getpid()}-{next(_NUMBERS)}")


def _left_for_the_next_start(error: ArtifactBrowserError) -> None:
    """What could not be removed now is removed then; nobody can do anything about it."""
    _LOG.info("a listing's files stay for now: %s", error)
