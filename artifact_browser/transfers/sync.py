"""One-way sync: carries out what a comparison has shown, and nothing else.

What has changed on either side since then fails as an item ("compare again") instead of being written over. What is only
at the target is removed last, and only when everything else went well; files of this computer go to the system's trash.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, TypeVar

from artifact_browser.errors import ArtifactBrowserError, PreconditionFailed, StorageError
from artifact_browser.storage.location import DELIMITER
from artifact_browser.storage.stamps import stamp_of
from artifact_browser.transfers.blob_tasks import DELETE_BATCH, OneTask, settled, still_standing
from artifact_browser.transfers.compare_file import CompareFile, Direction, Group, Row, discard
from artifact_browser.transfers.disk import check_source, disk_errors, local_path, temporary_name
from artifact_browser.transfers.download import DownloadOrder
from artifact_browser.transfers.local_names import LocalNames
from artifact_browser.transfers.lookup import Blob, look_for
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.pins import Whereabouts
from artifact_browser.transfers.planning import Planning
from artifact_browser.transfers.standing import CHANGED, blob_standing, file_standing, same_blob_stands
from artifact_browser.transfers.state import Counts, Item
from artifact_browser.transfers.task import Course, Finished, Settled, Stage, Task
from artifact_browser.transfers.upload import UploadOrder, key_problem
from artifact_browser.workers.alone import alone_at

Kind = TypeVar("Kind", bound=Order)
#: numbers of the items to remove, beyond those to move
_REMOVALS = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSync(UploadOrder):
    """Make the prefix ``target`` like a folder. ``paths`` holds the folder.

    :ivar file: the comparison
    :ivar remove: delete what is only at the target; :ivar keep_newer: leave alone what is the younger one there
    """

    streams: ClassVar[bool] = False  # a comparison is whole, and so is what is made of it

    file: str
    remove: bool = False
    keep_newer: bool = True

    def plan(self, planning: Planning) -> Iterable[Course]:
        return _planned(planning, self, UploadOrder.plan, self._removals())

    def closing(self, planning: Planning, counts: Counts) -> Iterable[Course]:
        removals = list(self._removals())
        if _unsafe(planning, removals, counts):
            return
        for first in range(0, len(removals), DELETE_BATCH):
            batch = tuple(removals[first : first + DELETE_BATCH])
            yield OneTask(batch, DeleteUnchanged(self.target.bucket, batch))
        discard(self.file)

    def found(self, planning: Planning, known: Callable[[Item], bool]) -> Iterable[Item]:
        with CompareFile(self.file) as file:
            rows = list(file.rows(Direction.UPLOAD, _moved(keep_newer=self.keep_newer)))
        keys = [self.target.key + row.key for row in rows if row.remote_size is not None]
        bucket = self.target.bucket
        now = planning.patiently(lambda: look_for(planning.driver, bucket, keys, planning.tick)) if keys else {}
        return [item for row in rows if (item := self._item(planning, row, now)) is not None]

    def _item(self, planning: Planning, row: Row, now: dict[str, Blob]) -> Item | None:
        key = self.target.key + row.key
        item = Item(
            number=planning.number(),
            name=row.key,
            source=row.path,
            target=key,
            size_bytes=row.local_size or 0,
            modified_us=row.local_us,
            file_id=row.file_id,
            folder=row.key.endswith(DELIMITER),
            replace=row.remote_size is not None,
        )
        if item.replace:
            item = replace(item, expects=blob_standing(row.etag, row.remote_size or 0, row.remote_us))
        there = now.get(key)
        problem: ArtifactBrowserError | None
        if there is not None and not same_blob_stands(item.expects, there.etag, there.size_bytes, there.modified_us):
            problem = PreconditionFailed(CHANGED, subject=key)
        else:
            problem = key_problem(item, planning.driver.capabilities.max_key_bytes)
        if problem is not None:
            planning.fail(item, problem)
            return None
        return planning.add(item, _never)

    def _removals(self) -> Iterator[Item]:
        rows = _extra(self.file, Direction.UPLOAD, wanted=self.remove and not self.goes_on)
        yield from _again(self.again)
        for number, row in rows:
            yield _removal(number, row, self.target.key + row.key, row.remote_size, row.remote_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadSync(DownloadOrder):
    """Make ``folder`` like the prefix that ``sources`` holds; the rest as in :class:`UploadSync`."""

    streams: ClassVar[bool] = False  # a comparison is whole, and so is what is made of it

    file: str
    remove: bool = False
    keep_newer: bool = True

    def plan(self, planning: Planning) -> Iterable[Course]:
        return _planned(planning, self, DownloadOrder.plan, self._removals())

    def closing(self, planning: Planning, counts: Counts) -> Iterable[Course]:
        removals = list(self._removals())
        if _unsafe(planning, removals, counts):
            return
        for item in sorted(removals, key=lambda item: item.number, reverse=True):  # a folder after what lies in it
            yield OneTask((item,), TrashFile(self.folder, item, str(planning.context.paths.runtime / "trash.lock")))
        discard(self.file)

    def found(
        self, planning: Planning, names: LocalNames, known: Callable[[str, str], bool], where: Whereabouts
    ) -> Iterator[Item]:
        with CompareFile(self.file) as file:
            for row in file.rows(Direction.DOWNLOAD, _moved(keep_newer=self.keep_newer)):
                if (item := self._item(planning, names, row)) is not None:
                    yield item

    def _item(self, planning: Planning, names: LocalNames, row: Row) -> Item | None:
        marker = row.key.endswith(DELIMITER) and not row.remote_size
        item = Item(
            number=planning.number(),
            name=row.key,
            source=self.sources[0].key + row.key,
            target=row.key,
            size_bytes=row.remote_size or 0,
            modified_us=row.remote_us,
            etag=row.etag,
            folder=marker,
            replace=bool(row.path),
            begun=temporary_name(),
        )
        try:
            if row.path:
                standing = file_standing(row.local_size or 0, row.local_us, row.file_id)
                item = replace(item, target=_below(self.folder, row), expects=standing)
                check_source(_file_of(row))
            else:
                target = names.path_of((row.key[:-1] if marker else row.key).split(DELIMITER), folder=marker)
                item = replace(item, target=target)
        except ArtifactBrowserError as error:
            planning.fail(item, PreconditionFailed(CHANGED, subject=row.path) if row.path else error)
            return None
        return planning.add(item, _never)

    def _removals(self) -> Iterator[Item]:
        rows = _extra(self.file, Direction.DOWNLOAD, wanted=self.remove and not self.goes_on)
        yield from _again(self.again)
        for number, row in rows:
            target = _below(self.folder, row) + (DELIMITER if row.key.endswith(DELIMITER) else "")
            yield _removal(number, row, target, row.local_size, row.local_us)


@dataclass(frozen=True, slots=True)
class DeleteUnchanged(Task):
    """Delete those of a batch that are still what was compared. Result: :class:`Settled`."""

    bucket: str
    items: tuple[Item, ...]

    alone = True

    def run(self, stage: Stage) -> Settled:
        planned = {
            item.target: (item, blob_standing(item.etag, item.size_bytes, item.modified_us)) for item in self.items
        }
        doomed, failed = still_standing(stage, self.bucket, planned, CHANGED)
        outcomes = stage.driver.delete_many(self.bucket, [item.target for item in doomed])
        return Settled({**failed, **settled(doomed, outcomes).failed})


@dataclass(frozen=True, slots=True)
class TrashFile(Task):
    """Move a file below ``root`` to the system's trash if it is still the one that was compared, and remove the folders
    that are empty then; an empty folder is removed. Result: Finished.

    :param lock: of several movers one at a time: two files of one name would be given one name in the trash, and one be lost
    :raises DiskError: there is no trash for this disk, or no right to it; nothing was removed
    """

    root: str
    item: Item
    lock: str

    def run(self, stage: Stage) -> Finished:
        from send2trash import send2trash  # the movers' own: it asks the desktop which trash there is

        path = local_path(self.root, self.item.target)
        note = "moved to the trash"
        if self.item.target.endswith(DELIMITER):
            with suppress(OSError):  # something lies in it now: it stays
                path.rmdir()
            note = ""
        elif os.path.lexists(path):
            with disk_errors(path):
                found = path.lstat()
            if stamp_of(found) != (self.item.size_bytes, self.item.modified_us, self.item.file_id):
                raise PreconditionFailed(CHANGED, subject=str(path))
            with disk_errors(path), alone_at(self.lock):
                send2trash(str(path))
        with suppress(OSError):
            for folder in path.parents:
                if folder == Path(self.root):
                    break
                folder.rmdir()
        return Finished("", note)


def _planned(
    planning: Planning, order: Kind, plan: Callable[[Kind, Planning], Iterable[Course]], removals: Iterable[Item]
) -> Iterable[Course]:
    """What is to be moved, planned as ``plan`` does it; what is to be removed behind it is put into the book."""
    moves = tuple(item for item in order.again if item.number < _REMOVALS)
    courses = plan(replace(order, again=moves), planning) if moves or not order.again else ()
    for item in removals:
        planning.add(item, _never)
    return courses


def _moved(*, keep_newer: bool) -> list[Group]:
    return [Group.NEW, Group.CHANGED] + ([] if keep_newer else [Group.NEWER])


def _extra(file: str, direction: Direction, *, wanted: bool) -> Iterator[tuple[int, Row]]:
    """What is only at the target, with the items' numbers: the same however often it is asked."""
    if wanted:
        with CompareFile(file) as found:
            yield from enumerate(found.rows(direction, [Group.EXTRA]), start=_REMOVALS)


def _again(items: Iterable[Item]) -> Iterator[Item]:
    return (item for item in items if item.number >= _REMOVALS)


def _removal(number: int, row: Row, target: str, size_bytes: int | None, modified_us: int) -> Item:
    return Item(
        number, row.key, "", target, size_bytes or 0, modified_us, row.etag, row.file_id, folder=True
    )  # a folder: there are no bytes of it to check


def _file_of(row: Row) -> Item:
    return Item(0, row.key, row.path, "", row.local_size or 0, row.local_us, file_id=row.file_id)


def _below(folder: str, row: Row) -> str:
    return Path(row.path).relative_to(folder).as_posix()


def _unsafe(planning: Planning, removals: Sequence[Item], counts: Counts) -> bool:
    """Whether nothing may be removed, because something else went wrong; the removals then say so."""
    if counts.items_failed:
        for item in removals:
            planning.give_up(item, StorageError("Kept: something else of this sync failed.", subject=item.name))
    return counts.items_failed > 0


def _never(name: str) -> bool:
    return False
