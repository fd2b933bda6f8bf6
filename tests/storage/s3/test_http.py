"""Our reading of HTTP answers: what ``http.client`` reads, and a refusal of whatever is not clearly one answer."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from artifact_browser.storage.drivers.s3.http_answer import Incoming, Inlet
from artifact_browser.storage.drivers.s3.http_head import BadHead, request_head
from tests.storage.s3.scripted import opened

NAMES = st.from_regex(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}", fullmatch=True)
#: Latin-1 without line breaks of any kind: ``http.client`` takes some of them for the end of a header
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f\x85"), max_size=30)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=8, unique_by=lambda pair: pair[0].lower())
FRAMING = {"content-length", "transfer-encoding", "connection"}
BODIES = st.binary(max_size=70_000)


class Answered:
    """What a client made of an answer."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes, goes_on: bool) -> None:
        self.facts = (status, headers, body, goes_on)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Answered) and self.facts == other.facts

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self.facts)


@contextmanager
def wire(*pieces: bytes) -> Iterator[socket.socket]:
    """A socket from which these bytes come, in such pieces as the system makes of them, and then the end."""
    ours, theirs = socket.socketpair()
    ours.settimeout(20)

    def send() -> None:
        with suppress(OSError):
            for piece in pieces:
                theirs.sendall(piece)
        theirs.close()

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield ours
    finally:
        ours.close()
        thread.join()


def read_by_us(sock: socket.socket, method: str) -> Answered:
    inlet = Inlet(sock)
    answer = Incoming(inlet, method)
    pieces = []
    room = memoryview(bytearray(7_000))
    while got := answer.readinto(room):
        pieces.append(bytes(room[:got]))
    if not answer.whole:
        raise http.client.IncompleteRead(b"")
    return Answered(answer.status, answer.headers, b"".join(pieces), not answer.will_close)


def read_by_python(sock: socket.socket, method: str) -> Answered:
    answer = http.client.HTTPResponse(sock, method=method)
    with closing(answer):
        answer.begin()
        goes_on = not answer.will_close
        body = answer.read()
    headers = {name.lower(): value.strip(" \t") for name, value in answer.headers.items()}
    return Answered(answer.status, headers, body, goes_on)


def head_of(status: int, headers: list[tuple[str, str]], version: str = "1.1") -> bytes:
    lines = [f"HTTP/{version} {status} whatever", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunked(body: bytes, sizes: list[int]) -> bytes:
    out = b""
    for size in sizes:
        piece, body = body[:size], body[size:]
        if piece:
            out += f"{len(piece):x};name=value\r\n".encode() + piece + b"\r\n"
    if body:
        out += f"{len(body):X}\r\n".encode() + body + b"\r\n"
    return out + b"0\r\ntrailer: there\r\n\r\n"


@given(
    status=st.sampled_from([200, 204, 206, 304, 403, 404, 503]),
    headers=HEADERS.map(lambda pairs: [pair for pair in pairs if pair[0].lower() not in FRAMING]),
    body=BODIES,
    framing=st.sampled_from(["length", "chunked", "end"]),
    connection=st.sampled_from([None, "close", "keep-alive", "Keep-Alive"]),
    version=st.sampled_from(["1.0", "1.1"]),
    method=st.sampled_from(["GET", "HEAD", "PUT"]),
    sizes=st.lists(st.integers(1, 9_000), max_size=9),
    cut=st.integers(1, 300),
)
def test_an_answer_is_read_as_python_reads_it(
    status: int, headers: list[tuple[str, str]], body: bytes, framing: str, connection: str | None, version: str,
    method: str, sizes: list[int], cut: int,
) -> None:  # fmt: skip
    bodiless = method == "HEAD" or status in {204, 304}
    told = [*headers]
    if connection:
        told.append(("Connection", connection))
    sent = body
    if framing == "length":
        told.append(("Content-Length", str(len(body))))
    elif framing == "chunked" and not bodiless:  # Python waits for chunks behind a 204
        told.append(("Transfer-Encoding", "chunked"))
        sent = chunked(body, sizes)
    raw = head_of(status, told, version) + (b"" if bodiless else sent)
    with wire(raw[:cut], raw[cut:]) as sock:
        ours = read_by_us(sock, method)
    with wire(raw) as sock:
        theirs = read_by_python(sock, method)
    assert ours.facts[:3] == theirs.facts[:3]
    assert theirs.facts[3] or not ours.facts[3]  # we never keep a connection that Python would not


@given(noise=st.binary(max_size=300))
@example(b"HTTP/1.1 200 OK\r\n\r\n")
@example(b"HTTP/1.1 200\n\nrest")
def test_noise_is_an_answer_or_an_error_of_the_connection(noise: bytes) -> None:
    with wire(noise) as sock, suppress(OSError, http.client.HTTPException):
        read_by_us(sock, "GET")


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 200OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        OK + b"Content-Length: 5, 5\r\n\r\nabcde",
        OK + b"Content-Length: -5\r\n\r\nabcde",
        OK + b"Content-Length: +5\r\n\r\nabcde",
        OK + b"Content-Length: 0x5\r\n\r\nabcde",
        OK + b"Content-Length : 5\r\n\r\nabcde",
        OK + b"Content-Length\r\n\r\nabcde",
        OK + b" Content-Length: 5\r\n\r\nabcde",
        OK + b"ETag: a\rContent-Length: 5\r\n\r\nabcde",
        OK + b"ETag: a\0b\r\nContent-Length: 5\r\n\r\nabcde",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n 5\r\nabcde\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcdefg\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 20_000,
        OK + b"Content-Length: 5\r\n\r\nabc",
        OK + b"Content-Length: 5\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\nwhatever",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
        OK + b"x: y\r\n" * 20_000 + b"\r\n",
        OK + b"x: " + b"y" * 100_000,
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"x: y\r\n" * 20_000 + b"\r\n",
        b"",
    ],
    ids=lambda raw: ascii(raw[:70]),
)
def test_what_is_not_clearly_one_answer_is_refused(raw: bytes) -> None:
    with wire(raw) as sock, pytest.raises((OSError, http.client.HTTPException)):
        read_by_us(sock, "GET")


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", b"ok"),
        (OK + b"ETag: one\r\n two\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (OK + b"\r\nuntil the end", b"until the end"),
    ],
)  # fmt: skip
def test_what_servers_may_say_is_understood(raw: bytes, wanted: bytes) -> None:
    with wire(raw) as sock:
        assert read_by_us(sock, "GET").facts[2] == wanted


