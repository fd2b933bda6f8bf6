"""What an artifact's version was made from, as its manifest says it.

::

    parent_artifacts:
    - {prefix: zoo/lion/, version: 3f2a}            a version in this bucket
    - {uri: "flyte://av0.1/other/production/cats@7"}  an artifact elsewhere: shown, never followed by itself
    external_refs: ["https://example.org/run/17", "git 5f021e5"]

The record of a version holds its manifest, so one GET tells all of it. What is not of this form is passed over and
counted, and stays in the manifest as it is. Nothing here asks a store.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from artifact_browser.catalog.artifact_name import check_component
from artifact_browser.catalog.name_registry import check_prefix
from artifact_browser.errors import InputError

PARENTS_KEY = "parent_artifacts"
REFERENCES_KEY = "external_refs"
LINEAGE_KEYS = frozenset({PARENTS_KEY, REFERENCES_KEY})
#: Of each of the two lists: more are not read, and cannot be added.
MAX_ENTRIES = 100
#: Flyte's own limit for an external reference, in characters.
MAX_REFERENCE = 1024
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})


@dataclass(frozen=True, slots=True, order=True)
class VersionRef:
    """A version in the same bucket. :raises InputError: no artifact can lie at ``prefix``, or be called ``version``"""

    prefix: str
    version: str

    def __post_init__(self) -> None:
        check_prefix(self.prefix)
        check_component(self.version, "version")


#: A version in this bucket, or the address of something elsewhere.
Parent = VersionRef | str


@dataclass(frozen=True, slots=True)
class Declared:
    """What a manifest says. ``unusable``: entries that are not of the form, or too many."""

    parents: tuple[Parent, ...] = ()
    references: tuple[str, ...] = ()
    unusable: int = 0


def read_lineage(fields: Mapping[Any, Any]) -> Declared:
    """What these fields of a manifest say; each entry once."""
    raw_parents, raw_references = _listed(fields, PARENTS_KEY), _listed(fields, REFERENCES_KEY)
    parents = [_parent(entry) for entry in raw_parents[:MAX_ENTRIES]]
    references = [entry if _is_reference(entry) else None for entry in raw_references[:MAX_ENTRIES]]
    over = sum(max(0, len(raw) - MAX_ENTRIES) for raw in (raw_parents, raw_references))
    return Declared(
        tuple(dict.fromkeys(parent for parent in parents if parent is not None)),
        tuple(dict.fromkeys(text for text in references if text is not None)),
        over + parents.count(None) + references.count(None),
    )


def add_parent(fields: dict[Any, Any], parent: Parent) -> None:
    """Let ``fields`` name this parent, too; twice is once. :raises InputError: there are too many, or it cannot be one"""
    if isinstance(parent, str):
        check_reference(parent)
    _add(fields, PARENTS_KEY, _entry(parent), known=parent in read_lineage(fields).parents)


def remove_parent(fields: dict[Any, Any], parent: Parent) -> None:
    """Let ``fields`` name this parent no more; others stay as they are, also those that are not understood."""
    _keep(fields, PARENTS_KEY, [entry for entry in _listed(fields, PARENTS_KEY) if _parent(entry) != parent])


def add_reference(fields: dict[Any, Any], text: str) -> None:
    """Let ``fields`` name something outside: a URL, a commit, a run. :raises InputError:"""
    check_reference(text)
    _add(fields, REFERENCES_KEY, text, known=text in read_lineage(fields).references)


def remove_reference(fields: dict[Any, Any], text: str) -> None:
    """Let ``fields`` name it no more."""
    _keep(fields, REFERENCES_KEY, [entry for entry in _listed(fields, REFERENCES_KEY) if entry != text])


def name_restored(fields: dict[Any, Any], prefix: str, version: str) -> None:
    """Let ``fields``, which are those of an earlier ``version`` of the artifact at ``prefix``, say so.

    It takes the place of an earlier restore's parent. Lists that cannot be added to stay as they are.
    """
    try:
        restored = VersionRef(prefix, version)
        own = [found for found in read_lineage(fields).parents if isinstance(found, VersionRef)]
        for before in own:
            if before.prefix == prefix:
                remove_parent(fields, before)
        add_parent(fields, restored)
    except InputError:
        return


def check_reference(text: str) -> None:
    """Return if ``text`` can be a reference. :raises InputError: empty, too long, or with what nobody sees"""
    if not text.strip() or text != text.strip():
        raise InputError("A reference is not empty and has no blanks at its ends.", subject=ascii(text[:80]))
    if len(text) > MAX_REFERENCE:
        raise InputError(f"A reference has at most {MAX_REFERENCE:,} characters.", subject=ascii(text[:80]))
    if any(unicodedata.category(letter) in _UNSEEN for letter in text):
        raise InputError("The reference has control characters or invisible marks in it.", subject=ascii(text[:80]))


def _is_reference(entry: object) -> bool:
    try:
        check_reference(entry if isinstance(entry, str) else "")
    except InputError:
        return False
    return True


def _parent(entry: object) -> Parent | None:
    if not isinstance(entry, Mapping):
        return None
    prefix, version, uri = (entry.get(name) for name in ("prefix", "version", "uri"))
    if isinstance(prefix, str) and isinstance(version, str):
        try:
            return VersionRef(prefix, version)
        except InputError:
            return None
    return uri if isinstance(uri, str) and _is_reference(uri) else None


def _entry(parent: Parent) -> dict[str, str]:
    return {"uri": parent} if isinstance(parent, str) else {"prefix": parent.prefix, "version": parent.version}


def _listed(fields: Mapping[Any, Any], key: str) -> Sequence[Any]:
    found = fields.get(key)
    return found if isinstance(found, list) else []


def _add(fields: dict[Any, Any], key: str, entry: object, *, known: bool) -> None:
    if known:
        return
    if not isinstance(fields.get(key, []), list):
        raise InputError(f"What the manifest has under \u201c{key}\u201d is no list.", todo="Correct it there first.")
    now = _listed(fields, key)
    if len(now) >= MAX_ENTRIES:
        raise InputError(f"There are {MAX_ENTRIES} already.", todo="Remove one first.")
    fields[key] = [*now, entry]


def _keep(fields: dict[Any, Any], key: str, entries: list[Any]) -> None:
    if entries:
        fields[key] = entries
    elif isinstance(fields.get(key), list):
        del fields[key]
