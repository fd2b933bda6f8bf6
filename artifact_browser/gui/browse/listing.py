"""One listing from its first page to its honest end: which state it is in, and the jobs behind it.

A listing is *listing*, *partial* (stopped, or broken off after some rows), *complete* or *failed*; failed is never
drawn as empty. Another place, a refresh or *Stop* cancels the running job at once.

A place that was listed before shows its last complete rows at once, said to be as of then; the new listing comes in
behind them and takes their place when it is complete.
"""

from __future__ import annotations

import itertools
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.errors import ArtifactBrowserError, InputError, JobCancelled
from artifact_browser.gui.browse.listing_model import ListingModel, forget_times
from artifact_browser.gui.browse.listing_state import ListingState, ListingStatus
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.storage.arrange import Arrangement, arrange
from artifact_browser.storage.bounds import NO_BOUNDS
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
from artifact_browser.storage.listing_cache import KeptListing, find_kept, keep_listing, source_of
from artifact_browser.storage.location import Location
from artifact_browser.storage.selection import (
    Arranged,
    Chosen,
    Counted,
    Hidden,
    addresses_of,
    carry_over,
    count_selected,
)
from artifact_browser.workers.job import Job, Lane

if TYPE_CHECKING:
    from artifact_browser.gui.browse.kept_selection import KeptSelection

#: How often an order of its own is made anew while rows still arrive.
REARRANGE_MS = 500
_NUMBERS = itertools.count(1)
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Before:
    """The listing before this one, of the same place, while many of its rows are selected."""

    folder: Path
    folders: int
    blobs: int
    chosen: Chosen


