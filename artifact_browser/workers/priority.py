"""Who waits for whom when the CPU is short: the workers for the window, and nothing for ever.

Linux divides the CPU among sessions before it looks at nice values (autogroup; desktops that put every program into a
group of its own do the same one level higher): what a worker does in the window's own session is taken from the
window's share. So workers leave it, and their sessions step back as a whole.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from artifact_browser.workers.job import Lane

#: Of the engine's and the movers' processes.
NICE = 5
#: Of whole sessions, where Linux has that. The engine's has the movers in it. Measured (2 cores, 16 uploads, the
#: window's timer, p99 of three runs): 18-31 ms at 5, 9-13 ms at 10, with the same work done; 19 gave no more.
BULK_SESSION_NICE, SESSION_NICE = 10, 5
_AUTOGROUP = Path("/proc/self/autogroup")


def make_way(lane: Lane) -> None:
    """Called by a worker process of ``lane`` before it does anything. What is not allowed is left."""
    if lane is not Lane.MOVER and hasattr(os, "setsid"):  # those stay in the engine's
        with suppress(PermissionError):  # it leads a group already
            os.setsid()
        step_back_as_session(BULK_SESSION_NICE if lane is Lane.ENGINE else SESSION_NICE)
    if lane in (Lane.ENGINE, Lane.MOVER):
        _step_back()


def step_back_as_session(nice: int) -> None:
    """All processes of this session together, against other sessions."""
    with suppress(OSError):
        _AUTOGROUP.write_text(str(nice))


def _step_back() -> None:
    """Absolute, because movers inherit the engine's."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), 0x00004000)  # BELOW_NORMAL_PRIORITY_CLASS
    else:
        os.setpriority(os.PRIO_PROCESS, 0, max(NICE, os.getpriority(os.PRIO_PROCESS, 0)))
