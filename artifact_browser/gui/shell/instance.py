"""One window per user and home: who is first keeps the lock, who comes later hands over what to open and ends.

The first instance listens on a local socket inside a folder only this user can enter. It understands one sentence,
``open <address>`` with an absolute path, one of our URIs or an artifact's address, and answers ``ok``; everything else is
dropped. A message can only ever show a place, never change anything.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import tempfile
import time
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from artifact_browser.errors import DiskPermissionDenied, InputError
from artifact_browser.gui.shell.instance_lock import InstanceLock
from artifact_browser.paths import Paths, make_private
from artifact_browser.storage.location import parse_uri

#: Longer messages are not read: the longest key is 1,024 bytes, the longest path 4,096.
MOST_BYTES = 8192
#: Socket paths end at 104 (macOS) or 108 bytes (Linux); one byte is the terminating zero.
_MOST_PATH_BYTES = 103
_CONNECT_FOR_S = 10.0
_ANSWER_WITHIN_MS = 15_000
_MESSAGE_WITHIN_MS = 5_000
_SOCKET, _LOCK = "window.sock", "window.lock"
_LOG = logging.getLogger(__name__)


class Joined(StrEnum):
    """What became of a start."""

    FIRST = "first"  # this process shows the window
    DELIVERED = "delivered"  # another one does, and took everything
    UNANSWERED = "unanswered"  # another one holds the lock but does not answer


class Instance(QObject):
    """This process's place among the starts of one home."""

    #: an address (absolute path or URI) another start handed over; empty: just come to the front
    opened = Signal(str)

    def __init__(self, paths: Paths, parent: QObject | None = None) -> None:
        super().__init__(parent)
        folder = rendezvous(paths)
        self._socket_path = folder / _SOCKET
        self._lock = InstanceLock(folder / _LOCK)
        self._server: QLocalServer | None = None

    def join(self, addresses: list[str]) -> Joined:
        """Be the first instance, or hand ``addresses`` to the one that is (none: it only comes to the front).

        Waits some seconds for a first one that is just starting.
        """
        ends_at = time.monotonic() + _CONNECT_FOR_S
        waiting = list(addresses or [""])
        while time.monotonic() < ends_at:
            if self._lock.acquire():
                self._listen()
                return Joined.FIRST
            while waiting and self._send(waiting[0]):
                del waiting[0]
            if not waiting:
                return Joined.DELIVERED
            time.sleep(0.02)
        return Joined.UNANSWERED

    def release(self) -> None:
        """Give the place up: at the end of the process."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._lock.release()

    def _listen(self) -> None:
        QLocalServer.removeServer(str(self._socket_path))
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.setMaxPendingConnections(64)
        server.newConnection.connect(self._accept)
        if not server.listen(str(self._socket_path)):
            _LOG.warning("no other start can reach this window: %s", server.errorString())
        self._server = server

    def _accept(self) -> None:
        while self._server is not None and self._server.hasPendingConnections():
            _Conversation(self._server.nextPendingConnection(), self)

    def _send(self, address: str) -> bool:
        socket = QLocalSocket()
        socket.connectToServer(str(self._socket_path))
        if not socket.waitForConnected(200):
            return False
        socket.write(f"open {address}\n".encode(errors="surrogateescape"))
        while not socket.canReadLine():
            if not socket.waitForReadyRead(_ANSWER_WITHIN_MS):
                return False
        return bytes(socket.readLine().data()) == b"ok\n"


class _Conversation(QObject):
    """One message of another start: read, checked, answered, closed."""

    def __init__(self, socket: QLocalSocket, instance: Instance) -> None:
        super().__init__(instance)
        self._socket = socket
        self._instance = instance
        socket.setParent(self)
        socket.setReadBufferSize(MOST_BYTES + 1)
        socket.readyRead.connect(self._read)
        socket.disconnected.connect(self.deleteLater)
        QTimer.singleShot(_MESSAGE_WITHIN_MS, self, socket.abort)
        self._read()

    def _read(self) -> None:
        waiting = bytes(self._socket.peek(MOST_BYTES + 1).data())
        if b"\n" not in waiting:
            if len(waiting) > MOST_BYTES:
                _LOG.warning("a message of another start was dropped: it is too long")
                self._socket.abort()
            return
        self._socket.readAll()
        try:
            address = understood(waiting.partition(b"\n")[0])
        except InputError as error:
            _LOG.warning("a message of another start was dropped: %s", error.detail)
            self._socket.abort()
            return
        self._socket.write(b"ok\n")
        self._socket.disconnectFromServer()
        self._instance.opened.emit(address)


def understood(message: bytes) -> str:
    """The address in ``open <address>``.

    :raises InputError: anything but an absolute path, a URI of ours or an artifact's address
    """
    try:
        verb, _, address = message.decode().partition(" ")
    except UnicodeDecodeError as error:
        raise InputError("The message is not text.") from error
    if verb != "open":
        raise InputError("The message is not understood.")
    if "\0" in address:
        raise InputError("The address holds a zero byte.")
    if address and not Path(address).is_absolute():
        _check_uri(address)
    return address


def _check_uri(address: str) -> None:
    """:raises InputError: neither a URI of ours nor an artifact's address"""
    from artifact_browser.catalog.artifact_uri import is_artifact_uri, parse_artifact_uri  # not before the first paint

    if is_artifact_uri(address):
        parse_artifact_uri(address)
    else:
        parse_uri(address)


def rendezvous(paths: Paths) -> Path:
    """The private folder of lock and socket: the home's own, or a short one where that path is too long.

    :raises DiskPermissionDenied: the folder belongs to somebody else or is open to others
    """
    folder = paths.runtime
    user = os.getuid() if hasattr(os, "getuid") else 0
    if len(os.fsencode(folder / _SOCKET)) > _MOST_PATH_BYTES:
        base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
        folder = base / f"artifact-browser-{user}-{digest}"
    make_private(folder)
    state = folder.lstat()
    if os.name == "posix" and (not stat.S_ISDIR(state.st_mode) or state.st_uid != user or state.st_mode & 0o077):
        raise DiskPermissionDenied("The folder for the window's socket is not private.", subject=str(folder))
    return folder
