"""PySide6 must not lose references to None, True and False (design decision 8).

PySide6 6.12.0 on CPython 3.11 did, in calls as common as ``appendRow``, and the interpreter aborted after some
thousand of them. Immortal objects (CPython 3.12) hide it, so the count is only telling below.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from PySide6.QtCore import QItemSelectionModel, QModelIndex, QObject, QPoint, QTimer, Signal
from PySide6.QtGui import QAction, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

CALLS = 2000


class Sender(QObject):
    sent = Signal(object)


def call_what_we_use() -> Callable[[], None]:
    """One round of the calls the window makes all the time."""
    model, sender, box = QStandardItemModel(), Sender(), QWidget()
    layout, label, action, timer = QVBoxLayout(box), QLabel(), QAction(), QTimer()
    selection = QItemSelectionModel(model)
    sender.sent.connect(lambda value: value)

    def call() -> None:
        model.appendRow(QStandardItem("x"))
        model.setData(model.index(0, 0), None)
        model.data(QModelIndex())
        model.removeRow(0)
        selection.clear()
        sender.sent.emit(None)
        sender.sent.emit(True)
        sender.setProperty("p", None)
        sender.property("p")
        label.setVisible(False)
        label.setEnabled(True)
        label.setParent(None)
        layout.addWidget(label)
        layout.removeWidget(label)
        action.setCheckable(True)
        action.setChecked(False)
        timer.setSingleShot(True)
        box.childAt(QPoint(-1, -1))

    return call


@pytest.mark.parametrize("constant", [None, True, False], ids=str)
def test_constants_keep_their_references(qapp: QApplication, constant: object) -> None:
    call = call_what_we_use()
    call()
    before = sys.getrefcount(constant)
    for _ in range(CALLS):
        call()
    assert before - sys.getrefcount(constant) < CALLS // 10  # one kept too many is harmless, one lost is not
