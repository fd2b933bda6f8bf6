"""Copying and moving from one account to another: exact, checked, and nothing is deleted that was not."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import ChecksumMismatch, PreconditionFailed, ReadOnlyAccount
from artifact_browser.paths import Paths
from artifact_browser.storage.driver import Body, Condition, Driver, Part, WriteOptions, Written
from artifact_browser.storage.drivers.s3.probe_remains import RESERVED
from artifact_browser.transfers.copy_course import CopyCourse, limits_of
from artifact_browser.transfers.copy_ends import Way, reaches
from artifact_browser.transfers.copy_tasks import part_layout
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.history import JobKept, read_history
from artifact_browser.transfers.lookup import find_blobs
from artifact_browser.transfers.order_text import order_from_text, order_to_text
from artifact_browser.transfers.policy import ConflictFound, Policy
from artifact_browser.transfers.queue import Restoring, TransferQueue
from artifact_browser.transfers.state import Item, ItemState, JobState
from artifact_browser.transfers.task import MIB, PART_BYTES, Finished, Skipped
from artifact_browser.workers.pool import WorkerPool
from tests.parts.s3_server import S3Server
from tests.transfers.accounts import Between, Here, between, both, opened_as
from tests.transfers.conftest import Bench, wait_for

ODD = ("a//b", "..", "../x", "p%2Fq", "plus+ and space", "snow\u2603 \U0001f600", "tail/", "d/e/f")
LARGE = 2 * PART_BYTES + 321
WAYS = [
    ("", "moto"), ("moto", ""), pytest.param(("moto", "ceph"), marks=pytest.mark.ceph),
    pytest.param(("ceph", ""), marks=pytest.mark.ceph),
]  # fmt: skip


def noise(length: int, seed: int = 1) -> bytes:
    rng = random.Random(seed)
    return b"".join(rng.randbytes(min(MIB, length - start)) for start in range(0, length, MIB))


def server(request: pytest.FixtureRequest, name: str) -> S3Server | None:
    return request.getfixturevalue(name) if name else None


@pytest.fixture
def pair(request: pytest.FixtureRequest, local_home: Paths, session_pool: WorkerPool) -> Between:
    """From one store to another; ``moto`` to ``moto`` are two accounts of one endpoint."""
    source, target = request.param
    return between(local_home, session_pool, server(request, source), server(request, target))


every_way = pytest.mark.parametrize("pair", WAYS, indirect=True, ids=str)
from_here = pytest.mark.parametrize("pair", [("", "moto")], indirect=True, ids=str)


def listed(bench: Bench, prefix: str = "") -> set[str]:
    return {key for key in bench.listed(prefix) if RESERVED not in key}


def notes(handle: TransferHandle) -> dict[str, str]:
    return {one.item.name: one.note for one in handle.items()}


@every_way
def test_everything_arrives_under_the_same_keys(pair: Between) -> None:
    blobs = {key: f"bytes of {key}".encode() for key in ODD if key != "tail/"} | {"tail/": b"", "empty": b""}
    if "moto" not in pair.source.record.id + pair.target.record.id:  # which cannot hold it
        blobs["new\nline"] = b"line"
    pair.source.put({f"p/{key}": data for key, data in blobs.items()})
    handle = pair.copy("p/", into="to/")
    end = pair.source.finish(handle)
    assert (end.state, end.counts.items_done) == (JobState.DONE, len(blobs)), [one.error for one in handle.items()]
    assert {key: pair.target.content(f"to/p/{key}") for key in blobs} == blobs
    assert listed(pair.target) == {f"to/p/{key}" for key in blobs}
    assert listed(pair.source) == {f"p/{key}" for key in blobs}
    assert end.verified in {"md5", "crc32c", "crc32c, md5"}
    assert pair.source.person.asked == []


@every_way
def test_a_move_deletes_what_arrived_and_was_checked(pair: Between) -> None:
    pair.source.put({"p/a": b"a", "p/d/b": noise(3000), "q": b"stays"})
    pair.source.put({"p/large": noise(LARGE)})
    end = pair.source.finish(handle := pair.copy("p/", move=True))
    assert (end.state, end.counts.items_done) == (JobState.DONE, 3), [one.error for one in handle.items()]
    assert listed(pair.source) == {"q"}
    assert listed(pair.target) == {"p/a", "p/d/b", "p/large"}
    assert pair.target.content("p/large") == noise(LARGE)
    assert {one.verified for one in handle.items()} <= {"md5", "crc32c", "etag", "bytes"}
    assert pair.target.unfinished() == []


@every_way
def test_what_is_said_about_a_blob_goes_along_or_its_loss_is_noted(pair: Between) -> None:
    options = WriteOptions(
        "text/x-odd", {"who": "Ada", "why": "because"}, {"a b": "c+d", "e": ""}, headers={"cache-control": "no-cache"}
    )
    if not pair.source.record.endpoint:
        options = replace(options, headers={}, metadata={"who": "Ada", "why": "weil \u00e4"})
    with pair.source.driver() as driver:
        driver.put(pair.source.bucket, "small", b"x", options)
        upload = driver.create_upload(pair.source.bucket, "large", options)
        parts = [
            driver.upload_part(pair.source.bucket, "large", upload, number, noise(PART_BYTES, number))
            for number in (1, 2)
        ]
        driver.complete_upload(pair.source.bucket, "large", upload, parts)
        original = driver.head(pair.source.bucket, "large")
        tagged = original.tag_count
    handle = pair.copy("small", "large")
    assert pair.source.finish(handle).state is JobState.DONE
    for key in ("small", "large"):
        with both(pair) as (driver, target):
            copy = target.head(pair.target.bucket, key)
            assert copy.content_type == "text/x-odd"
            lost = []
            if pair.source.record.endpoint:
                assert copy.metadata == {"who": "Ada", "why": "because"}
            else:
                assert copy.metadata == {"who": "Ada"}  # headers carry no umlaut
                lost.append("metadata")
            if key == "small" or tagged:
                assert target.get_tags(pair.target.bucket, key) == driver.get_tags(pair.source.bucket, key)
            if pair.source.record.endpoint and not pair.target.record.endpoint:
                lost.append("cache-control")
            elif pair.source.record.endpoint:
                assert copy.headers["cache-control"] == "no-cache"
        assert notes(handle)[key] == (f"not kept: {', '.join(lost)}" if lost else "")


@pytest.mark.parametrize("pair", [pytest.param(("moto", "ceph"), marks=pytest.mark.ceph)], indirect=True, ids=str)
def test_parts_as_the_original_has_them_make_the_same_etag(pair: Between) -> None:
    with pair.source.driver() as driver:
        upload = driver.create_upload(pair.source.bucket, "k")
        lengths = (8 * MIB, 8 * MIB, 8 * MIB, 500)
        parts = [
            driver.upload_part(pair.source.bucket, "k", upload, number, noise(length, number))
            for number, length in enumerate(lengths, 1)
        ]
        driver.complete_upload(pair.source.bucket, "k", upload, parts)
    handle = pair.copy("k")
    assert pair.source.finish(handle).verified == "etag"


@pytest.mark.parametrize(
    ("size", "etag", "part"),
    [
        (100 * MIB, "abc", 16), (100 * MIB, "abc-7", 16), (100 * MIB, "abc-13", 8), (100 * MIB, "abc-100000", 16),
        (100 * MIB, "abc-\u0663", 16), (100 * MIB, "abc-0", 16), (300 * MIB, "abc-43", 7), (20 * MIB, "abc-1", 64),
        (100 * MIB, "abc-50", 16), (200_000 * MIB, "abc", 20), (200_001 * MIB, "abc", 21),
    ],
)  # fmt: skip
def test_parts_are_as_the_original_has_them_where_that_can_be_known(size: int, etag: str, part: int) -> None:
    assert part_layout(size, etag, PART_BYTES, 5 * MIB, 10_000) == part * MIB


@from_here
def test_files_that_somebody_put_there_by_hand_are_moved(pair: Between) -> None:
    folder = pair.source.paths.store / pair.source.bucket / "p"
    folder.mkdir()
    (folder / "small").write_bytes(b"small")  # nobody has taken its ETag yet
    (folder / "large").write_bytes(noise(LARGE))
    handle = pair.copy("p/", move=True)
    assert pair.source.finish(handle).state is JobState.DONE, [one.error for one in handle.items()]
    assert {key: pair.target.content(key) for key in listed(pair.target)} == {
        "p/small": b"small",
        "p/large": noise(LARGE),
    }
    assert listed(pair.source) == set()
    assert all(one.item.etag for one in handle.items() if one.item.name == "p/large")


@from_here
def test_a_file_that_is_written_to_between_two_parts_fails_and_stays(pair: Between) -> None:
    file = pair.source.paths.store / pair.source.bucket / "k"
    file.write_bytes(noise(LARGE))
    with both(pair) as (driver, target):
        way = Way(pair.source.bucket, pair.target.bucket, move=True, streamed=True)
        course = CopyCourse(way, replace(item_of(pair, "k"), etag=""), limits_of(target.capabilities, streamed=True))
        stage = Here(driver, target)
        (begin,) = course.begin()
        parts = course.advance(begin, begin.run(stage))
        assert isinstance(parts, list)
        course.advance(parts[0], parts[0].run(stage))
        file.write_bytes(noise(LARGE, 2))
        with pytest.raises(PreconditionFailed):
            parts[1].run(stage)
        for task in course.leftovers():
            task.run(stage)
    assert file.read_bytes() == noise(LARGE, 2)
    assert (listed(pair.target), pair.target.unfinished()) == (set(), [])


@from_here
def test_conflicts_are_asked_and_a_source_that_changes_meanwhile_stays(pair: Between) -> None:
    pair.source.put({"a": b"new", "b": b"moved"})
    pair.target.put({"a": b"old"})

    class Meddler:
        def on_changed(self, handle: TransferHandle) -> None:
            del handle

        def on_conflict(
            self, handle: TransferHandle, question: ConflictFound, answer: Callable[[Policy | None], None]
        ) -> None:
            assert (question.total, question.planned) == (1, 2)
            pair.source.put({"b": b"somebody was here"})
            answer(Policy.KEEP_BOTH)

    pair.source.queue.listen(Meddler())
    handle = pair.copy("a", "b", move=True)
    end = pair.source.finish(handle)
    assert (end.state, end.counts.items_failed) == (JobState.DONE_WITH_ERRORS, 1)
    (failed,) = handle.items([ItemState.FAILED])
    assert (failed.item.source, failed.error and failed.error.kind) == ("b", "PreconditionFailed")
    assert listed(pair.source) == {"b"}
    assert pair.source.content("b") == b"somebody was here"
    assert {key: pair.target.content(key) for key in listed(pair.target)} == {"a": b"old", "a (2)": b"new"}
    handle.retry_failed()
    assert pair.source.finish(handle).state is JobState.DONE
    assert listed(pair.source) == set()
    assert pair.target.content("b") == b"somebody was here"


@from_here
def test_read_only_accounts_are_neither_written_to_nor_moved_from(pair: Between) -> None:
    pair.source.put({"a": b"a"})
    guarded = replace(pair.target.record, read_only=True)
    end = pair.source.finish(pair.copy("a", to=guarded))
    assert end.error is not None
    assert end.error.kind == "ReadOnlyAccount"
    source = replace(pair.source.record, read_only=True)
    moved = pair.source.queue.copy(
        source, [pair.source.at("a")], pair.target.at(), move=True, to_record=pair.target.record
    )
    end = pair.source.finish(moved)
    assert end.error is not None
    assert end.error.kind == "ReadOnlyAccount"
    assert (listed(pair.source), listed(pair.target)) == ({"a"}, set())
    copied = pair.source.queue.copy(source, [pair.source.at("a")], pair.target.at(), to_record=pair.target.record)
    assert pair.source.finish(copied).state is JobState.DONE  # reading is all that a copy wants of it


@from_here
def test_the_drivers_of_read_only_accounts_refuse_each_task(pair: Between) -> None:
    pair.source.put({"a": b"a"})
    blob = item_of(pair, "a")
    with (
        both(pair) as (driver, target),
        opened_as(pair.target, replace(pair.target.record, read_only=True)) as guarded,
        opened_as(pair.source, replace(pair.source.record, read_only=True)) as source,
    ):
        for size_limit in (PART_BYTES, 0):
            way = Way(pair.source.bucket, pair.target.bucket, streamed=True)
            limits = replace(limits_of(target.capabilities, streamed=True), whole=size_limit)
            with pytest.raises(ReadOnlyAccount):
                Here(driver, guarded).run(CopyCourse(way, blob, limits))
        way = Way(pair.source.bucket, pair.target.bucket, move=True, streamed=True)
        with pytest.raises(ReadOnlyAccount):
            Here(source, target).run(CopyCourse(way, blob, limits_of(target.capabilities, streamed=True)))
    assert listed(pair.source) == {"a"}


def item_of(pair: Between, key: str) -> Item:
    with pair.source.driver() as driver:
        blob = find_blobs(driver, pair.source.bucket, [key], lambda: None)[key]
    return Item(0, key, key, key, blob.size_bytes, blob.modified_us, blob.etag)


class Spoiling:
    """A store that keeps other bytes than it was sent, and says nothing."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def __getattr__(self, name: str) -> object:
        return getattr(self._driver, name)

    def put(
        self, bucket: str, key: str, body: Body, options: WriteOptions | None = None, condition: Condition | None = None
    ) -> Written:
        return replace(self._driver.put(bucket, key, _spoilt(body), options, condition), verified="")

    def upload_part(self, bucket: str, key: str, upload_id: str, number: int, body: Body) -> Part:
        return self._driver.upload_part(bucket, key, upload_id, number, _spoilt(body))


