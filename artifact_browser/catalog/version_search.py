"""Many versions of an artifact at once, from its index: by partitions, in a range of time, the latest of each set.

The index is derived and anybody may write to a bucket: keys that are nobody's entry are passed over and counted, what
is listed is limited, and every answer says how many requests it took. Rows are what keys say; whoever shows one in
full reads its record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice

from artifact_browser.catalog.artifact_uri import ArtifactUri
from artifact_browser.catalog.index_keys import (
    BEHIND,
    BY_PARTITIONS,
    BY_TIME,
    IndexEntry,
    contains,
    decode_key,
    decode_partitions,
    partitions_folder,
    stamp,
)
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.partitions import DeclaredKeys, Partitions, as_utc, floored, parse_time, time_span
from artifact_browser.errors import InputError
from artifact_browser.storage.driver import Driver

_PAGE_KEYS = 1000
#: LISTs behind one answer.
MAX_LISTS = 20
MAX_ROWS = 10_000


class Match(StrEnum):
    ALL = "all"
    #: exactly the given texts (none given: only versions without any); a range of time, if any, is asked beside them
    EXACT = "exact"
    #: the given texts, and maybe others
    CONTAINS = "contains"


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. ``since`` and ``until`` (both inclusive, UTC) look at versions with a time only.

    :ivar latest_per_partition: of versions with the same partitions only the latest
    """

    texts: tuple[tuple[str, str], ...] = ()
    match: Match = Match.ALL
    since: datetime | None = None
    until: datetime | None = None
    latest_per_partition: bool = False

    @property
    def by_time(self) -> bool:
        return self.since is not None or self.until is not None


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of versions in the order of the index: by time where a range was asked, else by partitions, the latest first.

    :ivar more: give it to the next call; empty at the end
    :ivar strange: keys that are nobody's entry; :ivar unread: entries whose partitions only their records know
    """

    rows: tuple[IndexEntry, ...]
    requests: int
    more: str = ""
    strange: int = 0
    unread: int = 0


def search(
    driver: Driver,
    place: Place,
    wanted: Search,
    declared: DeclaredKeys | None = None,
    limit: int = _PAGE_KEYS,
    more: str = "",
    check: Callable[[], None] = lambda: None,
) -> Rows:
    """A page of the versions that fit, from at most :data:`MAX_LISTS` LISTs and no records.

    :param declared: names the key of a time; :param more: as the page before gave it
    :param check: called before requests; may raise to stop
    :raises InputError: ``more`` is of another search, or a limit below one
    """
    if limit < 1:
        raise InputError("A page has at least one row.")
    found = _Found(place, wanted, declared, min(limit, MAX_ROWS))
    area = place.prefix + (BY_TIME if wanted.by_time else BY_PARTITIONS)
    if not wanted.by_time and wanted.match is Match.EXACT:
        area = partitions_folder(place, Partitions(wanted.texts))
    if more and not more.startswith(area):
        raise InputError("This is not the next page of this search.", subject=ascii(more[:200]))
    after = more or (area + stamp(as_utc(wanted.since)) if wanted.since else area)
    while found.lists < MAX_LISTS and after.startswith(area):
        check()
        found.lists += 1
        page = next(iter(driver.list_pages(place.bucket, area, delimiter="", start_after=after, page_size=_PAGE_KEYS)))
        for key in page.keys:
            if not found.take(key):
                return found.page("")
            after = key
            if len(found.rows) == found.limit:
                after = found.behind(after)
                return found.page(after if after.startswith(area) else "")
        if page.next_token is None or not page.keys:
            return found.page("")
        after = found.behind(after)
    return found.page(after if after.startswith(area) else "")


@dataclass(slots=True)
class _Found:
    """The page of a search as it fills."""

    place: Place
    wanted: Search
    declared: DeclaredKeys | None
    limit: int
    rows: list[IndexEntry] = field(default_factory=list)
    lists: int = 0
    strange: int = 0
    unread: int = 0
    #: the folder whose latest version is taken already
    done: str = ""

    def take(self, key: str) -> bool:
        """Look at one key; ``False`` where no later one can fit."""
        folder = key[: key.rfind("/") + 1]
        if folder == self.done:
            return True
        entry = decode_key(key, self.place, self.declared)
        if entry is None:
            self.strange += 1
            return True
        time = entry.time or (entry.partitions.time if entry.partitions else None)
        if self.wanted.until is not None and time is not None and time.value > as_utc(self.wanted.until):
            return False
        if self.wanted.since is not None and time is not None and time.value < as_utc(self.wanted.since):
            return True
        if entry.partitions is None and self.wanted.match is not Match.ALL and not self._is_exact(key):
            self.unread += 1
        elif self._fits(entry, key):
            self.rows.append(entry)
        else:
            return True
        if self.wanted.latest_per_partition:
            self.done = folder
        return True

    def _fits(self, entry: IndexEntry, key: str) -> bool:
        match self.wanted.match:
            case Match.ALL:
                return True
            case Match.EXACT:
                return self._is_exact(key)
            case Match.CONTAINS:
                return entry.partitions is not None and contains(entry.partitions, dict(self.wanted.texts))

    def _is_exact(self, key: str) -> bool:
        """By the component that the texts would have; of many texts that is a checksum on both sides."""
        if self.wanted.match is not Match.EXACT:
            return False
        folder = partitions_folder(self.place, Partitions(self.wanted.texts))
        return key.split("/")[-2] == folder.split("/")[-2]

    def behind(self, after: str) -> str:
        """Where to go on: behind the whole folder if its latest version is taken."""
        return self.done[:-1] + BEHIND if self.done and after.startswith(self.done) else after

    def page(self, more: str) -> Rows:
        return Rows(tuple(self.rows), self.lists, more, self.strange, self.unread)


@dataclass(frozen=True, slots=True)
class Facets:
    """Which partitions there are: for each key its values, with the number of sets of partitions that have it.

    :ivar times: times by key, in order; :ivar sets: different sets of partitions
    :ivar hidden: sets of which the index holds only the checksum; :ivar complete: all were looked at
    """

    values: dict[str, dict[str, int]]
    times: dict[str, tuple[str, ...]]
    sets: int
    requests: int
    hidden: int = 0
    complete: bool = True


def facets(driver: Driver, place: Place, check: Callable[[], None] = lambda: None) -> Facets:
    """The partitions of all versions: one LIST for each 1,000 sets of them, however many versions they have."""
    counts: dict[str, Counter[str]] = {}
    times: dict[str, set[str]] = {}
    sets = hidden = lists = 0
    complete = True
    area = place.prefix + BY_PARTITIONS
    check()
    for page in islice(driver.list_pages(place.bucket, area, page_size=_PAGE_KEYS), MAX_LISTS):
        lists += 1
        for prefix in page.prefixes:
            try:
                partitions = decode_partitions(prefix[len(area) : -1])
            except InputError:
                continue
            sets += 1
            if partitions is None:
                hidden += 1
                continue
            for key, value in partitions.values:
                counts.setdefault(key, Counter())[value] += 1
            if time := partitions.time:
                times.setdefault(time.key, set()).add(time.text)
        complete = page.next_token is None
        check()
    values = {key: dict(sorted(counter.items())) for key, counter in sorted(counts.items())}
    return Facets(values, {key: tuple(sorted(texts)) for key, texts in times.items()}, sets, lists, hidden, complete)


def search_of(uri: ArtifactUri, declared: DeclaredKeys | None = None) -> Search:
    """What an address with partitions looks for: versions that contain them. A time may be a range, of which both ends are
    meant wholly: ``date=2026-08..2026-09``.

    :raises InputError: a range of what is no time, or of nothing
    """
    texts: list[tuple[str, str]] = []
    since = until = None
    for key, value in uri.partitions:
        if declared is None or key != declared.time_key:
            texts.append((key, value))
            continue
        start, dots, end = value.partition("..")
        since = floored(parse_time(start), declared.granularity) if start else None
        until = floored(time_span(end)[1], declared.granularity) if end else (None if dots else since)
        if (since is None and until is None) or (since and until and until < since):
            raise InputError("A range of time has a beginning before its end.", subject=value[:80])
    return Search(tuple(texts), Match.CONTAINS if texts else Match.ALL, since, until)
