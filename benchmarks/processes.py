"""CPU time and private memory of a process and everything below it, while they run. Linux only."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

SAMPLE_S = 0.1


def tree(root: int) -> list[int]:
    """The process ids of ``root`` and everything below it."""
    found = [root]
    for pid in found:
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:
                continue
    return found


def cpu_s(pids: list[int]) -> float:
    """CPU seconds these processes have used, to the nanosecond."""
    return sum(_clock(pid) for pid in pids)


def _clock(pid: int) -> float:
    try:
        return time.clock_gettime((~pid << 3) | 2)  # what clock_getcpuclockid(3) makes of a process id
    except OSError:
        return 0.0


def private_bytes(pid: int) -> int:
    """``Private_Dirty`` of a process: what would be free again without it."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Private_Dirty:"))


def proportional_bytes(pid: int) -> int:
    """``Pss`` of a process: its own memory, and its share of what it has in common with others."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


class PeakMemory:
    """The highest sum of memory of ``root`` and everything below it (or of ``pids`` alone) while the ``with`` block runs.

    :param of: what counts as a process's memory
    """

    def __init__(self, root: int, of: Callable[[int], int] = private_bytes, pids: Sequence[int] | None = None) -> None:
        self._root, self._of, self._pids = root, of, pids
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.bytes = 0

    def _sample(self) -> None:
        while True:
            self.bytes = max(self.bytes, sum(self._of(pid) for pid in self._pids or tree(self._root)))
            if self._over.wait(SAMPLE_S):
                return

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def own_cpu_s() -> float:
    """Of this process and everything below it."""
    return cpu_s(tree(os.getpid()))
