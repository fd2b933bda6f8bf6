"""Moving bytes into files: from memory, from another file (by the kernel where it can), and hashing them.

MD5 because the ETag of a blob written whole is its MD5 everywhere; it names content here and protects nothing.
Between pieces of a few MiB everything looks at the cancel token.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from artifact_browser.errors import ConnectionFailed, DiskPermissionDenied, FileMissing, SourceChanged
from artifact_browser.storage.driver import Body, FileSlice
from artifact_browser.storage.stamps import stamp_of
from artifact_browser.workers.cancel import CancelToken

PIECE_BYTES = 4 * 1024**2
#: No newline translation on Windows, no waiting for the other end of a FIFO, no inheritance by other programs.
READ_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
WRITE_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
NO_LINKS = getattr(os, "O_NOFOLLOW", 0)

#: The kernel, or this pair of file systems, cannot do it: read and write instead.
_NOT_IN_KERNEL = {errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF, errno.EPERM}


class Source(Protocol):
    """Where bytes arrive from; may give fewer than asked, none at its end."""

    def read(self, size: int, /) -> bytes: ...


class Hash(Protocol):
    def update(self, data: memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...
    def digest(self) -> bytes: ...


def new_md5() -> Hash:
    return hashlib.md5(usedforsecurity=False)


def write_body(body: Body, target: int, cancel: CancelToken) -> tuple[int, str]:
    """Write all of ``body`` to the open file ``target``.

    :returns: size in bytes and MD5
    :raises SourceChanged: a slice's file changed meanwhile or is too short; :raises OSError: of the target
    """
    if isinstance(body, FileSlice):
        return _write_slice(body, target, cancel)
    digest = new_md5()
    view = memoryview(body).cast("B")
    for start in range(0, len(view), PIECE_BYTES):
        cancel.raise_if_cancelled()
        piece = view[start : start + PIECE_BYTES]
        digest.update(piece)
        _write_all(target, piece)
    return len(view), digest.hexdigest()


def write_stream(source: Source, length: int, target: int, cancel: CancelToken) -> str:
    """Write exactly ``length`` bytes that arrive from ``source``; returns their MD5.

    :raises ConnectionFailed: fewer came
    """
    digest = new_md5()
    while length:
        cancel.raise_if_cancelled()
        try:
            data = source.read(min(PIECE_BYTES, length))
        except OSError:
            data = b""
        if not data:
            raise ConnectionFailed("The sender stopped in the middle.")
        digest.update(memoryview(data))
        _write_all(target, memoryview(data))
        length -= len(data)
    return digest.hexdigest()


def _write_slice(body: FileSlice, target: int, cancel: CancelToken) -> tuple[int, str]:
    source = _open_source(body.path)
    try:
        opened = os.fstat(source)
        if body.stamp is not None and stamp_of(opened) != body.stamp:
            raise SourceChanged("It is not the file that was to be uploaded.", subject=str(body.path))
        before = identity(opened)
        digest = new_md5()
        copied = copy_bytes(source, body.offset, body.length, target, cancel, digest, body.sent, body.most)
        if copied != body.length or identity(os.fstat(source)) != before:
            raise SourceChanged("It is being written by another program.", subject=str(body.path))
        return copied, digest.hexdigest()
    finally:
        os.close(source)


def _open_source(path: str | Path) -> int:
    try:
        return os.open(path, READ_FLAGS)
    except FileNotFoundError:
        raise FileMissing("It was there when the upload was planned.", subject=str(path)) from None
    except PermissionError:
        raise DiskPermissionDenied("The file may not be read.", subject=str(path)) from None


def identity(entry: os.stat_result) -> tuple[int, int, int]:
    """What changes when a file is written or replaced."""
    return entry.st_size, entry.st_mtime_ns, entry.st_ino


def copy_bytes(
    source: int,
    offset: int,
    length: int,
    target: int,
    cancel: CancelToken,
    digest: Hash | None = None,
    told: Callable[[int], None] | None = None,
    most: Callable[[int], int] | None = None,
) -> int:
    """Append ``length`` bytes of one open file to another; by the kernel (or as shared blocks) where it can.

    :param digest: is told all bytes; :param told: how many are copied so far
    :param most: how many of so many to copy at once
    :returns: bytes copied; fewer when the source ends early
    """
    done = 0
    buffer = memoryview(bytearray(min(PIECE_BYTES, length))) if length else memoryview(b"")
    while done < length:
        cancel.raise_if_cancelled()
        wanted = min(PIECE_BYTES if digest else PIECE_BYTES * 16, length - done)
        wanted = wanted if most is None else most(wanted)
        count = 0 if digest else _copy_in_kernel(source, offset + done, wanted, target)
        if not count:
            os.lseek(source, offset + done, os.SEEK_SET)
            count = _read(source, buffer[:wanted])
            if not count:
                break
            if digest:
                digest.update(buffer[:count])
            _write_all(target, buffer[:count])
        done += count
        if told is not None:
            told(done)
    return done


def _copy_in_kernel(source: int, offset: int, length: int, target: int) -> int:
    """Bytes copied; 0 where the kernel or file system cannot, or at the end."""
    if not hasattr(os, "copy_file_range"):
        return 0
    try:
        return os.copy_file_range(source, target, length, offset_src=offset)
    except OSError as error:
        if error.errno in _NOT_IN_KERNEL:
            return 0
        raise


def _read(source: int, buffer: memoryview) -> int:
    if hasattr(os, "readv"):
        return os.readv(source, [buffer])
    data = os.read(source, len(buffer))  # Windows
    buffer[: len(data)] = data
    return len(data)


def _write_all(target: int, data: memoryview) -> None:
    while data:
        data = data[os.write(target, data) :]


def same_bytes(one: int, other: int, cancel: CancelToken) -> bool:
    """Whether two open files hold the same, as it is read."""
    rooms = [memoryview(bytearray(PIECE_BYTES)) for _ in range(2)]
    for file in (one, other):
        os.lseek(file, 0, os.SEEK_SET)
    while True:
        cancel.raise_if_cancelled()
        counts = [_fill(file, room) for file, room in zip((one, other), rooms, strict=True)]
        if counts[0] != counts[1] or rooms[0][: counts[0]] != rooms[1][: counts[1]]:
            return False
        if counts[0] < PIECE_BYTES:
            return True


def _fill(source: int, buffer: memoryview) -> int:
    done = 0
    while done < len(buffer) and (count := _read(source, buffer[done:])):
        done += count
    return done


def md5_of(source: int, cancel: CancelToken) -> str:
    """The MD5 of an open file from its beginning."""
    digest = new_md5()
    buffer = memoryview(bytearray(PIECE_BYTES))
    os.lseek(source, 0, os.SEEK_SET)
    while count := _read(source, buffer):
        cancel.raise_if_cancelled()
        digest.update(buffer[:count])
    return digest.hexdigest()
