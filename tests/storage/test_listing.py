"""Listings through a real worker: rows come before the end, stop and go on lose nothing, one request a page."""

from __future__ import annotations

import math
import socket
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource
from artifact_browser.errors import AccessDenied, BucketNotFound, NetworkError
from artifact_browser.storage.arrange import Arrangement, Column, arrange
from artifact_browser.storage.columns import KeyTable
from artifact_browser.storage.listing import (
    BLOBS,
    FOLDERS,
    NOTHING,
    BucketList,
    ListingGrown,
    list_account,
    list_buckets,
    list_prefix,
    make_listing,
    remove_listing,
    sweep_listings,
)
from artifact_browser.workers.job import JobContext
from artifact_browser.workers.pool import Ended, WorkerPool
from tests.storage.conftest import WorkerStore
from tests.storage.paged_store import PagedStore, paged
from tests.storage.s3.scripted import error


def rows(folder: Path, grown: ListingGrown) -> tuple[list[str], list[str]]:
    """Folders and blobs that are valid now, as the window reads them."""
    found = []
    for name, count in ((FOLDERS, grown.folders), (BLOBS, grown.blobs)):
        table = KeyTable(folder, name)
        table.grow(count)
        found.append([table.key(row) for row in range(count)])
        table.close()
    return found[0], found[1]


def completed(pool: WorkerPool, store: PagedStore, folder: Path, before: ListingGrown = NOTHING) -> ListingGrown:
    grown = pool.run(list_prefix, store.record, "b", "", str(folder), before, timeout_s=30)
    assert isinstance(grown, ListingGrown)
    return grown


def test_folders_and_blobs_of_one_level(worker_store: WorkerStore, tmp_path: Path) -> None:
    worker_store.put({"p/b": b"12", "p/a/x": b"", "p/a/y": b"", "p/c d": b"345", "other": b""})
    grown = worker_store.pool.run(list_prefix, worker_store.record, worker_store.bucket, "p/", str(tmp_path))
    assert rows(tmp_path, grown) == (["p/a/"], ["p/b", "p/c d"])
    assert (grown.size_bytes, grown.requests) == (5, 1)


def test_an_empty_prefix_is_complete_and_empty(worker_store: WorkerStore, tmp_path: Path) -> None:
    grown = worker_store.pool.run(list_prefix, worker_store.record, worker_store.bucket, "no/", str(tmp_path))
    assert (grown.folders, grown.blobs) == (0, 0)


def test_a_bucket_that_is_not_there_is_an_error(worker_store: WorkerStore, tmp_path: Path) -> None:
    with pytest.raises(BucketNotFound):
        worker_store.pool.run(list_prefix, worker_store.record, "never-made-bucket", "", str(tmp_path))


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 5000])
def test_one_request_a_page_and_none_a_row(worker_pool: WorkerPool, tmp_path: Path, count: int) -> None:
    with paged([f"k{number:05d}" for number in range(count)]) as store:
        grown = completed(worker_pool, store, tmp_path)
        assert grown.blobs == count
        assert len(store.asked) == grown.requests == max(1, math.ceil(count / 1000))


def test_the_first_page_is_seen_while_the_next_is_under_way(worker_pool: WorkerPool, tmp_path: Path) -> None:
    keys = [f"k{number:05d}" for number in range(2500)]
    with paged(keys, open_pages=1) as store:
        events = worker_pool.iterate(list_prefix, store.record, "b", "", str(tmp_path))
        first = next(events)
        assert first.blobs == 1000
        assert rows(tmp_path, first)[1] == keys[:1000]
        store.let_through(None)
        states = [first, *events]
    assert [state.blobs for state in states] == sorted(state.blobs for state in states)
    assert len(states) <= 3


def test_pages_come_in_batches_not_one_by_one(worker_pool: WorkerPool, tmp_path: Path) -> None:
    with paged([f"k{number:05d}" for number in range(600)], page_size=20) as store:
        events = list(worker_pool.iterate(list_prefix, store.record, "b", "", str(tmp_path)))
        assert store.listed == 30
    assert 1 <= len(events) < 20


def test_a_folder_that_spans_pages_is_one_row(worker_pool: WorkerPool, tmp_path: Path) -> None:
    keys = [f"deep/{number:04d}" for number in range(50)] + ["a", "z/1", "z/2"]
    with paged(keys, page_size=1) as store:
        assert rows(tmp_path, completed(worker_pool, store, tmp_path)) == (["deep/", "z/"], ["a"])


def test_a_store_that_stops_at_100_folders_is_asked_on(worker_pool: WorkerPool, tmp_path: Path) -> None:
    """Fewer than were asked for, and more to come: the token counts, not the number."""
    folders = [f"{number:03d}/" for number in range(350)]
    with paged([f"{folder}x" for folder in folders] + ["z"], page_size=100) as store:
        grown = completed(worker_pool, store, tmp_path)
        assert rows(tmp_path, grown) == (folders, ["z"])
        assert store.listed == grown.requests == 4


@pytest.mark.parametrize("first_page", range(1, 13))
def test_stop_and_go_on_repeats_and_loses_nothing(worker_pool: WorkerPool, tmp_path: Path, first_page: int) -> None:
    """Stopped behind every row in turn, with folders that lie across the cut."""
    blobs = [f"k{number:03d}" for number in range(9)]
    keys = [*blobs, "k002x/1", "k002x/2", "k005/a", "zz/1", "zz/2"]
    with paged(keys, page_size=first_page, open_pages=1) as store:
        events = worker_pool.iterate(list_prefix, store.record, "b", "", str(tmp_path))
        stopped = next(events)
        assert stopped.folders + stopped.blobs == first_page
        events.close()  # as Stop does: cancels
        store.let_through(None)
        store.page_size = 2
        complete = completed(worker_pool, store, tmp_path, stopped)
        assert rows(tmp_path, complete) == (["k002x/", "k005/", "zz/"], blobs)
        assert complete.size_bytes == sum(map(len, blobs))


