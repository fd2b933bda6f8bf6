"""Whether the bytes that arrived are the bytes that were stored, as far as the store's answer lets us tell.

A stored CRC of the whole blob is best (cheap to compute); else the ETag, where it is made of MD5s. Of a blob in parts it
proves the bytes if the parts were as large as we think; if it does not fit, nothing is known, and a second reading tells.
Otherwise the size is what is left.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from artifact_browser.errors import ChecksumMismatch, PreconditionFailed
from artifact_browser.storage.driver import BlobInfo, Driver
from artifact_browser.storage.etag import etag_of_parts, is_md5, likely_part_bytes, parts_in
from artifact_browser.transfers.disk import disk_errors
from artifact_browser.transfers.task import part_bytes

_CHUNK_BYTES = 1024**2
#: how :func:`read_again` checks
SECOND_READING = "second reading"
#: algorithm -> (name in awscrt.checksums, bytes of the value)
_CRCS = {"CRC64NVME": ("crc64nvme", 8), "CRC32C": ("crc32c", 4), "CRC32": ("crc32", 4)}
_SIZES = dict(_CRCS.values())


class Check:
    """Feed it the bytes in order, then ask. Without anything to compare with it costs nothing.

    :param of_parts: whether an ETag of several parts counts (it costs an MD5)
    """

    def __init__(self, info: BlobInfo, *, of_parts: bool = True) -> None:
        self._info = info
        self.name, self._wanted = _best(info)
        self._part_bytes = probable_part_bytes(info) if of_parts and self.name == "size" else 0
        self._md5s: list[str] = []
        if self._part_bytes:
            self.name, self._wanted = "md5", info.etag
        self._crc = 0
        self._update: Callable[[memoryview, int], int] | None = None
        self._md5 = hashlib.md5(usedforsecurity=False) if self.name == "md5" else None
        if self.name in _SIZES:
            self._update = _crc_function(self.name)
        self._seen = 0

    def feed(self, data: memoryview) -> None:
        if self._part_bytes and self._md5 is not None:
            while data:
                piece = data[: self._part_bytes - self._seen % self._part_bytes]
                self._md5.update(piece)
                self._seen += len(piece)
                data = data[len(piece) :]
                if self._seen % self._part_bytes == 0 or self._seen == self._info.size_bytes:
                    self._md5s.append(self._md5.hexdigest())
                    self._md5 = hashlib.md5(usedforsecurity=False)
            return
        self._seen += len(data)
        if self._md5 is not None:
            self._md5.update(data)
        elif self._update is not None:
            self._crc = self._update(data, self._crc)

    def verdict(self) -> str:
        """How it was verified: ``crc64nvme``, ``crc32c``, ``crc32``, ``md5`` or ``size``; "" where the ETag of several
        parts does not fit: other bytes, or other parts.

        :raises ChecksumMismatch: the bytes are not the stored ones
        """
        if self._seen != self._info.size_bytes:
            raise ChecksumMismatch(
                f"{self._seen} bytes arrived, {self._info.size_bytes} are stored.", subject=self._info.key
            )
        if self._part_bytes:
            return self.name if etag_of_parts(self._md5s) == self._wanted else ""
        if self._md5 is not None and self._md5.hexdigest() != self._wanted:
            self._mismatch()
        if self._update is not None and _written(self.name, self._crc) != self._wanted:
            self._mismatch()
        return self.name

    def _mismatch(self) -> None:
        raise ChecksumMismatch(f"The {self.name.upper()} is not the stored one.", subject=self._info.key)


class RangeCheck:
    """What one range of a blob proves while it arrives. Feed it the bytes in order, then ask.

    :param by: ``md5``, or the name of a CRC (:func:`crc_of_ranges`); "": nothing
    """

    def __init__(self, by: str) -> None:
        self._by = by
        self._md5 = hashlib.md5(usedforsecurity=False) if by == "md5" else None
        self._update = _crc_function(by) if by and by != "md5" else None
        self._crc = 0

    def feed(self, data: memoryview) -> None:
        if self._md5 is not None:
            self._md5.update(data)
        elif self._update is not None:
            self._crc = self._update(data, self._crc)

    def value(self) -> str:
        """An MD5 in hexadecimal, or a CRC with its name before it."""
        if self._md5 is not None:
            return self._md5.hexdigest()
        return f"{self._by}:{self._crc:x}" if self._update is not None else ""


def range_holds(file: int, start: int, length: int, value: str, moved: Callable[[], None]) -> bool:
    """Whether a range of an open file is what :class:`RangeCheck` said of it as ``value`` when it arrived; ``moved`` is called
    now and then and may raise to stop. :raises OSError:
    """
    by = value.partition(":")[0] if ":" in value else "md5"
    check = RangeCheck(by)
    os.lseek(file, start, os.SEEK_SET)
    while length and (data := os.read(file, min(_CHUNK_BYTES, length))):
        check.feed(memoryview(data))
        length -= len(data)
        moved()
    return not length and check.value() == value


def crc_of_ranges(info: BlobInfo) -> str:
    """The stored CRC that those of a blob's ranges can be put together to; "" where none is stored."""
    name, _ = _best(info)
    return name if name in _SIZES else ""


