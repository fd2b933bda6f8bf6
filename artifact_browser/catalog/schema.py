"""A collection's schema: what it asks of its children's manifests, all of it at once, each fault with its place.

``collection_schema`` in a collection's *committed* manifest (Hypha's field) is a JSON Schema: its draft by ``$schema``,
Draft 7 where it names none. Whoever may write the bucket wrote it, so it is checked as hostile: its size and depth are
bounded, expressions are RE2's, nothing is fetched, and a check costs a bounded number of steps. ``format`` is a note, as
it is to Hypha. Runs in a worker; ``jsonschema`` is imported at first use.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any, Protocol

from artifact_browser.catalog.files import FILES_KEY
from artifact_browser.catalog.layout import COLLECTION_TYPE, Place
from artifact_browser.catalog.lineage import LINEAGE_KEYS
from artifact_browser.catalog.manifest import OWN_KEYS, Manifest, read_manifest
from artifact_browser.catalog.schema_budget import MAX_PATTERNS, Budget, TooMuch
from artifact_browser.catalog.schema_patterns import BadPattern, find_pattern
from artifact_browser.catalog.schema_words import place_words, pointer_of, quoted
from artifact_browser.errors import AccessDenied, ManifestUnfit, ManifestUnreadable, SchemaUnusable
from artifact_browser.storage.driver import Driver

SCHEMA_KEY = "collection_schema"
MAX_SCHEMA_BYTES = 256 * 1024
MAX_SCHEMA_DEPTH = 48
#: Problems told in one check; there may be more.
MAX_PROBLEMS = 100
_WHOLE = "the manifest"
_LONGEST_CHOICE = 128
#: Keywords whose values are data, not schemas.
_DATA = frozenset({"const", "enum", "default", "examples", "example"})
#: Keywords whose values are mappings of names to schemas.
_NAMES = frozenset({"properties", "patternProperties", "definitions", "$defs", "dependencies", "dependentSchemas"})
#: Never checked: the catalog's own, and derived.
_NOT_CHECKED = OWN_KEYS | LINEAGE_KEYS
#: Nothing a person is asked for.
_KEPT = _NOT_CHECKED | {FILES_KEY}

Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """One fault in a sentence. :ivar pointer: its place as a JSON pointer; of what is missing, where it would be"""

    pointer: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SchemaCheck:
    """What a schema says of a manifest.

    :ivar problems: of the manifest, with places in it; :ivar more: there are more than were told
    :ivar faults: of the schema itself, with places in it: then nothing could be checked
    :ivar collection: ``bucket/prefix`` of the collection whose schema it is
    """

    problems: tuple[SchemaProblem, ...] = ()
    faults: tuple[SchemaProblem, ...] = ()
    more: bool = False
    collection: str = ""

    @property
    def passed(self) -> bool:
        return not (self.problems or self.faults)


#: Of what nothing is asked.
NOTHING_ASKED = SchemaCheck()


def check_fields(schema: object, fields: Mapping[Any, Any], check: Check = lambda: None) -> SchemaCheck:
    """Check a manifest's fields.

    :param check: called now and then; may raise to stop
    """
    faults, text = _prepare(schema)
    return SchemaCheck(faults=faults) if faults else check_by_text(text, fields, check)


def schema_text(schema: object) -> str:
    """A schema without faults as the JSON that :func:`check_by_text` takes: for checking many manifests by it."""
    return json.dumps(schema)


def check_by_text(text: str, fields: Mapping[Any, Any], check: Check = lambda: None) -> SchemaCheck:
    """As :func:`check_fields`, by :func:`schema_text`; the latest schemas are kept ready."""
    instance = {name: value for name, value in fields.items() if name not in _NOT_CHECKED}
    faults, validator = _compiled(text)
    if faults:
        return SchemaCheck(faults=faults)
    problems, fault = _run(validator, instance, check)
    if fault:
        return SchemaCheck(faults=(SchemaProblem("", fault),))
    return SchemaCheck(tuple(problems[:MAX_PROBLEMS]), more=len(problems) > MAX_PROBLEMS)


def find_schema_faults(schema: object) -> tuple[SchemaProblem, ...]:
    """Everything that is wrong with a schema itself; empty: it can be used."""
    faults, text = _prepare(schema)
    return faults or _compiled(text)[0]


def schema_of(fields: Mapping[Any, Any]) -> object | None:
    """The schema a collection's manifest carries; ``None``: none (also where the field is empty)."""
    found = fields.get(SCHEMA_KEY)
    return None if found is None or found == {} else found


