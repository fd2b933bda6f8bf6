"""A listing as a file: columns that one process appends and others map (design decision 4).

A :class:`KeyTable` is two files in a private folder: ``<name>.rows``, one 32-byte record a row, and ``<name>.keys``,
the keys' bytes one after the other. Appending writes keys first, then records, so whoever is told "n rows are
valid" finds everything of those rows on the page cache. A listing has two tables, ``folders`` and ``blobs``, so
"folders first" costs nothing.

Found better than segments of 65,536 rows: fixed records need no directory of segments, any row is one
multiplication away, and numpy reads a column as a strided view of the same bytes.
"""

from __future__ import annotations

import mmap
import os
import struct
from array import array
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

from artifact_browser.storage.loaded import loaded_numpy
from artifact_browser.storage.texts import Texts

#: end of the key in the key file, size in bytes, modified (us since the epoch), class code, padding
ROW = struct.Struct("<QqqB7x")
#: The same record for numpy.
ROW_DTYPE = [("end", "<u8"), ("size", "<i8"), ("modified", "<i8"), ("class", "u1"), ("pad", "V7")]
_ENCODING = ("utf-8", "surrogatepass")


def encode_key(key: str) -> bytes:
    """A key's bytes; lone surrogates (local names that are not UTF-8) survive."""
    return key.encode(*_ENCODING)


def decode_key(data: bytes) -> str:
    return data.decode(*_ENCODING)


@dataclass(frozen=True, slots=True)
class Row:
    """One row, made on demand: never stored in bulk."""

    key: str
    size_bytes: int
    modified_us: int
    class_code: int


class KeyTableWriter:
    """Appends rows. One writer per table, in a worker; not thread-safe.

    :param keep: go on behind the first ``keep`` rows of an earlier writer instead of starting anew
    """

    def __init__(self, folder: Path, name: str, keep: int = 0) -> None:
        self._end, self.last_key = _last_row(folder, name, keep)
        self._rows = _open_private(folder / f"{name}.rows", keep * ROW.size)
        self._keys = _open_private(folder / f"{name}.keys", self._end)
        self.count = keep

    def append(
        self, keys: Sequence[str], sizes: array[int], modified_us: array[int], class_codes: Sequence[int]
    ) -> None:
        """Append rows given as columns of equal length and flush them to where readers see them."""
        if not keys:
            return
        texts = keys if isinstance(keys, Texts) else Texts([encode_key(key) for key in keys])
        heap = texts.joined
        self._keys.write(heap)
        self._keys.flush()
        self._rows.write(_packed(self._end, texts.lengths, sizes, modified_us, class_codes))
        self._rows.flush()
        self._end += len(heap)
        self.last_key = keys[-1]
        self.count += len(keys)

    def close(self) -> None:
        self._rows.close()
        self._keys.close()


class KeyTable:
    """Reads a table that may still grow. Cheap per row; holds no decoded rows. One thread at a time."""

    def __init__(self, folder: Path, name: str) -> None:
        self._paths = (folder / f"{name}.rows", folder / f"{name}.keys")
        self._rows: mmap.mmap | bytes = b""
        self._keys: mmap.mmap | bytes = b""
        self.count = 0

    def grow(self, count: int) -> None:
        """Take notice that ``count`` rows are valid."""
        if count == self.count:
            return
        self._release()
        self._rows, self._keys = (_map(path) for path in self._paths)
        self.count = min(count, len(self._rows) // ROW.size)

    def key_bytes(self, row: int) -> bytes:
        start = self._end_of(row - 1)
        return bytes(self._keys[start : self._end_of(row)])

    def key(self, row: int) -> str:
        return decode_key(self.key_bytes(row))

    def row(self, row: int) -> Row:
        _, size_bytes, modified_us, class_code = self.facts(row)
        return Row(self.key(row), size_bytes, modified_us, class_code)

    def facts(self, row: int) -> tuple[int, int, int, int]:
        """``(key end, size_bytes, modified_us, class_code)`` of a row."""
        if not 0 <= row < self.count:
            raise IndexError(row)
        end, size_bytes, modified_us, class_code = ROW.unpack_from(self._rows, row * ROW.size)
        return end, size_bytes, modified_us, class_code

    def find(self, key: str) -> int | None:
        """The row of ``key`` by binary search: for tables in key byte order."""
        wanted = encode_key(key)
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            if self.key_bytes(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < self.count and self.key_bytes(low) == wanted else None

    def mapped(self) -> tuple[mmap.mmap | bytes, mmap.mmap | bytes]:
        """The raw ``(rows, keys)`` buffers, for numpy; drop every view of them before :meth:`close`."""
        return self._rows, self._keys

    def close(self) -> None:
        self.count = 0
        self._release()

    def _end_of(self, row: int) -> int:
        if row < 0:
            return 0
        return int.from_bytes(self._rows[row * ROW.size : row * ROW.size + 8], "little")

    def _release(self) -> None:
        for buffer in (self._rows, self._keys):
            if isinstance(buffer, mmap.mmap):
                with suppress(BufferError):  # an error's traceback still holds a view: it goes with the last one
                    buffer.close()
        self._rows = self._keys = b""


def _packed(
    end: int, lengths: Sequence[int], sizes: array[int], modified_us: array[int], class_codes: Sequence[int]
) -> bytes:
    """The records of rows whose keys begin at ``end``. numpy only where it is loaded already: for a page it does not pay."""
    numpy = loaded_numpy()
    if numpy is None:
        ends = accumulate(lengths, initial=end)
        next(ends)
        return b"".join(map(ROW.pack, ends, sizes, modified_us, class_codes))
    rows = numpy.zeros(len(lengths), ROW_DTYPE)
    rows["end"] = numpy.cumsum(lengths) + end
    rows["size"], rows["modified"] = numpy.frombuffer(sizes, "i8"), numpy.frombuffer(modified_us, "i8")
    rows["class"] = numpy.frombuffer(bytes(class_codes), "u1")
    packed: bytes = rows.tobytes()
    return packed


def _last_row(folder: Path, name: str, keep: int) -> tuple[int, str]:
    """``(end of the key heap, last key)`` of the first ``keep`` rows."""
    if not keep:
        return 0, ""
    table = KeyTable(folder, name)
    table.grow(keep)
    try:
        return table.facts(keep - 1)[0], table.key(keep - 1)
    finally:
        table.close()


def _open_private(path: Path, length: int) -> BinaryIO:
    """Open for writing behind the first ``length`` bytes; what lies behind them is cut."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    os.ftruncate(descriptor, length)
    os.lseek(descriptor, length, os.SEEK_SET)
    return os.fdopen(descriptor, "wb", buffering=1 << 20)


def _map(path: Path) -> mmap.mmap | bytes:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b""
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
