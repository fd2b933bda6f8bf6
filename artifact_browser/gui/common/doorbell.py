"""How another thread calls the GUI thread, and how it cannot hurt somebody who is gone.

A signal emitted by a thread other than its object's own crashes the program when the object ends meanwhile, whatever
is asked or locked before: Python's half and Qt's half of an object end one after the other (PySide 6.11 and 6.12, three
threads that emit while one ends objects: a segmentation fault within a second). So no other thread touches a Qt object
here. It writes a byte to a socket, as asyncio's own wake-up does, and a notifier in the GUI thread reads it.
"""

from __future__ import annotations

import socket
import threading
import weakref

from PySide6.QtCore import QObject, QSocketNotifier, Signal


class Doorbell(QObject):
    """Any thread rings, the GUI thread hears.

    :param parent: whoever answers. It owns the bell, so that a thread that drops the last reference to the Python
        object never takes the Qt object apart.
    """

    #: on the GUI thread; rings that come before the first is heard are heard with it
    rung = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._wire = wire = _Wire()
        self._notifier = QSocketNotifier(wire.ear.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._hear)
        self.destroyed.connect(wire.cut)
        weakref.finalize(self, wire.cut)  # where Python's half goes first, nobody hears "destroyed"

    def ring(self) -> bool:
        """Have :attr:`rung` come on the GUI thread; False when there is nobody any more. From any thread."""
        return self._wire.ring()

    def _hear(self) -> None:
        self._wire.hear()
        self.rung.emit()


class _Wire:
    """A pair of sockets. No Qt in it: it outlives the bell."""

    def __init__(self) -> None:
        self.ear, self._button = socket.socketpair()
        self.ear.setblocking(False)
        self._button.setblocking(False)
        self._lock = threading.Lock()
        self._pressed = False
        self._cut = False

    def ring(self) -> bool:
        with self._lock:
            if not self._pressed and not self._cut:
                self._pressed = True
                self._button.send(b"\0")
            return not self._cut

    def hear(self) -> None:
        with self._lock:
            self._pressed = False
            if not self._cut:
                self.ear.recv(16)

    def cut(self, *_: object) -> None:
        with self._lock:
            self._cut = True
            self.ear.close()
            self._button.close()
