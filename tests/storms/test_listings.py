"""A listing of very many keys: in order and complete, one request a page, in bounded memory, sorted and filtered."""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path

import pytest

from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource
from artifact_browser.paths import in_home
from artifact_browser.storage.arrange import Arrangement, Column, arrange
from artifact_browser.storage.columns import ROW, KeyTable
from artifact_browser.storage.listing import BLOBS, list_prefix, make_listing
from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import WorkerPool
from benchmarks.stub import Stub
from benchmarks.stub_server import PAGE_KEYS, key_of, size_of

PREFIX = "runs/ä/"
#: What a listing may add to its worker's memory, however many keys there are: buffers and pages of the allocator.
ROOM_BYTES = 32 << 20


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with Stub() as started:
        yield started


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[WorkerPool]:
    made = WorkerPool(in_home(tmp_path / "home").make())
    yield made
    made.close()


def memory_bytes(pid: int, line: str) -> int:
    """A line of the kernel's account of a process."""
    for text in Path(f"/proc/{pid}/status").read_text().splitlines():
        if text.startswith(line):
            return int(text.split()[1]) * 1024
    raise AssertionError(line)


def test_a_listing_of_very_many_keys(
    stub: Stub, pool: WorkerPool, tmp_path: Path, size: Callable[[int, int], int],
    record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    count = size(20_000, 1_000_000)
    record = AccountRecord("stub", AccountKind.S3, "Stub", key_source=KeySource.NONE, endpoint=stub.endpoint)
    pool.run(list_prefix, record, "pages-2", PREFIX, str(make_listing(tmp_path / "warm")), timeout_s=30)
    (pid,) = pool.pids(Lane.INTERACTIVE)
    linux = sys.platform == "linux"
    before_bytes = memory_bytes(pid, "VmHWM") if linux else 0
    pages = stub.counts()["pages"]
    began = time.monotonic()
    bucket, folder = f"pages-{count // PAGE_KEYS}", make_listing(tmp_path / "listing")
    grown = pool.run(list_prefix, record, bucket, PREFIX, str(folder), timeout_s=600)
    seconds = time.monotonic() - began
    grown_bytes = memory_bytes(pid, "VmHWM") - before_bytes if linux else 0
    assert (grown.blobs, grown.folders) == (count, 0)
    assert grown.requests == stub.counts()["pages"] - pages == -(-count // PAGE_KEYS)
    assert grown_bytes < ROOM_BYTES
    sizes = check_rows(folder, count)
    assert grown.size_bytes == sum(sizes)
    check_orders(pool, folder, sizes)
    record_property(
        "storm", f"{count:,} keys in {seconds:.1f} s, {grown.requests} requests, {grown_bytes >> 20} MiB more"
    )


def check_rows(folder: Path, count: int) -> list[int]:
    """Every row is the generator's, in its order; the sizes."""
    keys = [key_of(PREFIX, row).encode() for row in range(count)]
    sizes = [size_of(row) for row in range(count)]
    table = KeyTable(folder, BLOBS)
    table.grow(count)
    rows, heap = table.mapped()
    try:
        assert bytes(heap[: sum(map(len, keys))]) == b"".join(keys)
        found = list(ROW.iter_unpack(rows[: count * ROW.size]))
        assert [row[0] for row in found] == list(accumulate(map(len, keys)))
        assert [row[1] for row in found] == sizes
        assert len({row[2] for row in found}) == 1
    finally:
        table.close()
    return sizes


def check_orders(pool: WorkerPool, folder: Path, sizes: list[int]) -> None:
    """Sorting and filtering tell what a plain sort of plain rows tells."""
    count = len(sizes)
    rows = range(count)
    by_size = sorted(rows, key=sizes.__getitem__)
    wanted = {
        Arrangement(descending=True): rows[::-1],
        Arrangement(Column.SIZE): by_size,
        Arrangement(Column.SIZE, descending=True): by_size[::-1],
        Arrangement(Column.MODIFIED): rows,
        Arrangement(Column.TYPE): rows,
        Arrangement(text="0071"): [row for row in rows if "0071" in key_of("", row)],
        Arrangement(text="RUNS"): [],  # the prefix is no part of the names
        Arrangement(text="*13-p*"): [row for row in rows if "13-p" in key_of("", row)],
        Arrangement(Column.SIZE, text="99-PART"): [row for row in by_size if "99-part" in key_of("", row)],
    }
    for arrangement, expected in wanted.items():
        arranged = pool.run(arrange, str(folder), len(PREFIX.encode()), 0, count, arrangement, timeout_s=120)
        found = array("I", arranged.index)
        assert found == array("I", expected), arrangement
