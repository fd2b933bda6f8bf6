"""Blobs in buckets with versions: listed, read, copied and deleted by version id; what is no version is not there."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from artifact_browser.errors import BlobNotFound, NotSupported
from artifact_browser.storage.driver import NULL_VERSION, Driver, Versioning
from tests.storage.conformance.stores import Store, content

#: Files on this computer have no versions.
WITH_VERSIONS = pytest.mark.parametrize(
    "store", ["s3 moto", pytest.param("s3 ceph", marks=pytest.mark.ceph), "s3 compatibility"], indirect=True
)


def set_versioning(store: Store, bucket: str, status: str) -> None:
    """As its owner would: the app itself never switches it."""
    assert store.secret is not None
    client: Any = boto3.client(  # type: ignore[call-overload]
        "s3", endpoint_url=store.record.endpoint, region_name="us-east-1",
        aws_access_key_id=store.secret.access_key, aws_secret_access_key=store.secret.secret_key,
    )  # fmt: skip
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
    client.close()


@pytest.fixture
def versioned(store: Store, bucket: str) -> str:
    set_versioning(store, bucket, "Enabled")
    return bucket


def versions_of(driver: Driver, bucket: str, key: str) -> list[tuple[str, bool, bool]]:
    """``(version id, latest, mark)``, the latest first."""
    pages = driver.list_versions(bucket, key)
    return [(one.version_id, one.latest, one.mark) for page in pages for one in page.versions if one.key == key]


@WITH_VERSIONS
def test_what_was_written_over_or_deleted_is_read_by_its_version(driver: Driver, versioned: str) -> None:
    first = driver.put(versioned, "dir/a+b c.txt", b"first")
    second = driver.put(versioned, "dir/a+b c.txt", b"second")
    assert first.version_id
    assert first.version_id != second.version_id
    driver.delete(versioned, "dir/a+b c.txt")
    listed = versions_of(driver, versioned, "dir/a+b c.txt")
    assert {one[0] for one in listed if not one[2]} == {first.version_id, second.version_id}
    assert [one[1:] for one in listed if one[1]] == [(True, True)]
    with pytest.raises(BlobNotFound):
        driver.head(versioned, "dir/a+b c.txt")
    for written, body in ((first, b"first"), (second, b"second")):
        info = driver.head(versioned, "dir/a+b c.txt", version_id=written.version_id)
        assert (info.size_bytes, info.etag, info.version_id) == (len(body), written.etag, written.version_id)
        assert content(driver, versioned, "dir/a+b c.txt", version_id=written.version_id) == body
        assert (
            content(driver, versioned, "dir/a+b c.txt", version_id=written.version_id, start=1, length=2) == body[1:3]
        )
        assert content(driver, versioned, "dir/a+b c.txt", version_id=written.version_id, length=0) == b""


@WITH_VERSIONS
def test_a_version_is_copied_over_its_own_key_and_elsewhere(driver: Driver, versioned: str) -> None:
    first = driver.put(versioned, "k", b"first")
    driver.put(versioned, "k", b"second")
    driver.copy(versioned, "k", versioned, "other", version_id=first.version_id)
    assert content(driver, versioned, "other") == b"first"
    driver.copy(versioned, "k", versioned, "k", version_id=first.version_id)
    assert content(driver, versioned, "k") == b"first"
    driver.delete(versioned, "k")
    driver.copy(versioned, "k", versioned, "k", version_id=first.version_id)
    assert content(driver, versioned, "k") == b"first"
    upload = driver.create_upload(versioned, "k")
    part = driver.copy_part(versioned, "k", versioned, "k", upload, 1, 0, 5, version_id=first.version_id)
    driver.complete_upload(versioned, "k", upload, [part])
    assert content(driver, versioned, "k") == b"first"


@WITH_VERSIONS
def test_the_list_begins_behind_a_key_and_says_whether_there_is_more(driver: Driver, versioned: str) -> None:
    for key in ("p/a", "p/b", "p/c", "q"):
        driver.put(versioned, key, b"1")
        driver.put(versioned, key, b"22")
    (page,) = driver.list_versions(versioned, "p/", start_after="p/a")
    assert [one.key for one in page.versions] == ["p/b", "p/b", "p/c", "p/c"]
    assert [(one.size_bytes, one.latest) for one in page.versions[:2]] == [(2, True), (1, False)]
    assert page.versions[0].etag == driver.head(versioned, "p/b").etag
    assert not page.more


@WITH_VERSIONS
@pytest.mark.parametrize("version_id", ["nonsense", "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY", "a b", "\u00e4", "x" * 2000])
def test_what_is_no_version_is_not_there(driver: Driver, versioned: str, version_id: str) -> None:
    driver.put(versioned, "k", b"1")
    with pytest.raises(BlobNotFound):
        driver.head(versioned, "k", version_id=version_id)
    with pytest.raises(BlobNotFound):
        content(driver, versioned, "k", version_id=version_id)


@WITH_VERSIONS
def test_a_version_deleted_for_good_is_gone_and_others_stay(driver: Driver, versioned: str) -> None:
    first, second = driver.put(versioned, "k", b"first"), driver.put(versioned, "k", b"second")
    driver.delete_versions(versioned, [("k", first.version_id)])
    with pytest.raises(BlobNotFound):
        driver.head(versioned, "k", version_id=first.version_id)
    assert content(driver, versioned, "k", version_id=second.version_id) == b"second"


@WITH_VERSIONS
def test_suspended_a_version_with_an_id_outlives_what_is_written_over_it(
    store: Store, driver: Driver, versioned: str
) -> None:
    """And what is written then has none: it is the null version, which the next write replaces."""
    named = driver.put(versioned, "k", b"named")
    assert driver.versioning(versioned) is Versioning.ON
    set_versioning(store, versioned, "Suspended")
    with store.opened() as later:
        assert later.versioning(versioned) is Versioning.SUSPENDED
    driver.put(versioned, "k", b"null")
    driver.put(versioned, "k", b"null again")
    ids = [one[0] for one in versions_of(driver, versioned, "k")]
    assert NULL_VERSION in ids
    if not store.keeps_versions_when_suspended:
        return
    assert sorted(ids) == sorted([NULL_VERSION, named.version_id])
    assert content(driver, versioned, "k", version_id=named.version_id) == b"named"
    driver.delete(versioned, "k")
    assert content(driver, versioned, "k", version_id=named.version_id) == b"named"


def test_a_bucket_without_versions_names_none(store: Store, driver: Driver, bucket: str) -> None:
    written = driver.put(bucket, "k", b"1")
    assert driver.versioning(bucket) is Versioning.NONE
    assert driver.head(bucket, "k").version_id in {"", NULL_VERSION}
    assert written.version_id in {"", NULL_VERSION}
    if store.secret is None:
        with pytest.raises(NotSupported):
            next(driver.list_versions(bucket))
        with pytest.raises(BlobNotFound):
            driver.head(bucket, "k", version_id="any")
        return
    assert versions_of(driver, bucket, "k") == [(NULL_VERSION, True, False)]
