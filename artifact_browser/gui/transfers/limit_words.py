"""Speed limits as people write and read them. No widgets here."""

from __future__ import annotations

import re

from artifact_browser.errors import InputError
from artifact_browser.gui.common.format import speed
from artifact_browser.transfers.pace import LEAST_BPS, MOST_BPS

KIB, MIB = 1024, 1024**2
#: What the menu offers, in bytes a second.
PRESETS = (256 * KIB, MIB, 5 * MIB, 20 * MIB, 100 * MIB)
NO_LIMIT = "No limit"
EXAMPLE = "Such as 500 KB/s, 2 MiB/s or 20 Mbit/s, for each direction."

_OFF = frozenset({"", "0", "off", "none", "no", "no limit", "unlimited", "\u221e"})
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_WRITTEN = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)?)\s*(?P<power>[kmgt]?)(?P<binary>i?)"
    r"(?P<unit>bits?|bytes?|bps|b|)\s*(?:/\s*s(?:ec(?:ond)?)?|ps|per second)?",
    re.IGNORECASE,
)


def read_limit(text: str) -> int:
    """Bytes a second, 0 for none.

    ``MB`` is a million bytes and ``MiB`` 1,048,576, as everywhere; a bare ``M`` is what the window shows, MiB. Only words
    that say so (``bit``, ``bps``) are bits: many write ``mb`` and mean bytes.

    :raises InputError: it is no speed
    """
    plain = " ".join(text.split()).lower()
    if plain in _OFF:
        return 0
    found = _WRITTEN.fullmatch(plain)
    if found is None:
        raise InputError("It is not understood as a speed.")
    unit = found["unit"]
    base = 1024 if found["binary"] or not unit else 1000
    value: float = float(found["number"].replace(",", ".")) * base ** _POWERS[found["power"]]
    if unit.startswith("bit") or unit == "bps":
        value /= 8
    if not LEAST_BPS <= value <= MOST_BPS:
        raise InputError(f"A limit is at least {speed(LEAST_BPS)}." if value < LEAST_BPS else "That is no limit.")
    return round(value)


def limit_text(limit_bps: int) -> str:
    """``5.0 MiB/s``, or that there is none."""
    return speed(limit_bps) if limit_bps else NO_LIMIT
