"""What an artifact is called beyond its place: project, domain and name, as Flyte knows them.

In a manifest they stand under :data:`IDENTITY_KEY`, each of them optional::

    artifact_id: {project: zoo, domain: development, name: cats/lion}
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from artifact_browser.catalog.layout import Place
from artifact_browser.errors import InputError

IDENTITY_KEY = "artifact_id"
DEFAULT_DOMAIN = "development"
#: Flyte's own limit for names and versions, in characters.
MAX_CHARACTERS = 255
#: Of a component as it stands in a key: with an ending it must still be a file name of This computer.
MAX_ENCODED = 200
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})


@dataclass(frozen=True, slots=True)
class ArtifactName:
    """Project, domain and name; the name may have slashes. :raises InputError: one of them cannot be used"""

    project: str
    domain: str
    name: str

    def __post_init__(self) -> None:
        check_component(self.project, "project")
        check_component(self.domain, "domain")
        check_component(self.name, "name")
        if any(part in {"", ".", ".."} for part in self.name.split("/")):
            raise InputError("A part of the name is empty, \u201c.\u201d or \u201c..\u201d.", subject=self.name)

    def __str__(self) -> str:
        return f"{self.project}/{self.domain}/{self.name}"


def identity_of(place: Place, fields: Mapping[Any, Any], collection_name: str = "") -> ArtifactName:
    """The name of the artifact at ``place``, from its manifest's fields.

    :param collection_name: the project where the manifest names none (else the parent's folder)
    :raises InputError: what the manifest says cannot be used
    """
    said = fields.get(IDENTITY_KEY, {})
    if not isinstance(said, Mapping):
        raise InputError(f"\u201c{IDENTITY_KEY}\u201d is no mapping of project, domain and name.")
    parent = place.parent
    defaults = {
        "project": collection_name or (parent.name if parent else place.bucket),
        "domain": DEFAULT_DOMAIN,
        "name": place.name,
    }
    found = {}
    for part, default in defaults.items():
        value = said.get(part, default)
        if not isinstance(value, str):
            raise InputError(f"The {part} under \u201c{IDENTITY_KEY}\u201d is no text.", subject=ascii(value)[:80])
        found[part] = value
    return ArtifactName(**found)


def check_component(text: str, what: str) -> None:
    """Return if ``text`` can be a component of a name or key.

    :raises InputError: empty, ``.`` or ``..``, blanks at its ends, invisible marks, or too long
    """
    check_text(text, what)
    if text != text.strip():
        raise InputError(f"The {what} has blanks at its ends.", subject=ascii(text[:80]))
    if text in {".", ".."}:
        raise InputError(f"\u201c.\u201d and \u201c..\u201d are no {what}.", subject=text)
    if len(encoded(text)) > MAX_ENCODED:
        raise InputError(f"The {what} is too long.", subject=text[:80], todo="Choose a shorter one.")


def check_text(text: str, what: str) -> None:
    """Return if ``text`` is a visible text of a usual length. :raises InputError:"""
    if not text:
        raise InputError(f"The {what} is empty.")
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"The {what} is longer than {MAX_CHARACTERS} characters.", subject=ascii(text[:80]))
    if any(unicodedata.category(letter) in _UNSEEN for letter in text):
        raise InputError(f"The {what} has control characters or invisible marks in it.", subject=ascii(text[:80]))


def encoded(text: str) -> str:
    """``text`` as one component of a key: percent-encoded."""
    return quote(text, safe="")


def decoded(component: str) -> str | None:
    """What ``component`` stands for, ``None`` unless it is exactly what :func:`encoded` writes."""
    try:
        text = unquote(component, errors="strict")
        return text if encoded(text) == component else None
    except UnicodeError:
        return None
