"""The little web server behind links to *This computer*: answers signed GET, HEAD and PUT on 127.0.0.1, nothing else.

Everything that reaches it is hostile: any web page may send requests to this address, so the signature and the
``Host`` decide, answers are inert in a browser (no sniffing, sandboxed, active types only as downloads, no CORS), and
errors never tell a path.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Callable
from socketserver import ThreadingTCPServer

from artifact_browser.storage.drivers.local.driver import LocalDriver
from artifact_browser.storage.drivers.local.link_requests import LinkRequest, cut
from artifact_browser.storage.drivers.local.links import HOST

#: Requests served at once; more are turned away.
MAX_CONNECTIONS = 32


class LinkServer(ThreadingTCPServer):
    """Bound to 127.0.0.1; every connection in a thread of its own, at most :data:`MAX_CONNECTIONS`."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = os.name == "posix"  # on Windows it would let others take the port over
    request_queue_size = 64

    def __init__(self, port: int, key: bytes, root: str, driver: LocalDriver, may_write: Callable[[], bool]) -> None:
        super().__init__((HOST, port), LinkRequest)
        self.server_port: int = self.server_address[1]
        self.key = key
        self.root = root
        self.driver = driver
        #: asked for every upload: the account may have become read-only since the link was signed
        self.may_write = may_write
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    def verify_request(self, request: object, client_address: object) -> bool:
        """Turn connections away above the limit."""
        with self._lock:
            return len(self._open) < MAX_CONNECTIONS

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        # here and not in the connection's own thread: one that has not begun when the server stops is cut too
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: socket.socket) -> None:  # type: ignore[override]
        with self._lock:
            self._open.discard(request)
        super().close_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is its own business."""

    def stop(self) -> None:
        """End the loop and cut all connections."""
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._open:
                cut(connection)


def bind(port: int, key: bytes, root: str, driver: LocalDriver, may_write: Callable[[], bool]) -> LinkServer:
    """The server on ``port`` if that is free, else on any free port."""
    try:
        return LinkServer(port, key, root, driver, may_write)
    except OSError as error:
        if error.errno not in {errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL}:
            raise
        return LinkServer(0, key, root, driver, may_write)
