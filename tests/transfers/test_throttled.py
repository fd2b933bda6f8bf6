"""A store that takes only so many requests a second, and says so: everything arrives, and it is spared."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from artifact_browser.accounts.lease import Lease, LeaseWanted
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource
from artifact_browser.paths import in_home
from artifact_browser.storage.location import Location
from artifact_browser.transfers.pace import Pace
from artifact_browser.transfers.queue import TransferQueue
from artifact_browser.transfers.state import JobState
from artifact_browser.workers.pool import WorkerPool
from tests.storage.s3.scripted import Asked, Reply, error, serving
from tests.transfers.conftest import wait_for
from tests.transfers.test_at_once import BUCKET, FarStore

COUNT, A_SECOND = 300, 60


class Limited(FarStore):
    """:ivar refused: how many requests were"""

    def __init__(self) -> None:
        super().__init__(COUNT, 2000)
        self._lock, self._room, self._at = threading.Lock(), float(A_SECOND), time.monotonic()
        self.refused = 0

    def __call__(self, asked: Asked, number: int) -> Reply:
        del number
        if not urlsplit(asked.path).path.removeprefix(f"/{BUCKET}").strip("/"):
            return Reply(200, self._listing().encode(), {"Content-Type": "application/xml"})
        with self._lock:
            now = time.monotonic()
            self._room = min(A_SECOND, self._room + (now - self._at) * A_SECOND)
            self._at = now
            taken = self._room >= 1
            self._room -= taken
            self.refused += not taken
        if not taken:
            return error("SlowDown", 503)
        return Reply(200, self._body, {"ETag": '"e"', "Last-Modified": "Sat, 28 Nov 2026 00:00:00 GMT"})


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[WorkerPool]:
    paths = in_home(tmp_path / "home").make()
    pace = Pace(paths)
    pace.choose(0, 32)
    pace.close()
    made = WorkerPool(paths)
    made.answer(LeaseWanted, lambda _, answer: answer(Lease("key", "secret")))
    yield made
    made.close()


def test_no_item_fails_because_others_get_through(pool: WorkerPool, tmp_path: Path) -> None:
    store = Limited()
    with serving(store) as server:
        record = AccountRecord("far", AccountKind.S3, "Far", KeySource.SESSION, endpoint=server.url)
        queue = TransferQueue(pool)
        handle = queue.download(record, [Location(record.id, BUCKET, "")], tmp_path / "out")
        wait_for(lambda: handle.ended)
        assert (handle.snapshot.state, handle.snapshot.counts.items_done) == (JobState.DONE, COUNT)
        assert 0 < store.refused < 10 * COUNT
