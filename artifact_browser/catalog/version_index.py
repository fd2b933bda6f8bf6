"""The version index as it is written: behind the commit point, again by whoever comes next, anew from records.

The records are the truth. An entry can be written twice, and one that is missing or wrong costs nothing but an answer
that is late: queries read the record of what they return.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from artifact_browser.catalog.index_keys import FOLDER, IndexEntry, ReadVersion, VersionFacts, decode_key, keys_of
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.partitions import DeclaredKeys, read_partitions
from artifact_browser.errors import InputError
from artifact_browser.storage.driver import Driver

#: Index keys that a rebuild looks at; what is behind them is left as it is.
MAX_KEYS_READ = 200_000
#: Records that are read for entries of later versions.
_MAX_LATER = 1000
_WRITERS = 8


@dataclass(frozen=True, slots=True)
class IndexRebuilt:
    """What a rebuild did.

    :ivar skipped: versions that cannot stand in the index; :ivar strange: keys there that are nobody's entry
    :ivar complete: all keys were looked at
    """

    written: int = 0
    removed: int = 0
    skipped: tuple[str, ...] = ()
    strange: int = 0
    complete: bool = True


def facts_of(place: Place, version: str, sequence: int, fields: Mapping[Any, Any]) -> VersionFacts:
    """A version's facts from its manifest. Partitions that break the rules make it one without any, and say why."""
    try:
        return VersionFacts(place, version, sequence, read_partitions(fields))
    except InputError as wrong:
        return VersionFacts(place, version, sequence, problem=wrong.detail)


def index_version(driver: Driver, facts: VersionFacts) -> int:
    """Write a committed version's entries: one or two PUTs, whose number is returned. Can be done again.

    :raises InputError: its keys would break the rules: the version stands, only no query finds it
    """
    keys = keys_of(facts)
    for key in keys:
        driver.put(facts.place.bucket, key, b"")
    return len(keys)


def declared_by(versions: Iterable[VersionFacts]) -> DeclaredKeys | None:
    """What the first of these versions declares; ``None`` for no versions."""
    first = min(versions, key=lambda facts: facts.sequence, default=None)
    return DeclaredKeys.of(first.partitions) if first is not None else None


def rebuild_version_index(
    driver: Driver,
    place: Place,
    versions: Iterable[VersionFacts],
    read: ReadVersion,
    check: Callable[[], None] = lambda: None,
) -> IndexRebuilt:
    """Make the index what ``versions`` (all that are committed) say: missing entries are written, others removed.

    Entries of later versions stay if there is such a record: somebody has committed it meanwhile, record first. What is
    no entry is not touched.

    :param read: the facts in a version's record, now
    :param check: called before requests; may raise to stop
    """
    wanted: dict[str, int] = {}
    skipped: list[str] = []
    latest = 0
    for facts in versions:
        latest = max(latest, facts.sequence)
        try:
            wanted |= dict.fromkeys(keys_of(facts), facts.sequence)
        except InputError:
            skipped.append(facts.version)
    stale: list[str] = []
    strange = seen = later = 0
    complete = True
    check()
    for page in driver.list_pages(place.bucket, place.prefix + FOLDER, delimiter=""):
        for key in page.keys:
            if wanted.pop(key, None) is not None:
                continue
            entry = decode_key(key, place)
            if entry is None:
                strange += 1
            elif entry.sequence <= latest:
                stale.append(key)
            elif later < _MAX_LATER:
                later += 1
                if not _is_true(driver, place, key, entry, read):
                    stale.append(key)
        seen += len(page.keys)
        if seen >= MAX_KEYS_READ and page.next_token is not None:
            complete = False
            break
        check()

    def write(key: str) -> None:
        check()
        driver.put(place.bucket, key, b"")

    with ThreadPoolExecutor(_WRITERS, thread_name_prefix="version-index") as writers:
        list(writers.map(write, wanted))
    outcomes = driver.delete_many(place.bucket, stale) if stale else []
    removed = sum(not outcome.error for outcome in outcomes)
    return IndexRebuilt(len(wanted), removed, tuple(skipped), strange, complete)


def _is_true(driver: Driver, place: Place, key: str, entry: IndexEntry, read: ReadVersion) -> bool:
    facts = read(driver, place, entry.version)
    try:
        return facts is not None and key in keys_of(facts)
    except InputError:
        return False
