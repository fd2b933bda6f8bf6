"""A store that announces a small picture and sends without end does not fill this computer's memory."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.errors import ArtifactBrowserError, NotSupported
from artifact_browser.gui.common.picture_job import decode_picture
from artifact_browser.paths import in_home
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import Lane

#: What the endless server sends before it gives up and ends the answer properly.
SENT_BYTES = 64 * 1024**2


class Context:
    """What a job sees of the outside; the account is anonymous, so nothing is asked."""

    lane = Lane.PREVIEW

    def __init__(self, home: Path) -> None:
        self.cancel = CancelToken()
        self.paths = in_home(home).make()


class Endless:
    """Answers HEAD with ten bytes and GET with as many as anybody takes."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self.sent = 0
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                with connection, suppress(OSError):
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            if not (data := connection.recv(65536)):
                return
            request += data
        head = b'HTTP/1.1 %s\r\nETag: "e"\r\nLast-Modified: Sat, 21 Nov 2026 04:00:00 GMT\r\nConnection: close\r\n'
        if request.startswith(b"HEAD"):
            connection.sendall(head % b"200 OK" + b"Content-Length: 10\r\n\r\n")
            return
        connection.sendall(head % b"206 Partial Content" + b"Content-Range: bytes 0-9/10\r\n")
        connection.sendall(b"Content-Length: %d\r\n\r\n" % SENT_BYTES)
        while self.sent < SENT_BYTES:
            self.sent += connection.send(bytes(1024**2))

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(10)


@pytest.fixture
def endless() -> Iterator[Endless]:
    server = Endless()
    yield server
    server.close()


def test_no_more_is_read_than_was_announced(endless: Endless, tmp_path: Path) -> None:
    record = AccountRecord("x", AccountKind.S3, "Endless", endpoint=endless.url)
    job = decode_picture(Context(tmp_path), record, "b", "cover.png", 256)  # type: ignore[arg-type]
    with pytest.raises(ArtifactBrowserError) as caught:
        next(job)
    assert isinstance(caught.value, NotSupported)  # ten zero bytes are no picture
    assert endless.sent < SENT_BYTES // 2
