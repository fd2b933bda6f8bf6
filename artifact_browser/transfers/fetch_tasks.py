"""A blob's way down, as tasks for movers: into a temporary file beside the target, checked, then renamed.

Every ranged read carries the ETag, so that a file never mixes two versions. Parts of a large blob are written to
one file by several movers, each at its place.
"""

from __future__ import annotations

import filecmp
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from artifact_browser.errors import ConnectionFailed, DiskError, DiskFull, PreconditionFailed
from artifact_browser.storage.driver import BlobInfo
from artifact_browser.transfers.content import Check, check_file
from artifact_browser.transfers.disk import (
    disk_errors,
    free_bytes,
    local_path,
    make_folder,
    open_temporary,
    put_in_place,
    sync_file_system,
    write_all,
)
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import LARGE_BYTES, Finished, Skipped, Stage, Task, part_bytes

_BUFFER_BYTES = 1024**2


@dataclass(frozen=True, slots=True)
class FetchBlob(Task):
    """Fetch a whole blob. Result: :class:`Finished` or :class:`Skipped`.

    :ivar root: the chosen folder; :ivar temporary: name of the temporary file, beside the target
    """

    bucket: str
    item: Item
    root: str
    temporary: str
    skip_existing: bool = False

    @property
    def moved_bytes(self) -> int:
        return self.item.size_bytes

    def run(self, stage: Stage) -> Finished | Skipped:
        folder = make_folder(self.root, _folder_of(self.item.target))
        temporary = folder / self.temporary
        try:
            with open_temporary(temporary, create=True) as file:
                info, how = self._read(stage, file)
            return place(temporary, local_path(self.root, self.item.target), self.item, info, how, self.skip_existing)
        finally:
            with suppress(OSError):
                temporary.unlink()

    def _read(self, stage: Stage, file: int) -> tuple[BlobInfo, str]:
        buffer = memoryview(bytearray(min(_BUFFER_BYTES, max(self.item.size_bytes, 4096))))
        done = 0
        with stage.driver.get(self.bucket, self.item.source, if_match=self.item.etag) as reader:
            check = Check(reader.info)
            while count := reader.readinto(buffer):
                stage.cancel.raise_if_cancelled()
                check.feed(buffer[:count])
                with disk_errors(self.item.target):
                    write_all(file, buffer[:count])
                done += count
                stage.moved(done)
            return reader.info, check.verdict()


@dataclass(frozen=True, slots=True)
class OpenTarget(Task):
    """Look at a large blob and make room for it. Result: its :class:`BlobInfo`."""

    bucket: str
    item: Item
    root: str
    temporary: str

    alone = True

    def run(self, stage: Stage) -> BlobInfo:
        info = stage.driver.head(self.bucket, self.item.source)
        if info.size_bytes != self.item.size_bytes or self.item.etag not in {"", info.etag}:
            raise PreconditionFailed("It is not the blob that was listed.", subject=self.item.source)
        folder = make_folder(self.root, _folder_of(self.item.target))
        if free_bytes(folder) < info.size_bytes:
            raise DiskFull("The file does not fit.", subject=str(folder))
        with open_temporary(folder / self.temporary, create=True) as file, disk_errors(folder):
            os.truncate(file, info.size_bytes)
        return info


@dataclass(frozen=True, slots=True)
class FetchRange(Task):
    """Fetch one part and write it at its place. Result: the number of bytes."""

    bucket: str
    item: Item
    root: str
    temporary: str
    etag: str
    start: int
    length: int

    @property
    def moved_bytes(self) -> int:
        return self.length

    def run(self, stage: Stage) -> int:
        path = _beside(self.root, self.item.target, self.temporary)
        buffer = memoryview(bytearray(_BUFFER_BYTES))
        done = 0
        with (
            open_temporary(path, create=False) as file,
            stage.driver.get(
                self.bucket, self.item.source, start=self.start, length=self.length, if_match=self.etag
            ) as reader,
        ):
            os.lseek(file, self.start, os.SEEK_SET)
            while done < self.length and (count := reader.readinto(buffer[: self.length - done])):
                stage.cancel.raise_if_cancelled()
                with disk_errors(path):
                    write_all(file, buffer[:count])
                done += count
                stage.moved(done)
        if done != self.length:
            raise ConnectionFailed("The answer ended too early.", subject=self.item.source)
        return done


