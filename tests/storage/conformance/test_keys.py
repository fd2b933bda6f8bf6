"""Keys are opaque: whatever they look like, they come back as they went in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.errors import ArtifactBrowserError, BlobNotFound, InputError
from artifact_browser.storage.driver import Driver
from tests.storage.conformance.odd_keys import ODD_KEYS
from tests.storage.conformance.stores import Store, all_keys, content


def test_all_odd_keys_live_side_by_side(store: Store, driver: Driver, bucket: str) -> None:
    keys = [key for key in ODD_KEYS if store.holds(key)]
    for key in keys:
        driver.put(bucket, key, key.encode())
    assert all_keys(driver, bucket) == sorted(keys, key=str.encode)
    assert all_keys(driver, bucket, page_size=7) == sorted(keys, key=str.encode)
    for key in keys:
        info = driver.head(bucket, key)
        assert (info.key, info.size_bytes) == (key, len(key.encode()))
        assert content(driver, bucket, key) == key.encode()
    outcomes = driver.delete_many(bucket, keys[::2])
    assert [(outcome.key, outcome.error) for outcome in outcomes] == [(key, "") for key in keys[::2]]
    assert all_keys(driver, bucket) == sorted(keys[1::2], key=str.encode)
    for key in keys[1::2]:
        driver.delete(bucket, key)
    assert all_keys(driver, bucket) == []


def test_odd_keys_are_copied_exactly(store: Store, driver: Driver, bucket: str) -> None:
    target = store.new_bucket_name()
    driver.create_bucket(target)
    keys = [key for key in ODD_KEYS if store.holds(key)]
    for key in keys:
        driver.put(bucket, key, key.encode())
        driver.copy(bucket, key, target, key)
    assert all_keys(driver, target) == sorted(keys, key=str.encode)
    assert all(content(driver, target, key) == key.encode() for key in keys)


def test_a_key_the_server_cannot_hold_is_refused_not_changed(store: Store, driver: Driver, bucket: str) -> None:
    for key in ODD_KEYS:
        if not store.holds(key):
            with pytest.raises(ArtifactBrowserError):
                driver.put(bucket, key, b"x")
    assert all_keys(driver, bucket) == []


def test_a_key_too_long_is_refused(driver: Driver, bucket: str) -> None:
    with pytest.raises(InputError):
        driver.put(bucket, "x" * (driver.capabilities.max_key_bytes + 1), b"x")
    assert all_keys(driver, bucket) == []


def test_an_empty_key_is_refused(driver: Driver, bucket: str) -> None:
    """An empty key would address the bucket itself: DELETE of it would delete the bucket."""
    with pytest.raises(InputError):
        driver.put(bucket, "", b"x")
    with pytest.raises(InputError):
        driver.delete(bucket, "")
    driver.check_bucket(bucket)


KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)


@pytest.mark.parametrize("store", ["local", "s3 moto"], indirect=True)
@given(key=KEYS)
def test_any_key_comes_back_as_it_went_in(store: Store, key: str) -> None:
    if not store.holds(key):
        key = "held"
    with store.opened() as driver:
        bucket = store.new_bucket_name()
        driver.create_bucket(bucket)
        driver.put(bucket, key, key.encode())
        assert all_keys(driver, bucket) == [key]
        assert driver.head(bucket, key).size_bytes == len(key.encode())
        assert content(driver, bucket, key) == key.encode()
        driver.delete(bucket, key)
        with pytest.raises(BlobNotFound):
            driver.head(bucket, key)
        driver.delete_bucket(bucket)
