"""Ways in which a file's bytes are lost: by a power cut before they reached the disk, or by the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def flipped(file: Path) -> None:
    """A bit of it is another."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def zeroed(file: Path) -> None:
    """Its size reached the disk, and its bytes did not."""
    file.write_bytes(bytes(file.stat().st_size))


def emptied(file: Path) -> None:
    """Its name did, and nothing else."""
    file.write_bytes(b"")


def lengthened(file: Path) -> None:
    """It has bytes of something else behind its own."""
    file.write_bytes(file.read_bytes() + b"x")


def gone(file: Path) -> None:
    """Not even its name did."""
    file.unlink()


DAMAGES: tuple[Callable[[Path], None], ...] = (flipped, zeroed, emptied, lengthened, gone)
