"""One run of a participant of the ``listing`` benchmark: its times, CPU and memory, and whether its rows are the server's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import IO, Any

from benchmarks.listing_peers import Lister, Order, environment
from benchmarks.pages import counts_of, digest, digest_of
from benchmarks.processes import PeakMemory, proportional_bytes
from benchmarks.stub import ROOT

TIMEOUT_S = 300.0
_MIB = 1 << 20
_NS = 1_000_000_000


class Fault(Exception):
    """A participant did not do its work; the text says what was wrong."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run, from the process's start.

    :ivar first_s: until the first rows are there; in the window: painted, from the server's first byte
    :ivar inside_s: ours: the listing's part of the wall
    """

    first_s: float
    wall_s: float
    cpu_s: float
    memory_mib: float
    inside_s: float = 0.0

    @property
    def words(self) -> str:
        inside = f"  (listing {self.inside_s:.3f} s)" if self.inside_s else ""
        return (
            f"first {1000 * self.first_s:6.0f} ms  {self.wall_s:7.3f} s  {self.cpu_s:7.3f} CPU s  "
            f"{self.memory_mib:5.0f} MiB{inside}"
        )


def run_lister(lister: Lister, order: Order, count: int) -> Figures:
    """:raises Fault: it ended otherwise than it should, or has other rows"""
    command = lister.command(order)
    if command is None:
        raise Fault("it is not here")
    with tempfile.TemporaryFile() as said:
        began = time.monotonic()
        child = subprocess.Popen(
            command, cwd=ROOT, env=environment(order), stdout=subprocess.PIPE, stderr=said, start_new_session=True
        )
        assert child.stdout is not None
        try:
            with PeakMemory(child.pid, proportional_bytes) as peak:
                if lister.read is None:
                    told, first, ended = _follow(child.stdout)
                    cpu_s = float(told.get("cpu", 0.0))
                else:
                    output, first = _drain(child.stdout)
                    _, status, usage = os.wait4(child.pid, 0)
                    child.returncode = os.waitstatus_to_exitcode(status)
                    ended, cpu_s = time.monotonic(), usage.ru_utime + usage.ru_stime
            found = digest(lister.read(output)) if lister.read is not None else _digest_said(child.stdout)
            if child.wait(TIMEOUT_S) or not found:
                said.seek(0)
                raise Fault(f"it ended with {child.returncode}: {said.read()[-1500:].decode(errors='replace')}")
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
    if found != digest_of(count, real=order.real):
        raise Fault("its rows are not the server's")
    inside_s = told.get("inside", 0.0) if lister.read is None else 0.0
    return Figures(first - began, ended - began, cpu_s, peak.bytes / _MIB, inside_s)


def _follow(stdout: IO[bytes]) -> tuple[dict[str, Any], float, float]:
    """What a participant says of itself, when its first page was there, and when everything was."""
    first = line = b""
    first_at = 0.0
    while (line := stdout.readline()) and not line.startswith(b"{"):
        first, first_at = line, first_at or time.monotonic()
    ended = time.monotonic()
    told: dict[str, Any] = json.loads(line) if line else {}
    return told, first_at if first else ended, ended


def _digest_said(stdout: IO[bytes]) -> str:
    line = stdout.readline()
    return str(json.loads(line)["digest"]) if line else ""


def _drain(stdout: IO[bytes]) -> tuple[bytes, float]:
    """Everything a program prints, and when the first of it came."""
    pieces, first = [], 0.0
    while piece := os.read(stdout.fileno(), 1 << 20):
        first = first or time.monotonic()
        pieces.append(piece)
    return b"".join(pieces), first or time.monotonic()


def run_window(order: Order, count: int) -> Figures:
    """The same listing in the real window, offscreen. :raises Fault:"""
    environ = environment(order) | {"QT_QPA_PLATFORM": "offscreen"}
    with tempfile.TemporaryFile() as said:
        command = [sys.executable, "-m", "benchmarks.listing_window", order.spec("window"), str(count)]
        child = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=said, start_new_session=True
        )
        assert child.stdout is not None
        try:
            line = child.stdout.readline()
            pids = json.loads(line)["pids"] if line else [child.pid]
            with PeakMemory(child.pid, proportional_bytes, pids) as peak:
                line = child.stdout.readline()
            first_ns = 0 if order.real else counts_of(order.access.endpoint)["first_ns"]
            if child.wait(TIMEOUT_S) or not line:
                said.seek(0)
                raise Fault(f"it ended with {child.returncode}: {said.read()[-1500:].decode(errors='replace')}")
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
    told = json.loads(line)
    if told["fault"]:
        raise Fault(told["fault"])
    first_s = (told["painted_ns"] - (first_ns or told["asked_ns"])) / _NS
    return Figures(first_s, told["wall"], told["cpu"], peak.bytes / _MIB)
