"""Copying and moving blobs and prefixes inside one account, renaming a blob, making a folder: all on the server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from artifact_browser.errors import BlobNotFound, InputError
from artifact_browser.storage.location import DELIMITER, Location, segment_name
from artifact_browser.transfers.blob_tasks import CopyBlob, OneTask
from artifact_browser.transfers.lookup import Blob, blobs_below, find_blobs
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.planning import Planning
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.put_tasks import PutMarker
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Course


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyOrder(Order):
    """:ivar sources: blobs and prefixes of one bucket; :ivar target: a prefix or bucket; :ivar move: delete the source
    of each item once its copy is checked
    """

    sources: tuple[Location, ...]
    target: Location
    move: bool = False

    def plan(self, planning: Planning) -> Iterable[Course]:
        self._refuse_into_itself()
        items = [planning.add(item, lambda key: self._exists(planning, key)) for item in self._items(planning)]
        existing = find_blobs(planning.driver, self.target.bucket, [item.target for item in items], planning.tick)
        movable = planning.settle(items, existing, self.policy, lambda key: self._exists(planning, key))
        skip = self.policy is Policy.SKIP
        return (OneTask((item,), CopyBlob(self._bucket, self.target.bucket, item, self.move, skip)) for item in movable)

    @property
    def _bucket(self) -> str:
        return self.sources[0].bucket

    def _refuse_into_itself(self) -> None:
        for source in self.sources:
            into = source.bucket == self.target.bucket and source.key.endswith(DELIMITER)
            if into and self.target.key.startswith(source.key):
                raise InputError("A folder cannot be copied or moved into itself.", subject=source.key)

    def _items(self, planning: Planning) -> Iterator[Item]:
        if self.again:
            yield from (replace(item, etag="") for item in self.again)  # whatever it is now
            return
        keys = [source.key for source in self.sources if not source.key.endswith(DELIMITER)]
        found = find_blobs(planning.driver, self._bucket, keys, planning.tick)
        for key in keys:
            name = key.rpartition(DELIMITER)[2]
            if key in found:
                yield from self._admit(planning, found[key], name)
            else:
                missing = Item(planning.number(), name, key, self.target.key + name)
                planning.fail(missing, BlobNotFound("It is not there any more.", subject=f"{self._bucket}/{key}"))
        for source in self.sources:
            if source.key.endswith(DELIMITER):
                base = len(source.parent.key)
                for blob in blobs_below(planning.driver, self._bucket, source.key):
                    yield from self._admit(planning, blob, blob.key[base:])

    def _admit(self, planning: Planning, blob: Blob, relative: str) -> Iterator[Item]:
        item = Item(
            number=planning.number(),
            name=relative,
            source=blob.key,
            target=self.target.key + relative,
            size_bytes=blob.size_bytes,
            modified_us=blob.modified_us,
            etag=blob.etag,
        )
        if (self._bucket, item.source) == (self.target.bucket, item.target):
            planning.skip(item, "it is there already")
        else:
            yield item

    def _exists(self, planning: Planning, key: str) -> bool:
        return bool(find_blobs(planning.driver, self.target.bucket, [key], planning.tick))


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameOrder(Order):
    """One blob under another name in its prefix; a blob that has the name already is never overwritten."""

    source: Location
    name: str

    def plan(self, planning: Planning) -> Iterable[Course]:
        bucket, key = self.source.bucket, self.source.key
        new_key = self.source.parent.key + self.name
        if not self.name or new_key == key:
            raise InputError("The new name is empty or the same.", subject=key)
        found = find_blobs(planning.driver, bucket, [key], planning.tick)
        if key not in found:
            raise BlobNotFound("It is not there any more.", subject=f"{bucket}/{key}")
        blob = found[key]
        item = Item(0, segment_name(key), key, new_key, blob.size_bytes, blob.modified_us, blob.etag)
        planning.add(item, lambda _: False)
        return [OneTask((item,), CopyBlob(bucket, bucket, item, move=True))]


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderOrder(Order):
    """A new, empty folder: a zero-byte blob named ``name/`` that keeps the prefix visible."""

    parent: Location
    name: str

    def plan(self, planning: Planning) -> Iterable[Course]:
        name = self.name.removesuffix(DELIMITER)
        if not name:
            raise InputError("The folder has no name.")
        key = f"{self.parent.key}{name}{DELIMITER}"
        item = planning.add(Item(0, name, "", key, folder=True), lambda _: False)
        return [OneTask((item,), PutMarker(self.parent.bucket, item, new=True))]
