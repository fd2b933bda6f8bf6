"""``unevaluatedProperties`` and ``unevaluatedItems``: what no other part of a schema had an opinion of (2019-09 and later)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema.exceptions import ValidationError
from referencing import jsonschema as specifications

from artifact_browser.catalog.schema_budget import budget
from artifact_browser.catalog.schema_keywords import Errors, extras_of, fits, look_up


def unevaluated_properties(validator: Any, rest: Any, instance: Any, schema: Any) -> Errors:
    if isinstance(instance, dict):
        looked_at = _evaluated(validator, instance, {**schema, "unevaluatedProperties": None})
        for name, value in instance.items():
            if name not in looked_at:
                if rest is False:
                    yield ValidationError("is a field that the schema does not know", path=(str(name),))
                else:
                    yield from validator.descend(value, rest, path=str(name))


def unevaluated_items(validator: Any, rest: Any, instance: Any, schema: Any) -> Errors:
    if isinstance(instance, list):
        looked_at = _evaluated(validator, instance, {**schema, "unevaluatedItems": None})
        for at, item in enumerate(instance):
            if at not in looked_at:
                yield from validator.descend(item, rest, path=at)


def _evaluated(validator: Any, instance: Any, schema: Any) -> set[Any]:
    """Names (or places) of ``instance`` that ``schema`` has an opinion of, through all that applies in place."""
    if not isinstance(schema, dict):
        return set()
    counted = budget()
    counted.enter()
    try:
        counted.spend(1 + len(schema) + len(instance))
        own = _own_names(schema, instance) if isinstance(instance, dict) else _own_places(validator, schema, instance)
        for reference in ("$ref", "$dynamicRef", "$recursiveRef"):
            if isinstance(schema.get(reference), str):
                if reference == "$recursiveRef":
                    found = specifications.lookup_recursive_ref(validator._resolver)
                else:
                    found = look_up(validator, schema[reference])
                own |= _evaluated(validator.evolve(_resolver=found.resolver), instance, found.contents)
        for part in _in_place(validator, schema, instance):
            own |= _evaluated(validator, instance, part)
        return own
    finally:
        counted.leave()


def _in_place(validator: Any, schema: Any, instance: Any) -> Iterator[Any]:
    """The parts of a schema that apply to the very same value and fit it."""
    for keyword in ("allOf", "anyOf", "oneOf"):
        yield from (part for part in schema.get(keyword, ()) if fits(validator, instance, part))
    if "if" in schema:
        if fits(validator, instance, schema["if"]):
            yield schema["if"]
            yield schema.get("then")
        else:
            yield schema.get("else")
    for name, part in schema.get("dependentSchemas", {}).items():
        if isinstance(instance, dict) and name in instance:
            yield part


def _own_names(schema: Any, instance: dict[Any, Any]) -> set[Any]:
    if schema.get("additionalProperties") is not None or schema.get("unevaluatedProperties") is not None:
        return set(instance)
    return set(instance) - set(extras_of(instance, schema))


def _own_places(validator: Any, schema: Any, instance: list[Any]) -> set[Any]:
    items, everything = schema.get("items"), set(range(len(instance)))
    if isinstance(items, (dict, bool)) or schema.get("unevaluatedItems") is not None:
        return everything
    if isinstance(items, list) and "additionalItems" in schema:
        return everything
    first = len(items) if isinstance(items, list) else len(schema.get("prefixItems", ()))
    places = set(range(min(first, len(instance))))
    if "contains" in schema and validator.specification is specifications.DRAFT202012:
        places |= {at for at, item in enumerate(instance) if fits(validator, item, schema["contains"])}
    return places


KEYWORDS = {"unevaluatedProperties": unevaluated_properties, "unevaluatedItems": unevaluated_items}
