"""``packaging/bench transfers``: files up and down, with journal and verification on, against the fastest peers.

In turn in every run, on the same server: ours in a running pool as the app has it (from the order to the last verified
item: the targets are on this), ours as a whole process, rclone, s5cmd, boto3's transfer manager as it comes and tuned, and
obstore beside them. Rows: wall, the client's CPU, private memory of engine and movers. After every run the bytes are
looked at: who moved other ones has failed, not won.

The server is the benchmark's own (``sink.c``): it stores nothing, so that the client is what is measured. It also serves
and answers falsely once, and the item in question has to fail. ``--endpoint`` names another (keys from the environment, TLS
where the URL says so). Files lie in memory where there is room (``--folder`` asks a disk).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.peers import PEERS, Move, Peer, environment_of
from benchmarks.processes import PeakMemory
from benchmarks.report import Row, add_json_option, publish
from benchmarks.shapes import MIB, SHAPES, TINY, Shape, files_fault, write_files
from benchmarks.sink import FLIPPED, FLIPPED_NAME, LARGE_BYTES, Sink, SinkMissing
from benchmarks.store import RealStore, SinkStore, Store
from benchmarks.stub import ROOT
from benchmarks.ui import in_memory
from benchmarks.verdicts import OURS, WHOLE, Figures, Results, references, restless, rows_of, table_of, targets

BUSY_CORES = 0.1
_TIMEOUT_S = 600.0
#: of these, one is served falsely, and one answered so
_FLIPPED_COUNT = 3
Key = tuple[str, str]


def main(argv: list[str]) -> int:
    """Run the benchmark; the exit code: 1 when a row is missing or a wrong byte was not noticed."""
    parser = argparse.ArgumentParser(prog="packaging/bench transfers", description=__doc__.split("\n")[0])
    names = [f"{verb}-{shape.name}" for shape in SHAPES for verb in ("up", "down")]
    parser.add_argument("--endpoint", metavar="URL", help="a server instead of the benchmark's own")
    parser.add_argument("--runs", type=int, default=5, help="the median of so many counts (5)")
    parser.add_argument("--rows", nargs="+", default=names, choices=names, metavar="ROW", help=f"only these: {names}")
    parser.add_argument("--peers", nargs="+", default=[peer.name for peer in PEERS], help="only these")
    parser.add_argument("--tiny", action="store_true", help="a few small files: that it works, not how fast")
    parser.add_argument(
        "--folder", type=Path, default=in_memory(), help="where files lie (in memory, if there is room)"
    )
    add_json_option(parser)
    arguments = parser.parse_args(argv)
    shapes = {shape.name: shape for shape in (TINY if arguments.tiny else SHAPES)}
    keys = [(verb, shape) for verb, _, shape in (name.partition("-") for name in arguments.rows)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="abb-", dir=arguments.folder)))
        try:
            store, faults = _open_store(stack, folder, arguments.endpoint, shapes)
        except SinkMissing as reason:
            print(reason, file=sys.stderr)
            return 1
        bench = Bench(folder, store, shapes, [peer for peer in PEERS if peer.name in arguments.peers])
        for number in range(1, arguments.runs + 1):
            for key in keys:
                bench.run(key, number)
        for key in keys:
            bench.settle(key, arguments.runs)
        rows, missing = bench.report(keys, real=bool(arguments.endpoint))
    return publish(rows, arguments.json, missing=missing + faults)


def _open_store(
    stack: ExitStack, folder: Path, endpoint: str | None, shapes: Mapping[str, Shape]
) -> tuple[Store, list[str]]:
    """Where to move to, and which wrong bytes were not noticed there."""
    if endpoint:
        store = RealStore(endpoint)
        stack.callback(store.close)
        return store, []
    flipped = [
        Shape(name, _FLIPPED_COUNT, size)
        for name, size in (("small", shapes["small"].size_bytes), ("mid", shapes["mid"].size_bytes), ("big", LARGE_BYTES + MIB))
    ]  # fmt: skip
    sizes = {shape.size_bytes for shape in (*shapes.values(), *flipped)}
    sink = stack.enter_context(Sink(folder, sizes))
    own = SinkStore(sink)
    return own, flipped_faults(folder, own, flipped)


def flipped_faults(folder: Path, store: Store, shapes: Sequence[Shape]) -> list[str]:
    """Move objects of which one arrives with a wrong byte; what was not noticed, in words."""
    work = folder / "flipped"
    jobs = []
    for shape in shapes:
        write_files(shape, work / f"up-{shape.name}")
        jobs.append(
            {"verb": "up", "bucket": FLIPPED, "prefix": f"{shape.name}/", "folder": str(work / f"up-{shape.name}")}
        )
        (work / f"down-{shape.name}").mkdir()
        jobs.append({"verb": "down", "bucket": FLIPPED, "prefix": shape.folder, "folder": str(work / f"down-{shape.name}")})  # fmt: skip
    told, _ = _ours(store, work / "home", jobs)
    faults = [told["fault"]] if "fault" in told else []
    for job, report in zip(jobs, told.get("jobs", ()), strict=False):
        shape = next(one for one in shapes if job["folder"].endswith(f"-{one.name}"))
        failed = [(name.rpartition("/")[2], kind) for name, kind, _ in report["errors"]]
        if failed != [(FLIPPED_NAME, "ChecksumMismatch")]:
            faults.append(f"{job['verb']} {shape.words} with a wrong byte: {failed or report['state']}")
        elif job["verb"] == "down" and (fault := files_fault(shape, Path(job["folder"]), absent=FLIPPED_NAME)):
            faults.append(f"down {shape.words} with a wrong byte: {fault}")
    print(f"a wrong byte in one object: {'; '.join(faults) or 'that item fails, the others do not'}", flush=True)
    shutil.rmtree(work)
    return [f"wrong byte noticed ({fault})" for fault in faults]


class Bench:
    """Runs everybody in turn and keeps what they gave: ``results``, by row and by name."""

    def __init__(self, folder: Path, store: Store, shapes: Mapping[str, Shape], peers: Sequence[Peer]) -> None:
        self._folder, self._store, self._shapes = folder, store, shapes
        self._peers = {peer.name: peer for peer in peers if peer.present()}
        for peer in peers:
            if peer.name not in self._peers:
                print(f"NOT HERE: {peer.name}")
        self._against = [peer.name for peer in self._peers.values() if peer.counts]
        self.results: dict[Key, dict[str, Results]] = {}
        self._others: dict[Key, list[float]] = {}

    def run(self, key: Key, number: int, only: Sequence[str] = ()) -> None:
        """One run of a row: everybody, beginning with another each time."""
        names = [name for name in (OURS, WHOLE, *self._peers) if not only or name in only]
        turn = (number - 1) % len(names)
        kept = self.results.setdefault(key, {name: Results() for name in names})
        for name in names[turn:] + names[:turn]:
            try:
                figures = self._measure(key, name)
            except _Fault as fault:
                kept[name].faults.append(str(fault))
                words = f"WRONG: {fault}"
            else:
                kept[name].runs.append(figures)
                words = f"{figures.wall_s:7.3f} s  {figures.cpu_s:7.3f} CPU s  {figures.memory_mib:4.0f} MiB  {figures.verified}"
            print(f"run {number}  {self._label(key):<18} {name:<20} {words}", flush=True)

    def settle(self, key: Key, runs: int) -> None:
        """Run a row whose figures lie too far apart once more, those its verdict rests on; the calmer set counts."""
        results = self.results[key]
        names = restless(results, self._against)
        if not names:
            return
        print(f"again, for its spread: {self._label(key)} ({', '.join(names)})", flush=True)
        again = list(dict.fromkeys((OURS, *references(results, self._against))))
        self.results[key] = {name: Results() for name in again}
        for number in range(1, runs + 1):
            self.run(key, number, again)
        for name, second in self.results[key].items():
            if not second.failed and second.spread < results[name].spread:
                results[name] = second
        self.results[key] = results

    def report(self, keys: Sequence[Key], *, real: bool) -> tuple[list[Row], list[str]]:
        """Print everybody's figures; the rows with verdicts, and what is missing."""
        rows: list[Row] = []
        missing: list[str] = []
        for key in keys:
            verb, shape = key
            checks = {peer.name: peer.checks_up if verb == "up" else peer.checks_down for peer in self._peers.values()}
            print("", *table_of(self._label(key), self.results[key], checks), sep="\n")
            found, absent = rows_of(self._label(key), self.results[key], self._against, targets(verb, shape, real=real))
            rows += found
            missing += absent
        print()
        busy = [
            f"{self._label(key)} ({max(cores):.1f} cores)"
            for key, cores in self._others.items()
            if max(cores) > BUSY_CORES
        ]
        if busy:
            print(f"NOT QUIET: other programs ran during {', '.join(busy)}")
        return rows, missing

    def _label(self, key: Key) -> str:
        return f"{key[0]} {self._shapes[key[1]].words}"

    def _measure(self, key: Key, name: str) -> Figures:
        verb, shape = key[0], self._shapes[key[1]]
        work = Path(tempfile.mkdtemp(dir=self._folder))
        prefix = f"run-{uuid.uuid4().hex[:12]}/"
        try:
            if verb == "up":
                move = Move(verb, self._store.access, prefix, self._source(shape))
            else:
                self._store.provide(shape)
                (work / "target").mkdir()
                move = Move(verb, self._store.access, shape.folder, work / "target")
            if name in (OURS, WHOLE):
                figures = self._measure_ours(key, shape, move, work, warm=name == OURS)
            else:
                figures = _measure_peer(self._peers[name], move, work)
            wrong = self._store.upload_fault(shape, prefix) if verb == "up" else files_fault(shape, work / "target")
            if wrong:
                raise _Fault(wrong)
            return figures
        finally:
            shutil.rmtree(work)
            if verb == "up":
                self._store.forget(prefix)

    def _source(self, shape: Shape) -> Path:
        folder = self._folder / f"source-{shape.name}"
        if not folder.exists():
            write_files(shape, folder)
        return folder

    def _measure_ours(self, key: Key, shape: Shape, move: Move, work: Path, *, warm: bool) -> Figures:
        """In a running pool that has moved such files before, or as a whole process of a home that was used before."""
        home = self._folder / f"home-{key[0]}-{key[1]}"
        job = {"verb": move.verb, "bucket": move.access.bucket, "prefix": move.prefix, "folder": str(move.folder)}
        jobs = [job]
        if warm:
            shutil.rmtree(home, ignore_errors=True)
            jobs = [*self._warming(shape, work), job]
        began = time.monotonic()
        told, memory = _ours(self._store, home, jobs)
        whole_s = time.monotonic() - began
        if "fault" in told:
            raise _Fault(told["fault"])
        last = told["jobs"][-1]
        if last["state"] != "done":
            raise _Fault(f"it ended as {last['state']}: {last.get('error') or last['errors'][:2]}")
        if warm and told["others_cores"] is not None:
            self._others.setdefault(key, []).append(told["others_cores"])
        verified = " ".join(sorted(last["verified"]))
        return Figures(last["wall"] if warm else whole_s, told["cpu"], memory / MIB, last["durable"], verified)

    def _warming(self, shape: Shape, work: Path) -> list[dict[str, str]]:
        """What makes engine and movers ready: a few of the kind, up, and down again."""
        few = Shape(
            "few", min(shape.count, 64) if shape.size_bytes < MIB else 4, min(shape.size_bytes, LARGE_BYTES + MIB)
        )
        source = self._folder / f"few-{shape.name}"
        if not source.exists():
            write_files(few, source)
        prefix = f"warming-{uuid.uuid4().hex[:12]}/"
        there = {"bucket": self._store.access.bucket, "prefix": prefix}
        (work / "warming").mkdir()
        return [
            {"verb": "up", "folder": str(source), **there},
            {"verb": "down", "folder": str(work / "warming"), **there},
        ]