def proven_by_ranges(info: BlobInfo, ranges: Sequence[tuple[int, str]]) -> str:
    """How a blob is proven by all its ranges in order, ``(length, value)`` of each; "" where they do not prove it."""
    by = crc_of_ranges(info)
    if not by or not ranges or not all(value.startswith(f"{by}:") for _, value in ranges):
        return ""
    combine = getattr(_crcs(), f"combine_{by}", None)
    if combine is None:  # an older awscrt
        return ""
    whole = 0
    for length, value in ranges:
        whole = combine(whole, int(value.partition(":")[2], 16), length)
    return by if _written(by, whole) == _best(info)[1] else ""


def _crcs() -> ModuleType:
    """The workers' own: loaded where bytes are checked, not at start."""
    return import_module("awscrt.checksums")


def _crc_function(name: str) -> Callable[[memoryview, int], int]:
    update: Callable[[memoryview, int], int] = getattr(_crcs(), name)
    return update


def _written(name: str, crc: int) -> str:
    """A CRC as S3 writes it."""
    return base64.b64encode(crc.to_bytes(_SIZES[name], "big")).decode()


def probable_part_bytes(info: BlobInfo) -> int:
    """How large a blob's parts were, if its ETag is what it can be checked by; 0 where nothing is known of parts."""
    parts = parts_in(info.etag, info.headers) if _best(info)[0] == "size" else 0
    return likely_part_bytes(info.size_bytes, parts, part_bytes(info.size_bytes)) if parts else 0


def check_same(came: BlobInfo, size_bytes: int | None, etag: str) -> None:
    """Whether what a store sends is the blob that was asked for: not every store or proxy on the way honours ``If-Match``.

    :param size_bytes: of the whole blob; ``None``: the answer need not tell
    :raises PreconditionFailed: it is another one, or not all of it
    """
    if size_bytes not in {None, came.size_bytes} or (etag and came.etag and _strong(came.etag) != _strong(etag)):
        raise PreconditionFailed("It is not the blob that was listed.", subject=came.key)


def _strong(etag: str) -> str:
    """Without what a proxy that may compress its answers puts before it."""
    return etag.removeprefix("W/").strip('"')


def read_again(driver: Driver, bucket: str, info: BlobInfo, path: Path, moved: Callable[[int], None]) -> str:
    """Read the blob once more and compare it with the file: a fault on the way would not come twice. ``moved`` hears how
    many bytes came, and may raise to stop.

    :raises ChecksumMismatch: another byte came
    """
    ours, theirs = memoryview(bytearray(_CHUNK_BYTES)), memoryview(bytearray(_CHUNK_BYTES))
    with (
        disk_errors(path),
        path.open("rb", buffering=0) as file,
        driver.get(bucket, info.key, if_match=info.etag) as reader,
    ):
        check_same(reader.info, info.size_bytes, info.etag)
        while count := reader.readinto(theirs):
            moved(count)
            done = 0
            while done < count and (got := file.readinto(ours[done:count])):
                done += got
            if ours[:done] != theirs[:count]:
                raise ChecksumMismatch("It was read twice, and not the same bytes came.", subject=info.key)
        if file.read(1):
            raise ChecksumMismatch("It was read twice, and less came the second time.", subject=info.key)
    return SECOND_READING


def has_its_time(path: Path, info: BlobInfo) -> bool:
    """Whether a file has exactly the time that a download of the blob gives it; its size many others have as well.

    :raises OSError: it cannot be looked at
    """
    return info.modified_us > 0 and path.stat().st_mtime_ns == info.modified_us * 1000


def check_file(path: Path, info: BlobInfo, moved: Callable[[], None], *, of_parts: bool = True) -> str:
    """Read a complete file and compare; ``moved`` is called now and then and may raise to stop. The answer is that of
    :meth:`Check.verdict`.

    :raises ChecksumMismatch:
    """
    check = Check(info, of_parts=of_parts)
    buffer = memoryview(bytearray(_CHUNK_BYTES))
    with disk_errors(path), path.open("rb", buffering=0) as file:
        if check.name == "size":
            size = path.stat().st_size
            return check.name if size == info.size_bytes else _size_differs(info, size)
        while count := file.readinto(buffer):
            check.feed(buffer[:count])
            moved()
    return check.verdict()


def file_md5(path: str, length: int) -> str:
    """The MD5 of a file's first ``length`` bytes, as an ETag writes it."""
    digest = hashlib.md5(usedforsecurity=False)
    with disk_errors(path), Path(path).open("rb") as file:
        while length > 0 and (data := file.read(min(length, _CHUNK_BYTES))):
            digest.update(data)
            length -= len(data)
    return digest.hexdigest()


def md5_of(data: memoryview) -> str:
    """The MD5 of bytes in memory, as an ETag writes it."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def whole_checksums(info: BlobInfo) -> dict[str, str]:
    """Stored CRCs of all the bytes, best first: our name of the algorithm -> base64."""
    return {
        name: value
        for algorithm, (name, _) in _CRCS.items()
        if (value := info.checksums.get(algorithm, "")) and "-" not in value  # "-3": of three parts' checksums
    }


def _best(info: BlobInfo) -> tuple[str, str]:
    for name, value in whole_checksums(info).items():
        return name, value
    return ("md5", info.etag) if is_md5(info.etag, info.headers) else ("size", "")


def _size_differs(info: BlobInfo, size: int) -> str:
    raise ChecksumMismatch(f"{size} bytes arrived, {info.size_bytes} are stored.", subject=info.key)
