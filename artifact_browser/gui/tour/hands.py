"""What a person's hands and eyes do with the window: find by name, click, type, drop, wait, take a picture.

Events go through Qt as real ones do (``QTest``, drag and drop events to the widget under the point); nothing reaches
around the window into the rooms behind it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import PySide6
from PySide6.QtCore import QEvent, QMimeData, QModelIndex, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDragMoveEvent, QDropEvent, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

W = TypeVar("W", bound=QWidget)
POLL_S = 0.02


class TourFailed(Exception):
    """A step did not come to its end; the text says what was waited for."""


class Hands:
    """Works on what is visible. Everything runs on the GUI thread; waiting lets Qt go on."""

    def __init__(self, window: QWidget) -> None:
        self.window = window

    async def until(self, what: str, holds: Callable[[], object], timeout_s: float = 30.0) -> None:
        """Wait until ``holds()``. :raises TourFailed: it did not in time"""
        ends_at = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > ends_at:
                raise TourFailed(f"not within {timeout_s:g} s: {what}")
            await asyncio.sleep(POLL_S)

    async def pause(self, seconds: float = 0.15) -> None:
        """Let the window paint; never used to wait for something to happen."""
        await asyncio.sleep(seconds)

    def find(self, kind: type[W], name: str) -> W | None:
        """The visible widget with this accessible name (or text), in the topmost window that has one."""
        for top in reversed([top for top in QApplication.topLevelWidgets() if top.isVisible()]):
            for widget in [top, *top.findChildren(kind)]:
                if isinstance(widget, kind) and widget.isVisible() and name in _names(widget):
                    return widget
        return None

    async def wait_for(self, kind: type[W], name: str, timeout_s: float = 30.0) -> W:
        """:raises TourFailed: it does not appear"""
        await self.until(f"{kind.__name__} \u201c{name}\u201d is there", lambda: self.find(kind, name), timeout_s)
        found = self.find(kind, name)
        assert found is not None
        return found

    async def press(self, name: str, kind: type[QWidget] = QWidget) -> None:
        """Click a button, once it is there and enabled."""
        widget = await self.wait_for(kind, name)
        await self.until(f"\u201c{name}\u201d can be pressed", widget.isEnabled)
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
        await self.pause(0.05)

    async def type_into(self, name: str, text: str, kind: type[QWidget] = QWidget) -> None:
        """Replace a field's text by typing."""
        widget = await self.wait_for(kind, name)
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(widget, text)
        await self.pause(0.05)

    async def keys(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A shortcut, where the keyboard focus is."""
        self.window.activateWindow()
        await self.until("the window is active", self.window.isActiveWindow)
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)
        await self.pause(0.05)

    async def row(self, view: QAbstractItemView, text: str, timeout_s: float = 30.0) -> QModelIndex:
        """The index of the row that is called ``text``. :raises TourFailed: it does not appear"""
        await self.until(f"a row \u201c{text}\u201d is listed", lambda: _row(view, text) is not None, timeout_s)
        found = _row(view, text)
        assert found is not None
        return found

    async def click_row(self, view: QAbstractItemView, text: str, *, twice: bool = False) -> None:
        """Click (or double-click) a row."""
        index = await self.row(view, text)
        view.scrollTo(index)
        at = view.visualRect(index).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
        if twice:
            QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
        await self.pause(0.05)

    async def drop(self, target: QWidget, paths: Sequence[Path], at: QPoint | None = None) -> None:
        """Drag files from outside onto a widget and let go. :raises TourFailed: the drop is refused"""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        point = at if at is not None else target.rect().center()
        action, buttons, no_keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        entered = QDragEnterEvent(drag_point(point), action, data, buttons, no_keys)
        QApplication.sendEvent(target, entered)
        moved = QDragMoveEvent(drag_point(point), action, data, buttons, no_keys)
        moved.setAccepted(entered.isAccepted())  # as Qt does: a move is taken where the entry was
        QApplication.sendEvent(target, moved)
        if not moved.isAccepted():
            raise TourFailed("the drop is not accepted there")
        await self.pause(0.3)
        dropped = QDropEvent(QPointF(point), action, data, buttons, no_keys, QEvent.Type.Drop)
        QApplication.sendEvent(target, dropped)
        if not dropped.isAccepted():
            raise TourFailed("the drop was refused")
        await self.pause(0.05)

    def picture(self) -> QPixmap:
        """The window as it is seen now, with what floats over it."""
        shot = self.window.grab()
        painter = QPainter(shot)
        for top in QApplication.topLevelWidgets():
            if top.isVisible() and top is not self.window and top.isWindow() and _belongs(top, self.window):
                painter.fillRect(self.window.rect(), QColor(0, 0, 0, 90))
                painter.drawPixmap(_place(top, self.window), top.grab())
        painter.end()
        return shot


def drag_point(point: QPoint) -> Any:
    """What this Qt's drag events take: from 6.12 on fractions, whole points are deprecated there."""
    return QPointF(point) if PySide6.__version_info__ >= (6, 12) else point


def _belongs(top: QWidget, window: QWidget) -> bool:
    parent = top.parentWidget()
    return parent is not None and parent.window() is window


def _place(top: QWidget, window: QWidget) -> QPoint:
    """In the window's middle, where a window manager would put a dialog (offscreen there is none)."""
    return QPoint((window.width() - top.width()) // 2, (window.height() - top.height()) // 2)


def _names(widget: QWidget) -> set[str]:
    text = getattr(widget, "text", None)
    shown = text() if callable(text) else ""
    return {widget.accessibleName(), shown if isinstance(shown, str) else ""}


def _row(view: QAbstractItemView, text: str) -> QModelIndex | None:
    model = view.model()
    stack = [view.rootIndex()]
    while stack:
        parent = stack.pop()
        for row in range(min(model.rowCount(parent), 5000)):
            index = model.index(row, 0, parent)
            if index.data() == text:
                return index
            if model.rowCount(index):
                stack.append(index)
    return None
