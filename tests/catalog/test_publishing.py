"""A commit of a manifest that names itself or has partitions is found by its address from then on."""

from __future__ import annotations

from typing import Any

import pytest

from artifact_browser.catalog.artifact_uri import parse_artifact_uri
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.publishing import SOURCES
from artifact_browser.catalog.queries import ask
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.errors import BlobNotFound
from artifact_browser.storage.driver import Driver
from tests.catalog.making import stage, stage_and_commit

NAME = {"project": "zoo", "domain": "production", "name": "big.cats/counts"}


def commit_as(driver: Driver, place: Place, **fields: Any) -> str:
    edit_fields(driver, place, fields)
    done = commit(driver, place)
    assert not done.unpublished
    return done.version


def test_versions_are_found_by_name_and_partitions(driver: Driver, zoo: Place) -> None:
    place = stage(
        driver, zoo, "counts", artifact_id=NAME, partitions={"region": "us"}, time_partition={"value": "2026-08-01"}
    )
    first = commit(driver, place)
    assert not first.unpublished
    eu = commit_as(driver, place, partitions={"region": "eu"})
    us = commit_as(driver, place, partitions={"region": "us"})

    def found(query: str) -> str:
        answer = ask(
            driver, zoo.bucket, parse_artifact_uri(f"flyte://av0.1/zoo/production/big.cats/counts{query}"), SOURCES
        )
        assert answer.requests <= 4
        assert answer.entry is not None
        assert answer.entry.place == place
        return answer.found.version if answer.found else ""

    assert found("?region=us&date=2026-08-01") == us
    assert found("?region=eu&date=2026-08-01") == eu
    with pytest.raises(BlobNotFound):
        found("?region=asia&date=2026-08-01")
    assert found(f"@{first.version}") == first.version
    assert found("@latest") == us


def test_a_name_that_is_taken_is_told_and_the_commit_stands(driver: Driver, zoo: Place) -> None:
    commit(driver, stage(driver, zoo, "counts", artifact_id=NAME))
    other = stage(driver, zoo, "other", artifact_id=NAME)
    done = commit(driver, other)
    assert "big.cats/counts stands for zoo/counts/ already" in done.unpublished
    assert done.version
    edit_fields(driver, other, {"artifact_id": {"name": 7}})
    assert "is no text" in commit(driver, other).unpublished
    edit_fields(driver, other, {"artifact_id": None, "partitions": {"": "x"}})
    assert "partitions cannot be used" in commit(driver, other).unpublished


def test_who_says_nothing_of_either_leaves_no_trace_of_it(driver: Driver, zoo: Place) -> None:
    place = stage_and_commit(driver, zoo, "plain")
    assert not list(next(iter(driver.list_pages(zoo.bucket, ".artifacts/", delimiter=""))).keys)
    assert not list(next(iter(driver.list_pages(zoo.bucket, f"{place.prefix}.artifact/idx/", delimiter=""))).keys)


@pytest.mark.parametrize("store", ["local"], indirect=True)
def test_a_commit_that_is_repeated_publishes_once(driver: Driver, zoo: Place) -> None:
    place = stage(driver, zoo, "counts", artifact_id=NAME, partitions={"region": "us"})
    commit(driver, place)
    before = list(next(iter(driver.list_pages(zoo.bucket, f"{place.prefix}.artifact/idx/", delimiter=""))).keys)
    commit_as(driver, place, description="more")
    after = list(next(iter(driver.list_pages(zoo.bucket, f"{place.prefix}.artifact/idx/", delimiter=""))).keys)
    assert len(before) == 1
    assert len(after) == 2
