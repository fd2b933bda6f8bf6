"""What is known of a lineage, laid out in layers: what a version was made from at the left, what uses it at the right."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from artifact_browser.catalog.lineage import VersionRef
from artifact_browser.catalog.lineage_walk import Lineage, Looked
from artifact_browser.gui.common.format import elided, printable
from artifact_browser.storage.location import segment_name

#: Nodes of one layer that are drawn; the list has all.
MOST_DRAWN = 40
_ID_LETTERS = 8


class NodeKind(StrEnum):
    THIS = "this version"
    VERSION = "version"
    OUTSIDE = "elsewhere"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Node:
    """One box. ``ref``: where it is a version of this bucket. ``level``: below 0 it was made from, above 0 it uses.

    :ivar known: what lies behind it, seen from the middle, has been looked at; ``missing``: it has no sound record
    """

    kind: NodeKind
    text: str
    level: int
    ref: VersionRef | None = None
    known: bool = True
    missing: bool = False

    @property
    def key(self) -> object:
        """What tells it from others."""
        return self.ref or (self.kind, self.text)

    @property
    def title(self) -> str:
        if self.ref is None:
            return printable(self.text)
        return printable(segment_name(self.ref.prefix) if self.ref.prefix else "The whole bucket")

    @property
    def detail(self) -> str:
        """The second line."""
        if self.ref is None:
            return {NodeKind.OUTSIDE: "In another place", NodeKind.REFERENCE: "Reference"}.get(self.kind, "Staged")
        words = f"Version {version_words(self.ref.version)}"
        return f"{words}, not there any more" if self.missing else words

    @property
    def relation(self) -> str:
        if self.kind is NodeKind.REFERENCE:
            return "Reference"
        steps = "" if abs(self.level) == 1 else f", {abs(self.level)} steps"
        return "This version" if not self.level else ("Made from" if self.level < 0 else "Used by") + steps


class LineageMap:
    """Grows while one walks. ``title``: what a start without a version is called."""

    def __init__(self, lineage: Lineage, title: str) -> None:
        self._title = title
        self._first = lineage
        self._looked = dict(lineage.looked)
        self._links = dict.fromkeys(lineage.links)
        self.requests = lineage.requests
        self._arrange()

    def take(self, more: Lineage) -> None:
        """What one step further showed."""
        for ref, new in more.looked.items():
            old = self._looked.get(ref, Looked())
            self._looked[ref] = Looked(new.declared or old.declared, new.uses or old.uses, new.missing or old.missing)
        self._links |= dict.fromkeys(more.links)
        self.requests += more.requests
        self._arrange()

    def mark_missing(self, ref: VersionRef) -> None:
        """There is no sound record of it."""
        self._looked[ref] = Looked(missing=True)
        self._arrange()

    @property
    def is_empty(self) -> bool:
        return len(self.nodes) == 1

    def words(self) -> str:
        """How much there is, in a sentence; what is left out is said."""
        level = [node.level for node in self.nodes if node.kind is not NodeKind.REFERENCE]
        uses = self._looked.get(self._first.start or VersionRef("", "-"), Looked()).uses
        parts = [f"Made from {level.count(-1):,}"]
        if uses is None:
            parts.append("nothing can use it before the commit")
        elif uses.total > len(uses.users):
            total = f"{uses.total:,}" if uses.complete else f"more than {uses.total:,}"
            parts.append(f"the first {len(uses.users):,} of {total} uses")
        else:
            parts.append(f"used by {uses.total:,}")
        unusable = self._first.declared.unusable
        if unusable:
            parts.append(f"{unusable:,} entr{'y' if unusable == 1 else 'ies'} of its manifest not understood")
        return " \u00b7 ".join(parts)

    def _arrange(self) -> None:
        start = self._first.start
        self.middle = Node(NodeKind.THIS, self._title, 0, start)
        self.nodes = [self.middle]
        #: pairs of :attr:`Node.key`, the earlier one first
        self.links: list[tuple[object, object]] = []
        seen: dict[object, Node] = {self.middle.key: self.middle}
        for step in (-1, 1):
            ahead = deque([(start, 0)])
            while ahead:
                ref, level = ahead.popleft()
                here: object = self.middle.key if ref == start else ref
                for parent, user in self._links:
                    near, far = (user, parent) if step < 0 else (parent, user)
                    if near != ref or (step > 0 and (ref is None or far is None)):
                        continue
                    node = self._node(far, level + step)
                    if node.key not in seen:
                        seen[node.key] = node
                        self.nodes.append(node)
                        if node.ref is not None:
                            ahead.append((node.ref, node.level))
                    pair = (node.key, here) if step < 0 else (here, node.key)
                    if pair not in self.links:
                        self.links.append(pair)
        for text in self._first.declared.references:
            node = Node(NodeKind.REFERENCE, text, -1)
            self.nodes.append(node)
            self.links.append((node.key, self.middle.key))

    def _node(self, found: object, level: int) -> Node:
        if not isinstance(found, VersionRef):
            return Node(NodeKind.OUTSIDE, str(found), level)
        looked = self._looked.get(found, Looked())
        known = looked.missing or (looked.declared if level < 0 else looked.uses) is not None
        return Node(NodeKind.VERSION, "", level, found, known, looked.missing)


def version_words(version: str) -> str:
    """A version's name as one reads it: of an id its beginning."""
    if len(version) == 32 and all(letter in "0123456789abcdef" for letter in version):
        return version[:_ID_LETTERS]
    return elided(printable(version), 32)
