"""What the ``transfers`` benchmark moves: so many files of one size, made, and looked at afterwards byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.sink import folder_of, pattern, pieces

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
_UNITS = {"GiB": GIB, "MiB": MIB, "KiB": KIB}


@dataclass(frozen=True, slots=True)
class Shape:
    """``count`` files of ``size_bytes``; ``name`` is what ``--rows`` calls it."""

    name: str
    count: int
    size_bytes: int

    @property
    def bytes(self) -> int:
        return self.count * self.size_bytes

    @property
    def folder(self) -> str:
        """The prefix that holds it on the server."""
        return folder_of(self.count, self.size_bytes)

    @property
    def words(self) -> str:
        unit = next(name for name, size in _UNITS.items() if size <= self.size_bytes)
        return f"{self.count} x {self.size_bytes // _UNITS[unit]} {unit}"


SHAPES = (Shape("big", 1, GIB), Shape("mid", 64, 16 * MIB), Shape("small", 5000, 16 * KIB))
#: the same ways through the engine in a second: parts, whole files, batches
TINY = (Shape("big", 1, 65 * MIB), Shape("mid", 4, 2 * MIB), Shape("small", 24, 16 * KIB))


def name_of(number: int) -> str:
    return f"{number:06d}.bin"


def write_files(shape: Shape, folder: Path) -> None:
    """Make the files to upload."""
    folder.mkdir(parents=True)
    for number in range(shape.count):
        with (folder / name_of(number)).open("wb") as file:
            file.writelines(pieces(shape.size_bytes))


def files_fault(shape: Shape, folder: Path, *, absent: str = "") -> str:
    """What is wrong with downloaded files, wherever below ``folder`` they are; empty when nothing is.

    :param absent: the name of one that must not be there
    """
    wanted = {name_of(number) for number in range(shape.count)} - {absent}
    found = {path.name: path for path in folder.rglob("*") if path.is_file()}
    if set(found) != wanted:
        odd = sorted(set(found) ^ wanted)
        return f"{len(found)} files instead of {len(wanted)}: {', '.join(odd[:3])}"
    for name, path in sorted(found.items()):
        if path.stat().st_size != shape.size_bytes:
            return f"{name} has {path.stat().st_size} bytes"
        if not _is_pattern(path):
            return f"{name} has other bytes"
    return ""


def _is_pattern(path: Path) -> bool:
    wanted = pattern()
    with path.open("rb") as file:
        while piece := file.read(len(wanted)):
            if piece != wanted[: len(piece)]:
                return False
    return True
