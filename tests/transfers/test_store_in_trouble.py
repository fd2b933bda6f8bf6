"""A store that answers with faults, and has written nothing: what was to be written is in the end, and nothing twice."""

from __future__ import annotations

import hashlib
import random
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from artifact_browser.accounts.lease import Lease, LeaseWanted
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource
from artifact_browser.errors import BlobNotFound, ConnectionFailed, OutcomeUnknown, PreconditionFailed, ServerFault
from artifact_browser.paths import Paths
from artifact_browser.storage.driver import BlobInfo, Driver, Support, Written
from artifact_browser.storage.drivers.s3.open import open_s3
from artifact_browser.storage.location import Location
from artifact_browser.storage.stamps import stamp_of
from artifact_browser.transfers.put_course import PutCourse
from artifact_browser.transfers.put_tasks import PutMarker, PutPart
from artifact_browser.transfers.queue import TransferQueue
from artifact_browser.transfers.state import Item, JobState
from artifact_browser.transfers.task import LARGE_BYTES, PART_BYTES, Finished
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.pool import WorkerPool
from tests.storage.s3.scripted import Asked, Leases, Reply, error, serving
from tests.transfers.accounts import Here
from tests.transfers.conftest import Bench, Person, wait_for

BUCKET = "bucket"
EMPTY_LIST = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"


class Troubled:
    """Refuses the first writes of each key; all of them must be create-only."""

    def __init__(self, refusal: Reply, times: int) -> None:
        self._refusal, self._times = refusal, times
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()
        self.blobs: dict[str, bytes] = {}

    def __call__(self, asked: Asked, _number: int) -> Reply:
        key = urlsplit(asked.path).path.removeprefix(f"/{BUCKET}").strip("/")
        with self._lock:
            if not key:
                return Reply(200, EMPTY_LIST, {"Content-Type": "application/xml"})
            if asked.method == "PUT":
                self._asked[key] += 1
                if self._asked[key] <= self._times:
                    return self._refusal
                assert asked.headers["if-none-match"] == "*"
                self.blobs[key] = asked.body
            if key not in self.blobs:
                return Reply(404)
            return Reply(200, b"", {"ETag": f'"{hashlib.md5(self.blobs[key]).hexdigest()}"'})


@pytest.mark.parametrize(
    ("refusal", "times"),
    [(error("InternalError", 500), 4), (Reply(503), 4), (error("SlowDown", 503), 5)],
    ids=["fault", "busy", "slow-down"],
)
def test_small_files_are_all_written_once_it_has_recovered(
    session_pool: WorkerPool, local_home: Paths, tmp_path: Path, refusal: Reply, times: int
) -> None:
    files = {f"{number}": bytes([number]) * 1000 for number in range(6)}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    store = Troubled(refusal, times)
    with serving(store) as server:
        record = AccountRecord("troubled", AccountKind.S3, "Troubled", KeySource.SESSION, endpoint=server.url)
        driver = open_s3(record, Leases(), CancelToken(), local_home)
        driver._access.account.remembered.learn(conditional_create=Support.YES, checksum=Support.NO)
        driver.close()
        session_pool.answer(LeaseWanted, lambda _, answer: answer(Lease("key", "secret")))
        queue = TransferQueue(session_pool)
        queue.listen(Person())
        paths = [tmp_path / name for name in files]
        handle = queue.upload(record, Location(record.id, BUCKET, ""), paths)
        wait_for(lambda: handle.ended, "for the end")
    assert handle.snapshot.state is JobState.DONE, [one.error for one in handle.items(count=6)]
    assert store.blobs == files


@dataclass
class Unheard:
    """A store whose answers to the first writes are lost; ``wrote``: of the last of them, not what it did."""

    driver: Driver
    times: int
    wrote: bool
    asked: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.driver, name)

    def put(self, *arguments: Any) -> Written:
        self.asked += 1
        if self.asked > self.times:
            return self.driver.put(*arguments)
        if self.wrote and self.asked == self.times:
            self.driver.put(*arguments)
        raise OutcomeUnknown("The answer was lost.")


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize("wrote", [False, True])
@pytest.mark.parametrize("times", [1, 2, 4])
def test_a_folder_is_kept_whatever_is_not_answered(local: Bench, times: int, wrote: bool, new: bool) -> None:
    item = Item(0, "folder/", "", "folder/", 0, folder=True)
    with local.driver() as driver:
        store: Any = Unheard(driver, times, wrote)
        task = PutMarker(local.bucket, item, new)
        if times > 3:
            with pytest.raises(ServerFault):  # for which the job waits
                task.run(Here(store, store))
            task = task.unanswered()
        assert task.run(Here(store, store)) == Finished("")
    assert store.asked == times + (not wrote)
    assert local.content("folder/") == b""


