"""The way to the server: an authority of one's own, proxies, kept connections, addresses with a path."""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from artifact_browser import errors
from artifact_browser.accounts.record import Addressing
from artifact_browser.storage.driver import FileSlice
from artifact_browser.storage.drivers.s3.bodies import Source
from artifact_browser.storage.drivers.s3.connections import Connection
from artifact_browser.storage.drivers.s3.endpoint import aws_endpoint, parse_endpoint
from artifact_browser.storage.drivers.s3.exchange import Exchange
from tests.storage.s3.scripted import Asked, Reply, opened, serving

BOTH = pytest.mark.parametrize("compatibility", [False, True], ids=["own", "boto3"])


def blob(asked: Asked, _number: int) -> Reply:
    return Reply(200, b"" if asked.method == "PUT" else b"content", {"ETag": '"e"'})


@BOTH
def test_an_authority_of_ones_own(tmp_path: Path, authority: Path, tls: ssl.SSLContext, compatibility: bool) -> None:
    file = tmp_path / "big"
    file.write_bytes(bytes(range(256)) * 8192)
    with serving(blob, tls) as server:
        driver = opened(server.url, tmp_path, ca_file=str(authority), compatibility=compatibility)
        driver.put("b", "k", FileSlice(file, 100, 2_000_000))
        assert server.asked[0].body == file.read_bytes()[100:2_000_100]
        if not compatibility:
            assert server.asked[0].headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
        with driver.get("b", "k") as reader:
            assert reader.read() == b"content"
        with pytest.raises(errors.CertificateRejected) as caught:
            opened(server.url, tmp_path, compatibility=compatibility).head("b", "k")
        assert not caught.value.retryable


class Proxy:
    """A small HTTP proxy: passes on what it is asked to, and notes it."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.lines: list[str] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._open: list[socket.socket] = [self.listener]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://user:pass%40word@127.0.0.1:{self.listener.getsockname()[1]}"

    def close(self) -> None:
        for sock in self._open:
            with_shutdown(sock)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self.listener.accept()
            except OSError:
                return
            self._open.append(client)
            thread = threading.Thread(target=self._serve, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65536)
        line = head.split(b"\r\n", 1)[0].decode()
        self.lines.append(line + (" authorised" if b"dXNlcjpwYXNzQHdvcmQ=" in head else ""))
        target = line.split()[1]
        port = int(target.removeprefix("http://").split("/")[0].rsplit(":", 1)[1])
        server = socket.create_connection(("127.0.0.1", port))
        self._open.append(server)
        if line.startswith("CONNECT"):
            client.sendall(b"HTTP/1.1 200 go on\r\n\r\n")
        else:
            server.sendall(head.replace(f"http://localhost:{port}".encode(), b"", 1))
        back = threading.Thread(target=pump, args=(server, client))
        self._threads.append(back)
        back.start()
        pump(client, server)


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    with_shutdown(target)


def with_shutdown(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    sock.close()


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    proxy = Proxy()
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("https_proxy", proxy.url)
    yield proxy
    proxy.close()


def test_plain_http_goes_through_the_proxy_signed(tmp_path: Path, proxy: Proxy) -> None:
    with serving(blob) as server:
        driver = opened(server.url, tmp_path)
        driver.put("b", "a//b", b"body")
        assert proxy.lines == [f"PUT {server.url}/b/a//b HTTP/1.1 authorised"]
        assert len(server.asked[0].headers["x-amz-content-sha256"]) == 64  # somebody stands between
        driver._access.account.close()


def test_tls_is_tunnelled(tmp_path: Path, proxy: Proxy, authority: Path, tls: ssl.SSLContext) -> None:
    with serving(blob, tls) as server:
        driver = opened(server.url, tmp_path, ca_file=str(authority))
        driver.put("b", "k", b"body")
        assert proxy.lines == [f"CONNECT {server.url.removeprefix('https://')} HTTP/1.1 authorised"]
        driver._access.account.close()


def test_no_proxy_is_respected(tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "localhost")
    with serving(blob) as server:
        opened(server.url, tmp_path).put("b", "k", b"body")
        assert server.asked[0].path == "/b/k"
    assert proxy.lines == []


@BOTH
def test_an_endpoint_with_a_path_keeps_it(tmp_path: Path, compatibility: bool) -> None:
    with serving(blob) as server:
        driver = opened(server.url + "/shop/", tmp_path, compatibility=compatibility)
        driver.put("b", "/lead/../x y", b"body")
        assert server.asked[0].path == "/shop/b//lead/../x%20y"


def test_a_connection_is_kept_and_a_closed_one_is_noticed(tmp_path: Path) -> None:
    def script(asked: Asked, number: int) -> Reply:
        # the third answer ends the connection without saying so
        return Reply(drop=True) if number == 2 else blob(asked, number)

    with serving(script) as server:
        driver = opened(server.url, tmp_path)
        for _ in range(4):
            with driver.get("b", "k") as reader:
                assert reader.read() == b"content"
        assert len(server.asked) == 5


def test_where_buckets_are() -> None:
    aws = aws_endpoint("eu-west-1", Addressing.VIRTUAL)
    assert aws.place("plain", "k").url == "https://plain.s3.eu-west-1.amazonaws.com/k"
    assert aws.place("with.dots", "k").url == "https://s3.eu-west-1.amazonaws.com/with.dots/k"
    assert aws.in_region("cn-north-1").place("b", "").url == "https://b.s3.cn-north-1.amazonaws.com.cn/"
    own = parse_endpoint("http://10.0.0.1:9000", Addressing.VIRTUAL)
    assert own.place("b", "k").url == "http://10.0.0.1:9000/b/k"
    assert not own.private
    assert parse_endpoint("http://127.0.0.1:9000", Addressing.PATH).private
    assert parse_endpoint("http://[::1]:9000", Addressing.PATH).place("b").url == "http://[::1]:9000/b"
    for wrong in ("store.example", "ftp://store.example", "https://", "https://a:b@store.example", "https://x:port"):
        with pytest.raises(errors.InputError):
            parse_endpoint(wrong, Addressing.PATH)


def test_a_connection_that_is_lost_before_the_body_is_no_changed_file(tmp_path: Path) -> None:
    """sendfile then gives up, and what Python does instead reads from where the checksum has left the file: its end."""
    path = tmp_path / "file"
    path.write_bytes(bytes(400_000))  # more than is read before it is sent
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        theirs, _ = server.accept()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        theirs.close()  # as a reset
        watched = select.poll()
        watched.register(ours, select.POLLERR)
        assert watched.poll(20_000)

        class Reset:
            sendfile = ours.sendfile

            def sendall(self, head: bytes) -> None: ...

        connection = Connection(cast(socket.socket, Reset()), "localhost", 80, absolute=False, proxy_headers={})
        with Source(FileSlice(path, 0, 400_000)) as source:
            source.md5()
            with pytest.raises((BrokenPipeError, ConnectionResetError)):
                Exchange._write_body(cast(Exchange, None), connection, b"head", source)
