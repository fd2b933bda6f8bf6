"""The bucket tree in the side bar: where one is, and where files can be dropped."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPainterPath,
)
from PySide6.QtWidgets import QAbstractItemView, QStyleOptionViewItem, QTreeView, QWidget

from artifact_browser.bootstrap import Services
from artifact_browser.gui.browse.bucket_tree_model import BucketTreeModel
from artifact_browser.gui.browse.listing_model import dragged_keys, drop_action, drop_verb, dropped_files
from artifact_browser.gui.browse.tree_delegate import TreeDelegate
from artifact_browser.gui.browse.tree_nodes import Loaded, Node, NodeKind, NoticeAct
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.gui.common.icons import pixmap
from artifact_browser.gui.common.own_keys import keeps_key
from artifact_browser.gui.common.palette import palette, tokens
from artifact_browser.storage.location import Location

_ARROW_PX = 14


class BucketTree(QTreeView):
    """Accounts, buckets and prefixes. Accessible name ``Bucket tree``."""

    #: a place was chosen: :class:`Location`
    location_opened = Signal(object)
    #: "Open a bucket by name" was chosen: account id
    bucket_wanted = Signal(str)
    #: files dropped on a bucket or prefix: ``(Location, list[Path])``
    files_dropped = Signal(object, object)
    #: rows of the table dropped here: ``(account, bucket, entries, Location, "copy" or "move")``
    rows_dropped = Signal(str, str, object, object, str)
    #: where a drop would go while hovering, and what it would do: ``(Location | None, verb)``
    drop_hovered = Signal(object, str)
    #: there may be more or fewer buckets than before
    buckets_counted = Signal()
    #: right click: ``(Location | None, global position)``
    context_menu_wanted = Signal(object, QPoint)

    def __init__(self, services: Services, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = BucketTreeModel(services, bridge, self)
        self._wanted: Location | None = None
        self._here: Location | None = None
        self._drop_index = QModelIndex()
        self.setModel(self._model)
        self.setItemDelegate(TreeDelegate(self))
        self.setAccessibleName("Bucket tree")
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(16)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DropOnly)
        self.setDropIndicatorShown(False)
        self.setAutoExpandDelay(700)  # spring-loaded folders
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._ask_menu)
        self.clicked.connect(self._open)
        self.activated.connect(self._open)
        self._model.loaded.connect(self._on_loaded)
        palette().changed.connect(self.viewport().update)

    def event(self, event: QEvent) -> bool:
        """*Delete* here is not about what the table has selected."""
        return keeps_key(event, Qt.Key.Key_Delete) or super().event(event)

    # -- from the shell -----------------------------------------------------------------------------------------
    def show_location(self, location: Location) -> None:
        """Select the line of ``location``, opening and listing what is above it."""
        self._wanted = self._here = location
        self._follow()

    def filter_buckets(self, text: str) -> None:
        """Show only buckets whose names hold ``text``; with all of them, the line of where one is comes back into sight."""
        self._model.set_filter(text)
        if text:
            self.scrollToTop()
        if not text and self._here is not None:
            self.show_location(self._here)

    def open_first_bucket(self) -> None:
        """Go to the first bucket that is shown."""
        buckets = (self._model.bucket_at(row) for row in range(self._model.rowCount()))
        found = next((place for place in buckets if place is not None), None)
        if found is not None:
            self.location_opened.emit(found)

    @property
    def bucket_count(self) -> int:
        return self._model.bucket_count

    def reload_accounts(self) -> None:
        self._model.reload_accounts()

    def reload(self, location: Location) -> None:
        """List the children of ``location`` anew (a folder was made or deleted)."""
        self._model.reload(location)

    def place_listed(self, location: Location) -> None:
        """The table could list ``location``: what failed here may be well again too."""
        if self._model.retry_failed(location):
            self._wanted = location

    def current_location(self) -> Location | None:
        index = self.currentIndex()
        return self._model.node(index).location if index.isValid() else None

    # -- following ----------------------------------------------------------------------------------------------
    def _follow(self) -> None:
        if self._wanted is None:
            return
        index = self._model.ensure(self._wanted)
        if not index.isValid():
            return
        node = self._model.node(index)
        self.setCurrentIndex(index)
        if node.location == self._wanted:
            self._wanted = None
            self.scrollTo(index)
            if node.kind is NodeKind.ACCOUNT:
                self.expand(index)
            return
        self.expand(index)
        if node.loaded in {Loaded.YES, Loaded.FAILED}:
            # made since it was listed, or not among the lines shown; see _on_loaded for when it is not there at all
            self._model.look_for(node, self._wanted)

    def _on_loaded(self, location: Location) -> None:
        if not location.bucket:
            self.buckets_counted.emit()
        if self._wanted is None:
            return
        node = self._model.node(self._model.ensure(self._wanted))
        if node.location != location or node.location == self._wanted:
            self._follow()
        else:  # listed, and what was wanted is not below it: stay at what is nearest
            self._wanted = None

    def _open(self, index: QModelIndex) -> None:
        node = self._model.node(index)
        if node.kind is NodeKind.NOTICE:
            self._open_notice(node)
            return
        self._wanted = None
        self.location_opened.emit(node.location)

    def _open_notice(self, node: Node) -> None:
        parent = node.parent
        if parent is None:
            return
        if node.act is NoticeAct.TRY_AGAIN:
            self._model.reload(parent.location)
        elif node.act is NoticeAct.OPEN_BY_NAME:
            self.bucket_wanted.emit(parent.location.account_id)
        elif node.act is NoticeAct.MORE:
            self._model.show_more(parent)
        elif node.act is NoticeAct.FROM_FIRST:
            self._model.show_first(parent)

    def _ask_menu(self, at: QPoint) -> None:
        index = self.indexAt(at)
        node = self._model.node(index) if index.isValid() else None
        location = node.location if node is not None and node.kind is not NodeKind.NOTICE else None
        self.context_menu_wanted.emit(location, self.viewport().mapToGlobal(at))

    # -- painting -----------------------------------------------------------------------------------------------
    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:  # type: ignore[override]
        colours = tokens()
        rect = QRectF(self.visualRect(index))
        rect.setLeft(6)
        rect.setRight(self.viewport().width() - 6)
        rect.adjust(0, 1, 0, -1)
        colour = None
        if index == self._drop_index:
            colour = colours.ok_tint
        elif self.selectionModel().isSelected(index):
            colour = colours.selection
        elif self.indexAt(self.viewport().mapFromGlobal(self.cursor().pos())) == index and self.underMouse():
            colour = colours.hover
        if colour is not None:
            path = QPainterPath()
            path.addRoundedRect(rect, 6, 6)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillPath(path, colour)
        super().drawRow(painter, option, index)

    def drawBranches(self, painter: QPainter, rect: QRect, index: QModelIndex) -> None:  # type: ignore[override]
        if not self._model.hasChildren(index):
            return
        name = "chevron-down" if self.isExpanded(index) else "chevron-right"
        drawn = pixmap(name, tokens().faint, _ARROW_PX, painter.device().devicePixelRatio())
        painter.drawPixmap(rect.right() - _ARROW_PX, rect.center().y() - _ARROW_PX // 2 + 1, drawn)

    # -- drops --------------------------------------------------------------------------------------------------
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        super().dragEnterEvent(event)  # starts the spring-loading timer
        self._consider(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)
        self._consider(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        self._mark(QModelIndex())
        self.drop_hovered.emit(None, "")

    def dropEvent(self, event: QDropEvent) -> None:
        target = self._target(event)
        self._mark(QModelIndex())
        self.drop_hovered.emit(None, "")
        if target is None:
            event.ignore()
            return
        rows = dragged_keys(event.mimeData())
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if rows is not None:
            self.rows_dropped.emit(*rows, target, drop_verb(event))
        else:
            self.files_dropped.emit(target, dropped_files(event.mimeData()))

    def _consider(self, event: QDragMoveEvent) -> None:
        target = self._target(event)
        self._mark(self.indexAt(event.position().toPoint()) if target else QModelIndex())
        self.drop_hovered.emit(target, drop_verb(event))
        if target is None:
            event.ignore()
        else:
            event.setDropAction(drop_action(event))
            event.accept()

    def _target(self, event: QDropEvent) -> Location | None:
        index = self.indexAt(event.position().toPoint())
        if not index.isValid() or not (dropped_files(event.mimeData()) or dragged_keys(event.mimeData())):
            return None
        node = self._model.node(index)
        if node.kind not in {NodeKind.BUCKET, NodeKind.PREFIX} or _account_of(node).read_only:
            return None
        return node.location

    def _mark(self, index: QModelIndex) -> None:
        if index != self._drop_index:
            self._drop_index = index
            self.viewport().update()


def _account_of(node: Node) -> Node:
    """The account's line above a node."""
    while node.kind is not NodeKind.ACCOUNT and node.parent is not None:
        node = node.parent
    return node
