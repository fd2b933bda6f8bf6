"""Blobs go in and come out, byte for byte, with what was said about them."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from artifact_browser.errors import BlobNotFound, NotModified, PreconditionFailed
from artifact_browser.storage.driver import Body, Driver, FileSlice, WriteOptions
from tests.storage.conformance.stores import EXACT, Store, all_keys, content

ALPHABET = bytes(range(256)) * 40


def test_bytes_memoryview_and_file_slice_arrive_alike(driver: Driver, bucket: str, tmp_path: Path) -> None:
    file = tmp_path / "source.bin"
    file.write_bytes(b"before" + ALPHABET + b"after")
    bodies: dict[str, Body] = {
        "bytes": ALPHABET,
        "view": memoryview(b"?" + ALPHABET)[1:],
        "slice": FileSlice(file, 6, len(ALPHABET)),
    }
    for key, body in bodies.items():
        written = driver.put(bucket, key, body)
        assert content(driver, bucket, key) == ALPHABET
        info = driver.head(bucket, key)
        assert info.size_bytes == len(ALPHABET)
        assert info.etag == written.etag
        assert abs(info.modified_us / 1e6 - time.time()) < 120
    assert driver.head(bucket, "bytes").etag == hashlib.md5(ALPHABET).hexdigest()


def test_a_file_tells_how_much_of_it_is_sent(driver: Driver, bucket: str, tmp_path: Path) -> None:
    file = tmp_path / "source.bin"
    file.write_bytes(ALPHABET * 1000)
    told: list[int] = []
    driver.put(bucket, "slice", FileSlice(file, 100, file.stat().st_size - 100, told.append))
    assert len(told) > 1, "told only at its end"
    assert told[-1] == file.stat().st_size - 100


def test_a_blob_of_nothing(driver: Driver, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    driver.put(bucket, "bytes", b"")
    driver.put(bucket, "slice", FileSlice(tmp_path / "empty", 0, 0))
    for key in ("bytes", "slice"):
        assert driver.head(bucket, key).size_bytes == 0
        assert content(driver, bucket, key) == b""


def test_the_last_write_counts(driver: Driver, bucket: str) -> None:
    first = driver.put(bucket, "k", b"one", WriteOptions(content_type="text/plain", metadata={"old": "1"}))
    second = driver.put(bucket, "k", b"two!")
    assert first.etag != second.etag
    assert content(driver, bucket, "k") == b"two!"
    assert driver.head(bucket, "k").metadata == {}


def test_type_metadata_and_tags_are_kept(driver: Driver, bucket: str) -> None:
    metadata = {"made-by": "test", "note": "two  words = x"}
    tags = {"project": "a+b/c", "empty": "", "with space": "x=1:2@3"}
    driver.put(bucket, "k", b"x", WriteOptions(content_type="text/csv; charset=utf-8", metadata=metadata, tags=tags))
    info = driver.head(bucket, "k")
    assert info.content_type == "text/csv; charset=utf-8"
    assert info.metadata == metadata
    assert driver.get_tags(bucket, "k") == tags
    with driver.get(bucket, "k") as reader:
        assert reader.info.metadata == metadata
        assert reader.info.size_bytes == 1
    driver.put_tags(bucket, "k", {"only": "this"})
    assert driver.get_tags(bucket, "k") == {"only": "this"}


@EXACT
def test_tags_can_all_be_taken_off(driver: Driver, bucket: str) -> None:
    driver.put(bucket, "k", b"x", WriteOptions(tags={"a": "b"}))
    driver.put_tags(bucket, "k", {})
    assert driver.get_tags(bucket, "k") == {}


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [(0, None, b"0123456789"), (0, 4, b"0123"), (3, 4, b"3456"), (9, 1, b"9"), (6, None, b"6789"), (6, 100, b"6789")],
)
def test_ranges(driver: Driver, bucket: str, start: int, length: int | None, expected: bytes) -> None:
    driver.put(bucket, "digits", b"0123456789")
    assert content(driver, bucket, "digits", start=start, length=length) == expected
    buffer = bytearray(32)
    with driver.get(bucket, "digits", start=start, length=length) as reader:
        got = 0
        while count := reader.readinto(memoryview(buffer)[got:]):
            got += count
        assert bytes(buffer[:got]) == expected
        assert reader.info.size_bytes == 10  # the blob's, not the range's


def test_a_read_in_pieces_is_the_whole(driver: Driver, bucket: str) -> None:
    driver.put(bucket, "k", ALPHABET)
    pieces = []
    with driver.get(bucket, "k") as reader:
        while piece := reader.read(1000):
            assert len(piece) <= 1000
            pieces.append(piece)
    assert b"".join(pieces) == ALPHABET


def test_a_reader_closed_early_spoils_nothing(driver: Driver, bucket: str) -> None:
    driver.put(bucket, "k", ALPHABET * 100)
    for _ in range(5):
        with driver.get(bucket, "k") as reader:
            assert reader.read(10) == ALPHABET[:10]
        assert driver.head(bucket, "k").size_bytes == len(ALPHABET) * 100


def test_get_if_match(driver: Driver, bucket: str) -> None:
    old = driver.put(bucket, "k", b"old").etag
    assert content(driver, bucket, "k", if_match=old) == b"old"
    driver.put(bucket, "k", b"new")
    with pytest.raises(PreconditionFailed), driver.get(bucket, "k", if_match=old):
        pass
    with pytest.raises(PreconditionFailed), driver.get(bucket, "k", start=1, length=1, if_match=old):
        pass


def test_get_if_none_match(driver: Driver, bucket: str) -> None:
    old = driver.put(bucket, "k", b"old").etag
    for _ in range(3):  # an answer without a body leaves the connection as it was
        with pytest.raises(NotModified), driver.get(bucket, "k", if_none_match=old):
            pass
        assert content(driver, bucket, "k") == b"old"
    driver.put(bucket, "k", b"new")
    assert content(driver, bucket, "k", if_none_match=old) == b"new"
    with pytest.raises(BlobNotFound), driver.get(bucket, "gone", if_none_match=old):
        pass


def test_what_is_not_there_says_so(driver: Driver, bucket: str) -> None:
    with pytest.raises(BlobNotFound) as caught:
        driver.head(bucket, "no/such")
    assert "no/such" in caught.value.subject
    with pytest.raises(BlobNotFound), driver.get(bucket, "no/such"):
        pass
    with pytest.raises(BlobNotFound):
        driver.copy(bucket, "no/such", bucket, "to")
    assert all_keys(driver, bucket) == []


def test_delete(driver: Driver, bucket: str) -> None:
    driver.put(bucket, "k", b"x")
    driver.delete(bucket, "k")
    with pytest.raises(BlobNotFound):
        driver.head(bucket, "k")
    driver.delete(bucket, "k")  # no error: it is gone


def test_delete_many_answers_for_each_key_in_order(driver: Driver, bucket: str) -> None:
    real = ["a<&>", "b c", "d//"]
    for key in real:
        driver.put(bucket, key, b"x")
    driver.put(bucket, "kept", b"x")
    keys = [*(f"absent-{i}" for i in range(1002)), *real]
    outcomes = driver.delete_many(bucket, keys)
    assert [outcome.key for outcome in outcomes] == keys
    assert {outcome.error for outcome in outcomes} == {""}
    assert all_keys(driver, bucket) == ["kept"]
    assert driver.delete_many(bucket, []) == []


def test_copy_keeps_everything_and_leaves_the_source(store: Store, driver: Driver, bucket: str) -> None:
    options = WriteOptions(content_type="text/csv", metadata={"a": "1"}, tags={"t": "2"})
    driver.put(bucket, "from + %2F", ALPHABET, options)
    other = store.new_bucket_name()
    driver.create_bucket(other)
    for target in (bucket, other):
        driver.copy(bucket, "from + %2F", target, "to//é")
        info = driver.head(target, "to//é")
        assert (info.content_type, dict(info.metadata)) == ("text/csv", {"a": "1"})
        assert driver.get_tags(target, "to//é") == {"t": "2"}
        assert content(driver, target, "to//é") == ALPHABET
    assert content(driver, bucket, "from + %2F") == ALPHABET
