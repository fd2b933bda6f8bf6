"""Cards and schemas as text on real stores: nothing a form does not know is lost, and nobody's edit is overwritten."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.catalog.card_fields import CARD_FIELDS
from artifact_browser.catalog.card_text import check_card, open_card, save_card
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.files import StagedFile
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.schema import find_schema_faults
from artifact_browser.catalog.schema_templates import TEMPLATES
from artifact_browser.catalog.schema_text import (
    MAX_TOLD,
    ChildrenChecked,
    UnfitChild,
    check_children,
    check_schema_text,
    open_schema,
    save_schema,
    wanted_of,
)
from artifact_browser.catalog.staging import edit_fields, register_files
from artifact_browser.catalog.yaml_text import dump_mapping
from artifact_browser.errors import BlobNotFound, CommitConflict, InputError, JobCancelled, SchemaUnusable
from artifact_browser.storage.driver import Driver
from tests.catalog.making import exists, names_in_index, plain, put, stage, stage_and_commit

STRANGE = {
    "type": "dataset", "name": "Old", "x-lab": {"nested": [1, None, {"deep": True}]}, 7: "seven", "version": 2,
    "authors": [{"name": "Ada", "orcid": "1"}, {"name": "Bob"}], "tags": ["a, b"], "config": [1],
}  # fmt: skip


def values(text: str, edits: Mapping[str, str] | None = None) -> Mapping[str, str | None]:
    return check_card(text, edits).values


def test_a_form_changes_what_was_changed_and_nothing_else(driver: Driver, zoo: Place) -> None:
    place = zoo.child("old")
    put(driver, zoo.bucket, place.committed_key, yaml.dump({**STRANGE, "files": [{"path": "f", "w": 1}]}))
    put(driver, zoo.bucket, place.file_key("f"), "1")
    card = open_card(driver, place)
    shown = values(card.text)
    assert (shown["name"], shown["version"], shown["authors"], shown["description"]) == ("Old", "2", "Ada\nBob", "")
    assert shown["tags"] is None  # a comma is in one of them: as text only
    edited = check_card(
        card.text, {"name": "New", "authors": "Cy\nAda", "license": "no", "covers": "a.png\n\n b.png\n"}
    )
    assert save_card(driver, place, edited.text, card.text)
    commit(driver, place)
    seen = plain(driver, zoo.bucket, place.committed_key)
    del seen["_commit"], seen["_version"]
    assert seen == STRANGE | {
        "name": "New", "authors": [{"name": "Cy"}, {"name": "Ada", "orcid": "1"}], "license": "no",
        "covers": ["a.png", "b.png"], "files": [{"path": "f", "w": 1}],
    }  # fmt: skip
    assert "license" not in yaml.safe_load(check_card(edited.text, {"license": " "}).text)


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co")), max_size=12)
VALUES = (
    TEXTS | st.none() | st.booleans() | st.integers() | st.dates() | st.lists(TEXTS | st.integers(), max_size=3)
    | st.lists(st.dictionaries(st.sampled_from(["name", "orcid"]), TEXTS, max_size=2), max_size=3)
)  # fmt: skip
KEYS = [field.key for field in CARD_FIELDS if field.key != "type"]


@given(
    st.dictionaries(st.sampled_from([*KEYS, "x-lab", "no", "1:20"]), VALUES, min_size=1), st.sampled_from(KEYS), TEXTS
)
def test_any_manifest_keeps_all_but_the_field_that_was_edited(fields: dict[str, Any], key: str, text: str) -> None:
    found = check_card(dump_mapping(fields))
    assert found.blocking is None
    shown = found.values
    edited = check_card(dump_mapping(fields), {key: text})
    rest = {name: value for name, value in fields.items() if name != key}
    if edited.blocking is None:
        now = yaml.safe_load(edited.text)
        assert {name: value for name, value in now.items() if name != key} == rest
        if (
            text.strip(" ,") and edited.values[key] is not None
        ):  # what a form shows and what it was given are the same value
            again = edited.values[key]
            assert yaml.safe_load(check_card(edited.text, {key: again or ""}).text) == now
    else:
        assert not rest
    # a field that is only shown is not changed by being put back, where it is a text
    same = {name: value for name, value in shown.items() if value and isinstance(fields.get(name), str)}
    kept = {name: value for name, value in same.items() if fields[name] == fields[name].strip()}
    assert (
        yaml.safe_load(check_card(dump_mapping(fields), {name: value or "" for name, value in kept.items()}).text)
        == fields
    )


def test_files_that_come_meanwhile_stay_and_an_edit_meanwhile_is_a_conflict(driver: Driver, zoo: Place) -> None:
    place = stage(driver, zoo, "lion")
    card = open_card(driver, place)
    register_files(driver, place, [StagedFile("data.bin", 3)])
    mine = check_card(card.text, {"description": "mine"}).text
    assert save_card(driver, place, mine, card.text)
    assert not save_card(driver, place, mine, card.text)  # it reads so already
    seen = plain(driver, zoo.bucket, place.staged_key)
    assert (seen["description"], seen["files"]) == ("mine", [{"path": "data.bin", "size": 3}])
    edit_fields(driver, place, {"description": "theirs", "tags": ["x"]})
    later = check_card(mine, {"name": "Other"}).text
    with pytest.raises(CommitConflict, match="changed “description”, “tags” meanwhile"):
        save_card(driver, place, later, mine)
    assert plain(driver, zoo.bucket, place.staged_key)["description"] == "theirs"
    assert save_card(driver, place, later, open_card(driver, place).text)  # knowingly in the place of theirs
    assert "tags" not in plain(driver, zoo.bucket, place.staged_key)
    driver.delete_many(zoo.bucket, [place.staged_key])
    with pytest.raises(BlobNotFound):
        save_card(driver, place, later, mine)


def test_what_the_catalog_keeps_is_never_touched(driver: Driver, zoo: Place) -> None:
    stage_and_commit(driver, zoo, "lion")
    card = open_card(driver, zoo)
    assert "collection:" not in card.text
    assert "_commit" not in card.text
    for bad in (
        "files: []\ntype: collection\n",
        "collection: []\ntype: collection\n",
        "type: dataset\n",
        "name: x\n",
        "",
    ):
        assert check_card(bad, is_collection=True).blocking is not None
        if bad:
            with pytest.raises(InputError):
                save_card(driver, zoo, bad, card.text)
    assert check_card("type: collection\n").blocking is not None
    save_card(driver, zoo, check_card(card.text, {"description": "animals"}, is_collection=True).text, card.text)
    commit(driver, zoo)
    assert plain(driver, zoo.bucket, zoo.committed_key)["description"] == "animals"
    assert names_in_index(driver, zoo) == ["lion"]


def test_faults_have_their_line(driver: Driver, zoo: Place) -> None:
    edit_fields(driver, zoo, {"collection_schema": {"required": ["license"], "properties": {
        "config": {"properties": {"n": {"items": {"type": "integer"}}}}, "files": {"minItems": 1}}}})  # fmt: skip
    commit(driver, zoo)
    schema = open_card(driver, stage(driver, zoo, "lion")).schema
    text = "name: x\nversion: 2026-01-02\nconfig:\n  n:\n  - 1\n  - two\n"
    problems = check_card(text, schema=schema).problems
    found = {problem.pointer: (problem.line, problem.column, problem.hint) for problem in problems}
    assert found == {"/license": (0, 0, False), "/config/n/1": (6, 5, False), "/version": (2, 1, True)}
    broken = check_card("name: x\nversion: [1\nlicense: y\n", schema=schema).blocking
    assert broken is not None
    assert broken.line == 3
    twice = check_card("name: x\nname: y\n").blocking
    assert twice is not None
    assert (twice.line, twice.column, twice.sentence) == (2, 1, "The key “name” is there twice.")
    lone = check_card("name: \udcff\n").blocking
    assert lone is not None


def test_a_broken_schema_of_the_collection_is_told_and_does_not_hinder_editing(driver: Driver, zoo: Place) -> None:
    put(driver, zoo.bucket, zoo.committed_key, "type: collection\ncollection_schema: {type: strin}\ncollection: []\n")
    card = open_card(driver, stage(driver, zoo, "lion"))
    assert card.schema == ""
    assert [fault.pointer for fault in card.faults] == ["/type"]
    own = check_card(open_card(driver, zoo).text, is_collection=True).problems
    assert [problem.pointer for problem in own] == ["/collection_schema/type"]


def test_a_schema_is_written_changed_and_removed(driver: Driver, zoo: Place) -> None:
    assert open_schema(driver, zoo).text == ""
    assert save_schema(driver, zoo, '{"required": ["license"]}', "")
    now = open_schema(driver, zoo)
    assert (now.text, now.staged) == ("required:\n- license\n", True)
    assert not save_schema(driver, zoo, "required: [license]", "whatever")
    with pytest.raises(CommitConflict):
        save_schema(driver, zoo, "required: [name]", "")
    with pytest.raises(SchemaUnusable):
        save_schema(driver, zoo, "required: name", now.text)
    commit(driver, zoo)
    assert plain(driver, zoo.bucket, zoo.committed_key)["collection_schema"] == {"required": ["license"]}
    assert save_schema(driver, zoo, "", now.text)
    commit(driver, zoo)
    assert "collection_schema" not in plain(driver, zoo.bucket, zoo.committed_key)
    with pytest.raises(BlobNotFound):
        open_schema(driver, stage(driver, zoo, "lion"))


def test_what_is_no_schema_at_all_can_be_seen_and_removed(driver: Driver, zoo: Place) -> None:
    put(driver, zoo.bucket, zoo.committed_key, "type: collection\ncollection_schema: [1, name]\ncollection: []\n")
    now = open_schema(driver, zoo)
    assert now.text == '[1, "name"]'
    assert check_schema_text(now.text).problems
    assert save_schema(driver, zoo, "", now.text)
    commit(driver, zoo)
    commit(driver, stage(driver, zoo, "lion"))


def test_a_schema_being_typed_is_told_with_its_lines() -> None:
    assert check_schema_text("").problems == ()
    assert check_schema_text("a: ]\nb: c\n").problems[0].line == 1
    found = check_schema_text('{\n "required": ["license"],\n "properties": {\n  "name": {"pattern": "(?=x)"}}}\n')
    assert [(problem.line, problem.pointer) for problem in found.problems] == [(4, "/properties/name/pattern")]
    assert found.required == ("license",)


@pytest.mark.parametrize(("name", "text"), TEMPLATES)
def test_templates_are_schemas_and_ask_for_something(name: str, text: str) -> None:
    schema = yaml.safe_load(text)
    assert find_schema_faults(schema) == ()
    assert schema["title"] == name
    asked = check_card("type: nonsense\n", schema=json.dumps(schema)).problems
    assert {"/name", "/description", "/type"} <= {problem.pointer for problem in asked}


def test_which_children_a_schema_would_refuse(driver: Driver, zoo: Place) -> None:
    stage_and_commit(driver, zoo, "good")
    stage(driver, zoo, "draft", license="MIT")
    put(driver, zoo.bucket, zoo.child("lion").committed_key, "type: dataset\nname: 3\n")
    put(driver, zoo.bucket, zoo.child("torn").committed_key, "a: [\n")
    text = "required: [license]\nproperties: {name: {type: string}}\n"
    states, last = _run(driver, zoo, text)
    assert (states[0].done, states[0].total) == (0, 4)
    assert (last.done, last.total, last.unfit_total) == (4, 4, 3)
    unfit = {child.name: child for state in states for child in state.unfit}
    assert unfit["lion"] == UnfitChild(
        "zoo/lion/", "lion", 2,
        ("“license” is missing.", "“name” must be text, not the number 3 (put it in quotes to make it text)."),
    )  # fmt: skip
    assert "line 2" in unfit["torn"].sentences[0]
    assert set(unfit) == {"good", "lion", "torn"}
    with pytest.raises(SchemaUnusable):
        next(check_children(driver, zoo, "type: strin\n"))


def test_a_check_of_children_is_bounded_and_can_be_stopped(driver: Driver, zoo: Place, monkeypatch: Any) -> None:
    monkeypatch.setattr("artifact_browser.catalog.schema_text.MAX_TOLD", 2)
    assert MAX_TOLD > 2
    for name in ("a", "b", "c"):
        put(driver, zoo.bucket, zoo.child(name).committed_key, "type: dataset\n")
    states, last = _run(driver, zoo, "required: [license]\n")
    assert last.unfit_total == 3
    assert sum(len(state.unfit) for state in states) == 2
    stopped = False

    def check() -> None:
        if stopped:
            raise JobCancelled

    running = check_children(driver, zoo, "required: [license]\n", check)
    next(running)
    stopped = True
    with pytest.raises(JobCancelled):
        next(running)


def test_what_a_new_child_is_asked_for(driver: Driver, zoo: Place) -> None:
    assert wanted_of(driver, zoo).fields == ()
    schema = {"required": ["license"], "properties": {"type": {"enum": ["model", "dataset"]}}}
    edit_fields(driver, zoo, {"collection_schema": schema})
    commit(driver, zoo)
    found = wanted_of(driver, zoo)
    assert ([field.name for field in found.fields], found.types, found.faults) == (
        ["license"],
        ("model", "dataset"),
        (),
    )
    assert not exists(driver, zoo.bucket, zoo.staged_key)


def _run(driver: Driver, zoo: Place, text: str) -> tuple[list[ChildrenChecked], ChildrenChecked]:
    running = check_children(driver, zoo, text)
    states: list[ChildrenChecked] = []
    while True:
        try:
            states.append(next(running))
        except StopIteration as end:
            return states, end.value
