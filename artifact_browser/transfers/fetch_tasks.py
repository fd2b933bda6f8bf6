"""A blob's way down, as tasks for movers: into a temporary file beside the target, checked, then renamed.

Every ranged read carries the ETag, so that a file never mixes two versions. Parts of a large blob are written to
one file by several movers, each at its place.
"""

from __future__ import annotations

import filecmp
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from artifact_browser.errors import ConnectionFailed, DiskError, DiskFull, PreconditionFailed
from artifact_browser.storage.driver import BlobInfo, Driver
from artifact_browser.storage.etag import etag_of_parts
from artifact_browser.transfers.content import (
    Check,
    RangeCheck,
    check_file,
    check_same,
    crc_of_ranges,
    has_its_time,
    probable_part_bytes,
    proven_by_ranges,
    range_holds,
    read_again,
)
from artifact_browser.transfers.disk import (
    disk_errors,
    free_bytes,
    local_name,
    local_path,
    make_folder,
    names_before,
    open_temporary,
    put_in_place,
    sync_file_system,
    write_all,
)
from artifact_browser.transfers.pinned_driver import pinned
from artifact_browser.transfers.standing import check_file_stands
from artifact_browser.transfers.state import Item, PartDone
from artifact_browser.transfers.task import LARGE_BYTES, Finished, Skipped, Stage, Task, part_bytes
from artifact_browser.workers.packed import packed

_BUFFER_BYTES = 1024**2


@packed
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
    version_id: str = ""

    pausable = True
    takes_turns = True

    @property
    def moved_bytes(self) -> int:
        return self.item.size_bytes

    def run(self, stage: Stage) -> Finished | Skipped:
        folder = make_folder(self.root, _folder_of(self.item.target))
        temporary, final = local_name(folder, self.temporary), local_name(self.root, self.item.target)
        placed = False
        try:
            _remove(folder, names_before(self.temporary))
            with open_temporary(temporary, create=True) as file:
                info, how = self._read(stage, file)
            stop = stage.cancel.raise_if_cancelled
            how = how or read_again(_source(stage, self), self.bucket, info, Path(temporary), lambda _: stop())
            result = place(temporary, final, self.item, info, how, self.skip_existing)
            placed = True
            return result
        finally:
            if not placed:
                with suppress(OSError):
                    Path(temporary).unlink()

    def _read(self, stage: Stage, file: int) -> tuple[BlobInfo, str]:
        buffer = memoryview(bytearray(min(_BUFFER_BYTES, max(self.item.size_bytes, 4096))))
        done = 0
        with _source(stage, self).get(self.bucket, self.item.source, if_match=self.item.etag) as reader:
            check_same(reader.info, self.item.size_bytes, self.item.etag)
            check = Check(reader.info)
            while count := reader.readinto(buffer):
                stage.cancel.raise_if_cancelled()
                check.feed(buffer[:count])
                with disk_errors(self.item.target):
                    write_all(file, buffer[:count])
                done += count
                stage.moved(done)
            if done < reader.info.size_bytes:  # a connection that broke is none of the bytes' fault
                raise ConnectionFailed("The answer ended too early.", subject=self.item.source)
            return reader.info, check.verdict()


