"""The nodes of the bucket tree: accounts, buckets, prefixes, and the line that says what is going on below one."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from enum import StrEnum

from artifact_browser.gui.common.format import printable
from artifact_browser.storage.location import Location


class NodeKind(StrEnum):
    ROOT = "root"
    ACCOUNT = "account"
    BUCKET = "bucket"
    PREFIX = "prefix"
    #: a sentence in place of children: loading, empty, failed, denied
    NOTICE = "notice"


class Loaded(StrEnum):
    NO = "no"
    LOADING = "loading"
    YES = "yes"
    FAILED = "failed"


_NUMBERS = itertools.count(1)


@dataclass(eq=False, slots=True)
class Node:
    """One line of the tree. ``number`` is what Qt's indexes carry: never a pointer that may dangle."""

    kind: NodeKind
    location: Location
    name: str
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    loaded: Loaded = Loaded.NO
    row: int = 0
    #: account colour, and whether it is read-only
    colour: str = ""
    read_only: bool = False
    number: int = field(default_factory=lambda: next(_NUMBERS))

    @property
    def shown(self) -> str:
        """The name a person can see."""
        return printable(self.name) if self.name else "(empty name)"

    @property
    def may_have_children(self) -> bool:
        return self.kind is not NodeKind.NOTICE and (self.loaded is not Loaded.YES or bool(self.children))

    @property
    def is_cut(self) -> bool:
        """Whether not every child was looked for: the last line says "more"."""
        return len(self.children) > 1 and self.children[-1].kind is NodeKind.NOTICE


def notice(parent: Node, text: str) -> Node:
    """The line that stands in place of children."""
    return Node(NodeKind.NOTICE, parent.location, text, parent, loaded=Loaded.YES)
