"""Versions of blobs in transfers: found in a plan, and read by a driver that answers of them instead of what stands there now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any, cast

from artifact_browser.errors import BlobNotFound
from artifact_browser.storage.driver import BlobInfo, Driver, Reader
from artifact_browser.transfers.lookup import Blob
from artifact_browser.transfers.planning import Planning

_READERS, _BATCH = 8, 200


def find_versions(planning: Planning, bucket: str, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Blob]:
    """Those of these versions ``(key, version id)`` that are there; without an id there is nothing to find. A HEAD each,
    several at once.
    """
    driver, found = planning.driver, dict[tuple[str, str], Blob]()

    def look(at: tuple[str, str]) -> Blob | None:
        try:
            info = driver.head(bucket, at[0], version_id=at[1])
        except BlobNotFound:
            return None
        return Blob(at[0], info.size_bytes, info.modified_us, info.etag)

    def look_at(batch: list[tuple[str, str]]) -> dict[tuple[str, str], Blob]:
        with ThreadPoolExecutor(_READERS, thread_name_prefix="versions") as readers:
            blobs = readers.map(look, batch)
            return {at: blob for at, blob in zip(batch, blobs, strict=True) if blob is not None}

    named = iter(dict.fromkeys(at for at in wanted if at[1]))
    while batch := list(islice(named, _BATCH)):
        planning.tick()
        found |= planning.patiently(lambda batch=batch: look_at(batch))  # type: ignore[misc]
    return found


def pinned(driver: Driver, versions: Mapping[str, str]) -> Driver:
    """``driver``, with HEAD and GET of these keys answered of these versions (ids by key); as it is where none is named."""
    named = {key: version for key, version in versions.items() if version}
    return cast(Driver, _PinnedDriver(driver, named)) if named else driver


class _PinnedDriver:
    """Two calls read blobs; every other one is the driver's own."""

    def __init__(self, driver: Driver, versions: Mapping[str, str]) -> None:
        self._driver, self._versions = driver, versions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def head(self, bucket: str, key: str) -> BlobInfo:
        return self._driver.head(bucket, key, version_id=self._versions.get(key, ""))

    def get(self, bucket: str, key: str, **asked: Any) -> AbstractContextManager[Reader]:
        return self._driver.get(bucket, key, **asked, version_id=self._versions.get(key, ""))
