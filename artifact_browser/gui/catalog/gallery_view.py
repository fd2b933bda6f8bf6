"""The grid of cards: even columns, smooth scrolling, covers only for what can be seen, drops onto cards."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyle, QWidget

from artifact_browser.catalog.card import Card, Status
from artifact_browser.catalog.layout import COLLECTION_TYPE
from artifact_browser.gui.catalog.card_delegate import CARD_PX, GUTTER_PX, CardDelegate
from artifact_browser.gui.catalog.covers import CoverLoader
from artifact_browser.gui.catalog.dropped_files import dropped_files
from artifact_browser.gui.catalog.gallery_model import GalleryModel
from artifact_browser.gui.common.palette import palette, tokens

_NARROWEST_PX = 236
_COVERS_AFTER_MS = 80
_STEP_PX = 48


class GalleryView(QListView):
    """Accessible name ``Gallery``. Enter or a double click activates a card."""

    #: a :class:`Card` to open
    card_activated = Signal(object)
    #: a broken :class:`Card` whose manifest is to be opened
    manifest_wanted = Signal(object)
    #: the selected :class:`Card`, or ``None``
    card_selected = Signal(object)
    #: files were dropped on a card: the :class:`Card` and a tuple of local paths
    files_dropped = Signal(object, object)
    #: a context menu is wanted at a global position for the selected card
    context_menu_wanted = Signal(QPoint)

    def __init__(self, model: GalleryModel, covers: CoverLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Gallery")
        self._model, self._covers = model, covers
        self._delegate = CardDelegate(covers, self)
        #: drops are taken (the account may be written to)
        self.takes_drops = True
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self._set_up()
        self._kept_prefix = ""
        self._covers_later = QTimer(self, singleShot=True, interval=_COVERS_AFTER_MS)
        self._covers_later.timeout.connect(self._want_covers)
        for changed in (model.rowsInserted, model.modelReset, model.layoutChanged, model.dataChanged):
            changed.connect(self._want_covers_soon)
        model.modelAboutToBeReset.connect(self._keep_current)
        model.modelReset.connect(self._restore_current)
        self.verticalScrollBar().valueChanged.connect(self._want_covers_soon)
        self.selectionModel().currentChanged.connect(lambda *_: self.card_selected.emit(self.current_card))
        covers.loaded.connect(self._repaint_card)
        palette().changed.connect(self._recolour)
        self.activated.connect(self._activate)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(
            lambda at: self.context_menu_wanted.emit(self.viewport().mapToGlobal(at))
        )

    def _set_up(self) -> None:
        self.setViewMode(QListView.ViewMode.ListMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(1000)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(_STEP_PX)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        # nothing shines through (see paintEvent), so that scrolling moves what is there and paints what is new
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(False)
        self.setTabKeyNavigation(False)
        colours = self.palette()
        colours.setColor(QPalette.ColorRole.Highlight, Qt.GlobalColor.transparent)
        self.setPalette(colours)

    @property
    def current_card(self) -> Card | None:
        index = self.currentIndex()
        return self._model.card(index.row()) if index.isValid() else None

    def select(self, prefix: str) -> bool:
        """Make a card the current one; ``False`` when it is not shown."""
        row = self._model.row_of(prefix)
        if row < 0:
            return False
        self.setCurrentIndex(self._model.index(row))
        self.scrollTo(self._model.index(row))
        return True

    # -- layout -------------------------------------------------------------------------------------------------
    def resizeEvent(self, event: QResizeEvent) -> None:
        width = self.width() - self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent) - 2
        columns = max(1, width // (_NARROWEST_PX + 2 * GUTTER_PX))
        cell = QSize(width // columns, CARD_PX + 2 * GUTTER_PX)
        if cell != self._delegate.cell:
            self._delegate.cell = cell
            self._delegate.art.clear()
            self.setGridSize(cell)
        super().resizeEvent(event)
        self._want_covers_soon()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), tokens().background)
        painter.end()
        super().paintEvent(event)

    # -- pointer and keys ---------------------------------------------------------------------------------------
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        self._hover(index.row() if index.isValid() else -1)
        self.viewport().setCursor(
            Qt.CursorShape.PointingHandCursor
            if self._is_on_link(event.position().toPoint())
            else Qt.CursorShape.ArrowCursor
        )
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        where = event.position().toPoint()
        if event.button() == Qt.MouseButton.LeftButton and self._is_on_link(where):
            self.manifest_wanted.emit(self._model.card(self.indexAt(where).row()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self._activate(self.currentIndex())  # the style decides on other platforms, here it always opens
            event.accept()
            return
        super().keyPressEvent(event)

    def _activate(self, index: QModelIndex) -> None:
        card = self._model.card(index.row())
        (self.manifest_wanted if card.status is Status.BROKEN else self.card_activated).emit(card)

    def _is_on_link(self, where: QPoint) -> bool:
        index = self.indexAt(where)
        if not index.isValid() or self._model.card(index.row()).status is not Status.BROKEN:
            return False
        return self._delegate.open_manifest_rect(self.visualRect(index), self.font()).contains(where)

    def _hover(self, row: int) -> None:
        before, self._delegate.hover_row = self._delegate.hover_row, row
        if before != row:
            self._update_rows(before, row)

    # -- drops --------------------------------------------------------------------------------------------------
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.dragMoveEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        row = self._drop_row_at(event)
        self._mark_drop(row)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.setAccepted(row >= 0)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._mark_drop(-1)

    def dropEvent(self, event: QDropEvent) -> None:
        row = self._drop_row_at(event)
        self._mark_drop(-1)
        if row >= 0:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.files_dropped.emit(self._model.card(row), dropped_files(event.mimeData()))

    def _drop_row_at(self, event: QDropEvent) -> int:
        index = self.indexAt(event.position().toPoint())
        if not self.takes_drops or not index.isValid() or not dropped_files(event.mimeData()):
            return -1
        card = self._model.card(index.row())
        return -1 if card.status is Status.BROKEN or card.type == COLLECTION_TYPE else index.row()

    def _mark_drop(self, row: int) -> None:
        before, self._delegate.drop_row = self._delegate.drop_row, row
        if before != row:
            self._update_rows(before, row)

    # -- keeping up ---------------------------------------------------------------------------------------------
    def _update_rows(self, *rows: int) -> None:
        for row in rows:
            if 0 <= row < self._model.rowCount():
                self.update(self._model.index(row))

    def _repaint_card(self, prefix: str) -> None:
        self._update_rows(self._model.row_of(prefix))

    def _recolour(self) -> None:
        self._delegate.art.clear()
        self.viewport().update()

    def _keep_current(self) -> None:
        card = self.current_card
        self._kept_prefix = card.prefix if card else ""

    def _restore_current(self) -> None:
        self._delegate.hover_row = self._delegate.drop_row = -1
        if not (self._kept_prefix and self.select(self._kept_prefix)):
            self.card_selected.emit(None)

    def _want_covers_soon(self) -> None:
        """A while after the first change, not after the last: covers come while somebody scrolls on and on, too."""
        if not self._covers_later.isActive():
            self._covers_later.start()

    def _want_covers(self) -> None:
        self._covers.want(self._model.card(row) for row in self._visible_rows())

    def _visible_rows(self) -> range:
        """From the first to the last card that can be seen."""
        count = self._model.rowCount()
        if not count or not self.isVisible():
            return range(0)
        cell = self._delegate.cell
        columns = max(1, self.viewport().width() // cell.width())
        top = self.verticalScrollBar().value()
        first = top // cell.height() * columns
        last = ((top + self.viewport().height()) // cell.height() + 1) * columns
        return range(min(first, count), min(last, count))
