"""Conditional writes: the right value is taken *and* the wrong one refused, also under eight racing processes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from artifact_browser.errors import BlobNotFound, NotSupported, OutcomeUnknown, PreconditionFailed
from artifact_browser.storage.driver import Condition, Driver
from tests.storage.conformance import racing
from tests.storage.conformance.stores import Store, content
from tests.storage.conformance.test_versions import WITH_VERSIONS, set_versioning

CREATE = Condition(if_absent=True)
WRONG = Condition(if_match="0123456789abcdef0123456789abcdef")


def test_create_only(driver: Driver, bucket: str) -> None:
    driver.put(bucket, "k", b"first", condition=CREATE)
    with pytest.raises(PreconditionFailed):
        driver.put(bucket, "k", b"second", condition=CREATE)
    assert content(driver, bucket, "k") == b"first"


def test_replace(driver: Driver, bucket: str) -> None:
    etag = driver.put(bucket, "k", b"one").etag
    with pytest.raises(PreconditionFailed):
        driver.put(bucket, "k", b"lost", condition=WRONG)
    assert content(driver, bucket, "k") == b"one"
    second = driver.put(bucket, "k", b"two", condition=Condition(if_match=etag))
    assert content(driver, bucket, "k") == b"two"
    with pytest.raises(PreconditionFailed):
        driver.put(bucket, "k", b"late", condition=Condition(if_match=etag))
    assert driver.head(bucket, "k").etag == second.etag


def test_replace_of_nothing_is_refused(driver: Driver, bucket: str) -> None:
    with pytest.raises((PreconditionFailed, BlobNotFound)):
        driver.put(bucket, "absent", b"x", condition=WRONG)
    with pytest.raises(BlobNotFound):
        driver.head(bucket, "absent")


def test_the_etag_of_a_listing_can_be_used(driver: Driver, bucket: str) -> None:
    driver.put(bucket, "k", b"one")
    (page,) = driver.list_pages(bucket)
    driver.put(bucket, "k", b"two", condition=Condition(if_match=page.etags[0]))
    assert content(driver, bucket, "k") == b"two"


def test_delete_if_match_is_exact_or_refused(driver: Driver, bucket: str) -> None:
    etag = driver.put(bucket, "k", b"one").etag
    with pytest.raises((PreconditionFailed, NotSupported)) as caught:
        driver.delete(bucket, "k", if_match=WRONG.if_match)
    assert content(driver, bucket, "k") == b"one"
    if caught.type is PreconditionFailed:
        driver.delete(bucket, "k", if_match=etag)
        with pytest.raises(BlobNotFound):
            driver.head(bucket, "k")


def test_copy_never_overwrites_against_its_condition(driver: Driver, bucket: str) -> None:
    driver.put(bucket, "from", b"new")
    driver.put(bucket, "to", b"old")
    for condition in (CREATE, WRONG):
        with pytest.raises((PreconditionFailed, NotSupported)):
            driver.copy(bucket, "from", bucket, "to", condition=condition)
        assert content(driver, bucket, "to") == b"old"


def test_complete_never_overwrites_against_its_condition(driver: Driver, bucket: str) -> None:
    driver.put(bucket, "k", b"old")
    upload_id = driver.create_upload(bucket, "k")
    part = driver.upload_part(bucket, "k", upload_id, 1, b"new")
    with pytest.raises((PreconditionFailed, NotSupported, OutcomeUnknown)):
        driver.complete_upload(bucket, "k", upload_id, [part], CREATE)
    assert content(driver, bucket, "k") == b"old"
    driver.abort_upload(bucket, "k", upload_id)


@WITH_VERSIONS
def test_where_versions_are_on_a_condition_is_exact_or_refused(store: Store, driver: Driver, bucket: str) -> None:
    """Ceph 16.2 honours conditions, but not there: what is known of buckets without versions says nothing of these."""
    etag = driver.put(bucket, "k", b"one", condition=CREATE).etag
    set_versioning(store, bucket, "Enabled")
    driver.put(bucket, "other", b"whose answer names a version")
    for condition in (CREATE, WRONG):
        with pytest.raises((PreconditionFailed, NotSupported)):
            driver.put(bucket, "k", b"lost", condition=condition)
        assert content(driver, bucket, "k") == b"one"
    with suppress(NotSupported):
        driver.put(bucket, "k", b"two", condition=Condition(if_match=etag))
        assert content(driver, bucket, "k") == b"two"
    plain = store.new_bucket_name()
    driver.create_bucket(plain)
    driver.put(plain, "k", b"one", condition=CREATE)
    with pytest.raises(PreconditionFailed):
        driver.put(plain, "k", b"lost", condition=CREATE)


@pytest.mark.timeout(300)
def test_eight_processes_race(store: Store, driver: Driver, bucket: str, size: Callable[[int, int], int]) -> None:
    """Create-only has one winner per key; every acknowledged compare-and-swap is kept (40 of 40)."""
    driver.put(bucket, "index", b"")
    race = racing.Race(bucket, racers=8, keys=size(10, 100), commits=size(5, 50))
    won, entries = racing.run(store, race)
    assert sorted(won) == sorted(f"once-{i}" for i in range(race.keys))
    assert len(entries) == race.racers * race.commits
    assert sorted(content(driver, bucket, "index").decode().splitlines()) == sorted(entries)
