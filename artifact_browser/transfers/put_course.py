"""A file's way up: which task follows which, in one piece or in parts. Lives in the engine; never blocks."""

from __future__ import annotations

from collections.abc import Sequence

from artifact_browser.storage.driver import Part
from artifact_browser.transfers.parts_course import PartsCourse
from artifact_browser.transfers.put_tasks import (
    BeginUpload,
    FinishUpload,
    PutFile,
    PutMarker,
    PutPart,
    ResumeUpload,
)
from artifact_browser.transfers.state import Item, PartDone
from artifact_browser.transfers.task import LARGE_BYTES, PART_BYTES, Task, part_bytes


class PutCourse(PartsCourse):
    """A file's way up.

    :param known: finished parts of the upload the item has begun in a run before
    """

    def __init__(
        self,
        bucket: str,
        item: Item,
        known: Sequence[PartDone] = (),
        *,
        skip_existing: bool,
        largest_part: int,
        most_parts: int,
    ) -> None:
        super().__init__(bucket, item)
        self._skip_existing = skip_existing
        self._part_bytes = min(part_bytes(item.size_bytes, PART_BYTES, most_parts), largest_part)
        self._known = tuple(part for part in known if part.size_bytes == self._length(part.number))

    def _first(self) -> Sequence[Task]:
        if self._item.folder:
            return [PutMarker(self._to_bucket, self._item)]
        if self._item.size_bytes <= LARGE_BYTES:
            return [PutFile(self._to_bucket, self._item, self._skip_existing)]
        if self.upload_id:
            return [ResumeUpload(self._to_bucket, self._item, self._known)]
        return [self._begin_anew()]

    def _begin_parts(self) -> Task:
        return BeginUpload(self._to_bucket, self._item)

    def _finish(self, parts: tuple[Part, ...]) -> Task:
        return FinishUpload(self._to_bucket, self._item, self.upload_id, parts, self._skip_existing, self._sent_again)

    @property
    def _part_count(self) -> int:
        return -(-self._item.size_bytes // self._part_bytes)

    def _length(self, number: int) -> int:
        """Of the part ``number``, counted from 1; nothing beyond the last."""
        return max(0, min(self._part_bytes, self._item.size_bytes - (number - 1) * self._part_bytes))

    def _part_tasks(self) -> list[Task]:
        return [
            PutPart(
                self._to_bucket, self._item, self.upload_id, number,
                (number - 1) * self._part_bytes, self._length(number),
            )
            for number in range(1, self._part_count + 1)
            if number not in self._parts
        ]  # fmt: skip
