"""A bad link before a server: it drops, stalls, slows down, cuts short and changes what passes, and answers in the
server's stead that it is overloaded. Requests and answers of HTTP/1.1; which of them suffer is drawn from a seed.
"""

from __future__ import annotations

import random
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

_PIECE_BYTES = 64 * 1024
#: smaller bodies pass a slow link at once
_SLOWED_BYTES = 4096
_ERROR = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message><RequestId>0</RequestId></Error>"
#: these name something of a blob, not its bytes
_ABOUT = re.compile(r"[?&](?:list-type|uploads|uploadId|tagging|acl|location|versioning|versions|delete)\b")


class Fault(StrEnum):
    RESET_BEFORE = "reset before the request"
    RESET_IN_REQUEST = "reset inside the request"
    ANSWER_LOST = "carried out, the answer lost"
    RESET_IN_ANSWER = "reset inside the answer"
    CUT_SHORT = "answer cut short"
    STALL = "stall, then a reset"
    SLOW = "slow link"
    ERROR_500 = "500"
    SLOW_DOWN = "503 SlowDown"
    BARE_503 = "503 without a word"
    FLIPPED_UP = "a byte changed on the way up"
    FLIPPED_DOWN = "a byte changed on the way down"


#: status and code of what the link says in the server's stead
_SAID = {
    Fault.ERROR_500: ("500 Internal Server Error", "InternalError"),
    Fault.SLOW_DOWN: ("503 Service Unavailable", "SlowDown"),
    Fault.BARE_503: ("503 Service Unavailable", ""),
}
_STATUS = {"ExpiredToken": "400 Bad Request"}


@dataclass(frozen=True, slots=True)
class _Head:
    """A request's or answer's head, as it came. ``length``: of the body, ``None`` where it comes in chunks."""

    raw: bytes
    first: str
    headers: dict[str, str] = field(repr=False)

    @property
    def length(self) -> int | None:
        return (
            None
            if "chunked" in self.headers.get("transfer-encoding", "")
            else int(self.headers.get("content-length", 0))
        )

    @property
    def method(self) -> str:
        return self.first.split()[0]

    @property
    def target(self) -> str:
        return self.first.split()[1]

    @property
    def about_a_blob(self) -> bool:
        path = urlsplit(self.target).path.strip("/")
        return "/" in path and not _ABOUT.search(self.target)

    def suffers(self, fault: Fault) -> bool:
        """Whether ``fault`` can befall this request."""
        body = bool(self.length)
        if fault is Fault.RESET_IN_REQUEST:
            return body
        if fault is Fault.FLIPPED_UP:
            return body and self.method == "PUT"
        if fault is Fault.FLIPPED_DOWN:
            return self.method == "GET" and self.about_a_blob
        if fault in {Fault.CUT_SHORT, Fault.RESET_IN_ANSWER}:
            return self.method == "GET"
        return True


class _Cut(Exception):
    """The connection ends here, with a reset."""


