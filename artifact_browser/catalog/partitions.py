"""Partitions of an artifact's versions: up to ten texts by key, and at most one time.

In a manifest, under the names of Flyte's own fields::

    partitions: {region: us, model: resnet}
    time_partition: {value: '2026-08-01T00:00:00Z', granularity: DAY, key: date}

The keys that a name's first version has are declared by it; a later version with others is kept, and flagged.
Times are UTC and rounded down to their granularity (a week to its Monday, a month to its first day).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from artifact_browser.catalog.artifact_name import check_text
from artifact_browser.errors import InputError

PARTITIONS_KEY = "partitions"
TIME_KEY = "time_partition"
MAX_KEYS = 10
_MAX_KEY_CHARACTERS = 64
#: What a typed time may look like: all of it, or from the left as much as is known.
_TIME = re.compile(
    r"(\d{4})-(\d{2})(?:-(\d{2})(?:[T ](\d{2})(?::?(\d{2})(?::?\d{2}(?:\.\d{1,9})?)?)?)?)?(Z|[+-]\d{2}:\d{2})?"
)


class Granularity(StrEnum):
    MINUTE = "MINUTE"
    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


#: The key a time partition has when nobody names one.
_DEFAULT_KEYS = {granularity: granularity.value.lower() for granularity in Granularity} | {Granularity.DAY: "date"}


@dataclass(frozen=True, slots=True)
class TimePartition:
    """A moment in UTC, rounded down to ``granularity`` whatever was given. :raises InputError: a key that cannot be"""

    value: datetime
    granularity: Granularity = Granularity.DAY
    key: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.key or _DEFAULT_KEYS[self.granularity])
        check_key(self.key)
        object.__setattr__(self, "value", floored(self.value, self.granularity))

    @property
    def text(self) -> str:
        """As people write it: as much of it as the granularity tells."""
        return time_text(self.value, self.granularity)


@dataclass(frozen=True, slots=True)
class Partitions:
    """All partitions of a version: ``values`` by key, sorted. :raises InputError: they break the rules"""

    values: tuple[tuple[str, str], ...] = ()
    time: TimePartition | None = None

    def __post_init__(self) -> None:
        keys = [key for key, _ in self.values] + ([self.time.key] if self.time else [])
        if len(self.values) > MAX_KEYS:
            raise InputError(f"There are at most {MAX_KEYS} partitions.", subject=", ".join(keys)[:200])
        if len(set(keys)) != len(keys):
            raise InputError("A partition's key is there twice.", subject=", ".join(keys)[:200])
        for key, value in self.values:
            check_key(key)
            check_value(key, value)
        object.__setattr__(self, "values", tuple(sorted(self.values)))

    def __bool__(self) -> bool:
        return bool(self.values) or self.time is not None

    @property
    def shown(self) -> dict[str, str]:
        """All of them by key, the time as text."""
        return dict(self.values) | ({self.time.key: self.time.text} if self.time else {})


UNPARTITIONED = Partitions()


@dataclass(frozen=True, slots=True)
class DeclaredKeys:
    """Which partitions the versions of a name have."""

    keys: tuple[str, ...] = ()
    time_key: str = ""
    granularity: Granularity = Granularity.DAY

    @classmethod
    def of(cls, partitions: Partitions) -> DeclaredKeys:
        """What a first version with these partitions declares."""
        keys = tuple(key for key, _ in partitions.values)
        time = partitions.time
        return cls(keys, time.key, time.granularity) if time else cls(keys)

    def mismatch(self, partitions: Partitions) -> str:
        """How ``partitions`` differ from what is declared, in a sentence; empty where they do not."""
        own = DeclaredKeys.of(partitions)
        return "" if own == self else f"Declared: {self._words()}. This version: {own._words()}."

    def _words(self) -> str:
        words = [*self.keys, *([f"{self.time_key} ({self.granularity.lower()})"] if self.time_key else [])]
        return ", ".join(words) or "no partitions"


def of_values(values: Mapping[Any, Any], declared: DeclaredKeys | None = None) -> Partitions:
    """Partitions from plain values: a date is a time partition by day, a date with time by hour, the rest is text.

    :param declared: a text under its time key is read as a time
    :raises InputError: too many, a key or value that cannot be, ``None``, two times, or no time where one is declared
    """
    if len(values) > MAX_KEYS + 1:
        raise InputError(f"There are at most {MAX_KEYS} partitions and a time.")
    texts: list[tuple[str, str]] = []
    times: list[TimePartition] = []
    for key, value in values.items():
        if not isinstance(key, str):
            raise InputError("A partition's key is a text.", subject=ascii(key)[:80])
        if declared is not None and key == declared.time_key and isinstance(value, str | date):
            moment = value if isinstance(value, date) else parse_time(value)
            times.append(TimePartition(as_utc(moment), declared.granularity, key))
        elif isinstance(value, datetime):
            times.append(TimePartition(as_utc(value), Granularity.HOUR, key))
        elif isinstance(value, date):
            times.append(TimePartition(as_utc(value), Granularity.DAY, key))
        elif value is None or isinstance(value, Mapping | list | tuple | set | bytes):
            raise InputError(f"The partition \u201c{key[:80]}\u201d has no value that is a text.")
        else:
            texts.append((key, value if isinstance(value, str) else _short_text(value, key)))
    if len(times) > 1:
        raise InputError("There is at most one time partition.", subject=", ".join(time.key for time in times)[:200])
    return Partitions(tuple(texts), times[0] if times else None)


def read_partitions(fields: Mapping[Any, Any]) -> Partitions:
    """The partitions a manifest names. :raises InputError: they break the rules"""
    values, said = fields.get(PARTITIONS_KEY), fields.get(TIME_KEY)
    if values is not None and not isinstance(values, Mapping):
        raise InputError(f"\u201c{PARTITIONS_KEY}\u201d is no mapping of keys to texts.")
    found = of_values(values or {})
    if said is None:
        return found
    if found.time is not None:
        raise InputError("There is at most one time partition.", subject=found.time.key)
    return Partitions(found.values, read_time(said))


def read_time(said: object) -> TimePartition:
    """A time partition as a manifest or record names it: a mapping, or only its value. :raises InputError:"""
    body = said if isinstance(said, Mapping) else {"value": said}
    value, key = body.get("value"), body.get("key", "")
    default = Granularity.HOUR if isinstance(value, datetime) else Granularity.DAY
    if isinstance(value, str):
        value = parse_time(value)
    if not isinstance(value, date) or not isinstance(key, str):
        raise InputError(f"\u201c{TIME_KEY}\u201d has no value that is a time.", todo="Write it like 2026-08-01.")
    return TimePartition(as_utc(value), parse_granularity(body.get("granularity", default)), key)


def partition_fields(partitions: Partitions) -> dict[str, Any]:
    """The fields of a manifest that name ``partitions``; both keys, ``None`` for what is to be taken out."""
    time = partitions.time
    return {
        PARTITIONS_KEY: dict(partitions.values) or None,
        TIME_KEY: time_fields(time) if time else None,
    }


def time_fields(time: TimePartition) -> dict[str, str]:
    """A time partition as it stands in a manifest or record."""
    return {"value": time.value.isoformat()[:19] + "Z", "granularity": time.granularity.value, "key": time.key}


def parse_granularity(text: object) -> Granularity:
    """:raises InputError: there is no such granularity"""
    if isinstance(text, str) and text.upper() in set(Granularity):
        return Granularity(text.upper())
    words = ", ".join(Granularity)
    raise InputError(f"A granularity is one of {words}.", subject=ascii(text)[:80])


def parse_time(text: str) -> datetime:
    """A typed time, UTC where it names no zone: ``2026-08``, ``2026-08-01``, ``2026-08-01T12:30Z``.

    :raises InputError: it is none
    """
    found = _TIME.fullmatch(text.strip()) if len(text) <= 40 and text.isascii() else None
    try:
        if found is None:
            raise ValueError
        year, month, day, hour, minute = (int(part) if part else None for part in found.groups()[:5])
        zone = found[6]
        moment = datetime(year or 0, month or 0, 1 if day is None else day, hour or 0, minute or 0, tzinfo=UTC)
        if zone and zone != "Z":
            offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
            moment += -offset if zone[0] == "+" else offset
    except (ValueError, OverflowError):
        raise InputError("This is no time.", subject=ascii(text[:80]), todo="Write it like 2026-08-01.") from None
    return moment


def time_span(text: str) -> tuple[datetime, datetime]:
    """The first and the last minute that a typed time stands for: ``2026-08`` is all of August.

    :raises InputError: it is none
    """
    first = parse_time(text)
    found = _TIME.fullmatch(text.strip())
    assert found is not None  # it was parsed
    year, month, day, hour, minute = found.groups()[:5]
    if day is None:
        length = timedelta(days=monthrange(int(year), int(month))[1])
    else:
        length = timedelta(days=1) if hour is None else timedelta(hours=1) if minute is None else timedelta(minutes=1)
    try:
        return first, first + length - timedelta(minutes=1)
    except OverflowError:
        raise InputError("This time is out of range.", subject=text[:80]) from None


def as_utc(moment: date) -> datetime:
    """A date (its beginning) or date with time (UTC where it names no zone) in UTC. :raises InputError:"""
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InputError("This time is out of range.", subject=str(moment)) from None


def floored(moment: datetime, granularity: Granularity) -> datetime:
    """``moment`` in UTC, rounded down. :raises InputError: out of range"""
    moment = as_utc(moment).replace(second=0, microsecond=0)
    if granularity is Granularity.MINUTE:
        return moment
    moment = moment.replace(minute=0)
    if granularity is Granularity.HOUR:
        return moment
    moment = moment.replace(hour=0)
    if granularity is Granularity.WEEK:
        return moment - timedelta(days=moment.weekday())  # the first day of the year 1 is a Monday
    return moment.replace(day=1) if granularity is Granularity.MONTH else moment


def time_text(moment: datetime, granularity: Granularity) -> str:
    """A time of that granularity for people, as :func:`parse_time` reads it."""
    text = moment.isoformat()
    if granularity in {Granularity.MINUTE, Granularity.HOUR}:
        return text[:16] + "Z"
    return text[:7] if granularity is Granularity.MONTH else text[:10]


def check_key(key: str) -> None:
    """Return if ``key`` can be a partition's. :raises InputError:"""
    check_text(key, "partition's key")
    if len(key) > _MAX_KEY_CHARACTERS:
        raise InputError(f"A partition's key has at most {_MAX_KEY_CHARACTERS} characters.", subject=key[:80])


def check_value(key: str, value: str) -> None:
    """Return if ``value`` can be a partition's. :raises InputError:"""
    check_text(value, f"value of the partition \u201c{key[:80]}\u201d")


def _short_text(value: object, key: str) -> str:
    if isinstance(value, int) and value.bit_length() > 256:  # str() refuses the longest, and takes its time before
        raise InputError(f"The partition \u201c{key[:80]}\u201d is too long a number.")
    return str(value)
