"""Who waits for whom when the CPU is short: the workers for the window, and nothing for ever.

Of two tasks with different nice values Linux still lets the one that runs finish its slice, and the window waited for
several. A task of ``SCHED_IDLE`` gives way the moment another one wakes up. Among programs that would mean it starves:
so workers take that policy only where the system divides the CPU among programs first (autogroup with a session of the
program's own, which ``packaging/run`` and the launcher give it, or a control group of its own), and what the window leaves
of this program's share is theirs.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from artifact_browser.workers.job import Lane

#: Of the engine's and the movers' processes, where nothing better can be had.
NICE = 5
_PROC, _CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def make_way(lane: Lane, *, steps_back: bool) -> None:
    """Called by a worker process of ``lane`` before it does anything. What is not allowed is left."""
    if lane in (Lane.ENGINE, Lane.MOVER):
        _be_nice()
    if steps_back:
        step_back()


def step_back() -> None:
    """Run this thread, and those it starts, only when nobody else of this program's share wants to. Linux only."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def has_share_of_its_own(proc: Path = _PROC, cgroups: Path = _CGROUPS, *, leads: bool | None = None) -> bool:
    """Whether there is a share of the CPU for this program alone. Asked by the process that starts the others.

    Either the system gives control groups their shares and this one has its own, or it gives them to sessions and this
    process leads its session, or the one that started it does (``leads``; a terminal's session has other programs in it).

    sched(7), "The autogroup feature": it groups by session what is in no control group; cgroups(7): ``/proc/self/cgroup``.
    """
    try:
        lines = (proc / "self/cgroup").read_text().splitlines()
        groups = dict(line.split(":", 2)[1:] for line in lines)
        old = next((path for names, path in groups.items() if "cpu" in names.split(",")), None)
        leads = _leads_session() if leads is None else leads
        if old is not None:  # version 1: nobody says who else is in that group
            return old == "/" and leads and _has_autogroup(proc)
        own = cgroups / groups[""].lstrip("/")
        if (own / "cpu.weight").exists():
            return True
        above = [folder for folder in own.parents if folder.is_relative_to(cgroups)]
        return not any((folder / "cpu.weight").exists() for folder in above) and leads and _has_autogroup(proc)
    except (OSError, KeyError, ValueError):
        return False  # not Linux, or one that tells nothing


def _leads_session() -> bool:
    return os.name == "posix" and os.getsid(0) in {os.getpid(), os.getppid()}


def _has_autogroup(proc: Path) -> bool:
    return (proc / "sys/kernel/sched_autogroup_enabled").read_text().strip() == "1"


def _be_nice() -> None:
    """Absolute, because movers inherit the engine's."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), 0x00004000)  # BELOW_NORMAL_PRIORITY_CLASS
    else:
        os.setpriority(os.PRIO_PROCESS, 0, max(NICE, os.getpriority(os.PRIO_PROCESS, 0)))
