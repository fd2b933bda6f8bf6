"""Buckets are made, found, refused and deleted as the protocol promises."""

from __future__ import annotations

import time

import pytest

from artifact_browser.errors import BucketExists, BucketNotEmpty, BucketNotFound, InputError
from artifact_browser.storage.driver import Driver
from tests.storage.conformance.stores import Store, all_keys


def test_a_new_bucket_is_listed_and_empty(driver: Driver, bucket: str) -> None:
    assert bucket in [info.name for info in driver.list_buckets()]
    driver.check_bucket(bucket)
    assert all_keys(driver, bucket) == []


def test_creation_time_is_now(driver: Driver, bucket: str) -> None:
    created_us = next(info.created_us for info in driver.list_buckets() if info.name == bucket)
    assert created_us is not None
    assert abs(created_us / 1e6 - time.time()) < 120


def test_a_taken_name_is_refused_also_when_it_is_ours(driver: Driver, bucket: str) -> None:
    driver.put(bucket, "kept", b"x")
    with pytest.raises(BucketExists) as caught:
        driver.create_bucket(bucket)
    assert bucket in caught.value.subject
    assert all_keys(driver, bucket) == ["kept"]


@pytest.mark.parametrize("name", ["", "ab", "Upper-Case", "has space", "a..b", "-lead", "x" * 64, "a/b", "../up"])
def test_a_name_against_the_rules_is_refused(driver: Driver, name: str) -> None:
    with pytest.raises(InputError):
        driver.create_bucket(name)


def test_an_empty_bucket_is_deleted(driver: Driver, bucket: str) -> None:
    driver.delete_bucket(bucket)
    assert bucket not in [info.name for info in driver.list_buckets()]
    with pytest.raises(BucketNotFound):
        driver.check_bucket(bucket)


def test_a_bucket_with_a_blob_is_not_deleted(driver: Driver, bucket: str) -> None:
    driver.put(bucket, "kept", b"x")
    with pytest.raises(BucketNotEmpty):
        driver.delete_bucket(bucket)
    assert all_keys(driver, bucket) == ["kept"]


def test_a_bucket_with_an_unfinished_upload_is_not_deleted(driver: Driver, bucket: str) -> None:
    upload_id = driver.create_upload(bucket, "half")
    with pytest.raises(BucketNotEmpty):
        driver.delete_bucket(bucket)
    driver.abort_upload(bucket, "half", upload_id)
    driver.delete_bucket(bucket)


def test_a_bucket_that_is_not_there_says_so(store: Store, driver: Driver) -> None:
    missing = store.new_bucket_name()
    with pytest.raises(BucketNotFound):
        driver.check_bucket(missing)
    with pytest.raises(BucketNotFound):
        next(iter(driver.list_pages(missing)))
    with pytest.raises(BucketNotFound):
        driver.put(missing, "a", b"x")
    with pytest.raises(BucketNotFound):
        driver.delete_bucket(missing)
