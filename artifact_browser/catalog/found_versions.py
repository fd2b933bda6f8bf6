"""Versions that fit what a person chose, each confirmed by its record: a page of them, with the requests it took.

The latest of exactly one set of partitions is asked as such: the name, one LIST, one record. Everything else is a page of
the index (at most :data:`~version_search.MAX_LISTS` LISTs) and the record of each of its rows; what no record confirms is
left out and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.index_keys import IndexEntry, VersionFacts, contains
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.name_registry import resolve_name
from artifact_browser.catalog.own_address import own_name
from artifact_browser.catalog.partitions import UNPARTITIONED, DeclaredKeys, Partitions, TimePartition, as_utc, floored
from artifact_browser.catalog.publishing import facts_in, read_alias_version
from artifact_browser.catalog.queries import LATEST, Ledger, Sources, latest, unknown_name, version_of
from artifact_browser.catalog.records import VersionRecord, read_sound_record
from artifact_browser.catalog.version_search import MAX_ROWS, Facets, Match, Search, facets, search
from artifact_browser.errors import InputError, ManifestUnreadable
from artifact_browser.storage.driver import Driver

#: Versions of one page: as many records are read for it.
PAGE = 50
_READERS = 8
#: Records that are read before a latest version of several sets is given up.
_MAX_TRIES = 5


class Which(StrEnum):
    ALL = "all"
    LATEST = "latest"
    LATEST_PER_PARTITION = "latest per partition"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose versions are looked for, and what can be chosen among them.

    :ivar name: where one is registered for the place
    """

    place: Place
    name: ArtifactName | None
    declared: DeclaredKeys | None
    facets: Facets
    requests: int

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of texts, the declared ones first."""
        own = self.declared.keys if self.declared else ()
        return (*own, *(key for key in self.facets.values if key not in own))

    @property
    def time_key(self) -> str:
        """The key of the time, empty where versions have none."""
        return (self.declared.time_key if self.declared else "") or next(iter(self.facets.times), "")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was chosen. ``exact``: no other partitions than these; ``since`` and ``until``: both inclusive, UTC."""

    which: Which = Which.ALL
    texts: tuple[tuple[str, str], ...] = ()
    exact: bool = False
    since: datetime | None = None
    until: datetime | None = None

    @property
    def search(self) -> Search:
        match = Match.EXACT if self.exact else Match.CONTAINS if self.texts else Match.ALL
        return Search(self.texts, match, self.since, self.until, self.which is not Which.ALL)

    def fits(self, partitions: Partitions) -> bool:
        """Whether a version with these partitions is meant."""
        if self.exact and partitions.values != tuple(sorted(self.texts)):
            return False
        if not contains(partitions, dict(self.texts)):
            return False
        if self.since is None and self.until is None:
            return not (self.exact and partitions.time)
        time = partitions.time
        return (
            time is not None
            and (self.since is None or time.value >= as_utc(self.since))
            and (self.until is None or time.value <= as_utc(self.until))
        )


@dataclass(frozen=True, slots=True)
class FoundVersion:
    """A version as its record tells it. ``flag``: how its partitions differ from the declared ones, else empty."""

    version: str
    sequence: int
    partitions: Partitions
    time_us: int = 0
    author: str = ""
    message: str = ""
    flag: str = ""


@dataclass(frozen=True, slots=True)
class FoundPage:
    """:ivar more: for the next page, empty at the end; :ivar untrue: rows that no record confirms, left out
    :ivar unread: versions whose partitions only their records know, not looked at; :ivar strange: keys of nobody's
    """

    rows: tuple[FoundVersion, ...]
    requests: int
    more: str = ""
    untrue: int = 0
    unread: int = 0
    strange: int = 0


def look_around(
    driver: Driver,
    bucket: str,
    name: ArtifactName | None,
    place: Place | None = None,
    check: Callable[[], None] = lambda: None,
) -> Scope:
    """What can be chosen of the artifact called ``name``, or of the one at ``place``: its name, and one LIST for each
    1,000 sets of partitions.

    :raises BlobNotFound: nobody took the name; :raises ManifestUnreadable:
    """
    declared, ledger = None, Ledger()
    if name is not None:
        ledger.requests += 1
        entry = resolve_name(driver, bucket, name)
        if entry is None:
            raise unknown_name(name, bucket)
        place, declared = entry.place, entry.declared
    elif place is not None:
        try:
            own = own_name(driver, place, ledger)
        except (InputError, ManifestUnreadable):
            own = None  # it has versions all the same
        if own is not None and own.entry is not None and own.entry.place == place:
            name, declared = own.name, own.entry.declared
    assert place is not None, "either a name or a place"
    check()
    found = facets(driver, place, check)
    return Scope(place, name, declared, found, ledger.requests + found.requests)


