"""What a process has done to the disk, step by step: whether a file was there before another one went."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.storage.drivers.local.index import Index

#: device and inode: a file's own, whatever it is called meanwhile
Identity = tuple[int, int]


class DiskSteps:
    """Syncs, renames and removals in this process, and durable commits of a store's index, in their order."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.steps: list[tuple[str, Identity | None]] = []
        self._patch = patch
        for name in ("fsync", "replace", "unlink"):
            self._watch(name)
        writing = Index.writing

        @contextmanager
        def watched(index: Index, *, durable: bool = False) -> Iterator[object]:
            with writing(index, durable=durable) as database:
                yield database
            if durable:
                self.steps.append(("commit", None))

        patch.setattr(Index, "writing", watched)

    def _watch(self, name: str) -> None:
        real = getattr(os, name)

        def call(at: Any, *arguments: Any, **options: Any) -> Any:
            try:
                entry = os.fstat(at) if isinstance(at, int) else os.lstat(at)
            except FileNotFoundError:
                return real(at, *arguments, **options)
            result = real(at, *arguments, **options)
            self.steps.append((name, (entry.st_dev, entry.st_ino)))
            return result

        self._patch.setattr(os, name, call)

    def removal_of(self, gone: Identity) -> int:
        """When it was removed."""
        return self.steps.index(("unlink", gone))

    def syncs_of(self, path: Path) -> list[int]:
        """When that file or folder was."""
        return [at for at, step in enumerate(self.steps) if step == ("fsync", identity(path))]

    def assert_on_disk(self, file: Path, top: Path, before: int) -> None:
        """The file, its names from ``top`` down and its row were on the disk before a step, in whatever order they came."""
        named = max((at for at, step in enumerate(self.steps) if step == ("replace", identity(file))), default=-1)
        assert [at for at in self.syncs_of(file) if at < before], "the file's bytes"
        assert [at for at in self.syncs_of(file.parent) if named < at < before], "the file's name"
        for folder in file.parent.relative_to(top).parents:
            assert [at for at in self.syncs_of(top / folder) if at < before], f"the names in {folder}"
        assert ("commit", None) in self.steps[named + 1 : before], "the row"


def identity(path: Path) -> Identity:
    found = path.lstat()
    return found.st_dev, found.st_ino
