"""An S3-shaped server in memory with a latency: what the catalog asks of a store, cheaper than any client of it.

It keeps what is put (``PUT`` with ``If-Match`` and ``If-None-Match``, ``GET``, ``HEAD``, ``DELETE``, batches of deletes, copies,
``ListObjectsV2``), answers after so many milliseconds as a server that is elsewhere would, any number of requests at
once, and counts them by what they are. No signature is checked.

``GET /-/counts`` answers what was asked since the last time it was asked; ``POST /-/latency?ms=15`` sets the latency. A process of
its own that ends with its standard input: ``python -m benchmarks.shelf_server``; it prints its port.
"""

from __future__ import annotations

import asyncio
import bisect
import hashlib
import json
import os
import re
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

_HEAD_END = b"\r\n\r\n"
_XML = "<?xml version='1.0' encoding='UTF-8'?>"
_NAMESPACE = "xmlns='http://s3.amazonaws.com/doc/2006-03-01/'"


@dataclass(frozen=True, slots=True)
class Blob:
    body: bytes
    etag: str
    at: float


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    bucket: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    body: bytes = b""
    headers: str = ""


class Shelf:
    """What is kept: blobs by bucket and key, and the keys in their order."""

    def __init__(self) -> None:
        self.latency_s = 0.0
        self.counts: Counter[str] = Counter()
        self._blobs: dict[tuple[str, str], Blob] = {}
        self._keys: dict[str, list[str]] = {}

    def answer(self, request: Request) -> Answer:
        """What a store would say; counted by its kind."""
        kind, answer = self._of(request)
        self.counts[kind] += 1
        return answer

    def _of(self, request: Request) -> tuple[str, Answer]:
        method, where = request.method, (request.bucket, request.key)
        if not request.key:
            if method == "GET" and "list-type" in request.query:
                return "list", self._list(request)
            if method == "POST" and "delete" in request.query:
                return "delete", self._delete_many(request)
            return "bucket", self._bucket(request)
        if method in ("GET", "HEAD"):
            blob, known = self._blobs.get(where), request.headers.get("if-none-match", "").strip('"')
            if blob is not None and known == blob.etag:
                return "unchanged", Answer("304 Not Modified", headers=f'ETag: "{blob.etag}"\r\n')
            return method.lower(), _shown(blob, method)
        if method == "PUT" and "x-amz-copy-source" in request.headers:
            bucket, _, key = unquote(request.headers["x-amz-copy-source"]).lstrip("/").partition("/")
            source = self._blobs.get((bucket, key))
            return "copy", self._put(request, source.body, copy=True) if source else _error(
                "404 Not Found", "NoSuchKey"
            )
        if method == "PUT":
            return "put", self._put(request, request.body)
        if method == "DELETE":
            return "delete", self._delete(request)
        return "other", _error("501 Not Implemented", "NotImplemented")

    def _bucket(self, request: Request) -> Answer:
        if request.method == "PUT":
            self._keys.setdefault(request.bucket, [])
        return Answer("200 OK" if request.bucket in self._keys else "404 Not Found")

    def _put(self, request: Request, body: bytes, *, copy: bool = False) -> Answer:
        where = request.bucket, request.key
        if fault := self._unmet(request):
            return fault
        if where not in self._blobs:
            bisect.insort(self._keys.setdefault(request.bucket, []), request.key)
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        self._blobs[where] = Blob(body, etag, time.time())
        if copy:
            return _xml(f"<CopyObjectResult {_NAMESPACE}><ETag>&quot;{etag}&quot;</ETag></CopyObjectResult>")
        return Answer("200 OK", headers=f'ETag: "{etag}"\r\n')

    def _unmet(self, request: Request) -> Answer | None:
        there = self._blobs.get((request.bucket, request.key))
        if "if-none-match" in request.headers and there is not None:
            return _error("412 Precondition Failed", "PreconditionFailed")
        wanted = request.headers.get("if-match", "").strip('"')
        if wanted and there is None:
            return _error("404 Not Found", "NoSuchKey")
        if wanted and there is not None and there.etag != wanted:
            return _error("412 Precondition Failed", "PreconditionFailed")
        return None

    def _delete(self, request: Request) -> Answer:
        if fault := self._unmet(request):
            return fault
        self._drop(request.bucket, request.key)
        return Answer("204 No Content")

    def _delete_many(self, request: Request) -> Answer:
        for key in re.findall(rb"<Key>(.*?)</Key>", request.body):
            self._drop(request.bucket, key.decode())
        return _xml(f"<DeleteResult {_NAMESPACE}></DeleteResult>")

    def _drop(self, bucket: str, key: str) -> None:
        if self._blobs.pop((bucket, key), None) is not None:
            keys = self._keys[bucket]
            del keys[bisect.bisect_left(keys, key)]

    def _list(self, request: Request) -> Answer:
        query, keys = request.query, self._keys.get(request.bucket, [])
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after, most = (
            query.get("continuation-token") or query.get("start-after", ""),
            int(query.get("max-keys", "1000")),
        )
        at = max(bisect.bisect_left(keys, prefix), bisect.bisect_right(keys, after))
        rows: list[str] = []
        last, more = "", False
        while at < len(keys) and keys[at].startswith(prefix):
            key = keys[at]
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            group = key[: cut + len(delimiter)] if cut >= 0 else ""
            behind = group[:-1] + chr(ord(group[-1]) + 1) if group else ""
            if group and group <= after:  # told on the page before
                at = bisect.bisect_left(keys, behind, at)
                continue
            if len(rows) == most:
                more = True
                break
            rows.append(self._row(request.bucket, key) if not group else _prefix(group))
            at = bisect.bisect_left(keys, behind, at) if group else at + 1
            last = group or key
        token = f"<NextContinuationToken>{escape(last)}</NextContinuationToken>" if more else ""
        return _xml(
            f"<ListBucketResult {_NAMESPACE}><KeyCount>{len(rows)}</KeyCount><EncodingType>url</EncodingType>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{''.join(rows)}</ListBucketResult>"
        )

    def _row(self, bucket: str, key: str) -> str:
        blob = self._blobs[bucket, key]
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(blob.at))
        return (
            f"<Contents><Key>{quote(key)}</Key><LastModified>{at}</LastModified><ETag>&quot;{blob.etag}&quot;</ETag>"
            f"<Size>{len(blob.body)}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        )


def _prefix(group: str) -> str:
    return f"<CommonPrefixes><Prefix>{quote(group)}</Prefix></CommonPrefixes>"


def _xml(text: str) -> Answer:
    return Answer("200 OK", (_XML + text).encode(), "Content-Type: application/xml\r\n")


def _error(status: str, code: str) -> Answer:
    return Answer(status, f"{_XML}<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())


def _shown(blob: Blob | None, method: str) -> Answer:
    if blob is None:
        missing = _error("404 Not Found", "NoSuchKey")
        return Answer(missing.status) if method == "HEAD" else missing
    headers = f'ETag: "{blob.etag}"\r\nLast-Modified: {formatdate(blob.at, usegmt=True)}\r\nAccept-Ranges: bytes\r\n'
    return Answer("200 OK", blob.body, headers)


class Line(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._came = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        while (request := self._next()) is not None:
            if request.bucket == "-":
                self._send(self._asked(request), "GET")
                continue
            answer = self._shelf.answer(request)
            if self._shelf.latency_s:
                loop = asyncio.get_running_loop()
                loop.call_later(self._shelf.latency_s, self._send, answer, request.method)
            else:
                self._send(answer, request.method)

    def _next(self) -> Request | None:
        end = self._came.find(_HEAD_END)
        if end < 0:
            return None
        first, *lines = self._came[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        if len(self._came) < end + 4 + length:
            if headers.get("expect") and len(self._came) == end + 4 and self._transport is not None:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return None
        body = bytes(self._came[end + 4 : end + 4 + length])
        del self._came[: end + 4 + length]
        method, target, _ = first.split(" ", 2)
        url = urlsplit(target)
        bucket, _, key = unquote(url.path).lstrip("/").partition("/")
        return Request(method, bucket, key, dict(parse_qsl(url.query, keep_blank_values=True)), headers, body)

    def _asked(self, request: Request) -> Answer:
        if request.key == "latency":
            self._shelf.latency_s = float(request.query["ms"]) / 1000
        counts, self._shelf.counts = self._shelf.counts, Counter()
        return Answer("200 OK", json.dumps(counts).encode())

    def _send(self, answer: Answer, method: str) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        head = f"HTTP/1.1 {answer.status}\r\n{answer.headers}Content-Length: {len(answer.body)}\r\n\r\n".encode()
        self._transport.write(head if method == "HEAD" else head + answer.body)


async def _serve() -> None:
    shelf = Shelf()
    server = await asyncio.get_running_loop().create_server(lambda: Line(shelf), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_input, daemon=True).start()
    asyncio.run(_serve())
