"""A blob's way to another place: which task follows which, in one piece or in parts. Lives in the engine; never blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from artifact_browser.storage.driver import Capabilities, Part
from artifact_browser.transfers.copy_ends import Way
from artifact_browser.transfers.copy_tasks import (
    BeginCopy,
    CopyBlob,
    CopyPart,
    FinishCopy,
    ResumeCopy,
    StreamBlob,
    part_layout,
    parts_of_layout,
)
from artifact_browser.transfers.parts_course import PartsCourse
from artifact_browser.transfers.put_tasks import Begun
from artifact_browser.transfers.state import Item, PartDone
from artifact_browser.transfers.task import MIB, PART_BYTES, Task

#: parts of a blob that the store itself copies: no bytes of theirs come here
_STORE_PART_BYTES = 256 * MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """In bytes but for ``most_parts``. ``whole``: up to this a blob goes in one piece."""

    whole: int
    usual_part: int
    smallest_part: int
    most_parts: int


def limits_of(capabilities: Capabilities, *, streamed: bool) -> Limits:
    """What the target's store allows, and what fits into a mover's memory."""
    return Limits(
        whole=PART_BYTES if streamed else capabilities.max_copy_bytes,
        usual_part=PART_BYTES if streamed else _STORE_PART_BYTES,
        smallest_part=capabilities.min_part_bytes,
        most_parts=capabilities.max_parts,
    )


class CopyCourse(PartsCourse):
    """A blob's way to another place.

    :param known: finished parts of what the item has begun in a run before
    """

    def __init__(self, way: Way, item: Item, limits: Limits, known: Sequence[PartDone] = ()) -> None:
        super().__init__(way.to_bucket, item)
        self._way = way
        self._in_parts = item.size_bytes > limits.whole
        part_bytes = part_layout(item.size_bytes, item.etag, limits.usual_part, limits.smallest_part, limits.most_parts)
        self._layout = parts_of_layout(item.size_bytes, part_bytes) if self._in_parts else ()
        lengths = {number: length for number, _, length in self._layout}
        self._known = tuple(part for part in known if part.size_bytes == lengths.get(part.number))

    def _first(self) -> Sequence[Task]:
        if not self._in_parts:
            return [(StreamBlob if self._way.streamed else CopyBlob)(self._way, self._item)]
        if self.upload_id:
            return [ResumeCopy(self._way, self._item, self._known, len(self._layout))]
        return [self._begin_anew()]

    def _begin_parts(self) -> Task:
        return BeginCopy(self._way, self._item)

    def _begun(self, result: Begun) -> Item:
        return replace(self._item, etag=result.etag)

    @property
    def _part_count(self) -> int:
        return len(self._layout)

    def _finish(self, parts: tuple[Part, ...]) -> Task:
        return FinishCopy(self._way, self._item, self.upload_id, parts, self._sent_again)

    def _part_tasks(self) -> list[Task]:
        return [
            CopyPart(self._way, self._item, self.upload_id, number, start, length)
            for number, start, length in self._layout
            if number not in self._parts
        ]
