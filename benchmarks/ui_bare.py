"""The ``ui`` benchmark's work without a window: the same pool, job functions and queue, in a process without Qt."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

from artifact_browser import bootstrap
from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.paths import in_home
from artifact_browser.storage.columns import KeyTable
from artifact_browser.storage.listing import BLOBS, ListingGrown, forget_listing, list_prefix, make_listing
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.queue import TransferQueue
from benchmarks.loads import (
    LONG_PAGES,
    PREFIX,
    TABLE_PAGES,
    Tally,
    Transfers,
    Work,
    bucket_of,
    listing_fault,
    open_account,
)
from benchmarks.machine import Bystanders

WARM_UP_S = 2.0


class BareListing:
    """Lists, checks, lists again. A :class:`JobListener`, on the reader thread."""

    def __init__(self, services: bootstrap.Services, record: AccountRecord, number: int, tally: Tally) -> None:
        self._services, self._record, self._tally = services, record, tally
        self._pages = LONG_PAGES if number else TABLE_PAGES
        self._number, self._round = number, 0
        self._folder = Path()
        self.under_way = 0
        self.stopped = False

    def start(self) -> None:
        self._round += 1
        self._folder = make_listing(self._services.paths.listings / f"bare-{self._number}-{self._round}")
        arguments = (self._record, bucket_of(self._pages), PREFIX, str(self._folder))
        self._services.pool.start(list_prefix, *arguments, listener=self)

    def on_event(self, grown: ListingGrown) -> None:
        self.under_way = grown.blobs

    def on_progress(self, value: object) -> None:
        """Listings tell by events."""

    def on_done(self, grown: ListingGrown) -> None:
        table = KeyTable(self._folder, BLOBS)
        table.grow(grown.blobs)
        fault = listing_fault(self._pages, table.count, grown.size_bytes, table.key(0), table.key(table.count - 1))
        table.close()
        if fault:
            self._tally.wrong.append(fault)
            return
        self._tally.keys += grown.blobs
        self.under_way = 0
        forget_listing(self._folder)
        if not self.stopped:
            self.start()

    def on_error(self, error: ArtifactBrowserError) -> None:
        if not self.stopped:
            self._tally.wrong.append(f"a listing failed: {error}")


class _Follower:
    """A :class:`TransferListener`: forgets what has ended, as the strip's Clear does, and has the next begun."""

    def __init__(self, queue: TransferQueue) -> None:
        self._queue = queue
        self.transfers: Transfers | None = None
        self._lock = threading.RLock()  # a job that cannot start ends while it is begun

    def on_changed(self, handle: TransferHandle) -> None:
        if not handle.ended or self.transfers is None:
            return
        with self._lock:
            if handle in self._queue.handles:
                self._queue.remove(handle)
                self.transfers.ended(handle)

    def on_conflict(self, handle: TransferHandle, question: object, answer: object) -> None:
        raise AssertionError("every target is new or may be replaced")


def measure(work: Work) -> dict[str, object]:
    """Do the work for its time; what was done."""
    services = bootstrap.build(in_home(Path(work.home)))
    try:
        record = open_account(services, work.endpoint)
        services.start()
        tally, queue = Tally(), TransferQueue(services.pool)
        follower = _Follower(queue)
        queue.listen(follower)
        transfers = Transfers(
            queue, work, tally, lambda target, paths: queue.upload(record, target, paths, Policy.SKIP), record
        )
        listings = [BareListing(services, record, number, tally) for number in range(work.load.listings)]

        def figures() -> dict[str, int]:
            now = transfers.figures()
            now["keys"] += sum(listing.under_way for listing in listings)
            return now

        transfers.start()
        follower.transfers = transfers
        for listing in listings:
            listing.start()
        warm_s = min(WARM_UP_S, work.seconds)
        ends_at = time.monotonic() + 30
        time.sleep(warm_s)
        while not (transfers.all_moving and all(one.under_way or tally.keys for one in listings)):
            if time.monotonic() > ends_at or tally.wrong:
                tally.wrong.append("the work never got going")
                break
            time.sleep(0.05)
        others = Bystanders(os.getppid())
        before, began = figures(), time.monotonic()
        time.sleep(work.seconds)
        after, seconds = figures(), time.monotonic() - began
        others_cores = others.cores()
        transfers.stop()
        queue.cancel_all()
        for listing in listings:
            listing.stopped = True
        rates = {name: (after[name] - before[name]) / seconds for name in after}
        return {"rates": rates, "whole": after, "wrong": tally.wrong, "others_cores": others_cores}
    finally:
        services.close()


if __name__ == "__main__":
    print(json.dumps(measure(Work.from_text(sys.argv[1]))), flush=True)
