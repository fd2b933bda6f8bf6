"""The keywords of JSON Schema that say something of a value: each yields what is wrong as a predicate, in bounded steps.

Each is called as ``jsonschema`` calls them: ``(validator, the keyword's value, instance, schema)``. Imported by
:mod:`schema_rules` only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from itertools import islice
from typing import Any

from jsonschema.exceptions import ValidationError
from referencing import jsonschema as specifications

from artifact_browser.catalog.schema_budget import budget
from artifact_browser.catalog.schema_patterns import find_pattern
from artifact_browser.catalog.schema_words import kind_of, place_words, quoted, shown_list, types_in_words

_BRANCH_ERRORS = 4

Errors = Iterator[ValidationError]


def fits(validator: Any, instance: Any, schema: Any) -> bool:
    return next(validator.descend(instance, schema), None) is None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(one: Any, other: Any) -> bool:
    """Equality as JSON has it: ``true`` is not 1, ``1.0`` is."""
    if isinstance(one, list) and isinstance(other, list):
        budget().spend(1 + min(len(one), len(other)))
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        budget().spend(1 + min(len(one), len(other)))
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


# -- values -----------------------------------------------------------------------------------------------------
def _type(validator: Any, types: Any, instance: Any, _schema: Any) -> Errors:
    wanted = [types] if isinstance(types, str) else types
    if any(validator.is_type(instance, name) for name in wanted):
        return
    hint = ""
    if "string" in wanted:
        if isinstance(instance, date):
            hint = f" (YAML reads {instance.isoformat()} as a date: put it in quotes to make it text)"
        elif isinstance(instance, bool):
            hint = " (YAML reads yes, no, on and off so: put it in quotes to make it text)"
        elif _is_number(instance):
            hint = " (put it in quotes to make it text)"
    yield ValidationError(
        f"must be {types_in_words(wanted)}, not {kind_of(instance)}{hint}", validator="type", validator_value=wanted
    )


def _enum(_validator: Any, values: Any, instance: Any, _schema: Any) -> Errors:
    if not any(same(value, instance) for value in values):
        hint = " (YAML reads it as a date: put it in quotes)" if isinstance(instance, date) else ""
        yield ValidationError(f"must be one of {shown_list(values)}{hint}")


def _const(_validator: Any, value: Any, instance: Any, _schema: Any) -> Errors:
    if not same(value, instance):
        yield ValidationError(f"must be {quoted(value)}")


def _limit(holds: Callable[[Any, Any], bool], words: str) -> Any:
    def rule(_validator: Any, limit: Any, instance: Any, _schema: Any) -> Errors:
        if _is_number(instance) and not holds(instance, limit):
            yield ValidationError(f"must be {words} {limit}")

    return rule


_at_least = _limit(lambda value, limit: value >= limit, "at least")
_at_most = _limit(lambda value, limit: value <= limit, "at most")
_more_than = _limit(lambda value, limit: value > limit, "more than")
_less_than = _limit(lambda value, limit: value < limit, "less than")


def _minimum_4(validator: Any, limit: Any, instance: Any, schema: Any) -> Errors:
    yield from (_more_than if schema.get("exclusiveMinimum") is True else _at_least)(validator, limit, instance, schema)


def _maximum_4(validator: Any, limit: Any, instance: Any, schema: Any) -> Errors:
    yield from (_less_than if schema.get("exclusiveMaximum") is True else _at_most)(validator, limit, instance, schema)


def _multiple_of(_validator: Any, step: Any, instance: Any, _schema: Any) -> Errors:
    if _is_number(instance) and not _divides(step, instance):
        yield ValidationError(f"must be a multiple of {step}")


def _divides(step: Any, number: Any) -> bool:
    """As written: 0.0075 is a multiple of 0.0001, though their nearest binary fractions are not."""
    try:
        return (Fraction(str(number)) / Fraction(str(step))).denominator == 1
    except ValueError:  # infinite, or not a number
        return False


def _pattern(_validator: Any, pattern: Any, instance: Any, _schema: Any) -> Errors:
    if isinstance(instance, str) and not _matches(pattern, instance):
        yield ValidationError(f"must match the expression {quoted(pattern)}")


def _matches(pattern: str, text: str) -> bool:
    counted = budget()
    counted.use_pattern(pattern)
    found = find_pattern(pattern)
    counted.spend(3 + len(text) * found.size // 500)  # as long as RE2 takes at worst: letters by instructions
    return found.search(text)


def _size(kind: type, holds: Callable[[int, Any], bool], words: str, unit: str, units: str) -> Any:
    def rule(_validator: Any, limit: Any, instance: Any, _schema: Any) -> Errors:
        if isinstance(instance, kind) and not holds(len(instance), limit):  # type: ignore[arg-type]
            if limit == 1 and words == "at least":
                yield ValidationError("must not be empty")
            else:
                yield ValidationError(f"must have {words} {limit:,} {unit if limit == 1 else units}")

    return rule


def _no_fewer(size: int, limit: Any) -> bool:
    return bool(size >= limit)


def _no_more(size: int, limit: Any) -> bool:
    return bool(size <= limit)


# -- mappings ---------------------------------------------------------------------------------------------------
def _required(_validator: Any, names: Any, instance: Any, _schema: Any) -> Errors:
    if isinstance(instance, dict):
        for name in names:
            if name not in instance:
                yield ValidationError("is missing", validator="required", path=(name,))


def _dependent_required(validator: Any, table: Any, instance: Any, _schema: Any) -> Errors:
    if not isinstance(instance, dict):
        return
    for name, needed in table.items():
        if name not in instance:
            continue
        if isinstance(needed, list):
            for other in needed:
                if other not in instance:
                    yield ValidationError(f"is missing: it belongs to {quoted(name)}", path=(other,))
        else:
            yield from validator.descend(instance, needed)


def _pattern_properties(validator: Any, table: Any, instance: Any, _schema: Any) -> Errors:
    if isinstance(instance, dict):
        for pattern, schema in table.items():
            for name, value in instance.items():
                if _matches(pattern, str(name)):
                    yield from validator.descend(value, schema, path=str(name))


def extras_of(instance: dict[Any, Any], schema: Any) -> Iterator[Any]:
    known, patterns = schema.get("properties", {}), list(schema.get("patternProperties", {}))
    for name in instance:
        if name not in known and not any(_matches(pattern, str(name)) for pattern in patterns):
            yield name


def _additional_properties(validator: Any, rest: Any, instance: Any, schema: Any) -> Errors:
    if isinstance(instance, dict) and rest is not True:
        budget().spend(len(instance))
        for name in extras_of(instance, schema):
            if rest is False:
                yield ValidationError("is a field that the schema does not know", path=(str(name),))
            else:
                yield from validator.descend(instance[name], rest, path=str(name))


def _property_names(validator: Any, schema: Any, instance: Any, _schema: Any) -> Errors:
    if isinstance(instance, dict):
        for name in instance:
            error = next(validator.descend(str(name), schema), None)
            if error is not None:
                yield ValidationError(f"is not allowed as a name: it {error.message}", path=(str(name),))


# -- lists ------------------------------------------------------------------------------------------------------
def _items(validator: Any, schema: Any, instance: Any, whole: Any) -> Errors:
    if isinstance(instance, list):
        for at in range(len(whole.get("prefixItems", ())), len(instance)):
            yield from validator.descend(instance[at], schema, path=at)


def _additional_items(validator: Any, rest: Any, instance: Any, schema: Any) -> Errors:
    first = schema.get("items")
    if isinstance(instance, list) and isinstance(first, list):
        for at in range(len(first), len(instance)):
            yield from validator.descend(instance[at], rest, path=at)


def _unique_items(_validator: Any, wanted: Any, instance: Any, _schema: Any) -> Errors:
    if not wanted or not isinstance(instance, list):
        return
    seen: dict[str, int] = {}
    for at, item in enumerate(instance):
        key = json.dumps(_plain(item), sort_keys=True, default=repr)
        before = seen.setdefault(key, at)
        if before != at:
            yield ValidationError(f"is the same as entry {before + 1}", path=(at,))


def _plain(value: Any) -> Any:
    """``value`` with the numbers that JSON takes for equal written alike."""
    budget().spend(5)
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _contains(validator: Any, schema: Any, instance: Any, whole: Any) -> Errors:
    if not isinstance(instance, list):
        return
    counted = validator.specification in {specifications.DRAFT201909, specifications.DRAFT202012}
    least = whole.get("minContains", 1) if counted else 1
    most = whole.get("maxContains") if counted else None
    found = sum(fits(validator, item, schema) for item in instance)
    if found < least:
        yield ValidationError(f"must have at least {least:,} fitting entr{'y' if least == 1 else 'ies'}")
    elif most is not None and found > most:
        yield ValidationError(f"must have at most {most:,} fitting entr{'y' if most == 1 else 'ies'}")


# -- choices ----------------------------------------------------------------------------------------------------
def _any_of(validator: Any, branches: Any, instance: Any, _schema: Any) -> Errors:
    found = []
    for branch in branches:
        errors = list(islice(validator.descend(instance, branch), _BRANCH_ERRORS))
        if not errors:
            return
        found.append(errors)
    yield from _none_fits(found, instance)


def _one_of(validator: Any, branches: Any, instance: Any, _schema: Any) -> Errors:
    found = []
    fitting = []
    for number, branch in enumerate(branches, 1):
        errors = list(islice(validator.descend(instance, branch), _BRANCH_ERRORS))
        if errors:
            found.append(errors)
        else:
            fitting.append(number)
    if not fitting:
        yield from _none_fits(found, instance)
    elif len(fitting) > 1:
        yield ValidationError(f"fits forms {fitting[0]} and {fitting[1]} of the schema, and may fit only one")


def _none_fits(found: Sequence[list[ValidationError]], instance: Any) -> Errors:
    """Of several forms the one that was meant, where its kind tells; else the closest, and that there are more."""
    meant = [errors for errors in found if not _is_other_kind(errors)]
    if not meant:
        kinds = [name for errors in found for name in errors[0].validator_value]
        yield ValidationError(f"must be {types_in_words(kinds)}, not {kind_of(instance)}")
    elif len(meant) == 1:
        yield from meant[0]
    else:
        closest = min(meant, key=len)[0]
        where = f"{place_words(closest.path, '')} " if closest.path else "it "
        yield ValidationError(
            f"fits none of the {len(found)} forms the schema allows; in the closest {where}{closest.message}"
        )


def _is_other_kind(errors: Sequence[ValidationError]) -> bool:
    return len(errors) == 1 and errors[0].validator == "type" and not errors[0].path


def _not(validator: Any, schema: Any, instance: Any, _schema: Any) -> Errors:
    if fits(validator, instance, schema):
        yield ValidationError("has a form that the schema excludes")


def _if(validator: Any, condition: Any, instance: Any, schema: Any) -> Errors:
    branch = schema.get("then" if fits(validator, instance, condition) else "else", True)
    yield from validator.descend(instance, branch)


# -- references -------------------------------------------------------------------------------------------------
def _ref(validator: Any, reference: Any, instance: Any, _schema: Any) -> Errors:
    resolved = look_up(validator, reference)
    yield from validator.descend(instance, resolved.contents, resolver=resolved.resolver)


def _recursive_ref(validator: Any, _reference: Any, instance: Any, _schema: Any) -> Errors:
    resolved = specifications.lookup_recursive_ref(validator._resolver)
    yield from validator.descend(instance, resolved.contents, resolver=resolved.resolver)


def look_up(validator: Any, reference: str) -> Any:
    plain = reference.startswith("#/") or reference == "#"
    budget().spend(1 + len(reference) if plain else 20)
    return validator._resolver.lookup(reference)


KEYWORDS: dict[str, Any] = {
    "type": _type, "enum": _enum, "const": _const,
    "minimum": _at_least, "maximum": _at_most, "exclusiveMinimum": _more_than, "exclusiveMaximum": _less_than,
    "multipleOf": _multiple_of, "pattern": _pattern, "format": lambda *_: (),
    "minLength": _size(str, _no_fewer, "at least", "character", "characters"),
    "maxLength": _size(str, _no_more, "at most", "character", "characters"),
    "minItems": _size(list, _no_fewer, "at least", "entry", "entries"),
    "maxItems": _size(list, _no_more, "at most", "entry", "entries"),
    "minProperties": _size(dict, _no_fewer, "at least", "field", "fields"),
    "maxProperties": _size(dict, _no_more, "at most", "field", "fields"),
    "required": _required, "dependencies": _dependent_required, "dependentRequired": _dependent_required,
    "patternProperties": _pattern_properties, "additionalProperties": _additional_properties,
    "propertyNames": _property_names, "additionalItems": _additional_items, "uniqueItems": _unique_items,
    "contains": _contains, "anyOf": _any_of, "oneOf": _one_of, "not": _not, "if": _if,
    "$ref": _ref, "$dynamicRef": _ref, "$recursiveRef": _recursive_ref,
}  # fmt: skip
#: Where Draft 4 says something else.
KEYWORDS_4 = {"minimum": _minimum_4, "maximum": _maximum_4}
#: Where 2020-12 says something else.
KEYWORDS_2020 = {"items": _items}
