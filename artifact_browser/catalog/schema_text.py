"""A collection's schema as text (YAML, or JSON, which is YAML too): reading, checking, and saving it as a staged edit."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from artifact_browser.catalog.card_text import TextProblem, placed, save_edit, unreadable
from artifact_browser.catalog.children import Child, scan_children
from artifact_browser.catalog.collection_text import flow_mapping
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import Manifest, Pause, read_manifest
from artifact_browser.catalog.schema import (
    SCHEMA_KEY,
    SchemaProblem,
    WantedField,
    check_by_text,
    choices_of,
    find_schema_faults,
    parent_schema,
    schema_of,
    wanted_fields,
)
from artifact_browser.catalog.schema import (
    schema_text as schema_json,
)
from artifact_browser.catalog.staging import read_artifact
from artifact_browser.catalog.yaml_text import dump_mapping, parse_mapping
from artifact_browser.errors import BlobNotFound, CommitConflict, ManifestUnreadable, SchemaUnusable
from artifact_browser.storage.driver import Driver

_READERS = 8
_BATCH = 64
#: Children told by name; all are counted.
MAX_TOLD = 1000
_MAX_SENTENCES = 3


@dataclass(frozen=True, slots=True)
class SchemaText:
    """A collection's schema to edit. :ivar text: empty: there is none. :ivar staged: it differs from what is committed"""

    title: str
    text: str
    staged: bool = False


@dataclass(frozen=True, slots=True)
class SchemaTextCheck:
    """:ivar problems: why the text cannot be saved as a schema; :ivar required: the fields it will require"""

    problems: tuple[TextProblem, ...] = ()
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a collection's schema asks of a new child. :ivar types: the only types allowed; empty: any"""

    fields: tuple[WantedField, ...] = ()
    types: tuple[str, ...] = ()
    faults: tuple[SchemaProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class UnfitChild:
    """A child that would not pass. :ivar problems: how many; :ivar sentences: the first of them"""

    prefix: str
    name: str
    problems: int
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChildrenChecked:
    """How far a check of children has come. :ivar unfit: found since the last time"""

    done: int
    total: int
    unfit_total: int
    unfit: tuple[UnfitChild, ...] = ()


def open_schema(driver: Driver, place: Place) -> SchemaText:
    """The schema of the collection at ``place``, the staged one where there is a staged manifest.

    :raises BlobNotFound: there is no collection; :raises ManifestUnreadable:
    """
    state = read_artifact(driver, place)
    base = state.staged or state.committed
    if base is None or not base.is_collection:
        raise BlobNotFound("There is no collection here.", subject=f"{place.bucket}/{place.prefix}")
    text = _text_of(base)
    staged = state.committed is not None and state.staged is not None and _text_of(state.committed) != text
    return SchemaText(str(base.fields.get("name") or place.name)[:200], text, staged)


def check_schema_text(text: str) -> SchemaTextCheck:
    """What is wrong with a schema that is being typed; an empty text is no schema, and fine."""
    if not text.strip():
        return SchemaTextCheck()
    try:
        schema = parse_mapping(text.encode("utf-8", "surrogatepass"))
    except ManifestUnreadable as error:
        return SchemaTextCheck((unreadable(error, text),))
    faults = find_schema_faults(schema)
    return SchemaTextCheck(tuple(placed(text, faults)), tuple(field.name for field in wanted_fields(schema)))


def save_schema(driver: Driver, place: Place, text: str, base_text: str, pause: Pause = time.sleep) -> bool:
    """Make ``text`` the schema in the collection's staged manifest, if it still reads ``base_text``; empty removes it.

    :returns: whether anything was written
    :raises CommitConflict: somebody changed the schema meanwhile; nothing was overwritten
    :raises SchemaUnusable: the text is no schema; :raises ManifestUnreadable:
    """
    schema = parse_mapping(text.encode("utf-8", "surrogatepass")) if text.strip() else {}
    faults = find_schema_faults(schema)
    if faults:
        raise SchemaUnusable(faults[0].sentence, subject=faults[0].pointer)
    wanted = dump_mapping(schema)

    def look(base: Manifest) -> bool:
        now = _text_of(base)
        if now == wanted:
            return False
        if now != base_text:
            raise CommitConflict(
                "Somebody changed the schema meanwhile.",
                subject=f"{place.bucket}/{place.prefix}",
                kept="Nothing was overwritten, and your text is still here.",
                todo="Look at what they wrote, or save yours in its place.",
            )
        return True

    def change(fields: dict[Any, Any]) -> None:
        if schema:
            fields[SCHEMA_KEY] = schema
        else:
            fields.pop(SCHEMA_KEY, None)

    return save_edit(driver, place, look, change, pause)


def wanted_of(driver: Driver, collection: Place) -> Wanted:
    """What the committed schema of ``collection`` asks of a new child. One GET."""
    schema = parent_schema(driver, Place(collection.bucket, f"{collection.prefix}new/"))
    if schema is None:
        return Wanted()
    faults = find_schema_faults(schema)
    return Wanted(wanted_fields(schema), choices_of(schema, "type"), faults)


def check_children(
    driver: Driver, place: Place, text: str, check: Callable[[], None] = lambda: None
) -> Generator[ChildrenChecked, None, ChildrenChecked]:
    """Check every child of the collection at ``place`` by the schema ``text``: the committed manifest, else the staged.

    :param check: called before requests; may raise to stop
    :returns: the last state, with nothing in ``unfit``; :raises SchemaUnusable:
    """
    schema = parse_mapping(text.encode("utf-8", "surrogatepass"))
    faults = find_schema_faults(schema)
    if faults:
        raise SchemaUnusable(faults[0].sentence, subject=faults[0].pointer)
    rules = schema_json(schema)
    check()
    children = list(scan_children(driver, place, check).values())
    unfit_total = done = 0
    yield ChildrenChecked(0, len(children), 0)
    with ThreadPoolExecutor(_READERS, thread_name_prefix="manifests") as readers:
        for at in range(0, len(children), _BATCH):
            check()
            part = children[at : at + _BATCH]
            found = [
                one for one in readers.map(lambda child: _check_child(driver, place, child, rules, check), part) if one
            ]
            told = found[: max(0, MAX_TOLD - unfit_total)]
            unfit_total, done = unfit_total + len(found), done + len(part)
            yield ChildrenChecked(done, len(children), unfit_total, tuple(told))
    return ChildrenChecked(done, len(children), unfit_total)


def _check_child(
    driver: Driver, place: Place, child: Child, rules: str, check: Callable[[], None]
) -> UnfitChild | None:
    below = Place(place.bucket, f"{place.prefix}{child.name}/")
    key = below.committed_key if child.committed_etag else below.staged_key
    try:
        manifest = read_manifest(driver, place.bucket, key)
    except ManifestUnreadable as error:
        return UnfitChild(below.prefix, child.name, 1, (error.detail,))
    if manifest is None:
        return None
    found = check_by_text(rules, manifest.fields, check)
    if found.passed:
        return None
    lines = found.problems or found.faults
    return UnfitChild(below.prefix, child.name, len(lines), tuple(line.sentence for line in lines[:_MAX_SENTENCES]))


def _text_of(manifest: Manifest) -> str:
    schema = schema_of(manifest.fields)
    if isinstance(schema, Mapping):
        return dump_mapping(schema)
    return "" if schema is None else flow_mapping({"": schema})[5:-1]  # no schema at all, to be seen and removed
