"""What an item says of the multipart upload that it has begun, or is about to begin (``Item.begun``).

The id alone where the store's answer was heard at the first try. A *mark* where it was not yet, or where an attempt went
unanswered (its mover was killed, the connection broke): an upload may then exist whose id nobody was told, and the mark
says since when. ``?mark?id``, the id empty while there is none. With a ``!`` before it, it is *given up*: to be removed before
the item begins anew. Names of temporary files never begin like that.
"""

from __future__ import annotations

import time

from artifact_browser.transfers.journal_file import boot_id

_SIGN, _GIVEN_UP = "?", "!"


def new_mark() -> str:
    """Now: by the clock that nobody can move, where the system says which start of the computer it counts from, and by
    the other one.
    """
    boot = boot_id()
    return f"{boot}@{_since_boot_us() if boot else 0}@{time.time_ns() // 1000}"


def age_us(mark: str) -> int | None:
    """How long ago a mark was made, in microseconds; ``None`` where a clock was moved so that nobody can tell."""
    try:
        boot, by_boot, by_wall = mark.split("@")
        if boot and boot == boot_id():
            return max(0, _since_boot_us() - int(by_boot))
        age = time.time_ns() // 1000 - int(by_wall)
    except ValueError:
        return None
    return age if age >= 0 else None


def _since_boot_us() -> int:
    """Sleep counts, where the system can say so."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return (time.clock_gettime_ns(clock) if clock is not None else time.monotonic_ns()) // 1000


def begun_as(mark: str, upload_id: str) -> str:
    """``Item.begun`` of these; an empty mark where the id is the only upload there can be."""
    if not mark and not upload_id.startswith((_SIGN, _GIVEN_UP)):
        return upload_id
    return f"{_SIGN}{mark}{_SIGN}{upload_id}"


def mark_in(begun: str) -> str:
    kept = begun.removeprefix(_GIVEN_UP)
    return kept[1:].partition(_SIGN)[0] if kept.startswith(_SIGN) else ""


def id_in(begun: str) -> str:
    """The upload's id, or a temporary file's name; empty where nothing is known to exist."""
    kept = begun.removeprefix(_GIVEN_UP)
    return kept[1:].partition(_SIGN)[2] if kept.startswith(_SIGN) else kept


def given_up(begun: str) -> str:
    """``begun``, not to be gone on with any more."""
    return _GIVEN_UP + begun if begun and not is_given_up(begun) else begun


def is_given_up(begun: str) -> bool:
    return begun.startswith(_GIVEN_UP)
