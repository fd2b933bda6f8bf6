"""Uploading files and folders: keys are the target prefix and the relative path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from artifact_browser.errors import DiskError, InputError
from artifact_browser.storage.location import DELIMITER, Location
from artifact_browser.transfers.disk import disk_error, stamp_of
from artifact_browser.transfers.local_names import key_segments
from artifact_browser.transfers.lookup import find_blobs
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.planning import Planning
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.put_course import PutCourse
from artifact_browser.transfers.put_tasks import AbortUpload
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Course, Task
from artifact_browser.transfers.walk import Found, What, walk


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOrder(Order):
    """:ivar target: the prefix (its key ends with ``/`` or is empty); :ivar paths: files and folders"""

    target: Location
    paths: tuple[str, ...]

    def plan(self, planning: Planning) -> Iterable[Course]:
        driver, bucket = planning.driver, self.target.bucket
        items = self._look_again(planning) if self.again else self._walk(planning)
        existing = find_blobs(driver, bucket, [item.target for item in items if not item.folder], planning.tick)
        movable = planning.settle(items, existing, self.policy, lambda key: self._exists(planning, key))
        limits = driver.capabilities
        return (
            PutCourse(
                bucket, item, skip_existing=self.policy is Policy.SKIP,
                largest_part=limits.max_part_bytes, most_parts=limits.max_parts,
            )
            for item in movable
        )  # fmt: skip

    def debris(self, items: Sequence[Item]) -> Sequence[Task]:
        return [AbortUpload(self.target.bucket, item.target, item.begun) for item in items]

    def _walk(self, planning: Planning) -> list[Item]:
        longest = planning.driver.capabilities.max_key_bytes
        return [
            item
            for path in self.paths
            for found in walk(path)
            if (item := self._admit(planning, found, longest)) is not None
        ]

    def _admit(self, planning: Planning, found: Found, longest: int) -> Item | None:
        item = Item(
            number=planning.number(),
            name=printable(DELIMITER.join(found.names)) or found.path,
            source=found.path,
            target=self.target.key + DELIMITER.join(key_segments(found.names)),
            size_bytes=found.size_bytes,
            modified_us=found.modified_us,
            file_id=found.file_id,
            folder=found.what is What.EMPTY_FOLDER,
        )
        if item.folder and item.target:
            item = replace(item, target=item.target + DELIMITER)
        if found.what in {What.LINK, What.SPECIAL}:
            planning.skip(_sendable(item), f"{found.what}: not uploaded")
        elif found.error is not None:
            planning.fail(_sendable(item), found.error)
        elif problem := _problem(item, longest):
            planning.fail(_sendable(item), problem)
        else:
            return planning.add(item, lambda key: self._exists(planning, key))
        return None

    def _look_again(self, planning: Planning) -> list[Item]:
        items = []
        for item in self.again:
            item = replace(item, begun="")
            try:
                size, modified_us, file_id = stamp_of(Path(item.source).stat())
            except OSError as error:
                planning.fail(item, disk_error(error, item.source))
                continue
            if not item.folder:
                item = replace(item, size_bytes=size, modified_us=modified_us, file_id=file_id)
            items.append(planning.add(item, lambda key: self._exists(planning, key)))
        return items

    def _exists(self, planning: Planning, key: str) -> bool:
        return bool(find_blobs(planning.driver, self.target.bucket, [key], planning.tick))


def printable(name: str) -> str:
    """A name that can be shown and sent to the window, whatever bytes the disk has."""
    return name.encode("utf-8", "replace").decode()


def _sendable(item: Item) -> Item:
    return replace(item, source=printable(item.source), target=printable(item.target))


def _problem(item: Item, longest: int) -> InputError | DiskError | None:
    try:
        length = len(item.target.encode())
    except UnicodeEncodeError:
        return InputError("Its name is not valid Unicode, so it cannot be a key.", subject=printable(item.source))
    if not length or length > longest:
        return InputError(f"The key would be {length:,} bytes long; {longest:,} are possible.", subject=item.source)
    return None