def test_what_follows_an_answer_unasked_is_seen() -> None:
    """Such a connection is not used again: the next request would be answered with it."""
    with wire(OK + b"Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n") as sock:
        inlet = Inlet(sock)
        answer = Incoming(inlet, "GET")
        assert answer.read(10) == b"ok"
        assert answer.whole
        assert not inlet.empty


def test_lengths_beside_chunks_end_the_connection() -> None:
    with wire(OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n") as sock:
        status, _, body, goes_on = read_by_us(sock, "GET").facts
    assert (status, body, goes_on) == (200, b"ok", False)


@given(name=NAMES, value=st.text(max_size=20), target=st.text(max_size=20))
def test_a_request_is_one_line_and_its_headers_or_nothing(name: str, value: str, target: str) -> None:
    try:
        head = request_head("GET", "/" + target, {"host": "store", name: value})
    except ValueError:
        return
    first, host, other, end = head.split(b"\r\n", 3)
    assert (first.count(b" "), host, end) == (2, b"host: store", b"\r\n")
    assert other.decode("latin-1") == f"{name}: {value}"
    assert b"\r" not in other
    assert b"\n" not in other


def test_a_head_is_refused_before_it_is_sent() -> None:
    for value in ("a\r\nx-amz-acl: public-read", "a\nb", "a\rb", "a\0b", "\u2603"):
        with pytest.raises(ValueError):  # noqa: PT011 - UnicodeEncodeError is one
            request_head("PUT", "/b/k", {"host": "store", "x-amz-meta-a": value})
    assert issubclass(BadHead, http.client.HTTPException)


def test_an_answer_that_nobody_asked_for_is_nobodys(tmp_path: Path) -> None:
    """A server (or who stands between) sends a second answer along: the next blob must not have its bytes."""
    told = b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nETag: "e"\r\n\r\n'
    connections = 0

    def serve(listener: socket.socket) -> None:
        nonlocal connections
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                connections += 1
                with client:
                    client.recv(65536)
                    client.sendall(told + b"true" + told + b"evil")
                    client.recv(65536)  # until it is closed

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        driver = opened(f"http://127.0.0.1:{listener.getsockname()[1]}", tmp_path)
        for _ in range(3):
            with driver.get("b", "k") as reader:
                assert reader.read() == b"true"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert connections == 3
