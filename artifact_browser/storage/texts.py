"""A column of texts kept as the bytes they came as, decoded one by one when somebody asks: most are never asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload


def _decode(data: bytes) -> str:
    return data.decode("utf-8")


class Slices(Sequence[bytes]):
    """Parts of one ``bytes``, made when somebody asks. ``starts`` and ``ends``: numbers, in arrays of numpy."""

    __slots__ = ("_data", "_ends", "_starts")

    def __init__(self, data: bytes, starts: Any, ends: Any) -> None:
        self._data, self._starts, self._ends = data, starts, ends

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[bytes]:
        data = self._data
        return (data[start:end] for start, end in zip(self._starts.tolist(), self._ends.tolist(), strict=True))

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> Slices: ...
    def __getitem__(self, at: int | slice) -> bytes | Slices:
        if isinstance(at, slice):
            return Slices(self._data, self._starts[at], self._ends[at])
        return self._data[int(self._starts[at]) : int(self._ends[at])]


class Texts(Sequence[str]):
    """Reads as a sequence of ``str``. Immutable; any thread.

    :ivar raw: what lies below, UTF-8; whoever stores bytes takes these, or :attr:`joined`
    :param decode: how one of ``raw`` becomes a text
    """

    __slots__ = ("_decode", "raw")

    raw: Sequence[bytes]

    def __init__(self, raw: Sequence[bytes], decode: Callable[[bytes], str] = _decode) -> None:
        self.raw = raw
        self._decode = decode

    @property
    def joined(self) -> bytes:
        """All of ``raw``, one after the other."""
        return b"".join(self.raw)

    @property
    def lengths(self) -> Sequence[int]:
        """How many bytes each has."""
        return list(map(len, self.raw))

    def __len__(self) -> int:
        return len(self.raw)

    def __iter__(self) -> Iterator[str]:
        return map(self._decode, self.raw)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Texts: ...
    def __getitem__(self, at: int | slice) -> str | Texts:
        if isinstance(at, slice):
            return Texts(self.raw[at], self._decode)
        return self._decode(self.raw[at])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Texts({list(self)!r})"


class Packed(Texts):
    """Texts that lie one after the other already.

    :param lengths: of each, in bytes: an array of numpy
    """

    __slots__ = ("_joined", "_lengths")

    def __init__(self, joined: bytes, lengths: Any) -> None:
        ends = lengths.cumsum()
        super().__init__(Slices(joined, ends - lengths, ends))
        self._joined, self._lengths = joined, lengths

    @property
    def joined(self) -> bytes:
        return self._joined

    @property
    def lengths(self) -> Sequence[int]:
        found: Sequence[int] = self._lengths
        return found
