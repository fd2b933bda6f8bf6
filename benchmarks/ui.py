"""``packaging/bench ui``: what a person feels at the window while the workers are busy, and what that costs the work.

The real window, offscreen, 1440x900, a table of 10,000 rows (under load one of the listings is the table's own,
refreshed without end) and the Transfers strip with progress in it, on an account against a stub server. Rows: how late
a precise 4 ms timer is served, and the work done against the same work through the same pool without a window. *million rows*: a million rows
stream into the table of a page server while a person scrolls, sorts and filters by real input events; then the frames
painted while scrolling count too. Every measurement is a process tree of its own. Best of the runs: lateness from the run whose figures are nearest to the
targets, work from the best run of either side.

Downloads are written to memory where there is room: how fast a disk happens to be at the moment is not asked
(``--folder`` asks it). The stub steps back as our own movers do: it stands for machines that are elsewhere, and must not
take the CPU from the window more than they.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from artifact_browser.paths import in_home
from artifact_browser.settings import Settings
from benchmarks.loads import LOADS, Load, Work, downloads_fault, write_sources
from benchmarks.pages import Pages
from benchmarks.report import Row, add_json_option, publish
from benchmarks.sink import SinkMissing
from benchmarks.stub import Stub
from benchmarks.stub_server import CHECK_EVERY
from benchmarks.watched import child_report

P99_MS, MAX_MS, WORK_RATIO, FRAMES = 8.0, 50.0, 0.7, 50.0
#: what is done at the window itself -> the module that does it; there is no such work without a window.
#: Four searches below a prefix belong here as soon as the window can search.
VIEWS = {"million rows": "benchmarks.ui_rows"}
BUSY_CORES = 0.1
#: kind of work -> the name of its row in the mixed load, the unit, how many make one
_KINDS = {
    "keys": ("listings", "keys/s", 1),
    "up": ("uploads", "MB/s", 1_000_000),
    "down": ("downloads", "MB/s", 1_000_000),
}
_STARTS_S = 25.0
#: 16 sets of downloads, each beside the one it replaces.
_ROOM_BYTES = 6 << 30


def main(argv: list[str]) -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(prog="packaging/bench ui", description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each load is measured (20)")
    parser.add_argument("--runs", type=int, default=3, help="the best of so many counts (3)")
    parser.add_argument("--loads", nargs="+", default=[*LOADS, *VIEWS], choices=[*LOADS, *VIEWS], help="only these")
    parser.add_argument(
        "--folder",
        type=Path,
        default=in_memory(),
        help="where files are written meanwhile (in memory, if there is room)",
    )
    add_json_option(parser)
    arguments = parser.parse_args(argv)
    with (
        tempfile.TemporaryDirectory(prefix="abb-", dir=arguments.folder) as folder,
        Stub() as stub,
        ExitStack() as stack,
    ):
        bench = Bench(Path(folder), stub, arguments.seconds)
        if set(arguments.loads) & VIEWS.keys():
            try:
                bench.pages = stack.enter_context(Pages(Path(folder), nice=5))
            except SinkMissing as reason:
                print(reason, file=sys.stderr)
        for number in range(1, arguments.runs + 1):
            for name in arguments.loads:
                bench.run(name, number)
        rows, missing = bench.rows(arguments.loads)
        bench.tell_bystanders()
    return publish(rows, arguments.json, missing=missing)


class Bench:
    """Runs the loads and keeps what they gave."""

    def __init__(self, folder: Path, stub: Stub, seconds: float) -> None:
        self._folder, self._stub, self._seconds = folder, stub, seconds
        self.pages: Pages | None = None
        self._window: dict[str, list[dict[str, Any]]] = {}
        self._bare: dict[str, list[dict[str, Any]]] = {}

    def run(self, name: str, number: int) -> None:
        """One run of a load, with and without the window."""
        if name in VIEWS:
            self._view(name, number)
            return
        self._one(name, number, "benchmarks.ui_window", self._window)
        if kinds_of(name):
            self._one(name, number, "benchmarks.ui_bare", self._bare)

    def _one(self, name: str, number: int, module: str, kept: dict[str, list[dict[str, Any]]]) -> None:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        work = Work(LOADS[name], self._seconds, self._stub.endpoint, str(folder / "home"), str(folder))
        Settings(in_home(folder / "home").make().settings_file).set("first_run_done", True)
        write_sources(work)
        before = self._stub.counts()
        report = child(module, work)
        after = self._stub.counts()
        served = {key: after[key] - before.get(key, 0) for key in after}
        fault = report.get("fault") or fault_of(work, report, served)
        shutil.rmtree(folder, ignore_errors=True)
        kind = module.rpartition("_")[2]
        print(
            f"run {number}  {name:<12} {kind:<6} {words_of(report)}{f'  WRONG: {fault}' if fault else ''}", flush=True
        )
        if not fault:
            kept.setdefault(name, []).append(report)

    def _view(self, name: str, number: int) -> None:
        if self.pages is None:
            return
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        work = Work(Load(0, 0, 0), self._seconds, self.pages.endpoint, str(folder / "home"), str(folder))
        Settings(in_home(folder / "home").make().settings_file).set("first_run_done", True)
        report = child(VIEWS[name], work, more_s=60.0)
        fault = report.get("fault") or "; ".join(report["wrong"][:3])
        shutil.rmtree(folder, ignore_errors=True)
        if not fault:
            self._window.setdefault(name, []).append(report)
            late = report["late_ms"]
            words = (
                f"p50 {late['p50']:5.2f}  p99 {late['p99']:6.2f}  max {late['max']:6.2f} ms  {report['frames']:.0f} frames/s  "
                f"{report['rounds']} rounds, {report['listings']} listings  window {100 * report['window_cpu']:.0f} % of a core"
            )
        print(f"run {number}  {name:<12} window {f'WRONG: {fault}' if fault else words}", flush=True)

    def rows(self, names: list[str]) -> tuple[list[Row], list[str]]:
        """The rows, and the names of those that are missing."""
        rows: list[Row] = []
        missing: list[str] = []
        for name in names:
            lateness = [f"{name} {measure}" for measure in ("p50", "p99", "max")]
            if name in self._window:
                rows += self._lateness(name, best_of(self._window[name]))
            else:
                missing += lateness
            if name in VIEWS and name in self._window:
                frames = best_of(self._window[name])["frames"]
                rows.append(Row(f"{name} frames", frames, "1/s", target=FRAMES, higher_is_better=True))
            for kind in kinds_of(name):
                row = self._work(name, kind)
                if row is not None:
                    rows.append(row)
                else:
                    missing.append(work_row_name(name, kind))
        return rows, missing

    def tell_bystanders(self) -> None:
        """Say so when other programs kept the machine busy: then the figures are theirs too."""
        found = {name: best_of(runs)["others_cores"] or 0.0 for name, runs in self._window.items()}
        busy = [f"{name} ({cores:.1f} cores)" for name, cores in found.items() if cores > BUSY_CORES]
        if busy:
            print(f"NOT QUIET: other programs ran during the best run of {', '.join(busy)}")

    @staticmethod
    def _lateness(name: str, best: dict[str, Any]) -> list[Row]:
        late = best["late_ms"]
        return [
            Row(f"{name} p50", late["p50"], "ms"),
            Row(f"{name} p99", late["p99"], "ms", target=P99_MS),
            Row(f"{name} max", late["max"], "ms", target=MAX_MS),
            Row(f"{name} cpu", 100 * best["window_cpu"], "% core"),
        ]

    def _work(self, name: str, kind: str) -> Row | None:
        if name not in self._window or name not in self._bare:
            return None
        _, unit, one = _KINDS[kind]
        ours, reference = (max(run["rates"][kind] for run in runs[name]) / one for runs in (self._window, self._bare))
        if not reference:
            return None
        return Row(
            work_row_name(name, kind), ours, unit, reference,
            target=WORK_RATIO, target_is_ratio=True, higher_is_better=True,
        )  # fmt: skip


def in_memory() -> Path | None:
    """A folder in memory with room for what is downloaded; None: the system's temporary folder has to do."""
    folder = Path("/dev/shm")
    try:
        return folder if shutil.disk_usage(folder).free >= _ROOM_BYTES else None
    except OSError:
        return None


