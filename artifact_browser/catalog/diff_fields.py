"""Metadata of two manifests, field by field: what was added, removed and changed, nested by path.

Nothing here recurses, and what is looked at and told is bounded: manifests come from strangers.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from artifact_browser.catalog.card import ENTRY_ETAG
from artifact_browser.catalog.collection_text import ENTRY_ID
from artifact_browser.catalog.diff_text import Shown, line_diff, marked, shown
from artifact_browser.catalog.manifest import OWN_KEYS
from artifact_browser.workers.packed import packed

#: The catalog's own keys of a manifest: bookkeeping, or derived.
NOT_TOLD = OWN_KEYS | {ENTRY_ETAG, ENTRY_ID}
#: Changes listed, and values compared; what is beyond is told as incomplete.
MAX_CHANGES = 2000
MAX_COMPARED = 1_000_000
#: Elements of a list that are told one by one, and the longest list that is compared by its elements.
MAX_ELEMENTS = 1000
#: A path goes down so many levels; below, values are told as a whole.
MAX_DEPTH = 64
_CHECK_EVERY = 4096

Check = Callable[[], None]
#: A key's text, or an element's place in brackets
Path = tuple[str, ...]


class FieldChangeKind(StrEnum):
    """How a field differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@packed
@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field. ``before`` is ``None`` for an added one, ``after`` for a removed one.

    :ivar path: from the outside in, ``("config", "training", "lr")``; an element of a list is ``[3]``
    :ivar added: elements of a plain list that only ``after`` has, as texts; ``removed`` those that only ``before`` has
    :ivar lines: the lines that differ in texts of several lines (``+``, ``-``, ``@@``)
    """

    kind: FieldChangeKind
    path: Path
    before: Shown | None = None
    after: Shown | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """``config.training.lr``, ``authors[1].name``; keys that hold a dot or a bracket in quotes."""
        return path_text(self.path)


@dataclass(slots=True)
class FieldsCompared:
    """``complete``: all that differs is in ``changes``."""

    changes: tuple[FieldChange, ...] = ()
    complete: bool = True


def path_text(path: Path) -> str:
    """A path as one text."""
    text = ""
    for part in path:
        if part.startswith("[") and part.endswith("]"):
            text += part
            continue
        plain = part and not any(letter in part for letter in '.[]"\n')
        text += ("." if text else "") + (part if plain else '"' + part.replace('"', '\\"') + '"')
    return text


def compare_fields(before: Mapping[Any, Any], after: Mapping[Any, Any], check: Check = lambda: None) -> FieldsCompared:
    """What differs, keys in order; the catalog's own keys are left out.

    :param check: called now and then; may raise to stop
    """
    walk = _Walk(check)
    changes = walk.run(_without_own(before), _without_own(after))
    return FieldsCompared(tuple(changes), walk.complete)


def _without_own(fields: Mapping[Any, Any]) -> dict[Any, Any]:
    return {name: value for name, value in fields.items() if name not in NOT_TOLD}


class _Missing:
    """The side that has no such field."""


_MISSING = _Missing()


@dataclass(slots=True)
class _Walk:
    """One comparison: a stack in place of recursion, and a budget."""

    check: Check
    complete: bool = True
    _compared: int = 0
    #: pairs of values that were found equal: aliases stand for the same object again and again
    _equal: set[tuple[int, int]] = field(default_factory=set)

    def run(self, before: Mapping[Any, Any], after: Mapping[Any, Any]) -> list[FieldChange]:
        changes: list[FieldChange] = []
        stack: list[tuple[Path, Any, Any]] = [((), before, after)]
        while stack:
            path, old, new = stack.pop()
            if old is not _MISSING and new is not _MISSING and self.same(old, new):
                continue
            if len(changes) >= MAX_CHANGES or self._compared >= MAX_COMPARED:
                self.complete = False
                break
            inside = list(self._inside(old, new)) if len(path) < MAX_DEPTH else []
            if inside:
                stack += [((*path, name), one, other) for name, one, other in reversed(inside)]
            else:
                changes.append(_change(path, old, new))
        return changes

    def same(self, one: Any, other: Any) -> bool:
        """Whether two values are the same, type and all. Without an answer within the budget: not the same."""
        pairs, seen = [(one, other)], set()
        while pairs:
            mine, theirs = pairs.pop()
            self._compared += 1
            if self._compared % _CHECK_EVERY == 0:
                self.check()
            if self._compared > MAX_COMPARED:
                return False
            both = id(mine), id(theirs)
            if mine is theirs or both in self._equal or both in seen:
                continue
            parts = _parts(mine, theirs)
            if parts is None:
                return False
            if parts:
                seen.add(both)
                pairs += parts
        self._equal |= seen
        return True

    def _inside(self, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
        """What to compare one by one in place of these two; nothing: they are told as a whole."""
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _by_key(old, new)
        elif isinstance(old, list | tuple) and isinstance(new, list | tuple) and not (_plain(old) and _plain(new)):
            yield from self._by_place(old, new)

    def _by_place(self, old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[str, Any, Any]]:
        """Elements side by side, behind what begins and before what ends alike; of the longer side the rest is added or
        removed. The same for either direction.
        """
        if max(len(old), len(new)) > MAX_ELEMENTS:
            return
        head = tail = 0
        shorter = min(len(old), len(new))
        while head < shorter and self.same(old[head], new[head]):
            head += 1
        while tail < shorter - head and self.same(old[-1 - tail], new[-1 - tail]):
            tail += 1
        olds, news = old[head : len(old) - tail], new[head : len(new) - tail]
        for at in range(max(len(olds), len(news))):
            mine, theirs = (side[at] if at < len(side) else _MISSING for side in (olds, news))
            yield f"[{head + at}]", mine, theirs


def _parts(one: Any, other: Any) -> list[tuple[Any, Any]] | None:
    """What must be the same for these two to be the same: pairs, none, or ``None`` where they differ."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return [(one[key], other[key]) for key in one] if _keys(one) == _keys(other) else None
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return list(zip(one, other, strict=True)) if len(one) == len(other) else None
    return [] if _same_scalar(one, other) else None


