"""What is sent: bytes in memory or a slice of a file, measured, checksummed and read in pieces.

A file is read with ``pread`` into one small buffer rather than mapped: a mapped file that somebody truncates kills
the process with SIGBUS, and a 256 KiB buffer stays in the processor's cache. Size, time and inode are compared before and
after, so a file that changed meanwhile fails its item instead of becoming a mixture.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO

from awscrt import checksums

from artifact_browser.errors import SourceChanged
from artifact_browser.storage.driver import Body, FileSlice
from artifact_browser.storage.drivers.s3.errors import of_disk

PIECE_BYTES = 256 * 1024


class Source:
    """An open body. Use as a context manager; it may be read any number of times (checksum, attempt, attempt).

    :raises FileMissing, DiskPermissionDenied: the file cannot be opened; :raises SourceChanged: it is not as it was
    """

    def __init__(self, body: Body) -> None:
        self._body = body
        self._file: BinaryIO | None = None
        self._identity: tuple[int, int, int] | None = None
        self.length = body.length if isinstance(body, FileSlice) else memoryview(body).nbytes

    def __enter__(self) -> Source:
        if isinstance(self._body, FileSlice):
            try:
                self._file = self._body.path.open("rb", buffering=0)
            except OSError as error:
                raise of_disk(error, str(self._body.path)) from error
            self._identity = self._look()
            if self._body.offset + self._body.length > self._identity[0]:
                self.close()
                raise self.changed()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def slice(self) -> tuple[BinaryIO, int] | None:
        """The open file and offset, for ``sendfile``; nothing for bytes in memory."""
        if self._file is None or not isinstance(self._body, FileSlice):
            return None
        return self._file, self._body.offset

    def tell_sent(self, sent_bytes: int) -> None:
        """Pass on how much has gone out, to whoever wants to know."""
        if isinstance(self._body, FileSlice) and self._body.sent is not None:
            self._body.sent(sent_bytes)

    def pieces(self) -> Iterator[memoryview]:
        """The body in order; a piece is valid until the next is asked for. :raises SourceChanged: it ended early"""
        if not isinstance(self._body, FileSlice):
            whole = memoryview(self._body).cast("B")
            for start in range(0, self.length, 4 * PIECE_BYTES):
                yield whole[start : start + 4 * PIECE_BYTES]
            return
        room = memoryview(bytearray(min(PIECE_BYTES, self.length)))
        done = 0
        while done < self.length:
            got = self.read_at(done, room)
            yield room[:got]
            done += got

    def read_at(self, position: int, room: memoryview) -> int:
        """Copy what follows ``position`` into ``room``; 0 at the end. :raises SourceChanged: it ended early"""
        wanted = min(len(room), self.length - position)
        if wanted <= 0:
            return 0
        if not isinstance(self._body, FileSlice):
            room[:wanted] = memoryview(self._body).cast("B")[position : position + wanted]
            return wanted
        assert self._file is not None
        try:
            self._file.seek(self._body.offset + position)
            got: int = self._file.readinto(room[:wanted])  # type: ignore[attr-defined]
        except OSError as error:
            raise of_disk(error, str(self._body.path)) from error
        if not got:
            raise self.changed()
        return got

    def crc32c(self) -> str:
        """The CRC32C as S3 writes it: base64 of four big-endian bytes."""
        value = 0
        for piece in self.pieces():
            value = checksums.crc32c(piece, value)
        return base64.b64encode(value.to_bytes(4, "big")).decode()

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()

    def check_unchanged(self) -> None:
        """:raises SourceChanged: size, time or inode are not what they were when it was opened"""
        if self._file is not None and self._look() != self._identity:
            raise self.changed()

    def _look(self) -> tuple[int, int, int]:
        assert isinstance(self._body, FileSlice)
        try:
            # by name: a file that was replaced by another counts as changed too
            status = self._body.path.stat()
        except OSError as error:
            raise of_disk(error, str(self._body.path)) from error
        return status.st_size, status.st_mtime_ns, status.st_ino

    def changed(self) -> SourceChanged:
        """The error of a file that is not what it was."""
        assert isinstance(self._body, FileSlice)
        return SourceChanged("It was written to during the upload.", subject=str(self._body.path))
