"""One request to the link server: is it signed, is it for us, has it ended; then the blob, inert for browsers."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import quote

from artifact_browser.errors import (
    ArtifactBrowserError,
    BlobNotFound,
    BucketNotFound,
    DiskFull,
    NetworkError,
    PreconditionFailed,
)
from artifact_browser.storage.driver import BlobInfo, WriteOptions
from artifact_browser.storage.drivers.local.links import HOST, Promise, verify

if TYPE_CHECKING:
    from artifact_browser.storage.drivers.local.link_listener import LinkServer

#: A client that sends or takes nothing for so long is let go.
IDLE_S = 30
#: The time to send a request's head.
HEAD_S = 15
MAX_UPLOAD_BYTES = 5 * 1024**3
_PIECE_BYTES = 1024**2
#: Types that a browser only shows. All others (HTML, SVG, XML, unknown ones) are downloads, never pages.
_INERT = re.compile(
    r"(image/(png|jpeg|gif|webp|bmp|tiff|avif)|(audio|video)/[\w.+-]+|text/(plain|csv|markdown)|application/json)"
    r"( *;.*)?"
)
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_ALWAYS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class _Refused(Exception):
    """Ends a request with a status and a plain sentence."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class LinkRequest(BaseHTTPRequestHandler):
    """Handles one connection, in a thread of its own."""

    server: LinkServer
    protocol_version = "HTTP/1.1"
    server_version = "ArtifactBrowser"
    sys_version = ""
    timeout = IDLE_S

    def handle_one_request(self) -> None:
        """One request; its head must arrive within :data:`HEAD_S`, however slowly it trickles."""
        self._impatience = threading.Timer(HEAD_S, cut, [self.connection])
        self._impatience.daemon = True
        self._impatience.start()
        try:
            super().handle_one_request()
        finally:
            self._impatience.cancel()

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: requests hold signatures."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses by itself: bad syntax, and all methods but ours."""
        status = HTTPStatus.FORBIDDEN if code == HTTPStatus.NOT_IMPLEMENTED else HTTPStatus(code)
        self._refuse(status, "This is not a request that links answer.")

    # -- the parts of an answer ---------------------------------------------------------------------------------
    def _answer(self) -> None:
        self._impatience.cancel()
        try:
            promise = self._promise()
            if self.command == "PUT":
                self._take_blob(promise)
            else:
                self._send_blob(promise)
        except _Refused as refusal:
            self._refuse(refusal.status, refusal.sentence)
        except (BlobNotFound, BucketNotFound):
            self._refuse(HTTPStatus.NOT_FOUND, "The blob is not there any more.")
        except PreconditionFailed:
            self._refuse(HTTPStatus.PRECONDITION_FAILED, "The blob has changed meanwhile.")
        except DiskFull:
            self._refuse(HTTPStatus.INSUFFICIENT_STORAGE, "There is no room left on this computer.")
        except NetworkError:
            self.close_connection = True  # the client went away
        except ArtifactBrowserError as error:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, f"{error.title}.")
        except OSError:
            self.close_connection = True  # the client went away

    def _promise(self) -> Promise:
        if self.headers.get_all("Host") != [f"{HOST}:{self.server.server_port}"]:
            raise _Refused(HTTPStatus.FORBIDDEN, "Links work under their own address only.")
        promise = verify(self.server.key, self.server.root, self.path)
        if promise is None:
            raise _Refused(HTTPStatus.FORBIDDEN, "This link was not made by this Artifact Browser, or was changed.")
        if time.time() >= promise.ends_at:
            raise _Refused(HTTPStatus.FORBIDDEN, "This link has expired. Ask for a new one.")
        if self.command not in ({"GET", "HEAD"} if promise.method == "GET" else {"PUT"}):
            raise _Refused(HTTPStatus.FORBIDDEN, f"This link is for {promise.method} only.")
        return promise

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        self.close_connection = True  # a body may follow that nobody reads
        self._say(status, sentence)

    def _say(self, status: HTTPStatus, sentence: str) -> None:
        body = f"{sentence}\n".encode()
        try:
            self._head(status, {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))})
            if self.command != "HEAD":
                self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def _head(self, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**_ALWAYS, **headers}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    # -- GET, HEAD ----------------------------------------------------------------------------------------------
    def _send_blob(self, promise: Promise) -> None:
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # a body that nobody reads must not be taken for a next request
        info = self.server.driver.head(promise.bucket, promise.key)
        headers = _headers_of(info, promise)
        if self.headers.get("If-None-Match") == headers["ETag"]:
            self._head(HTTPStatus.NOT_MODIFIED, {"ETag": headers["ETag"]})
            return
        start, length = self._wanted(info, headers["ETag"])
        partial = length < info.size_bytes
        if partial:
            headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{info.size_bytes}"
        headers["Content-Length"] = str(length)
        with self.server.driver.get(
            promise.bucket, promise.key, start=start, length=length, if_match=info.etag
        ) as reader:
            self._head(HTTPStatus.PARTIAL_CONTENT if partial else HTTPStatus.OK, headers)
            if self.command == "HEAD":
                return
            buffer = memoryview(bytearray(min(_PIECE_BYTES, length)))
            try:
                while count := reader.readinto(buffer):
                    self.wfile.write(buffer[:count])
            except ArtifactBrowserError:
                self.close_connection = True  # the head is out: a short body is all that can be said

    def _wanted(self, info: BlobInfo, etag: str) -> tuple[int, int]:
        """``(start, length)`` of the answer: a single range, or all of it."""
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        if asked is None or asked.groups() == ("", "") or self.headers.get("If-Range", etag) != etag:
            return 0, info.size_bytes
        first, last = asked.groups()
        if not first:
            length = min(int(last), info.size_bytes)
            start = info.size_bytes - length
        else:
            start = int(first)
            length = min(int(last) + 1 if last else info.size_bytes, info.size_bytes) - start
        if length <= 0:
            raise _Refused(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "The blob has no such bytes.")
        return start, length

    # -- PUT ----------------------------------------------------------------------------------------------------
    def _take_blob(self, promise: Promise) -> None:
        if not self.server.may_write():
            raise _Refused(HTTPStatus.FORBIDDEN, "Nothing may be uploaded here any more.")
        length = self._announced()
        content_type = self.headers.get("Content-Type", "")
        if promise.content_type and content_type != promise.content_type:
            raise _Refused(HTTPStatus.FORBIDDEN, f"This link takes Content-Type: {promise.content_type} only.")
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(HTTPStatus.CONTINUE)
            self.end_headers()
        options = WriteOptions(content_type=_safe(content_type))
        written = self.server.driver.put_stream(promise.bucket, promise.key, self.rfile, length, options)
        self._head(HTTPStatus.OK, {"ETag": f'"{written.etag}"', "Content-Length": "0"})

    def _announced(self) -> int:
        text = self.headers.get("Content-Length", "")
        if "Transfer-Encoding" in self.headers or not re.fullmatch(r"[0-9]{1,15}", text):
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "Say the length of the file (Content-Length).")
        if int(text) > MAX_UPLOAD_BYTES:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "A link takes at most 5 GiB.")
        return int(text)

    def handle_expect_100(self) -> bool:
        """Say "continue" only after the link was checked: see :meth:`_take_blob`."""
        return True


def _headers_of(info: BlobInfo, promise: Promise) -> dict[str, str]:
    content_type = _safe(promise.content_type or info.content_type) or "application/octet-stream"
    headers = {
        "Content-Type": content_type,
        "ETag": f'"{info.etag}"',
        "Last-Modified": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(info.modified_us / 1e6)),
        "Accept-Ranges": "bytes",
    }
    if promise.save_as or not _INERT.fullmatch(content_type.lower()):
        name = promise.save_as or promise.key.rstrip("/").rpartition("/")[2] or "blob"
        quoted = quote(name.encode("utf-8", "surrogateescape"), safe="")
        plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
        headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quoted}"
    return headers


def cut(connection: socket.socket) -> None:
    """Wake whoever is blocked in the connection."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is closed already


def _safe(value: str) -> str:
    """A header's value that cannot begin another header."""
    return value if value.isascii() and value.isprintable() else ""
