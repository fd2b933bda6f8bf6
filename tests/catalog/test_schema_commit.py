"""A collection's schema on real stores: nothing that does not fit is committed, and what is in the way is told."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from artifact_browser.catalog.card_text import open_card
from artifact_browser.catalog.commit import commit, plan_commit
from artifact_browser.catalog.diff import State, compare
from artifact_browser.catalog.index import IndexOutcome
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.staging import create_artifact, create_collection, edit_fields
from artifact_browser.errors import ManifestUnfit, SchemaUnusable
from artifact_browser.storage.driver import Driver
from tests.catalog.making import exists, plain, put, stage, stage_and_commit

SCHEMA = {"required": ["license"], "properties": {"version": {"type": "string"}}}


def set_schema(driver: Driver, zoo: Place, schema: Any) -> None:
    edit_fields(driver, zoo, {"collection_schema": schema})
    commit(driver, zoo)


def test_what_does_not_fit_is_told_before_the_commit_and_refused_by_it(driver: Driver, zoo: Place) -> None:
    set_schema(driver, zoo, SCHEMA)
    place = stage(driver, zoo, "lion", version=2)
    before = plain(driver, zoo.bucket, place.staged_key)
    plan = plan_commit(driver, place)
    assert [problem.pointer for problem in plan.schema.problems] == ["/license", "/version"]
    assert plan.schema.collection == f"{zoo.bucket}/zoo/"
    with pytest.raises(ManifestUnfit) as caught:
        commit(driver, place, plan)
    assert "/license: “license” is missing." in caught.value.subject.splitlines()
    assert "2 things do not fit" in caught.value.detail
    assert plain(driver, zoo.bucket, place.staged_key) == before
    assert not exists(driver, zoo.bucket, place.committed_key)
    edit_fields(driver, place, {"license": "MIT", "version": "2"})
    assert plan_commit(driver, place).schema.passed
    commit(driver, place)


def test_only_the_committed_schema_counts_and_it_counts_at_the_commit(driver: Driver, zoo: Place) -> None:
    edit_fields(driver, zoo, {"collection_schema": SCHEMA})  # staged only
    place = stage(driver, zoo, "lion")
    plan = plan_commit(driver, place)
    assert plan.schema.passed
    commit(driver, zoo)
    with pytest.raises(ManifestUnfit):
        commit(driver, place, plan)


def test_what_is_created_at_once_is_checked_too_and_a_draft_is_not(driver: Driver, zoo: Place) -> None:
    set_schema(driver, zoo, SCHEMA)
    with pytest.raises(ManifestUnfit):
        create_artifact(driver, zoo.child("lion"), {"type": "dataset"}, stage=False)
    assert not exists(driver, zoo.bucket, zoo.child("lion").committed_key)
    create_artifact(driver, zoo.child("lion"), {"type": "dataset", "license": "MIT"}, stage=False)
    with pytest.raises(ManifestUnfit):
        create_collection(driver, zoo.child("cats"), {})
    create_artifact(driver, zoo.child("wolf"), {"type": "dataset"})


def test_yamls_dates_are_told_as_such(driver: Driver, zoo: Place) -> None:
    set_schema(driver, zoo, SCHEMA)
    put(driver, zoo.bucket, zoo.child("old").staged_key, "type: dataset\nlicense: MIT\nversion: 2026-01-02\n")
    problems = plan_commit(driver, zoo.child("old")).schema.problems
    assert [problem.pointer for problem in problems] == ["/version"]
    assert "as a date" in problems[0].sentence


def test_a_broken_schema_blocks_with_its_place_and_is_not_committed_by_us(driver: Driver, zoo: Place) -> None:
    broken = {"properties": {"name": {"pattern": "(?=x)"}}}
    with pytest.raises(ManifestUnfit, match="1 thing does not fit") as refused:
        set_schema(driver, zoo, broken)
    assert "/collection_schema/properties/name/pattern" in refused.value.subject
    with pytest.raises(ManifestUnfit):
        create_collection(driver, Place(zoo.bucket, "other/"), {"collection_schema": broken})
    found = plain(driver, zoo.bucket, zoo.committed_key)
    put(driver, zoo.bucket, zoo.committed_key, yaml.dump({**found, "collection_schema": broken}))  # another program
    place = stage(driver, zoo, "lion")
    plan = plan_commit(driver, place)
    assert [fault.pointer for fault in plan.schema.faults] == ["/properties/name/pattern"]
    with pytest.raises(SchemaUnusable) as caught:
        commit(driver, place, plan)
    assert "look-around" in caught.value.detail
    assert "Schema…" in caught.value.todo
    edit_fields(driver, zoo, {"collection_schema": None})
    commit(driver, zoo)
    commit(driver, place)


def test_a_collection_that_cannot_be_read_asks_for_nothing(driver: Driver, zoo: Place) -> None:
    put(driver, zoo.bucket, zoo.committed_key, "type: collection\nx: [")
    assert commit(driver, stage(driver, zoo, "lion")).index is IndexOutcome.PENDING
    alone = Place(zoo.bucket, "alone/")
    create_artifact(driver, alone, {"collection_schema": {"type": "strin"}})  # not a collection: a field like any other
    commit(driver, alone)


def test_a_strict_schema_asks_nothing_of_what_the_catalog_keeps_itself(driver: Driver, zoo: Place) -> None:
    """A second edit begins as a copy of what is committed, with its commit's id and its version's name."""
    strict = {
        "additionalProperties": False,
        "properties": {name: True for name in ("id", "name", "description", "type", "files")},
    }
    set_schema(driver, zoo, strict)
    place = stage_and_commit(driver, zoo, "lion", {"a": b"1"})
    edit_fields(driver, place, {"description": "more"})
    card = open_card(driver, place)
    assert "_version" not in card.text
    compared = compare(State({"_version": "a", "_commit": "b", "name": "x"}), State({"_version": "c", "name": "x"}))
    assert compared.empty
    commit(driver, place)
    assert plain(driver, zoo.bucket, place.committed_key)["description"] == "more"
