"""The nodes of the bucket tree: accounts, buckets, prefixes, and the lines that say what is going on below one."""

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
    #: a sentence in place of children: loading, empty, failed, denied, more
    NOTICE = "notice"


class Loaded(StrEnum):
    NO = "no"
    LOADING = "loading"
    YES = "yes"
    FAILED = "failed"


class NoticeAct(StrEnum):
    """What a click on a notice does."""

    NOTHING = "nothing"
    TRY_AGAIN = "try again"
    OPEN_BY_NAME = "open by name"
    #: the lines behind those that are shown
    MORE = "more"
    #: the lines from the first one on
    FROM_FIRST = "from first"


_NUMBERS = itertools.count(1)


@dataclass(eq=False, slots=True)
class Node:
    """One line of the tree. ``number`` is what Qt's indexes carry: never a pointer that may dangle.

    :ivar buckets: of an account: the names of all its buckets; its children are a page of them
    :ivar first: of an account: which of the buckets that match is the first child
    :ivar after: of a bucket or prefix: the key behind which more prefixes are, empty when there are none
    :ivar is_late: its children do not begin with the first there is
    """

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
    act: NoticeAct = NoticeAct.NOTHING
    buckets: tuple[str, ...] = ()
    denied: bool = False
    first: int = 0
    after: str = ""
    is_late: bool = False
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
        """Whether there are children that are not shown."""
        return bool(self.after) or self.is_late

    @property
    def places(self) -> list[Node]:
        """The children that are places."""
        return [child for child in self.children if child.kind is not NodeKind.NOTICE]


def notice(parent: Node, text: str, act: NoticeAct = NoticeAct.NOTHING) -> Node:
    """A line that stands in place of children."""
    return Node(NodeKind.NOTICE, parent.location, text, parent, loaded=Loaded.YES, act=act)