def parent_collection(driver: Driver, place: Place) -> Manifest | None:
    """The collection that ``place`` is a child of. One GET.

    A collection whose manifest cannot be read or may not be is none here: its children are told by the index.
    """
    parent = place.parent
    if parent is None:
        return None
    try:
        manifest = read_manifest(driver, parent.bucket, parent.committed_key)
    except (ManifestUnreadable, AccessDenied):
        return None
    return manifest if manifest is not None and manifest.is_collection else None


def parent_schema(driver: Driver, place: Place) -> object | None:
    """The schema of the collection that ``place`` is a child of; ``None``: it asks for nothing. One GET."""
    collection = parent_collection(driver, place)
    return schema_of(collection.fields) if collection is not None else None


class HasFields(Protocol):
    """A manifest, or what is known of one."""

    @property
    def fields(self) -> dict[Any, Any]: ...


def check_artifact(
    place: Place, fields: Mapping[Any, Any], collection: HasFields | None, check: Check = lambda: None
) -> SchemaCheck:
    """Check ``fields`` as the manifest of ``place``: by its ``collection``'s schema, and a collection's own schema itself.

    :param collection: :func:`parent_collection`'s
    """
    problems: list[SchemaProblem] = []
    own = schema_of(fields) if fields.get("type") == COLLECTION_TYPE else None
    if own is not None:
        problems += [
            SchemaProblem(f"/{SCHEMA_KEY}{fault.pointer}", f"Its schema cannot be used: {fault.sentence}")
            for fault in find_schema_faults(own)
        ]
    schema = schema_of(collection.fields) if collection is not None else None
    found = check_fields(schema, fields, check) if schema is not None else NOTHING_ASKED
    where = f"{place.bucket}/{place.parent.prefix}" if collection is not None and place.parent else ""
    return SchemaCheck((*problems, *found.problems), found.faults, found.more, where)


def require_fit(
    place: Place, fields: Mapping[Any, Any], collection: HasFields | None, check: Check = lambda: None
) -> None:
    """Return if ``fields`` may be committed as the manifest of ``place``, a child of ``collection``.

    :raises ManifestUnfit: every problem, with its place; :raises SchemaUnusable: the collection's schema is broken
    """
    refuse_unfit(check_artifact(place, fields, collection, check))


def refuse_unfit(found: SchemaCheck) -> None:
    """:raises ManifestUnfit: :raises SchemaUnusable:"""
    if found.faults:
        raise SchemaUnusable(
            f"{_lines(found.faults)[0]} Nothing can be committed into this collection before it is mended.",
            subject="\n".join([found.collection, *_lines(found.faults)]),
            kept="Nothing was committed.",
        )
    if found.problems:
        count = f"{len(found.problems):,}{' or more' if found.more else ''}"
        raise ManifestUnfit(
            f"{count} thing{' does' if len(found.problems) == 1 else 's do'} not fit the collection\u2019s schema.",
            subject="\n".join(_lines(found.problems)),
            kept="Nothing was committed.",
        )


@dataclass(frozen=True, slots=True)
class WantedField:
    """A field that a schema requires of every child.

    :ivar type: JSON Schema's name of it, empty where it is open; :ivar choices: the only texts allowed
    """

    name: str
    type: str = ""
    choices: tuple[str, ...] = ()
    title: str = ""


def wanted_fields(schema: object) -> tuple[WantedField, ...]:
    """The fields a schema requires at its top, as far as they can be told without trying; not what the catalog keeps."""
    if not isinstance(schema, Mapping):
        return ()
    required, known = schema.get("required"), schema.get("properties")
    known = known if isinstance(known, Mapping) else {}
    names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    sound = [name for name in dict.fromkeys(names) if 0 < len(name) <= _LONGEST_CHOICE and name not in _KEPT]
    return tuple(_wanted(name, known.get(name)) for name in sound[:64])


def choices_of(schema: object, name: str) -> tuple[str, ...]:
    """The only texts a schema allows for the top field ``name``; empty: it is open."""
    known = schema.get("properties") if isinstance(schema, Mapping) else None
    return _wanted(name, known.get(name)).choices if isinstance(known, Mapping) else ()


