"""Files and blobs that change while they are moved: what is said to be done is one version, whole; what is not says so and
leaves nothing; tried again, it is the new one.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.errors import BlobNotFound
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.state import ItemState, JobState
from artifact_browser.transfers.task import LARGE_BYTES, MIB
from tests.parts.faulty_link import Fault, FaultyLink
from tests.parts.s3_server import S3Server
from tests.storms.processes import SEED
from tests.storms.test_kills import uploads_left
from tests.transfers.conftest import Bench, tree, wait_for

SIZES = {"small": 3 * MIB, "in parts": LARGE_BYTES + MIB}


@pytest.fixture
def link(server: S3Server) -> Iterator[FaultyLink]:
    """A slow one: there is time to change something."""
    with FaultyLink(server.endpoint, SEED, 1.0, (Fault.SLOW,)) as made:
        yield made


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def write_over(path: Path) -> None:
    """The same size, other bytes, in place and from the end: what has been read is left as it was."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size - MIB)
        file.write(os.urandom(MIB))


def put_another_in_its_place(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(os.urandom(path.stat().st_size))
    other.replace(path)


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


CHANGES: list[Callable[[Path], None]] = [grow, write_over, put_another_in_its_place, cut_off, Path.unlink]


def one_version(handle: TransferHandle, versions: set[bytes | None], found: bytes | None) -> None:
    """Done with a whole version, or failed with its reason and nothing wrong left."""
    (item,) = handle.items()
    assert found in versions | {None}
    if item.state is ItemState.DONE:
        assert found is not None
    else:
        assert item.error is not None
        assert item.error.kind in {"SourceChanged", "FileMissing", "PreconditionFailed", "BlobNotFound"}, item.error


def stored(bench: Bench, key: str) -> bytes | None:
    try:
        return bench.content(key)
    except BlobNotFound:
        return None


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("size", SIZES)
def test_a_file_that_changes_while_it_goes_up(
    bench: Bench, link: FaultyLink, tmp_path: Path, size: str, change: Callable[[Path], None]
) -> None:
    path, data = tmp_path / "file.bin", random.Random(SEED).randbytes(SIZES[size])
    path.write_bytes(data)
    handle = bench.queue.upload(replace(bench.record, endpoint=link.endpoint), bench.at(), [path])
    wait_for(lambda: handle.snapshot.counts.bytes_done > 0)
    change(path)
    assert bench.finish(handle).counts.items == 1
    bench.queue.settle(30)
    now = path.read_bytes() if path.exists() else None
    found = stored(bench, "file.bin")
    if change is cut_off and found is not None and data.startswith(found):
        bench.person.answer = Policy.REPLACE  # moto keeps a body that ended early; Ceph does not
    else:
        one_version(handle, {data, now}, found)
        assert (found is None) == (handle.snapshot.state is JobState.FAILED)
    wait_for(lambda: not uploads_left(bench), "nothing is left of the upload")
    if now is None or handle.snapshot.state is JobState.DONE:
        return
    link.heal()
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert stored(bench, "file.bin") == now


@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_a_blob_that_changes_while_it_comes_down(
    bench: Bench, link: FaultyLink, tmp_path: Path, size: str, deleted: bool
) -> None:
    rng, down = random.Random(SEED), tmp_path / "down"
    path = tmp_path / "blob.bin"
    data, now = rng.randbytes(SIZES[size]), rng.randbytes(SIZES[size])
    path.write_bytes(data)
    bench.finish(bench.queue.upload(bench.record, bench.at(), [path]))
    bench.put({"other/blob.bin": now})  # in one piece: of one in parts moto's copy has a checksum that is not its own
    handle = bench.queue.download(replace(bench.record, endpoint=link.endpoint), [bench.at("blob.bin")], down)
    wait_for(lambda: handle.snapshot.counts.bytes_done > 0)
    with bench.driver() as driver:
        if deleted:
            driver.delete(bench.bucket, "blob.bin")
        else:
            driver.copy(bench.bucket, "other/blob.bin", bench.bucket, "blob.bin")
    assert bench.finish(handle).counts.items == 1
    bench.queue.settle(30)
    one_version(handle, {data, now}, tree(down).get("blob.bin"))
    assert set(tree(down)) <= {"blob.bin"}
    if deleted or handle.snapshot.state is JobState.DONE:
        return
    link.heal()
    handle.retry_failed()
    assert bench.finish(handle).state is JobState.DONE
    assert tree(down) == {"blob.bin": now}