def find_versions(
    driver: Driver,
    bucket: str,
    name: ArtifactName | None,
    place: Place,
    wanted: Wanted,
    more: str = "",
    check: Callable[[], None] = lambda: None,
) -> FoundPage:
    """A page of versions. ``name`` (else ``place``) says whose; it is asked anew: one request.

    :raises BlobNotFound: nobody has the name any more; :raises InputError: ``more`` is of another search
    """
    finding = _Finding(driver, place, wanted, check=check)
    if name is not None:
        finding.ledger.requests += 1
        entry = resolve_name(driver, bucket, name)
        if entry is None:
            raise unknown_name(name, bucket)
        finding.place, finding.declared = entry.place, entry.declared
    if wanted.which is not Which.LATEST:
        return finding.page(more)
    if (exactly := _one_set(wanted, finding.declared)) is not None:
        return finding.latest_of(exactly)
    if wanted == Wanted(Which.LATEST):
        return finding.latest_of_all()
    return finding.latest_of_several()


def _one_set(wanted: Wanted, declared: DeclaredKeys | None) -> Partitions | None:
    """The one set of partitions that was chosen, ``None`` if several may fit."""
    if wanted.exact and wanted.since is None and wanted.until is None:
        return Partitions(wanted.texts)
    if declared is None or {key for key, _ in wanted.texts} != set(declared.keys):
        return None
    if not declared.time_key:
        return Partitions(wanted.texts) if wanted.since is None and wanted.until is None and wanted.texts else None
    if wanted.since is None or wanted.until is None:
        return None
    since, until = (floored(moment, declared.granularity) for moment in (wanted.since, wanted.until))
    if since != until or since < as_utc(wanted.since):
        return None
    return Partitions(wanted.texts, TimePartition(since, declared.granularity, declared.time_key))


@dataclass(slots=True)
class _Finding:
    """One question under way."""

    driver: Driver
    place: Place
    wanted: Wanted
    declared: DeclaredKeys | None = None
    check: Callable[[], None] = lambda: None
    ledger: Ledger = field(default_factory=Ledger)
    records: dict[str, VersionRecord] = field(default_factory=dict)

    def latest_of(self, partitions: Partitions) -> FoundPage:
        answer = latest(self.driver, self.place, partitions, Sources(self._facts), self.ledger)
        return self._single(answer.found)

    def latest_of_all(self) -> FoundPage:
        sources = Sources(self._facts, read_alias_version)
        return self._single(version_of(self.driver, self.place, LATEST, sources, self.ledger).found)

    def latest_of_several(self) -> FoundPage:
        """The latest of all sets that fit; ``more`` says that not all of them could be looked at."""
        found = search(self.driver, self.place, self.wanted.search, self.declared, MAX_ROWS, check=self.check)
        self.ledger.requests += found.requests
        rows = sorted(found.rows, key=lambda row: -row.sequence)[:_MAX_TRIES]
        for at, row in enumerate(rows):
            self.check()
            good = self._confirmed([row])
            if good:
                return FoundPage(good, self.ledger.requests, found.more, at, found.unread, found.strange)
        return FoundPage((), self.ledger.requests, found.more, len(rows), found.unread, found.strange)

    def page(self, more: str) -> FoundPage:
        found = search(self.driver, self.place, self.wanted.search, self.declared, PAGE, more, self.check)
        self.ledger.requests += found.requests
        self.check()
        rows = self._confirmed(found.rows)
        untrue = len(found.rows) - len(rows)
        return FoundPage(rows, self.ledger.requests, found.more, untrue, found.unread, found.strange)

    def _confirmed(self, rows: Iterable[IndexEntry]) -> tuple[FoundVersion, ...]:
        """Those whose records say the same as the index, several read at once."""
        listed = list(rows)
        self.ledger.requests += len(listed)

        def read(row: IndexEntry) -> VersionFacts | None:
            self.check()
            return self._facts(self.driver, self.place, row.version)

        with ThreadPoolExecutor(_READERS, thread_name_prefix="records") as readers:
            known = list(readers.map(read, listed))
        return tuple(
            self._row(facts)
            for row, facts in zip(listed, known, strict=True)
            if facts is not None and _says_the_same(row, facts) and self.wanted.fits(facts.partitions)
        )

    def _single(self, facts: VersionFacts | None) -> FoundPage:
        return FoundPage((self._row(facts),) if facts else (), self.ledger.requests)

    def _row(self, facts: VersionFacts) -> FoundVersion:
        record = self.records[facts.version]
        flag = self.declared.mismatch(facts.partitions) if self.declared else ""
        return FoundVersion(
            facts.version, facts.sequence, facts.partitions, record.time_us, record.author, record.message, flag
        )

    def _facts(self, driver: Driver, place: Place, version: str) -> VersionFacts | None:
        """As :func:`~publishing.read_facts`, and the record is kept for the row."""
        record = read_sound_record(driver, place, version)
        if record is None:
            return None
        self.records[version] = record
        return facts_in(place, record)


def _says_the_same(row: IndexEntry, facts: VersionFacts) -> bool:
    """A time's key is not in the index of times, and of many texts there is only a checksum."""
    if row.sequence != facts.sequence:
        return False
    said, time = row.partitions or UNPARTITIONED, row.time or (row.partitions.time if row.partitions else None)
    if row.partitions is not None and said.values != facts.partitions.values:
        return False
    own = facts.partitions.time
    if time is None:
        return row.partitions is None or own is None
    return own is not None and (own.value, own.granularity) == (time.value, time.granularity)
