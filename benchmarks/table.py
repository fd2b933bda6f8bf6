"""``packaging/bench table``: a million rows in the table, sorted, filtered, selected, copied; four searches at once; a count.

Two kinds of rows. *wall*: what the worker's function takes for the answer, in this process, best of the runs. *max*: how
late a precise 4 ms timer of the window is served, at worst, while a person does that in the real table (offscreen,
1440x900), lists the rows, runs four recursive searches, or has *Usage* count them, its window open; the answers come from the real worker. Each answer is checked
by its number of rows.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from artifact_browser import bootstrap
from artifact_browser.gui.browse.browse_view import BrowseView
from artifact_browser.gui.browse.listing_state import ListingStatus
from artifact_browser.gui.browse.search_listing import SearchListing
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.gui.common.palette import Theme
from artifact_browser.gui.shell.theme import Look
from artifact_browser.gui.usage.usage_count import CountStatus
from artifact_browser.gui.usage.usage_room import UsageRoom
from artifact_browser.gui.usage.usage_window import UsageWindow
from artifact_browser.paths import in_home
from artifact_browser.storage.arrange import PLAIN, Arrangement, Column, arrange
from artifact_browser.storage.bounds import Bounds
from artifact_browser.storage.key_match import Search, Way
from artifact_browser.storage.location import Location
from artifact_browser.workers.cancel import CancelToken
from benchmarks.lateness import LatenessMeter
from benchmarks.loads import ACCOUNT, PREFIX, bucket_of, open_account
from benchmarks.report import Row, add_json_option, publish
from benchmarks.stub import Stub
from benchmarks.stub_server import PAGE_KEYS

NAME_MS, NUMBER_MS, SUBSTRING_MS, MAX_MS = 600.0, 150.0, 150.0, 50.0
_GIVE_UP_S = 120.0
#: name -> (how to arrange, target of the worker's part at a million rows)
ARRANGEMENTS: dict[str, tuple[Arrangement, float | None]] = {
    "sort by name falling": (Arrangement(descending=True), NAME_MS),
    "sort by size": (Arrangement(Column.SIZE), NUMBER_MS),
    "sort by time": (Arrangement(Column.MODIFIED), NUMBER_MS),
    "sort by type": (Arrangement(Column.TYPE), None),
    "sort by class": (Arrangement(Column.CLASS), NUMBER_MS),
    "filter by text in all": (Arrangement(text="a"), SUBSTRING_MS),
    "filter by text in some": (Arrangement(text="77"), SUBSTRING_MS),
    "filter by pattern": (Arrangement(text="*7*9?"), None),
    "filter by expression": (Arrangement(text="7[0-4]+9", expression=True), None),
    "filter by bounds": (Arrangement(bounds=Bounds(size_from=1000)), None),
}


class Fault(Exception):
    """The work was not done."""


class _Context:
    cancel = CancelToken()


class Window:
    """The table page over the stub."""

    def __init__(self, home: Path, endpoint: str, pages: int) -> None:
        self.services = bootstrap.build(in_home(home))
        self.record = open_account(self.services, endpoint)
        self.bridge = Bridge(self.services.pool)
        self.services.start()
        self.view = BrowseView(self.services, self.bridge)
        self.view.resize(1440, 900)
        self.view.show()
        self.meter = LatenessMeter(self.view)
        self.place = Location(ACCOUNT, bucket_of(pages), PREFIX)
        self.rows = pages * PAGE_KEYS
        QTest.qWait(1000)

    def measured(self, do: Callable[[], object], done: Callable[[], object], what: str) -> float:
        """The worst lateness in milliseconds, from the doing until it is done and painted."""
        self.meter.start()
        do()
        ends_at = time.monotonic() + _GIVE_UP_S
        while not done():
            if time.monotonic() > ends_at:
                raise Fault(f"{what} did not end")
            QTest.qWait(2)
        QTest.qWait(100)
        return self.meter.stop()["max"]

    def close(self) -> None:
        self.view.listing.close()
        self.bridge.close()
        self.services.close()


def main(argv: list[str]) -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(prog="packaging/bench table", description=__doc__.split("\n")[0])
    parser.add_argument("--pages", type=int, default=1000, help="so many thousand rows (1000)")
    parser.add_argument("--runs", type=int, default=3, help="the best of so many counts (3)")
    add_json_option(parser)
    arguments = parser.parse_args(argv)
    app = QApplication([])
    look = Look(app, Theme.LIGHT)
    found: list[Row] = []
    missing: list[str] = []
    with tempfile.TemporaryDirectory(prefix="abb-") as folder, Stub() as stub:
        window = Window(Path(folder) / "home", stub.endpoint, arguments.pages)
        try:
            found += window_rows(window)
            found += worker_rows(window, arguments.runs)
            found += search_rows(window)
            found += usage_rows(window)
        except Fault as fault:
            print(f"WRONG: {fault}")
            missing.append(str(fault))
        finally:
            window.close()
    del look
    return publish(found, arguments.json, missing=missing)


def worker_rows(window: Window, runs: int) -> list[Row]:
    """What the worker's function takes."""
    listing = window.view.listing
    grown, folder = listing.state.grown, str(listing._folder)
    found = []
    for name, (wanted, target) in ARRANGEMENTS.items():
        best = min(_timed(folder, grown.folders, grown.blobs, wanted, grown.classes) for _ in range(runs))
        found.append(Row(f"{name} wall", best, "ms", target=target))
    return found


