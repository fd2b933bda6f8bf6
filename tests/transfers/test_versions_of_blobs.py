"""Downloads of versions: what stands at a key now is not what comes, in one piece or in parts, nor when it is read again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.pins import Pin
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.second_reading import Trouble, read_job_again
from artifact_browser.transfers.state import ItemState, JobState
from artifact_browser.transfers.task import LARGE_BYTES
from artifact_browser.workers.job import Lane
from tests.storage.conformance.stores import Store
from tests.storage.conformance.test_versions import set_versioning
from tests.transfers.conftest import Bench, tree

BOTH = pytest.mark.parametrize("bench", ["s3", pytest.param("on_ceph", marks=pytest.mark.ceph)], indirect=True)
pytestmark = BOTH


@pytest.fixture
def versioned(bench: Bench) -> Bench:
    set_versioning(Store("s3", bench.record, bench.paths, bench.secret), bench.bucket, "Enabled")
    return bench


def read_again(bench: Bench, handle: TransferHandle) -> tuple[list[Trouble], bool]:
    """The troubles of a second reading, and whether all was the same."""
    reading = bench.pool.iterate(read_job_again, bench.record, handle.job_id, lane=Lane.ENGINE)
    troubles: list[Trouble] = []
    while True:
        try:
            troubles += next(reading)
        except StopIteration as end:
            return troubles, end.value.all_same


def test_each_name_gets_its_version(versioned: Bench, tmp_path: Path) -> None:
    bench, large = versioned, os.urandom(LARGE_BYTES + 1000)
    with bench.driver() as driver:
        ids = [driver.put(bench.bucket, "k", body).version_id for body in (b"first", b"second", b"third")]
        ids.append(driver.put(bench.bucket, "large", large).version_id)
        driver.put(bench.bucket, "large", b"small now")
        driver.delete_versions(bench.bucket, [("k", ids[2])])
    keys = ["k", "k", "k", "k", "large"]
    names = ["a/first", "a/second", "gone", "now", "large"]
    versions = [ids[0], ids[1], ids[2], "", ids[3]]
    handle = bench.queue.download(
        bench.record, [bench.at(key) for key in keys], tmp_path / "down", names=names, versions=versions
    )
    assert bench.finish(handle).state is JobState.DONE_WITH_ERRORS
    assert tree(tmp_path / "down") == {"a/first": b"first", "a/second": b"second", "now": b"second", "large": large}
    assert [failed.item.name for failed in handle.items({ItemState.FAILED})] == ["gone"]
    assert read_again(bench, handle) == ([], True)


def test_what_was_given_up_is_tried_again_in_its_version(versioned: Bench, tmp_path: Path) -> None:
    bench = versioned
    with bench.driver() as driver:
        first = driver.put(bench.bucket, "k", b"first").version_id
        driver.put(bench.bucket, "k", b"second")
    (tmp_path / "down").mkdir()
    (tmp_path / "down" / "k.txt").mkdir()  # in the way
    handle = bench.queue.download(bench.record, [bench.at("k")], tmp_path / "down", names=["k.txt"], versions=[first])
    assert bench.finish(handle).state is JobState.CANCELLED  # nobody answers the conflict
    (tmp_path / "down" / "k.txt").rmdir()
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert tree(tmp_path / "down") == {"k.txt": b"first"}


def test_certain_bytes_are_read_in_their_version_once_they_were_replaced(versioned: Bench, tmp_path: Path) -> None:
    bench = versioned
    with bench.driver() as driver:
        first = driver.put(bench.bucket, "k", b"first")
        driver.put(bench.bucket, "k", b"second")
        driver.put(bench.bucket, "same", b"as ever")
        same = driver.head(bench.bucket, "same")
    pins = [Pin(first.etag, "k", first.version_id), Pin(same.etag, "same", same.version_id), Pin("none")]
    handle = bench.queue.download(
        bench.record,
        [bench.at(key) for key in ("k", "same", "k")],
        tmp_path / "down",
        names=["a", "b", "c"],
        pins=pins,
    )
    assert bench.finish(handle).state is JobState.DONE_WITH_ERRORS
    assert tree(tmp_path / "down") == {"a": b"first", "b": b"as ever"}
    assert read_again(bench, handle) == ([], True)


def test_what_stands_there_now_is_no_older_version_that_was_fetched_before(versioned: Bench, tmp_path: Path) -> None:
    """A retry looks whether a run before had finished it: by the version that is wanted."""
    bench, down, elsewhere = versioned, tmp_path / "down", tmp_path / "elsewhere"
    with bench.driver() as driver:
        first = driver.put(bench.bucket, "k", b"first").version_id
        driver.put(bench.bucket, "k", b"now")
    down.mkdir()
    elsewhere.mkdir()
    (elsewhere / "k").write_bytes(b"now")
    (down / "sub").symlink_to(elsewhere)  # not followed: it fails
    handle = bench.queue.download(
        bench.record, [bench.at("k")], down, Policy.REPLACE, names=["sub/k"], versions=[first]
    )
    assert bench.finish(handle).state is not JobState.DONE
    (down / "sub").unlink()
    elsewhere.rename(down / "sub")
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert tree(down) == {"sub/k": b"first"}
