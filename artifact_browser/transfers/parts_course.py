"""The way of an item that moves in parts of a multipart upload, whatever the parts are made of. Lives in the engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from artifact_browser.storage.driver import Part
from artifact_browser.transfers.put_tasks import AbortUpload
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Finished, Skipped, Task


class PartsCourse(ABC):
    """Begin or resume, the parts that are missing, finish; if the store has forgotten the upload, anew.

    :param bucket: where the upload is
    """

    def __init__(self, bucket: str, item: Item) -> None:
        self.items: tuple[Item, ...] = (item,)
        self._item = item
        self._to_bucket = bucket
        self._upload_id = item.begun
        self._parts: dict[int, Part] = {}

    @abstractmethod
    def begin(self) -> Sequence[Task]:
        """The first tasks, at least one."""

    @abstractmethod
    def _begin_parts(self) -> Task:
        """The task that begins an upload."""

    @abstractmethod
    def _begun(self, result: object) -> Item:
        """The item with what that task has begun."""

    @property
    @abstractmethod
    def _part_count(self) -> int: ...

    @abstractmethod
    def _part_tasks(self) -> list[Task]:
        """Those that are missing."""

    @abstractmethod
    def _finish(self, parts: tuple[Part, ...]) -> Task:
        """The task that makes ``parts``, which are all of them in order, one blob."""

    def advance(self, task: Task, result: object) -> Sequence[Task] | Finished | Skipped:
        if isinstance(result, Finished | Skipped):
            self._upload_id = ""
            return result
        if result is None:  # the store does not know the upload any more: anew
            self._upload_id = ""
            return [self._begin_parts()]
        if isinstance(result, tuple):
            self._parts = {part.number: part for part in result}
            return self._part_tasks() or [self._last()]
        if isinstance(result, Part):
            self._parts[result.number] = result
            return [] if len(self._parts) < self._part_count else [self._last()]
        self._item = self._begun(result)
        self._upload_id = self._item.begun
        self.items = (self._item,)
        return self._part_tasks()

    def leftovers(self) -> Sequence[Task]:
        return [AbortUpload(self._to_bucket, self._item.target, self._upload_id)] if self._upload_id else []

    def _last(self) -> Task:
        return self._finish(tuple(self._parts[number] for number in sorted(self._parts)))
