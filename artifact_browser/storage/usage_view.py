"""Looking into a count, finished or not: the largest of one level, bounded whatever the bucket holds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from artifact_browser.storage.columns import decode_key, encode_key
from artifact_browser.storage.location import DELIMITER
from artifact_browser.storage.usage_file import UsageCounted, counted_of, facts_of, read_state, reading
from artifact_browser.storage.usage_tree import AGES
from artifact_browser.workers.job import JobContext

#: So many prefixes of a level are shown, the largest; the others together.
MOST_SHOWN = 300
#: So many of them show what is inside, and so much of it.
_MOST_LOOKED_INTO, _MOST_INSIDE = 24, 8


class SliceKind(StrEnum):
    """What a part of a level is."""

    PREFIX = "prefix"
    BLOB = "blob"
    #: the prefixes, or blobs, that are not shown one by one
    OTHER_PREFIXES = "other prefixes"
    OTHER_BLOBS = "other blobs"


class Measure(StrEnum):
    """What makes a part large."""

    SIZE = "size"
    BLOBS = "blobs"


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of a level.

    :ivar name: the segment with its delimiter, or the blob's name below the level; empty for others
    :ivar members: how many prefixes or blobs these others are; 1 for one that has a name
    :ivar inside: the largest of what is in a prefix: ``(name, amount)``, in the measure that was asked for
    """

    kind: SliceKind
    name: str
    size_bytes: int
    blobs: int
    members: int = 1
    inside: tuple[tuple[str, int], ...] = ()

    def amount(self, measure: Measure) -> int:
        return self.blobs if measure is Measure.BLOBS else self.size_bytes


@dataclass(frozen=True, slots=True)
class Share:
    """A storage class, an age or a type."""

    name: str
    size_bytes: int
    blobs: int


@dataclass(frozen=True, slots=True)
class UsageView:
    """One level of a count. ``counted``: how far the whole count was then. ``slices``: largest first, others last, all of the level. ``prefixes``: how many directly below.

    :ivar cut: deeper prefixes are not told apart here: their blobs stand among this level's
    """

    prefix: str
    counted: UsageCounted
    size_bytes: int
    blobs: int
    prefixes: int
    slices: tuple[Slice, ...]
    classes: tuple[Share, ...]
    ages: tuple[Share, ...]
    types: tuple[Share, ...]
    cut: bool = False


def view_usage(
    context: JobContext, folder: str, prefix: str, measure: Measure
) -> Generator[None, None, UsageView | None]:
    """Job: the level ``prefix`` of the count in ``folder``; ``None`` when nothing is counted there (yet).

    :raises DiskError: the count cannot be read
    """
    yield from ()
    with reading(Path(folder)) as base:
        state, level = read_state(base), find_node(base, prefix)
        if state is None or level is None:
            return None
        return _view(base, level, prefix, counted_of(state), measure)


@dataclass(frozen=True, slots=True)
class Level:
    """A row of the file."""

    number: int
    size_bytes: int
    blobs: int
    own_size: int
    own_blobs: int
    top: tuple[tuple[int, str], ...]
    facts: str
    cut: bool


def find_node(base: sqlite3.Connection, prefix: str) -> Level | None:
    """The level ``prefix`` (absolute) of the count."""
    state = read_state(base)
    if state is None or not prefix.startswith(root := str(state["tree"]["prefix"])):
        return None
    number, at = 1, len(root)
    while at < len(prefix):
        end = prefix.find(DELIMITER, at) + 1 or len(prefix)
        query = "SELECT id FROM node WHERE parent = ? AND name = ?"
        row = base.execute(query, (number, encode_key(prefix[at:end]))).fetchone()
        if row is None:
            return None
        number, at = row[0], end
    return _level(base, number)


def shares(level: Level) -> tuple[tuple[Share, ...], tuple[Share, ...], tuple[Share, ...]]:
    """Classes and types, largest first; ages, youngest first."""
    facts = facts_of(level.facts)
    ages = [(AGES[int(number)], total) for number, total in sorted(facts.ages.items(), key=lambda age: -int(age[0]))]
    return (_by_size(facts.classes.items()), tuple(Share(name, *total) for name, total in ages),
            _by_size(facts.types.items()))  # fmt: skip


