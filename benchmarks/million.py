"""``packaging/bench million``: what a transfer of a million files holds in memory, from the walk to the last of them, with
everything killed in between and started again.

An upload of empty files (in memory, where there is room) to the ``transfers`` benchmark's own server. It is asked whether
it may begin and nobody answers, so that all of it is planned and in the journal before a byte moves; then window's side,
engine and movers are killed. The next start reads the journal, goes on, and moves everything (``--part``: some seconds of it).
Memory is ``Private_Dirty``, the peak of ten looks a second; the window's side is without a window. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from artifact_browser.transfers.stream import MANY
from benchmarks.processes import SAMPLE_S, private_bytes, tree
from benchmarks.report import Row, add_json_option, publish
from benchmarks.shapes import MIB
from benchmarks.sink import Sink, SinkMissing
from benchmarks.stub import ROOT
from benchmarks.ui import in_memory

_IN_A_FOLDER = 1000
_TARGET_MIB = 300.0


def main(argv: list[str]) -> int:
    """Run the benchmark; the exit code: 1 when a row is missing."""
    parser = argparse.ArgumentParser(prog="packaging/bench million", description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=1_000_000, help="how many (1,000,000; more than 1,000)")
    parser.add_argument("--part", type=float, metavar="SECONDS", help="after the restart move so long, not to the end")
    parser.add_argument(
        "--folder", type=Path, default=in_memory(), help="where files and journal lie (in memory, if there is room)"
    )
    add_json_option(parser)
    arguments = parser.parse_args(argv)
    if arguments.files <= MANY:
        parser.error(f"up to {MANY:,} files begin at once: there is nothing to be killed between")
    with tempfile.TemporaryDirectory(prefix="abb-", dir=arguments.folder) as name:
        folder = Path(name)
        write_files(folder / "files", arguments.files)
        try:
            with Sink(folder, {0}) as sink:
                rows, missing = Million(folder, sink, arguments.files, arguments.part).run()
        except SinkMissing as reason:
            print(reason, file=sys.stderr)
            return 1
    return publish(rows, arguments.json, missing=missing)


def write_files(folder: Path, count: int) -> None:
    """So many empty files, a thousand in a folder."""
    for number in range(count):
        if number % _IN_A_FOLDER == 0:
            below = folder / f"{number // _IN_A_FOLDER:04}"
            below.mkdir(parents=True)
        os.close(os.open(below / f"{number:07}.bin", os.O_CREAT | os.O_WRONLY))


class Peaks:
    """The highest memory of each kind of process of a running app, in MiB by kind."""

    def __init__(self, window: int) -> None:
        self._window = window
        self.engine = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.mib: dict[str, float] = {}

    def start_over(self) -> dict[str, float]:
        """What was found so far, by kind; from now on it is looked for anew. However short it was, there was one look."""
        found, self.mib = self.mib, {}
        self._look(found)
        return found

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE_S):
            self._look(self.mib)

    def _look(self, mib: dict[str, float]) -> None:
        movers = [pid for pid in tree(self.engine) if pid != self.engine] if self.engine else []
        now = {"window": private_bytes(self._window)}
        if self.engine:
            now |= {"engine": private_bytes(self.engine), "movers": sum(map(private_bytes, movers))}
            now["engine and movers"] = now["engine"] + now["movers"]
        for kind, found in now.items():
            mib[kind] = max(mib.get(kind, 0.0), found / MIB)

    def __enter__(self) -> Peaks:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


class Million:
    """The two starts of the app."""

    def __init__(self, folder: Path, sink: Sink, files: int, part_s: float | None) -> None:
        self._folder, self._sink, self._files, self._part_s = folder, sink, files, part_s
        self._rows: list[Row] = []
        self._missing: list[str] = []

    def run(self) -> tuple[list[Row], list[str]]:
        """Rows, and what is missing."""
        for step in (self._plan, self._go_on):
            if not self._missing:
                step()
        return self._rows, self._missing

    def _plan(self) -> None:
        with self._app("plan") as (events, peaks, pids):
            began = time.monotonic()
            told = self._next(events, peaks, "planned")
            if told is None:
                return
            self._note("plan", peaks.start_over(), time.monotonic() - began)
            for pid in pids():
                os.kill(pid, signal.SIGKILL)
        journal = sum(path.stat().st_size for path in (self._folder / "home").rglob("*journal*") if path.is_file())
        print(f"{told['items']:,} items planned; the journal has {journal / MIB:,.0f} MiB", flush=True)
        if told["items"] != self._files:
            self._missing.append(f"all planned: {told}")

    def _go_on(self) -> None:
        with self._app("go on") as (events, peaks, _):
            began = time.monotonic()
            if (told := self._next(events, peaks, "moves")) is None:
                return
            self._note("first item", peaks.start_over(), time.monotonic() - began)
            if (told := self._next(events, peaks, "ended")) is None:
                return
            self._note("going on", peaks.start_over(), time.monotonic() - began)
        print(f"{told['state']}: {told['done']:,} done, {told['failed']:,} failed", flush=True)
        right = self._sink.counts("bench/")["right"]
        whole = self._part_s is None and not (told["state"] == "done" and right == told["done"] == self._files)
        if whole or told["failed"]:
            self._missing.append(f"all moved: {told}, {right} came")

    def _note(self, phase: str, mib: dict[str, float], wall_s: float) -> None:
        self._rows.append(Row(f"{phase} wall", wall_s, "s"))
        for kind, found in mib.items():
            target = _TARGET_MIB if kind in {"engine and movers", "window"} else None
            self._rows.append(Row(f"{phase} {kind} memory", found, "MiB", target=target))
        print(
            f"{phase}: {wall_s:.1f} s, {', '.join(f'{kind} {found:.0f} MiB' for kind, found in mib.items())}",
            flush=True,
        )

    def _next(self, events: Iterator[str], peaks: Peaks, wanted: str) -> dict[str, Any] | None:
        """What the app says when it is so far."""
        for line in events:
            told: dict[str, Any] = json.loads(line)
            peaks.engine = told.get("engine", peaks.engine)
            if told.get("what") == wanted:
                return told
        self._missing.append(f"{wanted}: the app ended before")
        return None

    @contextmanager
    def _app(self, what: str) -> Iterator[tuple[Iterator[str], Peaks, Any]]:
        spec = {
            "what": what, "home": str(self._folder / "home"), "folder": str(self._folder / "files"),
            "endpoint": self._sink.endpoint, "part_s": self._part_s,
        }  # fmt: skip
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "benchmarks.million_ours", json.dumps(spec)],
            cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            with Peaks(process.pid) as peaks:
                yield iter(process.stdout.readline, ""), peaks, lambda: tree(process.pid)
        finally:
            process.kill()
            process.communicate()