def _wanted(name: str, part: object) -> WantedField:
    part = part if isinstance(part, Mapping) else {}
    kind, listed, title = part.get("type"), part.get("enum"), part.get("title")
    if "const" in part:
        listed = [part["const"]]
    listed = listed if isinstance(listed, list) else []
    choices = [value for value in listed if isinstance(value, str) and len(value) <= _LONGEST_CHOICE][:64]
    return WantedField(
        name, kind if isinstance(kind, str) else "", tuple(choices), title[:128] if isinstance(title, str) else ""
    )


# -- the schema itself --------------------------------------------------------------------------------------------
def _prepare(schema: object) -> tuple[tuple[SchemaProblem, ...], str]:
    """Faults that forbid to look any closer, and the schema as JSON."""
    if not isinstance(schema, Mapping | bool):
        return (SchemaProblem("", "A schema is a mapping (or true or false)."),), ""
    faults = list(_strangeness(schema, (), [MAX_SCHEMA_BYTES // 4]))
    if faults:
        return tuple(faults[:MAX_PROBLEMS]), ""
    text = json.dumps(schema)
    if len(text) > MAX_SCHEMA_BYTES:
        return (SchemaProblem("", f"It is larger than {MAX_SCHEMA_BYTES // 1024} KiB."),), ""
    return (), text


def _strangeness(value: object, path: tuple[str, ...], left: list[int]) -> Iterator[SchemaProblem]:
    """What JSON does not have, too deep or too much: the YAML parser's own bounds are wider."""
    left[0] -= 1
    if left[0] < 0 or len(path) > MAX_SCHEMA_DEPTH:
        if left[0] == -1 or len(path) > MAX_SCHEMA_DEPTH:
            yield SchemaProblem(pointer_of(path[:8]), "There is too much in it, or it is nested too deep.")
        left[0] = min(left[0], -2)
    elif isinstance(value, Mapping):
        for name, part in value.items():
            if not isinstance(name, str):
                yield SchemaProblem(pointer_of(path), f"A name in it is no text: {quoted(name)}. Put it in quotes.")
            else:
                yield from _strangeness(part, (*path, name), left)
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from _strangeness(part, (*path, str(at)), left)
    elif isinstance(value, date):
        yield SchemaProblem(pointer_of(path), f"YAML reads {value.isoformat()} as a date: put it in quotes.")
    elif value is not None and not isinstance(value, str | int | float):
        yield SchemaProblem(pointer_of(path), "JSON has no such value.")


@lru_cache(maxsize=8)
def _compiled(text: str) -> tuple[tuple[SchemaProblem, ...], Any]:
    """Faults of the schema ``text`` (JSON), or what checks by it."""
    from artifact_browser.catalog import schema_rules

    schema = json.loads(text)
    draft = schema_rules.draft_of(schema)
    if draft is None:
        return (SchemaProblem("/$schema", "Draft 3 is not known here; Draft 4 and later are."),), None
    problems, fault = _run(schema_rules.meta_of(draft), schema, lambda: None, "the schema")
    faults = [SchemaProblem("", fault)] if fault else problems
    faults += islice(_bad_parts(schema), MAX_PROBLEMS)
    _make_dependencies_alike(schema)
    try:
        return tuple(faults[:MAX_PROBLEMS]), None if faults else schema_rules.ready(
            schema_rules.rules_for(draft), schema
        )
    except (TypeError, ValueError, AttributeError) as error:  # an id that is no address
        return (SchemaProblem("", f"A name in it cannot be used: {str(error)[:200]}."),), None


def _bad_parts(schema: Any) -> Iterator[SchemaProblem]:
    """Expressions that RE2 does not know, references that lead outside or nowhere."""
    nested_ids = any(name in {"$id", "id"} and path for path, name, value in _texts(schema) if value)
    base = schema.get("$id", schema.get("id", "")) if isinstance(schema, dict) else ""
    patterns: set[str] = set()
    for path, name, value in _texts(schema):
        place = pointer_of((*path, name))
        if name in {"$ref", "$dynamicRef"}:
            if not value.startswith("#"):
                if not nested_ids and not _is_own(value, str(base)) and not _is_draft(value):
                    yield SchemaProblem(
                        place, f"{quoted(value)} lies outside of this schema: nothing is fetched for it."
                    )
            elif value.startswith("#/") and not nested_ids and not _leads_somewhere(schema, value):
                yield SchemaProblem(place, f"There is no {quoted(value)} in this schema.")
        elif name == "pattern" or (path and path[-1] == "patternProperties"):
            expression = value if name == "pattern" else name
            patterns.add(expression)
            if len(patterns) > MAX_PATTERNS:
                yield SchemaProblem(place, f"There are more than {MAX_PATTERNS:,} expressions in it.")
                return
            try:
                find_pattern(expression)
            except BadPattern as why:
                yield SchemaProblem(place, f"The expression {quoted(expression)} cannot be used: {why}.")


def _texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """``(path, name, text)`` of every text in a mapping of the schema; of an expression's schema, its name."""
    if isinstance(value, dict):
        for name, part in value.items():
            if isinstance(part, str):
                yield path, name, part
            elif path and path[-1] == "patternProperties":
                yield path, name, ""
            if name not in _DATA or (path and path[-1] == "properties"):
                yield from _texts(part, (*path, name))
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from _texts(part, (*path, str(at)))


def _make_dependencies_alike(schema: Any, *, names: bool = False) -> None:
    """Write ``dependencies`` that mix lists and schemas as schemas only: who looks for names in them expects one kind.

    :param names: ``schema`` is a mapping of names to schemas, and none itself
    """
    if isinstance(schema, list):
        for part in schema:
            _make_dependencies_alike(part)
    if not isinstance(schema, dict):
        return
    for name, part in schema.items():
        if names:
            _make_dependencies_alike(part)
        elif name not in _DATA:
            if (
                name == "dependencies"
                and isinstance(part, dict)
                and len({isinstance(one, list) for one in part.values()}) > 1
            ):
                schema[name] = part = {
                    key: {"required": one} if isinstance(one, list) else one for key, one in part.items()
                }
            _make_dependencies_alike(part, names=name in _NAMES and isinstance(part, dict))


def _is_own(reference: str, base: str) -> bool:
    from urllib.parse import urldefrag, urljoin

    try:
        return bool(base) and urldefrag(urljoin(base, reference))[0] == urldefrag(base)[0]
    except ValueError:  # no address at all
        return False


def _is_draft(reference: str) -> bool:
    return reference.startswith(("http://json-schema.org/draft-", "https://json-schema.org/draft/"))


def _leads_somewhere(schema: Any, reference: str) -> bool:
    from urllib.parse import unquote

    at = schema
    for part in unquote(reference[2:]).split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(at, list) and name.isdecimal() and len(name) < 8 and int(name) < len(at):
            at = at[int(name)]
        elif isinstance(at, dict) and name in at:
            at = at[name]
        else:
            return False
    return True


# -- running ------------------------------------------------------------------------------------------------------
def _run(validator: Any, instance: Any, check: Check, whole: str = _WHOLE) -> tuple[list[SchemaProblem], str]:
    """Problems, what is missing first (one more than :data:`MAX_PROBLEMS` at most), or why the schema could not be used."""
    from referencing.exceptions import Unresolvable

    from artifact_browser.catalog import schema_rules

    try:
        errors = schema_rules.errors_of(validator, instance, Budget(check), MAX_PROBLEMS + 1)
    except TooMuch as why:
        return [], f"It cannot be checked by: {why}."
    except RecursionError:
        return [], "It cannot be checked by: its references go in a circle."
    except BadPattern as why:
        return [], f"An expression in it cannot be used: {why}."
    except Unresolvable as error:
        return [], f"{quoted(str(error.ref))} is not in this schema: nothing is fetched for it."
    except (TypeError, ValueError, AttributeError, KeyError, ArithmeticError) as error:
        # the draft's own schema was passed: only a reference to what is no schema leads here
        return [], f"A part that is referred to is no schema ({type(error).__name__})."
    found = [
        SchemaProblem(pointer_of(error.path), f"{_upper(place_words(error.path, whole))} {error.message}.")
        for error in sorted(errors, key=lambda error: error.validator != "required")
    ]
    return list(dict.fromkeys(found)), ""


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lines(problems: Sequence[SchemaProblem]) -> list[str]:
    return [f"{problem.pointer or '/'}: {problem.sentence}" for problem in problems]
