"""An artifact's own address: there is one while its name is registered, and it leads back."""

from __future__ import annotations

import pytest

from artifact_browser.catalog import own_address
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.artifact_uri import parse_artifact_uri
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.name_registry import name_key, register_name
from artifact_browser.catalog.own_address import Addressed, Several, address_of, find_addressed, find_bucket
from artifact_browser.catalog.records import CommitNote
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.errors import BlobNotFound, InputError
from artifact_browser.storage.driver import Driver
from tests.catalog.counting import CountingDriver
from tests.catalog.making import stage
from tests.storage.conformance.stores import Store


def test_there_and_back(driver: Driver, zoo: Place) -> None:
    place = stage(driver, zoo, "counts", partitions={"region": "us"})
    with pytest.raises(BlobNotFound, match="no registered name"):
        address_of(driver, place)
    for version in ("v 1@?", "v2"):
        edit_fields(driver, place, {"description": version})
        commit(driver, place, note=CommitNote(version))
    assert str(address_of(driver, place)) == "flyte://av0.1/Zoo/development/counts"
    assert find_addressed(driver, zoo.bucket, address_of(driver, place)) == Addressed(place)
    for sequence, version in enumerate(("v 1@?", "v2"), 1):
        counting = CountingDriver(driver)
        uri = address_of(counting, place, version)  # type: ignore[arg-type]
        assert counting.requests <= 4
        found = find_addressed(driver, zoo.bucket, parse_artifact_uri(str(uri)))
        assert (found.place, found.version, found.sequence, found.flag) == (place, version, sequence, "")
        assert found.requests <= 4
    for version in ("latest", "nothing"):
        with pytest.raises((BlobNotFound, InputError)):
            address_of(driver, place, version)


def test_a_range_of_time_is_several_versions(driver: Driver, zoo: Place) -> None:
    place = stage(driver, zoo, "counts", partitions={"range": "a..b"}, time_partition={"value": "2026-08-01"})
    done = commit(driver, place)

    def found(query: str) -> Addressed:
        counting = CountingDriver(driver)
        uri = parse_artifact_uri(f"flyte://av0.1/Zoo/development/counts?{query}")
        addressed = find_addressed(counting, zoo.bucket, uri)  # type: ignore[arg-type]
        assert addressed.requests == counting.requests
        return addressed

    assert found("range=x&date=2026-08..") == Addressed(place, several=Several((("range", "x"),), "2026-08", ""))
    assert found("range=a..b&date=2026-08-01").version == done.version
    for wrong in ("date=..", "date=a..b", "date=2026-08..2026-07"):
        with pytest.raises(InputError):
            found(wrong)


def test_a_name_of_somebody_else_is_no_address(driver: Driver, zoo: Place) -> None:
    commit(driver, stage(driver, zoo, "counts", artifact_id={"name": "n"}))
    other = stage(driver, zoo, "other", artifact_id={"name": "n"})
    commit(driver, other)
    with pytest.raises(InputError, match="stands for zoo/counts/"):
        address_of(driver, other)
    edit_fields(driver, other, {"artifact_id": {"name": ""}})
    commit(driver, other)
    with pytest.raises(InputError, match="The name is empty"):
        address_of(driver, other)


def test_the_bucket_of_a_name(driver: Driver, store: Store, zoo: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_address, "MAX_BUCKETS", 10_000)  # other tests left theirs
    name = ArtifactName("nobody else", "development", store.new_bucket_name())
    with pytest.raises(BlobNotFound, match="in a bucket of this account"):
        find_bucket(driver, name)
    register_name(driver, zoo, name)
    assert find_bucket(driver, name) == zoo.bucket
    other = store.new_bucket_name()
    driver.create_bucket(other)
    register_name(driver, Place(other, "x/"), name)
    with pytest.raises(InputError, match="Several buckets"):
        find_bucket(driver, name)
    driver.delete_many(other, [name_key(name)])
    driver.put(other, name_key(name), b"damaged")
    assert find_bucket(driver, name) == zoo.bucket
    monkeypatch.setattr(own_address, "MAX_BUCKETS", 1)
    with pytest.raises(InputError, match="more than 1"):
        find_bucket(driver, name)
