"""The ``ui`` benchmark's work in the real window: ``app.run`` as a double-click runs it, with a watched window.

Listings are :class:`Listing` objects (the first one is the window's own, in the table), transfers go through the
window's own room; every job that has ended is cleared from the strip as its *Clear* button does.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace

from PySide6.QtCore import QTimer

from artifact_browser.bootstrap import Services
from artifact_browser.gui.browse.listing import Listing
from artifact_browser.gui.browse.listing_state import ListingState, ListingStatus
from artifact_browser.gui.shell.window import Window
from artifact_browser.gui.transfers.options_memory import PLAIN
from artifact_browser.storage.location import Location
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.state import Verb
from benchmarks.lateness import LatenessMeter
from benchmarks.loads import (
    ACCOUNT,
    LONG_PAGES,
    PREFIX,
    TABLE_PAGES,
    Tally,
    Transfers,
    Work,
    bucket_of,
    listing_fault,
    open_account,
    wanted_listing,
)
from benchmarks.machine import Bystanders
from benchmarks.watched import run_watched

WARM_UP_S = 2.0
_GIVE_UP_S = 30.0
NEVER_HERE = ("boto3", "botocore")


class WindowListing:
    """Lists, checks, lists again. GUI thread."""

    def __init__(self, listing: Listing, pages: int, tally: Tally) -> None:
        self._listing, self._pages, self._tally = listing, pages, tally
        self.stopped = False
        wanted_listing(pages)
        listing.state_changed.connect(self._follow)

    @property
    def under_way(self) -> int:
        """Keys of the round that runs; a complete one is in the tally."""
        state = self._listing.state
        grown = state.coming if state.as_of_us else state.grown
        return grown.blobs if state.status is ListingStatus.LISTING else 0

    def _follow(self, state: ListingState) -> None:
        if self.stopped:
            return
        if state.status in {ListingStatus.FAILED, ListingStatus.PARTIAL}:
            self._tally.wrong.append(f"a listing ended {state.status}: {state.error}")
        elif state.status is ListingStatus.COMPLETE:
            model = self._listing.model
            rows = model.rowCount()
            ends = (model.entry(0).key, model.entry(rows - 1).key) if rows else ("", "")
            fault = listing_fault(self._pages, rows, state.grown.size_bytes, *ends)
            if fault:
                self._tally.wrong.append(fault)
                return
            self._tally.keys += rows
            QTimer.singleShot(0, self._again)

    def _again(self) -> None:
        if not self.stopped:
            self._listing.refresh()


class Drive:
    """Puts the load on the window, measures, closes it."""

    def __init__(self, services: Services, window: Window, work: Work) -> None:
        self._window, self._work = window, work
        self._tally = Tally()
        self._record = open_account(services, work.endpoint)
        self._meter = LatenessMeter(window.main)
        self._listings: list[WindowListing] = []
        room = window.transfers.room
        # what is there already is left: nobody is here who could be asked, as many files would
        unasked = replace(PLAIN[Verb.UPLOAD], policy=Policy.SKIP)
        self._transfers = Transfers(
            room.queue, work, self._tally, lambda at, paths: room.upload(self._record, at, paths, unasked), self._record
        )
        room.job_finished.connect(self._job_finished)
        self._others = [Listing(services, window.bridge, window.main) for _ in range(work.load.listings - 1)]
        self._give_up_at = time.monotonic() + _GIVE_UP_S
        self._began = 0.0
        self._cpu_s = 0.0
        self._bystanders: Bystanders | None = None
        self._before: dict[str, int] = {}
        self.report: dict[str, object] = {}

    def start(self) -> None:
        """Show 10,000 rows first; the load begins when they are there."""
        self._window.main.resize(1440, 900)
        self._window.main.actions_["transfers"].setChecked(True)
        self._window.browse.view.listing.state_changed.connect(self._table_filled)
        self._window.navigator.go(Location(ACCOUNT, bucket_of(TABLE_PAGES), PREFIX))

    def _table_filled(self, state: ListingState) -> None:
        view = self._window.browse.view
        if view.listing.location.bucket != bucket_of(TABLE_PAGES):
            return
        if state.status is ListingStatus.COMPLETE:
            view.listing.state_changed.disconnect(self._table_filled)
            QTimer.singleShot(0, self._begin)
        elif state.status is ListingStatus.FAILED:
            self._tally.wrong.append(f"the table was not filled: {state.error}")
            self._end()

    def _begin(self) -> None:
        self._transfers.start()
        if self._work.load.listings:
            self._listings = [WindowListing(self._window.browse.view.listing, TABLE_PAGES, self._tally)]
            self._window.browse.view.listing.refresh()
        for listing in self._others:
            self._listings.append(WindowListing(listing, LONG_PAGES, self._tally))
            listing.open(self._record, Location(ACCOUNT, bucket_of(LONG_PAGES), PREFIX))
        QTimer.singleShot(round(1000 * min(WARM_UP_S, self._work.seconds)), self._measure)

    def _measure(self) -> None:
        moving = self._transfers.all_moving and all(one.under_way or self._tally.keys for one in self._listings)
        if self._tally.wrong or time.monotonic() > self._give_up_at:
            self._tally.wrong.append("the work never got going")
            self._end()
        elif not moving:
            QTimer.singleShot(50, self._measure)
        else:
            self._bystanders = Bystanders(os.getppid())
            self._before, self._began, self._cpu_s = self._figures(), time.monotonic(), time.process_time()
            self._meter.start()
            QTimer.singleShot(round(1000 * self._work.seconds), self._end)

    def _end(self) -> None:
        late, after = self._meter.stop(), self._figures()
        seconds, cpu_s = time.monotonic() - self._began, time.process_time() - self._cpu_s
        self._transfers.stop()
        for listing in self._listings:
            listing.stopped = True
        self._check()
        self.report = {
            "late_ms": late,
            "rates": {name: (after[name] - self._before.get(name, 0)) / seconds for name in after},
            "whole": after,
            "window_cpu": cpu_s / seconds,
            "others_cores": self._bystanders.cores() if self._bystanders else None,
            "wrong": self._tally.wrong,
        }
        self._window.transfers.room.cancel_all()  # nobody is there to be asked about what runs
        self._window.main.close()

    def _check(self) -> None:
        """What a person would see: the window, its rows, its strip; and what must not be in this process."""
        size, view = self._window.main.size(), self._window.browse.view
        if (size.width(), size.height()) != (1440, 900):
            self._tally.wrong.append(f"the window is {size}")
        if not (view.isVisible() and self._window.transfers.room.panel.view.isVisible()):
            self._tally.wrong.append("table or transfers cannot be seen")
        if not self._work.load.listings and view.listing.model.rowCount() != TABLE_PAGES * 1000:
            self._tally.wrong.append("the table has other rows")
        if loaded := [name for name in NEVER_HERE if name in sys.modules]:
            self._tally.wrong.append(f"the window has imported {loaded}")

    def _figures(self) -> dict[str, int]:
        now = self._transfers.figures()
        now["keys"] += sum(listing.under_way for listing in self._listings)
        return now

    def _job_finished(self, handle: object) -> None:
        self._transfers.ended(handle)  # type: ignore[arg-type]
        self._window.transfers.room.panel.clear_wanted.emit()


def main(work: Work) -> int:
    """Run the app with the load on it; the exit code."""
    return run_watched(work.home, lambda services, window: Drive(services, window, work))


if __name__ == "__main__":
    sys.exit(main(Work.from_text(sys.argv[1])))