def test_a_new_folder_of_which_nobody_heard_is_done(local: Bench) -> None:
    """The network went with the answer; when it is back the folder stands there."""
    item = Item(0, "folder/", "", "folder/", 0, folder=True)
    with local.driver() as driver:
        store: Any = Cut(driver)
        task = PutMarker(local.bucket, item, new=True)
        with pytest.raises(ConnectionFailed):  # for which the job waits
            task.run(Here(store, store))
        assert store.wrote
        assert task.unanswered().run(Here(driver, driver)) == Finished("")
        with pytest.raises(PreconditionFailed):
            task.run(Here(driver, driver))


class Cut:
    """A store whose network goes with its answer to the first write."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.wrote = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def put(self, *arguments: Any) -> Written:
        self._driver.put(*arguments)
        self.wrote = True
        raise OutcomeUnknown("The answer was lost.")

    def head(self, bucket: str, key: str) -> BlobInfo:
        if self.wrote:
            raise ConnectionFailed("The network is gone.")
        return self._driver.head(bucket, key)


@pytest.mark.parametrize("new", [False, True])
def test_a_folder_that_was_there_is_told_as_that(local: Bench, new: bool) -> None:
    """``new``: as a failure, however the store lets know."""
    item = Item(0, "folder/", "", "folder/", 0, folder=True)
    with local.driver() as driver:
        for store in (driver, Blind(driver)):
            local.put({"folder/": b""})
            task, stage = PutMarker(local.bucket, item, new), Here(store, store)
            if new:
                with pytest.raises(PreconditionFailed):
                    task.run(stage)
            else:
                assert task.run(stage) == Finished("", "was there already")


class Blind:
    """A store that shows a key from its second look on: somebody wrote it in between."""

    def __init__(self, driver: Driver) -> None:
        self._driver, self._looks = driver, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def head(self, bucket: str, key: str) -> BlobInfo:
        self._looks += 1
        if self._looks == 1:
            raise BlobNotFound("Not yet.")
        return self._driver.head(bucket, key)


class Silent:
    """A store whose answer to the first finishing of an upload is lost; ``wrote``: but not what it did."""

    def __init__(self, driver: Driver, *, wrote: bool) -> None:
        self._driver, self._wrote = driver, wrote
        self.finished = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def complete_upload(self, *arguments: Any) -> Written:
        self.finished += 1
        if self.finished > 1:
            return self._driver.complete_upload(*arguments)
        if self._wrote:
            self._driver.complete_upload(*arguments)
        raise OutcomeUnknown("The answer was lost.")


@pytest.mark.parametrize("wrote", [False, True])
def test_the_parts_of_a_large_file_are_not_sent_twice(local: Bench, tmp_path: Path, wrote: bool) -> None:
    file = tmp_path / "file"
    file.write_bytes(random.Random(3).randbytes(LARGE_BYTES + 1))
    size, modified_us, file_id = stamp_of(file.stat())
    item = Item(0, "k", str(file), "k", size, modified_us, file_id=file_id)
    course = PutCourse(local.bucket, item, skip_existing=False, largest_part=1 << 30, most_parts=1000)
    with local.driver() as driver:
        store: Any = Silent(driver, wrote=wrote)
        stage = Here(store, store)
        end = stage.run(course, waits_for=(ServerFault,))
    assert isinstance(end, Finished)
    assert end.verified
    parts = sum(isinstance(task, PutPart) for task in stage.ran)
    assert parts == -(-size // PART_BYTES)
    assert store.finished == (1 if wrote else 2)
    assert local.content("k") == file.read_bytes()
    assert local.unfinished() == []
