"""Sizes and times as people type them into conditions. No widgets here."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from artifact_browser.errors import InputError

SIZE_EXAMPLE = "Such as 500 KB, 1.5 GiB or 2M."
TIME_EXAMPLE = "Such as 2026-11-01, 2026-11-01 14:30, or 7 days (ago)."

_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_SIZE = re.compile(r"(?P<number>\d{1,15}(?:[.,]\d{1,6})?)\s*(?P<power>[kmgtp]?)(?P<binary>i?)(?P<unit>b|bytes?|)", re.I)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T](\d{1,2}):(\d{2}))?)?)?", re.ASCII)
_AGO = re.compile(r"(\d{1,6})\s*(min|minutes?|h|hours?|d|days?|w|weeks?)(?: ago)?", re.I | re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def read_size(text: str) -> int | None:
    """Bytes; ``None`` for an empty field. ``MB`` is a million, ``MiB`` and a bare ``M`` 1,048,576.

    :raises InputError: it is no size
    """
    plain = text.strip()
    if not plain:
        return None
    found = _SIZE.fullmatch(plain)
    if found is None:
        raise InputError(f"\u201c{plain[:40]}\u201d is not understood as a size. {SIZE_EXAMPLE}")
    base = 1024 if found["binary"] or not found["unit"] else 1000
    factor: int = base ** _POWERS[found["power"].lower()]
    return round(float(found["number"].replace(",", ".")) * factor)


def read_moment(text: str, *, last: bool = False, now: datetime | None = None) -> int | None:
    """Microseconds since the epoch, of a moment in this computer's zone; ``None`` for an empty field.

    :param last: of a year, month, day or minute the last moment instead of the first
    :raises InputError: it is no time
    """
    plain = " ".join(text.split())
    if not plain:
        return None
    ago = _AGO.fullmatch(plain)
    written = _DATE.fullmatch(plain)
    try:
        if ago is not None:
            found = (now or datetime.now()).astimezone() - int(ago[1]) * _UNITS[ago[2][0].lower()]
        elif written is not None:
            found = _moment(written, last=last)
        else:
            raise ValueError(plain)
        return round(found.timestamp() * 1e6) - last
    except (ValueError, OverflowError):
        raise InputError(f"\u201c{plain[:40]}\u201d is not understood as a time. {TIME_EXAMPLE}") from None


def _moment(written: re.Match[str], *, last: bool) -> datetime:
    year, month, day, hour, minute = (int(part) if part else None for part in written.groups())
    first = datetime(year or 0, month or 1, day or 1, hour or 0, minute or 0)
    if last:
        if month is None:
            first = first.replace(year=first.year + 1)
        elif day is None:
            first = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        else:
            first += timedelta(days=1) if hour is None else timedelta(minutes=1)
    return first.astimezone()
