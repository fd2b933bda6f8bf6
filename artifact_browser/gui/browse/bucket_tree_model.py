"""The bucket tree's model: accounts, then buckets, then prefixes, each level listed when it is first opened."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from artifact_browser.bootstrap import Services
from artifact_browser.catalog.layout import KEPT_WORDS, is_kept_by_catalog
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.browse.tree_nodes import Loaded, Node, NodeKind, NoticeAct, notice
from artifact_browser.gui.browse.tree_pages import BUCKETS_A_PAGE, bucket_children, folder_children, matching
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.storage.folders import FolderPage, list_folder_page
from artifact_browser.storage.listing import BucketList, list_buckets
from artifact_browser.storage.location import DELIMITER, Location, uri_of

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
        self._text = ""
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
            late = node.places if node.is_late else []
            self._load(node, after=late[0].location.key.removesuffix(DELIMITER) if late else "")

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
    def set_filter(self, text: str) -> None:
        """Show only buckets whose names hold ``text``."""
        if text == self._text:
            return
        self._text = text
        for node in self._root.children:
            if node.loaded is Loaded.YES:
                node.first = 0
                self._take(node, bucket_children(node, text))

    @property
    def bucket_count(self) -> int:
        """How many buckets the accounts have that have been listed."""
        return sum(len(node.buckets) for node in self._root.children)

    def bucket_at(self, row: int) -> Location | None:
        """The first bucket that is shown of the account in ``row``."""
        places = self._root.children[row].places
        return places[0].location if places else None

    def show_more(self, node: Node) -> None:
        """The lines behind those that are shown below ``node``."""
        if node.kind is NodeKind.ACCOUNT:
            node.first += BUCKETS_A_PAGE
            self._take(node, bucket_children(node, self._text))
        elif node.after and node.number not in self._tasks:
            self._load(node, after=node.after, go_on=True)

    def show_first(self, node: Node) -> None:
        """The lines from the first one on."""
        if node.kind is NodeKind.ACCOUNT:
            node.first = 0
            self._take(node, bucket_children(node, self._text))
        else:
            node.is_late = False
            self._load(node)

    def look_for(self, node: Node, location: Location) -> None:
        """``location`` lies below ``node`` and is not shown there: list anew, or show the page that has it."""
        step = next((step for step in _steps(location) if _is_child(step, node.location)), None)
        if node.kind is NodeKind.ACCOUNT and step is not None and step.bucket in node.buckets:
            names = matching(node, self._text)
            if step.bucket in names:
                node.first = names.index(step.bucket) // BUCKETS_A_PAGE * BUCKETS_A_PAGE
                self._take(node, bucket_children(node, self._text))
            return
        if node.is_cut and step is not None:
            node.is_late = True
            self._load(node, after=step.key.removesuffix(DELIMITER))  # what comes right behind it is the prefix itself
        else:
            self._load(node)

    def _load(self, node: Node, *, after: str = "", go_on: bool = False) -> None:
        running = self._tasks.pop(node.number, None)
        if running is not None:
            running.cancel()
        first = node.loaded is not Loaded.YES
        node.loaded = Loaded.LOADING
        if first or go_on:
            self._replace_children(node, [*(self._above(node) if go_on else ()), notice(node, "Listing\u2026")])
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
        places = node.places
        self._tasks[node.number] = self._bridge.run(
            list_folder_page,
            record,
            node.location.bucket,
            node.location.key,
            after,
            places[-1].location.key if go_on and places else "",
            owner=self,
            on_done=partial(self._take_folders, node, go_on),
            on_error=partial(self._fail_to_go_on if go_on else self._fail, node),
        )

    def _take_buckets(self, node: Node, found: BucketList) -> None:
        node.buckets, node.denied = tuple(bucket.name for bucket in found.buckets), found.denied
        self._take(node, bucket_children(node, self._text))

    def _take_folders(self, node: Node, go_on: bool, found: FolderPage) -> None:
        self._take(node, folder_children(node, found, go_on=go_on))

    def _take(self, node: Node, children: list[Node]) -> None:
        self._tasks.pop(node.number, None)
        node.loaded = Loaded.YES
        known = {child.location: child for child in node.places}
        self._replace_children(
            node,
            [known.get(child.location, child) if child.kind is not NodeKind.NOTICE else child for child in children],
        )
        at = self.index_of(node)
        self.dataChanged.emit(at, at)
        self.loaded.emit(node.location)

    def _fail(self, node: Node, error: ArtifactBrowserError) -> None:
        self._tasks.pop(node.number, None)
        node.loaded = Loaded.FAILED
        node.is_late, node.after = False, ""
        words = f"{error.title}: {printable(error.detail)[:160]}"
        self._replace_children(node, [notice(node, words, NoticeAct.TRY_AGAIN)])
        self.loaded.emit(node.location)

    def _fail_to_go_on(self, node: Node, error: ArtifactBrowserError) -> None:
        """What is shown stays."""
        self._tasks.pop(node.number, None)
        node.loaded = Loaded.YES
        words = f"{error.title}. Try again\u2026"
        self._replace_children(node, [*self._above(node), notice(node, words, NoticeAct.MORE)])
        self.loaded.emit(node.location)

    def _above(self, node: Node) -> list[Node]:
        """All that is shown below ``node`` but its last line, which says that there is more."""
        last = node.children[-1:]
        return node.children[:-1] if last and last[0].kind is NodeKind.NOTICE else node.children[:]

    def _replace_children(self, node: Node, children: list[Node]) -> None:
        """Swap children; nodes that stay keep what is open below them. Neighbours come and go together."""
        if [child.name for child in node.children if child.kind is NodeKind.NOTICE] == [
            child.name for child in children if child.kind is NodeKind.NOTICE
        ] and [child.number for child in node.places] == [
            child.number for child in children if child.kind is not NodeKind.NOTICE
        ]:
            return  # nothing new
        staying = {child.number for child in children}
        end = len(node.children)
        while end:
            if node.children[end - 1].number in staying:
                end -= 1
                continue
            start = end - 1
            while start and node.children[start - 1].number not in staying:
                start -= 1
            self.beginRemoveRows(self.index_of(node), start, end - 1)
            gone = node.children[start:end]
            del node.children[start:end]
            for child in gone:
                self._forget(child)
            self._number(node)
            self.endRemoveRows()
            end = start
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
            return plain_tip(self._tooltip(node))
        if role == _DESCRIPTION:
            return f"{node.kind}{', read-only' if node.read_only else ''}"
        return None

    def _tooltip(self, node: Node) -> str:
        if node.kind in {NodeKind.BUCKET, NodeKind.PREFIX}:
            kind = self._services.book.get(node.location.account_id).kind
            words = f"{KEPT_WORDS}\n" if is_kept_by_catalog(node.location.key) else ""
            return words + printable(uri_of(kind, node.location.bucket, node.location.key))
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


def _is_child(step: Location, of: Location) -> bool:
    """Whether a step on a way is the one right below ``of``."""
    return step.parent == of if step.bucket else False


def _is_place(node: Node) -> bool:
    return node.kind not in {NodeKind.NOTICE, NodeKind.ROOT}
