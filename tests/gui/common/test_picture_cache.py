"""A cover that was shown before costs one question to the store, no download; and it is never an old one."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColor, QImage

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.gui.common.picture_cache import forget_pictures
from artifact_browser.gui.common.picture_job import Picture, decode_picture
from tests.gui.common.test_picture_fetch import Context


def png(colour: str) -> bytes:
    image = QImage(40, 30, QImage.Format.Format_ARGB32)
    image.fill(QColor(colour))
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(held.data())


class Store(ThreadingHTTPServer):
    """One picture, and how often it was fetched."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.data = png("#336699")
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(200)

    def do_GET(self) -> None:
        self._answer(206)
        assert isinstance(self.server, Store)
        self.wfile.write(self.server.data)

    def _answer(self, status: int) -> None:
        assert isinstance(self.server, Store)
        data = self.server.data
        self.server.asked.append(self.command)
        self.send_response(status)
        for name, value in {
            "ETag": f'"{hashlib.md5(data).hexdigest()}"',
            "Last-Modified": "Sat, 21 Nov 2026 04:00:00 GMT",
            "Content-Length": str(len(data)),
            "Content-Range": f"bytes 0-{len(data) - 1}/{len(data)}",
        }.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def store() -> Iterator[Store]:
    server = Store()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(tmp_path)


def cover(context: Context, store: Store, account: str = "x") -> Picture:
    record = AccountRecord(account, AccountKind.PUBLIC, "Store", endpoint=f"http://127.0.0.1:{store.server_port}")

    def look() -> Iterator[Picture]:
        yield (yield from decode_picture(context, record, "b", "cover.png", 256, keep=True))  # type: ignore[arg-type, misc]

    *_, found = look()
    return found


def test_the_second_time_only_asks(context: Context, store: Store) -> None:
    first = cover(context, store)
    store.asked.clear()
    again = cover(context, store)
    assert store.asked == ["HEAD"]
    assert (again.width, again.height) == (first.width, first.height) == (40, 30)
    assert max(abs(ours - theirs) for ours, theirs in zip(first.rgba, again.rgba, strict=True)) <= 3  # it is a JPEG
    cover(context, store, "another account")
    assert store.asked.count("GET") == 1


def test_another_picture_under_the_same_name_is_fetched(context: Context, store: Store) -> None:
    cover(context, store)
    store.data = png("#80ff0000")  # red, half of it seen through
    found = cover(context, store)
    assert found.rgba[:4] == cover(context, store).rgba[:4] == bytes((255, 0, 0, 128))


def test_a_damaged_one_is_made_anew(context: Context, store: Store) -> None:
    before = cover(context, store)
    (kept,) = context.paths.cache.glob("covers/*/*")
    kept.write_bytes(b"\xff\xd8\xff no picture")
    store.asked.clear()
    assert cover(context, store).rgba == before.rgba
    assert "GET" in store.asked


def test_an_account_that_is_removed_takes_its_covers_along(context: Context, store: Store) -> None:
    cover(context, store)
    cover(context, store, "gone")
    list(forget_pictures(context, "gone"))  # type: ignore[arg-type]
    assert [path.name for path in context.paths.cache.glob("covers/*")] == ["x"]
