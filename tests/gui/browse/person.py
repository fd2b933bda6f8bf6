"""A person at the real window: goes to places, reads rows, presses keys, waits as long as it takes."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QMimeData, QModelIndex, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from artifact_browser.accounts.lease import Secret
from artifact_browser.accounts.record import THIS_COMPUTER, AccountRecord, KeySource
from artifact_browser.bootstrap import Services
from artifact_browser.gui.browse.listing_state import ListingState, ListingStatus
from artifact_browser.gui.shell.window import Window
from artifact_browser.gui.tour.hands import drag_point
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from tests.storage.conformance.stores import Store

W = TypeVar("W", bound=QWidget)
TIMEOUT_S = 20.0
_NUMBERS = itertools.count(1)


def until(holds: Callable[[], object], what: str | Callable[[], str], timeout_s: float = TIMEOUT_S) -> None:
    """Let Qt go on until ``holds()``."""
    ends_at = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < ends_at, f"never: {what() if callable(what) else what}"
        QTest.qWait(3)


class Person:
    """:ivar secrets: typed keys by account id, for stores that are opened beside the window"""

    def __init__(self, services: Services, window: Window) -> None:
        self.services, self.window = services, window
        self.browse, self.main = window.browse, window.main
        self.table, self.tree = window.browse.view.table, window.browse.tree
        self.secrets: dict[str, Secret] = {}

    # -- stores -------------------------------------------------------------------------------------------------
    def add_account(self, record: AccountRecord, secret: Secret | None = None) -> AccountRecord:
        """An account of this test's own; typed keys last for this run."""
        number = next(_NUMBERS)
        record = replace(record, id=f"{record.id}-{number}", name=f"{record.name} {number}")
        kept: list[object] = []
        if secret is not None:
            self.secrets[record.id] = secret
            self.services.broker.keep(record.id, secret, KeySource.SESSION, kept.append)
            until(lambda: kept, "the keys are kept")
        self.services.book.add(record)
        self.tree.reload_accounts()
        return record

    def new_bucket(self, blobs: dict[str, bytes], account_id: str = THIS_COMPUTER) -> Location:
        """A bucket of the test's own, written from outside the window."""
        bucket = f"bucket-{os.getpid()}-{next(_NUMBERS)}"  # moto is shared by the workers of a run
        with self.store(account_id).opened() as driver:
            driver.create_bucket(bucket)
            for key, data in blobs.items():
                driver.put(bucket, key, data)
        return Location(account_id, bucket)

    def store(self, account_id: str = THIS_COMPUTER) -> Store:
        record = self.services.book.get(account_id)
        return Store("here", record, self.services.paths, self.secrets.get(account_id))

    def put(self, location: Location, blobs: dict[str, bytes]) -> None:
        with self.store(location.account_id).opened() as driver:
            for key, data in blobs.items():
                driver.put(location.bucket, location.key + key, data)

    def keys(self, location: Location) -> list[str]:
        """Every key below, read past the window."""
        with self.store(location.account_id).opened() as driver:
            pages = driver.list_pages(location.bucket, location.key, delimiter="")
            return [key for page in pages for key in page.keys]

    # -- places -------------------------------------------------------------------------------------------------
    @property
    def here(self) -> Location:
        return self.window.navigator.current

    @property
    def state(self) -> ListingState:
        return self.browse.view.listing.state

    def go(self, location: Location, status: ListingStatus = ListingStatus.COMPLETE) -> None:
        """Go and wait for the listing's end."""
        self.window.navigator.go(location)
        self.arrived(location, status)

    def arrived(self, location: Location, status: ListingStatus = ListingStatus.COMPLETE) -> None:
        listing = self.browse.view.listing
        until(
            lambda: listing.location == location and self.state.status is status,
            lambda: f"{status} in {location}: it is {self.state.status} in {listing.location}, {self.state.error!r}",
        )

    def refresh(self) -> None:
        """F5, and wait for its end."""
        self.window.navigator.refresh()
        assert self.state.status is ListingStatus.LISTING
        until(lambda: self.state.status is ListingStatus.COMPLETE, "it is listed again")

    # -- rows ---------------------------------------------------------------------------------------------------
    def names(self) -> list[str]:
        """The first column, as it is read."""
        model = self.table.model()
        return [model.index(row, 0).data() for row in range(model.rowCount())]

    def row(self, name: str) -> QModelIndex:
        return self.table.model().index(self.names().index(name), 0)

    def point(self, name: str) -> QPoint:
        """Where the row is on the table's viewport."""
        index = self.row(name)
        self.table.scrollTo(index)
        return self.table.visualRect(index).center()

    def click(self, name: str, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.mouseClick(self.table.viewport(), Qt.MouseButton.LeftButton, modifiers, self.point(name))

    def select(self, *names: str) -> None:
        """Click the first, Ctrl-click the others; wait until the actions know."""
        self.table.clearSelection()
        for number, name in enumerate(names):
            self.click(name, Qt.KeyboardModifier.ControlModifier if number else Qt.KeyboardModifier.NoModifier)
        assert self.selected() == sorted(names, key=self.names().index)
        context = self.main.actions_
        until(lambda: context.context.selected_blobs + context.context.selected_folders == len(names), "they know")

    def selected(self) -> list[str]:
        return [self.table.model().index(row, 0).data() for row in self.table.selected_rows()]

    def open(self, name: str) -> None:
        """Double-click."""
        at = self.point(name)
        QTest.mouseClick(self.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
        QTest.mouseDClick(self.table.viewport(), Qt.MouseButton.LeftButton, pos=at)

    def keys_pressed(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A key where the table has the focus."""
        self.main.activateWindow()
        self.table.setFocus()
        until(lambda: self.main.isActiveWindow() and self.table.hasFocus(), "the table has the focus")
        QTest.keyClick(self.table, key, modifiers)

    # -- tree ---------------------------------------------------------------------------------------------------
    def tree_index(self, *path: str) -> QModelIndex:
        """The line of the tree at ``path`` (names from the top), opened on the way."""
        parent = QModelIndex()
        for step in path:
            parent = self._child(parent, step)
        return parent

    def _child(self, parent: QModelIndex, name: str) -> QModelIndex:
        model = self.tree.model()
        if parent.isValid():
            self.tree.expand(parent)

        def find() -> QModelIndex | None:
            rows = (model.index(row, 0, parent) for row in range(model.rowCount(parent)))
            return next((index for index in rows if index.data() == name), None)

        until(lambda: find() is not None, f"the tree has {name}")
        found = find()
        assert found is not None
        return found

    def click_tree(self, index: QModelIndex) -> None:
        self.tree.scrollTo(index)
        at = self.tree.visualRect(index).center()
        QTest.mouseClick(self.tree.viewport(), Qt.MouseButton.LeftButton, pos=at)

    # -- what is said -------------------------------------------------------------------------------------------
    def dialog(self, kind: type[W]) -> W:
        """The dialog of this kind, once it is shown."""

        def find() -> W | None:
            return next((one for one in self.main.findChildren(kind) if one.isVisible()), None)

        until(lambda: find() is not None, f"a {kind.__name__} opens")
        found = find()
        assert found is not None
        return found

    def no_dialog(self) -> None:
        until(lambda: QApplication.activeModalWidget() is None, "no dialog is open")

    def words(self, widget: QWidget | None = None) -> str:
        """Everything a person can read in ``widget`` (the table page) now."""
        inside = widget or self.browse.view
        shown: list[QLabel | QPushButton] = [*inside.findChildren(QLabel), *inside.findChildren(QPushButton)]
        return "\n".join(one.text() for one in shown if one.isVisible() and one.text())

    def button(self, text: str, inside: QWidget | None = None) -> QPushButton:
        found = [
            one
            for one in (inside or self.browse.view).findChildren(QPushButton)
            if one.isVisible() and one.text() == text
        ]
        assert len(found) == 1, f"{len(found)} buttons {text!r}"
        return found[0]

    @contextmanager
    def clipboard(self):  # type: ignore[no-untyped-def]
        """The clipboard, emptied before."""
        clipboard = QGuiApplication.clipboard()
        clipboard.clear()
        yield clipboard

    # -- moving -------------------------------------------------------------------------------------------------
    def transfer(self, begin: Callable[[], object]) -> TransferHandle:
        """Begin a transfer and wait for its end and for the listing after it."""
        queue = self.window.transfers.room.queue
        before = set(queue.handles)
        begin()
        until(lambda: set(queue.handles) - before, "a transfer begins")
        handle = next(iter(set(queue.handles) - before))
        until(lambda: handle.ended, "the transfer ends")
        return handle


def urls(paths: Sequence[Path]) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


class Drag:
    """Something held over a widget."""

    _COPY, _LEFT = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton

    def __init__(
        self, over: QWidget, data: QMimeData, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        self._over, self._data, self._held = over, data, held

    def hover(self, at: QPoint) -> bool:
        """Move there; whether it would be taken."""
        QApplication.sendEvent(
            self._over, QDragEnterEvent(drag_point(at), self._COPY, self._data, self._LEFT, self._held)
        )
        moved = QDragMoveEvent(drag_point(at), self._COPY, self._data, self._LEFT, self._held)
        QApplication.sendEvent(self._over, moved)
        return moved.isAccepted()

    def leave(self) -> None:
        QApplication.sendEvent(self._over, QDragLeaveEvent())

    def drop(self, at: QPoint) -> bool:
        """Let go there; whether it was taken."""
        dropped = QDropEvent(QPointF(at), self._COPY, self._data, self._LEFT, self._held, QEvent.Type.Drop)
        QApplication.sendEvent(self._over, dropped)
        return dropped.isAccepted()
