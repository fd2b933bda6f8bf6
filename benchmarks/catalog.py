"""``packaging/bench catalog``: a collection of 10,000 artifacts: its first cards, its index, requests of commits and queries.

Everything runs as in the app: jobs in a pool's worker, the gallery in the real window (offscreen). Requests are counted by the
server they arrive at (moto). What depends on the way to the store is measured over a server in memory that answers after
``--latency-ms`` and after none, and on *This computer*. Every answer is checked by what stands in the bucket behind it.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import catalog_commits, catalog_gallery, catalog_index, catalog_requests
from benchmarks.catalog_run import Fault, Setting
from benchmarks.report import Row, add_json_option, publish

CHILDREN, COMMITS, LATENCY_MS = 10_000, 5, 15.0
#: what is measured -> how, and which rows it gives
PARTS = {
    "requests": (catalog_requests.rows, catalog_requests.NAMES),
    "index": (catalog_index.rows, catalog_index.NAMES),
    "commits": (catalog_commits.rows, catalog_commits.NAMES),
    "gallery": (catalog_gallery.rows, catalog_gallery.NAMES),
    "gallery-elsewhere": (catalog_gallery.rows_elsewhere, catalog_gallery.NAMES_ELSEWHERE),
}


def main(argv: list[str]) -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(prog="packaging/bench catalog", description=__doc__.split("\n")[0])
    parser.add_argument("--children", type=int, default=CHILDREN, help="artifacts in the collection (10000)")
    parser.add_argument("--commits", type=int, default=COMMITS, help="commits of each of the 8 processes (5)")
    parser.add_argument("--latency-ms", type=float, default=LATENCY_MS, help="of the server that is elsewhere (15)")
    parser.add_argument("--processes", type=int, default=8, help="that commit at once (8)")
    parser.add_argument("--files", type=int, default=3000, help="of the artifact with many files (3000)")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS), help="only these")
    add_json_option(parser)
    arguments = parser.parse_args(argv)
    found: list[Row] = []
    missing: list[str] = []
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="abb-", dir=place) as folder:
        setting = Setting(
            Path(folder),
            arguments.children,
            arguments.commits,
            arguments.latency_ms,
            arguments.processes,
            arguments.files,
        )
        for part in arguments.parts:
            measure, names = PARTS[part]
            try:
                for row in measure(setting):
                    found.append(row)
                    print(f"{row.name}: {row.ours:.2f} {row.unit}, {row.verdict}", flush=True)  # it may be stopped
            except Fault as fault:
                print(f"WRONG: {fault}")
                missing += names
    return publish(found, arguments.json, missing=missing)
