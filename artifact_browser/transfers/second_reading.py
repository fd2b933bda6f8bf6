"""Reading again, on request, what a transfer has moved: every blob from its store, byte for byte beside its file.

For those who want more than the check a store could give (its size, say), and for doubts that come later. Nothing is
changed, neither here nor there; the journal learns which items were the same.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import (
    ArtifactBrowserError,
    BlobNotFound,
    ChecksumMismatch,
    DiskError,
    FileMissing,
    InputError,
    PreconditionFailed,
)
from artifact_browser.storage.driver import Driver
from artifact_browser.transfers import journal_file
from artifact_browser.transfers.content import SECOND_READING, read_again
from artifact_browser.transfers.disk import disk_errors
from artifact_browser.transfers.journal import journal_of
from artifact_browser.transfers.journal_rows import MOVED, read_moved_items
from artifact_browser.transfers.mover import both_ends
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.order_text import order_from_text
from artifact_browser.transfers.pinned_driver import pinned
from artifact_browser.transfers.state import Item
from artifact_browser.workers.job import JobContext

if TYPE_CHECKING:
    import sqlite3

_PAGE = 200
_TELL_S = 0.1
#: of the others their number is told
TROUBLES_TOLD = 1000


class Verdict(StrEnum):
    SAME = "the same"
    #: nobody has said that either was changed since
    DIFFERENT = "different"
    CHANGED = "changed since"
    GONE = "gone"
    UNREAD = "not read"


@dataclass(frozen=True, slots=True)
class Trouble:
    """An item that is not the same on both sides, or that nobody knows of. ``detail``: a sentence."""

    name: str
    verdict: Verdict
    detail: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How far it is, and how it went. ``counts``: items by verdict."""

    items: int
    bytes: int
    bytes_read: int = 0
    counts: tuple[tuple[Verdict, int], ...] = ()

    def count(self, verdict: Verdict) -> int:
        return dict(self.counts).get(verdict, 0)

    @property
    def items_read(self) -> int:
        return sum(number for _, number in self.counts)

    @property
    def all_same(self) -> bool:
        return self.items > 0 and self.count(Verdict.SAME) == self.items


def read_job_again(
    context: JobContext, record: AccountRecord, job_id: str
) -> Generator[tuple[Trouble, ...], None, Reading]:
    """ENGINE job: compare every file that the job ``job_id`` (an upload, a download or a sync) has moved with its blob.

    Progress: :class:`Reading`, at most ten a second. Events: the troubles, up to :data:`TROUBLES_TOLD`.

    :raises InputError: the journal does not know the job, or it moved no files
    :raises ArtifactBrowserError: the store cannot be reached, or lets nobody in
    """
    path = context.paths.journal_file
    if not path.exists():
        raise _unknown()
    with journal_file.open_for_reading(path) as base, context.cancel.closing(base.interrupt):
        key, order = _order(base, record, job_id)
        reader = _Reader(context, *_totals(base, key))
        with both_ends(context, (record,)) as (driver, _):
            for items in read_moved_items(base, key, _PAGE):
                same: list[int] = []
                for item in items:
                    trouble = reader.look(driver, order, item)
                    if trouble is None:
                        same.append(item.number)
                    elif reader.troubles <= TROUBLES_TOLD:
                        yield (trouble,)
                journal_of(context).verified(job_id, same, SECOND_READING)
        if reader.now.all_same:
            journal_of(context).verified(job_id, None, SECOND_READING)
    return reader.now


class _Reader:
    def __init__(self, context: JobContext, items: int, size_bytes: int) -> None:
        self.now = Reading(items, size_bytes)
        self.troubles = 0
        self._context = context
        self._counts: Counter[Verdict] = Counter()
        self._told_at = 0.0
        self._read: Mapping[str, str] | None = None

    def look(self, driver: Driver, order: Order, item: Item) -> Trouble | None:
        before = self.now.bytes_read
        try:
            verdict, detail = self._compare(driver, order, item)
        except (DiskError, BlobNotFound, PreconditionFailed) as error:
            gone = isinstance(error, FileMissing | BlobNotFound)
            changed = isinstance(error, PreconditionFailed)
            verdict = Verdict.GONE if gone else Verdict.CHANGED if changed else Verdict.UNREAD
            detail = "The blob was written while it was read." if changed else f"{error.title}. {error.detail}".strip()
        self._counts[verdict] += 1
        self.now = replace(
            self.now,
            bytes_read=before + item.size_bytes,
            counts=tuple((one, self._counts[one]) for one in self._counts),
        )
        self._tell()
        if verdict is Verdict.SAME:
            return None
        self.troubles += 1
        return Trouble(item.name, verdict, detail)

    def _compare(self, driver: Driver, order: Order, item: Item) -> tuple[Verdict, str]:
        ends = order.ends_of(item)
        if ends is None:
            raise _no_files()
        path, bucket, key = ends
        driver = pinned(driver, {key: self._versions(order).get(f"{item.name}\0{item.source}", "")})
        info = driver.head(bucket, key)
        with disk_errors(path):
            file = Path(path).stat()
        # a download gives its file the blob's time, a filesystem perhaps only its seconds
        touched = file.st_size != item.size_bytes or file.st_mtime_ns // 10**9 != item.modified_us // 10**6
        if file.st_size == info.size_bytes:
            try:
                read_again(driver, bucket, info, Path(path), self._passed)
            except ChecksumMismatch:
                detail = "Its bytes are not the blob's."
            else:
                return Verdict.SAME, ""
        else:
            detail = f"It has {file.st_size:,} bytes, the blob {info.size_bytes:,}."
        if touched:
            return Verdict.CHANGED, f"{detail} The file was changed after the transfer."
        if item.etag and info.etag != item.etag:
            return Verdict.CHANGED, f"{detail} The blob was written after the transfer."
        return Verdict.DIFFERENT, detail

    def _passed(self, count: int) -> None:
        self.now = replace(self.now, bytes_read=self.now.bytes_read + count)
        self._tell()

    def _versions(self, order: Order) -> Mapping[str, str]:
        if self._read is None:
            self._read = order.versions_read()
        return self._read

    def _tell(self) -> None:
        self._context.cancel.raise_if_cancelled()
        if time.monotonic() - self._told_at >= _TELL_S:
            self._told_at = time.monotonic()
            self._context.progress(self.now)


def _order(base: sqlite3.Connection, record: AccountRecord, job_id: str) -> tuple[int, Order]:
    row = base.execute(f"SELECT {journal_file.JOB_COLUMNS} FROM job WHERE id = ?", (job_id,)).fetchone()  # noqa: S608 - our own names
    kept = journal_file.job_of(row) if row else None
    if kept is None:
        raise _unknown()
    try:
        return kept.key, order_from_text(kept.kind, kept.details, record, kept.snapshot, kept.policy)
    except ValueError as error:
        raise _unknown() from error


def _totals(base: sqlite3.Connection, key: int) -> tuple[int, int]:
    items, size_bytes = base.execute(
        f"SELECT count(*), coalesce(sum(size_bytes), 0) FROM item WHERE {MOVED}",  # noqa: S608 - our own words
        (key,),
    ).fetchone()
    return int(items), int(size_bytes)


def _unknown() -> ArtifactBrowserError:
    return InputError("The history does not know this transfer any more.")


def _no_files() -> ArtifactBrowserError:
    return InputError("It moved no files of this computer.")
