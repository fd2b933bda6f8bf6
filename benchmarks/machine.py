"""How busy the machine was with other things while something was measured: figures mean little without it."""

from __future__ import annotations

import os
import time
from pathlib import Path

#: kthreadd, on Linux: what the kernel does in the background, our files' way to the disk among it.
_KERNEL = 2


class Bystanders:
    """CPU cores' worth of work of processes that are not of this benchmark, from making it to :meth:`cores`.

    Linux only; elsewhere it knows nothing. Processes of ours that ended meanwhile count as bystanders, unless the root
    itself has waited for them.

    :param root: the process id of the benchmark's command: all below it is ours
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self._began, self._others = time.monotonic(), self._other_ticks()

    def cores(self) -> float | None:
        now = self._other_ticks()
        if now is None or self._others is None:
            return None
        seconds = time.monotonic() - self._began
        return max(0.0, (now - self._others) / os.sysconf("SC_CLK_TCK") / seconds)

    def _other_ticks(self) -> int | None:
        try:
            fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        except OSError:
            return None
        user, nice, system, _idle, _iowait, _irq, _softirq, steal = map(int, fields[:8])
        return user + nice + system + steal - self._own_ticks()

    def _own_ticks(self) -> int:
        """User and system time of the root and everything below it, and of the kernel's threads."""
        parents, ticks = {}, {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            pid = int(stat.parent.name)
            own = fields[11:15] if pid == self._root else fields[11:13]  # with its children that have ended
            parents[pid], ticks[pid] = int(fields[1]), sum(map(int, own))
        return sum(count for pid, count in ticks.items() if self._is_ours(pid, parents))

    def _is_ours(self, pid: int, parents: dict[int, int]) -> bool:
        while pid and pid not in (self._root, _KERNEL):
            pid = parents.get(pid, 0)
        return pid != 0