def test_going_on_really_goes_on(worker_store: WorkerStore, tmp_path: Path) -> None:
    """On the real stores: behind a blob, behind a folder, and behind everything."""
    worker_store.put({key: b"x" for key in ["a", "b/1", "b/2", "c", "d/1", "e"]})
    job = (list_prefix, worker_store.record, worker_store.bucket, "")
    whole = worker_store.pool.run(*job, str(make_listing(tmp_path / "whole")))
    expected = rows(tmp_path / "whole", whole)
    assert expected == (["b/", "d/"], ["a", "c", "e"])
    for folders, blobs in [(0, 1), (1, 1), (1, 2), (2, 2), (2, 3)]:
        folder = make_listing(tmp_path / f"{folders}-{blobs}")
        worker_store.pool.run(*job, str(folder))
        before = replace(whole, folders=folders, blobs=blobs, size_bytes=blobs)
        after = worker_store.pool.run(*job, str(folder), before)
        assert rows(folder, after) == expected
        assert after.size_bytes == 3


def test_what_breaks_a_listing_keeps_its_rows(worker_pool: WorkerPool, tmp_path: Path) -> None:
    keys = [f"k{number:05d}" for number in range(1500)]
    with paged(keys, refusal=error("AccessDenied", 403), refuse_from=1) as store:
        events = worker_pool.iterate(list_prefix, store.record, "b", "", str(tmp_path))
        first = next(events)
        with pytest.raises(AccessDenied):
            next(events)
        assert rows(tmp_path, first)[1] == keys[:1000]


def test_a_cancelled_listing_hangs_up_at_once(worker_pool: WorkerPool, tmp_path: Path) -> None:
    """As seen from the store: the connection whose answer nobody waits for any more is closed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        record = AccountRecord("mute", AccountKind.S3, "Mute", key_source=KeySource.NONE, endpoint=endpoint)
        handle = worker_pool.start(list_prefix, record, "b", "", str(tmp_path), listener=Ended())
        connection, _ = server.accept()
        with connection:
            connection.settimeout(20)
            assert connection.recv(4096).startswith(b"GET /b?")
            handle.cancel()
            assert connection.recv(4096) == b""
        assert handle.wait(20)


def test_a_store_that_is_gone_is_an_error(worker_pool: WorkerPool, tmp_path: Path) -> None:
    with paged([]) as store:
        record = store.record
    with pytest.raises(NetworkError):
        worker_pool.run(list_prefix, record, "b", "", str(tmp_path))


def test_a_growing_listing_can_be_arranged(worker_pool: WorkerPool, tmp_path: Path) -> None:
    with paged(["bb", "a", "ccc"]) as store:
        grown = completed(worker_pool, store, tmp_path)
    arranged = worker_pool.run(
        arrange, str(tmp_path), 0, grown.folders, grown.blobs, Arrangement(Column.SIZE, descending=True)
    )
    index = arranged.index
    order = [int.from_bytes(index[at : at + 4], "little") for at in range(0, len(index), 4)]
    assert order == [2, 1, 0]


# -- accounts and the tree ---------------------------------------------------------------------------------------


def test_an_account_is_listed_as_folders(worker_store: WorkerStore, tmp_path: Path) -> None:
    grown = worker_store.pool.run(list_account, worker_store.record, str(tmp_path))
    assert worker_store.bucket in rows(tmp_path, grown)[0]
    assert grown.blobs == 0


def test_buckets_opened_by_name_are_there_when_listing_is_denied(worker_pool: WorkerPool, tmp_path: Path) -> None:
    with paged([], buckets_denied=True) as store:
        record = replace(store.record, buckets=("zeta", "alpha"))
        found = worker_pool.run(list_buckets, record)
        assert isinstance(found, BucketList)
        assert ([bucket.name for bucket in found.buckets], found.denied) == (["alpha", "zeta"], True)
        grown = worker_pool.run(list_account, record, str(tmp_path))
        assert rows(tmp_path, grown)[0] == ["alpha", "zeta"]
        store.buckets_denied = False
        found = worker_pool.run(list_buckets, record)
        assert ([bucket.name for bucket in found.buckets], found.denied) == (["alpha", "listed", "zeta"], False)


def test_a_removed_listing_is_gone(worker_pool: WorkerPool, tmp_path: Path) -> None:
    folder = make_listing(tmp_path / "1-1")
    with paged(["a", "b"]) as store:
        completed(worker_pool, store, folder)
    assert list(folder.iterdir())
    worker_pool.run(remove_listing, str(folder), timeout_s=30)
    assert not folder.exists()
    worker_pool.run(remove_listing, str(folder), timeout_s=30)  # gone already: fine


def test_what_a_killed_window_left_is_swept(worker_pool: WorkerPool) -> None:
    listings = worker_pool.run(folder_of_listings, timeout_s=30)
    for name in ("41-1", "41-2", "411-1", "4-1"):
        make_listing(listings / name)
        (listings / name / "blobs.rows").write_bytes(b"x" * 32)
    assert worker_pool.run(sweep_listings, 41, timeout_s=30) == 2
    assert {entry.name for entry in listings.iterdir()} == {"41-1", "41-2"}


def folder_of_listings(context: JobContext) -> Generator[None, None, Path]:
    yield from ()
    return context.paths.listings
