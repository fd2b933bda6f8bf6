"""The work of the ``ui`` benchmark, the same with a window and without: listings, uploads, downloads, one slow line.

A load keeps so many jobs of each kind going: one that ends is checked and followed by the next. In every load, idle
too, a slow download runs beside, so that the Transfers strip paints progress.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from artifact_browser.accounts.lease import Secret
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource
from artifact_browser.bootstrap import Services
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.queue import TransferQueue
from artifact_browser.transfers.state import JobState
from benchmarks.stub_server import BLOB_BYTES, PAGE_KEYS, SET_BLOBS, UPLOADS, content, key_of, size_of

#: name -> listings, uploads, downloads at a time
LOADS = {
    "idle": (0, 0, 0),
    "16 listings": (16, 0, 0),
    "16 uploads": (0, 16, 0),
    "16 downloads": (0, 0, 16),
    "mixed": (6, 5, 5),
}
#: Keys of the listing the table shows, and of the others.
TABLE_PAGES, LONG_PAGES = 10, 100
PREFIX = "data/"
ACCOUNT = "bench"
SLOW_KEY = f"{64 << 20}-slow.bin"
_SET_BYTES = SET_BLOBS * BLOB_BYTES


@dataclass(frozen=True, slots=True)
class Work:
    """What a child process is to do. ``folder`` holds ``source/`` and takes the downloads."""

    listings: int
    uploads: int
    downloads: int
    seconds: float
    endpoint: str
    home: str
    folder: str

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_text(text: str) -> Work:
        return Work(**json.loads(text))

    @property
    def sources(self) -> list[Path]:
        """The files of one upload."""
        return [Path(self.folder, "source", f"{BLOB_BYTES}-{number}.bin") for number in range(SET_BLOBS)]


def write_sources(work: Work) -> None:
    """Make the files to upload: links to one, so that the disk is not what is measured."""
    first, *rest = work.sources
    first.parent.mkdir(parents=True, exist_ok=True)
    if not first.exists():
        first.write_bytes(content(BLOB_BYTES))
        for path in rest:
            os.link(first, path)


@dataclass(slots=True)
class Tally:
    """What was done, whole rounds and what is under way. ``wrong``: results that were not as they must be."""

    keys: int = 0
    up_bytes: int = 0
    down_bytes: int = 0
    wrong: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, int]:
        return {"keys": self.keys, "up": self.up_bytes, "down": self.down_bytes}


def open_account(services: Services, endpoint: str) -> AccountRecord:
    """The account every load works in; its keys are the stub's to ignore."""
    record = AccountRecord(ACCOUNT, AccountKind.S3, "Bench", key_source=KeySource.SESSION, endpoint=endpoint)
    if any(known.id == ACCOUNT for known in services.book.all()):
        services.book.replace(record)
    else:
        services.book.add(record)
    kept = threading.Event()
    services.broker.keep(ACCOUNT, Secret("bench", "bench-secret"), KeySource.SESSION, lambda _: kept.set())
    if not kept.wait(10):
        raise TimeoutError("the broker does not answer")
    return record


def bucket_of(pages: int) -> str:
    return f"pages-{pages}"


def listing_fault(pages: int, count: int, size_bytes: int, first: str, last: str) -> str:
    """What is wrong with a complete listing; empty when nothing is."""
    rows = pages * PAGE_KEYS
    wanted = (rows, sum(map(size_of, range(rows))), key_of(PREFIX, 0), key_of(PREFIX, rows - 1))
    found = (count, size_bytes, first, last)
    return "" if found == wanted else f"a listing of {wanted} came as {found}"


class Transfers:
    """Keeps uploads and downloads going. Its methods run in one thread, the one that hears of changes.

    :param upload: starts one: ``(target, paths) -> handle``
    """

    def __init__(
        self,
        queue: TransferQueue,
        work: Work,
        tally: Tally,
        upload: Callable[[Location, list[Path]], TransferHandle | None],
        record: AccountRecord,
    ) -> None:
        self._queue, self._work, self._tally, self._upload, self._record = queue, work, tally, upload, record
        self._slots: dict[TransferHandle, tuple[str, int]] = {}
        self._moved: set[tuple[str, int]] = set()
        self._rounds = 0
        self._stopped = False

    def start(self) -> None:
        self._begin("slow", 0)
        for slot in range(self._work.uploads):
            self._begin("up", slot)
        for slot in range(self._work.downloads):
            self._begin("down", slot)

    def stop(self) -> None:
        self._stopped = True

    def ended(self, handle: TransferHandle) -> None:
        """A job has ended: check it, begin the next. Jobs of others are none of ours."""
        if self._stopped or handle not in self._slots:
            return
        kind, slot = self._slots.pop(handle)
        snapshot = handle.snapshot
        counts = snapshot.counts
        if kind != "slow":
            found = (snapshot.state, counts.items_done, counts.bytes_done, snapshot.verified)
            if found != (JobState.DONE, SET_BLOBS, _SET_BYTES, "crc32c"):
                self._tally.wrong.append(f"{kind}load {slot} ended as {found}: {snapshot.error}")
                return
            self._add(self._tally, kind, counts.bytes_done)
            self._moved.add((kind, slot))
        self._begin(kind, slot)

    def figures(self) -> dict[str, int]:
        """Everything done until now, what is under way included."""
        now = Tally(self._tally.keys, self._tally.up_bytes, self._tally.down_bytes)
        for handle, (kind, _) in list(self._slots.items()):
            self._add(now, kind, handle.snapshot.counts.bytes_done)
        return now.figures()

    @property
    def all_moving(self) -> bool:
        """Whether every slot has brought a whole file, in this round or one before."""
        self._moved |= {slot for handle, slot in list(self._slots.items()) if handle.snapshot.counts.items_done}
        return self._moved >= {slot for slot in self._slots.values() if slot[0] != "slow"}

    @staticmethod
    def _add(tally: Tally, kind: str, count: int) -> None:
        if kind == "up":
            tally.up_bytes += count
        elif kind == "down":
            tally.down_bytes += count

    def _begin(self, kind: str, slot: int) -> None:
        self._rounds += 1
        if kind == "up":
            handle = self._upload(
                Location(ACCOUNT, UPLOADS, f"{Path(self._work.folder).name}/{slot}/{self._rounds}/"), self._work.sources
            )
        else:
            bucket, key = ("blobs", f"{slot}/") if kind == "down" else ("slow", SLOW_KEY)
            folder = Path(self._work.folder, f"{kind}-{slot}")
            folder.mkdir(exist_ok=True)
            source = Location(ACCOUNT, bucket, key)
            handle = self._queue.download(self._record, [source], folder, Policy.REPLACE)
        assert handle is not None
        self._slots[handle] = (kind, slot)


def downloads_fault(work: Work) -> str:
    """What is wrong with the files that were downloaded, byte for byte; empty when nothing is."""
    wanted = content(BLOB_BYTES)
    for slot in range(work.downloads):
        files = sorted(Path(work.folder, f"down-{slot}").glob(f"*/{BLOB_BYTES}-*.bin"))
        if not files:
            return f"download {slot} brought no file"
        for file in files:
            if file.read_bytes() != wanted:
                return f"{file.name} of download {slot} has other bytes"
    return ""
