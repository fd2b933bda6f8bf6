"""Schemas from strangers: what fits and what does not is told with its place, and nothing hangs or is fetched."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from artifact_browser.catalog import schema_budget
from artifact_browser.catalog.schema import (
    MAX_PROBLEMS,
    MAX_SCHEMA_BYTES,
    check_fields,
    find_schema_faults,
    wanted_fields,
)
from artifact_browser.errors import JobCancelled

_2019 = "https://json-schema.org/draft/2019-09/schema"
_2020 = "https://json-schema.org/draft/2020-12/schema"


def told(schema: Any, fields: dict[Any, Any]) -> dict[str, str]:
    found = check_fields(schema, fields)
    assert not found.faults
    return {problem.pointer: problem.sentence for problem in found.problems}


def faults(schema: Any, fields: dict[Any, Any] | None = None) -> dict[str, str]:
    found = check_fields(schema, fields or {})
    assert not found.problems
    return {fault.pointer: fault.sentence for fault in found.faults}


def test_everything_is_told_at_once_each_with_its_place_and_without_a_dump_of_the_value() -> None:
    schema = {
        "required": ["license", "authors"],
        "properties": {
            "tags": {"items": {"pattern": "^[a-z]+$"}, "uniqueItems": True},
            "authors": {"items": {"required": ["name"]}},
            "license": {"enum": ["MIT", "Apache-2.0"]},
            "icon": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer"}}]},
            "a/b~": {"type": "object"},
            "description": {"minLength": 1},
        },
        "additionalProperties": False,
    }
    fields = {
        "tags": ["a", "B", "a"],
        "authors": [{"name": "x"}, {}],
        "icon": [1, "x" * 5000],
        "a/b~": 3,
        "description": "",
        "extra": 1,
    }
    assert told(schema, fields) == {
        "/license": "“license” is missing.",
        "/tags/1": "“tags”, entry 2 must match the expression “^[a-z]+$”.",
        "/tags/2": "“tags”, entry 3 is the same as entry 1.",
        "/authors/1/name": "“authors”, entry 2, “name” is missing.",
        "/icon/1": "“icon”, entry 2 must be a whole number, not text.",
        "/a~1b~0": "“a/b~” must be a mapping, not the number 3.",
        "/description": "“description” must not be empty.",
        "/extra": "“extra” is a field that the schema does not know.",
    }


def test_what_yaml_made_of_a_value_is_said() -> None:
    schema = {"properties": {name: {"type": "string"} for name in ("version", "country", "number")}}
    found = told(schema, {"version": date(2026, 1, 2), "country": False, "number": 80})
    assert "YAML reads 2026-01-02 as a date: put it in quotes" in found["/version"]
    assert "not false (YAML reads yes, no, on and off so: put it in quotes" in found["/country"]
    assert "not the number 80 (put it in quotes" in found["/number"]
    assert "as a date" in told({"properties": {"v": {"enum": ["2026-01-02"]}}}, {"v": date(2026, 1, 2)})["/v"]


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"properties": {"a": {"items": [{"type": "string"}], "additionalItems": False}}}, ["x"], ["x", 1]),
        ({"$schema": _2020, "properties": {"a": {"prefixItems": [{"type": "string"}], "items": False}}}, ["x"], ["x", 1]),
        ({"properties": {"a": {"contains": {"const": 1}}}}, [1.0], [True]),
        ({"properties": {"a": {"oneOf": [{"minimum": 3}, {"maximum": 5}]}}}, 2, 4),
        ({"properties": {"a": {"not": {"type": "null"}}}}, 1, None),
        ({"properties": {"a": {"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"minimum": 9}}}}, "xy", 1),
        ({"properties": {"a": {"propertyNames": {"pattern": "^x"}}}}, {"xa": 1}, {"ya": 1}),
        ({"properties": {"a": {"dependencies": {"b": ["c"]}}}}, {"b": 1, "c": 1}, {"b": 1}),
        ({"properties": {"a": {"dependencies": {"x": {}, "b": ["c"]}}}}, {"b": 1, "c": 1}, {"b": 1}),
        ({"properties": {"a": {"properties": {"dependencies": {"type": ["null"], "items": {}}}}}},
         {"dependencies": None}, {"dependencies": 1}),
        ({"properties": {"a": {"multipleOf": 0.0001}}}, 0.0075, 0.00751),
        ({"properties": {"a": {"const": {"x": [1, True]}}}}, {"x": [1.0, True]}, {"x": [1, 1]}),
        ({"$schema": "http://json-schema.org/draft-04/schema#",
          "properties": {"a": {"maximum": 3, "exclusiveMaximum": True}}}, 2, 3),
        ({"$schema": _2019, "properties": {"a": {"allOf": [{"properties": {"b": {}}}], "unevaluatedProperties": False}}},
         {"b": 1}, {"c": 1}),
        ({"$schema": _2020, "properties": {"a": {"anyOf": [{"prefixItems": [{"const": 1}]}], "unevaluatedItems": False}}},
         [1], [1, 2]),
        ({"definitions": {"t": {"type": "string"}}, "properties": {"a": {"$ref": "#/definitions/t"}}}, "x", 1),
        ({"$schema": _2020, "$defs": {"t": {"$anchor": "text", "type": "string"}}, "properties": {"a": {"$ref": "#text"}}},
         "x", 1),
        ({"properties": {"a": {"pattern": "^\\u00e4\\/\\d$"}}}, "ä/1", "a/1"),
        ({"properties": {"a": False}}, ..., 1),
    ],
)  # fmt: skip
def test_keywords_of_the_drafts(schema: Any, good: Any, bad: Any) -> None:
    assert told(schema, {} if good is ... else {"a": good}) == {}
    found = told(schema, {"a": bad})
    assert len(found) == 1
    assert next(iter(found)).startswith("/a")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "ab", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=8,
)
_KINDS = ["string", "integer", "array", "object", "null", "boolean", "number"]
SCHEMAS: Any = st.recursive(
    st.booleans()
    | st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(_KINDS) | st.lists(st.sampled_from(_KINDS), min_size=1, unique=True),
            "enum": st.lists(JSON, min_size=1, max_size=3, unique_by=repr),
            "minimum": st.integers(-2, 2),
            "maxLength": st.integers(0, 2),
            "pattern": st.sampled_from(["^a", "b$", "a.*b"]),
            "required": st.lists(st.sampled_from(["a", "b"]), unique=True),
            "uniqueItems": st.booleans(),
            "minItems": st.integers(0, 2),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=2),
            "additionalProperties": inner,
            "items": inner | st.lists(inner, min_size=1, max_size=2),
            "additionalItems": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=3),
            "oneOf": st.lists(inner, min_size=1, max_size=3),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "contains": inner,
            "propertyNames": inner,
            "dependencies": st.dictionaries(st.sampled_from(["a", "b"]), inner | st.just(["c"]), max_size=2),
        },
    ),
    max_leaves=8,
)


@given(SCHEMAS, st.dictionaries(st.sampled_from(["a", "b", "c"]), JSON, max_size=3))
def test_what_fits_is_what_fits_for_the_library(schema: Any, fields: dict[str, Any]) -> None:
    found = check_fields(schema, fields)
    assert not found.faults
    assert found.passed is Draft7Validator(schema).is_valid(fields)


@pytest.mark.parametrize(
    ("schema", "pointer", "words"),
    [
        ([], "", "a mapping"),
        ({"type": "strin"}, "/type", "must be one of “array”"),
        ({"properties": {"a": {"required": "b"}}}, "/properties/a/required", "must be a list, not text"),
        ({"properties": {"a": {"pattern": "(?!x)"}}}, "/properties/a/pattern", "look-around"),
        ({"patternProperties": {"(?<=x)": {}}}, "/patternProperties/(?<=x)", "look-around"),
        ({"properties": {"a": {"pattern": "x" * 2000}}}, "/properties/a/pattern", "longer than 1,000 letters"),
        ({"pattern": "((a{1,99}){1,99}){1,99}"}, "/pattern", "cannot be used"),
        ({"pattern": "(abcdefgh){999}"}, "/pattern", "too large"),
        (
            {"allOf": [{"pattern": f"x{number}"} for number in range(200)]},
            "/allOf/128/pattern",
            "more than 128 expressions",
        ),
        ({"$ref": "https://example.com/schema.json"}, "/$ref", "nothing is fetched"),
        ({"allOf": [{"$ref": "file:///etc/passwd"}]}, "/allOf/0/$ref", "nothing is fetched"),
        ({"items": {"$ref": "#/definitions/gone"}}, "/items/$ref", "There is no “#/definitions/gone”"),
        ({"properties": {"a": {"const": date(2026, 1, 1)}}}, "/properties/a/const", "as a date"),
        ({"properties": {7: {}}}, "/properties", "is no text"),
        ({"description": "x" * MAX_SCHEMA_BYTES}, "", "larger than 256 KiB"),
        ({"$schema": "http://json-schema.org/draft-03/schema#"}, "/$schema", "Draft 3"),
    ],
)
def test_a_broken_schema_is_told_with_its_place(schema: Any, pointer: str, words: str) -> None:
    found = {fault.pointer: fault.sentence for fault in find_schema_faults(schema)}
    assert words in found[pointer]
    assert faults(schema) == found


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the steps: the same end, sooner."""
    monkeypatch.setattr(schema_budget, "MAX_STEPS", schema_budget.MAX_STEPS // 10)


def _nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {"items": schema}
    return schema


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "#"}, "circle"),
        ({"allOf": [{"$ref": "#/definitions/a"}], "definitions": {"a": {"not": {"$ref": "#"}}}}, "circle"),
        ({"$schema": _2020, "$dynamicAnchor": "x", "allOf": [{"$dynamicRef": "#x"}]}, "circle"),
        ({"$schema": _2019, "$recursiveAnchor": True, "anyOf": [{"$recursiveRef": "#"}]}, "circle"),
        ({"$schema": _2019, "$ref": "#/$defs/a", "$defs": {"a": {"unevaluatedProperties": {}, "$ref": "#"}}}, "circle"),
        # every level asks the one below twice: 2 to the power of 40
        ({"definitions": {f"d{n}": {"allOf": [{"$ref": f"#/definitions/d{n + 1}"}] * 2} for n in range(40)}
          | {"d40": {}}, "$ref": "#/definitions/d0"}, "steps"),
        ({"$ref": "#/x-data", "x-data": 5}, "no schema"),
        ({"properties": {"n": {"$ref": "#/x-data"}}, "x-data": {"$schema": "http://json-schema.org/draft-07/schema#",
                                                               "maxLength": "x"}}, "no schema"),
        ({"$id": "http://a/b", "properties": {"n": {"$id": "c/", "$ref": "d"}}}, "nothing is fetched"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("few_steps")
def test_a_schema_that_never_ends_is_given_up(schema: Any, words: str) -> None:
    assert words in faults(schema, {"n": "x"})[""]


def test_the_whole_of_a_large_manifest_is_checked() -> None:
    rows = [{"path": f"file-{number}", "size": number} for number in range(20_000)]
    assert told({"properties": {"files": {"items": {"required": ["path"]}}}}, {"files": rows}) == {}
    many = check_fields({"properties": {"files": {"items": {"required": ["sha256"]}}}}, {"files": rows})
    assert (len(many.problems), many.more) == (MAX_PROBLEMS, True)


@pytest.mark.usefixtures("few_steps")
def test_too_deep_and_too_much() -> None:
    assert "too deep" in next(iter(faults(_nested(60)).values()))
    assert "too much" in next(iter(faults({"enum": [[]] * 100_000}).values()))
    # as many comparisons as there are steps, and none of them shows the list it refuses
    hungry = {"properties": {"files": {"items": {"enum": [[str(n)] for n in range(20_000)]}}}}
    assert "steps" in faults(hungry, {"files": [["x"]] * 20_000})[""]
    refusing = {"allOf": [False] * 2000}
    assert told(refusing, {"files": ["x"] * 20_000}) == {"": "The manifest is not allowed here."}


def test_expressions_take_time_by_the_length_of_the_text_alone() -> None:
    evil = {"properties": {"name": {"pattern": "^(a+)+$"}}, "patternProperties": {"(x+x+)+y": {"type": "string"}}}
    assert list(told(evil, {"name": "a" * 100_000 + "!", "x" * 200: 1})) == ["/name"]
    # letters by instructions are counted: this one would look at each of 4 M letters a thousand times
    slow = {"properties": {"name": {"allOf": [{"pattern": f"(.*a){{20}}z{number}"} for number in range(100)]}}}
    assert "steps" in faults(slow, {"name": "ab" * 100_000})[""]
    # a draft named further in does not bring Python's expressions back
    inner = {"properties": {"name": {"$schema": "http://json-schema.org/draft-07/schema#", "pattern": "^(a+)+$"}}}
    assert list(told(inner, {"name": "a" * 5000 + "!"})) == ["/name"]


def test_a_check_can_be_stopped() -> None:
    def stop() -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        check_fields({"properties": {"a": {"items": {"type": "string"}}}}, {"a": ["x"] * 50_000}, stop)


def test_the_catalogs_own_keys_are_not_the_schemas_business() -> None:
    schema = {"properties": {"type": {}}, "additionalProperties": False}
    assert told(schema, {"type": "dataset", "_commit": "abc", "collection": []}) == {}


def test_names_that_are_no_texts_and_names_that_are_very_long() -> None:
    schema = {"properties": {"name": {}}, "additionalProperties": {"type": "string"}, "propertyNames": {"maxLength": 9}}
    found = told(schema, {7: 1, date(2026, 1, 2): "x"})
    assert set(found) == {"/7", "/2026-01-02"}
    assert found["/7"].startswith("“7” must be text")
    long = check_fields({"additionalProperties": {"items": {"type": "string"}}}, {"x" * 100_000: list(range(50))})
    assert len(long.problems) == 50
    assert sum(len(problem.pointer + problem.sentence) for problem in long.problems) < 50 * 1500


def test_wanted_fields_and_their_choices() -> None:
    schema = {
        "required": ["name", "license", "authors", "license", 7, "files", "_commit", "x" * 999, ""],
        "properties": {
            "license": {"enum": ["MIT", "BSD"], "title": "Licence"},
            "authors": {"type": "array"},
            "name": True,
        },
    }
    found = {field.name: (field.type, field.choices, field.title) for field in wanted_fields(schema)}
    assert found == {"name": ("", (), ""), "license": ("", ("MIT", "BSD"), "Licence"), "authors": ("array", (), "")}
    assert wanted_fields(["strange"]) == wanted_fields({"required": "x", "properties": []}) == ()