def _same_scalar(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    return bool(one == other)


def _keys(mapping: Mapping[Any, Any]) -> Set[tuple[type, Any]]:
    """With their types: ``1``, ``1.0`` and ``true`` are one key to Python."""
    return {(type(key), key) for key in mapping}


def _by_key(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[tuple[str, Any, Any]]:
    olds, news = ({(type(key), key): value for key, value in side.items()} for side in (old, new))
    for key in sorted(olds.keys() | news.keys(), key=lambda key: (str(key[1]), key[0].__name__)):
        yield str(key[1])[:1000], olds.get(key, _MISSING), news.get(key, _MISSING)


def _plain(elements: Sequence[Any]) -> bool:
    """A list of words and numbers: what was added and removed says more than the places."""
    return len(elements) <= MAX_ELEMENTS and not any(
        isinstance(item, Mapping | list | tuple | Set) for item in elements
    )


def _change(path: Path, old: Any, new: Any) -> FieldChange:
    if old is _MISSING:
        return FieldChange(FieldChangeKind.ADDED, path, None, shown(new))
    if new is _MISSING:
        return FieldChange(FieldChangeKind.REMOVED, path, shown(old), None)
    before, after = shown(old), shown(new)
    if before.text == after.text and isinstance(old, str) != isinstance(new, str):
        before, after = shown(old, quoted=True), shown(new, quoted=True)
    lines = line_diff(old, new) if isinstance(old, str) and isinstance(new, str) else ()
    added, removed = _elements(old, new)
    before, after = marked(before, after)
    return FieldChange(FieldChangeKind.CHANGED, path, before, after, added, removed, lines)


def _elements(old: Any, new: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of two plain lists: what only the new one has, and what only the old one has, each in its list's order."""
    if not (isinstance(old, list) and isinstance(new, list) and _plain(old) and _plain(new)):
        return (), ()
    olds, news = ([shown(item, quoted=not isinstance(item, str)).text[:200] for item in side] for side in (old, new))
    return _only(news, olds), _only(olds, news)


def _only(mine: list[str], theirs: list[str]) -> tuple[str, ...]:
    spare = Counter(theirs)
    found = []
    for item in mine:
        if spare[item]:
            spare[item] -= 1
        else:
            found.append(item)
    return tuple(found)
