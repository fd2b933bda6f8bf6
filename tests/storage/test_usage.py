"""Usage through a real worker: exact sums, one request a page, stopped and taken up at every page, honest when partial."""

from __future__ import annotations

import csv
import json
import math
from array import array
from collections import Counter, defaultdict
from itertools import count as numbers
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artifact_browser.accounts.lease import Lease, LeaseWanted, SecretWanted
from artifact_browser.errors import AccessDenied, BucketNotFound, DiskError, JobCancelled
from artifact_browser.paths import Paths
from artifact_browser.storage.driver import ListPage
from artifact_browser.storage.listing import make_listing
from artifact_browser.storage.usage import UploadsCounted, count_uploads, count_usage
from artifact_browser.storage.usage_export import Report, ReportForm, export_usage
from artifact_browser.storage.usage_file import UsageCounted, UsageFile
from artifact_browser.storage.usage_tree import MOST_BLOBS, MOST_DEPTH, OTHER_TYPES, UsageTree
from artifact_browser.storage.usage_view import MOST_SHOWN, Measure, Slice, SliceKind, UsageView, view_usage
from artifact_browser.workers.pool import WorkerPool
from tests.parts.s3_server import S3Server
from tests.storage.conftest import WorkerStore, made
from tests.storage.paged_store import PagedStore, paged
from tests.storage.s3.scripted import error

_NUMBERS = numbers(1)
MIB = 1024**2


@pytest.fixture
def ceph_store(worker_pool: WorkerPool, worker_paths: Paths, ceph: S3Server) -> WorkerStore:
    worker_pool.answer(LeaseWanted, lambda _, answer: answer(Lease(ceph.access_key, ceph.secret_key)))
    worker_pool.answer(SecretWanted, lambda _, answer: answer(ceph.secret))
    return made(worker_pool, worker_paths, "s3 ceph", ceph.record, ceph.secret)


