"""What a person may know about a transfer: frozen snapshots, in the words of the design.

The engine makes them, the window shows them; neither side shares anything mutable with the other. All counts and
sizes are Python ``int`` (a Qt ``int`` signal would cut them at 32 bits).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from artifact_browser.errors import ErrorRecord
from artifact_browser.transfers.policy import GroupFound
from artifact_browser.workers.packed import packed


class Verb(StrEnum):
    """What a job does, as its row says it."""

    UPLOAD = "Upload"
    DOWNLOAD = "Download"
    DELETE = "Delete"
    COPY = "Copy"
    MOVE = "Move"
    RENAME = "Rename"
    NEW_FOLDER = "New folder"
    SYNC_UP = "Sync up"
    SYNC_DOWN = "Sync down"


class JobState(StrEnum):
    QUEUED = "queued"
    SCANNING = "scanning"
    RUNNING = "running"
    PAUSED = "paused"
    #: for a person's answer
    WAITING = "waiting"
    #: for the network, or for a store in trouble: it goes on by itself
    WAITING_NETWORK = "waiting for network"
    #: for new keys or a new sign-in; nothing runs meanwhile, as in a pause
    WAITING_CREDENTIALS = "waiting for credentials"
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
        return self in {
            JobState.WAITING,
            JobState.WAITING_CREDENTIALS,
            JobState.DONE_WITH_ERRORS,
            JobState.FAILED,
        }

    @property
    def waiting(self) -> bool:
        return self in {JobState.WAITING, JobState.WAITING_NETWORK, JobState.WAITING_CREDENTIALS}

    @property
    def at_rest(self) -> bool:
        """Nothing is done about it, and it can be gone on with."""
        return self in {JobState.PAUSED, JobState.WAITING_CREDENTIALS}

    @property
    def running(self) -> bool:
        """Neither ended nor at rest: something is done about it."""
        return not self.ended and not self.at_rest


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


@packed
@dataclass(frozen=True, slots=True)
class Item:
    """One thing to move, as it was planned; enough to try it again.

    :ivar number: its place in the job, from 0; stays the same over retries
    :ivar name: what the person sees: the path below what they chose
    :ivar source: a local path, or a blob's key
    :ivar target: a blob's key, or for downloads the local path below the chosen folder (``/`` separated)
    :ivar size_bytes: as planned; the source is checked against it
    :ivar modified_us: of the source, UTC
    :ivar etag: of a source blob: it is read with ``If-Match``; of a delete, what of the key is meant, if not the blob
    :ivar file_id: inode of a source file, 0 where there is none
    :ivar folder: an empty folder or its marker: nothing to read
    :ivar replace: may write over what stands at the target
    :ivar expects: what stands at the target and is to be replaced (:mod:`~artifact_browser.transfers.standing`); nothing
        else is written over; empty: whatever stands there
    :ivar begun: what this run puts down on its way and takes up again: the temporary file's name, or the id of the
        multipart upload (or that one may exist: :mod:`~artifact_browser.transfers.upload_marks`); the window knows it before
        the first byte moves, so that it outlives a killed engine
    :ivar tried: how often runs before this one have tried it
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
    expects: str = ""
    tried: int = 0


@packed
@dataclass(frozen=True, slots=True)
class PartDone:
    """A finished part of what an item has begun.

    :ivar number: of an upload's part, from 1; of a download's, where it starts, in bytes
    :ivar etag: of an upload's part; empty for downloads; ``checksum`` likewise
    """

    number: int
    size_bytes: int
    etag: str = ""
    checksum: str = ""


@packed
@dataclass(frozen=True, slots=True)
class ItemSnapshot:
    """An item and how far it is.

    :ivar verified: how its bytes were checked ("crc32c", "md5", "size", ...)
    :ivar attempts: how often it was tried, over all runs; a pause is no attempt, nor what the S3 core repeats by itself
    :ivar last_error: of the last attempt that failed, whatever came of it since
    """

    item: Item
    state: ItemState = ItemState.QUEUED
    bytes_done: int = 0
    verified: str = ""
    note: str = ""
    error: ErrorRecord | None = None
    attempts: int = 0
    last_error: ErrorRecord | None = None


@packed
@dataclass(frozen=True, slots=True)
class ItemsChanged:
    """Event of an engine job: items that are new or have changed, at most :data:`BATCH` of them.

    :ivar planned: these were the last of the plan: a job that stops before is planned anew
    :ivar total: then, how many items the job has, those included that were not told (they lie on shelves of the plan)
    """

    items: Sequence[ItemSnapshot]
    planned: bool = False
    total: int = 0


BATCH = 200
#: what a job waits for while a question is asked
ANSWER = "your answer"


@packed
@dataclass(frozen=True, slots=True)
class Counts:
    """``items`` and ``bytes`` are planned totals (growing while scanning).

    :ivar left_out: files that the person's choice of what is moved has left out: no items, never looked at again
    :ivar folders_left_out: likewise, with all that lies in them, which nobody has counted
    :ivar left_out_by: what said so (".artifactignore", "your patterns")
    """

    items: int = 0
    bytes: int = 0
    items_done: int = 0
    bytes_done: int = 0
    items_failed: int = 0
    items_skipped: int = 0
    left_out: int = 0
    folders_left_out: int = 0
    left_out_by: tuple[str, ...] = ()

    @property
    def items_left(self) -> int:
        return self.items - self.items_done - self.items_failed - self.items_skipped


@packed
@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """A job as its row shows it.

    :ivar title: what is moved ("raw-scans/", "3 blobs"); :ivar target: where to
    :ivar speed_bps: smoothed bytes per second, 0 when nothing moves
    :ivar time_left_s: ``None`` while it would mean nothing
    :ivar verified: how its finished items were checked, "" when some were not
    :ivar waiting_for: what a waiting job waits for, in words
    :ivar scanning: more is still being found: the totals are not final
    :ivar found: while somebody is asked, what stands at targets so far
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
    scanning: bool = False
    found: tuple[GroupFound, ...] = ()
