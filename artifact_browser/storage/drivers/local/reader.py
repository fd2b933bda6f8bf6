"""An open blob: what was opened is read to its end, whatever is put in its place meanwhile."""

from __future__ import annotations

import os
from types import TracebackType

from artifact_browser.errors import NotModified, PreconditionFailed, SourceChanged
from artifact_browser.storage.driver import BlobInfo
from artifact_browser.storage.drivers.local.bodies import NO_LINKS, READ_FLAGS
from artifact_browser.storage.drivers.local.disk_errors import disk_errors
from artifact_browser.storage.drivers.local.store import Found, Store, address, agrees, info_of, need

_TRIES = 50


class LocalReader:
    """Bytes of one open file. Not thread-safe; close it (or use ``with``)."""

    def __init__(self, store: Store, file: int, info: BlobInfo, left: int, subject: str) -> None:
        self.info = info
        self._store = store
        self._file = file
        self._left = left
        self._subject = subject

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer as far as bytes are left; 0 at the end.

        :raises SourceChanged: another program made the file shorter meanwhile
        """
        self._store.cancel.raise_if_cancelled()
        data = self._take(min(len(buffer), self._left))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size_bytes: int = -1) -> bytes:
        """So many bytes, or all that are left."""
        wanted = self._left if size_bytes < 0 else min(size_bytes, self._left)
        pieces = []
        while wanted:
            self._store.cancel.raise_if_cancelled()
            piece = self._take(min(wanted, 4 * 1024**2))
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def _take(self, wanted: int) -> bytes:
        if not wanted:
            return b""
        with disk_errors(self._subject):
            data = os.read(self._file, wanted)
        if not data:
            raise SourceChanged("Another program made it shorter.", subject=self._subject)
        self._left -= len(data)
        return data

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> LocalReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_blob(store: Store, bucket: str, key: str) -> tuple[int, Found]:
    """The blob's open file and the row that is true for it. :raises BlobNotFound:"""
    for _ in range(_TRIES):
        found = need(store, bucket, key)
        try:
            file = os.open(found.path, READ_FLAGS | NO_LINKS)
        except FileNotFoundError:
            continue
        if agrees(found.known, os.fstat(file)):
            return file, found
        os.close(file)  # replaced between the look and the opening
    raise SourceChanged("It is being written by another program.", subject=address(bucket, key))


def open_reader(
    store: Store, bucket: str, key: str, start: int, length: int | None, if_match: str, if_none_match: str = ""
) -> LocalReader:
    """:raises BlobNotFound: :raises PreconditionFailed: it is not ``if_match`` any more; :raises NotModified:"""
    file, found = open_blob(store, bucket, key)
    try:
        if if_match and found.known.etag != if_match.strip('"'):
            raise PreconditionFailed("It has changed since it was looked at.", subject=address(bucket, key))
        if if_none_match and found.known.etag == if_none_match.strip('"'):
            raise NotModified("It is what it was.", subject=address(bucket, key))
        size_bytes = found.known.size_bytes
        start = min(max(start, 0), size_bytes)
        left = size_bytes - start if length is None else min(max(length, 0), size_bytes - start)
        os.lseek(file, start, os.SEEK_SET)
        return LocalReader(store, file, info_of(key, found.known), left, address(bucket, key))
    except BaseException:
        os.close(file)
        raise
