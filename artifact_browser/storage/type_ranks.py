"""The Type column of a million rows as numbers that sort as its words do: each ending is looked up once, not each name."""

from __future__ import annotations

from typing import Any

from artifact_browser.storage.columns import decode_key
from artifact_browser.storage.filetypes import MANIFEST_NAMES, type_of
from artifact_browser.storage.name_filter import Names, watched

_DOT, _SLASH = 46, 47
#: Endings up to here are compared as two numbers; the few longer ones name by name.
_LETTERS = 12


def type_ranks(names: Names) -> Any:
    """For each row the rank of its type's word, as ``uint16`` or ``uint32``. In workers."""
    import numpy as np

    heap, ends = names.heap, names.ends
    dots, slashes = _last(heap, _DOT, ends), _last(heap, _SLASH, ends)
    starts = np.maximum(names.begins, slashes + 1)
    lengths = np.where(dots > starts, ends - dots - 1, 0)
    codes, samples = _endings(heap, dots, np.where(lengths <= _LETTERS, lengths, 0))
    shown = ["x" + decode_key(heap[dots[row] : ends[row]].tobytes()) if lengths[row] else "x" for row in samples]
    words = [type_of(name) for name in shown]
    known: dict[str, int] = {}
    found = np.array([known.setdefault(word, len(known)) for word in words], dtype="u4")[codes]
    sizes = ends - starts
    may_be_manifest = np.array([name.endswith(".yaml") for name in shown], dtype=bool)[codes]
    special = (lengths > _LETTERS) | (may_be_manifest & np.isin(sizes, [len(name) for name in MANIFEST_NAMES]))
    for row in watched(np.flatnonzero(special).tolist(), names.cancel):
        word = type_of(decode_key(heap[starts[row] : ends[row]].tobytes()))
        found[row] = known.setdefault(word, len(known))
    ranks = np.empty(len(known), dtype="u2" if len(known) < 1 << 16 else "u4")
    ranks[[known[word] for word in sorted(known)]] = np.arange(len(known))
    return ranks[found]


def _last(heap: Any, byte: int, ends: Any) -> Any:
    """For each row the place of the last such byte before its end, wherever that is; -1: there is none."""
    import numpy as np

    places = np.concatenate(([-1], np.flatnonzero(heap == byte)))
    return places[np.searchsorted(places, ends) - 1]


def _endings(heap: Any, dots: Any, lengths: Any) -> tuple[Any, list[int]]:
    """For each row the number of its ending, and for each number a row that has it."""
    import numpy as np

    halves = []
    for start in range(0, _LETTERS, 4):
        packed = np.zeros(len(dots), dtype="u4")
        for offset in range(start, start + 4):
            inside = np.flatnonzero(lengths > offset)
            packed[inside] |= heap[dots[inside] + 1 + offset].astype("u4") << np.uint32(8 * (offset - start))
        halves.append(packed)
    codes = halves[0].astype("u8") | (halves[1].astype("u8") << np.uint64(32))
    _, first = np.unique(codes, return_inverse=True)
    _, samples, both = np.unique(
        (first.astype("u8") << np.uint64(32)) | halves[2], return_index=True, return_inverse=True
    )
    return both, samples.tolist()
