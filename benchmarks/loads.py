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
from functools import cache
from pathlib import Path

from artifact_browser.accounts.lease import Secret
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource, Probing
from artifact_browser.bootstrap import Services
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.queue import TransferQueue
from artifact_browser.transfers.state import JobState
from benchmarks.stub_server import (
    BLOB_BYTES,
    PAGE_KEYS,
    SET_BLOBS,
    SMALL_BLOBS,
    SMALL_BYTES,
    UPLOADS,
    content,
    key_of,
    size_of,
)


@dataclass(frozen=True, slots=True)
class Load:
    """So many listings, uploads and downloads at a time; ``blobs`` of ``blob_bytes`` in each of the latter, in ``bucket``."""

    listings: int = 0
    uploads: int = 0
    downloads: int = 0
    bucket: str = "blobs"
    blobs: int = SET_BLOBS
    blob_bytes: int = BLOB_BYTES


_SMALL = ("small", SMALL_BLOBS, SMALL_BYTES)
LOADS = {
    "idle": Load(),
    "16 listings": Load(16, 0, 0),
    "16 uploads": Load(0, 16, 0),
    "16 downloads": Load(0, 0, 16),
    "mixed": Load(6, 5, 5),
    "5,000 files up": Load(0, 1, 0, *_SMALL),
    "5,000 files down": Load(0, 0, 1, *_SMALL),
}
#: Keys of the listing the table shows, and of the others.
TABLE_PAGES, LONG_PAGES = 10, 100
PREFIX = "data/"
ACCOUNT = "bench"
SLOW_KEY = f"{64 << 20}-slow.bin"


@dataclass(frozen=True, slots=True)
class Work:
    """What a child process is to do. ``folder`` holds ``source/`` and takes the downloads."""

    load: Load
    seconds: float
    endpoint: str
    home: str
    folder: str

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_text(text: str) -> Work:
        told = json.loads(text)
        return Work(**{**told, "load": Load(**told["load"])})

    @property
    def sources(self) -> list[Path]:
        """The files of one upload."""
        size = self.load.blob_bytes
        return [Path(self.folder, "source", f"{size}-{number}.bin") for number in range(self.load.blobs)]


def write_sources(work: Work) -> None:
    """Make the files to upload: links to one, so that the disk is not what is measured."""
    first, *rest = work.sources
    first.parent.mkdir(parents=True, exist_ok=True)
    if not first.exists():
        first.write_bytes(content(work.load.blob_bytes))
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


def open_account(
    services: Services, endpoint: str, secret: Secret | None = None, *, region: str = "", ca_file: str = ""
) -> AccountRecord:
    """The account every load works in; without a ``secret`` its keys are the stub's to ignore."""
    record = AccountRecord(
        ACCOUNT,
        AccountKind.S3,
        "Bench",
        key_source=KeySource.SESSION,
        endpoint=endpoint,
        region=region,
        ca_file=ca_file,
        probing=Probing.ALLOWED,
    )
    if any(known.id == ACCOUNT for known in services.book.all()):
        services.book.replace(record)
    else:
        services.book.add(record)
    kept = threading.Event()
    secret = secret or Secret("bench", "bench-secret")
    services.broker.keep(ACCOUNT, secret, KeySource.SESSION, lambda _: kept.set())
    if not kept.wait(10):
        raise TimeoutError("the broker does not answer")
    return record


def bucket_of(pages: int) -> str:
    return f"pages-{pages}"


def listing_fault(pages: int, count: int, size_bytes: int, first: str, last: str) -> str:
    """What is wrong with a complete listing; empty when nothing is."""
    wanted, found = wanted_listing(pages), (count, size_bytes, first, last)
    return "" if found == wanted else f"a listing of {wanted} came as {found}"


@cache
def wanted_listing(pages: int) -> tuple[int, int, str, str]:
    """Rows, bytes, first and last key. Worked out once: it takes 8 ms, and must not take them of the window's time."""
    rows = pages * PAGE_KEYS
    return rows, sum(map(size_of, range(rows))), key_of(PREFIX, 0), key_of(PREFIX, rows - 1)


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
        self._sources = work.sources  # thousands of paths: made once, not in the window's time
        self._rounds = 0
        self._stopped = False

    def start(self) -> None:
        self._begin("slow", 0)
        for slot in range(self._work.load.uploads):
            self._begin("up", slot)
        for slot in range(self._work.load.downloads):
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
            load = self._work.load
            if found != (JobState.DONE, load.blobs, load.blobs * load.blob_bytes, "crc32c"):
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
                Location(ACCOUNT, UPLOADS, f"{Path(self._work.folder).name}/{slot}/{self._rounds}/"),
                [self._sources[0].parent] if self._work.load.blobs > SET_BLOBS else self._sources,
            )
        else:
            bucket, key = (self._work.load.bucket, f"{slot}/") if kind == "down" else ("slow", SLOW_KEY)
            folder = Path(self._work.folder, f"{kind}-{slot}")
            folder.mkdir(exist_ok=True)
            source = Location(ACCOUNT, bucket, key)
            handle = self._queue.download(self._record, [source], folder, Policy.REPLACE)
        assert handle is not None
        self._slots[handle] = (kind, slot)


def downloads_fault(work: Work) -> str:
    """What is wrong with the files that were downloaded, byte for byte; empty when nothing is."""
    wanted = content(work.load.blob_bytes)
    for slot in range(work.load.downloads):
        files = sorted(Path(work.folder, f"down-{slot}").glob(f"*/{work.load.blob_bytes}-*.bin"))
        if not files:
            return f"download {slot} brought no file"
        for file in files:
            if file.read_bytes() != wanted:
                return f"{file.name} of download {slot} has other bytes"
    return ""
