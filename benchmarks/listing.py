"""``packaging/bench listing``: one prefix of very many keys, listed by ours, rclone, s5cmd, boto3 and obstore in turn.

Whole processes, each from its start to the moment it has every key with its size: time to the first page, wall, CPU, the
highest memory (PSS, so that a page that is mapped twice counts once). Ours is the window's way (pool, worker, driver,
mapped tables, events) in a process without a window, and once more in the real window, offscreen: there the moment the
first rows are painted counts from the first byte the server sent. After every run keys, sizes and their order are
compared with the server's. The server is the benchmark's own (``pages.c``); ``--endpoint`` names another (keys from the
environment), where the keys are written first and removed at the end.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.listing_peers import LISTERS, Lister, Order
from benchmarks.listing_run import Fault, run_lister, run_window
from benchmarks.listing_store import RealKeys
from benchmarks.listing_verdicts import OURS, WINDOW, Results, rows_of, table_of
from benchmarks.machine import Bystanders
from benchmarks.pages import Pages, bucket_of
from benchmarks.report import Row, add_json_option, publish
from benchmarks.sink import SinkMissing
from benchmarks.store import Access
from benchmarks.ui import in_memory

BUSY_CORES = 0.1
SIZES = (10_000, 100_000, 1_000_000)


def main(argv: list[str]) -> int:
    """Run the benchmark; the exit code: 1 when somebody's rows were not the server's."""
    parser = argparse.ArgumentParser(prog="packaging/bench listing", description=__doc__.split("\n")[0])
    names = [OURS, WINDOW, *(lister.name for lister in LISTERS if lister.is_peer)]
    parser.add_argument("--endpoint", metavar="URL", help="a server instead of the benchmark's own")
    parser.add_argument("--bucket", default="", help="with --endpoint: it holds the keys already, and keeps them")
    parser.add_argument("--keys", type=int, nargs="+", help=f"how many ({SIZES}; on a real server 100,000)")
    parser.add_argument("--runs", type=int, default=3, help="the median of so many counts (3)")
    parser.add_argument("--only", nargs="+", default=names, choices=names, help="only these take part")
    add_json_option(parser)
    arguments = parser.parse_args(argv)
    sizes = arguments.keys or ((100_000,) if arguments.endpoint else SIZES)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="abb-", dir=in_memory())))
        try:
            bench = Bench(folder, stack, arguments.endpoint, arguments.bucket, arguments.only)
        except SinkMissing as reason:
            print(reason, file=sys.stderr)
            return 1
        for count in sizes:
            for number in range(1, arguments.runs + 1):
                bench.run(count, number)
        rows, missing = bench.report(sizes)
    return publish(rows, arguments.json, missing=missing)


class Bench:
    """Runs everybody in turn and keeps what they gave: ``results``, by the number of keys and by name."""

    def __init__(self, folder: Path, stack: ExitStack, endpoint: str | None, bucket: str, only: Sequence[str]) -> None:
        self._folder, self._real = folder, None if endpoint is None else RealKeys(endpoint, bucket)
        if self._real is not None:
            stack.callback(self._real.close)
        self._endpoint = endpoint or stack.enter_context(Pages(folder)).endpoint
        self._listers = [lister for lister in LISTERS if lister.name in only]
        self._window = WINDOW in only
        self.results: dict[int, dict[str, Results]] = {}
        self._others: dict[int, float] = {}

    def run(self, count: int, number: int) -> None:
        """One run of a size: everybody, beginning with another each time."""
        kept = self.results.setdefault(count, {})
        access = self._access(count)
        turn = (number - 1) % len(self._listers) if self._listers else 0
        for lister in self._listers[turn:] + self._listers[:turn]:
            if number == 1 or not lister.most or count <= lister.most:
                self._one(kept.setdefault(lister.name, Results()), lister, access, count, number)
        if self._window:
            self._one(kept.setdefault(WINDOW, Results()), None, access, count, number)

    def _one(self, kept: Results, lister: Lister | None, access: Access, count: int, number: int) -> None:
        home = Path(tempfile.mkdtemp(dir=self._folder))
        order = Order(access, home, real=self._real is not None)
        others = Bystanders(os.getpid())
        try:
            figures = run_lister(lister, order, count) if lister is not None else run_window(order, count)
        except Fault as fault:
            kept.faults.append(str(fault))
            words = f"WRONG: {fault}"
        else:
            kept.runs.append(figures)
            words = figures.words
        self._others[count] = max(self._others.get(count, 0.0), others.cores() or 0.0)
        print(f"run {number}  {count:>9,} keys  {lister.name if lister else WINDOW:<14} {words}", flush=True)

    def report(self, sizes: Sequence[int]) -> tuple[list[Row], list[str]]:
        """Print everybody's figures; the rows with verdicts, and what is missing."""
        rows: list[Row] = []
        missing: list[str] = []
        for count in sizes:
            results = self.results[count]
            print("", *table_of(count, results), sep="\n")
            found, absent = rows_of(count, results, real=self._real is not None)
            rows += found
            missing += absent
        busy = [f"{count:,} keys ({cores:.1f} cores)" for count, cores in self._others.items() if cores > BUSY_CORES]
        print(f"\nNOT QUIET: other programs ran during {', '.join(busy)}" if busy else "")
        return rows, missing

    def _access(self, count: int) -> Access:
        if self._real is not None:
            return self._real.access(count)
        return Access(self._endpoint, bucket_of(count))