class _Fault(Exception):
    """A participant did not do its work; the text says what was wrong."""


def _ours(store: Store, home: Path, jobs: Sequence[Mapping[str, str]]) -> tuple[dict[str, Any], int]:
    """Have a process of ours do the jobs; what it says, and the highest memory of its engine and movers."""
    spec = json.dumps({"home": str(home), "access": asdict(store.access), "jobs": jobs})
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    command = [sys.executable, "-m", "benchmarks.transfers_ours", spec]
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=said, text=True, start_new_session=True
        ) as child,
    ):
        assert child.stdout is not None
        line = child.stdout.readline()
        memory = 0
        if '"engine"' in line:
            with PeakMemory(json.loads(line)["engine"]) as peak:
                line = child.stdout.readline()
            memory = peak.bytes
        child.wait(_TIMEOUT_S)
        if child.returncode or not line:
            said.seek(0)
            return {"fault": f"it ended with {child.returncode}: {said.read()[-2000:]}"}, 0
    told: dict[str, Any] = json.loads(line)
    return told, memory


def _measure_peer(peer: Peer, move: Move, work: Path) -> Figures:
    with tempfile.TemporaryFile("w+") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            peer.command(move), cwd=ROOT, env=environment_of(peer, move, work), stdout=output, stderr=subprocess.STDOUT
        )
        with PeakMemory(process.pid) as peak:
            _, status, used = os.wait4(process.pid, 0)
            wall_s = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode:
        raise _Fault(f"it ended with {process.returncode}: {text.strip()[-300:]}".replace("\n", " "))
    if peer.says_itself:
        own = json.loads(text.splitlines()[-1])
        return Figures(own["wall"], own["cpu"], peak.bytes / MIB)
    return Figures(wall_s, used.ru_utime + used.ru_stime, peak.bytes / MIB)
