"""What is wrong with a manifest or a schema, one line each: where, and in a sentence; choosing one goes there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from artifact_browser.gui.common.format import count, elided, printable
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.plain_tip import plain_tip

_Index = QModelIndex | QPersistentModelIndex
_ICON_PX = 16
_AROUND_PX = 12
_BESIDE_PX = 44
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Problem:
    """One line. :ivar pointer: JSON pointer of the place; :ivar line: of the text, from 1; 0 where there is none"""

    sentence: str
    pointer: str = ""
    line: int = 0
    column: int = 0
    hint: bool = False


class ProblemModel(QAbstractListModel):
    """Read-only."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Problem, ...] = ()
        #: whether lines are told: there is a text beside them
        self.tells_lines = True

    def show(self, rows: Sequence[Problem]) -> None:
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    def row(self, at: int) -> Problem:
        return self._rows[at]

    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        problem = self._rows[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            words = elided(printable(problem.sentence), _LONGEST)
            return f"Line {problem.line:,}: {words}" if problem.line and self.tells_lines else words
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(printable(problem.pointer)) or None
        if role == Qt.ItemDataRole.DecorationRole:
            return icon("triangle-alert", "warning") if problem.hint else icon("circle-alert", "bad")
        return None


class ProblemList(QListView):
    """Accessible name ``Problems``. Enter or a click chooses one."""

    #: a :class:`Problem` to go to
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model_ = ProblemModel(self)
        self.setModel(self.model_)
        self.setAccessibleName("Problems")
        self.setItemDelegate(_WrappedText(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setIconSize(QSize(_ICON_PX, _ICON_PX))
        self.setWordWrap(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Replace the lines; the chosen one stays chosen where it is still there."""
        before = self.currentIndex().data() if self.currentIndex().isValid() else None
        self.model_.show(problems)
        self.setAccessibleDescription(count(len(problems), "problem"))
        for at in range(len(problems)):
            index = self.model_.index(at)
            if before is not None and index.data() == before:
                self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.SelectCurrent)
                break

    def tell_lines(self, told: bool) -> None:
        """Whether the lines of the text are told with the sentences."""
        self.model_.tells_lines = told
        self.scheduleDelayedItemsLayout()
        self.viewport().update()

    def counts(self) -> tuple[int, int]:
        """How many faults there are, and how many hints."""
        hints = sum(self.model_.row(at).hint for at in range(self.model_.rowCount()))
        return self.model_.rowCount() - hints, hints

    def texts(self) -> list[str]:
        """The lines as they are read."""
        return [self.model_.index(at).data() for at in range(self.model_.rowCount())]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(self.model_.row(index.row()))


class _WrappedText(QStyledItemDelegate):
    """As high as the sentence needs."""

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        width = max(80, self._view.viewport().width() - _BESIDE_PX)
        wrap = Qt.TextFlag.TextWordWrap
        text = option.fontMetrics.boundingRect(QRect(0, 0, width, 10_000), wrap, index.data())
        return QSize(width, text.height() + _AROUND_PX)
