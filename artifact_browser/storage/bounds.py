"""Conditions on what a listing says of a blob: size, time, storage class."""

from __future__ import annotations

from dataclasses import dataclass

#: What a listing that names no class means.
_DEFAULT_CLASS = "STANDARD"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Each bound belongs to what it lets through; ``None`` and an empty class let all through.

    Sizes in bytes, times in microseconds since the epoch. Folders have none of these: any bound leaves them out.
    """

    size_from: int | None = None
    size_to: int | None = None
    modified_from_us: int | None = None
    modified_to_us: int | None = None
    storage_class: str = ""

    def __bool__(self) -> bool:
        return self != NO_BOUNDS

    def lets_through(self, size_bytes: int, modified_us: int, storage_class: str) -> bool:
        return (
            (self.size_from is None or size_bytes >= self.size_from)
            and (self.size_to is None or size_bytes <= self.size_to)
            and (self.modified_from_us is None or modified_us >= self.modified_from_us)
            and (self.modified_to_us is None or modified_us <= self.modified_to_us)
            and self.takes_class(storage_class)
        )

    def takes_class(self, storage_class: str) -> bool:
        wanted = self.storage_class.upper()
        return not wanted or (storage_class.upper() or _DEFAULT_CLASS) == wanted


NO_BOUNDS = Bounds()
