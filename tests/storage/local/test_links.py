"""Links to this computer, fetched by curl and by raw sockets: what works, and everything that must not."""

from __future__ import annotations

import http.client
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.errors import ReadOnlyAccount
from artifact_browser.paths import Paths
from artifact_browser.storage.driver import LinkOptions, WriteOptions
from artifact_browser.storage.drivers.local.driver import LocalDriver
from artifact_browser.storage.drivers.local.links import LinkKeyWanted, LinkService, Promise, sign, verify
from artifact_browser.storage.drivers.local.open import open_local
from artifact_browser.workers.cancel import CancelToken
from tests.parts.process import wait_for
from tests.storage.local.conftest import KEY, RECORD, Context, serving
from tests.storage.local.test_names import ODD

SERVICE = LinkService(4321, KEY)


def fetch(
    url: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        connection.request(method, f"/{path}", body, {name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def link(driver: LocalDriver, key: str, **options: object) -> str:
    return driver.presign("data", [key], LinkOptions(**options))[0].url  # type: ignore[arg-type]


def test_plain_curl_fetches_every_odd_key(linked: LocalDriver, tmp_path: Path) -> None:
    keys = [key for key in ODD if key.count("/") < 100]
    for key in keys:
        linked.put("data", key, key.encode("utf-8", "surrogateescape"))
    links = linked.presign("data", keys, LinkOptions())
    plan = "".join(f'url = "{one.url}"\noutput = "{tmp_path / f"got{at}"}"\n' for at, one in enumerate(links))
    (tmp_path / "plan").write_text(plan)
    subprocess.run(["curl", "-sS", "--fail", "--config", tmp_path / "plan"], check=True, timeout=60)
    got = [(tmp_path / f"got{at}").read_bytes() for at in range(len(keys))]
    assert got == [key.encode("utf-8", "surrogateescape") for key in keys]


def test_the_file_is_saved_under_its_name(linked: LocalDriver, tmp_path: Path) -> None:
    linked.put("data", "runs/report 1.csv", b"a,b")
    subprocess.run(["curl", "-sSO", link(linked, "runs/report 1.csv")], check=True, cwd=tmp_path, timeout=20)
    assert (tmp_path / "report_1.csv").read_bytes() == b"a,b"


@given(
    key=st.text(min_size=1), save_as=st.text(), ends_at=st.integers(0, 2**40), method=st.sampled_from(["GET", "PUT"])
)
def test_a_link_says_exactly_what_was_signed(key: str, save_as: str, ends_at: int, method: str) -> None:
    promise = Promise(method, "data", key, ends_at, save_as, "text/plain")
    path = sign(SERVICE, "/root", promise).partition(":4321")[2]
    assert path.isascii()
    assert ".." not in path
    assert "//" not in path
    assert verify(KEY, "/root", path) == promise
    assert verify(KEY, "/other root", path) is None
    assert verify(bytes(32), "/root", path) is None


@given(at=st.integers(0, 200), character=st.sampled_from("AZaz09-_.~/%=+ é"))
def test_no_character_of_a_link_can_be_changed(at: int, character: str) -> None:
    path = sign(SERVICE, "/root", Promise("GET", "data", "k.csv", 9)).partition(":4321")[2]
    at = 1 + at % (len(path) - 1)
    changed = path[:at] + character + path[at + 1 :]
    assert changed == path or verify(KEY, "/root", changed) is None


def test_only_the_signed_method_answers(linked: LocalDriver) -> None:
    linked.put("data", "k", b"bytes")
    get, put = link(linked, "k"), link(linked, "k", method="PUT")
    assert fetch(get)[0] == 200
    status, headers, body = fetch(get, "HEAD")
    assert (status, headers["content-length"], body) == (200, "5", b"")
    for url, method in [(get, "PUT"), (get, "DELETE"), (get, "POST"), (get, "OPTIONS"), (put, "GET"), (put, "HEAD")]:
        assert fetch(url, method, b"evil" if method in {"PUT", "POST"} else None)[0] == 403
    assert linked.get("data", "k").read() == b"bytes"


def test_nothing_is_listed_and_no_origin_is_let_in(linked: LocalDriver, service: LinkService) -> None:
    linked.put("data", "k", b"bytes")
    base = f"http://127.0.0.1:{service.port}"
    for path in ("/", "/data", "/data/", "/data/k", "/..%2f", "/x.y/z", "/.artifact-browser/index.sqlite"):
        status, _, body = fetch(base + path)
        assert (status, body) == (403, b"This link was not made by this Artifact Browser, or was changed.\n")
    _, headers, _ = fetch(link(linked, "k"), Origin="https://evil.example")
    assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize("host", ["evil.example", "localhost:{port}", "127.0.0.1", "127.0.0.1:1", ""])
def test_another_host_name_is_refused(linked: LocalDriver, service: LinkService, host: str) -> None:
    linked.put("data", "k", b"bytes")
    status, _, body = fetch(link(linked, "k"), Host=host.format(port=service.port))
    assert status == 403
    assert body != b"bytes"


@pytest.mark.parametrize("key", ["page.html", "drawing.svg", "feed.xml", "page.xhtml"])
def test_active_content_is_only_ever_a_download(linked: LocalDriver, key: str) -> None:
    linked.put("data", key, b"<script>alert(1)</script>")
    _, headers, _ = fetch(link(linked, key))
    assert headers["content-disposition"].startswith("attachment")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("sandbox")


def test_a_picture_shows_in_the_browser(linked: LocalDriver) -> None:
    linked.put("data", "p.png", b"png", WriteOptions(content_type="image/png"))
    _, headers, _ = fetch(link(linked, "p.png"))
    assert headers["content-type"] == "image/png"
    assert "content-disposition" not in headers


def test_headers_cannot_be_smuggled_in(linked: LocalDriver) -> None:
    evil = "a\r\nSet-Cookie: x=1\r\n"
    linked.put("data", "k", b"x", WriteOptions(content_type=f"text/plain{evil}"))
    for options in ({}, {"save_as": f'"{evil}'}, {"content_type": evil}):
        status, headers, _ = fetch(link(linked, "k", **options))
        assert status == 200
        assert "set-cookie" not in headers


def test_ranges(linked: LocalDriver) -> None:
    linked.put("data", "k", b"0123456789")
    url = link(linked, "k")
    for asked, wanted in [("2-4", b"234"), ("7-", b"789"), ("-3", b"789"), ("0-99", b"0123456789")]:
        status, headers, body = fetch(url, Range=f"bytes={asked}")
        assert (status, body) == (200 if len(wanted) == 10 else 206, wanted)
        assert headers["content-length"] == str(len(wanted))
    assert fetch(url, Range="bytes=10-")[0] == 416
    assert fetch(url, Range="bytes=2-4", If_Range='"other"')[2] == b"0123456789"
    etag = fetch(url)[1]["etag"]
    assert fetch(url, If_None_Match=etag)[0] == 304


def test_an_expired_link_says_so(paths: Paths, linked: LocalDriver, service: LinkService) -> None:
    linked.put("data", "k", b"x")
    old = sign(service, str(paths.store), Promise("GET", "data", "k", int(time.time()) - 1))
    status, _, body = fetch(old)
    assert status == 403
    assert b"expired" in body


def test_a_missing_blob_tells_no_path(paths: Paths, linked: LocalDriver) -> None:
    status, _, body = fetch(link(linked, "gone"))
    assert status == 404
    assert str(paths.store).encode() not in body
    assert b"Traceback" not in body


def test_an_upload_link_keeps_its_promises(linked: LocalDriver, service: LinkService, paths: Paths) -> None:
    url = link(linked, "in/new.csv", method="PUT", content_type="text/csv")
    assert fetch(url, "PUT", b"1,2", Content_Type="text/html")[0] == 403
    assert fetch(url, "PUT", b"1,2", Content_Type="text/csv")[0] == 200
    assert linked.head("data", "in/new.csv").content_type == "text/csv"
    assert linked.get("data", "in/new.csv").read() == b"1,2"
    head = f"PUT /{url.split('/', 3)[3]} HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\nContent-Type: text/csv\r\n"
    for length, wanted in [
        ("", b"411"),
        (f"Content-Length: {6 * 1024**3}\r\n", b"413"),
        ("Content-Length: -1\r\n", b"411"),
    ]:
        with socket.create_connection(("127.0.0.1", service.port), timeout=20) as raw:
            raw.sendall(f"{head}{length}\r\n".encode())
            assert wanted in raw.recv(200)
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as raw:
        raw.sendall(f"{head}Content-Length: 100\r\n\r\nonly this".encode())
    hidden = paths.store / ".artifact-browser" / "temporary"
    wait_for(lambda: not list(hidden.iterdir()), "the half upload is removed")
    assert linked.get("data", "in/new.csv").read() == b"1,2"


def test_curl_uploads(linked: LocalDriver, tmp_path: Path) -> None:
    body = bytes(range(256)) * 20_000
    (tmp_path / "up").write_bytes(body)
    url = link(linked, "a//up", method="PUT")
    subprocess.run(["curl", "-sS", "--fail", "-T", tmp_path / "up", url], check=True, timeout=20)
    assert linked.get("data", "a//up").read() == body


def test_a_read_only_account_signs_no_upload(paths: Paths, linked: LocalDriver, service: LinkService) -> None:
    driver = open_local(replace(RECORD, read_only=True), paths, CancelToken(), lambda: service)
    with pytest.raises(ReadOnlyAccount):
        driver.presign("data", ["k"], LinkOptions(method="PUT"))
    assert driver.presign("data", ["k"], LinkOptions())
    driver.close()


def test_links_outlive_a_restart_and_a_taken_port_is_no_end(paths: Paths) -> None:
    context = Context(paths)
    with serving(context) as first:
        assert [type(question) for question in context.asked] == [LinkKeyWanted]
        driver = open_local(RECORD, paths, CancelToken(), lambda: first)
        driver.create_bucket("data")
        driver.put("data", "k", b"still here")
        url = link(driver, "k")
        with serving(Context(paths), first.port) as second:
            assert second.port != first.port
    with pytest.raises(OSError, match="refused"):
        fetch(url)
    with serving(Context(paths), first.port) as again:
        assert again.port == first.port
        assert fetch(url)[2] == b"still here"
    driver.close()


def test_stopping_cuts_a_client_that_never_ends(paths: Paths) -> None:
    with serving(Context(paths)) as service:
        slow = socket.create_connection(("127.0.0.1", service.port), timeout=20)
        slow.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        began = time.monotonic()
    assert time.monotonic() - began < 2
    with slow, suppress(ConnectionResetError):
        assert slow.recv(100) == b""


def test_no_secret_in_what_is_shown(service: LinkService) -> None:
    assert repr(service) == f"LinkService(port={service.port})"
