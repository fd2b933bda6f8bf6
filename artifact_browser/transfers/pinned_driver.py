"""A driver that reads one version of each blob instead of what stands at its key now."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, cast

from artifact_browser.storage.driver import BlobInfo, Driver, Reader


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
