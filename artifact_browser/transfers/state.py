"""What a person may know about a transfer: frozen snapshots, in the words of the design.

The engine makes them, the window shows them; neither side shares anything mutable with the other. All counts and
sizes are Python ``int`` (a Qt ``int`` signal would cut them at 32 bits).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from artifact_browser.errors import ErrorRecord


class Verb(StrEnum):
    """What a job does, as its row says it."""

    UPLOAD = "Upload"
    DOWNLOAD = "Download"
    DELETE = "Delete"
    COPY = "Copy"
    MOVE = "Move"
    RENAME = "Rename"
    NEW_FOLDER = "New folder"


class JobState(StrEnum):
    QUEUED = "queued"
    SCANNING = "scanning"
    RUNNING = "running"
    PAUSED = "paused"
    #: for the network, for credentials or for a person's answer
    WAITING = "waiting"
    VERIFYING = "verifying"
    DONE = "done"
    DONE_WITH_ERRORS = "done with errors"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in _ENDED

    @property
    def needs_attention(self) -> bool:
        return self in {JobState.WAITING, JobState.DONE_WITH_ERRORS, JobState.FAILED}


_ENDED = frozenset({JobState.DONE, JobState.DONE_WITH_ERRORS, JobState.FAILED, JobState.CANCELLED})


class ItemState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    #: left alone on purpose, with a note that says why
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self not in {ItemState.QUEUED, ItemState.RUNNING}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to move, as it was planned; enough to try it again.

    :ivar number: its place in the job, from 0; stays the same over retries
    :ivar name: what the person sees: the path below what they chose
    :ivar source: a local path, or a blob's key
    :ivar target: a blob's key, or for downloads the local path below the chosen folder (``/`` separated)
    :ivar size_bytes: as planned; the source is checked against it
    :ivar modified_us: of the source, UTC
    :ivar etag: of a source blob: it is read with ``If-Match``
    :ivar file_id: inode of a source file, 0 where there is none
    :ivar folder: an empty folder or its marker: nothing to read
    :ivar replace: may write over what stands at the target
    :ivar begun: what this run puts down on its way and takes up again: the temporary file's name, or the id of the
        multipart upload; the window knows it before the first byte moves, so that it outlives a killed engine
    """

    number: int
    name: str
    source: str
    target: str
    size_bytes: int = 0
    modified_us: int = 0
    etag: str = ""
    file_id: int = 0
    folder: bool = False
    replace: bool = False
    begun: str = ""


@dataclass(frozen=True, slots=True)
class ItemSnapshot:
    """An item and how far it is. ``verified``: how its bytes were checked ("crc32c", "md5", "size", ...)."""

    item: Item
    state: ItemState = ItemState.QUEUED
    bytes_done: int = 0
    verified: str = ""
    note: str = ""
    error: ErrorRecord | None = None


@dataclass(frozen=True, slots=True)
class ItemsChanged:
    """Event of an engine job: items that are new or have changed, at most :data:`BATCH` of them."""

    items: Sequence[ItemSnapshot]


BATCH = 200


@dataclass(frozen=True, slots=True)
class Counts:
    """``items`` and ``bytes`` are planned totals (growing while scanning)."""

    items: int = 0
    bytes: int = 0
    items_done: int = 0
    bytes_done: int = 0
    items_failed: int = 0
    items_skipped: int = 0

    @property
    def items_left(self) -> int:
        return self.items - self.items_done - self.items_failed - self.items_skipped


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """A job as its row shows it.

    :ivar title: what is moved ("raw-scans/", "3 blobs"); :ivar target: where to
    :ivar speed_bps: smoothed bytes per second, 0 when nothing moves
    :ivar time_left_s: ``None`` while it would mean nothing
    :ivar verified: how its finished items were checked, "" when some were not
    :ivar waiting_for: what a waiting job waits for, in words
    """

    job_id: str
    verb: Verb
    title: str
    target: str
    account_id: str
    state: JobState = JobState.QUEUED
    counts: Counts = Counts()
    speed_bps: float = 0.0
    time_left_s: float | None = None
    verified: str = ""
    waiting_for: str = ""
    error: ErrorRecord | None = None
