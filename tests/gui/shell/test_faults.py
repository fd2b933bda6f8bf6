"""A fault of ours in any thread: one sheet over the window, and never the end of the program."""

from __future__ import annotations

import sys
import threading

import pytest
from PySide6.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot

from artifact_browser.gui.shell.faults import Faults

pytestmark = pytest.mark.usefixtures("look")


def fail() -> None:
    raise RuntimeError("a fault of ours")


def in_thread() -> None:
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


def sheets(window: QWidget) -> list[QDialog]:
    return [dialog for dialog in window.findChildren(QDialog) if dialog.isVisible()]


def test_a_fault_in_another_thread_is_shown_once(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    hooks = sys.excepthook, threading.excepthook
    try:
        with Faults() as faults:
            in_thread()  # before there is a window: into the log alone
            faults.show_in(window)
            in_thread()
            in_thread()  # one sheet at a time
            qtbot.waitUntil(lambda: bool(sheets(window)))
            qtbot.wait(20)
            assert len(sheets(window)) == 1
            sheets(window)[0].reject()
            qtbot.waitUntil(lambda: not sheets(window))
            window.deleteLater()
            qtbot.wait(1)
            in_thread()  # nobody left to show it to
            qtbot.wait(20)
    finally:
        sys.excepthook, threading.excepthook = hooks
    assert caplog.text.count("a fault of ours") >= 4
