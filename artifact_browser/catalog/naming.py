"""An artifact's name and this version's partitions as a form holds them: texts, what is wrong with each, and back.

They are fields of the manifest (:mod:`artifact_name`, :mod:`partitions`): written with the card, published by the commit.
Only what a person changed is put back, so what a form does not know stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from artifact_browser.catalog.artifact_name import DEFAULT_DOMAIN, IDENTITY_KEY, ArtifactName, check_component
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.partitions import (
    MAX_KEYS,
    PARTITIONS_KEY,
    TIME_KEY,
    DeclaredKeys,
    Granularity,
    Partitions,
    TimePartition,
    check_key,
    check_value,
    parse_time,
    read_partitions,
    read_time,
    time_fields,
)
from artifact_browser.catalog.schema import SchemaProblem
from artifact_browser.errors import InputError

#: The manifest's keys that this form is about.
NAMING_KEYS = (IDENTITY_KEY, PARTITIONS_KEY, TIME_KEY)
_PARTS = ("project", "domain", "name")


@dataclass(frozen=True, slots=True)
class Naming:
    """What the form says. Empty parts of a name: the default; ``granularity`` empty: there is no time.

    :ivar partitions: rows; one of which both are empty is none
    """

    project: str = ""
    domain: str = ""
    name: str = ""
    partitions: tuple[tuple[str, str], ...] = ()
    granularity: str = ""
    time: str = ""
    time_key: str = ""

    def full_name(self, project: str, name: str) -> ArtifactName:
        """With the defaults for what is empty. :raises InputError:"""
        return ArtifactName(self.project or project, self.domain or DEFAULT_DOMAIN, self.name or name)

    def time_partition(self) -> TimePartition | None:
        """:raises InputError: it is no time"""
        if not self.granularity:
            return None
        if not self.time.strip():
            raise InputError("The time is missing.", todo="Write it like 2026-08-01.")
        return TimePartition(parse_time(self.time), Granularity(self.granularity), self.time_key)

    def read(self) -> Partitions:
        """:raises InputError: they break the rules"""
        return Partitions(tuple(row for row in self.partitions if any(row)), self.time_partition())

    @property
    def says_something(self) -> bool:
        """Whether a commit of it would be published."""
        return any((self.project, self.domain, self.name, self.granularity, *map(any, self.partitions)))


def naming_of(fields: Mapping[Any, Any]) -> Naming | None:
    """What a manifest says; ``None``: not in a shape that a form can show."""
    said, texts, time = (fields.get(key) for key in NAMING_KEYS)
    said, texts = {} if said is None else said, {} if texts is None else texts
    if not isinstance(said, Mapping) or not isinstance(texts, Mapping) or len(texts) > MAX_KEYS:
        return None
    parts = [said.get(part, "") for part in _PARTS]
    rows = [(key, str(value) if _is_plain(value) else value) for key, value in texts.items()]
    if not all(_is_line(text) for text in (*parts, *(text for row in rows for text in row))):
        return None
    try:
        moment = None if time is None else read_time(time)
    except InputError:
        return None
    if moment is None:
        return Naming(parts[0], parts[1], parts[2], tuple(rows))
    return Naming(parts[0], parts[1], parts[2], tuple(rows), moment.granularity.value, moment.text, moment.key)


def apply_naming(fields: dict[Any, Any], naming: Naming) -> None:
    """Put what was changed into ``fields``. :raises InputError: it breaks the rules: :func:`faults_of` says where"""
    before = naming_of(fields) or Naming()
    said = fields.get(IDENTITY_KEY)
    identity = dict(said) if isinstance(said, Mapping) else {}
    for part in _PARTS:
        text = getattr(naming, part)
        if text != getattr(before, part):
            identity[part] = text
            if not text:
                del identity[part]
    _put(fields, IDENTITY_KEY, identity)
    found = naming.read()
    rows = tuple(row for row in naming.partitions if any(row))
    if rows != before.partitions:
        _put(fields, PARTITIONS_KEY, dict(rows))
    own = (naming.granularity, naming.time, naming.time_key)
    if own != (before.granularity, before.time, before.time_key):
        _put(fields, TIME_KEY, time_fields(found.time) if found.time else {})


def faults_of(naming: Naming) -> dict[str, str]:
    """What is wrong, a sentence for each field: ``project``, ``key/0``, ``value/0``, ``time``, ``time_key`` ..."""
    faults: dict[str, str] = {}
    for part in _PARTS:
        if text := getattr(naming, part):
            _look(faults, part, partial(check_component, text, part))
    if naming.name:
        _look(faults, "name", partial(ArtifactName, "p", "d", naming.name))
    seen: set[str] = set()
    rows = [(at, key, value) for at, (key, value) in enumerate(naming.partitions) if key or value]
    for number, (at, key, value) in enumerate(rows, 1):
        _look(faults, f"key/{at}", partial(check_key, key))
        _look(faults, f"value/{at}", partial(check_value, key, value))
        if key in seen:
            faults.setdefault(f"key/{at}", "This key is there twice.")
        if number > MAX_KEYS:
            faults.setdefault(f"key/{at}", f"There are at most {MAX_KEYS} partitions.")
        seen.add(key)
    if naming.granularity:
        _look_at_time(faults, naming, seen)
    return faults


def _look_at_time(faults: dict[str, str], naming: Naming, taken: set[str]) -> None:
    if naming.time_key:
        _look(faults, "time_key", partial(check_key, naming.time_key))
    _look(faults, "time", Naming(granularity=naming.granularity, time=naming.time).time_partition)
    if "time" in faults or "time_key" in faults:
        return
    moment = naming.time_partition()
    if moment is not None and moment.key in taken:
        faults["time_key"] = f"\u201c{moment.key}\u201d is a partition\u2019s key already."


def _look(faults: dict[str, str], field: str, check: Callable[[], object]) -> None:
    try:
        check()
    except InputError as error:
        faults.setdefault(field, f"{error.detail} {error.todo}".strip())


def hints_of(fields: Mapping[Any, Any]) -> list[SchemaProblem]:
    """What keeps a typed manifest from being found by name or partitions; nothing forbids it."""
    hints = []
    said = fields.get(IDENTITY_KEY, {})
    if not isinstance(said, Mapping) or not all(isinstance(said.get(part, ""), str) for part in _PARTS):
        hints.append(SchemaProblem(f"/{IDENTITY_KEY}", f"\u201c{IDENTITY_KEY}\u201d is no mapping of texts."))
    else:
        faults = faults_of(Naming(*(said.get(part, "") for part in _PARTS)))
        hints += [SchemaProblem(f"/{IDENTITY_KEY}", sentence) for sentence in list(faults.values())[:1]]
    try:
        read_partitions(fields)
    except InputError as error:
        key = TIME_KEY if fields.get(PARTITIONS_KEY) is None else PARTITIONS_KEY
        hints.append(SchemaProblem(f"/{key}", f"Its partitions cannot be used. {error.detail}"))
    return hints


def declared_words(declared: DeclaredKeys) -> str:
    """``region, date (day)``."""
    time = [f"{declared.time_key} ({declared.granularity.lower()})"] if declared.time_key else []
    return ", ".join([*declared.keys, *time]) or "no partitions"


def default_project(place: Place, collection: Mapping[Any, Any] | None) -> str:
    """The project of an artifact that names none, from its collection's fields; it may be one that cannot be used."""
    name = collection.get("name") if collection is not None else None
    if isinstance(name, str) and name:
        return name
    return place.parent.name if place.parent else place.bucket


def _put(fields: dict[Any, Any], key: str, value: dict[str, Any]) -> None:
    if value:
        fields[key] = value
    else:
        fields.pop(key, None)


def _is_plain(value: object) -> bool:
    return isinstance(value, bool | float) or (isinstance(value, int) and value.bit_length() <= 256)


def _is_line(text: object) -> bool:
    return isinstance(text, str) and len(text) <= 1000 and len(text.splitlines()) <= 1
