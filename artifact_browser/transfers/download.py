"""Downloading a selection (blobs and whole prefixes) into a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from artifact_browser.errors import ArtifactBrowserError, BlobNotFound, DiskError, DiskFull
from artifact_browser.storage.location import DELIMITER, Location
from artifact_browser.storage.open import lies_in_store
from artifact_browser.storage.stamps import stamp_of
from artifact_browser.transfers.choice import EVERYTHING, TreeChoice
from artifact_browser.transfers.comparing import SameBytes
from artifact_browser.transfers.desk import Parked
from artifact_browser.transfers.disk import (
    disk_errors,
    folds_case,
    free_bytes,
    local_name,
    local_path,
    next_name,
    read_from_disk,
    temporary_name,
)
from artifact_browser.transfers.fetch_tasks import FetchCourse, RemoveTemporary, SyncFolder, beside
from artifact_browser.transfers.local_names import LocalNames, rules_here
from artifact_browser.transfers.lookup import Blob
from artifact_browser.transfers.name_map import NameMap
from artifact_browser.transfers.pins import NO_PIN, Named, Pin, Whereabouts
from artifact_browser.transfers.planning import Planning
from artifact_browser.transfers.standing import file_standing
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import LARGE_BYTES, Course, Task
from artifact_browser.transfers.tree import Tree, TreeOrder
from artifact_browser.transfers.typed_patterns import TYPED, TypedPatterns


@dataclass(frozen=True, slots=True)
class File(Blob):
    """What stands at a target of this computer; its path below the folder for a key."""

    file_id: int

    @property
    def standing(self) -> str:
        return file_standing(self.size_bytes, self.modified_us, self.file_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadOrder(TreeOrder):
    """:ivar sources: blobs, prefixes (key ends with ``/``) or a bucket (empty key); :ivar folder: where to; :ivar choice:
    what of them, by its patterns; :ivar paths_from: how many letters of the sources' keys are not part of the files'
    names (hits of a search keep the folders they lie in); -1: all up to their last segment; :ivar names: of each source
    (blobs only) what its file is called, with folders; none: as its key says; :ivar versions: beside ``names``, the version
    of each that is read, empty: what stands there now; :ivar pins: beside ``names``, the bytes that are meant of each. They
    are looked for whenever it is planned or gone on with, however long after it was ordered
    """

    sources: tuple[Location, ...]
    folder: str
    choice: TreeChoice = EVERYTHING
    paths_from: int = -1
    names: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    pins: tuple[Pin, ...] = ()

    def tree(self, planning: Planning) -> Tree:
        return DownloadTree(self, planning)

    def syncing(self) -> Task | None:
        return SyncFolder(self.folder)

    def ends_of(self, item: Item) -> tuple[str | Path, str, str]:
        return local_path(self.folder, item.target), self.bucket, item.source

    def given_up(self, item: Item) -> Item:
        return replace(
            item, begun=next_name(item.begun)
        )  # what the run it ended in could not remove is removed by then

    def debris(self, items: Sequence[Item]) -> Sequence[Task]:
        return [RemoveTemporary(self.folder, item.target, item.begun) for item in items]

    def doubted(self, item: Item) -> Item:
        there = self.there(item.target)
        if there is None or there.modified_us // 1_000_000 != item.modified_us // 1_000_000:
            return replace(item, begun="")
        read_from_disk(local_path(self.folder, item.target))
        return replace(item, begun="", replace=True, expects=there.standing)

    @property
    def bucket(self) -> str:
        return self.sources[0].bucket

    def versions_read(self) -> Mapping[str, str]:
        of_keys = zip(self.names, (source.key for source in self.sources), self.versions, strict=False)
        of_pins = ((name, pin.spare, pin.spare_version) for name, pin in zip(self.names, self.pins, strict=False))
        return {f"{name}\0{key}": version for name, key, version in (*of_pins, *of_keys) if version}

    def found(
        self, planning: Planning, names: LocalNames, known: Callable[[str, str], bool], where: Whereabouts
    ) -> Iterable[Item]:
        """Items to move, in the book; ``known``: a run before has planned what has this name and source."""
        typed = TypedPatterns(self.choice)
        sources = list(dict.fromkeys(self.sources))
        wanted = self.named_blobs()
        for one, blob in zip(wanted, where.find(wanted), strict=True):
            key, name = one.key, one.name
            if blob is None:
                shown = name if self.names else key
                if not known(shown, key):
                    missing = Item(planning.number(), shown, key, shown)
                    problem = BlobNotFound("It is not there any more.", subject=f"{self.bucket}/{key}")
                    planning.fail(missing, problem)
                continue
            if not typed.lets_through(name):
                planning.leave_out(TYPED)
            elif item := self._admit(planning, names, blob, name, known):
                yield item
        for source in sources:
            if not source.key or source.key.endswith(DELIMITER):
                for blob, name in self._below(planning, source, typed):
                    if item := self._admit(planning, names, blob, name, known):
                        yield item

    def named_blobs(self) -> list[Named]:
        """The single blobs; one blob may become several files."""
        if self.names:
            count = len(self.sources)
            keys, versions, pins = [source.key for source in self.sources], self.versions or [""] * count, self.pins
            return [Named(*row) for row in zip(keys, self.names, versions, pins or [NO_PIN] * count, strict=True)]
        chosen = dict.fromkeys(source.key for source in self.sources)
        keys = [key for key in chosen if key and not key.endswith(DELIMITER)]
        start = self.paths_from
        return [Named(key, key.rpartition(DELIMITER)[2] if start < 0 else key[start:]) for key in keys]

    def identity(self, name: str, source: str) -> str:
        """What the same blob of the same choice has in every run; of certain bytes the place may change."""
        return name if self.pins else f"{name}\0{source}"

    def _below(self, planning: Planning, source: Location, typed: TypedPatterns) -> Iterator[tuple[Blob, str]]:
        """The blobs of a prefix or bucket, each with its path below the folder."""
        base = self.paths_from
        if base < 0:
            base = len(source.parent.key) if source.key else 0
        above = "" if source.key else source.bucket + DELIMITER
        for blob in planning.below(self.bucket, source.key):
            if typed.lets_through(blob.key[len(source.key) :]):
                yield blob, above + blob.key[base:]
            else:
                planning.leave_out(TYPED, folder=blob.key.endswith(DELIMITER))

    def _admit(
        self, planning: Planning, names: LocalNames, blob: Blob, relative: str, known: Callable[[str, str], bool]
    ) -> Item | None:
        marker = relative.endswith(DELIMITER) and blob.size_bytes == 0
        if known(relative, blob.key):
            planning.tick()
            return None
        number, problem, target = planning.number(), None, relative
        try:
            target = names.path_of(_segments(relative, marker), folder=marker)
        except ArtifactBrowserError as error:
            problem = error
        item = Item(
            number=number,
            name=relative,
            source=blob.key,
            target=target,
            size_bytes=blob.size_bytes,
            modified_us=blob.modified_us,
            etag=blob.etag,
            folder=marker,
            begun=temporary_name(),
        )
        if problem is not None:
            planning.fail(item, problem)
            return None
        return planning.add(item, lambda name: self.there(name) is not None)

    def there(self, target: str) -> File | None:
        """What stands at a target, links not followed."""
        try:
            size, modified_us, file_id = stamp_of(os.lstat(local_name(self.folder, target)))
        except (OSError, DiskError):  # what cannot be looked at fails as an item, with its reason
            return None
        return File(target, size, modified_us, "", file_id)


class DownloadTree(Tree):
    """A download's plan.

    :raises DiskError: there is no such folder, and none can be made
    """

    def __init__(self, order: DownloadOrder, planning: Planning) -> None:
        super().__init__(order, planning)
        self._download = order
        root = Path(order.folder)
        with disk_errors(root):
            root.mkdir(parents=True, exist_ok=True)
        self._names = LocalNames(rules_here(folds_case=folds_case(root)))
        self._same = SameBytes(planning.driver, order.bucket, planning.tick)
        self._known = NameMap()
        self._where = Whereabouts(planning, order.bucket)
        named = order.named_blobs() if order.names else ()
        self._named = {(one.name, one.key): one for one in named}
        self._pinned = {one.name: one for one in named} if order.pins else {}
        self._free, self._needed, self._looked = free_bytes(root), 0, False
        self._over_a_wire = planning.driver.capabilities.provider != "local"  # an MD5 is worth its time there
        self.holds = lies_in_store(order.record, order.folder, planning.context.paths)

    def found(self) -> Iterable[Item]:
        order = self._download
        known = self._known
        return order.found(
            self.planning, self._names, lambda name, source: order.identity(name, source) in known, self._where
        )

    def remember(self, item: Item) -> None:
        super().remember(item)
        self._known.put(self._download.identity(item.name, item.source))
        self._names.remember(_segments(item.name, item.folder), item.target, folder=item.folder)

    def look_again(self, items: Sequence[Item]) -> list[Item]:
        planning = self.planning
        looked = []
        for item, blob in zip(items, self._where.find([self._meant(item) for item in items]), strict=True):
            if blob is None:
                self._tidy_rest([item], ())
                planning.fail(item, BlobNotFound("It is not there any more.", subject=item.source))
                continue
            same = (blob.key, blob.size_bytes, blob.etag) == (item.source, item.size_bytes, item.etag)
            fresh = replace(
                item,
                source=blob.key,
                size_bytes=blob.size_bytes,
                modified_us=blob.modified_us,
                etag=blob.etag,
                begun=item.begun if item.begun and same else next_name(item.begun),
            )
            looked.append(planning.add(fresh, self._exists))
        return looked

    def sort_out(self, items: Sequence[Item], *, again: bool) -> tuple[list[Item], list[Course]]:
        order, planning = self._download, self.planning
        existing = {item.target: there for item in items if (there := order.there(item.target)) is not None}
        left, before = self._finish_before(
            items,
            existing,
            lambda item: planning.finished_before(
                str(local_path(order.folder, item.target)),
                order.bucket,
                item.source,
                self._where.version_of(item.name, item.source),
            ),
            again=again,
        )
        movable = planning.settle(
            left,
            existing,
            order.policy,
            self._exists,
            lambda item, _: self._same(local_path(order.folder, item.target), _blob_of(item)),
            target_is_store=False,
            standing=lambda there: existing[there.key].standing,
        )
        self._check_space(movable)
        if again:
            finished = (item for course in before for item in course.items)
            self._tidy_rest(items, [*movable, *finished, *planning.parked()])
        return movable, before

    def settled(self, parked: Sequence[Parked]) -> list[Item]:
        going = self.planning.settle_parked(parked, self._exists, target_is_store=False)
        self._check_space(going)
        self._tidy_parked(parked, going)
        return going

    def course(self, item: Item) -> Course:
        return FetchCourse(
            self._download.bucket, item, self._download.folder, self.planning.parts(item),
            skip_existing=self._order.policy.skips_newcomers, of_parts=self._over_a_wire,
            version_id=self._where.version_of(item.name, item.source),
        )  # fmt: skip

    def _meant(self, item: Item) -> Named:
        """The blob an item of a run before was planned for."""
        known = self._named.get((item.name, item.source)) or self._pinned.get(item.name)
        return known or Named(item.source, item.name)

    def _check_space(self, items: Sequence[Item]) -> None:
        """:raises DiskFull: what is to be fetched so far needs more than there was when it began"""
        for item in items:
            self._needed += item.size_bytes - self._has_room(item)
        if self._needed > self._free:
            so_far = "There may be more, and what" if self._looked else "Nothing was written"
            words = f"{self._needed:,} bytes are needed, {self._free:,} are free. {so_far}"
            words += " was found before may have been written." if self._looked else "."
            raise DiskFull(words, subject=self._download.folder)
        self._looked = True

    def _has_room(self, item: Item) -> int:
        """What a large item's temporary file takes of the disk already; others begin anew."""
        if item.size_bytes <= LARGE_BYTES:
            return 0
        try:
            found = beside(self._download.folder, item.target, item.begun).lstat()
            return min(item.size_bytes, getattr(found, "st_blocks", 0) * 512)
        except (OSError, DiskError):
            return 0

    def _exists(self, name: str) -> bool:
        return self._download.there(name) is not None


def _segments(name: str, folder: bool) -> list[str]:
    """Of a blob's name below what was chosen; a marker names a folder."""
    return (name[:-1] if folder else name).split(DELIMITER)


def _blob_of(item: Item) -> Blob:
    return Blob(item.source, item.size_bytes, item.modified_us, item.etag)
