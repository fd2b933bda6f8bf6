"""One root, opened: its tree, its index, its hidden folder; and looking a blob up with an ETag that is true.

An ETag is kept while size and modification time of the file are the ones it was taken from. Files that we write get
a time with all its nanoseconds set, so even a change by another program within the same tick of the file system's
clock is seen. A row that disagrees means one of three things: a writer is between rename and commit (wait for it),
one died there (heal), or somebody edited the file (hash it; metadata and tags stay).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from artifact_browser.errors import BlobNotFound, SourceChanged
from artifact_browser.storage.driver import BlobInfo
from artifact_browser.storage.drivers.local.bodies import NO_LINKS, READ_FLAGS, md5_of
from artifact_browser.storage.drivers.local.index import Index, Known
from artifact_browser.storage.drivers.local.tree import HIDDEN, Tree
from artifact_browser.storage.filetypes import content_type_of
from artifact_browser.workers.cancel import CancelToken

#: How often a lookup starts again because the file was replaced under it.
_TRIES = 50


@dataclass(frozen=True, slots=True)
class Store:
    """What every operation works on. :ivar heal: finish or undo writes that died, inside ``index.writing``"""

    tree: Tree
    index: Index
    cancel: CancelToken
    heal: Callable[[Store], None]

    @property
    def temporary(self) -> str:
        return os.path.join(self.tree.root, HIDDEN, "temporary")

    @property
    def uploads(self) -> str:
        return os.path.join(self.tree.root, HIDDEN, "uploads")


@dataclass(frozen=True, slots=True)
class Found:
    """A blob with its file and a row that agrees with it."""

    path: str
    known: Known


def address(bucket: str, key: str = "") -> str:
    """How errors name a blob."""
    return f"local://{bucket}/{key}"[:300]


def agrees(known: Known | None, entry: os.stat_result) -> bool:
    """Whether the row was written for the file as it is."""
    return known is not None and (known.size_bytes, known.modified_ns) == (entry.st_size, entry.st_mtime_ns)


def find_known(store: Store, bucket: str, key: str) -> Found | None:
    """The blob if its row is there and true, without hashing."""
    path = store.tree.find(bucket, key)
    if path is None:
        return None
    try:
        entry = os.lstat(path)
    except FileNotFoundError:
        return None
    known = store.index.known(bucket, key)
    return Found(path, known) if known is not None and agrees(known, entry) else None


def look(store: Store, bucket: str, key: str) -> Found | None:
    """The blob with a true ETag, hashed now if need be; ``None`` if there is no such blob.

    :raises BucketNotFound: :raises SourceChanged: it is being written without end
    """
    for _ in range(_TRIES):
        store.cancel.raise_if_cancelled()
        if store.tree.find(bucket, key) is None:
            return None
        found = find_known(store, bucket, key) or _settle(store, bucket, key) or _measure(store, bucket, key)
        if found is not None:
            return found
    raise SourceChanged("It is being written by another program.", subject=address(bucket, key))


def need(store: Store, bucket: str, key: str) -> Found:
    """:raises BlobNotFound: there is no such blob"""
    found = look(store, bucket, key)
    if found is None:
        raise BlobNotFound(f"There is no \u201c{key[:200]}\u201d here.", subject=address(bucket, key))
    return found


def _settle(store: Store, bucket: str, key: str) -> Found | None:
    """Wait for a writer that is just committing, heal after one that died, and look again."""
    with store.index.writing():
        store.heal(store)
        return find_known(store, bucket, key)


def _measure(store: Store, bucket: str, key: str) -> Found | None:
    """Hash the file and remember it; ``None`` when it changed meanwhile."""
    path = store.tree.find(bucket, key)
    if path is None:
        return None
    try:
        file = os.open(path, READ_FLAGS | NO_LINKS)
    except FileNotFoundError:
        return None
    try:
        before = os.fstat(file)
        etag = md5_of(file, store.cancel)
        after = os.fstat(file)
    finally:
        os.close(file)
    measured = Known(after.st_size, after.st_mtime_ns, etag)
    if not agrees(measured, before):
        return None
    with store.index.writing():
        now = os.lstat(path) if os.path.exists(path) else None
        if now is None or not agrees(measured, now) or now.st_ino != after.st_ino:
            return None
        old = store.index.known(bucket, key)
        if old is not None:
            measured = replace(measured, attributes=old.attributes)
        store.index.save(bucket, key, measured)
    return Found(path, measured)


def info_of(key: str, known: Known) -> BlobInfo:
    """A row as HEAD tells it."""
    return BlobInfo(
        key=key,
        size_bytes=known.size_bytes,
        modified_us=known.modified_ns // 1000,
        etag=known.etag,
        content_type=known.attributes.content_type or content_type_of(key),
        metadata=dict(known.attributes.metadata),
        tag_count=len(known.attributes.tags),
    )
