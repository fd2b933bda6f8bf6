"""Cancel ends what a driver is blocked in, within 200 ms."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from artifact_browser.errors import JobCancelled
from artifact_browser.storage.driver import Driver, Reader
from artifact_browser.storage.open import open_driver
from tests.storage.conformance.stores import Store

PATIENCE_S = 0.5  # 200 ms promised; two shared cores


def test_cancel_during_a_get(store: Store, driver: Driver, bucket: str) -> None:
    driver.put(bucket, "big", bytes(24 * 1024**2))
    context = store.context()
    other = open_driver(context, store.record)
    with other.get(bucket, "big") as reader:
        assert reader.read(1000) == bytes(1000)
        context.cancel.cancel()
        began = time.monotonic()
        with pytest.raises(JobCancelled):
            drain(reader)
        assert time.monotonic() - began < PATIENCE_S
    other.close()
    assert driver.head(bucket, "big").size_bytes == 24 * 1024**2


def drain(reader: Reader) -> None:
    while reader.read(64 * 1024):
        pass


def test_a_cancelled_driver_begins_nothing(store: Store, driver: Driver, bucket: str) -> None:
    context = store.context()
    other = open_driver(context, store.record)
    context.cancel.cancel()
    with pytest.raises(JobCancelled):
        other.put(bucket, "k", b"x")
    with pytest.raises(JobCancelled):
        list(other.list_pages(bucket))
    other.close()
    (page,) = driver.list_pages(bucket)
    assert list(page.keys) == []


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("store", ["s3 moto", "s3 compatibility"], indirect=True)
def test_cancel_wakes_a_job_that_waits_for_a_silent_server(store: Store, silent_server: str) -> None:
    context = store.context()
    driver = open_driver(context, replace(store.record, id="silent", endpoint=silent_server))
    cancelled_at: list[float] = []

    def cancel() -> None:
        cancelled_at.append(time.monotonic())
        context.cancel.cancel()

    timer = threading.Timer(0.5, cancel)
    timer.start()
    with pytest.raises(JobCancelled):
        driver.head("bucket", "key")
    assert time.monotonic() - cancelled_at[0] < PATIENCE_S
    timer.join()
    driver.close()
