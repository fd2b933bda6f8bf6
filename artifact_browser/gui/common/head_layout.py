"""A title with buttons beside it, or below it in as many rows as they need where the window is narrow."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

_SPACE = 8
#: px the title keeps beside the buttons; with less they go below it
_LEAST_TITLE = 240


class HeadLayout(QLayout):
    """The first widget is the title, all others are buttons. Sizes in px; GUI thread only."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def sizeHint(self) -> QSize:
        width = self._row_width() + _LEAST_TITLE
        return QSize(width, self.heightForWidth(width))

    def minimumSize(self) -> QSize:
        widths = [item.sizeHint().width() for item in self._buttons()]
        return QSize(max(widths, default=0), max((item.sizeHint().height() for item in self._buttons()), default=0))

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, move=True)

    def _buttons(self) -> list[QLayoutItem]:
        return [item for item in self._items[1:] if not item.isEmpty()]

    def _row_width(self) -> int:
        return sum(item.sizeHint().width() + _SPACE for item in self._buttons())

    def _place(self, rect: QRect, *, move: bool) -> int:
        """The height it takes."""
        if not self._items:
            return 0
        title, row = self._items[0], self._row_width()
        beside = rect.width() >= row + _LEAST_TITLE
        width = rect.width() - row if beside else rect.width()
        high = title.heightForWidth(width) if title.hasHeightForWidth() else title.sizeHint().height()
        if move:
            title.setGeometry(QRect(rect.x(), rect.y(), width, high))
        left = rect.x() + width + _SPACE if beside else rect.x()
        x, y, line = left, rect.y() if beside else rect.y() + high + _SPACE, 0
        for item in self._buttons():
            size = item.sizeHint()
            if x > left and x + size.width() > rect.x() + rect.width():
                x, y, line = left, y + line + _SPACE, 0
            if move:
                item.setGeometry(QRect(x, y, size.width(), size.height()))
            x, line = x + size.width() + _SPACE, max(line, size.height())
        return max(high, y + line - rect.y())
