"""Errors help: a sentence, what to do, which object; never a secret."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from artifact_browser.accounts.lease import Secret
from artifact_browser.errors import (
    AccessDenied,
    ArtifactBrowserError,
    ConnectionFailed,
    StorageError,
    UnexpectedAnswer,
    WrongCredentials,
)
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.open import open_driver
from tests.parts.process import free_port
from tests.storage.conformance.stores import DirectContext, Store

FAILURES: dict[str, Callable[[Driver, str], object]] = {
    "head": lambda driver, bucket: driver.head(bucket, "absent"),
    "copy": lambda driver, bucket: driver.copy(bucket, "absent", bucket, "to"),
    "list": lambda driver, bucket: list(driver.list_pages(bucket + "-absent")),
    "check": lambda driver, bucket: driver.check_bucket(bucket + "-absent"),
    "exists": lambda driver, bucket: driver.create_bucket(bucket),
    "parts": lambda driver, bucket: driver.list_parts(bucket, "absent", "no-such-upload"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_an_error_says_what_to_do_and_no_secret(store: Store, driver: Driver, bucket: str, failure: str) -> None:
    with pytest.raises(StorageError) as caught:
        FAILURES[failure](driver, bucket)
    record = caught.value.record()
    assert record.title
    assert record.todo
    assert bucket in record.subject
    if store.secret:
        text = repr(record) + str(caught.value) + repr(caught.value)
        assert store.secret.secret_key not in text
        assert "Signature=" not in text


@pytest.mark.parametrize("store", ["s3 moto", "s3 compatibility"], indirect=True)
def test_nobody_at_home(store: Store) -> None:
    with store.opened(id="nobody", endpoint=f"http://127.0.0.1:{free_port()}") as driver:
        with pytest.raises(ConnectionFailed) as caught:
            driver.list_buckets()
        assert caught.value.retryable


@pytest.mark.parametrize("store", [pytest.param("s3 ceph", marks=pytest.mark.ceph)], indirect=True)
@pytest.mark.parametrize("compatibility", [False, True])
def test_a_wrong_secret_is_told(store: Store, compatibility: bool) -> None:
    assert store.secret
    wrong = Secret(store.secret.access_key, "not-the-secret-" + "x" * 25)
    record = replace(store.record, id="wrong", compatibility=compatibility)
    driver = open_driver(DirectContext(store.paths, wrong), record)
    with pytest.raises((WrongCredentials, AccessDenied)) as caught:  # with STS on, Ceph says AccessDenied
        driver.list_buckets()
    assert wrong.secret_key not in repr(caught.value.record())
    driver.close()


@pytest.mark.parametrize("store", ["s3 moto", "s3 compatibility"], indirect=True)
def test_a_web_page_is_not_a_store(store: Store, web_page: str) -> None:
    with store.opened(id="page", endpoint=web_page) as driver, pytest.raises(ArtifactBrowserError) as caught:
        driver.list_buckets()
    assert isinstance(caught.value, UnexpectedAnswer)


@pytest.fixture
def web_page() -> Iterator[str]:
    """A web server that greets everybody with a page."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<!doctype html><html><body>Welcome</body></html>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
