"""What it takes for files, their names and their rows to survive a power cut, where the platform has the means.

Windows cannot sync folders: there the file and its row are on the disk, and the name is the file system's own business.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator

from artifact_browser.storage.drivers.local.bodies import NO_LINKS, READ_FLAGS
from artifact_browser.storage.drivers.local.store import Store, need

#: Windows syncs only what is open for writing.
_SYNC_FLAGS = (READ_FLAGS if os.name == "posix" else os.O_RDWR | getattr(os, "O_BINARY", 0)) | NO_LINKS


def make_durable(store: Store, bucket: str, key: str) -> None:
    """Return when the blob that stands there is on the disk, whoever wrote it: bytes, names up to the root, row.

    What writes durably by itself (:mod:`.publish`) does not need it. Blocks for as long as the disk takes; any thread.

    :raises BlobNotFound: :raises OSError: it could not be written
    """
    path = need(store, bucket, key).path
    _sync_file(path)
    sync_folders(_folders_above(store, bucket, path))
    with store.index.writing(durable=True):
        known = store.index.known(bucket, key)
        if known is not None:  # a commit that changes nothing would sync nothing
            store.index.save(bucket, key, known)


def sync_folders(folders: Iterable[str]) -> None:
    """Have the names in these folders reach the disk, where the file system can. :raises OSError: it failed"""
    if os.name != "posix":
        return
    for folder in folders:
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        except OSError as error:
            if error.errno != errno.EINVAL:  # some network file systems have no such thing for folders
                raise
        finally:
            os.close(opened)


def _sync_file(path: str) -> None:
    file = os.open(path, _SYNC_FLAGS)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _folders_above(store: Store, bucket: str, path: str) -> Iterator[str]:
    """From the file's own folder up to the root, in which the bucket has its name."""
    folder, top = os.path.dirname(path), store.tree.bucket_folder(bucket)
    while folder != top:
        yield folder
        folder = os.path.dirname(folder)
    yield from (top, store.tree.root)
