"""The little web server behind links to *This computer*: answers signed GET, HEAD and PUT on 127.0.0.1, nothing else.

It runs as a job in the links lane, started with the first link. Everything that reaches it is hostile: any web page
may send requests to this address, so the signature and the ``Host`` decide, answers are inert in a browser (no
sniffing, sandboxed, active types only as downloads, no CORS), and errors never tell a path.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Generator
from socketserver import ThreadingTCPServer

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.storage.drivers.local.driver import LocalDriver
from artifact_browser.storage.drivers.local.link_requests import LinkRequest, cut
from artifact_browser.storage.drivers.local.links import HOST, LinkKeyWanted, LinkService
from artifact_browser.storage.drivers.local.open import open_local, root_of
from artifact_browser.workers.job import JobContext

#: Requests served at once; more are turned away.
MAX_CONNECTIONS = 32
_POLL_S = 0.05


class LinkServer(ThreadingTCPServer):
    """Bound to 127.0.0.1; every connection in a thread of its own, at most :data:`MAX_CONNECTIONS`."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = os.name == "posix"  # on Windows it would let others take the port over
    request_queue_size = 64

    def __init__(self, port: int, key: bytes, root: str, driver: LocalDriver) -> None:
        super().__init__((HOST, port), LinkRequest)
        self.server_port: int = self.server_address[1]
        self.key = key
        self.root = root
        self.driver = driver
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    def verify_request(self, request: object, client_address: object) -> bool:
        """Turn connections away above the limit."""
        with self._lock:
            return len(self._open) < MAX_CONNECTIONS

    def process_request_thread(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        with self._lock:
            self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is its own business."""

    def stop(self) -> None:
        """End the loop and cut all connections."""
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._open:
                cut(connection)


def bind(port: int, key: bytes, root: str, driver: LocalDriver) -> LinkServer:
    """The server on ``port`` if that is free, else on any free port."""
    try:
        return LinkServer(port, key, root, driver)
    except OSError as error:
        if error.errno not in {errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL}:
            raise
        return LinkServer(0, key, root, driver)


def serve_links(
    context: JobContext, record_root: str, port: int, key: bytes | None = None
) -> Generator[LinkService, None, None]:
    """Job: serve links of the store at ``record_root`` ("" = the default store) until cancelled.

    Yields the :class:`LinkService` (with the port that was bound) once, as its first event.

    :param port: the remembered port; 0 for any. :param key: asked for (:class:`LinkKeyWanted`) when not given
    :raises JobCancelled: at its end
    """
    if key is None:
        key = bytes(context.ask(LinkKeyWanted()))
    record = AccountRecord(THIS_COMPUTER, AccountKind.LOCAL, "Links", root=record_root)

    def no_links() -> LinkService:
        raise AssertionError("the link server signs nothing")

    driver = open_local(record, context.paths, context.cancel, no_links)
    try:
        server = bind(port, key, str(root_of(record, context.paths)), driver)
        loop = threading.Thread(target=server.serve_forever, args=(_POLL_S,), name="link server", daemon=True)
        loop.start()
        try:
            yield LinkService(server.server_port, key)
            while True:
                context.cancel.wait(3600)
        finally:
            server.stop()
            loop.join(1)
    finally:
        driver.close()
