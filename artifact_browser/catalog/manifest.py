"""Manifests in the bucket: reading them with limits, writing them so that nothing is lost.

A manifest is a ``dict`` that keeps every key it came with. Each write carries a commit id of its own
(:data:`COMMIT_KEY`): a write whose answer got lost is settled by reading again and looking for that id
(design decision 6), and a store that ignores conditions is written to only between two reads.
"""

from __future__ import annotations

import hashlib
import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from artifact_browser.catalog.collection_text import (
    LIST_KEY,
    MAX_COLLECTION_BYTES,
    CollectionText,
    read_collection,
)
from artifact_browser.catalog.files import FILES_KEY, with_files
from artifact_browser.catalog.layout import COLLECTION_TYPE
from artifact_browser.catalog.yaml_text import MAX_BYTES, dump_mapping, too_large
from artifact_browser.errors import (
    BlobNotFound,
    CommitConflict,
    ManifestUnreadable,
    NotModified,
    NotSupported,
    OutcomeUnknown,
    PreconditionFailed,
)
from artifact_browser.storage.driver import NULL_VERSION, Condition, Driver, Reader, WriteOptions

#: Hypha keeps keys it does not know, so the id survives its edits; that ours is still there proves nothing more.
COMMIT_KEY = "_commit"
#: Which version a manifest was committed as; its record must say the same (see :mod:`~catalog.head`).
VERSION_KEY = "_version"
#: What the catalog keeps for itself: neither content nor shown.
OWN_KEYS = frozenset({COMMIT_KEY, VERSION_KEY, LIST_KEY})
CONTENT_TYPE = "application/yaml"
#: How often an unknown outcome is looked into before the error is passed on.
_SETTLE_TRIES = 4
_CHUNK_BYTES = 256 * 1024

#: Waits so many seconds; ``CancelToken.wait`` in jobs, so that a cancel ends the wait.
Pause = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as it stands in the bucket: its fields, its collection list, and the identity of that state.

    :ivar etag: without quotes; empty for a manifest that was never written
    :ivar version_id: what the bucket keeps it under; empty where it keeps no versions
    """

    text: CollectionText = field(repr=False)
    etag: str = ""
    modified_us: int = 0
    version_id: str = ""

    @property
    def fields(self) -> dict[Any, Any]:
        return self.text.fields

    @property
    def is_collection(self) -> bool:
        return self.fields.get("type") == COLLECTION_TYPE

    @property
    def commit_id(self) -> str:
        found = self.fields.get(COMMIT_KEY)
        return found if isinstance(found, str) else ""

    @property
    def version(self) -> str:
        """The version it says it was committed as; empty where it says nothing."""
        found = self.fields.get(VERSION_KEY)
        return found if isinstance(found, str) else ""

    def same_content(self, other: Manifest) -> bool:
        """Whether both say the same, whoever wrote them (commit ids aside)."""
        return _content(self) == _content(other)

    @property
    def fingerprint(self) -> str:
        """Names the content: the same for two manifests that say the same."""
        return hashlib.sha256(dump_mapping(_content(self)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class WrittenManifest:
    """``atomic``: the store honoured the condition; else it was written between two reads. ``data``: what was written."""

    etag: str
    commit_id: str
    atomic: bool = True
    data: bytes = field(default=b"", repr=False)


def read_manifest(driver: Driver, bucket: str, key: str) -> Manifest | None:
    """The manifest at ``key``, or ``None`` where there is none.

    :raises ManifestUnreadable: over its limits, or broken: with line and column
    """
    return read_if_changed(driver, bucket, key, "")[1]


def read_if_changed(driver: Driver, bucket: str, key: str, known_etag: str) -> tuple[bool, Manifest | None]:
    """One GET: whether another state than ``known_etag`` stands there, and if so what :func:`read_manifest` gives."""
    try:
        asked: dict[str, Any] = {"if_none_match": known_etag} if known_etag else {}
        with driver.get(bucket, key, **asked) as reader:
            info = reader.info
            if known_etag and info.etag == known_etag:  # the store overlooked the condition
                return False, None
            data = read_whole(reader, f"{bucket}/{key}")
    except NotModified:
        return False, None
    except BlobNotFound:
        return bool(known_etag), None
    text = read_collection(data, subject=f"{bucket}/{key}")
    return True, Manifest(text, info.etag, info.modified_us, "" if info.version_id == NULL_VERSION else info.version_id)


def read_whole(reader: Reader, subject: str) -> bytes:
    """A manifest's text. :raises ManifestUnreadable: larger than any may be"""
    if reader.info.size_bytes > MAX_COLLECTION_BYTES:
        raise too_large(reader.info.size_bytes, MAX_BYTES, subject)
    chunks, came = list[bytes](), 0
    while chunk := reader.read(_CHUNK_BYTES):
        chunks.append(chunk)
        came += len(chunk)
        if came > MAX_COLLECTION_BYTES:
            raise too_large(came, MAX_BYTES, subject)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def write_manifest(
    driver: Driver,
    bucket: str,
    key: str,
    text: CollectionText,
    previous: Manifest | None,
    pause: Pause = time.sleep,
    commit_id: str = "",
) -> WrittenManifest:
    """Write ``text`` in the place of ``previous`` (``None``: there must be none yet), exactly once or not at all.

    :param commit_id: of this write, where a record names it already; else a new one

    :raises CommitConflict: somebody else wrote it since ``previous`` was read; nothing was overwritten
    :raises OutcomeUnknown: the store would not say, even when asked again
    """
    commit_id = commit_id or new_commit_id()
    text.fields[COMMIT_KEY] = commit_id
    data = encode(text)
    condition = Condition(if_match=previous.etag) if previous else Condition(if_absent=True)
    for attempt in range(_SETTLE_TRIES):
        try:
            written = driver.put(bucket, key, data, WriteOptions(content_type=CONTENT_TYPE), condition)
            return WrittenManifest(written.etag, commit_id, data=data)
        except NotSupported:
            return _write_between_reads(driver, bucket, key, data, commit_id, previous)
        except (BlobNotFound, PreconditionFailed, OutcomeUnknown):  # not found: it was deleted since it was read
            now = read_state(driver, bucket, key)
            if now is not None and now.commit_id == commit_id:
                return WrittenManifest(now.etag, commit_id, data=data)
            if _etag(now) != _etag(previous):
                raise _conflict(bucket, key) from None
            if attempt + 1 == _SETTLE_TRIES:
                raise
            pause(backoff_s(attempt))
    raise AssertionError("unreachable: the last attempt raises")


