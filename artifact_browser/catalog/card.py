"""A card: what the gallery shows of one artifact, made from an index entry or from its manifest.

Everything in it comes from strangers, so everything is cut and turned into text here, once.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from artifact_browser.catalog.collection_text import ENTRY_ID
from artifact_browser.catalog.layout import COLLECTION_TYPE, Place

#: What an index entry remembers of the manifest it was made from, so that a LIST shows whether it is stale.
ENTRY_ETAG = "_etag"
_MAX_TITLE = 200
_MAX_DESCRIPTION = 400
_MAX_TAGS = 12
_MAX_COVERS = 8
_MAX_WORD = 64
_MAX_PATH = 1024


class Status(StrEnum):
    COMMITTED = "committed"
    STAGED = "staged"
    STAGED_EDIT = "staged edit"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Card:
    """One artifact or collection.

    :ivar prefix: the key prefix, with its slash; :ivar id: the folder's name (``_id``)
    :ivar error: why the manifest is broken, with line and column
    :ivar modified_us: of the manifest; 0 while only the index was read
    """

    prefix: str
    id: str
    title: str
    description: str = ""
    tags: tuple[str, ...] = ()
    type: str = ""
    status: Status = Status.COMMITTED
    covers: tuple[str, ...] = ()
    icon: str = ""
    version: str = ""
    error: str = ""
    modified_us: int = 0


def card_of(place: Place, fields: Mapping[Any, Any], status: Status, modified_us: int = 0) -> Card:
    """The card of a manifest's (or an index entry's) fields.

    Words that many cards have are one object each: with 10,000 cards that is megabytes, here and, a batch being pickled
    in one, in the window.
    """
    return Card(
        prefix=place.prefix,
        id=place.name,
        title=_text(fields.get("name"), _MAX_TITLE) or _text(fields.get("id"), _MAX_TITLE) or place.name,
        description=_text(fields.get("description"), _MAX_DESCRIPTION),
        tags=_words(fields.get("tags"), _MAX_TAGS, _MAX_WORD),
        type=sys.intern(_text(fields.get("type"), _MAX_WORD).lower()),
        status=status,
        covers=_words(fields.get("covers"), _MAX_COVERS, _MAX_PATH),
        icon=_text(fields.get("icon"), _MAX_PATH),
        version=sys.intern(_text(fields.get("version"), _MAX_WORD)),
        modified_us=modified_us,
    )


def broken_card(place: Place, error: str, modified_us: int = 0) -> Card:
    """The red card of a manifest that cannot be read."""
    return Card(
        place.prefix,
        place.name,
        place.name,
        status=Status.BROKEN,
        error=error[:_MAX_DESCRIPTION],
        modified_us=modified_us,
    )


def entry_of(name: str, fields: Mapping[Any, Any], summary_fields: list[str], etag: str) -> dict[str, Any]:
    """The entry a collection's index keeps of a child.

    A dotted field name walks into the manifest and stays dotted in the entry, as Hypha writes it; what is missing is
    left out.
    """
    entry: dict[str, Any] = {ENTRY_ID: name}
    for field in summary_fields:
        found, value = _lookup(fields, field)
        if found and field not in {ENTRY_ID, ENTRY_ETAG}:
            entry[field] = value
    if etag and fields.get("type") != COLLECTION_TYPE:  # a collection's ETag changes with every commit into it
        entry[ENTRY_ETAG] = etag
    return entry


def _lookup(fields: Mapping[Any, Any], name: str) -> tuple[bool, Any]:
    if name in fields:
        return True, fields[name]
    value: Any = fields
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return False, None
        value = value[part]
    return True, value


def _text(value: object, most: int) -> str:
    if value is None or isinstance(value, Mapping | list):
        return ""
    return " ".join(str(value)[: most * 2].split())[:most]


def _words(value: object, most: int, longest: int) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    words = (_text(item, longest) for item in listed[: most * 4])
    return tuple(sys.intern(word) for word in words if word)[:most]
