"""The rows of the transfers strip: what is painted beyond cells, and what mouse and keys do."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QStyleOptionViewItem, QTreeView, QWidget

from artifact_browser.gui.common.icons import pixmap
from artifact_browser.gui.common.own_keys import keeps_key
from artifact_browser.gui.common.palette import palette, tokens
from artifact_browser.gui.transfers.transfers_delegate import TransfersDelegate
from artifact_browser.gui.transfers.transfers_model import RowAction, TransferColumn, TransfersModel

_WIDTHS = {
    TransferColumn.PROGRESS: 200,
    TransferColumn.SPEED: 96,
    TransferColumn.STATE: 124,
    TransferColumn.ACTION: 40,
}
_ARROW_PX, _INSET_PX, _RADIUS_PX = 14, 6, 6


class TransfersView(QTreeView):
    """The rows. Accessible name ``Transfers``."""

    #: the button at the end of a row, or its key: ``(handle, name of the action)``
    action_chosen = Signal(object, str)

    def __init__(self, model: TransfersModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self._delegate = TransfersDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Transfers")
        self.setHeaderHidden(True)
        self.setIndentation(24)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self._size_columns()
        self.expanded.connect(lambda index: model.show_items(index, True))
        self.collapsed.connect(lambda index: model.show_items(index, False))
        self.clicked.connect(self._act)
        palette().changed.connect(self.viewport().update)

    def _size_columns(self) -> None:
        head = self.header()
        head.setMinimumSectionSize(32)
        head.setStretchLastSection(False)
        for column in TransferColumn:
            fixed = column in _WIDTHS
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed if fixed else QHeaderView.ResizeMode.Stretch)
            if fixed:
                head.resizeSection(column, _WIDTHS[column])

    # -- painting -----------------------------------------------------------------------------------------------
    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:  # type: ignore[override]
        """The row's own background and focus ring, in the place of the style's."""
        held = tokens()
        rect = QRectF(self.visualRect(index.siblingAtColumn(0)))
        rect.setLeft(_INSET_PX)
        rect.setRight(self.viewport().width() - _INSET_PX)
        rect.adjust(0, 1, 0, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.selectionModel().isRowSelected(index.row(), index.parent()):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(held.selection)
            painter.drawRoundedRect(rect, _RADIUS_PX, _RADIUS_PX)
        if self.hasFocus() and self.currentIndex().siblingAtColumn(0) == index.siblingAtColumn(0):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(held.accent, 1.5))
            painter.drawRoundedRect(rect.adjusted(1, 0, -1, 0), _RADIUS_PX, _RADIUS_PX)
        painter.restore()
        plain = QStyleOptionViewItem(option)
        plain.state &= ~(QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_HasFocus)
        super().drawRow(painter, plain, index)

    def drawBranches(self, painter: QPainter, rect: QRect, index: QModelIndex) -> None:  # type: ignore[override]
        if not self.model().hasChildren(index):
            return
        name = "chevron-down" if self.isExpanded(index) else "chevron-right"
        drawn = pixmap(name, tokens().faint, _ARROW_PX, painter.device().devicePixelRatio())
        painter.drawPixmap(rect.right() - _ARROW_PX, rect.center().y() - _ARROW_PX // 2 + 1, drawn)

    # -- mouse and keys -----------------------------------------------------------------------------------------
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        over = index if index.column() == TransferColumn.ACTION else QModelIndex()
        if self._delegate.hover != over:
            self._delegate.hover = QPersistentModelIndex(over)
            self.viewport().update()
        super().mouseMoveEvent(event)

    def event(self, event: QEvent) -> bool:
        """*Delete* here is not about what the table has selected."""
        return keeps_key(event, Qt.Key.Key_Delete) or super().event(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.indexAt(event.position().toPoint()).column() == TransferColumn.ACTION:
            event.accept()  # the second half of a click on a button
            return
        super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex().siblingAtColumn(TransferColumn.ACTION)
        if event.key() == Qt.Key.Key_Delete and index.isValid():
            self._put_away(index)
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and index.isValid():
            first = index.siblingAtColumn(0)
            self.setExpanded(first, not self.isExpanded(first))
        else:
            super().keyPressEvent(event)

    def _put_away(self, index: QModelIndex) -> None:
        """Never what the row's button says: that may begin something."""
        model = self.model()
        assert isinstance(model, TransfersModel)
        handle = model.handle(index)
        if handle is not None and not index.parent().isValid():
            self.action_chosen.emit(handle, RowAction.REMOVE if handle.ended else RowAction.CANCEL)

    def _act(self, index: QModelIndex) -> None:
        model = self.model()
        assert isinstance(model, TransfersModel)
        if index.column() == TransferColumn.ACTION and (action := model.action(index)):
            self.action_chosen.emit(model.handle(index), action)
