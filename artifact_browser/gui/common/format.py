"""Facts as a person reads them: sizes, times, counts, names that cannot be seen.

humanize is imported at first use only: it is not needed before the first paint.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

_VISIBLE = {"\t": "\u2039tab\u203a", "\n": "\u2039newline\u203a", "\r": "\u2039return\u203a"}
#: Categories that draw nothing or reorder their neighbours: controls, formats (right-to-left marks), separators,
#: surrogates and unassigned.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Cn"})
#: Not strftime's: Qt switches the process to the system's locale, and the rest of the sentence is English.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Joins emoji; harmless and expected.
_JOINER = "\u200d"


def size(size_bytes: int) -> str:
    """``512.0 MiB``; whole bytes below 1 KiB."""
    if size_bytes < 1024:
        return f"{size_bytes} B"
    from humanize import naturalsize

    return naturalsize(size_bytes, binary=True, format="%.1f")


def exact_size(size_bytes: int) -> str:
    """``536,870,912 bytes``: what a size's tooltip says."""
    return f"{size_bytes:,} byte{'' if size_bytes == 1 else 's'}"


def speed(bytes_per_s: float) -> str:
    """``41.3 MiB/s``."""
    return f"{size(round(bytes_per_s))}/s"


def count(number: int, singular: str, plural: str = "") -> str:
    """``1 blob``, ``12,431 blobs``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def natural_time(time_us: int, now_us: int | None = None) -> str:
    """``2 hours ago``, ``yesterday``, ``12 Nov 2026`` for what is older than a week.

    :param time_us: microseconds since the epoch, UTC
    """
    from humanize import naturaltime

    moment = _local(time_us)
    now = datetime.now().astimezone() if now_us is None else _local(now_us)
    days = (now.date() - moment.date()).days
    if now - moment < timedelta(hours=12):
        return naturaltime(now - moment)
    if days == 1:
        return "yesterday"
    if 0 <= days < 7:
        return f"{days} days ago" if days else naturaltime(now - moment)
    return date(time_us)


def date(time_us: int) -> str:
    """``12 Nov 2026`` in this computer's zone."""
    moment = _local(time_us)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def moment(time_us: int) -> str:
    """``Fri 20 Nov 2026, 14:05 CET``: to the minute and with its zone, for ends of links and sign-ins."""
    local = _local(time_us)
    return f"{_DAYS[local.weekday()]} {date(time_us)}, {local:%H:%M %Z}"


def iso_time(time_us: int) -> str:
    """``2026-11-20 14:05:07+01:00``: what a time's tooltip says."""
    return _local(time_us).isoformat(sep=" ", timespec="seconds")


def duration(seconds: float) -> str:
    """``4 s``, ``1 min 40 s``, ``2 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(whole, 3600)
    return f"{hours} h {rest // 60} min" if rest >= 60 else f"{hours} h"


def printable(text: str) -> str:
    """``text`` with what cannot be seen made visible: ``\u2039tab\u203a``, and ``\u2039200f\u203a`` for marks.

    Keys are opaque: a name with a tab, a right-to-left mark or nothing in it must still be told from its neighbour.
    For showing only; what is copied or sent is the key itself.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(letter) for letter in text)


def elided(text: str, letters: int = 64) -> str:
    """``text`` cut in the middle to at most ``letters``, so that both ends can be read."""
    if len(text) <= letters:
        return text
    tail = (letters - 1) // 2
    return f"{text[: letters - 1 - tail]}\u2026{text[len(text) - tail :]}"


def _shown(letter: str) -> str:
    if letter == _JOINER or unicodedata.category(letter) not in _UNSEEN:
        return letter
    if letter in _VISIBLE:
        return _VISIBLE[letter]
    return f"\u2039{ord(letter):04x}\u203a"


def _local(time_us: int) -> datetime:
    return datetime.fromtimestamp(time_us / 1e6).astimezone()
