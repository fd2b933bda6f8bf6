"""The times of a page's rows, all at once where they have S3's usual form, else one by one."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from artifact_browser.storage.drivers.s3.blob_heads import listed_time_us
from artifact_browser.storage.loaded import loaded_numpy

#: ``2026-11-21T04:00:00.000Z``: what stands where that is no digit.
_FORM = b"0000-00-00T00:00:00.000Z"
_MARKS = [at for at, sign in enumerate(_FORM) if not 48 <= sign <= 57]
_DIGITS = [at for at, sign in enumerate(_FORM) if 48 <= sign <= 57]


#: how long such a time is
TIME_BYTES = len(_FORM)


def listed_times_us(times: Sequence[bytes]) -> array[int]:
    """Microseconds since the epoch; 0 where it is no time. numpy only where somebody has loaded it already: for one page
    it does not pay.
    """
    numpy = loaded_numpy()
    if numpy is not None and set(map(len, times)) == {TIME_BYTES}:
        found = times_at_once(numpy, b"".join(times))
        if found is not None:
            return found
    return array("q", [listed_time_us(one.decode()) for one in times])


def times_at_once(np: Any, joined: bytes) -> array[int] | None:
    """Times of :data:`TIME_BYTES` each, one after the other; ``None``: one has another form, or is no time."""
    signs = np.frombuffer(joined, np.uint8).reshape(-1, TIME_BYTES)
    digits = signs[:, _DIGITS] - 48
    if (signs[:, _MARKS] != np.frombuffer(_FORM, np.uint8)[_MARKS]).any() or (digits > 9).any():
        return None
    try:
        moments = np.frombuffer(joined, f"S{TIME_BYTES}").astype(f"S{TIME_BYTES - 1}").astype("M8[us]")
    except ValueError:  # the 30th of February
        return None
    if (digits[:, :4] == 0).all(axis=1).any():  # the year 0, which datetime does not know
        return None
    return array("q", moments.astype("<i8").tobytes())
