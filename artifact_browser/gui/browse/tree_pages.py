"""Which of a node's children the tree shows: a page or two of however many there are.

Qt lays out every line below an open node whenever one changes, so a node of 100,000 would stall the window each time;
a few thousand cost it some milliseconds.
"""

from __future__ import annotations

from artifact_browser.gui.browse.tree_nodes import Node, NodeKind, NoticeAct, notice
from artifact_browser.gui.common.format import count
from artifact_browser.storage.folders import FolderPage
from artifact_browser.storage.location import Location, segment_name

#: So many lines a page of buckets has.
BUCKETS_A_PAGE = 1000
#: More children than these are never shown below one node: the first ones make room.
MOST_CHILDREN = 3000


def matching(node: Node, text: str) -> list[str]:
    """The names of an account's buckets that hold ``text``, whatever its case."""
    wanted = text.casefold()
    return [name for name in node.buckets if wanted in name.casefold()] if wanted else list(node.buckets)


def bucket_children(node: Node, text: str) -> list[Node]:
    """The children of an account that has been listed, from its ``first`` matching bucket on."""
    names = matching(node, text)
    node.first = max(0, min(node.first, len(names) - 1))
    shown = names[node.first : node.first + BUCKETS_A_PAGE]
    account = node.location.account_id
    children = [Node(NodeKind.BUCKET, Location(account, name), name, node) for name in shown]
    if node.first:
        children.insert(0, notice(node, f"From the first of {count(len(names), 'bucket')}\u2026", NoticeAct.FROM_FIRST))
    left = len(names) - node.first - len(shown)
    if left:
        children.append(notice(node, f"{count(left, 'more bucket')}\u2026", NoticeAct.MORE))
    if children:
        return children
    if node.buckets:
        return [notice(node, "No bucket matches")]
    return [
        notice(node, "Open a bucket by name\u2026", NoticeAct.OPEN_BY_NAME)
        if node.denied
        else notice(node, "No buckets yet")
    ]


def folder_children(node: Node, page: FolderPage, *, go_on: bool) -> list[Node]:
    """The children of a bucket or prefix with ``page``: behind those that are there, or in their place."""
    account, bucket = node.location.account_id, node.location.bucket
    children = node.places if go_on else []
    children += [
        Node(NodeKind.PREFIX, Location(account, bucket, prefix), segment_name(prefix), node) for prefix in page.prefixes
    ]
    if len(children) > MOST_CHILDREN:
        children = children[-MOST_CHILDREN:]
        node.is_late = True
    node.after = page.after
    if node.is_late:
        children.insert(0, notice(node, "From the first\u2026", NoticeAct.FROM_FIRST))
    if node.after:
        text = "More\u2026" if page.prefixes else "More: none among the latest 20 pages. Look further\u2026"
        children.append(notice(node, text, NoticeAct.MORE))
    return children
