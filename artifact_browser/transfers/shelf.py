"""What a plan has found and nobody carries out yet: a queue on disk, so that a million items cost no memory."""

from __future__ import annotations

import pickle
import tempfile
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Generic, TypeVar

from artifact_browser.transfers.disk import disk_errors

T = TypeVar("T")


class Shelf(Generic[T]):
    """First in, first out, in the batches that were put in. Not thread-safe: it belongs to the job that plans.

    The file has no name and ends with its process; what it holds is in the journal as well.

    :param folder: where the file lies
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._places: deque[tuple[int, int]] = deque()  # where a batch begins, and how many things it has
        self._count = 0

    def __len__(self) -> int:
        """How many things lie here."""
        return self._count

    def put(self, things: Sequence[T]) -> None:
        """:raises DiskError: there is no room for them"""
        if not things:
            return
        with disk_errors(self._folder):
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed below
            place = self._file.seek(0, 2)
            pickle.dump(list(things), self._file, pickle.HIGHEST_PROTOCOL)
            self._file.flush()
        self._places.append((place, len(things)))
        self._count += len(things)

    def take(self) -> list[T]:
        """The oldest batch; empty when there is none. :raises DiskError: it cannot be read"""
        if not self._places or self._file is None:
            return []
        place, count = self._places.popleft()
        with disk_errors(self._folder):
            self._file.seek(place)
            things: list[T] = pickle.load(self._file)  # noqa: S301 - our own file without a name
            if not self._places:
                self._file.truncate(0)
        self._count -= count
        return things

    def close(self) -> None:
        self._places.clear()
        self._count = 0
        if self._file is not None:
            self._file.close()
            self._file = None
