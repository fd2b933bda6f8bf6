"""Our own child processes, as the system sees them: whom to kill, and who is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest

from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import WorkerPool

#: The seed of every storm's random moments; it stands in the proof.
SEED = 20_261_121
NEEDS_SIGKILL = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not known on Windows")


def children_of(parents: Sequence[int]) -> list[int]:
    """The worker processes right below."""
    said = subprocess.run(["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in said.splitlines()[1:]]
    return [int(pid) for pid, parent, program in rows if int(parent) in parents and "spawn_main" in program]


def movers_of(pool: WorkerPool) -> list[int]:
    return children_of(pool.pids(Lane.ENGINE))


def kill(pid: int) -> bool:
    """SIGKILL; whether it was still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
