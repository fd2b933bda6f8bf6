"""Uploading files and folders: keys are the target prefix and the relative path."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from artifact_browser.errors import DiskError, InputError
from artifact_browser.storage.location import DELIMITER, Location
from artifact_browser.storage.open import lies_in_store
from artifact_browser.storage.stamps import stamp_of
from artifact_browser.transfers.choice import EVERYTHING, Links, TreeChoice
from artifact_browser.transfers.comparing import SameBytes
from artifact_browser.transfers.desk import Parked
from artifact_browser.transfers.disk import disk_error
from artifact_browser.transfers.local_names import key_segments
from artifact_browser.transfers.lookup import Blob
from artifact_browser.transfers.lost_uploads import what_is_left
from artifact_browser.transfers.name_map import NameMap
from artifact_browser.transfers.planning import Planning
from artifact_browser.transfers.put_course import PutCourse
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Course, Task
from artifact_browser.transfers.tree import Tree, TreeOrder
from artifact_browser.transfers.walk import LEADS_OUT, Found, What, walk


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOrder(TreeOrder):
    """:ivar target: the prefix (its key ends with ``/`` or is empty); :ivar paths: files and folders; :ivar choice: what of
    them
    """

    target: Location
    paths: tuple[str, ...]
    choice: TreeChoice = EVERYTHING

    def tree(self, planning: Planning) -> Tree:
        return UploadTree(self, planning)

    def ends_of(self, item: Item) -> tuple[str | Path, str, str]:
        return item.source, self.target.bucket, item.target

    def debris(self, items: Sequence[Item]) -> Sequence[Task]:
        return [task for item in items for task in what_is_left(self.target.bucket, item)]

    def found(self, planning: Planning, known: Callable[[Item], bool]) -> Iterable[Item]:
        """Items to move, in the book; ``known``: a run before has planned it."""
        longest = planning.driver.capabilities.max_key_bytes
        for path in dict.fromkeys(self.paths):
            for found in walk(path, self.choice):
                if (item := self._admit(planning, found, longest, known)) is not None:
                    yield item

    def _admit(self, planning: Planning, found: Found, longest: int, known: Callable[[Item], bool]) -> Item | None:
        if found.by:
            planning.leave_out(found.by, folder=found.what is What.FOLDER_LEFT_OUT)
            return None
        item = Item(
            number=planning.next_number,
            name=printable(DELIMITER.join(found.names)) or found.path,
            source=found.path,
            target=self.target.key + DELIMITER.join(key_segments(found.names)),
            size_bytes=found.size_bytes,
            modified_us=found.modified_us,
            file_id=found.file_id,
            folder=found.what is What.EMPTY_FOLDER,
        )
        if known(item):
            planning.tick()
            return None
        planning.number()
        if item.folder and item.target:
            item = replace(item, target=item.target + DELIMITER)
        if found.what in {What.LINK, What.SPECIAL}:
            planning.skip(_sendable(item), f"{found.note or found.what}: not uploaded")
        elif found.error is not None:
            planning.fail(_sendable(item), found.error)
        elif problem := key_problem(item, longest):
            planning.fail(_sendable(item), problem)
        else:
            return planning.add(item, lambda key: self.exists(planning, key))
        return None

    def exists(self, planning: Planning, key: str) -> bool:
        """Whether something stands at a key of the target."""
        return bool(planning.find(self.target.bucket, [key]))


class UploadTree(Tree):
    """An upload's plan."""

    def __init__(self, order: UploadOrder, planning: Planning) -> None:
        super().__init__(order, planning)
        self._upload = order
        self._bucket = order.target.bucket
        self._same = SameBytes(planning.driver, self._bucket, planning.tick)
        self._known = NameMap()
        paths = planning.context.paths
        self.holds = any(lies_in_store(order.record, path, paths) for path in order.paths)

    def found(self) -> Iterable[Item]:
        return self._upload.found(self.planning, lambda item: _identity(item) in self._known)

    def remember(self, item: Item) -> None:
        super().remember(item)
        self._known.put(_identity(item))

    def look_again(self, items: Sequence[Item]) -> list[Item]:
        planning, found = self.planning, []
        for item in items:
            try:
                status = Path(item.source).stat(follow_symlinks=self._upload.choice.links is not Links.SKIP)
            except OSError as error:
                self._tidy_rest([item], ())
                planning.fail(item, disk_error(error, item.source))
                continue
            if stat.S_ISDIR(status.st_mode) and not item.folder:
                if (empty := self._read_folder(item)) is not None:
                    found.append(empty)
                continue
            if note := self._link_note(item.source, status):
                self._tidy_rest([item], ())
                planning.skip(item, f"{note}: not uploaded")
                continue
            size, modified_us, file_id = stamp_of(status)
            if not item.folder and (size, modified_us, file_id) != (item.size_bytes, item.modified_us, item.file_id):
                item = self._order.given_up(item)  # what was begun is of a file that is not that one any more
                item = replace(item, size_bytes=size, modified_us=modified_us, file_id=file_id)
            found.append(planning.add(item, self._exists))
        return found

    def _link_note(self, path: str, found: os.stat_result) -> str:
        """Why what stands there by now is not followed; empty where it is, or is no link."""
        if stat.S_ISLNK(found.st_mode):
            return What.LINK
        if self._upload.choice.links is not Links.INSIDE or path in self._upload.paths or not Path(path).is_symlink():
            return ""
        roots = (Path(chosen).resolve() for chosen in self._upload.paths)
        return "" if any(Path(path).resolve().is_relative_to(root) for root in roots) else LEADS_OUT

    def _read_folder(self, item: Item) -> Item | None:
        """One that could not be read when it was its turn; an item again where there is nothing in it."""
        planning = self.planning
        first = next(walk(item.source, replace(self._upload.choice, ignore_above=True)), None)
        itself = first if first is not None and first.path == item.source else None
        if itself is not None and itself.error is not None:
            planning.fail(item, itself.error)
        elif itself is not None and itself.what is What.EMPTY_FOLDER:
            return planning.add(replace(item, folder=True, target=item.target + DELIMITER), self._exists)
        elif self.walk_again():
            planning.skip(item, "it can be read now: what it holds is uploaded")
        else:
            planning.fail(item, DiskError("It can be read now. Upload it once more.", subject=item.source))
        return None

    def sort_out(self, items: Sequence[Item], *, again: bool) -> tuple[list[Item], list[Course]]:
        planning, bucket = self.planning, self._bucket
        targets = [item.target for item in items if not item.folder]
        existing: dict[str, Blob] = {}
        if targets:
            existing = planning.find(bucket, targets)
        left, before = self._finish_before(
            items, existing, lambda item: planning.finished_before(item.source, bucket, item.target), again=again
        )
        movable = planning.settle(
            left,
            existing,
            self._order.policy,
            self._exists,
            lambda item, there: self._same(Path(item.source), there),
        )
        if again:
            finished = (item for course in before for item in course.items)
            self._tidy_rest(items, [*movable, *finished, *planning.parked()])
        return movable, before

    def settled(self, parked: Sequence[Parked]) -> list[Item]:
        going = self.planning.settle_parked(parked, self._exists)
        self._tidy_parked(parked, going)
        return going

    def course(self, item: Item) -> Course:
        limits = self.planning.driver.capabilities
        return PutCourse(
            self._bucket, item, self.planning.parts(item), skip_existing=self._order.policy.skips_newcomers,
            largest_part=limits.max_part_bytes, most_parts=limits.max_parts,
        )  # fmt: skip

    def _exists(self, key: str) -> bool:
        return self._upload.exists(self.planning, key)


def _identity(item: Item) -> str:
    """What the same file of the same choice has in every run."""
    return f"{printable(item.name)}\0{printable(item.source)}"


def printable(name: str) -> str:
    """A name that can be shown and sent to the window, whatever bytes the disk has."""
    return name.encode("utf-8", "replace").decode()


def _sendable(item: Item) -> Item:
    return replace(item, source=printable(item.source), target=printable(item.target))


def key_problem(item: Item, longest: int) -> InputError | DiskError | None:
    """Why an item cannot have its key, if it cannot. ``longest``: in bytes."""
    try:
        length = len(item.target.encode())
    except UnicodeEncodeError:
        return InputError("Its name is not valid Unicode, so it cannot be a key.", subject=printable(item.source))
    if not length or length > longest:
        return InputError(f"The key would be {length:,} bytes long; {longest:,} are possible.", subject=item.source)
    return None
