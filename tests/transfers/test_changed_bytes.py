"""A byte that changes on the way is found, whatever the store offers for it, and the wrong bytes are nowhere afterwards."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from artifact_browser.errors import ChecksumMismatch, ConnectionFailed
from artifact_browser.paths import in_home
from artifact_browser.storage.driver import BlobInfo, Driver
from artifact_browser.storage.stamps import stamp_of
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.put_course import PutCourse
from artifact_browser.transfers.state import Item, ItemState, JobState
from artifact_browser.transfers.task import LARGE_BYTES, MIB, Settled
from artifact_browser.workers.pool import WorkerPool
from tests.parts.faulty_link import Fault, FaultyLink
from tests.parts.s3_server import S3Server
from tests.transfers.accounts import Here
from tests.transfers.conftest import Bench, s3_bench, tree, wait_for

SIZES = [20_000, LARGE_BYTES + MIB]


@pytest.fixture(params=["moto", pytest.param("ceph", marks=pytest.mark.ceph)])
def server(request: pytest.FixtureRequest) -> S3Server:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, S3Server)
    return found


@pytest.fixture
def bench(server: S3Server, tmp_path: Path) -> Iterator[Bench]:
    pool = WorkerPool(in_home(tmp_path / "home").make())
    yield s3_bench(in_home(tmp_path / "home").make(), pool, server)
    pool.close()


def noise(size: int, seed: int = 7) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.mark.parametrize("compatibility", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_on_the_way_up(bench: Bench, server: S3Server, tmp_path: Path, size: int, compatibility: bool) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(noise(size))
    with FaultyLink(server.endpoint, 1, 1.0, (Fault.FLIPPED_UP,)) as link:
        record = replace(bench.record, endpoint=link.endpoint, compatibility=compatibility)
        handle = bench.queue.upload(record, bench.at(), [path])
        assert bench.finish(handle).state is JobState.FAILED
        (item,) = handle.items([ItemState.FAILED])
        assert item.error is not None
        assert item.error.kind == "ChecksumMismatch"
        bench.queue.settle(30)
        assert bench.listed() == []
        wait_for(lambda: not bench.unfinished(), "the upload is dropped")
        link.heal()
        handle.retry_failed()
        assert bench.finish(handle).state is JobState.DONE
    assert handle.snapshot.verified == "md5"
    assert bench.content("file.bin") == path.read_bytes()


@pytest.mark.ceph
def test_a_store_that_looks_keeps_what_was_there(ceph: S3Server, tmp_path: Path) -> None:
    pool = WorkerPool(in_home(tmp_path / "home").make())
    bench = s3_bench(in_home(tmp_path / "home").make(), pool, ceph)
    bench.put({"file.bin": b"before"})
    path = tmp_path / "file.bin"
    path.write_bytes(noise(20_000))
    with FaultyLink(ceph.endpoint, 1, 0.0, (Fault.FLIPPED_UP,)) as link:
        record = replace(bench.record, endpoint=link.endpoint)
        bench.finish(bench.queue.upload(record, bench.at("learns/"), [path]))  # what this store does with checksums
        link.share = 1.0
        handle = bench.queue.upload(record, bench.at(), [path], Policy.REPLACE)
        assert bench.finish(handle).state is JobState.FAILED
    assert bench.content("file.bin") == b"before"
    pool.close()


@pytest.mark.parametrize("size", SIZES)
def test_on_the_way_down(bench: Bench, server: S3Server, tmp_path: Path, size: int) -> None:
    path, down = tmp_path / "file.bin", tmp_path / "down"
    path.write_bytes(noise(size))
    bench.finish(bench.queue.upload(bench.record, bench.at(), [path]))
    with FaultyLink(server.endpoint, 1, 0.5 if size > LARGE_BYTES else 1.0, (Fault.FLIPPED_DOWN,)) as link:
        handle = bench.queue.download(replace(bench.record, endpoint=link.endpoint), [bench.at("file.bin")], down)
        assert bench.finish(handle).state is JobState.FAILED
        (item,) = handle.items([ItemState.FAILED])
        assert item.error is not None
        assert item.error.kind == "ChecksumMismatch"
        bench.queue.settle(30)
        assert tree(down) == {}
        link.heal()
        handle.retry_failed()
        assert bench.finish(handle).state is JobState.DONE
    assert handle.snapshot.verified == "md5"
    assert tree(down) == {"file.bin": path.read_bytes()}


@pytest.mark.parametrize(
    ("mebibytes", "part", "how"),
    [
        (20, 5, "md5"),
        (20, 8, "md5"),
        (20, 7, "second reading"),  # three parts, as of 8 MiB
        (66, 8, "md5"),
        (66, 15, "second reading"),  # five parts, as of 16 MiB
        (66, 6, "size"),  # nobody's eleven parts
    ],
)
def test_blobs_in_other_peoples_parts(moto: S3Server, tmp_path: Path, mebibytes: int, part: int, how: str) -> None:
    pool = WorkerPool(in_home(tmp_path / "home").make())
    bench = s3_bench(in_home(tmp_path / "home").make(), pool, moto)
    data = noise(mebibytes * MIB)
    with bench.driver() as driver:
        upload = driver.create_upload(bench.bucket, "theirs")
        parts = [
            driver.upload_part(bench.bucket, "theirs", upload, number, data[start : start + part * MIB])
            for number, start in enumerate(range(0, len(data), part * MIB), 1)
        ]
        driver.complete_upload(bench.bucket, "theirs", upload, parts)
    handle = bench.queue.download(bench.record, [bench.at("theirs")], tmp_path / "down")
    assert bench.finish(handle).state is JobState.DONE
    assert tree(tmp_path / "down") == {"theirs": data}
    assert handle.snapshot.verified == how
    pool.close()


class Unreachable:
    """A store that writes other bytes than were sent, and cannot be reached ``times`` times behind that."""

    def __init__(self, driver: Driver, times: int) -> None:
        self._driver, self.times = driver, times
        self._wrote = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def put(self, bucket: str, key: str, body: object, *rest: object) -> NoReturn:
        del body, rest
        error = ChecksumMismatch("The store received other bytes than were sent.")
        error.stored = self._driver.put(bucket, key, b"wrong").etag
        self._wrote = True
        raise error

    def head(self, bucket: str, key: str) -> BlobInfo:
        if self._wrote and self.times:
            self.times -= 1
            raise ConnectionFailed("The network is gone.")
        return self._driver.head(bucket, key)


@pytest.mark.parametrize("times", [0, 1, 3])
def test_wrong_bytes_are_removed_when_the_store_can_be_reached_again(local: Bench, tmp_path: Path, times: int) -> None:
    """Another attempt to send them would meet them and take them for somebody else's."""
    file = tmp_path / "file"
    file.write_bytes(b"right")
    size, modified_us, file_id = stamp_of(file.stat())
    item = Item(7, "k", str(file), "k", size, modified_us, file_id=file_id)
    course = PutCourse(local.bucket, item, skip_existing=False, largest_part=1 << 30, most_parts=1000)
    with local.driver() as driver:
        store: Any = Unreachable(driver, times)
        stage = Here(store, store)
        step: object = course.begin()
        while isinstance(step, list):
            try:
                step = course.advance(step[0], step[0].run(stage))
            except ConnectionFailed:  # the job waits, and has it done again
                (left,) = course.leftovers()
                assert left == step[0]
            except ChecksumMismatch:
                assert not times
                break
        assert store.times == 0
        assert not times or (isinstance(step, Settled) and step.failed[7].kind == "ChecksumMismatch")
        assert not course.leftovers()
    assert local.listed() == []
