"""Another thread calls the window, also while what it calls is on its way out."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from artifact_browser.gui.common.doorbell import Doorbell


def in_thread(function: object) -> None:
    thread = threading.Thread(target=function)  # type: ignore[arg-type]
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_a_ring_is_heard_on_the_gui_thread(qtbot: QtBot) -> None:
    room = QObject()
    bell = Doorbell(room)
    heard: list[int] = []
    bell.rung.connect(lambda: heard.append(threading.get_ident()))
    in_thread(bell.ring)
    assert heard == []
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == [threading.get_ident()]


def test_nobody_is_called_after_the_end(qtbot: QtBot) -> None:
    room = QObject()
    bell = Doorbell(room)
    answers: list[bool] = []
    in_thread(lambda: answers.append(bell.ring()))
    del room
    in_thread(lambda: answers.append(bell.ring()))
    assert answers == [True, False]
    qtbot.wait(10)


def test_ringing_while_rooms_come_and_go(qtbot: QtBot) -> None:
    """Bells that end while two threads ring them as fast as they can."""
    current: list[Doorbell] = []
    stop = threading.Event()
    rings: list[int] = []

    def ring() -> None:
        number = 0
        while not stop.is_set():
            number += sum(bell.ring() for bell in current[:1])
        rings.append(number)

    threads = [threading.Thread(target=ring) for _ in range(2)]
    for thread in threads:
        thread.start()
    heard: list[int] = []
    for number in range(120):
        room = QObject()
        bell = Doorbell(room)
        bell.rung.connect(lambda number=number: heard.append(number))
        current[:] = [bell]
        del bell
        qtbot.wait(1)
        if number % 2:
            room.deleteLater()
            qtbot.wait(1)
        del room
    stop.set()
    for thread in threads:
        thread.join(10)
    assert len(rings) == 2
    assert sum(rings) > 0
    assert len(set(heard)) > 60
