"""Presigned links, fetched with curl: somebody else's client, not ours."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from artifact_browser.storage.driver import Driver, LinkOptions, WriteOptions
from tests.parts.process import wait_for
from tests.storage.conformance.odd_keys import ODD_KEYS
from tests.storage.conformance.stores import EXACT, Store, content


def curl(*arguments: str) -> str:
    command = ["curl", "--silent", "--show-error", "--path-as-is", "--globoff", "--max-time", "20", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


def status(url: str, *arguments: str) -> int:
    return int(curl("--output", "/dev/null", "--write-out", "%{http_code}", *arguments, url))


def test_a_link_downloads_the_bytes(driver: Driver, bucket: str, tmp_path: Path) -> None:
    driver.put(bucket, "k", bytes(range(256)) * 1000, WriteOptions(content_type="application/x-proof"))
    (link,) = driver.presign(bucket, ["k"], LinkOptions(expires_in_s=600))
    assert link.key == "k"
    assert link.url not in repr(link)
    assert abs(link.expires_at - time.time() - 600) < 5
    assert curl("--output", str(tmp_path / "got"), "--write-out", "%{content_type}", link.url) == "application/x-proof"
    assert (tmp_path / "got").read_bytes() == content(driver, bucket, "k")


def test_links_of_odd_keys_work(store: Store, driver: Driver, bucket: str, tmp_path: Path) -> None:
    keys = [key for key in ODD_KEYS if store.holds(key)]
    for key in keys:
        driver.put(bucket, key, key.encode())
    links = driver.presign(bucket, keys, LinkOptions())
    assert [link.key for link in links] == keys
    plan = "".join(f'url = "{link.url}"\noutput = "{tmp_path / str(i)}"\n' for i, link in enumerate(links))
    (tmp_path / "plan").write_text(plan)
    curl("--config", str(tmp_path / "plan"))
    assert [(tmp_path / str(i)).read_bytes() for i in range(len(keys))] == [key.encode() for key in keys]


@pytest.mark.parametrize("save_as", ["report.csv", 'odd "name"; über 🎉.csv'])
def test_a_link_says_how_to_save(driver: Driver, bucket: str, save_as: str, tmp_path: Path) -> None:
    driver.put(bucket, "k", b"x")
    (link,) = driver.presign(bucket, ["k"], LinkOptions(save_as=save_as, content_type="text/csv"))
    headers = curl("--dump-header", "-", "--output", "/dev/null", link.url).lower()
    assert "content-type: text/csv" in headers
    assert "content-disposition: attachment" in headers
    if save_as.isascii():
        assert save_as in headers


def test_an_upload_link_takes_a_file(driver: Driver, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "new.bin").write_bytes(b"sent by curl")
    (link,) = driver.presign(bucket, ["up + %2F"], LinkOptions(method="PUT"))
    assert status(link.url, "--upload-file", str(tmp_path / "new.bin")) in {200, 201, 204}
    assert content(driver, bucket, "up + %2F") == b"sent by curl"


def test_a_link_is_cut_at_the_longest_life(driver: Driver, bucket: str) -> None:
    most = driver.capabilities.max_presign_s
    (link,) = driver.presign(bucket, ["k"], LinkOptions(expires_in_s=most * 10))
    assert link.limited_by == "maximum"
    assert abs(link.expires_at - time.time() - most) < 5


@EXACT
def test_an_expired_link_is_refused(driver: Driver, bucket: str) -> None:
    driver.put(bucket, "k", b"x")
    (link,) = driver.presign(bucket, ["k"], LinkOptions(expires_in_s=3))
    assert status(link.url) == 200
    wait_for(lambda: status(link.url) == 403, "the link expires", interval_s=0.3)
    assert time.time() > link.expires_at - 1


@EXACT
def test_a_changed_link_is_refused(driver: Driver, bucket: str) -> None:
    driver.put(bucket, "mine", b"x")
    driver.put(bucket, "secret", b"y")
    (link,) = driver.presign(bucket, ["mine"], LinkOptions())
    assert status(link.url) == 200
    assert status(link.url.replace("mine", "secret")) == 403
    for change in (["--upload-file", "/dev/null"], ["--request", "DELETE"]):
        assert status(link.url, *change) == 403
    assert content(driver, bucket, "mine") == b"x"
