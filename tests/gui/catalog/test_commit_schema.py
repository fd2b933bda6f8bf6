"""The commit dialog tells what the collection's schema says, beside what is wrong with the files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.storage.driver import Driver
from tests.catalog.making import plain, put, stage


def put_schema(driver: Driver, zoo: Place, schema: Any) -> None:
    fields = plain(driver, zoo.bucket, zoo.committed_key)
    put(driver, zoo.bucket, zoo.committed_key, yaml.dump({**fields, "collection_schema": schema}))


def test_what_does_not_fit_stands_beside_the_missing_files(
    room: Any, driver: Driver, zoo: Place, dialog: Callable[[str], Any]
) -> None:
    put_schema(driver, zoo, {"required": ["license"], "properties": {"version": {"type": "string"}}})
    place = stage(driver, zoo, "lion", {"a": b"1", "b": b"2"}, version=3)
    driver.delete_many("bucket", [place.file_key("a")])
    room.catalog.commit(room.record, room.at("zoo/lion/"))
    asked = dialog("Commit")
    assert not asked.primary.isEnabled()
    assert asked.problems.texts() == [
        "“license” is missing.",
        "“version” must be text, not the number 3 (put it in quotes to make it text).",
    ]
    assert "2 things in the manifest have to be corrected" in asked.note.text()
    assert "1 file cannot be committed" in asked.note.text()
    asked.edit.click()
    dialog("Edit card").reject()
    edit_fields(driver, place, {"license": "MIT", "version": "3"})
    driver.put("bucket", place.file_key("a"), b"1")
    room.catalog.commit(room.record, room.at("zoo/lion/"))
    asked = dialog("Commit")
    assert asked.primary.isEnabled()
    asked.reject()


def test_a_broken_schema_says_where_to_mend_it(
    room: Any, driver: Driver, zoo: Place, dialog: Callable[[str], Any]
) -> None:
    put_schema(driver, zoo, {"properties": {"name": {"pattern": "(?=x)"}}})
    stage(driver, zoo, "lion")
    room.catalog.commit(room.record, room.at("zoo/lion/"))
    asked = dialog("Commit")
    assert not asked.primary.isEnabled()
    assert "look-around" in asked.problems.texts()[0]
    assert "open the collection, then “Schema…”" in asked.note.text()
    asked.schema.click()
    opened = dialog("Schema")
    assert "The zoo" in opened.subtitle.text()
    opened.reject()
