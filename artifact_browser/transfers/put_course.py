"""A file's way up: which task follows which, in one piece or in parts. Lives in the engine; never blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from artifact_browser.storage.driver import Part
from artifact_browser.transfers.put_tasks import AbortUpload, BeginUpload, FinishUpload, PutFile, PutMarker, PutPart
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import LARGE_BYTES, PART_BYTES, Finished, Skipped, Task, part_bytes


class PutCourse:
    """A file's way up."""

    def __init__(self, bucket: str, item: Item, *, skip_existing: bool, largest_part: int, most_parts: int) -> None:
        self.items = (item,)
        self._item = item
        self._bucket = bucket
        self._skip_existing = skip_existing
        self._part_bytes = min(part_bytes(item.size_bytes, PART_BYTES, most_parts), largest_part)
        self._upload_id = ""
        self._parts: dict[int, Part] = {}

    def begin(self) -> Sequence[Task]:
        if self._item.folder:
            return [PutMarker(self._bucket, self._item)]
        if self._item.size_bytes <= LARGE_BYTES:
            return [PutFile(self._bucket, self._item, self._skip_existing)]
        return [BeginUpload(self._bucket, self._item)]

    def advance(self, task: Task, result: object) -> Sequence[Task] | Finished | Skipped:
        if isinstance(result, Finished | Skipped):
            self._upload_id = ""
            return result
        if isinstance(result, str):
            self._upload_id = result
            self.items = (replace(self._item, begun=result),)
            return self._part_tasks()
        assert isinstance(result, Part)
        self._parts[result.number] = result
        if len(self._parts) < self._part_count:
            return []
        parts = tuple(self._parts[number] for number in sorted(self._parts))
        return [FinishUpload(self._bucket, self._item, self._upload_id, parts, self._skip_existing)]

    def leftovers(self) -> Sequence[Task]:
        return [AbortUpload(self._bucket, self._item.target, self._upload_id)] if self._upload_id else []

    @property
    def _part_count(self) -> int:
        return -(-self._item.size_bytes // self._part_bytes)

    def _part_tasks(self) -> list[Task]:
        size = self._item.size_bytes
        return [
            PutPart(
                self._bucket, self._item, self._upload_id, number + 1,
                number * self._part_bytes, min(self._part_bytes, size - number * self._part_bytes),
            )
            for number in range(self._part_count)
        ]  # fmt: skip
