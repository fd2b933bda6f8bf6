"""Downloading a selection (blobs and whole prefixes) into a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from artifact_browser.errors import ArtifactBrowserError, BlobNotFound, DiskError, DiskFull
from artifact_browser.storage.location import DELIMITER, Location
from artifact_browser.transfers.blob_tasks import OneTask
from artifact_browser.transfers.disk import disk_errors, folds_case, free_bytes, local_path, temporary_name
from artifact_browser.transfers.fetch_tasks import FetchCourse, RemoveTemporary, SyncFolder
from artifact_browser.transfers.local_names import LocalNames, rules_here
from artifact_browser.transfers.lookup import Blob, blobs_below, find_blobs
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.planning import Planning
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.state import Counts, Item
from artifact_browser.transfers.task import Course, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadOrder(Order):
    """:ivar sources: blobs, prefixes (key ends with ``/``) or a bucket (empty key); :ivar folder: where to"""

    sources: tuple[Location, ...]
    folder: str

    def plan(self, planning: Planning) -> Iterable[Course]:
        root = Path(self.folder)
        with disk_errors(root):
            root.mkdir(parents=True, exist_ok=True)
        names = LocalNames(rules_here(folds_case=folds_case(root)))
        items = self._look_again(planning) if self.again else list(self._list(planning, names))
        self._check_space(items)
        existing = {item.target: there for item in items if (there := self._there(item.target)) is not None}
        movable = planning.settle(items, existing, self.policy, lambda name: self._there(name) is not None)
        skip_existing = self.policy is Policy.SKIP
        return (FetchCourse(self._bucket, item, self.folder, skip_existing=skip_existing) for item in movable)

    def closing(self, planning: Planning, counts: Counts) -> Iterable[Course]:
        return [OneTask((), SyncFolder(self.folder))]

    def debris(self, items: Sequence[Item]) -> Sequence[Task]:
        return [RemoveTemporary(self.folder, item.target, item.begun) for item in items]

    @property
    def _bucket(self) -> str:
        return self.sources[0].bucket

    def _list(self, planning: Planning, names: LocalNames) -> Iterator[Item]:
        wanted = [source.key for source in self.sources if source.key and not source.key.endswith(DELIMITER)]
        found = find_blobs(planning.driver, self._bucket, wanted, planning.tick)
        for key in wanted:
            blob = found.get(key)
            if blob is None:
                missing = Item(planning.number(), key, key, key)
                planning.fail(missing, BlobNotFound("It is not there any more.", subject=f"{self._bucket}/{key}"))
            elif item := self._admit(planning, names, blob, key.rpartition(DELIMITER)[2]):
                yield item
        for source in self.sources:
            if not source.key or source.key.endswith(DELIMITER):
                base = len(source.parent.key) if source.key else 0
                above = "" if source.key else source.bucket + DELIMITER
                for blob in blobs_below(planning.driver, self._bucket, source.key):
                    if item := self._admit(planning, names, blob, above + blob.key[base:]):
                        yield item

    def _admit(self, planning: Planning, names: LocalNames, blob: Blob, relative: str) -> Item | None:
        marker = relative.endswith(DELIMITER) and blob.size_bytes == 0
        segments = (relative[:-1] if marker else relative).split(DELIMITER)
        item = Item(
            number=planning.number(),
            name=relative,
            source=blob.key,
            target=relative,
            size_bytes=blob.size_bytes,
            modified_us=blob.modified_us,
            etag=blob.etag,
            folder=marker,
            begun=temporary_name(),
        )
        try:
            item = replace(item, target=names.path_of(segments, folder=marker))
        except ArtifactBrowserError as error:
            planning.fail(item, error)
            return None
        return planning.add(item, lambda name: self._there(name) is not None)

    def _look_again(self, planning: Planning) -> list[Item]:
        found = find_blobs(planning.driver, self._bucket, [item.source for item in self.again], planning.tick)
        items = []
        for item in self.again:
            blob = found.get(item.source)
            if blob is None:
                planning.fail(item, BlobNotFound("It is not there any more.", subject=item.source))
                continue
            fresh = replace(
                item,
                size_bytes=blob.size_bytes,
                modified_us=blob.modified_us,
                etag=blob.etag,
                begun=temporary_name(),  # a mover of the run before may still be at the old one
            )
            items.append(planning.add(fresh, lambda name: self._there(name) is not None))
        return items

    def _check_space(self, items: list[Item]) -> None:
        needed, free = sum(item.size_bytes for item in items), free_bytes(Path(self.folder))
        if needed > free:
            raise DiskFull(f"{needed:,} bytes are needed, {free:,} are free. Nothing was written.", subject=self.folder)

    def _there(self, target: str) -> Blob | None:
        """What stands at a target, links not followed."""
        try:
            found = os.lstat(local_path(self.folder, target))
        except (OSError, DiskError):  # what cannot be looked at fails as an item, with its reason
            return None
        return Blob(target, found.st_size, found.st_mtime_ns // 1000, "")
