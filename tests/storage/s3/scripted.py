"""A server that answers from a script: the faults no real server produces on demand."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from artifact_browser.accounts.lease import Lease
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource, Probing
from artifact_browser.paths import in_home
from artifact_browser.storage.drivers.s3.driver import S3Driver
from artifact_browser.storage.drivers.s3.open import open_s3
from artifact_browser.workers.cancel import CancelToken


@dataclass
class Reply:
    """One answer. ``short``: bytes left out of the body; ``drop``: close without any answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    short: int = 0
    drop: bool = False


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Script = Callable[[Asked, int], Reply]


class ScriptedServer:
    """:ivar asked: what came in, in order; ``script(asked, n)`` answers the n-th request, from 0"""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.url = ""


def error(code: str, status: int, extra: str = "", **headers: str) -> Reply:
    """S3's error document."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>m</Message>{extra}</Error>".encode()
    return Reply(
        status, body, {"Content-Type": "application/xml", **{k.replace("_", "-"): v for k, v in headers.items()}}
    )


@contextmanager
def serving(script: Script, context: ssl.SSLContext | None = None) -> Iterator[ScriptedServer]:
    """A scripted server on loopback."""
    scripted = ScriptedServer(script)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body)
            number = len(scripted.asked)
            scripted.asked.append(asked)
            reply = scripted.script(asked, number)
            if reply.drop:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response_only(reply.status)  # without a Date of its own
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body[: len(reply.body) - reply.short])
            self.close_connection = self.close_connection or bool(reply.short)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = do_CONNECT = answer  # noqa: N815 - http.server's names

        def log_message(self, *_arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_arguments: None  # type: ignore[method-assign]
    scripted.url = f"{'https' if context else 'http'}://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield scripted
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Leases:
    """A lease source that counts how it was asked."""

    renewed: list[bool] = field(default_factory=list)

    def __call__(self, renew: bool) -> Lease | None:
        self.renewed.append(renew)
        return Lease(f"KEY{len(self.renewed)}", "secret", "token")


def opened(
    url: str,
    home: Path,
    *,
    cancel: CancelToken | None = None,
    leases: Callable[[bool], Lease | None] | None = None,
    **changes: object,
) -> S3Driver:
    """A driver for a scripted server, with a home of the test's own."""
    record = AccountRecord(
        id="scripted",
        kind=AccountKind.S3,
        name="Scripted",
        key_source=KeySource.SESSION,
        endpoint=url,
        probing=Probing.ALLOWED,
        **changes,  # type: ignore[arg-type]
    )
    return open_s3(record, leases or Leases(), cancel or CancelToken(), in_home(home).make())
