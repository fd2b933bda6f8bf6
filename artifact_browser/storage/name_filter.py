"""Which names of a listing hold a text, match a pattern or an expression: over all rows at once, in a worker.

Text and the usual patterns (``*.csv``, ``part-*``) are looked for in the heap of key bytes itself, without making a string
of any key; other patterns are tried on those rows only that hold their longest piece of text.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from artifact_browser.errors import InputError
from artifact_browser.storage.columns import KeyTable, decode_key
from artifact_browser.storage.expression import compiled_expression
from artifact_browser.workers.cancel import CancelToken

if TYPE_CHECKING:
    import numpy as np

    Mask = np.ndarray[Any, np.dtype[np.bool_]]
    Bytes = np.ndarray[Any, np.dtype[np.uint8]]

_MAGIC = frozenset("*?[")
#: Bytes looked at to find out which letter of a text is rare.
_SAMPLE = 1 << 16


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a table's rows as places in its heap of key bytes: ``begins[row]`` up to ``ends[row]``."""

    table: KeyTable
    heap: Bytes
    begins: Any
    ends: Any
    cancel: CancelToken

    def name(self, row: int) -> bytes:
        return self.heap[self.begins[row] : self.ends[row]].tobytes()


def matching(names: Names, text: str, *, expression: bool) -> Mask:
    """For each row, whether its name is let through. Case does not matter.

    :raises InputError: the pattern or expression cannot be used
    """
    import numpy as np

    if expression:
        holds = compiled_expression(text, match_case=False)
        return _tried(names, range(len(names.ends)), holds, every=1)  # one key may take 0.1 s
    if set(text) & _MAGIC:
        return _glob(names, text)
    if not text.isascii():
        folded = text.casefold()
        return _tried(names, range(len(names.ends)), lambda name: folded in decode_key(name).casefold())
    if not text:
        return np.ones(len(names.ends), dtype=bool)
    return _holding(names, text.lower().encode())


def watched(rows: Iterable[int], cancel: CancelToken, every: int = 4096) -> Iterator[int]:
    """The rows, with a look at the stop sign every few milliseconds."""
    for number, row in enumerate(rows):
        if number % every == 0:
            cancel.raise_if_cancelled()
        yield row


def _tried(names: Names, rows: Iterable[int], passes: Callable[[bytes], bool], every: int = 4096) -> Mask:
    import numpy as np

    found = np.zeros(len(names.ends), dtype=bool)
    name = names.name
    chosen = [row for row in watched(rows, names.cancel, every) if passes(name(row))]
    found[chosen] = True
    return found


def _glob(names: Names, text: str) -> Mask:
    import numpy as np

    pieces = [piece for piece in text.split("*") if piece]
    if text.isascii() and not set(text) & frozenset("?["):
        if not pieces:
            return np.ones(len(names.ends), dtype=bool)
        if len(pieces) == 1:
            needle = pieces[0].lower().encode()
            if text.startswith("*"):
                return _holding(names, needle) if text.endswith("*") else _at(names, names.ends - len(needle), needle)
            return _at(names, names.begins, needle)
    try:
        match = re.compile(fnmatch.translate(text), re.IGNORECASE).match
    except re.error as error:
        raise InputError(f"The filter cannot be read: {error}.", subject=text[:200]) from None
    plain = text.partition("[")[0]  # behind a bracket nobody knows what is text
    longest = max(re.split(r"[*?]", plain), key=len)
    rows = (
        np.flatnonzero(_holding(names, longest.lower().encode())).tolist()
        if longest
        and longest.isascii()
        and not set(longest.lower()) & frozenset("ks")  # these have equals beyond ASCII
        else range(len(names.ends))
    )
    return _tried(names, rows, lambda name: match(decode_key(name)) is not None)


def _at(names: Names, starts: Any, needle: bytes) -> Mask:
    """Whether each name is the needle at its start, which must lie within it."""
    import numpy as np

    found = (starts >= names.begins) & (starts + len(needle) <= names.ends)
    rows = np.flatnonzero(found)
    at = starts[rows]
    for offset, byte in enumerate(needle):
        same = _is_byte(names.heap[at + offset], byte)
        rows, at = rows[same], at[same]
    whole = np.zeros(len(names.ends), dtype=bool)
    whole[rows] = True
    return whole


def _holding(names: Names, needle: bytes) -> Mask:
    """Whether each name holds the needle (in lower case): candidates by its rarest letter, then letter by letter."""
    import numpy as np

    heap, found = names.heap, np.zeros(len(names.ends), dtype=bool)
    if not len(heap):
        return found
    middle = max(0, len(heap) // 2 - _SAMPLE // 2)
    counts = np.bincount(heap[middle : middle + _SAMPLE], minlength=256)
    counts[65:91] += counts[97:123]
    counts[97:123] = counts[65:91]
    order = sorted(range(len(needle)), key=lambda at: int(counts[needle[at]]))
    starts = np.flatnonzero(_is_byte(heap, needle[order[0]])) - order[0]
    starts = starts[(starts >= 0) & (starts + len(needle) <= len(heap))]
    for at in order[1:]:
        names.cancel.raise_if_cancelled()
        starts = starts[_is_byte(heap[starts + at], needle[at])]
    if len(starts) >= len(found):  # of each row the first place that is not before it is enough
        first = np.searchsorted(starts, names.begins)
        there = np.flatnonzero(first < len(starts))
        found[there] = starts[first[there]] + len(needle) <= names.ends[there]
        return found
    rows = np.searchsorted(names.ends, starts, side="right")
    inside = rows < len(names.ends)  # behind the last name's end: a folder's slash
    rows, starts = rows[inside], starts[inside]
    found[rows[(starts >= names.begins[rows]) & (starts + len(needle) <= names.ends[rows])]] = True
    return found


def _is_byte(data: Any, byte: int) -> Any:
    """``data == byte`` without regard to case."""
    return (data | 32) == byte if 97 <= byte <= 122 else data == byte