def child(module: str, work: Work, more_s: float = 0.0) -> dict[str, Any]:
    """Run a measuring process and read what it says at its end."""
    nobodys_keychain = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    return child_report(module, work.to_text(), timeout_s=work.seconds + _STARTS_S + more_s, more_env=nobodys_keychain)


def fault_of(work: Work, report: dict[str, Any], served: dict[str, int]) -> str:
    """What is wrong with a measurement: its own checks, the server's books, the files; empty when nothing is."""
    if report["wrong"]:
        return "; ".join(report["wrong"][:3])
    done = report["whole"]
    for kind, counted in (
        ("keys", 1000 * served.get("pages", 0)),
        ("up", served.get("received", 0)),
        ("down", served.get("sent", 0)),
    ):
        if done[kind] > counted:
            return f"{done[kind]} {kind} were told, the server knows of {counted}"
    load = work.load
    if load.uploads and served.get("puts", 0) > 2 * CHECK_EVERY and not served.get("checked"):
        return "the server did not check the uploads"
    for wanted, kind in ((load.listings, "keys"), (load.uploads, "up"), (load.downloads, "down")):
        if wanted and report["rates"][kind] <= 0:
            return f"no {kind}"
    return downloads_fault(work)


def best_of(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The run nearest to the targets; all its figures are of that run."""
    return min(runs, key=lambda run: max(run["late_ms"]["p99"] / P99_MS, run["late_ms"]["max"] / MAX_MS))


def kinds_of(name: str) -> list[str]:
    load = LOADS.get(name)
    if load is None:
        return []
    counts = (load.listings, load.uploads, load.downloads)
    return [kind for kind, count in zip(_KINDS, counts, strict=True) if count]


def work_row_name(name: str, kind: str) -> str:
    several = len(kinds_of(name)) > 1
    return f"{name} {_KINDS[kind][0]} work vs no window" if several else f"{name} work vs no window"


def words_of(report: dict[str, Any]) -> str:
    """One measurement in one line."""
    if "rates" not in report:
        return ""
    late = report.get("late_ms")
    words = f"p50 {late['p50']:5.2f}  p99 {late['p99']:6.2f}  max {late['max']:6.2f} ms" if late else ""
    for kind, (_, unit, one) in _KINDS.items():
        if report["rates"][kind]:
            words += f"  {report['rates'][kind] / one:,.0f} {unit}"
    if "window_cpu" in report:
        words += f"  window {100 * report['window_cpu']:.0f} % of a core"
    others = report.get("others_cores")
    return words + (f"  (others: {others:.1f} cores)" if others is not None else "")
