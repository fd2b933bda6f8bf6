"""What plans of copies, moves and renames do alike: look at what is there, find the way, make the courses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.errors import ArtifactBrowserError, BlobNotFound, InputError, PreconditionFailed
from artifact_browser.storage.location import Location
from artifact_browser.transfers.blob_tasks import OneTask, RemoveFolders, TidyUp
from artifact_browser.transfers.copy_course import CopyCourse, limits_of
from artifact_browser.transfers.copy_ends import Way, reaches
from artifact_browser.transfers.lookup import Blob
from artifact_browser.transfers.lost_uploads import what_is_left
from artifact_browser.transfers.planning import Planning
from artifact_browser.transfers.policy import Decision
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Course, Task
from artifact_browser.transfers.upload_marks import given_up, id_in


@dataclass(slots=True)
class CopyPlan:
    """One run's plan. Lives in the engine job's thread.

    :ivar to_record: the account that is copied to, where it is another than ``record``
    """

    planning: Planning
    record: AccountRecord
    to_record: AccountRecord | None
    way: Way
    #: items that a run before had come far with: what stands at their targets is theirs, so nobody is asked
    _sure: set[int] = field(default_factory=set)
    _before: list[Course] = field(default_factory=list)

    def admit(self, blob: Blob, name: str, target: str) -> Iterator[Item]:
        """A blob that was found, as an item in the book; nothing if it cannot be or is not to be copied.

        :param name: what the person sees; ``target``: the key to be
        """
        item = Item(
            number=self.planning.number(),
            name=name,
            source=blob.key,
            target=target,
            size_bytes=blob.size_bytes,
            modified_us=blob.modified_us,
            etag=blob.etag,
        )
        longest = self.planning.target.capabilities.max_key_bytes
        if self.to_record is None and (self.way.bucket, blob.key) == (self.way.to_bucket, target):
            self.planning.skip(item, "it is there already")
        elif (length := len(target.encode("utf-8", "surrogatepass"))) > longest:
            words = f"The key would be {length:,} bytes long; {longest:,} are possible."
            self.planning.fail(item, InputError(words, subject=blob.key))
        else:
            yield self.planning.add(item, self.exists)

    def missing(self, key: str, name: str, target: str) -> None:
        """What was chosen is not there."""
        self._fail_missing(Item(self.planning.number(), name, key, target))

    def look_again(self, items: Sequence[Item]) -> Iterator[Item]:
        """Items of a run before, as their originals are now."""
        planning, way = self.planning, self.way
        found = planning.find(way.bucket, [item.source for item in items])
        existing = planning.find(way.to_bucket, [item.target for item in items], planning.target)
        for item in items:
            blob, there = found.get(item.source), existing.get(item.target)
            if blob is None:
                self._gone(item, there)
                continue
            if item.begun and (blob.size_bytes, blob.etag) != (item.size_bytes, item.etag):
                item = replace(item, begun=given_up(item.begun))  # of a blob that is not that one any more
            item = replace(item, size_bytes=blob.size_bytes, modified_us=blob.modified_us, etag=blob.etag)
            if there is not None and _may_be(item, there):
                self._sure.add(item.number)
            yield planning.add(item, self.exists)

    def _gone(self, item: Item, there: Blob | None) -> None:
        """The original is not there any more: a move may have been done before anybody heard of it."""
        if self.way.move and there is not None and _may_be(item, there):
            item = self.planning.add(item, lambda _: False)
            how = "etag" if there.etag == item.etag else "size"
            tidy = tuple(debris_of(self.way, [item] if item.begun else []))
            self._before.append(OneTask((item,), TidyUp(tidy, how)))
        else:
            self._fail_missing(item)

    def _fail_missing(self, item: Item) -> None:
        if item.begun:
            self.planning.tidy(debris_of(self.way, [item]))
        where = f"{self.way.bucket}/{item.source}"
        self.planning.fail(item, BlobNotFound("It is not there any more.", subject=where))

    def courses(self, items: Sequence[Item], policy: Decision | None) -> Iterable[Course]:
        """The ways of what is to be copied, once what is there already is dealt with.

        :param policy: ``None``: nobody is asked, and what is there already fails its item
        """
        planning, way = self.planning, self.way
        movable = self._apart(items if policy is None else self._settle(items, policy))
        going = {item.number for item in movable}
        planning.tidy(debris_of(way, [item for item in items if item.begun and item.number not in going]))
        way = replace(way, streamed=self._streamed(movable))
        return chain(self._before, (self._course(way, item) for item in movable))

    def _apart(self, items: Sequence[Item]) -> list[Item]:
        """Without those that would be written over what has yet to be copied itself (``x/x/f`` to ``x/f``, and that to ``f``):
        they fail, and a retry finds the others done.
        """
        one_store = self.to_record is None or same_store(self.record, self.to_record)
        sources = {item.source for item in items} if one_store and self.way.bucket == self.way.to_bucket else set()
        apart = []
        for item in items:
            if item.target in sources and item.target != item.source:
                words, todo = "What stands there is to be copied itself.", "Try again when the others are done."
                self.planning.give_up(item, PreconditionFailed(words, subject=item.target, todo=todo))
            else:
                apart.append(item)
        return apart

    def _course(self, way: Way, item: Item) -> Course:
        capabilities = self.planning.target.capabilities
        if not way.streamed and "%" in item.source and item.size_bytes > capabilities.max_copy_bytes:
            # Ceph 16.2 decodes a part's source twice, and would take another blob for "50%25"
            way = replace(way, streamed=True)
        return CopyCourse(way, item, limits_of(capabilities, streamed=way.streamed), self.planning.parts(item))

    def _settle(self, items: Sequence[Item], policy: Decision) -> list[Item]:
        planning = self.planning
        existing = planning.find(self.way.to_bucket, [item.target for item in items], planning.target)
        for item in items:
            if item.number in self._sure:
                existing.pop(item.target, None)
        return planning.settle(items, existing, policy, self.exists, _same)

    def exists(self, key: str) -> bool:
        """Whether something stands at a key of the target."""
        return bool(self.planning.find(self.way.to_bucket, [key], self.planning.target))

    def _streamed(self, items: Sequence[Item]) -> bool:
        """Whether the bytes must come through this computer: the target's store cannot reach them, or its keys may not."""
        if self.to_record is None or not items:
            return False
        if not same_store(self.record, self.to_record):
            return True
        try:
            reached = self.planning.patiently(
                lambda: [self._reaches(item) for item in {items[0], items[-1]}], self.planning.target
            )
        except ArtifactBrowserError:  # each item says what it met
            return True
        return not all(reached)

    def _reaches(self, item: Item) -> bool:
        info = self.planning.driver.head(self.way.bucket, item.source)
        return reaches(self.planning.driver, self.planning.target, self.way.bucket, info)