def _spoilt(body: Body) -> bytes:
    assert isinstance(body, memoryview)
    data = bytearray(body)
    data[len(data) // 2] ^= 1
    return bytes(data)


@pytest.mark.parametrize("pair", [("", "moto"), ("moto", "")], indirect=True, ids=str)
@pytest.mark.parametrize("length", [1000, LARGE])
def test_a_bad_copy_is_removed_and_the_original_stays(pair: Between, length: int) -> None:
    pair.source.put({"k": noise(length)})
    with both(pair) as (driver, target):
        way = Way(pair.source.bucket, pair.target.bucket, move=True, streamed=True)
        course = CopyCourse(way, item_of(pair, "k"), limits_of(target.capabilities, streamed=True))
        with pytest.raises(ChecksumMismatch):
            Here(driver, Spoiling(target)).run(course)  # type: ignore[arg-type]
    assert (listed(pair.source), listed(pair.target)) == ({"k"}, set())


@pytest.mark.parametrize("pair", [("moto", "moto")], indirect=True, ids=str)
def test_a_store_copies_between_its_accounts_by_itself(pair: Between) -> None:
    pair.source.put({"p/small": b"s", "p/large": noise(LARGE)})
    handle = pair.copy("p/", move=True)
    assert pair.source.finish(handle).state is JobState.DONE
    assert pair.target.content("p/large") == noise(LARGE)
    with pair.target.driver() as driver:
        assert "-" not in driver.head(pair.target.bucket, "p/large").etag  # streamed, it would have come in parts
    assert listed(pair.source) == set()


@pytest.mark.parametrize("pair", [("moto", "moto")], indirect=True, ids=str)
def test_a_blob_is_not_moved_onto_itself_through_another_account(pair: Between) -> None:
    pair.target.bucket = pair.source.bucket
    pair.source.put({"p/a": b"a", "p/large": noise(LARGE)})
    handle = pair.copy("p/", move=True, policy=Policy.REPLACE)
    assert pair.source.finish(handle).counts.items_skipped == 2
    with both(pair) as (driver, target):
        for key in ("p/a", "p/large"):
            item = replace(item_of(pair, key), replace=True)
            way = Way(pair.source.bucket, pair.source.bucket, move=True, streamed=True)
            course = CopyCourse(way, item, limits_of(target.capabilities, streamed=True))
            assert Here(driver, target).run(course) == Skipped("it is there already")
    assert listed(pair.source) == {"p/a", "p/large"}


@pytest.mark.parametrize("pair", [pytest.param(("moto", "ceph"), marks=pytest.mark.ceph)], indirect=True, ids=str)
def test_a_bucket_of_the_same_name_elsewhere_is_not_the_source(pair: Between) -> None:
    pair.source.put({"k": b"ours"})
    with both(pair) as (driver, target):
        source = driver.head(pair.source.bucket, "k")
        assert not reaches(driver, target, pair.source.bucket, source)  # there is no such bucket
        target.create_bucket(pair.source.bucket)
        target.put(pair.source.bucket, "k", b"their")
        assert not reaches(driver, target, pair.source.bucket, source)
        assert reaches(driver, driver, pair.source.bucket, source)


def test_a_store_copies_in_parts_what_is_too_large_for_one_request(bench: Bench) -> None:
    """As blobs above 5 GiB on S3, with a limit that a test can reach."""
    data = noise(12 * MIB)
    with bench.driver() as driver:
        driver.put(bench.bucket, "k", data, WriteOptions("text/x-odd", {"who": "ada"}, {"t": "1"}))
        info = driver.head(bench.bucket, "k")
        limits = replace(limits_of(driver.capabilities, streamed=False), whole=MIB, usual_part=5 * MIB)
        item = Item(0, "k", "k", "copy", info.size_bytes, info.modified_us, info.etag)
        stage = Here(driver, driver)
        end = stage.run(CopyCourse(Way(bench.bucket, bench.bucket, move=True), item, limits))
        assert isinstance(end, Finished)
        assert [type(task).__name__ for task in stage.ran] == ["BeginCopy", *["CopyPart"] * 3, "FinishCopy"]
        copy = driver.head(bench.bucket, "copy")
        assert (copy.content_type, copy.metadata, copy.tag_count) == ("text/x-odd", {"who": "ada"}, info.tag_count)
    assert bench.content("copy") == data
    assert listed(bench) == {"copy"}
    assert bench.unfinished() == []


# -- over a restart -----------------------------------------------------------------------------------------------


def kept(pair: Between, handle: TransferHandle, *records: AccountRecord) -> list[JobKept]:
    events = pair.source.pool.iterate(read_history, records)
    return [one for one in events if isinstance(one, JobKept) and one.snapshot.job_id == handle.job_id]


@from_here
def test_an_account_that_is_gone_at_the_next_start_is_said(pair: Between) -> None:
    pair.source.put({"k": b"k"})
    pair.target.put({"k": b"there"})
    handle = pair.copy("missing")
    assert pair.source.finish(handle).state is JobState.FAILED
    source, target = pair.records
    (whole,) = kept(pair, handle, source, target)
    assert whole.order.records == (source, target)
    assert whole.snapshot.error == handle.snapshot.error
    for record, side in ((source, "to"), (target, "from")):
        (part,) = kept(pair, handle, record)
        assert part.snapshot.state is JobState.FAILED
        assert part.snapshot.error is not None
        assert part.snapshot.error.detail == f"The account it is copied {side} is not in the list any more."
    assert kept(pair, handle) == []
    queue = TransferQueue(pair.source.pool)
    restoring = Restoring(queue)
    for event in pair.source.pool.iterate(read_history, (target,)):
        restoring.take(event)
    restoring.end()
    (found,) = (one for one in queue.handles if one.job_id == handle.job_id)
    found.retry_failed()
    wait_for(lambda: found.ended)
    assert found.snapshot.error is not None
    assert found.snapshot.error.kind == "AccountNotFound"
    assert (listed(pair.source), listed(pair.target)) == ({"k"}, {"k"})


@from_here
def test_orders_written_before_there_were_two_accounts_are_read(pair: Between) -> None:
    source, target = pair.records
    head = pair.source.queue.copy(source, [pair.source.at("x")], pair.source.at("y/")).order.head
    at = f'{{"account_id": "{source.id}", "bucket": "b", "key": "%s"}}'
    details = f'{{"sources": [{at % "k"}], "target": {at % "t/"}, "move": false}}'
    old = order_from_text("copy", details, source, head, Policy.ASK)
    assert order_to_text(old) == ("copy", details)
    assert old.with_accounts({source.id: source, target.id: target}).records == (source,)
    deleted = '{"delete": {"bucket": "b", "file": "f", "count": 1, "size_bytes": 2, "with_bucket": true}, "above": %s}'
    order_from_text("delete", deleted % (at % ""), source, head, Policy.ASK)


@from_here
def test_keys_of_both_accounts_stay_out_of_files(pair: Between) -> None:
    pair.source.put({"k": noise(LARGE)})
    handle = pair.copy("k")
    assert pair.source.finish(handle).state is JobState.DONE
    assert pair.target.secret is not None
    paths = pair.source.paths
    files = [path for path in (*paths.log.rglob("*"), paths.journal_file) if path.is_file()]
    assert files
    for path in files:
        assert pair.target.secret.secret_key.encode() not in path.read_bytes(), path
