"""How many files a store sees at the same time: what was chosen, and of small ones several for each, more as long as they
come soon.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

import pytest

from artifact_browser.accounts.lease import Lease, LeaseWanted
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource
from artifact_browser.paths import Paths
from artifact_browser.storage.location import Location
from artifact_browser.transfers.batches import Batches, Load, Run
from artifact_browser.transfers.blob_tasks import OneTask
from artifact_browser.transfers.flight import Flight
from artifact_browser.transfers.pace import AT_ONCE, Pace
from artifact_browser.transfers.put_tasks import PutFile
from artifact_browser.transfers.queue import TransferQueue
from artifact_browser.transfers.state import Item, JobState
from artifact_browser.workers.pool import WorkerPool
from tests.storage.s3.scripted import Asked, Reply, serving
from tests.transfers.conftest import Person, wait_for

BUCKET = "bucket"
SMALL_BYTES, LARGER_BYTES = 2_000, 200_000


class FarStore:
    """A bucket of equal blobs; none comes before ``expected`` of them are wanted at the same time, once; or, without that, as
    long as others are still asked for.

    :ivar most: how many were
    """

    def __init__(self, count: int, size_bytes: int, expected: int = 0) -> None:
        self.count, self._body, self._expected = count, bytes(size_bytes), expected
        self._changed = threading.Condition()
        self._inside, self._asked_at = 0, 0.0
        self.most = 0

    def __call__(self, asked: Asked, _number: int) -> Reply:
        key = unquote(urlsplit(asked.path).path).removeprefix(f"/{BUCKET}").strip("/")
        if not key:
            return Reply(200, self._listing().encode(), {"Content-Type": "application/xml"})
        with self._changed:
            self._inside += 1
            self.most = max(self.most, self._inside)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.most >= self._expected, timeout=10)
            self._asked_at = time.monotonic()
        while not self._expected and time.monotonic() - self._asked_at < 0.05:
            time.sleep(0.01)
        with self._changed:
            self._inside -= 1
        return Reply(200, self._body, {"ETag": '"e"', "Last-Modified": "Sat, 28 Nov 2026 00:00:00 GMT"})

    def _listing(self) -> str:
        blobs = "".join(
            f"<Contents><Key>{number:04}</Key><LastModified>2026-11-28T00:00:00.000Z</LastModified>"
            f"<ETag>&quot;e&quot;</ETag><Size>{len(self._body)}</Size></Contents>"
            for number in range(self.count)
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{blobs}</ListBucketResult>"


@pytest.fixture
def pace(local_home: Paths) -> Iterator[Pace]:
    made = Pace(local_home)
    yield made
    made.choose(0, AT_ONCE)
    made.close()


@pytest.mark.parametrize(
    ("chosen", "count", "size_bytes", "seen"),
    [
        (AT_ONCE, 100, SMALL_BYTES, 4 * AT_ONCE),
        (AT_ONCE, 200, LARGER_BYTES, AT_ONCE),
        (2, 28, SMALL_BYTES, 8),
        (1, 30, SMALL_BYTES, 1),
    ],
    ids=["small", "larger", "two", "one-by-one"],
)
def test_a_store_sees_as_many_as_were_chosen_and_four_small_ones_for_each(
    session_pool: WorkerPool, pace: Pace, tmp_path: Path, chosen: int, count: int, size_bytes: int, seen: int
) -> None:
    store = FarStore(count, size_bytes, seen)
    download(session_pool, pace, store, tmp_path, chosen)
    assert store.most == seen


def test_more_small_ones_for_each_as_long_as_they_come_soon(
    session_pool: WorkerPool, pace: Pace, tmp_path: Path
) -> None:
    store = FarStore(700, SMALL_BYTES)
    download(session_pool, pace, store, tmp_path, AT_ONCE)
    assert 4 * AT_ONCE < store.most <= 16 * AT_ONCE


def download(pool: WorkerPool, pace: Pace, store: FarStore, folder: Path, chosen: int) -> None:
    """All of it."""
    pace.choose(0, chosen)
    time.sleep(0.2)  # it holds for the engine a tenth of a second later
    with serving(store) as server:
        record = AccountRecord("far", AccountKind.S3, "Far", KeySource.SESSION, endpoint=server.url)
        pool.answer(LeaseWanted, lambda _, answer: answer(Lease("key", "secret")))
        queue = TransferQueue(pool)
        queue.listen(Person())
        handle = queue.download(record, [Location(record.id, BUCKET, "")], folder / "out")
        wait_for(lambda: handle.ended, "for the end")
    assert handle.snapshot.state is JobState.DONE, handle.snapshot
    assert sum(1 for one in (folder / "out").rglob("*") if one.is_file()) == store.count


@dataclass
class Landed:
    """A batch that is done."""

    tasks: int
    together: int
    flew_s: float


def test_what_a_slow_line_is_asked_for_at_the_same_time_gets_less_again() -> None:
    batches = Batches([AccountRecord("far", AccountKind.S3, "Far")])
    item = Item(1, "a", source="a", target="a", size_bytes=SMALL_BYTES)
    loads = [Load(Run(OneTask((item,), PutFile(BUCKET, item))), PutFile(BUCKET, item)) for _ in range(256)]

    def spread() -> int:
        together, places = batches.spread(loads, 4, shared=True)
        assert places == 4
        return together

    seen = [spread()]
    for waited_s in (0.2, 0.4, 0.4, 0.7, 1.2, 5.0, 5.0):
        batches.landed(cast(Flight, Landed(256, seen[-1], waited_s * 256 / seen[-1])))
        seen.append(spread())
    assert seen == [16, 32, 64, 64, 64, 32, 16, 16]
