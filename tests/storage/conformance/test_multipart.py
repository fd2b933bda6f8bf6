"""Multipart uploads: in parts, resumed by another job, completed or dropped without a trace."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from artifact_browser.errors import BlobNotFound, UploadNotFound
from artifact_browser.storage.driver import Driver, FileSlice, WriteOptions
from tests.parts.odd_store import crc32c
from tests.storage.conformance.stores import EXACT, Store, all_keys, content

MIB = 1024**2
PART_BYTES = 5 * MIB


def test_parts_become_the_blob(store: Store, driver: Driver, bucket: str, tmp_path: Path) -> None:
    file = tmp_path / "big"
    file.write_bytes(os.urandom(PART_BYTES + MIB + 7))
    options = WriteOptions(content_type="image/tiff", metadata={"by": "parts"}, tags={"t": "1"})
    upload_id = driver.create_upload(bucket, "odd + key//é", options)
    rest = FileSlice(file, PART_BYTES, MIB + 7)
    second = driver.upload_part(bucket, "odd + key//é", upload_id, 2, rest)
    first = driver.upload_part(bucket, "odd + key//é", upload_id, 1, FileSlice(file, 0, PART_BYTES))
    assert (first.number, first.size_bytes, second.size_bytes) == (1, PART_BYTES, MIB + 7)
    with pytest.raises(BlobNotFound):
        driver.head(bucket, "odd + key//é")
    written = driver.complete_upload(bucket, "odd + key//é", upload_id, [first, second])
    info = driver.head(bucket, "odd + key//é")
    assert (info.etag, info.size_bytes, info.content_type) == (written.etag, PART_BYTES + MIB + 7, "image/tiff")
    assert info.metadata == {"by": "parts"}
    assert driver.get_tags(bucket, "odd + key//é") == ({"t": "1"} if store.keeps_tags_of_parts else {})
    assert content(driver, bucket, "odd + key//é") == file.read_bytes()
    assert info.checksums.get("CRC32C", crc32c(file.read_bytes())) == crc32c(file.read_bytes())
    assert driver.list_uploads(bucket) == []


def test_another_job_resumes_from_the_parts_the_store_has(store: Store, driver: Driver, bucket: str) -> None:
    one, two = os.urandom(PART_BYTES), b"the rest"
    upload_id = driver.create_upload(bucket, "k")
    sent = driver.upload_part(bucket, "k", upload_id, 1, one)
    with store.opened() as later:
        (upload,) = later.list_uploads(bucket)
        assert (upload.key, upload.upload_id) == ("k", upload_id)
        (known,) = later.list_parts(bucket, "k", upload_id)
        assert (known.number, known.etag, known.size_bytes) == (1, sent.etag, PART_BYTES)
        parts = [known, later.upload_part(bucket, "k", upload_id, 2, memoryview(two))]
        later.complete_upload(bucket, "k", upload_id, parts)
    assert content(driver, bucket, "k") == one + two


def test_the_store_copies_parts_of_a_blob_by_itself(driver: Driver, bucket: str) -> None:
    data = os.urandom(PART_BYTES + MIB)
    source = "odd + source//é?x=1"  # no per cent: see the plan of copies
    etag = driver.put(bucket, source, data).etag
    upload_id = driver.create_upload(bucket, "copy")
    parts = [
        driver.copy_part(bucket, source, bucket, "copy", upload_id, number, start, length, if_match=etag)
        for number, start, length in ((1, 7, PART_BYTES), (3, PART_BYTES + 7, MIB - 7))
    ]
    assert [part.size_bytes for part in parts] == [PART_BYTES, MIB - 7]
    assert [part.etag for part in driver.list_parts(bucket, "copy", upload_id)] == [part.etag for part in parts]
    driver.complete_upload(bucket, "copy", upload_id, parts)
    assert content(driver, bucket, "copy") == data[7:]


def test_a_part_sent_again_replaces_itself(driver: Driver, bucket: str) -> None:
    upload_id = driver.create_upload(bucket, "k")
    driver.upload_part(bucket, "k", upload_id, 1, b"wrong")
    right = driver.upload_part(bucket, "k", upload_id, 1, b"right!")
    assert [part.size_bytes for part in driver.list_parts(bucket, "k", upload_id)] == [6]
    driver.complete_upload(bucket, "k", upload_id, [right])
    assert content(driver, bucket, "k") == b"right!"


def test_abort_leaves_nothing(driver: Driver, bucket: str) -> None:
    upload_id = driver.create_upload(bucket, "k")
    driver.upload_part(bucket, "k", upload_id, 1, b"x")
    driver.abort_upload(bucket, "k", upload_id)
    driver.abort_upload(bucket, "k", upload_id)  # gone is no error
    assert driver.list_uploads(bucket) == []
    assert all_keys(driver, bucket) == []
    with pytest.raises(UploadNotFound):
        driver.list_parts(bucket, "k", upload_id)
    driver.delete_bucket(bucket)


@EXACT
def test_an_upload_knows_its_time_and_its_end(driver: Driver, bucket: str) -> None:
    upload_id = driver.create_upload(bucket, "k")
    (upload,) = driver.list_uploads(bucket)
    assert abs(upload.started_us / 1e6 - time.time()) < 120
    driver.abort_upload(bucket, "k", upload_id)
    with pytest.raises(UploadNotFound):
        driver.upload_part(bucket, "k", upload_id, 1, b"x")


def test_uploads_are_listed_by_prefix(driver: Driver, bucket: str) -> None:
    ids = {key: driver.create_upload(bucket, key) for key in ("a/1", "a/2 +", "b")}
    assert {upload.key: upload.upload_id for upload in driver.list_uploads(bucket)} == ids
    assert [upload.key for upload in driver.list_uploads(bucket, "a/")] == ["a/1", "a/2 +"]
