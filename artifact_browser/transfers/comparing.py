"""Whether a file and a blob hold the same bytes, as far as a listing and one reading of the file can tell."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from artifact_browser.errors import BlobNotFound, ChecksumMismatch, DiskError
from artifact_browser.storage.driver import BlobInfo, Driver
from artifact_browser.storage.etag import is_md5
from artifact_browser.transfers.content import check_file
from artifact_browser.transfers.lookup import Blob

#: how much one plan reads to compare checksums; beyond it, size and time decide
READ_BYTES = 1024**3


class SameBytes:
    """For one plan.

    :param tick: called while a file is read; may raise to stop
    """

    def __init__(self, driver: Driver, bucket: str, tick: Callable[[], None]) -> None:
        self._driver, self._bucket, self._tick = driver, bucket, tick
        self._bytes_left = READ_BYTES

    def __call__(self, path: Path, blob: Blob) -> bool | None:
        """``None`` where nobody knows: no checksum is listed, it cannot be read, or enough was read already."""
        try:
            found = path.lstat()
            if not stat.S_ISREG(found.st_mode) or found.st_size != blob.size_bytes:
                return False
            if not is_md5(blob.etag, {}) or blob.size_bytes > self._bytes_left:
                return None
            self._bytes_left -= blob.size_bytes
            check_file(path, BlobInfo(blob.key, blob.size_bytes, blob.modified_us, blob.etag), self._tick)
        except ChecksumMismatch:
            return None if self._is_encrypted(blob) else False
        except (OSError, DiskError):
            return None
        return True

    def _is_encrypted(self, blob: Blob) -> bool:
        """With a key that makes its ETag something else than an MD5; listings do not say."""
        try:
            info = self._driver.head(self._bucket, blob.key)
        except BlobNotFound:
            return True
        return not is_md5(info.etag, info.headers)
