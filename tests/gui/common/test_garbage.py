"""Qt objects in reference cycles end in the GUI thread, whoever allocates."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from artifact_browser.gui.common.garbage import INTERVAL_MS, GarbageCollector


class Cycle(QObject):
    """A room that holds itself, with a timer in it."""

    def __init__(self, ended_in: list[int]) -> None:
        super().__init__()
        self.itself = self
        self.timer = QTimer(self)
        self.timer.start(1000)
        self.destroyed.connect(lambda: ended_in.append(threading.get_ident()))


@pytest.fixture
def python_collects() -> Iterator[None]:
    """As in a program that does nothing about it (the tests' own ground collects between tests)."""
    was = gc.isenabled()
    gc.enable()
    yield
    if not was:
        gc.disable()


def allocate() -> None:
    """Enough objects that stay to have every generation looked at."""
    kept = [[[] for _ in range(100)] for _ in range(5000)]
    assert len(kept) == 5000


def test_a_foreign_thread_collects_nothing(qapp: QApplication, qtbot: QtBot, python_collects: None) -> None:
    ended_in: list[int] = []
    with GarbageCollector() as garbage:
        garbage._timer.stop()  # by hand here
        for _ in range(20):
            Cycle(ended_in)
        thread = threading.Thread(target=allocate)
        thread.start()
        thread.join()
        assert ended_in == []
        for _ in range(20):
            garbage.collect()
            allocate()
        gc.collect()
    assert set(ended_in) == {threading.get_ident()}
    assert len(ended_in) == 20


def test_cycles_go_while_the_loop_runs(qtbot: QtBot, python_collects: None) -> None:
    ended_in: list[int] = []
    with GarbageCollector():
        Cycle(ended_in)
        kept = [[] for _ in range(10 * gc.get_threshold()[0])]  # what ends while it waits is counted against it
        qtbot.waitUntil(lambda: bool(ended_in), timeout=5 * INTERVAL_MS)
        assert kept
    assert gc.isenabled()
