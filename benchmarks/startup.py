"""``packaging/bench startup``: from starting the process to a painted, and to a usable window.

Whole processes, by turns with an empty PySide6 window, median; offscreen; files warm (one start of each goes before),
no splash, a home that was used before, two accounts. *Usable*: the accounts are in the tree and the first listing of
*This computer* is painted in the table. In the same runs: keyring, boto3 and humanize were not imported before the
first paint, boto3 and botocore not at all.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from artifact_browser import bootstrap
from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.paths import Paths, in_home
from benchmarks.report import Row, add_json_option, publish
from benchmarks.stub import ROOT

START_RATIO, START_MS, USABLE_MS = 2.5, 400.0, 900.0
ACCOUNTS, BUCKETS = 2, 5
_TIMEOUT_S = 60.0


def main(argv: list[str]) -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(prog="packaging/bench startup", description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=7, help="the median of so many counts (7)")
    add_json_option(parser)
    arguments = parser.parse_args(argv)
    found: dict[str, list[float]] = {"empty": [], "start": [], "usable": []}
    faults: list[str] = []
    with tempfile.TemporaryDirectory(prefix="abb-") as folder:
        home = used_home(Path(folder) / "home")
        for number in range(arguments.runs + 1):
            for which in ("empty", "ours"):
                report = start(which, home)
                faults += faults_of(which, report)
                if number and not faults:  # the first pair warms the files up
                    keep(which, report, found)
    for fault in dict.fromkeys(faults):
        print(f"WRONG: {fault}")
    names = ["window start vs empty window", "window usable"]
    return publish([] if faults else rows(names, found), arguments.json, missing=names if faults else [])


def rows(names: list[str], found: dict[str, list[float]]) -> list[Row]:
    empty, begun, usable = (statistics.median(found[name]) for name in ("empty", "start", "usable"))
    return [
        Row(names[0], begun, "ms", empty, target=max(START_MS, START_RATIO * empty)),
        Row(names[1], usable, "ms", target=USABLE_MS),
    ]


def used_home(home: Path) -> str:
    """A home with some buckets and one more account, whose first run is over."""
    paths = in_home(home)
    services = bootstrap.build(paths)
    services.settings.set("first_run_done", True)
    services.book.add(
        AccountRecord("bench", AccountKind.PUBLIC, "Bench", endpoint="http://127.0.0.1:9", buckets=("a",))
    )
    services.close()
    make_buckets(paths)
    return str(home)


def make_buckets(paths: Paths) -> None:
    for number in range(BUCKETS):
        (paths.store / f"bucket-{number}").mkdir(parents=True)


def start(which: str, home: str) -> dict[str, Any]:
    """Start once; what it says, with times in milliseconds since the start."""
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env["PYTHONPYCACHEPREFIX"] = str(Path(home).with_name("compiled"))  # warm, and nothing is left behind
    began = time.monotonic_ns()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.startup_window", which, home],
            cwd=ROOT, env=env, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"fault": f"{which}: it did not end"}
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        return {"fault": f"{which}: it ended with {done.returncode}: {done.stderr[-2000:]}"}
    report: dict[str, Any] = json.loads(lines[-1])
    return report | {name: (report[name] - began) / 1e6 for name in ("start", "usable") if name in report}


def faults_of(which: str, report: dict[str, Any]) -> list[str]:
    """What was not as it must be."""
    if "fault" in report:
        return [report["fault"]]
    if which == "empty":
        return [] if report.get("painted") else ["the empty window was not painted"]
    checks = {
        "the window was not painted when its start was over": bool(report.get("painted")),
        f"the table has {report.get('rows')} rows": report.get("rows") == BUCKETS,
        f"the tree has {report.get('accounts')} accounts": report.get("accounts") == ACCOUNTS,
        f"imported before the first paint: {report.get('before_paint')}": report.get("before_paint") == [],
        f"imported in the window's process: {report.get('ever')}": report.get("ever") == [],
    }
    return [words for words, fine in checks.items() if not fine]


def keep(which: str, report: dict[str, Any], found: dict[str, list[float]]) -> None:
    if which == "empty":
        found["empty"].append(report["start"])
        print(f"empty window {report['start']:6.0f} ms", flush=True)
    else:
        found["start"].append(report["start"])
        found["usable"].append(report["usable"])
        print(f"ours         {report['start']:6.0f} ms  usable {report['usable']:6.0f} ms", flush=True)
