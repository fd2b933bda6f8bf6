"""Ignore files on the way through a tree: read where they stand, each for what lies beside and below it, as in git.

The nearest file decides first. Those above the chosen folder count up to the root of the git repository it lies in; where
there is none, up to (and without) the home folder, a folder that everybody may write to, or the root of the disk.
An ignore file that is there and cannot be read is an error, never an empty one: what it would have left out may be secret.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from artifact_browser.errors import DiskError
from artifact_browser.transfers.choice import GIT_IGNORE_FILE
from artifact_browser.transfers.patterns import PatternProblem, Patterns, lines_of

_LONGEST_BYTES = 1024**2
_NO_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_GIT = ".git"


@dataclass(frozen=True, slots=True)
class _Layer:
    """One ignore file. ``below``: the path of its folder with a separator at the end."""

    name: str
    below: str
    patterns: Patterns


@dataclass(frozen=True, slots=True)
class IgnoreFiles:
    """Those that count in one folder, the nearest first. Immutable: a walk keeps one for each folder it has yet to see.

    :ivar names: what they are called, the weakest first
    """

    names: tuple[str, ...]
    layers: tuple[_Layer, ...] = ()

    def inside(self, folder: str, there: Sequence[str]) -> IgnoreFiles:
        """Those that count for what lies in ``folder``. ``there``: the names in it.

        :raises DiskError: one cannot be read, or its lines cannot be used
        """
        found = [name for name in reversed(self.names) if name in there]
        if not found:
            return self
        new = tuple(_Layer(name, os.path.join(folder, ""), _read(folder, name)) for name in found)  # noqa: PTH118
        return IgnoreFiles(self.names, (*new, *self.layers))

    def leaves_out(self, path: str, *, folder: bool) -> str:
        """The name of the ignore file that says so; empty when none does."""
        if GIT_IGNORE_FILE in self.names and os.path.basename(path) == _GIT:  # noqa: PTH119 - called for every file
            return GIT_IGNORE_FILE  # never part of what git keeps either
        for layer in self.layers:
            relative = path[len(layer.below) :].replace(os.sep, "/")
            verdict = layer.patterns.verdict(f"{relative}/" if folder else relative)
            if verdict is not None:
                return layer.name if verdict else ""
        return ""


def ignore_files_above(folder: str, names: tuple[str, ...]) -> IgnoreFiles:
    """Those in the folders above ``folder``. :raises DiskError: one cannot be read"""
    found = IgnoreFiles(names)
    for above in reversed(_folders_above(Path(folder)) if names else []):
        there = [name for name in names if os.path.lexists(above / name)]
        found = found.inside(str(above), there)
    return found


def _folders_above(folder: Path) -> list[Path]:
    """The nearest first."""
    above: list[Path] = []
    if (folder / _GIT).exists():
        return above
    home = Path.home()
    for one in folder.parents[:-1]:
        if one == home or _is_for_everybody(one):
            break
        above.append(one)
        if (one / _GIT).exists():
            break
    return above


def _is_for_everybody(folder: Path) -> bool:
    """Where others can put an ignore file that nobody here has seen."""
    try:
        return os.name != "nt" and bool(folder.stat().st_mode & stat.S_IWOTH)
    except OSError:
        return True


def _read(folder: str, name: str) -> Patterns:
    path = Path(folder) / name
    try:
        descriptor = os.open(path, os.O_RDONLY | _NO_WAITING)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_size > _LONGEST_BYTES:
                raise DiskError(f"It is not a file of at most {_LONGEST_BYTES:,} bytes.")
            with os.fdopen(os.dup(descriptor), "rb") as file:
                data = file.read(_LONGEST_BYTES)
        finally:
            os.close(descriptor)
        return Patterns(lines_of(data.decode("utf-8", "surrogateescape")))
    except (OSError, DiskError, PatternProblem) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise DiskError(
            f"Its {name} says what to leave out, and cannot be used: {why}",
            todo=f"Mend or remove the {name} and upload the folder again, or upload it without ignore files.",
            subject=str(path).encode("utf-8", "replace").decode(),
        ) from error
