"""Counting a recursive listing into a tree of prefixes with the memory of one path.

Keys come in byte order, so only the prefixes on the way to the latest key are unfinished; every other one is final
and is handed to the file (``usage_file.py``) at once. What is kept here is that path, whatever the bucket holds.
No requests are made here, nothing is read from the disk; one thread at a time, in a worker.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from typing import Any

from artifact_browser.storage.driver import ListPage
from artifact_browser.storage.filetypes import type_of
from artifact_browser.storage.location import DELIMITER

#: So many of the largest blobs directly below a prefix are known by name; the others are counted together.
MOST_BLOBS = 32
#: Deeper prefixes are counted in the one above them.
MOST_DEPTH = 16
#: So many prefixes are told apart, by their depth below what is counted; the last number is for all deeper ones.
MOST_NODES = (250_000, 225_000, 200_000)
#: So many storage classes and types (by endings: a person's own invention) are told apart in one prefix.
_MOST_CLASSES, _MOST_TYPES = 64, 256
_MOST_ENDINGS = 1024
OTHER_CLASSES, OTHER_TYPES = "other classes", "other types"
_DAY_US = 86_400 * 1_000_000
_AGE_DAYS = (1095, 365, 90, 30, 7, 1)
#: By the number :meth:`UsageTree.take` gives; the first is of stores that say no time.
AGES = (
    "age unknown",
    "older than 3 years",
    "1 to 3 years",
    "3 months to a year",
    "1 to 3 months",
    "a week to a month",
    "a day to a week",
    "up to a day",
)
#: ``[bytes, blobs]``
Sum = list[int]


@dataclass(slots=True)
class Tally:
    """Bytes and blobs of a prefix with everything below it, by storage class, age (number in :data:`AGES`) and type."""

    size_bytes: int = 0
    blobs: int = 0
    classes: dict[str, Sum] = field(default_factory=dict)
    ages: dict[str, Sum] = field(default_factory=dict)
    types: dict[str, Sum] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        self.size_bytes += other.size_bytes
        self.blobs += other.blobs
        for name, (size_bytes, blobs) in other.classes.items():
            _add(self.classes, name, size_bytes, blobs, _MOST_CLASSES, OTHER_CLASSES)
        for name, (size_bytes, blobs) in other.ages.items():
            _add(self.ages, name, size_bytes, blobs, len(AGES), "")
        for name, (size_bytes, blobs) in other.types.items():
            _add(self.types, name, size_bytes, blobs, _MOST_TYPES, OTHER_TYPES)


@dataclass(slots=True)
class Node:
    """A prefix. ``tally`` is without what lies in children that are unfinished themselves.

    :ivar name: the segment with its delimiter; :ivar own: ``[bytes, blobs]`` directly here
    :ivar top: ``[size in bytes, name]`` of the largest blobs directly here, largest first
    :ivar cut: prefixes below are not told apart: their blobs count as directly here
    """

    number: int
    parent: int
    prefix: str
    name: str
    tally: Tally = field(default_factory=Tally)
    own: Sum = field(default_factory=lambda: [0, 0])
    top: list[tuple[int, str]] = field(default_factory=list)
    cut: bool = False


class UsageTree:
    """:param prefix: what is counted; :param now_us: ages are as of then (microseconds since the epoch)"""

    def __init__(self, prefix: str, now_us: int) -> None:
        self.prefix = prefix
        self.now_us = now_us
        self.last_key = ""
        self.requests = 0
        self.nodes = 1
        self._stack = [Node(1, 0, prefix, "")]
        self._finished: list[Node] = []
        self._bounds = [1, *(now_us - days * _DAY_US for days in _AGE_DAYS)]
        self._words: dict[str, str] = {}

    # -- counting -----------------------------------------------------------------------------------------------
    def take(self, page: ListPage) -> None:
        """Count one page of a listing without delimiter."""
        self.requests += 1
        keys, end = page.keys, len(page.keys)
        at = 0
        while at < end:
            cut = keys[at].rfind(DELIMITER) + 1
            folder = keys[at][:cut]
            stop = at + 1
            while stop < end and keys[stop].startswith(folder) and keys[stop].rfind(DELIMITER) < cut:
                stop += 1
            rows = slice(at, stop)
            self._count(
                self._node_of(folder), cut, keys[rows], page.sizes[rows], page.modified_us[rows], page.classes[rows]
            )
            at = stop
        if keys:
            self.last_key = keys[-1]

    def _node_of(self, folder: str) -> Node:
        """The unfinished node of ``folder`` (or of the nearest above that is told apart); others are finished."""
        stack = self._stack
        while len(stack) > 1 and not folder.startswith(stack[-1].prefix):
            self._finish()
        node = stack[-1]
        at = len(node.prefix)
        while at < len(folder):
            depth = len(stack)
            if depth > MOST_DEPTH or self.nodes >= MOST_NODES[min(depth, len(MOST_NODES)) - 1]:
                node.cut = True
                break
            end = folder.index(DELIMITER, at) + 1
            self.nodes += 1
            node = Node(self.nodes, node.number, folder[:end], folder[at:end])
            stack.append(node)
            at = end
        return node

    def _finish(self) -> None:
        node = self._stack.pop()
        self._stack[-1].tally.add(node.tally)
        self._finished.append(node)

    def _count(
        self,
        node: Node,
        cut: int,
        keys: Sequence[str],
        sizes: Sequence[int],
        times: Sequence[int],
        names: Sequence[str],
    ) -> None:
        """Count blobs of one folder; ``cut``: the length of its prefix."""
        size_bytes = sum(sizes)
        node.own[0] += size_bytes
        node.own[1] += len(keys)
        words, bounds = self._words, self._bounds
        found: dict[tuple[str, int, str], Sum] = {}
        for key, size, time_us, name in zip(keys, sizes, times, names, strict=True):
            dot = key.rfind(".", cut + 1)  # a dot at the beginning makes no ending
            ending = key[dot:] if dot > 0 else ""
            word = words.get(ending) or self._word(ending, key)
            group = (name, bisect_right(bounds, time_us), word)
            total = found.get(group)
            if total is None:
                found[group] = [size, 1]
            else:
                total[0] += size
                total[1] += 1
        tally = node.tally
        tally.size_bytes += size_bytes
        tally.blobs += len(keys)
        for (name, age, word), (size, blobs) in found.items():
            _add(tally.classes, name, size, blobs, _MOST_CLASSES, OTHER_CLASSES)
            _add(tally.ages, str(age), size, blobs, len(AGES), "")
            _add(tally.types, word, size, blobs, _MOST_TYPES, OTHER_TYPES)
        _keep_largest(node, keys, sizes)

    def _word(self, ending: str, key: str) -> str:
        """The type of a blob; remembered by its ending, but for names that are a type of their own."""
        word = type_of(key)
        if ending != ".yaml":
            if len(self._words) >= _MOST_ENDINGS:
                self._words.clear()
            self._words[ending] = word
        return word

    # -- what the file keeps ------------------------------------------------------------------------------------
    @property
    def finished(self) -> Sequence[Node]:
        """The nodes that are final since :meth:`forget_finished`."""
        return self._finished

    def forget_finished(self) -> None:
        """They are written."""
        self._finished.clear()

    def finish(self) -> None:
        """The listing is complete: every node is final, and the whole is the last one."""
        while len(self._stack) > 1:
            self._finish()

    def unfinished(self) -> list[Node]:
        """The path to the latest key, the whole first, each with all that is counted below it so far."""
        shown: list[Node] = []
        below = Tally()
        for node in reversed(self._stack):
            tally = Tally()
            tally.add(node.tally)
            tally.add(below)
            shown.append(Node(node.number, node.parent, node.prefix, node.name, tally, node.own, node.top, node.cut))
            below = tally
        return shown[::-1]

    def kept(self) -> dict[str, Any]:
        """Everything that counting on needs, as JSON holds it."""
        stack = [
            [node.number, node.parent, node.prefix, node.name, _packed(node.tally), node.own, node.top, node.cut]
            for node in self._stack
        ]
        return {
            "prefix": self.prefix, "now_us": self.now_us, "last_key": self.last_key, "requests": self.requests,
            "nodes": self.nodes, "stack": stack,
        }  # fmt: skip

    @classmethod
    def restored(cls, kept: dict[str, Any]) -> UsageTree:
        """The tree that :meth:`kept` was asked of."""
        tree = cls(kept["prefix"], kept["now_us"])
        tree.last_key, tree.requests, tree.nodes = kept["last_key"], kept["requests"], kept["nodes"]
        tree._stack = [
            Node(number, parent, prefix, name, Tally(*tally), own, [(size, blob) for size, blob in top], cut)
            for number, parent, prefix, name, tally, own, top, cut in kept["stack"]
        ]
        return tree


def _packed(tally: Tally) -> list[Any]:
    return [tally.size_bytes, tally.blobs, tally.classes, tally.ages, tally.types]


def _add(into: dict[str, Sum], name: str, size_bytes: int, blobs: int, most: int, rest: str) -> None:
    """Add to a group; new names beyond ``most`` are counted together, so that every named group is exact."""
    found = into.get(name)
    if found is None and len(into) >= most:
        found = into.get(rest)
        name = rest
    if found is None:
        into[name] = [size_bytes, blobs]
    else:
        found[0] += size_bytes
        found[1] += blobs


def _keep_largest(node: Node, keys: Sequence[str], sizes: Sequence[int]) -> None:
    top, start = node.top, len(node.prefix)
    if len(top) >= MOST_BLOBS and max(sizes) <= top[-1][0]:
        return
    rows: Iterable[tuple[int, str]] = zip(sizes, keys, strict=True)
    if len(keys) > MOST_BLOBS:
        rows = nlargest(MOST_BLOBS, rows)
    top += [(size, key[start:]) for size, key in rows]
    top.sort(reverse=True)
    del top[MOST_BLOBS:]
