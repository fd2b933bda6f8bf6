"""What is sent: bytes in memory or a slice of a file, measured, checksummed and read in pieces.

A file is read with ``pread`` into one small buffer rather than mapped: a mapped file that somebody truncates kills
the process with SIGBUS, and a 256 KiB buffer stays in the processor's cache. A smaller one is read once, and what was read is
what is checked and sent. Size, time and inode are compared before it is read, before it is sent and behind that: a file that
changed meanwhile fails its item instead of becoming a mixture, and what a mixture would have replaced stays.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from awscrt import checksums

from artifact_browser.errors import DiskError, FileMissing, SourceChanged
from artifact_browser.storage.driver import Body, FileSlice
from artifact_browser.storage.drivers.s3.errors import of_disk
from artifact_browser.storage.stamps import stamp_of

PIECE_BYTES = 256 * 1024


class Source:
    """An open body. Use as a context manager; it may be read any number of times (checksum, attempt, attempt).

    :raises FileMissing, DiskPermissionDenied: the file cannot be opened; :raises SourceChanged: it is not as it was
    """

    def __init__(self, body: Body) -> None:
        self._body = body
        self._file: BinaryIO | None = None
        self._identity: tuple[int, int, int] | None = None
        self._md5: bytes | None = None
        #: a small file, read once
        self._whole: bytes | None = None
        self.length = body.length if isinstance(body, FileSlice) else memoryview(body).nbytes

    def __enter__(self) -> Source:
        if isinstance(self._body, FileSlice):
            self._identity = self._look()  # before it is read: what is written to it from now on is noticed
            try:
                if self._body.length <= PIECE_BYTES:
                    self._whole = _read(self._body)
                else:
                    self._file = Path(self._body.path).open("rb", buffering=0)
            except OSError as error:
                raise of_disk(error, str(self._body.path)) from error
            missing = self._whole is not None and len(self._whole) < self.length
            if missing or self._body.offset + self._body.length > self._identity[0]:
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

    def most(self, wanted: int) -> int:
        """How many of so many bytes to send at once."""
        if isinstance(self._body, FileSlice) and self._body.most is not None:
            return self._body.most(wanted)
        return wanted

    def pieces(self, *, sending: bool = False) -> Iterator[memoryview]:
        """The body in order; a piece is valid until the next is asked for. :raises SourceChanged: it ended early

        :param sending: in pieces as they should be sent
        """
        held = self._held
        if held is not None:
            done = 0
            while done < self.length:
                piece = held[done : done + (self.most(4 * PIECE_BYTES) if sending else 4 * PIECE_BYTES)]
                yield piece
                done += len(piece)
            return
        room = memoryview(bytearray(min(PIECE_BYTES, self.length)))
        done = 0
        while done < self.length:
            got = self.read_at(done, room[: self.most(len(room))] if sending else room)
            yield room[:got]
            done += got

    @property
    def _held(self) -> memoryview | None:
        """The body, where all of it is in memory."""
        if self._whole is not None:
            return memoryview(self._whole)
        return None if isinstance(self._body, FileSlice) else memoryview(self._body).cast("B")

    def read_at(self, position: int, room: memoryview) -> int:
        """Copy what follows ``position`` into ``room``; 0 at the end. :raises SourceChanged: it ended early"""
        wanted = min(len(room), self.length - position)
        if wanted <= 0:
            return 0
        held = self._held
        if held is not None:
            room[:wanted] = held[position : position + wanted]
            return wanted
        assert self._file is not None
        assert isinstance(self._body, FileSlice)
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

    def md5(self) -> bytes:
        """The MD5; computed once."""
        if self._md5 is None:
            digest = hashlib.md5(usedforsecurity=False)
            for piece in self.pieces():
                digest.update(piece)
            self._md5 = digest.digest()
        return self._md5

    def content_md5(self) -> str:
        """The MD5 as ``Content-MD5`` says it: a store that sees another refuses before it keeps anything."""
        return base64.b64encode(self.md5()).decode()

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()

    def check_unchanged(self, stored: str = "", version_id: str = "", *, proven: bool | None = None) -> None:
        """Before it is sent; and behind that, when it is ``stored`` as this ETag and version.

        :param proven: to be what was read, or not to be
        :raises SourceChanged: size, time or inode are not what they were when it was opened; or it is gone before it was sent
        """
        if self._identity is None:
            return
        try:
            if self._look() == self._identity:
                return
        except FileMissing:
            if stored and proven is not False:  # nobody has written to it: that may be all that is left of it
                return
        except DiskError:
            pass
        error = self.changed()
        error.stored, error.version_id, error.proven = stored, version_id, proven
        raise error

    def _look(self) -> tuple[int, int, int]:
        """:raises SourceChanged: it is another file than the one that is meant"""
        assert isinstance(self._body, FileSlice)
        try:
            # by name: a file that was replaced by another counts as changed too
            status = os.stat(self._body.path)  # noqa: PTH116 - a Path takes longer than the look
        except OSError as error:
            raise of_disk(error, str(self._body.path)) from error
        if self._body.stamp is not None and stamp_of(status) != self._body.stamp:
            raise self.changed()
        return status.st_size, status.st_mtime_ns, status.st_ino

    def changed(self) -> SourceChanged:
        """The error of a file that is not what it was."""
        assert isinstance(self._body, FileSlice)
        return SourceChanged("It was written to, or removed, during the upload.", subject=str(self._body.path))


def _read(body: FileSlice) -> bytes:
    """A small slice of a file: what there is of it. :raises OSError:"""
    descriptor = os.open(body.path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        if body.offset:
            os.lseek(descriptor, body.offset, os.SEEK_SET)
        data = os.read(descriptor, body.length)
        while len(data) < body.length and (more := os.read(descriptor, body.length - len(data))):
            data += more
        return data
    finally:
        os.close(descriptor)