def _timed(folder: str, folders: int, blobs: int, wanted: Arrangement, classes: tuple[str, ...]) -> float:
    begun = time.perf_counter()
    job: Any = arrange(_Context(), folder, len(PREFIX), folders, blobs, wanted, classes)  # type: ignore[arg-type]
    try:
        next(job)
    except StopIteration:
        return (time.perf_counter() - begun) * 1000
    raise Fault("arranging yields")


def window_rows(window: Window) -> list[Row]:
    """How late the window is while a person works in it."""
    view, listing, rows = window.view, window.view.listing, window.rows
    table = view.table
    found = {}

    def step(name: str, do: Callable[[], object], done: Callable[[], object]) -> None:
        found[name] = window.measured(do, done, name)

    step(
        "list",
        lambda: view.show_location(window.place),
        lambda: listing.state.status is ListingStatus.COMPLETE and listing.state.shown == rows,
    )
    for name, (wanted, _) in ARRANGEMENTS.items():
        told: list[int] = []
        listing.rearranged.connect(lambda told=told: told.append(1))
        step(name, lambda wanted=wanted: listing.arrange(wanted), lambda told=told: told)
    counted = table.selection
    step("select all", table.selectAll, lambda: counted.count == listing.model.rowCount() and view.selected_bytes)
    step("scroll", lambda: _scroll(view), lambda: True)
    step("all shown again", lambda: listing.arrange(PLAIN), lambda: listing.state.shown == rows)
    step("invert", table.invert_selection, lambda: view.selected_bytes is not None)
    every = table.selectAll
    step("select all rows", every, lambda: counted.count == rows and view.selected_bytes)
    step("sort with all selected", lambda: listing.arrange(Arrangement(Column.SIZE)), lambda: listing.model.is_arranged)
    if counted.count != rows:
        raise Fault(f"{counted.count} rows are selected after sorting, not {rows}")
    lines: list[bytes] = []
    step("copy addresses", lambda: listing.selected_addresses("s3://b/", lines.append), lambda: lines)
    if lines[0].count(b"\n") != rows - 1:
        raise Fault("not every address was copied")
    lines.clear()
    step(
        "refresh with all but one selected",
        lambda: (_take_one(view), listing.refresh()),
        lambda: listing.state.status is ListingStatus.COMPLETE and counted.count == rows - 1,
    )
    listing.arrange(PLAIN)
    return [Row(f"{name} max", late, "ms", target=MAX_MS) for name, late in found.items()]


def _take_one(view: BrowseView) -> None:
    bits = bytearray(view.table.selection.bits)
    bits[7] = 0
    view.table.selection.set_bits(bytes(bits))


def _scroll(view: BrowseView) -> None:
    bar = view.table.verticalScrollBar()
    for part in range(100):
        bar.setValue(bar.maximum() * part // 99)
        QTest.qWait(5)


def usage_rows(window: Window) -> list[Row]:
    """The window of *Usage* while it counts every key, and the map grows."""
    room = UsageRoom(window.services, window.bridge, window.view)
    opened: list[UsageWindow] = []

    def counted() -> bool:
        return opened[0].count.state.status is CountStatus.COMPLETE

    begun = time.perf_counter()
    late = window.measured(
        lambda: opened.append(room.open(window.record, replace(window.place, key=""))), counted, "the count of a bucket"
    )
    took = time.perf_counter() - begun
    found = opened[0].count.state.counted.blobs
    if found != window.rows:
        raise Fault(f"{found} keys were counted, not {window.rows}")
    room.close()
    return [
        Row("count in Usage max", late, "ms", target=MAX_MS),
        Row("count in Usage work", window.rows / took, "keys/s", higher_is_better=True),
    ]


def search_rows(window: Window) -> list[Row]:
    """Four at once, one of them with an expression that would keep Python's own engine busy for ever."""
    wanted = [Search("**/*7"), Search("99", Way.TEXT), Search("([0-9]+)+x$", Way.EXPRESSION), Search("**", Way.PATTERN)]
    searches = [SearchListing(window.services, window.bridge, window.view) for _ in wanted]
    place = replace(window.place, key="")

    def begin() -> None:
        for search, one in zip(searches, wanted, strict=True):
            search.search(window.record, place, one)

    begun = time.perf_counter()
    late = window.measured(
        begin, lambda: all(one.state.status is ListingStatus.COMPLETE for one in searches), "four searches"
    )
    took = time.perf_counter() - begun
    if [one.grown.seen for one in searches] != [window.rows] * 4:
        raise Fault("a search has not seen every key")
    for one in searches:
        one.close()
    keys = 4 * window.rows / took
    return [
        Row("four searches max", late, "ms", target=MAX_MS),
        Row("four searches work", keys, "keys/s", higher_is_better=True),
    ]
