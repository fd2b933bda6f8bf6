"""Whether a file is what a run before had brought: by checksum, or by size and time; never by size alone."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, cast

import pytest

from artifact_browser.errors import BlobNotFound
from artifact_browser.storage.driver import BlobInfo
from artifact_browser.transfers.planning import Aids, Planning
from artifact_browser.workers.cancel import CancelToken

DATA, TIME_US = b"some bytes", 1_700_000_000_123_456
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()


class Store:
    def __init__(self, etag: str) -> None:
        self._etag = etag

    def head(self, bucket: str, key: str, *, version_id: str = "") -> BlobInfo:
        if key == "gone":
            raise BlobNotFound("It is not there.")
        return BlobInfo(key=key, size_bytes=len(DATA), modified_us=TIME_US, etag=self._etag)


class Context:
    cancel = CancelToken()


def planning(etag: str) -> Planning:
    made = Planning(
        cast(Any, Context), cast(Any, Store(etag)), cast(Any, None), Aids(lambda _: (), print, lambda: False)
    )
    made._told_at = float("inf")
    return made


@pytest.mark.parametrize(
    ("data", "time_us", "etag", "how"),
    [
        (DATA, 5, MD5, "md5"),
        (b"other byte", TIME_US, MD5, ""),
        (b"short", TIME_US, MD5, ""),
        (DATA, TIME_US, "abc-2", "size"),
        (DATA, TIME_US + 1, "abc-2", ""),
        (b"short", TIME_US, "abc-2", ""),
    ],
)
def test_a_file_is_known_by_its_bytes_or_by_size_and_time(
    tmp_path: Path, data: bytes, time_us: int, etag: str, how: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    os.utime(path, ns=(time_us * 1000, time_us * 1000))
    assert planning(etag).finished_before(str(path), "b", "key") == how
    assert planning(etag).finished_before(str(path), "b", "gone") == ""
    assert planning(etag).finished_before(str(tmp_path / "nothing"), "b", "key") == ""
