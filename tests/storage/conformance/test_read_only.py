"""A read-only account reads everything and changes nothing, whatever calls it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from artifact_browser.errors import ReadOnlyAccount
from artifact_browser.storage.driver import Driver, LinkOptions, Part
from tests.storage.conformance.stores import Store, all_keys, content

CHANGES: dict[str, Callable[[Driver, str], object]] = {
    "create_bucket": lambda driver, bucket: driver.create_bucket(bucket + "-new"),
    "delete_bucket": lambda driver, bucket: driver.delete_bucket(bucket),
    "put": lambda driver, bucket: driver.put(bucket, "new", b"x"),
    "delete": lambda driver, bucket: driver.delete(bucket, "k"),
    "delete_many": lambda driver, bucket: driver.delete_many(bucket, ["k"]),
    "copy": lambda driver, bucket: driver.copy(bucket, "k", bucket, "new"),
    "put_tags": lambda driver, bucket: driver.put_tags(bucket, "k", {"a": "b"}),
    "create_upload": lambda driver, bucket: driver.create_upload(bucket, "new"),
    "upload_part": lambda driver, bucket: driver.upload_part(bucket, "new", "id", 1, b"x"),
    "complete_upload": lambda driver, bucket: driver.complete_upload(bucket, "new", "id", [Part(1, "e", 1)]),
    "copy_part": lambda driver, bucket: driver.copy_part(bucket, "k", bucket, "new", "id", 1, 0, 1),
    "remove_folders": lambda driver, bucket: driver.remove_folders(bucket, "k/"),
    "delete_versions": lambda driver, bucket: driver.delete_versions(bucket, [("k", "null")]),
    "abort_upload": lambda driver, bucket: driver.abort_upload(bucket, "new", "id"),
    "presign PUT": lambda driver, bucket: driver.presign(bucket, ["new"], LinkOptions(method="PUT")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_refused(store: Store, driver: Driver, bucket: str, change: str) -> None:
    driver.put(bucket, "k", b"kept")
    with store.opened(read_only=True) as guarded:
        with pytest.raises(ReadOnlyAccount) as caught:
            CHANGES[change](guarded, bucket)
        assert bucket in caught.value.subject
        assert caught.value.todo
    assert all_keys(driver, bucket) == ["k"]
    assert driver.get_tags(bucket, "k") == {}


def test_reading_goes_on(store: Store, driver: Driver, bucket: str) -> None:
    driver.put(bucket, "k", b"kept")
    with store.opened(read_only=True) as guarded:
        assert content(guarded, bucket, "k") == b"kept"
        assert all_keys(guarded, bucket) == ["k"]
        assert bucket in [info.name for info in guarded.list_buckets()]
        assert guarded.head(bucket, "k").size_bytes == 4
        assert guarded.presign(bucket, ["k"], LinkOptions())[0].key == "k"
