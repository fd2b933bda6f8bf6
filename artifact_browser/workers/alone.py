"""One process at a time: a lock on a file, which the kernel gives back with the process that has it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)

if sys.platform == "win32":
    import msvcrt

    _LOCK_AT = 1024  # behind what a small file holds: a locked byte cannot be read by others

    @contextmanager
    def alone(file: int) -> Iterator[None]:
        """Nobody else who opened the same file is inside meanwhile; waits for whoever is. Any thread."""
        while True:
            os.lseek(file, _LOCK_AT, os.SEEK_SET)
            try:
                msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
                break
            except OSError:
                time.sleep(0.001)
        try:
            yield
        finally:
            os.lseek(file, _LOCK_AT, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    @contextmanager
    def alone(file: int) -> Iterator[None]:
        """Nobody else who opened the same file is inside meanwhile; waits for whoever is. Any thread."""
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


def open_lock(path: str | Path) -> int:
    """A descriptor for :func:`alone`, of a private file that is made where there is none; it may hold a little.

    :raises OSError: it cannot be made
    """
    return os.open(path, _FLAGS, 0o600)


@contextmanager
def alone_at(path: str | Path) -> Iterator[None]:
    """As :func:`alone`. :raises OSError: as :func:`open_lock`"""
    file = open_lock(path)
    try:
        with alone(file):
            yield
    finally:
        os.close(file)
