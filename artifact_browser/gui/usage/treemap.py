"""The treemap: a view over a level's rows, so that mouse, keyboard, selection and screen readers work as in a table.

Enter or a click looks into a prefix, the arrows go from rectangle to rectangle, Backspace goes up. Laying out costs a few
milliseconds and happens when rows, size or measure have changed; painting draws what was laid out.
"""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QToolTip, QWidget

from artifact_browser.gui.common.format import elided, exact_size, printable
from artifact_browser.gui.common.menu_place import menu_place
from artifact_browser.gui.common.palette import palette
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.usage.amounts_model import AMOUNT_ROLE, Amount, AmountsModel
from artifact_browser.gui.usage.treemap_layout import Cell, lay_out
from artifact_browser.gui.usage.treemap_painter import TreemapPainter

_Index = QModelIndex | QPersistentModelIndex
_OPEN_KEYS = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}
_Action = QAbstractItemView.CursorAction


class Treemap(QListView):
    """Accessible name ``Treemap``. Its model is an :class:`AmountsModel`. A list view because screen readers know lists;
    where its items are and how they look is its own.
    """

    #: a part is to be looked into: :class:`Amount`
    opened = Signal(object)
    up_wanted = Signal()
    #: ``(Amount, global position)``
    menu_wanted = Signal(object, QPoint)

    def __init__(self, model: AmountsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._amounts = model
        self._cells: list[Cell] = []
        self._by_row: dict[int, Cell] = {}
        self._stale = True
        self._hover = QPoint(-1, -1)
        self._painter = TreemapPainter()
        self.setModel(model)
        self.setAccessibleName("Treemap")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumSize(QSize(240, 180))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.clicked.connect(self._open)
        palette().changed.connect(self.viewport().update)
        for changed in (
            model.dataChanged,
            model.rowsInserted,
            model.rowsRemoved,
            model.modelReset,
            model.layoutChanged,
        ):
            changed.connect(self._forget_layout)

    def begin_level(self) -> None:
        """Another level is shown: colours are given anew."""
        self._painter.forget_hues()
        self._hover = QPoint(-1, -1)

    # -- geometry -----------------------------------------------------------------------------------------------
    def cells(self) -> list[Cell]:
        """What is drawn now."""
        if self._stale:
            self._stale = False
            self._cells = lay_out(self._amounts, QRectF(self.viewport().rect()))
            self._by_row = {cell.row: cell for cell in self._cells if cell.row >= 0}
        return self._cells

    def _forget_layout(self) -> None:
        self._stale = True
        self.viewport().update()

    def visualRect(self, index: _Index) -> QRect:
        self.cells()
        cell = self._by_row.get(index.row()) if index.isValid() else None
        return cell.rect.toAlignedRect() if cell is not None else QRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        cell = self._cell_at(point)
        return self._amounts.index(cell.row, 0) if cell is not None and cell.row >= 0 else QModelIndex()

    def _cell_at(self, point: QPoint) -> Cell | None:
        at = QPointF(point)
        return next((cell for cell in self.cells() if cell.rect.contains(at)), None)

    def scrollTo(
        self, index: _Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """Everything is in sight."""

    def doItemsLayout(self) -> None:
        """A list's own layout is not wanted."""
        self._forget_layout()

    def updateGeometries(self) -> None:
        """Nothing to scroll."""

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return 0

    def isIndexHidden(self, index: _Index) -> bool:
        return False

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        index = self.indexAt(rect.center())
        rows = QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().select(
            QItemSelection(index, index) if index.isValid() else QItemSelection(), command | rows
        )

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        return QRegion(self.viewport().rect())

    def moveCursor(self, action: _Action, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """The nearest rectangle in that direction; Home and End: the largest and the smallest."""
        cells = [cell for cell in self.cells() if cell.row >= 0]
        if not cells:
            return QModelIndex()
        here = self._by_row.get(self.currentIndex().row())
        if here is None or action is _Action.MoveHome:
            return self._amounts.index(cells[0].row, 0)
        if action is _Action.MoveEnd:
            return self._amounts.index(cells[-1].row, 0)
        found = _nearest(here, cells, action)
        return self._amounts.index((found or here).row, 0)

    # -- events -------------------------------------------------------------------------------------------------
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        current = self.currentIndex().row()
        chosen = current if self.selectionModel().isRowSelected(current, QModelIndex()) else -1
        under = self._cell_at(self._hover)
        self._painter.paint(
            painter, self._amounts, self.cells(), chosen=chosen, under=under, focused=self.hasFocus(), font=self.font()
        )
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._forget_layout()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _OPEN_KEYS and self.currentIndex().isValid():
            self._open(self.currentIndex())
        elif event.key() == Qt.Key.Key_Backspace:
            self.up_wanted.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        cells = [cell for cell in self.cells() if cell.row >= 0]
        if cells and not self.currentIndex().isValid():
            self.setCurrentIndex(self._amounts.index(cells[0].row, 0))
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        before = self._cell_at(self._hover)
        self._hover = event.position().toPoint()
        cell = self._cell_at(self._hover)
        if cell is not before:
            self.viewport().update()
        can_open = cell is not None and cell.row >= 0 and self._amounts.rows[cell.row].is_prefix
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if can_open else Qt.CursorShape.ArrowCursor)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # nothing to scroll

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            words = self.words_at(event.pos())
            QToolTip.showText(event.globalPos(), plain_tip(words), self.viewport()) if words else QToolTip.hideText()
            return True
        if event.type() == QEvent.Type.Leave:
            self._hover = QPoint(-1, -1)
            self.viewport().update()
        return super().viewportEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By mouse or by key: for the rectangle under the pointer, or the current one."""
        index, at = menu_place(self, event)
        if index.isValid():
            self.menu_wanted.emit(index.data(AMOUNT_ROLE), at)

    def words_at(self, point: QPoint) -> str:
        """The exact figures of what is there: the tooltip."""
        cell = self._cell_at(point)
        if cell is None:
            return ""
        if cell.row < 0:
            return f"{cell.members:,} more, too small to be drawn one by one: the table has them"
        row = self._amounts.rows[cell.row]
        words = row.tooltip
        for rect, name, amount in cell.inside:
            if rect.contains(QPointF(point)):
                exact = f"{amount:,} blobs" if self._amounts.by_blobs else exact_size(amount)
                words += (
                    f"\n\nInside: {elided(printable(name.removesuffix('/')), 120) if name else 'the rest'}\n{exact}"
                )
        return words

    def _open(self, index: QModelIndex) -> None:
        row = index.data(AMOUNT_ROLE)
        if isinstance(row, Amount) and row.is_prefix:
            self.opened.emit(row)

    def model(self) -> QAbstractItemModel:
        return self._amounts


def _nearest(here: Cell, cells: list[Cell], action: _Action) -> Cell | None:
    """The cell that a person would say lies in that direction."""
    start = here.rect.center()
    best, least = None, float("inf")
    for cell in cells:
        if cell is here:
            continue
        by = cell.rect.center() - start
        ahead, aside = {
            _Action.MoveLeft: (here.rect.left() - cell.rect.right(), abs(by.y())),
            _Action.MovePrevious: (here.rect.left() - cell.rect.right(), abs(by.y())),
            _Action.MoveRight: (cell.rect.left() - here.rect.right(), abs(by.y())),
            _Action.MoveNext: (cell.rect.left() - here.rect.right(), abs(by.y())),
            _Action.MoveUp: (here.rect.top() - cell.rect.bottom(), abs(by.x())),
            _Action.MoveDown: (cell.rect.top() - here.rect.bottom(), abs(by.x())),
        }.get(action, (-1.0, 0.0))
        if ahead >= 0 and ahead * 2 + aside < least:
            best, least = cell, ahead * 2 + aside
    return best
