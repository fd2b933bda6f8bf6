"""The way of an item that moves in parts of a multipart upload, whatever the parts are made of. Lives in the engine.

Parts that the store finds damaged when it is to join them are sent again, once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from artifact_browser.storage.driver import Part
from artifact_browser.transfers.known_uploads import known_uploads
from artifact_browser.transfers.lost_uploads import DropLost, what_is_left
from artifact_browser.transfers.put_checks import RemoveWrong, Wrong
from artifact_browser.transfers.put_tasks import Begun, DropOld, JoinTask
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Finished, Result, Settled, Skipped, Task
from artifact_browser.transfers.upload_marks import begun_as, given_up, id_in, is_given_up, mark_in, new_mark


class PartsCourse(ABC):
    """Begin or resume, the parts that are missing, finish; if the store has forgotten the upload, anew.

    :param bucket: where the upload is
    :ivar key: where its blob is going to be
    :ivar upload_id: empty while there is none; :ivar beginning: one is being begun
    """

    def __init__(self, bucket: str, item: Item) -> None:
        self.items: tuple[Item, ...] = (item,)
        self._item = item
        self._to_bucket = bucket
        self.key = item.target
        self.upload_id, self._mark = id_in(item.begun), mark_in(item.begun)
        self._old: DropOld | None = None
        if self.upload_id and is_given_up(item.begun):
            self.upload_id, self._old = "", DropOld(bucket, item.target, self.upload_id)
        self.beginning = False
        self._unsure = bool(self._mark)
        self._wrong: Wrong | None = None
        self._end: Finished | Skipped | None = None
        self._parts: dict[int, Part] = {}
        self._sent_again = False
        if self.upload_id:
            known_uploads.add(self)

    def begin(self) -> Sequence[Task]:
        """The first tasks, at least one; before all, what was given up is dropped."""
        return self._first() if self._old is None else [self._old]

    @abstractmethod
    def _first(self) -> Sequence[Task]:
        """The first tasks of the item itself, at least one."""

    @abstractmethod
    def _begin_parts(self) -> Task:
        """The task that begins an upload."""

    def _begun(self, result: Begun) -> Item:
        """The item with what that task has found out about it."""
        del result
        return self._item

    @property
    @abstractmethod
    def _part_count(self) -> int: ...

    @abstractmethod
    def _part_tasks(self) -> list[Task]:
        """Those that are missing."""

    @abstractmethod
    def _finish(self, parts: tuple[Part, ...]) -> Task:
        """The task that makes ``parts``, which are all of them in order, one blob."""

    def advance(self, task: Task, result: object) -> Sequence[Task] | Result:
        if isinstance(task, DropOld):
            self._old = None
            self._keep(self._item)
            return self._first()
        if isinstance(result, Wrong):
            self.upload_id, self._wrong = "", result
            return [RemoveWrong(self._to_bucket, self.key, result)]
        if isinstance(task, RemoveWrong):
            self._wrong = None
            return Settled({self._item.number: task.wrong.error})
        if isinstance(result, Finished | Skipped):
            self.upload_id, self.beginning = "", False
            if not self._unsure:
                return result
            self._end = result
            return [DropLost(self._to_bucket, self.key, self._mark)]
        if isinstance(task, DropLost):
            self._unsure = False
            return [self._last()] if self._end is None else self._end
        if result is None:  # the store does not know the upload any more: anew
            return [self._begin_anew()]
        if isinstance(result, tuple):
            self._sent_again = self._sent_again or isinstance(task, JoinTask)
            self._parts = {part.number: part for part in result}
            return self._part_tasks() or [self._last()]
        if isinstance(result, Part):
            self._parts[result.number] = result
            return [] if len(self._parts) < self._part_count else [self._last()]
        assert isinstance(result, Begun)
        self.upload_id, self.beginning = result.upload_id, False
        self._unsure = self._unsure or result.unsure
        self._mark = self._mark if self._unsure else ""
        self._keep(self._begun(result))
        return self._part_tasks()

    def leftovers(self) -> Sequence[Task]:
        if not self._unsure and not self.beginning:
            self._mark = ""
        self.beginning = False
        self._keep(self._item)
        wrong = [RemoveWrong(self._to_bucket, self.key, self._wrong)] if self._wrong is not None else []
        return [*wrong, *what_is_left(self._to_bucket, self._item)]

    def _begin_anew(self) -> Task:
        """Begin, with a mark that is in the journal by then: an answer that is lost may mean an upload nobody knows."""
        self._mark = self._mark or new_mark()
        self.upload_id, self.beginning = "", True
        self._keep(self._item)
        known_uploads.add(self)
        return self._begin_parts()

    def _keep(self, item: Item) -> None:
        """``item`` with what is begun of it."""
        begun = begun_as(self._mark, self.upload_id)
        if self._old is not None:
            begun = given_up(begun_as(self._mark, self._old.upload_id))
        self._item = replace(item, begun=begun)
        self.items = (self._item,)

    def _last(self) -> Task:
        if self._unsure:  # by now whatever was on its way has arrived
            return DropLost(self._to_bucket, self.key, self._mark, self.upload_id)
        return self._finish(tuple(self._parts[number] for number in sorted(self._parts)))
