"""Whether movers of an engine that died are still about: a lock that the kernel gives back with the process says so.

They leave within a second when they get the CPU, which on a busy machine they may not. Until then they may put
something down, so nobody may clear up behind them, or go on in their place.
"""

from __future__ import annotations

import os
import sys

from artifact_browser.paths import Paths

if sys.platform != "win32":  # which has no such lock: see below
    import fcntl

#: How long they take where nothing can be known.
_USUAL_S = 1.2
#: After this a process that does not end is somebody else's trouble.
_LONGEST_S = 30.0
_FILE = "movers.lock"
_held: int | None = None


def be_seen(paths: Paths) -> None:
    """Called by a mover before it takes its first job: until it ends, :func:`orphans_about` is true for others."""
    global _held
    if sys.platform != "win32":
        try:
            _held = os.open(paths.runtime / _FILE, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(_held, fcntl.LOCK_SH)
        except OSError:  # a file system without locks
            pass


def orphans_about(paths: Paths, waited_s: float = 0.0) -> bool:
    """Asked by an engine that has started no mover yet: whether there are movers of another. ``waited_s``: so far."""
    if waited_s > _LONGEST_S:
        return False
    if sys.platform != "win32":
        try:
            descriptor = os.open(paths.runtime / _FILE, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            finally:
                os.close(descriptor)
            return False
        except BlockingIOError:
            return True
        except OSError:  # a file system without locks
            pass
    return waited_s < _USUAL_S
