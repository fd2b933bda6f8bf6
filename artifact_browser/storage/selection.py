"""Selected rows of a listing, carried through its changes in a worker: bits in, bits out, never a row.

The window holds one byte (0 or 1) for each row as it is shown. Rows that a filter hides are held by number, one byte for
each folder and blob of the listing, and are selected again when they are shown again.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artifact_browser.storage.columns import ROW_DTYPE, KeyTable
from artifact_browser.storage.listing import BLOBS, FOLDERS
from artifact_browser.workers.job import JobContext

if TYPE_CHECKING:
    import numpy as np

    Bits = np.ndarray[Any, np.dtype[np.uint8]]

#: In a row's id: it is a folder.
FOLDER_BIT = 0x8000_0000


@dataclass(frozen=True, slots=True)
class Hidden:
    """One byte for each folder, and for each blob: selected, but not shown. May be shorter than the listing."""

    folders: bytes = field(default=b"", repr=False)
    blobs: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is selected among rows that are shown.

    :ivar rows: one byte a row; :ivar order: their ids (uint32, machine order), ``None``: folders, then blobs
    :ivar folders: how many of the rows are folders, where there is no order of its own
    :ivar current: the id of the row the keyboard is on, or -1
    """

    rows: bytes = field(default=b"", repr=False)
    order: bytes | None = field(default=None, repr=False)
    folders: int = 0
    hidden: Hidden = Hidden()
    current: int = -1


@dataclass(frozen=True, slots=True)
class Arranged:
    """An order (``None``: the listing's own), and what of a :class:`Chosen` is selected in it. ``current`` is a row."""

    index: bytes | None = field(default=None, repr=False)
    rows: bytes = field(default=b"", repr=False)
    hidden: Hidden = Hidden()
    current: int = -1


def carried(chosen: Chosen, index: bytes | None, folders: int, blobs: int) -> Arranged:
    """What is selected when ``index`` is shown. In workers.

    :param folders: and ``blobs``: how many there are in the listing
    """
    import numpy as np

    bits = _by_number(chosen, folders, blobs)
    ids = _ids(index, folders, blobs)
    is_folder = (ids & FOLDER_BIT) != 0
    numbers = np.where(is_folder, ids & ~np.uint32(FOLDER_BIT), ids + np.uint32(folders))
    rows = bits[numbers]
    bits[numbers] = 0
    current = -1
    if chosen.current >= 0:
        found = np.flatnonzero(ids == np.uint32(chosen.current))
        current = int(found[0]) if len(found) else -1
    hidden = Hidden(bits[:folders].tobytes(), bits[folders:].tobytes()) if bits.any() else Hidden()
    return Arranged(index, rows.tobytes(), hidden, current)


def _by_number(chosen: Chosen, folders: int, blobs: int) -> Bits:
    """One byte for each folder, then for each blob of the listing."""
    import numpy as np

    bits = np.zeros(folders + blobs, "u1")
    for start, end, held in ((0, folders, chosen.hidden.folders), (folders, folders + blobs, chosen.hidden.blobs)):
        known = np.frombuffer(held, "u1")[: end - start]
        bits[start : start + len(known)] = known
    rows = np.frombuffer(chosen.rows, "u1")
    if chosen.order is None:
        bits[: chosen.folders] |= rows[: chosen.folders]
        bits[folders : folders + len(rows) - chosen.folders] |= rows[chosen.folders :]
    else:
        ids = np.frombuffer(chosen.order, "<u4")[: len(rows)]
        at = np.where((ids & FOLDER_BIT) != 0, ids & ~np.uint32(FOLDER_BIT), ids + np.uint32(folders))
        bits[at] |= rows
    return bits


def _ids(index: bytes | None, folders: int, blobs: int) -> Any:
    import numpy as np

    if index is not None:
        return np.frombuffer(index, "<u4")
    return np.concatenate((np.arange(folders, dtype="u4") | np.uint32(FOLDER_BIT), np.arange(blobs, dtype="u4")))


@dataclass(frozen=True, slots=True)
class Counted:
    """Of selected rows."""

    folders: int
    blobs: int
    size_bytes: int


def count_selected(
    context: JobContext, folder: str, folders: int, blobs: int, chosen: Chosen
) -> Generator[None, None, Counted]:
    """Job: how many of the listing's rows are selected, hidden ones left out, and how large they are."""
    import numpy as np

    yield from ()
    bits = _by_number(_shown_only(chosen), folders, blobs)
    table = _opened(folder, BLOBS, blobs)
    try:
        rows = np.frombuffer(table.mapped()[0], dtype=ROW_DTYPE, count=table.count) if table.count else None
        size_bytes = 0 if rows is None else int(rows["size"][bits[folders:] != 0].sum())
    finally:
        rows = None
        table.close()
    return Counted(int(bits[:folders].sum()), int(bits[folders:].sum()), size_bytes)


def addresses_of(
    context: JobContext, folder: str, folders: int, blobs: int, chosen: Chosen, before: str
) -> Generator[None, None, bytes]:
    """Job: the selected keys in the order they are shown, each behind ``before``, one a line, as UTF-8."""
    import numpy as np

    yield from ()
    rows = np.frombuffer(chosen.rows, "u1")
    order = (
        chosen.order if chosen.order is not None else _ids(None, chosen.folders, len(rows) - chosen.folders).tobytes()
    )
    ids = np.frombuffer(order, "<u4")[: len(rows)][rows != 0].tolist()
    tables = {True: _opened(folder, FOLDERS, folders), False: _opened(folder, BLOBS, blobs)}
    head, lines = before.encode("utf-8", "surrogatepass"), []
    try:
        for number, one in enumerate(ids):
            if number % 4096 == 0:
                context.cancel.raise_if_cancelled()
            lines.append(head + tables[one >= FOLDER_BIT].key_bytes(one & ~FOLDER_BIT))
    finally:
        for table in tables.values():
            table.close()
    return b"\n".join(lines)


def carry_over(
    context: JobContext, old: str, old_folders: int, old_blobs: int, chosen: Chosen, new: str, folders: int, blobs: int
) -> Generator[None, None, Hidden]:
    """Job: what was selected in a listing, in the listing that was made of the same place after it, by key."""
    import numpy as np

    yield from ()
    bits = _by_number(chosen, old_folders, old_blobs)
    found = []
    for name, held, count in ((FOLDERS, bits[:old_folders], folders), (BLOBS, bits[old_folders:], blobs)):
        before, now = _opened(old, name, len(held)), _opened(new, name, count)
        try:
            keys = set()
            for number, row in enumerate(np.flatnonzero(held).tolist()):
                if number % 4096 == 0:
                    context.cancel.raise_if_cancelled()
                keys.add(before.key_bytes(row))
            found.append(bytes(now.key_bytes(row) in keys for row in range(count)))
        finally:
            before.close()
            now.close()
    return Hidden(*found)


def _shown_only(chosen: Chosen) -> Chosen:
    return Chosen(chosen.rows, chosen.order, chosen.folders)


def _opened(folder: str, name: str, count: int) -> KeyTable:
    table = KeyTable(Path(folder), name)
    table.grow(count)
    return table
