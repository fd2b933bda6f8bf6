"""The jobs behind the details panel and the links, in a real worker on This computer and on moto."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from artifact_browser.errors import BlobNotFound, ReadOnlyAccount
from artifact_browser.storage.blobs import PREVIEW_BYTES, TextPreview, head_blob, presign_blobs, preview_text
from artifact_browser.storage.driver import LinkOptions, WriteOptions
from artifact_browser.workers.pool import WorkerPool
from tests.storage.conftest import WorkerStore
from tests.storage.paged_store import paged

LONG = "".join(f"{number:07d}\n" for number in range(20_000))


def preview(store: WorkerStore, key: str, data: bytes) -> TextPreview:
    store.put({key: data})
    found = store.pool.run(preview_text, store.record, store.bucket, key)
    assert isinstance(found, TextPreview)
    return found


def test_head_brings_facts_and_tags(worker_store: WorkerStore) -> None:
    options = WriteOptions("text/csv", {"origin": "roof"}, {"kind": "raw"})
    with worker_store.store.opened() as driver:
        etag = driver.put(worker_store.bucket, "a b.csv", b"x,y\n", options).etag
    facts = worker_store.pool.run(head_blob, worker_store.record, worker_store.bucket, "a b.csv")
    assert (facts.info.size_bytes, facts.info.etag, facts.info.content_type) == (4, etag, "text/csv")
    assert (facts.info.metadata, facts.tags) == ({"origin": "roof"}, {"kind": "raw"})
    with pytest.raises(BlobNotFound):
        worker_store.pool.run(head_blob, worker_store.record, worker_store.bucket, "gone")


def test_tags_that_may_not_be_read_leave_the_rest(worker_pool: WorkerPool) -> None:
    with paged([], bodies={"k": b"data"}) as store:
        facts = worker_pool.run(head_blob, store.record, "b", "k")
    assert facts.info.size_bytes == 4
    assert facts.tags is None


@pytest.mark.parametrize(
    ("key", "data", "text"),
    [
        ("a.txt", b"plain\n", "plain\n"),
        ("no-ending", "Grüße, 🎉".encode(), "Grüße, 🎉"),
        ("bom.csv", b"\xef\xbb\xbfa,b\n", "a,b\n"),
        ("little.txt", "Grüße".encode("utf-16"), "Grüße"),
        ("big.txt", b"\xfe\xff" + "日本".encode("utf-16-be"), "日本"),
        ("little-no-ending", "Grüße 🎉".encode("utf-16"), "Grüße 🎉"),
        ("latin.txt", b"caf\xe9", "caf\ufffd"),
        ("drawing.svg", b"<svg/>", "<svg/>"),
        ("empty.txt", b"", ""),
    ],
)
def test_text_is_shown_as_text(worker_store: WorkerStore, key: str, data: bytes, text: str) -> None:
    assert preview(worker_store, key, data) == TextPreview(text, len(data), truncated=False)


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\0\0", b"a\0b", b"\x01\x02\x03", b"\xff\xfe\x00\xdc" * 3, bytes(range(256))]
)
def test_binary_is_no_text(worker_store: WorkerStore, data: bytes) -> None:
    found = preview(worker_store, "blob", data)
    assert (found.text, found.binary) == ("", True)


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (LONG.encode(), LONG[:PREVIEW_BYTES]),
        (b"x" * (PREVIEW_BYTES - 1) + "é".encode() * 10, "x" * (PREVIEW_BYTES - 1)),
        (b"x" * (PREVIEW_BYTES - 3) + "🎉".encode() * 10, "x" * (PREVIEW_BYTES - 3)),
        (b"\xff\xfe" + ("y" * (PREVIEW_BYTES // 2 - 2) + "🎉 and on").encode("utf-16-le"),
         "y" * (PREVIEW_BYTES // 2 - 2)),
    ],
    ids=["long", "cut in two bytes", "cut in four bytes", "cut pair of UTF-16"],
)  # fmt: skip
def test_a_preview_is_capped_and_never_ends_in_half_a_character(
    worker_store: WorkerStore, data: bytes, shown: str
) -> None:
    found = preview(worker_store, "no-ending", data)
    assert (found.text == shown, found.truncated, found.read_bytes) == (True, True, PREVIEW_BYTES)
    assert shown not in repr(found)


def test_a_blob_of_exactly_the_cap_is_whole(worker_store: WorkerStore) -> None:
    found = preview(worker_store, "a.txt", b"x" * PREVIEW_BYTES)
    assert (len(found.text), found.truncated) == (PREVIEW_BYTES, False)


def test_only_the_beginning_is_asked_for(worker_pool: WorkerPool) -> None:
    with paged([], bodies={"a.txt": b"short"}) as store:
        worker_pool.run(preview_text, store.record, "b", "a.txt", "etag-of-the-listing")
        assert [asked.headers["range"] for asked in store.asked] == [f"bytes=0-{PREVIEW_BYTES - 1}"]
        assert store.asked[0].headers["if-match"].strip('"') == "etag-of-the-listing"


def test_links_come_in_order_and_end_when_asked(s3_store: WorkerStore) -> None:
    keys = ("b", "a//b", "ü 100%+.csv")
    before = time.time()
    links = s3_store.pool.run(
        presign_blobs, s3_store.record, s3_store.bucket, keys, LinkOptions("GET", expires_in_s=900)
    )
    assert tuple(link.key for link in links) == keys
    assert all(before + 890 < link.expires_at < time.time() + 901 for link in links)
    week = s3_store.pool.run(presign_blobs, s3_store.record, s3_store.bucket, ("a",), LinkOptions("GET", 10**8))
    assert week[0].limited_by == "maximum"
    assert week[0].expires_at < time.time() + 7 * 86400 + 1


def test_a_read_only_account_signs_no_upload(s3_store: WorkerStore) -> None:
    guarded = replace(s3_store.record, read_only=True)
    assert s3_store.pool.run(presign_blobs, guarded, s3_store.bucket, ("a",), LinkOptions("GET"))
    with pytest.raises(ReadOnlyAccount):
        s3_store.pool.run(presign_blobs, guarded, s3_store.bucket, ("a",), LinkOptions("PUT"))