@dataclass(frozen=True, slots=True)
class PlaceFile(Task):
    """All parts are there: check, sync, rename. Result: :class:`Finished` or :class:`Skipped`."""

    item: Item
    root: str
    temporary: str
    info: BlobInfo
    skip_existing: bool = False

    alone = True

    def run(self, stage: Stage) -> Finished | Skipped:
        path, final = _beside(self.root, self.item.target, self.temporary), local_path(self.root, self.item.target)
        if not path.exists():  # an attempt before had renamed it, and its answer was lost
            return Finished(check_file(final, self.info, stage.cancel.raise_if_cancelled))
        how = check_file(path, self.info, stage.cancel.raise_if_cancelled)
        return place(path, final, self.item, self.info, how, self.skip_existing)


@dataclass(frozen=True, slots=True)
class MakeFolder(Task):
    """A folder marker's way down: the folder."""

    item: Item
    root: str

    def run(self, stage: Stage) -> Finished:
        make_folder(self.root, self.item.target)
        return Finished("")


@dataclass(frozen=True, slots=True)
class RemoveTemporary(Task):
    """Remove what an item that ended early left beside its target; gone is fine."""

    root: str
    target: str
    temporary: str

    def run(self, stage: Stage) -> None:
        path = _beside(self.root, self.target, self.temporary)
        with disk_errors(path), suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()


@dataclass(frozen=True, slots=True)
class SyncFolder(Task):
    """Have a download's small files reach the disk, in one call (large ones were synced one by one)."""

    root: str

    def run(self, stage: Stage) -> None:
        sync_file_system(Path(self.root))


class FetchCourse:
    """A blob's way down."""

    def __init__(self, bucket: str, item: Item, root: str, *, skip_existing: bool) -> None:
        self.items = (item,)
        self._item = item
        self._bucket = bucket
        self._root = root
        self._skip_existing = skip_existing
        self._temporary = item.begun
        self._info: BlobInfo | None = None
        self._bytes_left = item.size_bytes
        self._begun = False

    def begin(self) -> Sequence[Task]:
        if self._item.folder:
            return [MakeFolder(self._item, self._root)]
        self._begun = True
        if self._item.size_bytes <= LARGE_BYTES:
            return [FetchBlob(self._bucket, self._item, self._root, self._temporary, self._skip_existing)]
        return [OpenTarget(self._bucket, self._item, self._root, self._temporary)]

    def advance(self, task: Task, result: object) -> Sequence[Task] | Finished | Skipped:
        if isinstance(result, Finished | Skipped):
            self._begun = False
            return result
        if isinstance(result, BlobInfo):
            self._info = result
            return self._range_tasks(result)
        assert isinstance(result, int)
        assert self._info is not None
        self._bytes_left -= result
        if self._bytes_left:
            return []
        return [PlaceFile(self._item, self._root, self._temporary, self._info, self._skip_existing)]

    def leftovers(self) -> Sequence[Task]:
        return [RemoveTemporary(self._root, self._item.target, self._temporary)] if self._begun else []

    def _range_tasks(self, info: BlobInfo) -> list[Task]:
        step = part_bytes(info.size_bytes)
        return [
            FetchRange(
                self._bucket, self._item, self._root, self._temporary, info.etag,
                start, min(step, info.size_bytes - start),
            )
            for start in range(0, info.size_bytes, step)
        ]  # fmt: skip


def place(
    temporary: Path, final: Path, item: Item, info: BlobInfo, how: str, skip_existing: bool
) -> Finished | Skipped:
    """Give a checked file its time, sync it if it is large, and rename it."""
    with disk_errors(final):
        if info.modified_us:
            os.utime(temporary, ns=(info.modified_us * 1000, info.modified_us * 1000))
        if info.size_bytes > LARGE_BYTES:
            with open_temporary(temporary, create=False) as file:
                os.fsync(file)
        try:
            put_in_place(temporary, final, replace=item.replace)
        except FileExistsError as error:
            same = not final.is_symlink() and filecmp.cmp(temporary, final, shallow=False)
            temporary.unlink()
            if same:  # an attempt before had put it there, and its answer was lost
                return Finished(how)
            if skip_existing:
                return Skipped("a file of that name came meanwhile")
            raise DiskError("A file of that name is there already.", subject=str(final)) from error
        except IsADirectoryError as error:
            raise DiskError("A folder of that name is there.", subject=str(final)) from error
    return Finished(how)


def _folder_of(target: str) -> str:
    return target.rpartition("/")[0]


def _beside(root: str, target: str, temporary: str) -> Path:
    return local_path(root, target).with_name(temporary)
