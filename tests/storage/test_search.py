"""Searches through a real worker, on real stores: what is found, what that costs, and what stops them."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from artifact_browser.accounts.lease import Lease, LeaseWanted, SecretWanted
from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import AccessDenied, InputError, LimitReached
from artifact_browser.paths import Paths
from artifact_browser.storage import search as search_module
from artifact_browser.storage.bounds import Bounds
from artifact_browser.storage.columns import KeyTable
from artifact_browser.storage.driver import WriteOptions
from artifact_browser.storage.key_match import Search, Way
from artifact_browser.storage.listing import BLOBS, FOLDERS
from artifact_browser.storage.search import NOT_SEARCHED, SearchGrown, search_below
from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import WorkerPool
from tests.parts.s3_server import S3Server
from tests.storage.conftest import WorkerStore, made
from tests.storage.paged_store import PagedStore, paged
from tests.storage.s3.scripted import error

KEYS = {
    "data/a b.txt": b"1",
    "data/[x].txt": b"22",
    "data/sub/c.csv": b"333",
    "data/sub/deep/d.txt": b"4444",
    "data/sub.txt": b"55555",
    "data2/e.txt": b"",
    "top.txt": b"666666",
    "caf\u00e9/%20+.txt": b"7",
}


def hits(folder: Path, grown: SearchGrown) -> list[str]:
    """Folders, then blobs, as the window reads them."""
    found = []
    for name, count in ((FOLDERS, grown.folders), (BLOBS, grown.blobs)):
        table = KeyTable(folder, name)
        table.grow(count)
        found += [table.key(row) for row in range(count)]
        table.close()
    return found


def run(
    pool: WorkerPool, record: AccountRecord, bucket: str, folder: Path, wanted: Search, prefix: str = "",
    before: SearchGrown = NOT_SEARCHED,
) -> SearchGrown:  # fmt: skip
    grown = pool.run(search_below, record, bucket, prefix, str(folder), wanted, before, lane=Lane.SEARCH, timeout_s=60)
    assert isinstance(grown, SearchGrown)
    return grown


@pytest.fixture
def ceph_store(worker_pool: WorkerPool, worker_paths: Paths, ceph: S3Server) -> WorkerStore:
    worker_pool.answer(LeaseWanted, lambda _, answer: answer(Lease(ceph.access_key, ceph.secret_key)))
    worker_pool.answer(SecretWanted, lambda _, answer: answer(ceph.secret))
    return made(worker_pool, worker_paths, "ceph", ceph.record, ceph.secret)


@pytest.fixture(params=["local_store", "s3_store", "ceph_store"])
def filled(request: pytest.FixtureRequest) -> WorkerStore:
    """Each store in turn, with :data:`KEYS` in it."""
    store: WorkerStore = request.getfixturevalue(request.param)
    store.put(KEYS)
    return store


def test_what_is_found_on_every_store(filled: WorkerStore, tmp_path: Path) -> None:
    def found(wanted: Search, prefix: str = "") -> list[str]:
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return hits(folder, run(filled.pool, filled.record, filled.bucket, folder, wanted, prefix))

    by_key = sorted(KEYS, key=str.encode)
    assert found(Search("**")) == by_key
    assert found(Search("**/*.txt")) == [key for key in by_key if key.endswith(".txt")]
    assert found(Search("data/*")) == ["data/sub/", "data/[x].txt", "data/a b.txt", "data/sub.txt"]
    assert found(Search("*"), "data/") == ["data/sub/", "data/[x].txt", "data/a b.txt", "data/sub.txt"]
    assert found(Search("**/sub")) == ["data/sub/"]
    assert found(Search("[[]x]*"), "data/") == ["data/[x].txt"]
    assert found(Search("a b*"), "data/") == ["data/a b.txt"]
    assert found(Search("caf\u00e9/%20+*")) == ["caf\u00e9/%20+.txt"]
    assert found(Search("SUB", Way.TEXT, match_case=False)) == [key for key in by_key if "sub" in key]
    assert found(Search(r"/[^/]\.(csv|txt)$", Way.EXPRESSION)) == [
        "data/sub/c.csv",
        "data/sub/deep/d.txt",
        "data2/e.txt",
    ]
    assert found(Search("^sub", Way.EXPRESSION), "data/") == [key for key in by_key if key.startswith("data/sub")]
    assert found(Search(bounds=Bounds(size_from=4, size_to=5))) == ["data/sub.txt", "data/sub/deep/d.txt"]
    assert found(Search("**/*.csv", bounds=Bounds(storage_class="glacier"))) == []
    assert found(Search("**/*.csv", bounds=Bounds(storage_class="standard", modified_from_us=1))) == ["data/sub/c.csv"]
    assert found(Search("*", bounds=Bounds(modified_to_us=1))) == []


def test_tags_are_asked_of_the_keys_that_match_and_counted(filled: WorkerStore, tmp_path: Path) -> None:
    with filled.store.opened() as driver:
        driver.put(filled.bucket, "data/tagged.txt", b"", WriteOptions(tags={"split": "train", "lang": "de"}))
    (tmp_path / "any").mkdir()
    wanted = Search("data/*.txt", tags=(("split", "train"), ("lang", None)))
    grown = run(filled.pool, filled.record, filled.bucket, tmp_path / "any", wanted)
    assert hits(tmp_path / "any", grown) == ["data/tagged.txt"]
    assert (grown.tag_requests, grown.requests) == (4, 5)
    (tmp_path / "none").mkdir()
    grown = run(filled.pool, filled.record, filled.bucket, tmp_path / "none", Search(tags=(("split", "test"),)))
    assert (grown.blobs, grown.tag_requests, grown.seen) == (0, len(KEYS) + 1, len(KEYS) + 1)


# -- what it costs --------------------------------------------------------------------------------------------------
@pytest.fixture
def deep() -> Iterator[PagedStore]:
    keys = [f"a/{number % 5}/k{number:04}" for number in range(3000)] + [f"b/k{number:04}" for number in range(2500)]
    with paged(keys) as store:
        yield store


@pytest.mark.parametrize(
    ("pattern", "found", "listed"),
    [
        ("**/*7", 550, 5500),
        ("a/**/*7", 300, 3000),
        ("a/3/*", 600, 600),
        ("b/k00*", 100, 100),
        ("*", 2, 2),
        ("c*", 0, 0),
    ],
)
def test_the_literal_part_is_what_is_listed(
    worker_pool: WorkerPool, tmp_path: Path, deep: PagedStore, pattern: str, found: int, listed: int
) -> None:
    grown = run(worker_pool, deep.record, "b", tmp_path, Search(pattern))
    assert (grown.folders + grown.blobs, grown.seen) == (found, listed)
    assert len(deep.asked) == grown.requests == max(1, math.ceil(listed / 1000))


def test_hits_come_before_the_end_and_a_stopped_search_goes_on(
    worker_pool: WorkerPool, tmp_path: Path, deep: PagedStore
) -> None:
    deep.open_pages = 1
    wanted = Search("**/*5")
    job = worker_pool.iterate(search_below, deep.record, "b", "", str(tmp_path), wanted, lane=Lane.SEARCH)
    first = next(job)
    assert first.blobs == 300
    while len(deep.asked) < 2:  # the next page is under way
        time.sleep(0.01)
    job.close()  # stops it, as the window does
    deep.let_through(None)
    grown = run(worker_pool, deep.record, "b", tmp_path, wanted, before=first)
    assert hits(tmp_path, grown) == sorted(key for key in deep.keys if key.endswith("5"))
    assert grown.seen == 5500
    # nothing is listed twice; the store may be asked more: by the run that had not heard of its stop yet
    assert grown.requests == 6


def test_what_breaks_off_keeps_its_hits(worker_pool: WorkerPool, tmp_path: Path, deep: PagedStore) -> None:
    deep.refusal, deep.refuse_from = error("AccessDenied", 403), 3
    told: list[SearchGrown] = []
    job = worker_pool.iterate(search_below, deep.record, "b", "", str(tmp_path), Search("**"), lane=Lane.SEARCH)
    with pytest.raises(AccessDenied):
        told.extend(job)
    assert told[-1].blobs >= 1000
    assert hits(tmp_path, told[-1]) == sorted(deep.keys)[: told[-1].blobs]


def test_a_cancel_is_heard_while_a_page_does_not_come(
    worker_pool: WorkerPool, tmp_path: Path, deep: PagedStore
) -> None:
    deep.open_pages = 1
    handle = worker_pool.start(search_below, deep.record, "b", "", str(tmp_path), Search("**"), lane=Lane.SEARCH)
    while not deep.asked[1:]:
        assert not handle.wait(0.01)
    pids = worker_pool.pids(Lane.SEARCH)
    handle.cancel()
    assert handle.wait(10)
    assert worker_pool.pids(Lane.SEARCH) == pids  # it stopped by itself: nobody else's search was lost


def test_four_searches_at_once(worker_pool: WorkerPool, tmp_path: Path, deep: PagedStore) -> None:
    """One that is stuck, one with a hostile expression, and two that find."""
    deep.open_pages = 0
    folders = [tmp_path / name for name in ("stuck", "hostile", "one", "two")]
    for folder in folders:
        folder.mkdir()
    stuck = worker_pool.start(search_below, deep.record, "b", "", str(folders[0]), Search("**"), lane=Lane.SEARCH)
    while not deep.asked:
        assert not stuck.wait(0.01)
    hostile = "a" * 500
    with paged([f"{hostile}{number:04}!" for number in range(2000)]) as other:
        started = [
            worker_pool.iterate(search_below, other.record, "b", "", str(folder), wanted, lane=Lane.SEARCH)
            for folder, wanted in zip(
                folders[1:], (Search("(a+)+$", Way.EXPRESSION), Search("**/*7!"), Search("1", Way.TEXT)), strict=True
            )
        ]
        ended = [_end(job) for job in started]
    with_one = sum("1" in f"{number:04}" for number in range(2000))
    assert [grown.blobs for grown in ended] == [0, 200, with_one]
    assert not stuck.done
    stuck.cancel()
    deep.let_through(None)
    assert stuck.wait(10)


def _end(job):  # type: ignore[no-untyped-def]
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("text", ["(", r"(a)\1"])
def test_an_expression_that_cannot_be_used_asks_nothing(
    worker_pool: WorkerPool, tmp_path: Path, deep: PagedStore, text: str
) -> None:
    with pytest.raises(InputError):
        run(worker_pool, deep.record, "b", tmp_path, Search(text, Way.EXPRESSION))
    assert deep.asked == []


def test_tags_are_asked_up_to_a_limit_and_then_on(
    monkeypatch: pytest.MonkeyPatch, local_store: WorkerStore, tmp_path: Path
) -> None:
    """In this process, because the limit is made small: each key is asked once, whatever the stops."""
    monkeypatch.setattr(search_module, "MOST_TAG_REQUESTS", 3)
    with local_store.store.opened() as driver:
        for number in range(8):
            driver.put(local_store.bucket, f"k{number}", b"", WriteOptions(tags={"odd": "yes"} if number % 2 else {}))
    context = local_store.store.context()
    told, stops, wanted = NOT_SEARCHED, 0, Search(tags=(("odd", "yes"),))
    while True:
        job = search_below(context, local_store.record, local_store.bucket, "", str(tmp_path), wanted, told)
        try:
            while True:
                told = next(job)
        except LimitReached:
            stops += 1
        except StopIteration as end:
            told = end.value
            break
    assert hits(tmp_path, told) == ["k1", "k3", "k5", "k7"]
    assert (stops, told.tag_requests) == (2, 8)


def test_a_cancel_is_heard_in_the_middle_of_hard_work(worker_pool: WorkerPool, tmp_path: Path) -> None:
    """An expression that takes 20 ms for each key: a page takes half a minute."""
    hard, letters = Search("x.{999}$|y.{998}z", Way.EXPRESSION), random.Random(1)
    with paged([f"{number:03}{''.join(letters.choices('xy', k=997))}" for number in range(1000)]) as store:
        handle = worker_pool.start(search_below, store.record, "b", "", str(tmp_path), hard, lane=Lane.SEARCH)
        while not store.asked:
            assert not handle.wait(0.01)
        assert not handle.wait(0.5)  # it is at it
        pids = worker_pool.pids(Lane.SEARCH)
        handle.cancel()
        assert handle.wait(10)
    assert worker_pool.pids(Lane.SEARCH) == pids
