"""The fields of a card that a form knows, as texts and back; everything else in a manifest is left as it is.

A form holds one text a field. Only what a person changed is put back, so a value that a form cannot show (``None``) or
that nobody touched keeps its kind, its order and its unknown keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class Shape(StrEnum):
    """How a field's text stands for its value."""

    LINE = "line"
    #: a text of several lines
    PARAGRAPH = "paragraph"
    #: a list of texts, separated by commas
    WORDS = "words"
    #: a list of texts, one a line
    LINES = "lines"
    #: a list of mappings, one name a line; what else is known of a person stays
    PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class CardField:
    """:ivar key: in the manifest; :ivar label: what the form calls it"""

    key: str
    label: str
    shape: Shape = Shape.LINE
    hint: str = ""


CARD_FIELDS = (
    CardField("name", "Name"),
    CardField("type", "Type"),
    CardField("version", "Version"),
    CardField("license", "License", hint="For example MIT or CC-BY-4.0"),
    CardField("description", "Description", Shape.PARAGRAPH),
    CardField("tags", "Tags", Shape.WORDS, "Separated by commas"),
    CardField("icon", "Icon", hint="A file of the artifact, or an address"),
    CardField("id_emoji", "Emoji"),
    CardField("covers", "Covers", Shape.LINES, "One file or address a line"),
    CardField("authors", "Authors", Shape.PEOPLE, "One name a line; more of each on the page \u201cText\u201d"),
    CardField("links", "Links", Shape.LINES, "One a line"),
    CardField("documentation", "Documentation", hint="A file of the artifact, or an address"),
    CardField("git_repo", "Git repository"),
    CardField("source", "Source"),
)  # fmt: skip
_BY_KEY = {field.key: field for field in CARD_FIELDS}
_MAX_SHOWN = 100_000
#: Keys whose values are texts: what YAML made something else of is told.
TEXT_KEYS = tuple(field.key for field in CARD_FIELDS if field.shape in {Shape.LINE, Shape.PARAGRAPH})


def form_values(fields: Mapping[Any, Any]) -> dict[str, str | None]:
    """Each field's text; ``None``: its value has another shape, and is edited as text only."""
    return {field.key: _as_text(field, fields.get(field.key)) for field in CARD_FIELDS}


def apply_form(fields: dict[Any, Any], edits: Mapping[str, str]) -> None:
    """Put changed texts into ``fields``; an empty text removes the field."""
    for key, text in edits.items():
        value = _as_value(_BY_KEY[key], text, fields.get(key))
        if value:
            fields[key] = value
        else:
            fields.pop(key, None)


def _as_text(field: CardField, value: Any) -> str | None:
    if value is None:
        return ""
    if field.shape in {Shape.LINE, Shape.PARAGRAPH}:
        text = _plain(value)
        if text is None or (field.shape is Shape.LINE and len(text.splitlines()) > 1):
            return None
        return text if len(text) <= _MAX_SHOWN else None
    if not _is_list(value):
        return None
    parts = [_name_of(item) if field.shape is Shape.PEOPLE else item for item in value]
    texts = [part for part in parts if isinstance(part, str) and _is_one_line(part)]
    if len(texts) < len(parts) or (field.shape is Shape.WORDS and any("," in part for part in texts)):
        return None
    text = (", " if field.shape is Shape.WORDS else "\n").join(texts)
    return text if len(text) <= _MAX_SHOWN else None


def _is_one_line(text: str) -> bool:
    return text != "" and text.strip() == text and len(text.splitlines()) == 1


def _as_value(field: CardField, text: str, before: Any) -> Any:
    if field.shape is Shape.LINE:
        return text.strip()
    if field.shape is Shape.PARAGRAPH:
        return text.strip("\n")
    parts = text.split(",") if field.shape is Shape.WORDS else text.splitlines()
    words = [part.strip() for part in parts if part.strip()]
    if field.shape is not Shape.PEOPLE:
        return list(dict.fromkeys(words))
    known = [item for item in before if _name_of(item) is not None] if _is_list(before) else []
    people = []
    for name in words:
        same = next((item for item in known if _name_of(item) == name), None)
        if same is not None:
            known.remove(same)
        people.append({"name": name} if same is None else same)
    return people


def _plain(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def _name_of(person: Any) -> str | None:
    if isinstance(person, str):
        return person
    name = person.get("name") if isinstance(person, Mapping) else None
    return name if isinstance(name, str) else None


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 10_000
