"""The bucket tree's model: accounts, then buckets, then prefixes, each level listed when it is first opened."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from artifact_browser.bootstrap import Services
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.browse.tree_nodes import Loaded, Node, NodeKind, notice
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.format import printable
from artifact_browser.storage.listing import TREE_PAGES, BucketList, FolderList, list_buckets, list_folders
from artifact_browser.storage.location import Location, segment_name, uri_of

_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_TOOLTIP = int(Qt.ItemDataRole.ToolTipRole)
_DESCRIPTION = int(Qt.ItemDataRole.AccessibleDescriptionRole)
#: The :class:`Node` of an index.
NODE_ROLE = int(Qt.ItemDataRole.UserRole) + 1
AnyIndex = QModelIndex | QPersistentModelIndex


class BucketTreeModel(QAbstractItemModel):
    """Lazily loaded; lives in the GUI thread, lists in the interactive worker."""

    #: a node's children have been listed (or could not be): its :class:`Location`
    loaded = Signal(object)

    def __init__(self, services: Services, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services, self._bridge = services, bridge
        self._root = Node(NodeKind.ROOT, Location(""), "", loaded=Loaded.YES)
        self._nodes: dict[int, Node] = {self._root.number: self._root}
        self._tasks: dict[int, Task] = {}
        self.reload_accounts()

    # -- what changes -------------------------------------------------------------------------------------------
    def reload_accounts(self) -> None:
        """Take over added, edited and removed accounts; what is open below the others stays."""
        records = self._services.book.all()
        kept = {node.location.account_id: node for node in self._root.children}
        wanted = [record.id for record in records]
        for node in [node for node in self._root.children if node.location.account_id not in wanted]:
            self._replace_children(node, [])
            self.beginRemoveRows(QModelIndex(), node.row, node.row)
            self._root.children.pop(node.row)
            self._forget(node)
            self._number(self._root)
            self.endRemoveRows()
        for row, record in enumerate(records):
            known = kept.get(record.id)
            if known is None:
                node = Node(NodeKind.ACCOUNT, Location(record.id), record.name, self._root)
                self.beginInsertRows(QModelIndex(), row, row)
                self._root.children.insert(row, node)
                self._nodes[node.number] = node
                self._number(self._root)
                self.endInsertRows()
            else:
                node = known
                node.name = record.name
            node.colour, node.read_only = record.colour, record.read_only
            at = self.index_of(node)
            self.dataChanged.emit(at, at)

    def reload(self, location: Location) -> None:
        """List a node's children anew, if they have been listed."""
        node = self._find(location)
        if node is not None and node.loaded is not Loaded.NO:
            self._load(node)

    def retry_failed(self, location: Location) -> bool:
        """List anew what could not be listed on the way to ``location``; whether there was anything."""
        failed = [node for step in _steps(location) if (node := self._find(step)) and node.loaded is Loaded.FAILED]
        for node in failed:
            self._load(node)
        return bool(failed)

    def ensure(self, location: Location) -> QModelIndex:
        """The deepest index on the way to ``location`` that is known; what was never listed is listed now, and
        ``loaded`` says when to ask again.
        """
        node = self._root
        for step in _steps(location):
            child = next((child for child in node.children if child.location == step), None)
            if child is None:
                if node.kind is not NodeKind.ROOT and node.loaded is Loaded.NO:
                    self._load(node)
                break
            node = child
        return self.index_of(node)

    def index_of(self, node: Node) -> QModelIndex:
        return QModelIndex() if node is self._root else self.createIndex(node.row, 0, node.number)

    def node(self, index: AnyIndex) -> Node:
        return self._nodes[int(index.internalId())] if index.isValid() else self._root

    # -- listing ------------------------------------------------------------------------------------------------
    def _load(self, node: Node) -> None:
        running = self._tasks.pop(node.number, None)
        if running is not None:
            running.cancel()
        first = node.loaded is not Loaded.YES
        node.loaded = Loaded.LOADING
        if first:
            self._replace_children(node, [notice(node, "Listing\u2026")])
        record = self._services.book.get(node.location.account_id)
        if node.kind is NodeKind.ACCOUNT:
            self._tasks[node.number] = self._bridge.run(
                list_buckets,
                record,
                owner=self,
                on_done=partial(self._take_buckets, node),
                on_error=partial(self._fail, node),
            )
            return
        self._tasks[node.number] = self._bridge.run(
            list_folders,
            record,
            node.location.bucket,
            node.location.key,
            owner=self,
            on_done=partial(self._take_folders, node),
            on_error=partial(self._fail, node),
        )

    def _take_buckets(self, node: Node, found: BucketList) -> None:
        account = node.location.account_id
        children = [
            Node(NodeKind.BUCKET, Location(account, bucket.name), bucket.name, node) for bucket in found.buckets
        ]
        if not children:
            text = "Open a bucket by name\u2026" if found.denied else "No buckets yet"
            children = [notice(node, text)]
        self._take(node, children)

    def _take_folders(self, node: Node, found: FolderList) -> None:
        account, bucket = node.location.account_id, node.location.bucket
        children = [
            Node(NodeKind.PREFIX, Location(account, bucket, prefix), segment_name(prefix), node)
            for prefix in found.prefixes
        ]
        if found.more:
            children.append(notice(node, f"More: only {TREE_PAGES} pages were looked through"))
        self._take(node, children)

    def _take(self, node: Node, children: list[Node]) -> None:
        self._tasks.pop(node.number, None)
        node.loaded = Loaded.YES
        known = {child.location: child for child in node.children if child.kind is not NodeKind.NOTICE}
        fresh = [child.location for child in children]
        if [child.location for child in node.children] != fresh or len(known) != len(fresh):
            kept = [
                known.get(child.location, child) if child.kind is not NodeKind.NOTICE else child for child in children
            ]
            self._replace_children(node, kept)
        at = self.index_of(node)
        self.dataChanged.emit(at, at)
        self.loaded.emit(node.location)

    def _fail(self, node: Node, error: ArtifactBrowserError) -> None:
        self._tasks.pop(node.number, None)
        node.loaded = Loaded.FAILED
        self._replace_children(node, [notice(node, f"{error.title}: {printable(error.detail)[:160]}")])
        self.loaded.emit(node.location)

    def _replace_children(self, node: Node, children: list[Node]) -> None:
        """Swap children; nodes that stay keep what is open below them."""
        staying = {child.number for child in children}
        for child in reversed(node.children[:]):
            if child.number not in staying:
                self.beginRemoveRows(self.index_of(node), child.row, child.row)
                node.children.pop(child.row)
                self._forget(child)
                self._number(node)
                self.endRemoveRows()
        present = {child.number for child in node.children}
        row = 0
        while row < len(children):
            if children[row].number in present:
                row += 1
                continue
            end = row
            while end + 1 < len(children) and children[end + 1].number not in present:
                end += 1
            self.beginInsertRows(self.index_of(node), row, end)
            node.children[row:row] = children[row : end + 1]
            self._nodes.update({child.number: child for child in children[row : end + 1]})
            self._number(node)
            self.endInsertRows()
            row = end + 1

    def _number(self, node: Node) -> None:
        for row, child in enumerate(node.children):
            child.row = row

    def _forget(self, node: Node) -> None:
        self._nodes.pop(node.number, None)
        task = self._tasks.pop(node.number, None)
        if task is not None:
            task.cancel()
        for child in node.children:
            self._forget(child)

    def _find(self, location: Location) -> Node | None:
        return next((node for node in self._nodes.values() if node.location == location and _is_place(node)), None)

    # -- Qt -----------------------------------------------------------------------------------------------------
    def index(self, row: int, column: int, parent: AnyIndex = QModelIndex()) -> QModelIndex:
        children = self.node(parent).children
        if column != 0 or not 0 <= row < len(children):
            return QModelIndex()
        return self.createIndex(row, 0, children[row].number)

    def parent(self, index: AnyIndex = QModelIndex()) -> QModelIndex:  # type: ignore[override]
        node = self._nodes.get(int(index.internalId())) if index.isValid() else None
        return QModelIndex() if node is None or node.parent is None else self.index_of(node.parent)

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:
        return len(self.node(parent).children) if parent.column() <= 0 else 0

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:
        return 1

    def hasChildren(self, parent: AnyIndex = QModelIndex()) -> bool:
        return self.node(parent).may_have_children

    def canFetchMore(self, parent: AnyIndex) -> bool:
        node = self.node(parent)
        return node.kind is not NodeKind.NOTICE and node.loaded is Loaded.NO

    def fetchMore(self, parent: AnyIndex) -> None:
        if self.canFetchMore(parent):
            self._load(self.node(parent))

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        node = self.node(index)
        if node is self._root:
            return Qt.ItemFlag.NoItemFlags
        if node.kind is NodeKind.NOTICE:
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsDropEnabled if node.location.bucket else flags

    def data(self, index: AnyIndex, role: int = _DISPLAY) -> Any:
        if not index.isValid():
            return None
        node = self.node(index)
        if role == NODE_ROLE:
            return node
        if role == _DISPLAY:
            return node.shown
        if role == _TOOLTIP:
            return self._tooltip(node)
        if role == _DESCRIPTION:
            return f"{node.kind}{', read-only' if node.read_only else ''}"
        return None

    def _tooltip(self, node: Node) -> str:
        if node.kind in {NodeKind.BUCKET, NodeKind.PREFIX}:
            kind = self._services.book.get(node.location.account_id).kind
            return printable(uri_of(kind, node.location.bucket, node.location.key))
        return node.shown


def _steps(location: Location) -> list[Location]:
    """Account, bucket and every prefix down to ``location``."""
    steps = [Location(location.account_id)]
    if location.bucket:
        steps.append(Location(location.account_id, location.bucket))
    at = location.key.find("/")
    while at >= 0:
        steps.append(Location(location.account_id, location.bucket, location.key[: at + 1]))
        at = location.key.find("/", at + 1)
    return steps


def _is_place(node: Node) -> bool:
    return node.kind not in {NodeKind.NOTICE, NodeKind.ROOT}
