"""The keys of the version index: empty blobs whose names alone answer questions about versions.

::

    <prefix>.artifact/idx/p/<partitions>/<inverted sequence>-<version>
    <prefix>.artifact/idx/t/<time>/<text partitions>/<inverted sequence>-<version>

``p`` holds every version below all its partitions (its time among them), so that one prefix is one exact set of
partitions; ``t`` holds those with a time, in the order of time. The later a version, the earlier its key. Partitions
are ``-`` (none), ``key=value,...`` sorted, percent-encoded (a time is ``key=@<time>``), or ``~<sha256>`` where that
would be too long for a name. Whatever is not exactly as it would be written here is nobody's entry.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from artifact_browser.catalog.artifact_name import check_component, decoded, encoded
from artifact_browser.catalog.layout import MAX_KEY_BYTES, Place
from artifact_browser.catalog.partitions import (
    MAX_KEYS,
    UNPARTITIONED,
    DeclaredKeys,
    Granularity,
    Partitions,
    TimePartition,
)
from artifact_browser.errors import InputError
from artifact_browser.storage.driver import Driver

FOLDER = ".artifact/idx/"
BY_PARTITIONS = FOLDER + "p/"
BY_TIME = FOLDER + "t/"
#: Behind every key of a folder: the character after the slash.
BEHIND = "0"
MAX_SEQUENCE = 2**53
NO_PARTITIONS = "-"
_MAX_COMPONENT = 200
_HASHED = re.compile(r"~[0-9a-f]{64}")
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z-([a-z]{3,6})")
_ENTRY = re.compile(r"([0-9a-f]{14})-(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What the index says of a version, and what it is made from.

    :ivar problem: why its manifest's partitions could not be used (it counts as without any then)
    """

    place: Place
    version: str
    sequence: int
    partitions: Partitions = UNPARTITIONED
    problem: str = ""


#: The facts in a version's record, ``None`` where there is no sound one: at most one GET.
ReadVersion = Callable[[Driver, Place, str], VersionFacts | None]


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A version as one key of the index tells it.

    :ivar partitions: ``None`` where the key holds only their checksum: the version's record knows them
    :ivar time: known from a key below ``t`` even then
    """

    version: str
    sequence: int
    partitions: Partitions | None
    time: TimePartition | None = None


def keys_of(facts: VersionFacts) -> tuple[str, ...]:
    """The index keys of a version, one or two.

    :raises InputError: a version's name or number that cannot be, or a key longer than stores take
    """
    check_component(facts.version, "version")
    if not 1 <= facts.sequence <= MAX_SEQUENCE:
        raise InputError("A version's number is out of range.", subject=str(facts.sequence)[:80])
    keys = [partitions_folder(facts.place, facts.partitions) + entry_name(facts.sequence, facts.version)]
    if (time := facts.partitions.time) is not None:
        texts = encode_partitions(Partitions(facts.partitions.values))
        folder = f"{facts.place.prefix}{BY_TIME}{encode_time(time)}/{texts}/"
        keys.append(folder + entry_name(facts.sequence, facts.version))
    if max(len(key.encode()) for key in keys) > MAX_KEY_BYTES:
        raise InputError(f"The version's index key would be longer than {MAX_KEY_BYTES:,} bytes.")
    return tuple(keys)


def partitions_folder(place: Place, partitions: Partitions) -> str:
    """Where the versions of exactly these partitions stand, the latest first."""
    return f"{place.prefix}{BY_PARTITIONS}{encode_partitions(partitions)}/"


def entry_name(sequence: int, version: str) -> str:
    """The last component of an index key."""
    return f"{MAX_SEQUENCE - sequence:014x}-{encoded(version)}"


def decode_key(key: str, place: Place, declared: DeclaredKeys | None = None) -> IndexEntry | None:
    """What an index key of ``place`` says; ``None`` unless it is exactly what :func:`keys_of` writes.

    :param declared: names the key of a time, which keys below ``t`` do not hold
    """
    if not key.startswith(place.prefix + FOLDER):
        return None
    parts = key[len(place.prefix + FOLDER) :].split("/")
    entry = _ENTRY.fullmatch(parts[-1])
    if entry is None or (version := decoded(entry[2])) is None:
        return None
    sequence = MAX_SEQUENCE - int(entry[1], 16)
    time = None
    try:
        check_component(version, "version")
        if parts[0] == "p" and len(parts) == 3:
            partitions = decode_partitions(parts[1])
        elif parts[0] == "t" and len(parts) == 4:
            time = decode_time(parts[1], declared.time_key if declared else "")
            texts = decode_partitions(parts[2])
            if texts is not None and texts.time is not None:
                return None
            partitions = None if texts is None else Partitions(texts.values, time)
        else:
            return None
    except InputError:
        return None
    return IndexEntry(version, sequence, partitions, time) if 1 <= sequence <= MAX_SEQUENCE else None


def encode_partitions(partitions: Partitions) -> str:
    """Partitions as one component of a key."""
    pairs = [(encoded(key), encoded(value)) for key, value in partitions.values]
    if time := partitions.time:
        pairs.append((encoded(time.key), f"@{encode_time(time)}"))
    text = ",".join(f"{key}={value}" for key, value in sorted(pairs)) or NO_PARTITIONS
    return text if len(text) <= _MAX_COMPONENT else f"~{hashlib.sha256(text.encode()).hexdigest()}"


def decode_partitions(component: str) -> Partitions | None:
    """The partitions in a component, ``None`` where it is a checksum. :raises InputError: it is neither"""
    if component == NO_PARTITIONS:
        return UNPARTITIONED
    if _HASHED.fullmatch(component):
        return None
    texts: dict[str, str] = {}
    time: TimePartition | None = None
    pairs = component.split(",", MAX_KEYS + 1)
    for pair in pairs:
        raw_key, equals, raw_value = pair.partition("=")
        key = decoded(raw_key)
        if not equals or not key:
            raise _not_ours(component)
        if raw_value.startswith("@") and time is None:
            time = decode_time(raw_value[1:], key)
        elif (value := decoded(raw_value)) is not None:
            texts[key] = value
        else:
            raise _not_ours(component)
    found = Partitions(tuple(texts.items()), time)
    if encode_partitions(found) != component:
        raise _not_ours(component)
    return found


def encode_time(time: TimePartition) -> str:
    """A time as one component, in the order of time."""
    return f"{stamp(time.value)}-{time.granularity.lower()}"


def stamp(moment: datetime) -> str:
    """A moment in UTC to the minute, of a fixed length: what the keys below ``t`` are sorted by."""
    text = moment.astimezone(UTC).isoformat()
    return f"{text[:4]}{text[5:7]}{text[8:13]}{text[14:16]}Z"


def decode_time(component: str, key: str = "") -> TimePartition:
    """The time in a component. :raises InputError: it is none, or not at the beginning of its granularity"""
    found = _TIME.fullmatch(component) if component.isascii() else None
    try:
        if found is None:
            raise ValueError
        year, month, day, hour, minute = map(int, found.groups()[:5])
        moment = datetime(year, month, day, hour, minute, tzinfo=UTC)
        time = TimePartition(moment, Granularity(found[6].upper()), key)
    except ValueError:
        raise _not_ours(component) from None
    if encode_time(time) != component:
        raise _not_ours(component)
    return time


def contains(partitions: Partitions, wanted: Mapping[str, str]) -> bool:
    """Whether ``partitions`` have all texts of ``wanted``, and maybe others."""
    return wanted.items() <= dict(partitions.values).items()


def _not_ours(component: str) -> InputError:
    return InputError("This is no key of the index.", subject=ascii(component[:80]))