class FaultyLink:
    """Use it in a ``with`` block.

    :ivar share: of the requests that suffer; may be changed at any time
    :ivar suffered: how many requests met which fault so far
    :ivar keeps_begins: the server begins uploads in parts, and its answers are kept back until this is false again; then
        they are lost. ``kept``: how many were
    :ivar refused: access keys that are answered with this code (``ExpiredToken``), whatever else happens
    """

    def __init__(
        self,
        endpoint: str,
        seed: int,
        share: float,
        faults: Collection[Fault] = tuple(Fault),
        *,
        stall_s: float = 1.0,
        slow_s: float = 1.0,
    ) -> None:
        """``share`` of the requests suffer, each fault as often as every other; ``slow_s`` is what a body takes then."""
        self._server = urlsplit(endpoint)
        self._rng, self.share, self._faults, self._stall_s = random.Random(seed), share, tuple(faults), stall_s
        self._slow_s = slow_s
        self._deck: list[Fault] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self.suffered: Counter[Fault] = Counter()
        self.refused: dict[str, str] = {}
        self.keeps_begins, self.kept = False, 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def heal(self) -> None:
        """From now on it is a good link."""
        self.share = 0.0

    def __enter__(self) -> FaultyLink:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        assert self._server.hostname is not None
        server = socket.create_connection((self._server.hostname, self._server.port or 80))
        with client, server:
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            from_client, from_server = _Wire(client), _Wire(server)
            try:
                while (request := from_client.head()) is not None and self._pass(request, from_client, from_server):
                    pass
            except (OSError, _Cut):
                for one in (client, server):
                    with suppress(OSError):  # closing sends a reset
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _draw(self, request: _Head) -> Fault | None:
        with self._lock:
            if self._rng.random() >= self.share:
                return None
            if not self._deck:
                self._deck = self._rng.sample(self._faults, len(self._faults))
            fault = next((one for one in self._deck if request.suffers(one)), None)
            if fault is None:
                fitting = [one for one in self._faults if request.suffers(one)]
                if not fitting:
                    return None
                fault = self._rng.choice(fitting)
            else:
                self._deck.remove(fault)
            self.suffered[fault] += 1
            return fault

    def _pass(self, request: _Head, client: _Wire, server: _Wire) -> bool:
        """One request and its answer; whether the connection may be used again. :raises _Cut:"""
        if code := self._refuses(request):
            return self._say(_STATUS.get(code, "403 Forbidden"), code, request, client)
        fault = self._draw(request)
        if fault is Fault.RESET_BEFORE:
            raise _Cut
        if fault is Fault.STALL:
            self._closing.wait(self._stall_s)
            raise _Cut
        if "expect" in request.headers:
            client.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = request.length or 0
        if fault in _SAID:
            return self._say(*_SAID[fault], request, client)
        server.socket.sendall(re.sub(rb"\r\n[Ee]xpect:[^\r]*", b"", request.raw))
        sent = self._spoilt(client.body(length), length, fault, up=True)
        for piece in sent:
            server.socket.sendall(piece)
        answer = server.head()
        if answer is None:
            raise _Cut
        if self.keeps_begins and request.method == "POST" and request.target.endswith("?uploads"):
            self._keep()
        return self._answer(request, answer, client, server, fault)

    def _keep(self) -> None:
        """Hold an answer back, then lose it. :raises _Cut:"""
        with self._lock:
            self.kept += 1
        while self.keeps_begins and not self._closing.wait(0.01):
            pass
        raise _Cut

    def _refuses(self, request: _Head) -> str:
        key = re.search(r"Credential=([^/]+)/", request.headers.get("authorization", ""))
        return self.refused.get(key[1], "") if key else ""

    @staticmethod
    def _say(status: str, code: str, request: _Head, client: _Wire) -> bool:
        """Answer in the server's stead."""
        for _ in client.body(request.length or 0):
            pass
        body = b"" if not code or request.method == "HEAD" else _ERROR.format(code=code).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
        client.socket.sendall(head.encode() + body)
        return True

    def _answer(self, request: _Head, answer: _Head, client: _Wire, server: _Wire, fault: Fault | None) -> bool:
        status = int(answer.first.split()[1])
        bodiless = request.method == "HEAD" or status in {204, 304}
        whole = b"".join(server.chunks()) if answer.length is None and not bodiless else b""
        length = 0 if bodiless else len(whole) if answer.length is None else answer.length
        if fault is Fault.ANSWER_LOST:
            for _ in server.body(length if not whole else 0):
                pass
            raise _Cut
        client.socket.sendall(answer.raw)
        pieces = iter([memoryview(whole)]) if whole else server.body(length)
        down = fault if fault is not Fault.FLIPPED_DOWN or 200 <= status < 300 else None
        for piece in self._spoilt(pieces, length, down, up=False):
            client.socket.sendall(piece)
        return fault is not Fault.CUT_SHORT and "close" not in answer.headers.get("connection", "")

    def _spoilt(
        self, pieces: Iterator[memoryview], length: int, fault: Fault | None, *, up: bool
    ) -> Iterator[bytes | memoryview]:
        """A body as ``fault`` leaves it. :raises _Cut:"""
        flips = fault is (Fault.FLIPPED_UP if up else Fault.FLIPPED_DOWN)
        cuts = fault in ({Fault.RESET_IN_REQUEST} if up else {Fault.RESET_IN_ANSWER, Fault.CUT_SHORT})
        place = length // 2
        done = 0
        for piece in pieces:
            if fault is Fault.SLOW and length >= _SLOWED_BYTES:
                self._closing.wait(self._slow_s * len(piece) / length)
            here = done <= place < done + len(piece)
            if flips and here:
                changed = bytearray(piece)
                changed[place - done] ^= 0x10
                yield bytes(changed)
            elif cuts and here:
                yield piece[: place - done]
                if fault is Fault.CUT_SHORT:
                    return
                raise _Cut
            else:
                yield piece
            done += len(piece)


class _Wire:
    """What comes in on a socket."""

    def __init__(self, source: socket.socket) -> None:
        self.socket = source
        self._held = b""

    def head(self) -> _Head | None:
        """The next head; ``None`` at the end. An interim answer is passed over."""
        while True:
            while b"\r\n\r\n" not in self._held:
                data = self.socket.recv(_PIECE_BYTES)
                if not data:
                    return None
                self._held += data
            raw, _, self._held = self._held.partition(b"\r\n\r\n")
            first, *lines = raw.decode("latin-1").split("\r\n")
            if not first.startswith("HTTP/1.1 100"):
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                return _Head(raw + b"\r\n\r\n", first, headers)

    def body(self, length: int) -> Iterator[memoryview]:
        while length:
            data = self._held or self.socket.recv(min(length, _PIECE_BYTES))
            if not data:
                raise _Cut
            piece, self._held = data[:length], data[length:]
            length -= len(piece)
            yield memoryview(piece)

    def chunks(self) -> Iterator[bytes]:
        """A body in chunks, as it stands on the wire."""
        while True:
            line = self._line()
            size = int(line.split(b";")[0], 16)
            yield line
            yield b"".join(self.body(size + 2))
            if not size:
                return

    def _line(self) -> bytes:
        while b"\r\n" not in self._held:
            data = self.socket.recv(_PIECE_BYTES)
            if not data:
                raise _Cut
            self._held += data
        line, _, self._held = self._held.partition(b"\r\n")
        return line + b"\r\n"