def _same(item: Item, there: Blob) -> bool | None:
    if item.size_bytes != there.size_bytes:
        return False
    return True if item.etag and item.etag == there.etag else None  # two ETags of the same bytes may differ


def _may_be(item: Item, there: Blob) -> bool:
    """Whether what stands at an item's target can be the copy that a run before has made."""
    same = bool(there.etag) and there.etag == item.etag
    return there.size_bytes == item.size_bytes and (same or bool(id_in(item.begun)))


def same_store(one: AccountRecord, other: AccountRecord) -> bool:
    """Whether two accounts are of one endpoint, so that its store may copy from one to the other."""
    local = AccountKind.LOCAL in {one.kind, other.kind}
    return not local and one.endpoint.rstrip("/").lower() == other.endpoint.rstrip("/").lower()


def emptied(planning: Planning, folders: Sequence[Location]) -> Sequence[Course]:
    """What removes the folders that a move has emptied, where the store keeps them without blobs."""
    if not folders or not planning.driver.capabilities.folders:
        return []
    return [OneTask((), RemoveFolders(folders[0].bucket, tuple(folder.key for folder in folders)))]


def debris_of(way: Way, items: Sequence[Item]) -> list[Task]:
    """What removes what these items have begun at the target."""
    return [task for item in items for task in what_is_left(way.to_bucket, item)]