@dataclass(frozen=True, slots=True)
class Opened:
    """A large blob's target has room. ``parts``: what it holds already."""

    info: BlobInfo
    parts: tuple[PartDone, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenTarget(Task):
    """Look at a large blob and make room for it, or find the room a run before had made. Result: :class:`Opened`."""

    bucket: str
    item: Item
    root: str
    temporary: str
    known: tuple[PartDone, ...] = ()
    version_id: str = ""

    alone = True

    def moved_by(self, result: object) -> int:
        assert isinstance(result, Opened)
        return sum(part.size_bytes for part in result.parts)

    def run(self, stage: Stage) -> Opened:
        info = _source(stage, self).head(self.bucket, self.item.source)
        check_same(info, self.item.size_bytes, self.item.etag)
        folder = Path(make_folder(self.root, _folder_of(self.item.target)))
        _remove(folder, names_before(self.temporary))
        if self.known and _holds(folder / self.temporary, info.size_bytes):
            return Opened(info, self._still_there(folder / self.temporary, stage))
        with disk_errors(folder):
            (folder / self.temporary).unlink(missing_ok=True)  # of no use without its parts, but it takes room
        if free_bytes(folder) < info.size_bytes:
            raise DiskFull("The file does not fit.", subject=str(folder))
        with open_temporary(folder / self.temporary, create=True) as file, disk_errors(folder):
            os.truncate(file, info.size_bytes)
        return Opened(info)

    def _still_there(self, path: Path, stage: Stage) -> tuple[PartDone, ...]:
        """Those of the known parts that the file holds as they had arrived: nobody knows what became of it since (a stick that
        was pulled, a network that went). The others are fetched again.
        """
        stop = stage.cancel.raise_if_cancelled
        with open_temporary(path, create=False) as file, disk_errors(path):
            return tuple(
                part
                for part in self.known
                if not part.checksum or range_holds(file, part.number, part.size_bytes, part.checksum, stop)
            )


@dataclass(frozen=True, slots=True)
class FetchRange(Task):
    """Fetch one part and write it at its place. Result: :class:`PartDone`, with what :class:`RangeCheck` says of it.

    :ivar check: what that is to be
    """

    bucket: str
    item: Item
    root: str
    temporary: str
    etag: str
    start: int
    length: int
    check: str = ""
    version_id: str = ""

    pausable = True

    @property
    def moved_bytes(self) -> int:
        return self.length

    def part_of(self, result: object) -> PartDone:
        assert isinstance(result, PartDone)
        return result

    def run(self, stage: Stage) -> PartDone:
        path = beside(self.root, self.item.target, self.temporary)
        buffer = memoryview(bytearray(_BUFFER_BYTES))
        done = 0
        check = RangeCheck(self.check)
        with (
            open_temporary(path, create=False) as file,
            _source(stage, self).get(
                self.bucket, self.item.source, start=self.start, length=self.length, if_match=self.etag
            ) as reader,
        ):
            check_same(reader.info, None, self.etag)
            os.lseek(file, self.start, os.SEEK_SET)
            while done < self.length and (count := reader.readinto(buffer[: self.length - done])):
                stage.cancel.raise_if_cancelled()
                check.feed(buffer[:count])
                with disk_errors(path):
                    write_all(file, buffer[:count])
                done += count
                stage.moved(done)
        if done != self.length:
            raise ConnectionFailed("The answer ended too early.", subject=self.item.source)
        return PartDone(self.start, self.length, checksum=check.value())


@dataclass(frozen=True, slots=True)
class PlaceFile(Task):
    """All parts are there: check, sync, rename. Result: :class:`Finished` or :class:`Skipped`.

    :ivar of_parts: the blob's ETag of several parts counts
    :ivar md5s: of all the parts that it is made of, if they are known from fetching them
    :ivar ranges: length and CRC of all its ranges, if all were fetched just now
    """

    bucket: str
    item: Item
    root: str
    temporary: str
    info: BlobInfo
    skip_existing: bool = False
    of_parts: bool = False
    md5s: tuple[str, ...] = ()
    ranges: tuple[tuple[int, str], ...] = ()
    version_id: str = ""

    alone = True

    def run(self, stage: Stage) -> Finished | Skipped:
        path, final = beside(self.root, self.item.target, self.temporary), local_path(self.root, self.item.target)
        if not path.exists():  # an attempt before had renamed it, or left it for what stands there; its answer was lost
            how = self._check(stage, final)
            if how == "size" and not has_its_time(final, self.info):
                how = self._read_again(stage, final)
            return Finished(how)
        how = "md5" if self.md5s and etag_of_parts(self.md5s) == self.info.etag else ""
        how = how or proven_by_ranges(self.info, self.ranges) or self._check(stage, path)
        return place(path, final, self.item, self.info, how, self.skip_existing)

    def _check(self, stage: Stage, path: Path) -> str:
        how = check_file(path, self.info, stage.cancel.raise_if_cancelled, of_parts=self.of_parts)
        return how or self._read_again(stage, path)

    def _read_again(self, stage: Stage, path: Path) -> str:
        stop = stage.cancel.raise_if_cancelled
        return read_again(_source(stage, self), self.bucket, self.info, path, lambda _: stop())


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
    """Remove what an item that ended early left beside its target, its tries before included; gone is fine."""

    root: str
    target: str
    temporary: str

    def run(self, stage: Stage) -> None:
        folder = beside(self.root, self.target, self.temporary).parent
        _remove(folder, [*names_before(self.temporary), self.temporary])


@dataclass(frozen=True, slots=True)
class SyncFolder(Task):
    """Have a download's small files reach the disk, in one call (large ones were synced one by one)."""

    root: str

    alone = True

    def run(self, stage: Stage) -> None:
        sync_file_system(Path(self.root))


class FetchCourse:
    """A blob's way down.

    :param known: finished parts of the temporary file the item has begun in a run before
    :param of_parts: whether an ETag of several parts is used to check the bytes
    :param version_id: of the blob, where that is to be read instead of what stands there now
    """

    def __init__(
        self,
        bucket: str,
        item: Item,
        root: str,
        known: tuple[PartDone, ...] = (),
        *,
        skip_existing: bool,
        of_parts: bool,
        version_id: str = "",
    ) -> None:
        self._version_id = version_id
        self._of_parts = of_parts
        #: of each part, by its first byte
        self._sizes: dict[int, int] = {}
        self._checksums: dict[int, str] = {}
        self.items = (item,)
        self._item = item
        self._bucket = bucket
        self._root = root
        self._skip_existing = skip_existing
        self._temporary = item.begun
        self._known = known
        self._info: BlobInfo | None = None
        self._bytes_left = item.size_bytes
        self._begun = False

    def begin(self) -> Sequence[Task]:
        if self._item.folder:
            return [MakeFolder(self._item, self._root)]
        self._begun = True
        if self._item.size_bytes <= LARGE_BYTES:
            skip = self._skip_existing
            return [FetchBlob(self._bucket, self._item, self._root, self._temporary, skip, self._version_id)]
        return [OpenTarget(self._bucket, self._item, self._root, self._temporary, self._known, self._version_id)]

    def advance(self, task: Task, result: object) -> Sequence[Task] | Finished | Skipped:
        if isinstance(result, Finished | Skipped):
            self._begun = False
            return result
        if isinstance(result, Opened):
            self._info = result.info
            ranges = {task.start: task for task in self._range_tasks(result.info)}
            for part in result.parts:
                if part.number in ranges and ranges[part.number].length == part.size_bytes:
                    del ranges[part.number]
                    self._take(part)
            tasks = list(ranges.values())
            return tasks or [self._place(result.info)]
        assert isinstance(result, PartDone)
        assert self._info is not None
        self._take(result)
        if self._bytes_left:
            return []
        return [self._place(self._info)]

    def _take(self, part: PartDone) -> None:
        self._sizes[part.number], self._checksums[part.number] = part.size_bytes, part.checksum
        self._bytes_left -= part.size_bytes

    def _place(self, info: BlobInfo) -> Task:
        values = [self._checksums.get(start, "") for start in range(0, info.size_bytes, self._step(info))]
        md5s = tuple(values) if self._md5_counts(info) and all(values) else ()
        ranges = tuple((self._sizes[start], self._checksums[start]) for start in sorted(self._sizes))
        return PlaceFile(
            self._bucket, self._item, self._root, self._temporary, info, self._skip_existing,
            self._of_parts, md5s, ranges, self._version_id,
        )  # fmt: skip

    def _md5_counts(self, info: BlobInfo) -> bool:
        return self._of_parts and self._step(info) == probable_part_bytes(info)

    def _step(self, info: BlobInfo) -> int:
        """How much is fetched at once: a part as it was written, if that can be proved then."""
        as_written = probable_part_bytes(info) if self._of_parts else 0
        return as_written if 0 < as_written <= LARGE_BYTES else part_bytes(info.size_bytes)

    def leftovers(self) -> Sequence[Task]:
        return [RemoveTemporary(self._root, self._item.target, self._temporary)] if self._begun else []

    def _range_tasks(self, info: BlobInfo) -> list[FetchRange]:
        step = self._step(info)
        check = "md5" if self._md5_counts(info) else crc_of_ranges(info)
        return [
            FetchRange(
                self._bucket, self._item, self._root, self._temporary, info.etag,
                start, min(step, info.size_bytes - start), check, self._version_id,
            )
            for start in range(0, info.size_bytes, step)
        ]  # fmt: skip


def _source(stage: Stage, task: FetchBlob | OpenTarget | FetchRange | PlaceFile) -> Driver:
    """The store, of which the version is read that the task names."""
    return pinned(stage.driver, {task.item.source: task.version_id})


def place(
    temporary: str | Path, final: str | Path, item: Item, info: BlobInfo, how: str, skip_existing: bool
) -> Finished | Skipped:
    """Give a checked file its time, sync it if it is large, and rename it."""
    with disk_errors(final):
        if info.modified_us:
            os.utime(temporary, ns=(info.modified_us * 1000, info.modified_us * 1000))
        if info.size_bytes > LARGE_BYTES:
            with open_temporary(temporary, create=False) as file:
                os.fsync(file)
        try:
            if item.expects:
                check_file_stands(Path(final), item.expects)
            put_in_place(temporary, final, replace=item.replace)
        except FileExistsError as error:
            same = _same_bytes(temporary, final)
            Path(temporary).unlink()
            if same:  # an attempt before had put it there, and its answer was lost
                return Finished(how)
            if skip_existing:
                return Skipped("a file of that name came meanwhile")
            raise DiskError("A file of that name is there already.", subject=str(final)) from error
        except PreconditionFailed:
            ours = _same_bytes(temporary, final)
            Path(temporary).unlink()
            if ours:  # as above
                return Finished(how)
            raise
        except IsADirectoryError as error:
            raise DiskError("A folder of that name is there.", subject=str(final)) from error
    return Finished(how)


def _same_bytes(temporary: str | Path, final: str | Path) -> bool:
    """Links are not followed."""
    path = Path(final)
    return path.is_file() and not path.is_symlink() and filecmp.cmp(temporary, final, shallow=False)


def _holds(temporary: Path, size_bytes: int) -> bool:
    """Whether it is a file of that size; links are not followed."""
    try:
        found = temporary.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == size_bytes


def _folder_of(target: str) -> str:
    return target.rpartition("/")[0]


def _remove(folder: str | Path, names: Sequence[str]) -> None:
    """Temporary files of ``folder``; gone is fine. Before a try begins, those of the tries before it: who was to remove them
    may have been killed.
    """
    for name in names:
        path = Path(folder, name)
        with disk_errors(path), suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()


def beside(root: str, target: str, temporary: str) -> Path:
    """Where an item's temporary file stands."""
    return local_path(root, target).with_name(temporary)
