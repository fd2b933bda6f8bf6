"""An S3-shaped server that stores nothing: answers are made ahead, so that clients are measured and not it.

By bucket: ``pages-N`` lists N pages of 1,000 keys below any prefix; ``blobs`` lists :data:`SET_BLOBS` blobs below a
prefix, ``small`` :data:`SMALL_BLOBS` of :data:`SMALL_BYTES`; ``taken`` lists nothing and takes uploads (body dropped, key and size remembered: HEAD and
``If-None-Match: *`` answer truthfully). Elsewhere a GET of ``<size>-<name>`` sends so many bytes, of the bucket ``slow``
as a slow line would. Uploads that carry a CRC32C get it echoed; every 16th body is really checked against it.
``GET /-/counts`` answers what was served so far. No signature is checked. A process of its own that ends with its
standard input: ``python -m benchmarks.stub_server``; it prints its port.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import json
import os
import random
import socketserver
import sys
import threading
import time
import urllib.parse
from collections import Counter

from awscrt import checksums

from artifact_browser.workers.priority import step_back

PAGE_KEYS = 1000
#: A prefix of the bucket ``blobs`` holds so many blobs of so many bytes.
SET_BLOBS, BLOB_BYTES = 8, 16 << 20
#: And one of the bucket ``small``.
SMALL_BLOBS, SMALL_BYTES = 5000, 16 << 10
UPLOADS = "taken"
CHECK_EVERY = 16
SLOW_PIECE_BYTES, SLOW_PAUSE_S = 64 << 10, 0.1
_CHUNK_BYTES = 1 << 20
_ETAG = "9b2cf535f27731c974343645a3985328-4"
_TIMES = "<LastModified>2026-11-20T10:11:12.000Z</LastModified>"


def content(size_bytes: int) -> bytes:
    """What a blob of this size holds: one random MiB, again and again."""
    return (random.Random(1).randbytes(_CHUNK_BYTES) * (size_bytes // _CHUNK_BYTES + 1))[:size_bytes]


def crc32c_of(data: bytes) -> str:
    """As S3 writes it."""
    return base64.b64encode(checksums.crc32c(data).to_bytes(4, "big")).decode()


def key_of(prefix: str, number: int) -> str:
    """The name of a row in a listing of pages."""
    return f"{prefix}{number:09d}-part.parquet"


def size_of(number: int) -> int:
    """The size of a row in a listing of pages."""
    return number % 100_000


def _entry(key: str, size_bytes: int) -> str:
    return (
        f"<Contents><Key>{key}</Key>{_TIMES}<ETag>&quot;{_ETAG}&quot;</ETag><Size>{size_bytes}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
    )


class State:
    """What the server knows. Thread-safe."""

    def __init__(self) -> None:
        self.body = content(BLOB_BYTES)
        #: of what whole blobs are told with their checksum: by size
        self.crc32c = {size: crc32c_of(content(size)) for size in (BLOB_BYTES, SMALL_BYTES)}
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._stored: dict[str, int] = {}
        self._pages: dict[tuple[str, int, int], bytes] = {}

    def count(self, **values: int) -> None:
        with self._lock:
            self._counts.update(values)

    def counts(self) -> bytes:
        with self._lock:
            return json.dumps(self._counts).encode()

    def stored(self, path: str) -> int | None:
        return self._stored.get(path)

    def store(self, path: str, size_bytes: int) -> None:
        self._stored[path] = size_bytes

    def page(self, bucket: str, prefix: str, number: int) -> bytes:
        """One page of a listing; made once."""
        if bucket.startswith("pages-"):
            pages = int(bucket.removeprefix("pages-"))
            key = (prefix, number, pages)
            body = self._pages.get(key)
            if body is None:
                rows = range(number * PAGE_KEYS, (number + 1) * PAGE_KEYS)
                entries = "".join(_entry(key_of(prefix, row), size_of(row)) for row in rows)
                body = self._pages[key] = _list_answer(prefix, entries, number + 1 if number + 1 < pages else 0)
            return body
        count, size = {"blobs": (SET_BLOBS, BLOB_BYTES), "small": (SMALL_BLOBS, SMALL_BYTES)}.get(bucket, (0, 0))
        end = (number + 1) * PAGE_KEYS
        entries = "".join(_entry(f"{prefix}{size}-{n}.bin", size) for n in range(number * PAGE_KEYS, min(count, end)))
        return _list_answer(prefix, entries, number + 1 if end < count else 0)


def _list_answer(prefix: str, entries: str, token: int) -> bytes:
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>bucket</Name><Prefix>{prefix}</Prefix><MaxKeys>{PAGE_KEYS}</MaxKeys><EncodingType>url</EncodingType>"
        f"<Delimiter>/</Delimiter><IsTruncated>{str(bool(token)).lower()}</IsTruncated>{more}{entries}"
        "</ListBucketResult>"
    ).encode()


class Handler(socketserver.StreamRequestHandler):
    """One kept-alive connection."""

    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        super().setup()
        self._room = memoryview(bytearray(_CHUNK_BYTES))

    def handle(self) -> None:
        while (line := self.rfile.readline(65537)).strip():
            method, target, _ = line.decode("latin-1").split(" ", 2)
            headers = self._headers()
            if headers.get("expect", "").lower() == "100-continue":
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._answer(method, urllib.parse.urlsplit(target), headers)

    def _headers(self) -> dict[str, str]:
        found = {}
        while (line := self.rfile.readline(65537)) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            found[name.strip().lower()] = value.strip()
        return found

    def _answer(self, method: str, url: urllib.parse.SplitResult, headers: dict[str, str]) -> None:
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        state = self.server.state
        if method == "PUT" and "x-amz-copy-source" not in headers:
            self._take(url.path, headers)
            return
        self._drain(int(headers.get("content-length", "0")))
        if url.path == "/-/counts":
            self._send("200 OK", state.counts())
        elif method == "GET" and "list-type" in query:
            bucket = url.path.split("/")[1]
            page = state.page(bucket, query.get("prefix", ""), int(query.get("continuation-token") or 0))
            state.count(pages=1)
            self._send("200 OK", page)
        elif method in ("GET", "HEAD"):
            self._send_blob(method, url.path, headers)
        elif method == "DELETE":
            self._send("204 No Content", b"")
        else:
            self._send("501 Not Implemented", b"<Error><Code>NotImplemented</Code></Error>")

    def _drain(self, length: int, crc32c: int | None = None) -> int:
        """Read a body and let it go; its checksum when one was begun."""
        left = length
        while left:
            got = self.rfile.readinto(self._room[:left])
            if not got:
                raise ConnectionError
            if crc32c is not None:
                crc32c = checksums.crc32c(bytes(self._room[:got]), crc32c)
            left -= got
        return crc32c or 0

    def _take(self, path: str, headers: dict[str, str]) -> None:
        length, state = int(headers.get("content-length", "0")), self.server.state
        given = headers.get("x-amz-checksum-crc32c", "")
        looked_at = bool(given) and self.server.turn() % CHECK_EVERY == 0
        found = self._drain(length, 0 if looked_at else None)
        if looked_at and base64.b64encode(found.to_bytes(4, "big")).decode() != given:
            self._send("400 Bad Request", b"<Error><Code>BadDigest</Code></Error>")
        elif headers.get("if-none-match") and state.stored(path) is not None:
            self._send("412 Precondition Failed", b"<Error><Code>PreconditionFailed</Code></Error>")
        else:
            state.store(path, length)
            state.count(received=length, puts=1, checked=int(looked_at))
            echo = f"x-amz-checksum-crc32c: {given}\r\n" if given else ""
            self._send("200 OK", b"", f'ETag: "{_ETAG}"\r\n{echo}')

    def _send_blob(self, method: str, path: str, headers: dict[str, str]) -> None:
        state, name = self.server.state, path.rsplit("/", 1)[-1].split("-")[0]
        made_up = name.isdigit() and not path.startswith(f"/{UPLOADS}/")
        total = int(name) if made_up else state.stored(path)
        if total is None:
            self._send("404 Not Found", b"" if method == "HEAD" else b"<Error><Code>NoSuchKey</Code></Error>")
            return
        first, last, status, extra = 0, total - 1, "200 OK", ""
        if (wanted := headers.get("range", "")).startswith("bytes="):
            left, _, right = wanted[6:].partition("-")
            first, last = int(left), min(int(right) if right else last, last)
            status, extra = "206 Partial Content", f"Content-Range: bytes {first}-{last}/{total}\r\n"
        elif total in state.crc32c:
            extra = f"x-amz-checksum-crc32c: {state.crc32c[total]}\r\nx-amz-checksum-type: FULL_OBJECT\r\n"
        self.wfile.write(
            f"HTTP/1.1 {status}\r\nContent-Length: {last - first + 1}\r\n{extra}"
            f'ETag: "{_ETAG}"\r\nAccept-Ranges: bytes\r\nLast-Modified: Fri, 20 Nov 2026 10:11:12 GMT\r\n\r\n'.encode()
        )
        if method == "GET":
            self._send_body(first, last + 1, slow=path.startswith("/slow/"))

    def _send_body(self, at: int, end: int, *, slow: bool) -> None:
        body = memoryview(self.server.state.body)
        state = self.server.state
        while at < end:
            place = at % len(body)
            piece = body[place : place + min(end - at, SLOW_PIECE_BYTES if slow else len(body))]
            self.connection.sendall(piece)
            at += len(piece)
            state.count(**{"trickled" if slow else "sent": len(piece)})
            if slow:
                time.sleep(SLOW_PAUSE_S)

    def _send(self, status: str, body: bytes, extra: str = "") -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)


class Server(socketserver.ThreadingTCPServer):
    """A thread a connection."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.state = State()
        self._turns = itertools.count(1)

    def turn(self) -> int:
        """The upload's number, each one's its own: the sixteenth must not be missed because two came at once."""
        return next(self._turns)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no news."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nice", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.nice and hasattr(os, "nice"):
        os.nice(arguments.nice)
        step_back()
    with Server() as server:
        print(server.server_address[1], flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()


if __name__ == "__main__":
    main()
