"""Whether the bytes that arrived are the bytes that were stored, as far as the store's answer lets us tell.

A stored CRC of the whole blob is best (cheap to compute); an ETag is an MD5 only for blobs written in one piece and
not encrypted with a customer's key; otherwise the size is what is left.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from artifact_browser.errors import ChecksumMismatch
from artifact_browser.storage.driver import BlobInfo
from artifact_browser.transfers.disk import disk_errors

_MD5 = re.compile(r"[0-9a-f]{32}")
_CHUNK_BYTES = 1024**2
#: algorithm -> (name in awscrt.checksums, bytes of the value)
_CRCS = {"CRC64NVME": ("crc64nvme", 8), "CRC32C": ("crc32c", 4), "CRC32": ("crc32", 4)}


class Check:
    """Feed it the bytes in order, then ask. Without anything to compare with it costs nothing."""

    def __init__(self, info: BlobInfo) -> None:
        self._info = info
        self.name, self._wanted = _best(info)
        self._crc = 0
        self._update: Callable[[bytes, int], int] | None = None
        self._md5 = hashlib.md5(usedforsecurity=False) if self.name == "md5" else None
        if self.name in {crc for crc, _ in _CRCS.values()}:
            from awscrt import checksums  # the workers' own: loaded where a checksum is stored, not at start

            self._update = getattr(checksums, self.name)
        self._seen = 0

    def feed(self, data: memoryview) -> None:
        self._seen += len(data)
        if self._md5 is not None:
            self._md5.update(data)
        elif self._update is not None:
            self._crc = self._update(bytes(data), self._crc)

    def verdict(self) -> str:
        """How it was verified: ``crc64nvme``, ``crc32c``, ``crc32``, ``md5`` or ``size``.

        :raises ChecksumMismatch: the bytes are not the stored ones
        """
        if self._seen != self._info.size_bytes:
            raise ChecksumMismatch(
                f"{self._seen} bytes arrived, {self._info.size_bytes} are stored.", subject=self._info.key
            )
        if self._md5 is not None and self._md5.hexdigest() != self._wanted:
            self._mismatch()
        if self._update is not None:
            size = {crc: size for crc, size in _CRCS.values()}[self.name]
            if base64.b64encode(self._crc.to_bytes(size, "big")).decode() != self._wanted:
                self._mismatch()
        return self.name

    def _mismatch(self) -> None:
        raise ChecksumMismatch(f"The {self.name.upper()} is not the stored one.", subject=self._info.key)


def check_file(path: Path, info: BlobInfo, moved: Callable[[], None]) -> str:
    """Read a complete file and compare; ``moved`` is called now and then and may raise to stop.

    :raises ChecksumMismatch:
    """
    check = Check(info)
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


def is_md5(etag: str, headers: Mapping[str, str]) -> bool:
    """Whether an ETag is the MD5 of the bytes: one piece, and not encrypted with a key of the customer's or KMS's."""
    encryption = {name.lower(): value for name, value in headers.items() if "server-side-encryption" in name.lower()}
    plain = all(value == "AES256" and "customer" not in name for name, value in encryption.items())
    return plain and _MD5.fullmatch(etag) is not None


def _best(info: BlobInfo) -> tuple[str, str]:
    for algorithm, (name, _) in _CRCS.items():
        value = info.checksums.get(algorithm, "")
        if value and "-" not in value:  # "-3" would say: of three parts' checksums, not of the bytes
            return name, value
    return ("md5", info.etag) if is_md5(info.etag, info.headers) else ("size", "")


def _size_differs(info: BlobInfo, size: int) -> str:
    raise ChecksumMismatch(f"{size} bytes arrived, {info.size_bytes} are stored.", subject=info.key)