def _by_size(groups: Iterable[tuple[str, list[int]]]) -> tuple[Share, ...]:
    found = (Share(name, *total) for name, total in groups)
    return tuple(sorted(found, key=lambda share: (-share.size_bytes, -share.blobs, share.name)))


def _level(base: sqlite3.Connection, number: int) -> Level | None:
    query = "SELECT size, blobs, own_size, own_blobs, top, facts, cut FROM node WHERE id = ?"
    row = base.execute(query, (number,)).fetchone()
    if row is None:
        return None
    size_bytes, blobs, own_size, own_blobs, top, facts, cut = row
    largest = tuple((int(size), str(name)) for size, name in json.loads(top))
    return Level(number, size_bytes, blobs, own_size, own_blobs, largest, facts, bool(cut))


#: in a measure, then by name, so that an order does not change from one look to the next
_LARGEST = {
    Measure.SIZE: "SELECT id, name, size, blobs, own_size, own_blobs, top FROM node WHERE parent = ?"
    " ORDER BY size DESC, name LIMIT ?",
    Measure.BLOBS: "SELECT id, name, size, blobs, own_size, own_blobs, top FROM node WHERE parent = ?"
    " ORDER BY blobs DESC, name LIMIT ?",
}


def _view(base: sqlite3.Connection, level: Level, prefix: str, counted: UsageCounted, measure: Measure) -> UsageView:
    slices: list[Slice] = []
    rows = base.execute(_LARGEST[measure], (level.number, MOST_SHOWN)).fetchall()
    for place, row in enumerate(rows):
        inside = _inside(base, row, measure) if place < _MOST_LOOKED_INTO else ()
        slices.append(Slice(SliceKind.PREFIX, decode_key(row[1]), row[2], row[3], inside=inside))
    prefixes = base.execute("SELECT count(*) FROM node WHERE parent = ?", (level.number,)).fetchone()[0]
    below_size, below_blobs = level.size_bytes - level.own_size, level.blobs - level.own_blobs
    others = []
    if prefixes > len(slices):
        shown_size, shown_blobs = sum(one.size_bytes for one in slices), sum(one.blobs for one in slices)
        rest = prefixes - len(slices)
        others.append(
            Slice(SliceKind.OTHER_PREFIXES, "", below_size - shown_size, below_blobs - shown_blobs, members=rest)
        )
    own = level.own_blobs
    if measure is Measure.SIZE:  # counted, one blob is as large as any other
        blobs = [Slice(SliceKind.BLOB, name, size, 1) for size, name in level.top]
        slices += blobs
        own -= len(blobs)
    if own:
        named = sum(one.size_bytes for one in slices if one.kind is SliceKind.BLOB)
        others.append(Slice(SliceKind.OTHER_BLOBS, "", level.own_size - named, own, members=own))
    slices.sort(key=lambda one: (-one.amount(measure), one.name))
    return UsageView(
        prefix, counted, level.size_bytes, level.blobs, prefixes, (*slices, *others), *shares(level), level.cut
    )


def _inside(
    base: sqlite3.Connection, row: tuple[int, bytes, int, int, int, int, str], measure: Measure
) -> tuple[tuple[str, int], ...]:
    """The largest of what is in a prefix, and the rest of it without a name."""
    number, _, size_bytes, blobs, _, own_blobs, top = row
    by_size = measure is Measure.SIZE
    found = [
        (decode_key(child[1]), child[2] if by_size else child[3])
        for child in base.execute(_LARGEST[measure], (number, _MOST_INSIDE))
    ]
    if by_size:
        found += [(str(name), int(size)) for size, name in json.loads(top)[:_MOST_INSIDE]]
    elif own_blobs:
        found.append(("", own_blobs))
    found.sort(key=lambda one: (-one[1], one[0]))
    del found[_MOST_INSIDE:]
    rest = (size_bytes if by_size else blobs) - sum(amount for _, amount in found)
    return (*found, ("", rest)) if rest > 0 else tuple(found)
