"""Sorting and filtering a listing in a worker, on the mapped columns: the answer is an index, never rows.

An index is uint32 row ids: a blob's id is its row, a folder's has :data:`FOLDER_BIT` set. Folders come first in
every order. ``numpy`` because it sorts a million numbers in 0.1 s without the interpreter.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artifact_browser.errors import InputError
from artifact_browser.storage.columns import ROW_DTYPE, KeyTable, decode_key
from artifact_browser.storage.filetypes import type_of
from artifact_browser.storage.listing import BLOBS, FOLDERS
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import JobContext

if TYPE_CHECKING:
    import numpy as np

    Ids = np.ndarray[Any, np.dtype[np.uint32]]
    Bytes = np.ndarray[Any, np.dtype[np.uint8]]

FOLDER_BIT = 0x8000_0000


class Column(StrEnum):
    NAME = "name"
    SIZE = "size"
    MODIFIED = "modified"
    TYPE = "type"
    CLASS = "class"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How a person wants to see a listing. ``text`` is a substring, or a glob when it has ``*``, ``?`` or ``[``."""

    column: Column = Column.NAME
    descending: bool = False
    text: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it is the listing's own order, which needs no index."""
        return self.column is Column.NAME and not self.descending and not self.text


#: The listing's own order, nothing filtered.
PLAIN = Arrangement()


def arrange(
    context: JobContext,
    folder: str,
    prefix_bytes: int,
    folders: int,
    blobs: int,
    arrangement: Arrangement,
) -> Generator[None, None, bytes]:
    """Job: the index of the first ``folders`` and ``blobs`` rows of the listing in ``folder``.

    :param prefix_bytes: length of the listed prefix: filters look at names below it
    :returns: uint32 row ids in machine order
    :raises InputError: the glob cannot be read
    """
    yield from ()  # a job is a generator
    parts = []
    for name, count, bit in ((FOLDERS, folders, FOLDER_BIT), (BLOBS, blobs, 0)):
        table = KeyTable(Path(folder), name)
        table.grow(count)
        try:
            ids = _arrange_table(table, prefix_bytes, arrangement, context.cancel, is_folders=bool(bit))
            parts.append((ids | bit).astype("<u4").tobytes())
        finally:
            table.close()
        context.cancel.raise_if_cancelled()
    return b"".join(parts)


def _arrange_table(
    table: KeyTable, prefix_bytes: int, wanted: Arrangement, cancel: CancelToken, *, is_folders: bool
) -> Ids:
    import numpy as np

    if not table.count:
        return np.empty(0, "u4")
    raw_rows, raw_keys = table.mapped()
    rows = np.frombuffer(raw_rows, dtype=ROW_DTYPE, count=table.count)
    ends = rows["end"].astype(np.int64)
    heap = np.frombuffer(raw_keys, dtype=np.uint8, count=int(ends[-1]))  # the lister may have written further
    ids: Ids = np.arange(table.count, dtype="u4")
    if wanted.text:
        ids = ids[_matches(table, heap, ends, prefix_bytes, wanted.text, cancel)]
    order = None if is_folders or wanted.column is Column.NAME else _order(table, rows, ids, wanted.column, cancel)
    if order is not None:
        ids = ids[order]
    return ids[::-1].copy() if wanted.descending else ids


def _order(table: KeyTable, rows: Any, ids: Ids, column: Column, cancel: CancelToken) -> Any:
    """A stable order of ``ids`` by the column (equal values stay in name order)."""
    import numpy as np

    if column is Column.TYPE:
        codes: dict[str, int] = {}
        words = (type_of(table.key(int(row))) for row in _watched(ids, cancel))
        found = np.fromiter((codes.setdefault(word, len(codes)) for word in words), dtype="u4", count=len(ids))
        ranks = np.empty(len(codes), dtype="u4")
        ranks[[codes[word] for word in sorted(codes)]] = np.arange(len(codes))
        values = ranks[found]
    else:
        values = rows[str(column)][ids]
    return np.argsort(values, kind="stable")


def _matches(table: KeyTable, heap: Bytes, ends: Any, prefix_bytes: int, text: str, cancel: CancelToken) -> Any:
    """A boolean per row: does the name (below the prefix) hold the text, without regard to case?"""
    import numpy as np

    names = (decode_key(table.key_bytes(row)[prefix_bytes:]) for row in _watched(range(table.count), cancel))
    if set(text) & set("*?["):
        pattern = _glob(text)
        return np.fromiter((bool(pattern.match(name)) for name in names), dtype=bool, count=table.count)
    if not text.isascii():
        folded = text.casefold()
        return np.fromiter((folded in name.casefold() for name in names), dtype=bool, count=table.count)
    return _ascii_matches(heap, ends, prefix_bytes, text.lower().encode())


def _watched(rows: Iterable[int], cancel: CancelToken) -> Iterator[int]:
    """The rows, with a look at the stop sign every few milliseconds."""
    for number, row in enumerate(rows):
        if number % 4096 == 0:
            cancel.raise_if_cancelled()
        yield row


def _ascii_matches(heap: Bytes, ends: Any, prefix_bytes: int, needle: bytes) -> Any:
    """Substring search over all keys at once: candidates by the needle's rarest byte, then byte by byte."""
    import numpy as np

    lower = heap.copy()
    lower[(heap >= 65) & (heap <= 90)] += 32
    counts = np.bincount(lower, minlength=256)
    rarest = min(range(len(needle)), key=lambda at: int(counts[needle[at]]))
    starts = np.flatnonzero(lower == needle[rarest]) - rarest
    starts = starts[(starts >= 0) & (starts + len(needle) <= len(lower))]
    for at, byte in enumerate(needle):
        starts = starts[lower[starts + at] == byte]
    found = np.zeros(len(ends), dtype=bool)
    rows = np.searchsorted(ends, starts, side="right")
    begins = np.concatenate(([0], ends[:-1]))
    inside = (starts >= begins[rows] + prefix_bytes) & (starts + len(needle) <= ends[rows])
    found[rows[inside]] = True
    return found


def _glob(text: str) -> re.Pattern[str]:
    try:
        return re.compile(fnmatch.translate(text), re.IGNORECASE)
    except re.error as error:
        raise InputError(f"The filter cannot be read: {error}.", subject=text[:200]) from None