def new_commit_id() -> str:
    """An id no other write has."""
    return uuid.uuid4().hex


def encode(text: CollectionText) -> bytes:
    """A manifest's bytes: a collection's with its list line by line, any other as plain block YAML.

    :raises ManifestUnreadable: larger than we would read again
    """
    if text.fields.get("type") == COLLECTION_TYPE:
        return text.encode()
    data = dump_mapping(text.fields).encode()
    if len(data) > MAX_BYTES:
        raise too_large(len(data), MAX_BYTES, "")
    return data


def new_manifest(fields: Mapping[str, Any]) -> Manifest:
    """A manifest that is in no bucket yet."""
    return Manifest(CollectionText(dict(fields)))


def backoff_s(attempt: int, longest_s: float = 1.5) -> float:
    """A jittered wait before the attempt after ``attempt`` (from 0)."""
    return random.uniform(0.01, min(longest_s, 0.06 * 2**attempt))


def _write_between_reads(
    driver: Driver, bucket: str, key: str, data: bytes, commit_id: str, previous: Manifest | None
) -> WrittenManifest:
    """For a store without conditions: look, write, look again. Two writers at once can still meet."""
    if _etag(read_state(driver, bucket, key)) != _etag(previous):
        raise _conflict(bucket, key)
    driver.put(bucket, key, data, WriteOptions(content_type=CONTENT_TYPE))
    now = read_state(driver, bucket, key)
    if now is None or now.commit_id != commit_id:
        raise _conflict(bucket, key)
    return WrittenManifest(now.etag, commit_id, atomic=False)


@dataclass(frozen=True, slots=True)
class _State:
    etag: str
    commit_id: str


def read_state(driver: Driver, bucket: str, key: str) -> _State | None:
    """Identity of what stands at ``key`` now, readable or not."""
    try:
        found = read_manifest(driver, bucket, key)
    except ManifestUnreadable:
        return _State(driver.head(bucket, key).etag, "")
    return None if found is None else _State(found.etag, found.commit_id)


def _etag(what: Manifest | _State | None) -> str:
    return what.etag if what is not None else ""


def _conflict(bucket: str, key: str) -> CommitConflict:
    return CommitConflict("The manifest was changed while you worked on it.", subject=f"{bucket}/{key}")


def _content(manifest: Manifest) -> dict[Any, Any]:
    """All but the commit id, the version's name and the collection's list (derived); files without repetitions."""
    content = {key: value for key, value in manifest.fields.items() if key not in OWN_KEYS}
    if FILES_KEY in content:
        content[FILES_KEY] = with_files(content[FILES_KEY], ())
    return content
