"""Small JSON blobs of ours beside an artifact (records, aliases): read with limits, written exactly once or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from artifact_browser.catalog.manifest import Pause, backoff_s
from artifact_browser.errors import (
    BlobNotFound,
    CommitConflict,
    ManifestUnreadable,
    NotSupported,
    OutcomeUnknown,
    PreconditionFailed,
)
from artifact_browser.storage.driver import Condition, Driver, WriteOptions

CONTENT_TYPE = "application/json"
_CHUNK_BYTES = 256 * 1024
#: How often an unknown outcome is looked into before the error is passed on.
_SETTLE_TRIES = 4


@dataclass(frozen=True, slots=True)
class BlobBytes:
    """A small blob as it stands: its bytes and their identity."""

    data: bytes
    etag: str


def read_at_most(driver: Driver, bucket: str, key: str, max_bytes: int) -> BlobBytes | None:
    """The blob, ``None`` where there is none; of one that is larger than ``max_bytes`` the first bytes, one more than those."""
    try:
        with driver.get(bucket, key) as reader:
            etag, data = reader.info.etag, bytearray()
            while len(data) <= max_bytes and (chunk := reader.read(min(_CHUNK_BYTES, max_bytes + 1 - len(data)))):
                data += chunk
    except BlobNotFound:
        return None
    return BlobBytes(bytes(data), etag)


def read_bytes(driver: Driver, bucket: str, key: str, max_bytes: int) -> BlobBytes | None:
    """The whole blob, ``None`` where there is none. :raises ManifestUnreadable: larger than ``max_bytes``"""
    found = read_at_most(driver, bucket, key, max_bytes)
    if found is not None and len(found.data) > max_bytes:
        raise ManifestUnreadable(f"It has more than {max_bytes:,} bytes.", subject=f"{bucket}/{key}")
    return found


def parse_object(data: bytes, subject: str) -> dict[str, Any]:
    """The JSON object in ``data``. :raises ManifestUnreadable: it is none"""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise ManifestUnreadable("It is not JSON.", subject=subject) from None
    if not isinstance(found, dict):
        raise ManifestUnreadable("It is not a JSON object.", subject=subject)
    return found


def dump_object(body: Mapping[str, Any]) -> bytes:
    """``body`` as JSON in UTF-8; what cannot be UTF-8 is replaced."""
    return (json.dumps(body, ensure_ascii=False) + "\n").encode(errors="replace")


def write_bytes(driver: Driver, bucket: str, key: str, data: bytes, previous_etag: str, pause: Pause) -> bool:
    """Write ``data`` in the place of ``previous_etag`` (empty: there must be none yet); whether the store was atomic.

    A lost answer is settled by reading again: ``data`` must tell who wrote it. Where the store ignores conditions it
    is written between two reads.

    :raises CommitConflict: something else stands there; nothing was overwritten
    :raises OutcomeUnknown: the store would not say, even when asked again
    """
    condition = Condition(if_match=previous_etag) if previous_etag else Condition(if_absent=True)
    options = WriteOptions(content_type=CONTENT_TYPE)
    for attempt in range(_SETTLE_TRIES):
        try:
            driver.put(bucket, key, data, options, condition)
        except NotSupported:
            _expect(driver, bucket, key, data, previous_etag)
            driver.put(bucket, key, data, options)
            now = read_bytes(driver, bucket, key, len(data))
            if now is None or now.data != data:
                raise _conflict(bucket, key) from None
            return False
        except (BlobNotFound, PreconditionFailed, OutcomeUnknown):
            if _expect(driver, bucket, key, data, previous_etag):
                return True
            if attempt + 1 == _SETTLE_TRIES:
                raise
            pause(backoff_s(attempt))
        else:
            return True
    raise AssertionError("unreachable: the last attempt raises")


def _expect(driver: Driver, bucket: str, key: str, data: bytes, previous_etag: str) -> bool:
    """Whether ``data`` stands there already. :raises CommitConflict: neither that nor what was read before"""
    try:
        now = read_bytes(driver, bucket, key, len(data))
    except ManifestUnreadable:  # larger than ours: not ours; what it replaced may have been, too
        etag = driver.head(bucket, key).etag
        if etag != previous_etag:
            raise _conflict(bucket, key) from None
        return False
    if now is not None and now.data == data:
        return True
    if (now.etag if now else "") != previous_etag:
        raise _conflict(bucket, key)
    return False


def _conflict(bucket: str, key: str) -> CommitConflict:
    return CommitConflict("Somebody else wrote it at the same time.", subject=f"{bucket}/{key}")