class Listing(QObject):
    """Runs listings into a :class:`ListingModel`. Lives in the GUI thread; the work is the interactive worker's."""

    #: a :class:`ListingState`
    state_changed = Signal(object)
    #: the model has been filled anew, or put into another order
    rearranged = Signal()

    def __init__(self, services: Services, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.model = ListingModel(self)
        self._services, self._bridge = services, bridge
        self._record: AccountRecord | None = None
        self._state = ListingState()
        #: the folder of the rows that are shown, and of the listing that runs behind them, if it is another
        self._folder: Path | None = None
        self._coming: Path | None = None
        #: when the shown rows were all of the place; 0: they are not
        self._listed_us = 0
        #: the complete listing that takes the place of the shown rows as soon as it is in their order
        self._ready: ListingGrown | None = None
        self._finding: Task | None = None
        self._found: Path | None = None
        self._keeping: Task | None = None
        self._listing: Task | None = None
        self._arranging: Task | None = None
        #: keeps the selection while the rows change
        self.keeper: KeptSelection | None = None
        self._before: _Before | None = None
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
        before, self._record = self._record, record
        forget_times()
        if (
            location == self.location
            and self._listed_us
            and before is not None
            and source_of(before) == source_of(record)
        ):
            self._list_behind()
            return
        old, coming = self._folder, self._coming
        self._folder, self._coming, self._listed_us = self._new_folder(), None, 0
        arrangement = self._state.arrangement
        if location != self.location:
            arrangement = replace(arrangement, text="", expression=False, bounds=NO_BOUNDS)
        self._keep_selection(location, old)
        self.model.begin(self._folder, location, record.kind)
        self._let_go(coming)
        if not arrangement.is_plain:
            self.model.set_order(b"")
        self._become(ListingState(ListingStatus.LISTING, arrangement=arrangement, of_buckets=not location.bucket))
        if self._keeps_rows:
            self._find_kept()
        self._start(NOTHING)

    def _keep_selection(self, location: Location, old: Path | None) -> None:
        """Remove the listing before, unless many of its rows are selected and to be found again in the new one."""
        chosen = self.keeper.keep(location) if self.keeper is not None else None
        if chosen is None:
            self._forget_before()
        elif self._before is None and old is not None:
            grown = self._state.grown
            self._before = _Before(old, grown.folders, grown.blobs, chosen)
            return
        self._let_go(old)

    def _forget_before(self) -> None:
        if self._before is not None:
            self._let_go(self._before.folder)
            self._before = None

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
        """Continue a partial listing behind its last row; try a failed one again whose earlier rows are shown."""
        state = self._state
        if state.status is ListingStatus.PARTIAL:
            self._become(replace(state, status=ListingStatus.LISTING, error=None))
            self._start(state.coming if state.as_of_us else state.grown)
        elif state.status is ListingStatus.FAILED:
            self.refresh()

    def arrange(self, arrangement: Arrangement) -> None:
        """Sort and filter; the rows change when the worker has the index."""
        if arrangement != self._state.arrangement:
            error = None if isinstance(self._state.error, InputError) else self._state.error  # of a filter before
            self._state = replace(self._state, arrangement=arrangement, error=error)
            self._arrange()

    # -- many selected rows -------------------------------------------------------------------------------------
    def count_selected(self, on_done: Callable[[Counted], None]) -> Task | None:
        """Have a worker add up the sizes of the selected rows."""
        return self._ask_of_selected(count_selected, (), on_done)

    def selected_addresses(self, before: str, on_done: Callable[[bytes], None]) -> Task | None:
        """Have a worker write down the selected keys, each behind ``before``, one a line (UTF-8)."""
        return self._ask_of_selected(addresses_of, (before,), on_done)

    def _ask_of_selected(self, job: Job, more: tuple[object, ...], on_done: Callable[[Any], None]) -> Task | None:
        chosen = self.keeper.shown() if self.keeper is not None else None
        if chosen is None or self._folder is None:
            return None
        grown = self.model.state
        args = (str(self._folder), grown.folders, grown.blobs, chosen, *more)
        return self._bridge.run(job, *args, owner=self, on_done=on_done)

    def close(self) -> None:
        """Stop and remove the listing's files."""
        self._cancel()
        self.model.begin(None, Location(""), self.model.kind)
        for folder in (self._folder, self._coming, self._before.folder if self._before is not None else None):
            if folder is not None:
                forget_listing(folder)
        self._folder = self._coming = self._before = None
        self._listed_us = 0

    # -- the listing job ----------------------------------------------------------------------------------------
    def _start(self, before: ListingGrown) -> None:
        job, args, lane = self._job(before)
        self._listing = self._bridge.run(
            job, *args, lane=lane, owner=self, on_event=self._grown, on_done=self._completed, on_error=self._broken
        )

    def _job(self, before: ListingGrown) -> tuple[Job, tuple[object, ...], Lane]:
        """What brings the rows, with its arguments, and where it runs."""
        assert self._record is not None
        place = self.location
        folder = str(self._coming or self._folder)
        if place.bucket:
            return list_prefix, (self._record, place.bucket, place.key, folder, before), Lane.INTERACTIVE
        return list_account, (self._record, folder), Lane.INTERACTIVE

    @property
    def _keeps_rows(self) -> bool:
        """Whether complete rows are kept: of one place's own listing, not of buckets or of what else is listed."""
        return self._record is not None and self._job(NOTHING)[0] is list_prefix

    def _grown(self, grown: ListingGrown) -> None:
        if self._state.as_of_us:
            self._become(replace(self._state, coming=grown))
            return
        self.model.grow(grown)
        self._become(replace(self._state, grown=grown))
        if not self._state.arrangement.is_plain and not self._rearrange_later.isActive():
            self._rearrange_later.start()

    def _completed(self, grown: ListingGrown) -> None:
        self._keep_for_later(grown)
        if self._state.as_of_us:
            self._ready = grown
            self._arrange()
            return
        self.model.grow(grown)
        self._listed_us = _now_us() if self._keeps_rows else 0
        self._become(replace(self._state, status=ListingStatus.COMPLETE, grown=grown))
        if self._state.arrangement.is_plain:
            self._tell_rearranged()
        else:
            self._arrange()
        self._carry_over()

    def _carry_over(self) -> None:
        """Find the many rows that were selected in the listing before among those that are shown now."""
        before, grown = self._before, self._state.grown
        if before is not None:
            self._bridge.run(
                carry_over,
                str(before.folder), before.folders, before.blobs, before.chosen,
                str(self._folder), grown.folders, grown.blobs,
                owner=self, on_done=self._carried_over, on_error=self._not_carried_over,
            )  # fmt: skip

    def _not_carried_over(self, error: ArtifactBrowserError) -> None:
        """Nothing stays selected then."""
        _LOG.info("a selection is lost: %s", error)
        self._forget_before()
        if self.keeper is not None:
            self.keeper.chosen_anew()

    def _carried_over(self, found: Hidden) -> None:
        self._forget_before()
        if self.keeper is not None:
            self.keeper.take(found)
            self._arrange() if self.model.is_arranged else self._tell_rearranged()

    def _broken(self, error: ArtifactBrowserError) -> None:
        some = self._state.coming if self._state.as_of_us else self._state.grown
        status = ListingStatus.PARTIAL if some.folders + some.blobs else ListingStatus.FAILED
        self._become(replace(self._state, status=status, error=None if isinstance(error, JobCancelled) else error))

    # -- rows of an earlier listing -----------------------------------------------------------------------------
    def _list_behind(self) -> None:
        """List anew while the rows stay; they are complete, of an earlier moment."""
        self._let_go(self._coming)
        self._coming = self._new_folder()
        self._become(
            replace(self._state, status=ListingStatus.LISTING, error=None, as_of_us=self._listed_us, coming=NOTHING)
        )
        self._start(NOTHING)

    def _find_kept(self) -> None:
        """See whether the place was listed before."""
        assert self._record is not None
        place, folder = self.location, self._new_folder()
        self._found = folder
        self._finding = self._bridge.run(
            find_kept,
            self._record,
            place.bucket,
            place.key,
            str(folder),
            owner=self,
            on_done=lambda kept: self._show_kept(kept, folder),
            on_error=lambda _: self._show_kept(None, folder),
        )

    def _show_kept(self, kept: KeptListing | None, folder: Path) -> None:
        """Show earlier rows, unless rows of this listing are there already, or there are none."""
        self._found = None
        waiting = self._state.status in {ListingStatus.LISTING, ListingStatus.FAILED} and not self._state.total
        waiting = waiting and self._before is None  # of many selected rows, to be found in the new ones
        if kept is None or not waiting or not kept.state.folders + kept.state.blobs:
            self._let_go(folder)
            return
        self._coming, self._folder, self._listed_us = self._folder, folder, kept.listed_us
        self.model.begin(folder, self.location, self.model.kind)
        self.model.grow(kept.state)
        if not self._state.arrangement.is_plain:
            self.model.set_order(b"")
        self._become(replace(self._state, grown=kept.state, as_of_us=kept.listed_us))
        if self._state.arrangement.is_plain:
            self._tell_rearranged()
        else:
            self._arrange()

    def _keep_for_later(self, grown: ListingGrown) -> None:
        place, folder = self.location, self._coming or self._folder
        if self._keeps_rows:
            self._keeping = self._bridge.run(
                keep_listing, self._record, place.bucket, place.key, str(folder), grown, _now_us(), on_error=_not_kept
            )

    def keep_nothing(self) -> None:
        """What is being kept just now is not to be: its account goes, or all that was kept."""
        if self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None

    def _take_over(self, index: bytes | None) -> None:
        """Have the complete new listing take the place of the earlier rows; selection and scroll are the table's to keep."""
        assert self._ready is not None
        grown, self._ready = self._ready, None
        earlier, self._folder, self._coming = self._folder, self._coming, None
        self._listed_us = _now_us()
        self._keep_selection(self.location, earlier)
        self.model.begin(self._folder, self.location, self.model.kind)
        self.model.grow(grown)
        if index is not None:
            self.model.set_order(index)
        self._become(
            replace(self._state, status=ListingStatus.COMPLETE, grown=grown, as_of_us=0, coming=NOTHING, error=None)
        )
        if index is not None and self.keeper is not None and self.keeper.chosen() is not None:
            self._arrange()  # in the same order once more, with what is selected
        else:
            self._tell_rearranged()
        self._carry_over()

    def _let_go(self, *folders: Path | None) -> None:
        for folder in folders:
            if folder is not None:
                self._bridge.run(remove_listing, str(folder), on_error=_left_for_the_next_start)

    # -- order and filter ---------------------------------------------------------------------------------------
    def _arrange(self) -> None:
        if self._arranging is not None:
            self._arranging.cancel()
            self._arranging = None
        self._rearrange_later.stop()
        wanted = self._state.arrangement
        if self._ready is not None:
            if wanted.is_plain:
                self._take_over(None)
            else:
                self._ask_order(self._coming, self._ready, None, None)
            return
        if wanted.is_plain and not self.model.is_arranged:
            self._become(self._state)
            return
        chosen = self.keeper.chosen() if self.keeper is not None else None
        if wanted.is_plain and chosen is None:
            self._show_order(Arranged(None), None)
            return
        self._ask_order(
            self._folder, self._state.grown, chosen, self.keeper.revision if self.keeper is not None else None
        )

    def _ask_order(self, folder: Path | None, grown: ListingGrown, chosen: Chosen | None, revision: int | None) -> None:
        self._arranging = self._bridge.run(
            arrange,
            str(folder),
            len(encode_key(self.location.key)),
            grown.folders,
            grown.blobs,
            self._state.arrangement,
            grown.classes,
            chosen,
            owner=self,
            on_done=lambda arranged: self._show_order(arranged, revision),
            on_error=self._not_arranged,
        )

    def _show_order(self, arranged: Arranged, revision: int | None) -> None:
        if self._ready is not None:
            self._take_over(arranged.index)
            return
        keeper = self.keeper
        if keeper is not None and revision is not None and keeper.revision != revision:
            self._arrange()  # something else was selected meanwhile
            return
        if keeper is not None:
            keeper.before()
        self.model.set_order(arranged.index)
        if keeper is not None:
            keeper.show(arranged)
        self._tell_rearranged()
        self._become(self._state)

    def _tell_rearranged(self) -> None:
        """:class:`KeptSelection` may look for its rows: all are there, of now or of an earlier moment."""
        if self.keeper is not None:
            self.keeper.restore(complete=self._state.status is not ListingStatus.LISTING or bool(self._state.as_of_us))
        self.rearranged.emit()

    def _not_arranged(self, error: ArtifactBrowserError) -> None:
        if self._ready is not None:
            self._take_over(None)
        self._become(replace(self._state, error=error))

    def _become(self, state: ListingState) -> None:
        self._state = replace(state, shown=self.model.rowCount())
        self.state_changed.emit(self._state)

    def _cancel(self) -> None:
        for task in (self._listing, self._arranging, self._finding):
            if task is not None:
                task.cancel()
        self._let_go(self._found)
        self._listing = self._arranging = self._finding = self._ready = self._found = None
        self._rearrange_later.stop()

    def _new_folder(self) -> Path:
        return make_listing(self._services.paths.listings / f"{os.getpid()}-{next(_NUMBERS)}")


def _now_us() -> int:
    return time.time_ns() // 1000


def _not_kept(error: ArtifactBrowserError) -> None:
    """Then it is listed from nothing the next time."""
    _LOG.info("a listing was not kept: %s", error)


def _left_for_the_next_start(error: ArtifactBrowserError) -> None:
    """What could not be removed now is removed then; nobody can do anything about it."""
    _LOG.info("a listing's files stay for now: %s", error)
