"""A store whose answers to GETs are not what they say, and blobs to ask it for."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from artifact_browser.storage.driver import BlobInfo, Driver, Reader
from artifact_browser.transfers.state import Item


class Lying:
    """A driver with a fault in its GETs; all else is the driver's own.

    :param flip: this byte comes wrong, in the first ``times`` of them
    :param cut: they end here, as if that were all
    :param blind: they overlook ``If-Match``; ``encrypted``: and what there is has an ETag that proves nothing
    """

    def __init__(
        self,
        inner: Driver,
        *,
        flip: int = -1,
        times: int = 1,
        cut: int = -1,
        blind: bool = False,
        encrypted: bool = False,
    ) -> None:
        self._inner, self._flip, self._times, self._cut = inner, flip, times, cut
        self._blind, self._encrypted = blind, encrypted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def head(self, bucket: str, key: str, **asked: Any) -> BlobInfo:
        return self._said(self._inner.head(bucket, key, **asked))

    @contextmanager
    def get(self, bucket: str, key: str, **asked: Any) -> Iterator[Any]:
        if self._blind:
            asked.pop("if_match", None)
        self._times -= 1
        with self._inner.get(bucket, key, **asked) as reader:
            yield _Reader(reader, self._said(reader.info), self._flip if self._times >= 0 else -1, self._cut)

    def _said(self, info: BlobInfo) -> BlobInfo:
        if not self._encrypted:
            return info
        return replace(info, headers={**info.headers, "x-amz-server-side-encryption": "aws:kms"})


class _Reader:
    def __init__(self, inner: Reader, info: BlobInfo, flip: int, cut: int) -> None:
        self._inner, self._at, self._flip, self._cut = inner, 0, flip, cut
        self.info = replace(info, size_bytes=cut) if cut >= 0 else info

    def readinto(self, room: memoryview) -> int:
        room = room if self._cut < 0 else room[: self._cut - self._at]
        got = self._inner.readinto(room) if len(room) else 0
        if self._at <= self._flip < self._at + got:
            room[self._flip - self._at] ^= 0xFF
        self._at += got
        return got


def noise(length: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(length)


def in_parts(driver: Driver, bucket: str, key: str, data: bytes, step: int) -> Item:
    """A blob of parts that are so large, as an item to fetch or copy."""
    upload_id = driver.create_upload(bucket, key)
    parts = [
        driver.upload_part(bucket, key, upload_id, number, data[start : start + step])
        for number, start in enumerate(range(0, len(data), step), 1)
    ]
    driver.complete_upload(bucket, key, upload_id, parts)
    info = driver.head(bucket, key)
    return Item(0, key, key, key, info.size_bytes, info.modified_us, info.etag, begun=".0123.part")
