"""A store that has a way of its own with conditions on writes: moto behind a door that drops or refuses their headers."""

from __future__ import annotations

import base64
import http.client
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from awscrt import checksums

CONDITIONS = ("if-none-match", "if-match", "x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match")
_REFUSAL = b"<?xml version='1.0'?><Error><Code>NotImplemented</Code><Message>No such header.</Message></Error>"
_BAD_DIGEST = b"<?xml version='1.0'?><Error><Code>BadDigest</Code><Message>It is another.</Message></Error>"
#: What belongs to one connection.
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "expect"}

#: ``(method, path)`` of a request that is about to be passed on
Before = Callable[[str, str], None]


def crc32c(body: bytes) -> str:
    """As S3 writes it."""
    return base64.b64encode(checksums.crc32c(body).to_bytes(4, "big")).decode()


@dataclass
class OddStore:
    """:ivar asked: ``(method, path)`` in order; :ivar before: called with each of them, may raise to close the door"""

    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    before: Before | None = None


@contextmanager
def odd_store(
    endpoint: str,
    *,
    ignores: tuple[str, ...] = (),
    refuses: tuple[str, ...] = (),
    looks_at_named: bool = False,
    server: str = "Odd Store 1",
) -> Iterator[OddStore]:
    """Passes everything on to ``endpoint`` but the conditions: those it ``ignores`` are dropped, for those it ``refuses`` it
    answers 501. GETs keep theirs.

    :param looks_at_named: it refuses a wrong CRC32C, but only where the algorithm is named, as Ceph 20.2 (moto takes any)
    """
    store, behind = OddStore(), urlsplit(endpoint)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = server, ""

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            store.asked.append((self.command, self.path))
            try:
                if store.before is not None:
                    store.before(self.command, self.path)
            except ConnectionError:
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items() if name.lower() not in _HOP}
            if self.command not in {"GET", "HEAD"}:
                if any(name in headers for name in refuses):
                    self._say(501, {"content-type": "application/xml"}, _REFUSAL)
                    return
                headers = {name: value for name, value in headers.items() if name not in ignores}
                named = looks_at_named and headers.get("x-amz-sdk-checksum-algorithm") == "CRC32C"
                if named and headers["x-amz-checksum-crc32c"] != crc32c(body):
                    self._say(400, {"content-type": "application/xml"}, _BAD_DIGEST)
                    return
            connection = http.client.HTTPConnection(behind.hostname or "", behind.port)
            try:
                connection.request(self.command, self.path, body, headers)
                reply = connection.getresponse()
                given = {name: value for name, value in reply.getheaders() if name.lower() not in _HOP}
                length = reply.getheader("content-length") if self.command == "HEAD" else None
                self._say(reply.status, given, reply.read(), length)
            finally:
                connection.close()

        def _say(self, status: int, headers: dict[str, str], body: bytes, length: str | None = None) -> None:
            self.send_response_only(status)
            self.send_header("Server", server)
            for name, value in headers.items():
                if name.lower() != "server":
                    self.send_header(name, value)
            self.send_header("Content-Length", length or str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer  # noqa: N815 - http.server's names

        def log_message(self, *_arguments: object) -> None:
            pass

    door = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    door.daemon_threads = True
    door.handle_error = lambda *_arguments: None  # type: ignore[method-assign]
    store.url = f"http://127.0.0.1:{door.server_port}"
    thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        door.shutdown()
        thread.join()
        door.server_close()
