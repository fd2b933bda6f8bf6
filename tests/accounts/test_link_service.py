"""The link server of This computer: started once by the first link, on a remembered port, with the key it was given."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser import bootstrap
from artifact_browser.accounts.book import BUILT_IN
from artifact_browser.bootstrap import Services
from artifact_browser.paths import in_home
from artifact_browser.storage.driver import Link
from artifact_browser.workers.job import Lane
from tests.accounts.link_jobs import put_and_sign, sign_upload


@pytest.fixture
def home(short_folder: Path) -> Path:
    return short_folder / "home"


@pytest.fixture
def services(home: Path) -> Iterator[Services]:
    built = bootstrap.build(in_home(home))
    built.start()
    yield built
    built.close()


def fetched(link: Link) -> bytes:
    with urllib.request.urlopen(link.url, timeout=10) as answer:
        content: bytes = answer.read()
    return content


def test_links_of_all_lanes_share_one_server_and_the_port_is_kept(services: Services, home: Path) -> None:
    first = services.pool.run(put_and_sign, BUILT_IN, b"one", timeout_s=30)
    assert fetched(first) == b"one"
    other = services.pool.run(put_and_sign, BUILT_IN, b"two", lane=Lane.ENGINE, timeout_s=30)
    assert other.url.split("/")[2] == first.url.split("/")[2]
    assert fetched(first) == b"two"
    services.close()
    again = bootstrap.build(in_home(home))
    again.start()
    try:
        later = again.pool.run(put_and_sign, BUILT_IN, b"three", timeout_s=30)
        assert later.url.split("/")[2] == first.url.split("/")[2]
        assert fetched(later) == b"three"
    finally:
        again.close()


def sent(link: Link, body: bytes) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(link.url, body, method="PUT"), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return int(refusal.code)


def test_upload_links_end_when_the_account_becomes_read_only(services: Services) -> None:
    download = services.pool.run(put_and_sign, BUILT_IN, b"one", timeout_s=30)
    upload = services.pool.run(sign_upload, BUILT_IN, timeout_s=30)
    assert sent(upload, b"two") == 200
    services.book.replace(replace(BUILT_IN, read_only=True))
    assert sent(upload, b"three") == 403
    assert fetched(download) == b"two"
    services.book.replace(BUILT_IN)
    assert sent(upload, b"four") == 200
