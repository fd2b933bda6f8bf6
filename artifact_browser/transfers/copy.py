"""Copying and moving blobs and prefixes, in one account or from one to another; renaming them; making a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import AccountNotFound, BlobNotFound, InputError, PreconditionFailed, ReadOnlyAccount
from artifact_browser.storage.location import DELIMITER, Location, segment_name
from artifact_browser.storage.open import are_nested
from artifact_browser.transfers.blob_tasks import OneTask
from artifact_browser.transfers.copy_ends import Way
from artifact_browser.transfers.copy_plan import CopyPlan, debris_of, emptied
from artifact_browser.transfers.lookup import blobs_below, find_blobs
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.planning import Planning
from artifact_browser.transfers.put_tasks import PutMarker
from artifact_browser.transfers.state import Counts, Item
from artifact_browser.transfers.task import Course, Task
from artifact_browser.transfers.upload_marks import is_given_up


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyOrder(Order):
    """:ivar sources: blobs and prefixes of one bucket (an empty key: all of it); :ivar target: a prefix or bucket
    :ivar move: delete each original once its copy is checked
    :ivar to_record: the target's account, where it is another; ``None`` there, too, when that is gone
    """

    sources: tuple[Location, ...]
    target: Location
    move: bool = False
    to_record: AccountRecord | None = None

    @property
    def records(self) -> tuple[AccountRecord, ...]:
        return (self.record,) if self.to_record is None else (self.record, self.to_record)

    def with_accounts(self, accounts: Mapping[str, AccountRecord]) -> Self:
        if self.sources[0].account_id != self.record.id:
            raise AccountNotFound("The account it is copied from is not in the list any more.")
        if self.target.account_id == self.record.id:
            return self
        if self.target.account_id not in accounts:
            raise AccountNotFound("The account it is copied to is not in the list any more.")
        return replace(self, to_record=accounts[self.target.account_id])

    def plan(self, planning: Planning) -> Iterable[Course]:
        self.with_accounts({record.id: record for record in self.records})
        self._refuse_read_only()
        self._refuse_into_itself()
        if self.to_record is not None and are_nested(self.record, self.to_record, planning.context.paths):
            raise InputError("The folder of one account lies in the other's: a file could be written onto itself.")
        plan = CopyPlan(planning, self.record, self.to_record, self._way)
        items = plan.look_again(self.again) if self.again else self._find(planning, plan)
        return plan.courses(list(items), self.policy)

    def closing(self, planning: Planning, counts: Counts) -> Iterable[Course]:
        folders = [source for source in self.sources if source.key.endswith(DELIMITER)] if self.move else []
        return emptied(planning, folders)

    def debris(self, items: Sequence[Item]) -> Sequence[Task]:
        gone = self.target.account_id not in {record.id for record in self.records}
        return [] if gone else debris_of(self._way, items)

    @property
    def _way(self) -> Way:
        bucket, to_bucket = self.sources[0].bucket, self.target.bucket
        return Way(bucket, to_bucket, self.move, skip_existing=self.policy.skips_newcomers)

    def _refuse_read_only(self) -> None:
        """Before anything is copied; the drivers would refuse each request as well."""
        if (self.to_record or self.record).read_only:
            raise ReadOnlyAccount("Nothing was copied.", subject=self.head.target)
        if self.move and self.record.read_only:
            raise ReadOnlyAccount("Nothing was moved: the originals could not be deleted.", subject=self.record.name)

    def _refuse_into_itself(self) -> None:
        for source in self.sources:
            folder = not source.key or source.key.endswith(DELIMITER)
            here = (source.account_id, source.bucket) == (self.target.account_id, self.target.bucket)
            if folder and here and self.target.key.startswith(source.key):
                raise InputError("A folder cannot be copied or moved into itself.", subject=source.key)

    def _find(self, planning: Planning, plan: CopyPlan) -> Iterator[Item]:
        bucket, into = self.sources[0].bucket, self.target.key
        keys = [source.key for source in self.sources if source.key and not source.key.endswith(DELIMITER)]
        found = planning.find(bucket, keys)
        for key in keys:
            name = key.rpartition(DELIMITER)[2]
            if key in found:
                yield from plan.admit(found[key], name, into + name)
            else:
                plan.missing(key, name, into + name)
        for source in self.sources:
            if not source.key or source.key.endswith(DELIMITER):
                base = len(source.parent.key)
                for blob in planning.below(bucket, source.key):
                    yield from plan.admit(blob, blob.key[base:], into + blob.key[base:])


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameOrder(Order):
    """One blob, or everything below a prefix, under another name in the prefix above; what has that name already is never
    overwritten, and a folder never becomes part of another one.
    """

    source: Location
    name: str

    def plan(self, planning: Planning) -> Iterable[Course]:
        old = self.source.key
        new = self.source.parent.key + self.name
        if old.endswith(DELIMITER):
            new = new.removesuffix(DELIMITER) + DELIMITER
        if not self.name.strip(DELIMITER) or new == old:
            raise InputError("The new name is empty or the same.", subject=old)
        if old.endswith(DELIMITER) and new.startswith(old):
            raise InputError("A folder cannot be moved into itself.", subject=old)
        plan = CopyPlan(planning, self.record, None, self._way)
        if self.again:
            items = list(plan.look_again(self.again))
        elif old.endswith(DELIMITER):
            items = list(self._below(planning, plan, old, new))
        else:
            items = list(self._one(planning, plan, old, new))
        return plan.courses(items, None)

    def closing(self, planning: Planning, counts: Counts) -> Iterable[Course]:
        return emptied(planning, [self.source] if self.source.key.endswith(DELIMITER) else [])

    def debris(self, items: Sequence[Item]) -> Sequence[Task]:
        return debris_of(self._way, items)

    @property
    def _way(self) -> Way:
        return Way(self.source.bucket, self.source.bucket, move=True)

    def _one(self, planning: Planning, plan: CopyPlan, old: str, new: str) -> Iterator[Item]:
        bucket = self.source.bucket
        found = find_blobs(planning.driver, bucket, [old], planning.tick)
        if old not in found:
            raise BlobNotFound("It is not there any more.", subject=f"{bucket}/{old}")
        yield from plan.admit(found[old], segment_name(old), new)

    def _below(self, planning: Planning, plan: CopyPlan, old: str, new: str) -> Iterator[Item]:
        bucket = self.source.bucket
        if next(blobs_below(planning.driver, bucket, new), None) is not None:
            raise PreconditionFailed("A folder of that name is there already.", subject=f"{bucket}/{new}")
        for blob in planning.below(bucket, old):
            yield from plan.admit(blob, blob.key[len(self.source.parent.key) :], new + blob.key[len(old) :])


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
        # an engine that died over it may have made it: what is there then is no other's
        tried = any(item.begun and not is_given_up(item.begun) for item in self.again)
        item = planning.add(Item(0, name, "", key, folder=True, begun=key), lambda _: False)
        return [OneTask((item,), PutMarker(self.parent.bucket, item, new=True, tried=tried))]