@pytest.fixture(params=["local_store", "s3_store", pytest.param("ceph_store", marks=pytest.mark.ceph)])
def any_store(request: pytest.FixtureRequest) -> WorkerStore:
    """This computer, moto and Ceph."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, WorkerStore)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_listing(tmp_path / "count")


def counted(pool: WorkerPool, store: PagedStore, folder: Path, prefix: str = "") -> UsageCounted:
    found = pool.run(count_usage, store.record, "b", prefix, str(folder), timeout_s=60)
    assert isinstance(found, UsageCounted)
    return found


def seen(pool: WorkerPool, folder: Path, prefix: str = "", measure: Measure = Measure.SIZE) -> UsageView:
    view = pool.run(view_usage, str(folder), prefix, measure, timeout_s=30)
    assert isinstance(view, UsageView)
    return view


def named(view: UsageView) -> dict[str, tuple[int, int]]:
    """Bytes and blobs of what has a name."""
    return {one.name: (one.size_bytes, one.blobs) for one in view.slices if one.name}


def test_a_bucket_is_counted_by_prefix_class_age_and_type(any_store: WorkerStore, folder: Path) -> None:
    any_store.put(
        {
            "a/x.csv": b"123",
            "a/deep/y.csv": b"4567",
            "b/z.parquet": b"89",
            "top": b"0",
            "b/empty.csv": b"",
            "b//odd": b"1",
        }
    )
    pool = any_store.pool
    found = pool.run(count_usage, any_store.record, any_store.bucket, "", str(folder), timeout_s=60)
    assert (found.size_bytes, found.blobs, found.prefixes, found.requests, found.complete) == (11, 6, 4, 1, True)
    view = seen(pool, folder)
    assert named(view) == {"a/": (7, 2), "b/": (3, 3), "top": (1, 1)}
    assert [one.name for one in view.slices] == ["a/", "b/", "top"]
    assert {share.name: (share.size_bytes, share.blobs) for share in view.types} == {
        "CSV": (7, 3), "Parquet": (2, 1), "File": (2, 2),
    }  # fmt: skip
    assert [(share.name, share.size_bytes, share.blobs) for share in view.ages] == [("up to a day", 11, 6)]
    assert sum(share.size_bytes for share in view.classes) == 11
    assert named(seen(pool, folder, "a/")) == {"deep/": (4, 1), "x.csv": (3, 1)}
    assert named(seen(pool, folder, "b/")) == {"z.parquet": (2, 1), "/": (1, 1), "empty.csv": (0, 1)}
    assert pool.run(view_usage, str(folder), "nowhere/", Measure.SIZE) is None


def test_a_prefix_is_counted_by_itself(any_store: WorkerStore, folder: Path) -> None:
    any_store.put({"a/x": b"123", "a/b/c/y": b"4567", "ab": b"89"})
    found = any_store.pool.run(count_usage, any_store.record, any_store.bucket, "a/", str(folder), timeout_s=60)
    assert (found.size_bytes, found.blobs) == (7, 2)
    assert named(seen(any_store.pool, folder, "a/b/")) == {"c/": (4, 1)}


def test_an_empty_bucket_is_complete_and_empty(any_store: WorkerStore, folder: Path) -> None:
    found = any_store.pool.run(count_usage, any_store.record, any_store.bucket, "", str(folder), timeout_s=60)
    assert (found.blobs, found.complete) == (0, True)
    assert seen(any_store.pool, folder).slices == ()


def test_a_bucket_that_is_not_there_is_an_error(any_store: WorkerStore, folder: Path) -> None:
    with pytest.raises(BucketNotFound):
        any_store.pool.run(count_usage, any_store.record, "never-made-bucket", "", str(folder), timeout_s=60)


def test_unfinished_uploads_are_counted_apart(any_store: WorkerStore, folder: Path) -> None:
    pool, record, bucket = any_store.pool, any_store.record, any_store.bucket
    assert pool.run(count_uploads, record, bucket, "", timeout_s=30) == UploadsCounted()
    any_store.put({"p/done": b"1"})
    with any_store.store.opened() as driver:
        for key, parts in (("p/one", 2), ("p/two", 1), ("q/three", 0)):
            upload = driver.create_upload(bucket, key)
            for number in range(1, parts + 1):
                driver.upload_part(bucket, key, upload, number, bytes(5 * MIB))
    found = pool.run(count_uploads, record, bucket, "", timeout_s=30)
    assert (found.uploads, found.asked, found.parts, found.size_bytes) == (3, 3, 3, 15 * MIB)
    assert found.oldest_us > 0
    below = pool.run(count_uploads, record, bucket, "q/", timeout_s=30)
    assert (below.uploads, below.parts, below.size_bytes) == (1, 0, 0)
    assert pool.run(count_usage, record, bucket, "", str(folder), timeout_s=60).size_bytes == 1


@pytest.mark.parametrize("count", [0, 1, 1000, 1001, 5000])
def test_one_request_a_page_and_none_a_blob(worker_pool: WorkerPool, folder: Path, count: int) -> None:
    with paged([f"{number % 7}/k{number:05d}" for number in range(count)]) as store:
        found = counted(worker_pool, store, folder)
        assert found.blobs == count
        assert len(store.asked) == found.requests == max(1, math.ceil(count / 1000))
        seen(worker_pool, folder)
        assert len(store.asked) == found.requests


def test_it_fills_while_it_is_counted(worker_pool: WorkerPool, folder: Path) -> None:
    with paged([f"{number // 1000}/k{number:05d}" for number in range(2500)], open_pages=1) as store:
        events = worker_pool.iterate(count_usage, store.record, "b", "", str(folder))
        first = next(events)
        assert (first.blobs, first.complete) == (1000, False)
        view = seen(worker_pool, folder)
        assert (named(view), view.counted) == ({"0/": (8000, 1000)}, first)
        store.let_through(None)
        told = [first, *events]
    assert [one.blobs for one in told] == sorted(one.blobs for one in told)
    assert named(seen(worker_pool, folder)).keys() == {"0/", "1/", "2/"}


@pytest.mark.parametrize("first_page", [1, 2, 3, 5, 8])
def test_stop_and_go_on_counts_everything_once(worker_pool: WorkerPool, folder: Path, first_page: int) -> None:
    keys = ["a/1", "a/2", "a/b/1", "a/b/2", "a/c", "b", "c/d/e/f", "c/d/e/g", "c/x"]
    with paged(keys, page_size=first_page, open_pages=1) as store:
        events = worker_pool.iterate(count_usage, store.record, "b", "", str(folder))
        stopped = next(events)
        assert stopped.blobs == first_page
        events.close()  # as Stop does: cancels
        store.let_through(None)
        store.page_size = 2
        whole = counted(worker_pool, store, folder)
        assert (whole.blobs, whole.size_bytes, whole.complete) == (len(keys), sum(map(len, keys)), True)
        assert named(seen(worker_pool, folder)) == {"a/": (19, 5), "c/": (17, 3), "b": (1, 1)}
        assert named(seen(worker_pool, folder, "c/d/")) == {"e/": (14, 2)}
        asked = len(store.asked)
        assert counted(worker_pool, store, folder) == whole
        assert len(store.asked) == asked  # complete: nothing more to ask


@pytest.mark.parametrize("counted_keys", [1, 2, 3, 5])
def test_going_on_really_goes_on(any_store: WorkerStore, folder: Path, counted_keys: int) -> None:
    """On the real stores: behind a blob, inside a prefix, behind the last of one."""
    keys = ["a/1", "a/2", "a0", "b/c/1", "b/c/2", "z"]
    any_store.put({key: bytes(10) for key in keys})
    tree, file = UsageTree("", 1), UsageFile(folder)
    tree.take(page(keys[:counted_keys]))
    file.keep(tree, UsageCounted(requests=1))
    file.close()
    whole = any_store.pool.run(count_usage, any_store.record, any_store.bucket, "", str(folder), timeout_s=60)
    assert (whole.blobs, whole.size_bytes, whole.requests) == (6, 60, 2)
    assert named(seen(any_store.pool, folder)) == {"a/": (20, 2), "b/": (20, 2), "a0": (10, 1), "z": (10, 1)}


def test_it_is_told_at_most_ten_times_a_second(worker_pool: WorkerPool, folder: Path) -> None:
    with paged([f"k{number:05d}" for number in range(600)], page_size=20) as store:
        told = list(worker_pool.iterate(count_usage, store.record, "b", "", str(folder)))
        assert store.listed == 30
    assert 1 <= len(told) < 20


def test_what_breaks_a_count_keeps_it_and_it_goes_on_there(worker_pool: WorkerPool, folder: Path) -> None:
    keys = [f"k{number:05d}" for number in range(2500)]
    with paged(keys, refusal=error("AccessDenied", 403), refuse_from=1) as store:
        with pytest.raises(AccessDenied):
            counted(worker_pool, store, folder)
        view = seen(worker_pool, folder)
        assert (view.blobs, view.counted.complete, view.counted.last_key) == (1000, False, "k00999")
        store.refusal = None
        assert counted(worker_pool, store, folder).blobs == 2500
        assert "start-after=k00999" in store.asked[2].path


def test_only_the_latest_run_of_a_count_writes(folder: Path) -> None:
    tree = UsageTree("", 1)
    first = UsageFile(folder)
    first.keep(tree, UsageCounted(requests=1))
    second = UsageFile(folder)
    with pytest.raises(JobCancelled):
        first.keep(tree, UsageCounted(requests=2))
    second.keep(tree, UsageCounted(requests=3))
    state = second.state()
    assert state is not None
    assert state["counted"]["requests"] == 3
    first.close()
    second.close()


def page(keys: list[str], size_bytes: int = 10) -> ListPage:
    count = len(keys)
    return ListPage(
        keys, array("q", [size_bytes]) * count, array("q", [1]) * count, [""] * count, ["STANDARD"] * count, []
    )


def test_a_hundred_thousand_prefixes_are_bounded_and_exact(folder: Path, worker_pool: WorkerPool) -> None:
    """Kept: one path and what is not written yet. Shown: the largest; the others are one row with what is left."""
    tree, file = UsageTree("", 1), UsageFile(folder)
    for first in range(0, 100_000, 500):
        keys = [f"p{number:06d}/{blob}" for number in range(first, first + 500) for blob in ("a.bin", "b.bin")]
        tree.take(page(keys))
        if len(tree.finished) > 5000:
            file.keep(tree, UsageCounted())
    tree.take(page(["zlast/big.bin"], 10**12))
    tree.finish()
    file.keep(tree, UsageCounted(blobs=200_001, complete=True))
    file.close()
    assert len(tree.unfinished()) == 1
    assert not tree.finished
    view = seen(worker_pool, folder)
    assert view.prefixes == 100_001
    assert len(view.slices) == MOST_SHOWN + 1
    assert (view.slices[0].name, view.slices[0].size_bytes) == ("zlast/", 10**12)
    others = view.slices[-1]
    assert others == Slice(SliceKind.OTHER_PREFIXES, "", 20 * (100_001 - MOST_SHOWN), 2 * (100_001 - MOST_SHOWN), 100_001 - MOST_SHOWN)  # fmt: skip
    assert sum(one.size_bytes for one in view.slices) == view.size_bytes == 2_000_000 + 10**12
    by_number = seen(worker_pool, folder, measure=Measure.BLOBS)
    assert by_number.slices[0].blobs == 2
    assert sum(one.blobs for one in by_number.slices) == 200_001


def test_many_blobs_and_odd_endings_stay_bounded(folder: Path, worker_pool: WorkerPool) -> None:
    tree, file = UsageTree("", 1), UsageFile(folder)
    keys = sorted(f"f{number}.e{number}" for number in range(3000))
    tree.take(page(keys))
    tree.finish()
    file.keep(tree, UsageCounted())
    file.close()
    view = seen(worker_pool, folder)
    assert len(view.types) <= 257
    assert next(share.blobs for share in view.types if share.name == OTHER_TYPES) == 3000 - 256
    assert Counter(one.kind for one in view.slices) == {SliceKind.BLOB: MOST_BLOBS, SliceKind.OTHER_BLOBS: 1}
    assert sum(one.blobs for one in view.slices) == 3000


def test_what_lies_too_deep_is_counted_above_and_said(folder: Path, worker_pool: WorkerPool) -> None:
    tree, file = UsageTree("", 1), UsageFile(folder)
    tree.take(page(["d/" * 40 + "blob"]))
    tree.finish()
    file.keep(tree, UsageCounted())
    file.close()
    view = seen(worker_pool, folder, "d/" * MOST_DEPTH)
    assert (view.cut, view.blobs, named(view)) == (True, 1, {"d/" * (40 - MOST_DEPTH) + "blob": (10, 1)})


KEYS = st.lists(
    st.text(st.sampled_from(["a", "b", "/", ".", "\u20ac", "\udc80"]), min_size=1, max_size=8), max_size=30, unique=True
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=KEYS, cuts=st.lists(st.integers(1, 6), min_size=1), prefix=st.sampled_from(["", "a/", "a"]))
def test_any_keys_in_any_pages_are_counted_exactly(keys: list[str], cuts: list[int], prefix: str) -> None:
    """Against counting the plain way; put down and taken up behind every page."""
    keys = sorted((key for key in keys if key.startswith(prefix)), key=lambda key: key.encode("utf-8", "surrogatepass"))
    tree = UsageTree(prefix, 1)
    found: dict[str, tuple[int, int]] = {}
    at = number = 0
    while at < len(keys):
        size = cuts[number % len(cuts)]
        tree.take(page(keys[at : at + size], 7))
        found |= {node.prefix: (node.tally.size_bytes, node.tally.blobs) for node in tree.finished}
        tree.forget_finished()
        tree = UsageTree.restored(json.loads(json.dumps(tree.kept())))
        at, number = at + size, number + 1
    tree.finish()
    found |= {node.prefix: (node.tally.size_bytes, node.tally.blobs) for node in [*tree.finished, *tree.unfinished()]}
    expected: dict[str, int] = defaultdict(int)
    expected[prefix] = len(keys)
    for key in keys:
        ends = [place + 1 for place in range(len(prefix), len(key)) if key[place] == "/"]
        for end in ends:
            expected[key[:end]] += 1
    assert found == {place: (7 * blobs, blobs) for place, blobs in expected.items()}


def test_a_report_holds_every_row_and_says_what_it_is(worker_pool: WorkerPool, folder: Path, tmp_path: Path) -> None:
    with paged(["=cmd()/x.csv", "a/y.csv", "top.json"]) as store:
        counted(worker_pool, store, folder)
    uploads = UploadsCounted(2, 2, 3, 99, 1)
    path = tmp_path / "usage.csv"
    path.write_text("of yesterday")
    report = Report("s3://b/", "", 1_790_000_000_000_000, ReportForm.CSV, uploads)
    worker_pool.run(export_usage, str(folder), report, str(path), timeout_s=30)
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["group", "name", "bytes", "blobs", "share of bytes"]
    assert ["total", "s3://b/", "27", "3", "1.000000"] in rows
    assert ["prefix", "'=cmd()/", "12", "1", "0.444444"] in rows  # no formula
    assert ["type", "CSV", "19", "2", "0.703704"] in rows
    assert ["incomplete uploads, not in the total", "", "99", "2", ""] in rows
    assert rows[-1][:2] == ["count", "complete"]

    path = tmp_path / "usage.json"
    report = Report("s3://b/", "", 1_790_000_000_000_000, ReportForm.JSON, uploads)
    worker_pool.run(export_usage, str(folder), report, str(path), timeout_s=30)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert (document["complete"], document["as_of"]) == (True, "2026-09-21T14:13:20+00:00")
    assert {"group": "prefix", "name": "=cmd()/", "bytes": 12, "blobs": 1} in document["rows"]
    assert document["incomplete_uploads"]["bytes"] == 99
    assert sorted(one.name for one in tmp_path.iterdir()) == ["count", "usage.csv", "usage.json"]


def test_a_report_of_half_a_count_says_so_and_one_that_cannot_be_written_fails(
    worker_pool: WorkerPool, folder: Path, tmp_path: Path
) -> None:
    keys = [f"k{number:05d}" for number in range(1500)]
    with paged(keys, refusal=error("AccessDenied", 403), refuse_from=1) as store, pytest.raises(AccessDenied):
        counted(worker_pool, store, folder)
    report = Report("s3://b/", "", 1, ReportForm.CSV)
    worker_pool.run(export_usage, str(folder), report, str(tmp_path / "half.csv"), timeout_s=30)
    assert "partial" in (tmp_path / "half.csv").read_text(encoding="utf-8")
    with pytest.raises(DiskError):
        worker_pool.run(export_usage, str(folder), report, str(tmp_path / "no" / "where.csv"), timeout_s=30)
