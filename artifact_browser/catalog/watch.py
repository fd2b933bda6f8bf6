"""A watch: whose new versions are told, or downloaded into a folder, once each. Plain data.

Watches live in local settings only (:mod:`~catalog.watch_book`). Nothing that is read from a bucket becomes a part of
one: a bucket can choose neither the folder nor what is done.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum

from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.partitions import (
    MAX_KEYS,
    DeclaredKeys,
    Granularity,
    Partitions,
    check_key,
    check_value,
    of_values,
)
from artifact_browser.errors import InputError

#: Seconds between two looks.
DEFAULT_INTERVAL_S = 300
LEAST_INTERVAL_S = 30
MOST_INTERVAL_S = 7 * 86400
#: Versions that a watch remembers having told.
MAX_RECENT = 50


class Action(StrEnum):
    NOTIFY = "notify"
    DOWNLOAD = "download"


@dataclass(frozen=True, slots=True)
class Watch:
    """What a person wants to hear of.

    :ivar name: found through the bucket's names; without one it is the artifact at ``prefix``
    :ivar partitions: only versions that have these values, by key, a time as text; other keys may have any
    :ivar exact: they are all the keys its versions have: only the index is asked then
    :ivar declared: names the key of a time among them
    :ivar folder: where versions are downloaded to; :ivar interval_s: seconds between two looks
    :ivar from_now: begins with what is newest when it first looks; else that is told as well
    """

    id: str
    account_id: str
    bucket: str
    prefix: str = ""
    name: ArtifactName | None = None
    partitions: tuple[tuple[str, str], ...] = ()
    exact: bool = False
    declared: DeclaredKeys | None = None
    action: Action = Action.NOTIFY
    folder: str = ""
    interval_s: int = DEFAULT_INTERVAL_S
    enabled: bool = True
    from_now: bool = True

    @property
    def wanted(self) -> Partitions:
        """The partitions as a set. :raises InputError: a text where a time is declared"""
        return of_values(dict(self.partitions), self.declared)

    def fits(self, found: Partitions) -> bool:
        """Whether a version with the partitions ``found`` is meant."""
        return self.wanted == found if self.exact else dict(self.wanted.shown).items() <= found.shown.items()

    def same_target(self, other: Watch) -> bool:
        """Whether both look at the same versions."""
        names = ("account_id", "bucket", "prefix", "name", "partitions", "exact", "declared")
        return all(getattr(self, name) == getattr(other, name) for name in names)


def check_watch(watch: Watch) -> None:
    """Return if ``watch`` can be kept. :raises InputError:"""
    if not watch.id or not watch.account_id or not watch.bucket:
        raise InputError("A watch needs an artifact.")
    if not LEAST_INTERVAL_S <= watch.interval_s <= MOST_INTERVAL_S:
        raise InputError("A watch looks at most every 30 seconds, and at least once a week.")
    if watch.action is Action.DOWNLOAD and not watch.folder.strip():
        raise InputError("Choose the folder that new versions are downloaded into.")
    if len(watch.partitions) > MAX_KEYS + 1 or (watch.exact and not watch.partitions):
        raise InputError("These partitions cannot be watched.")
    for key, value in watch.partitions:
        check_key(key)
        check_value(key, value)
    _ = watch.wanted


def declared_as(keys: tuple[str, ...], time_key: str, granularity: Granularity) -> DeclaredKeys | None:
    """What tells a watch which of its keys is a time; ``None``: none is."""
    return DeclaredKeys(keys, time_key, granularity) if time_key else None


@dataclass(frozen=True, slots=True)
class Mark:
    """A version that was seen. ``stamp_us``: when its index entry was written, as the store says; 0: not asked."""

    sequence: int
    version: str
    commit: str = ""
    stamp_us: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """How far a watch has looked: what is not known by it is new. Never decided by a clock.

    :ivar begun: it has looked once
    :ivar floor: the newest version that counts as old; ``None``: there was none
    :ivar recent: versions above it that were told, the newest first
    :ivar era: how often the artifact was found to have been made anew
    :ivar state: names what was looked at last in the store: the same again, nothing new
    :ivar prefix: what the watch's name stands for, once it was found; ``None`` before
    """

    begun: bool = False
    floor: Mark | None = None
    recent: tuple[Mark, ...] = ()
    era: int = 0
    state: str = ""
    prefix: str | None = None

    @property
    def newest(self) -> Mark | None:
        """The newest version it knows."""
        return max((*self.recent, *((self.floor,) if self.floor else ())), key=lambda mark: mark.sequence, default=None)

    def with_told(self, marks: tuple[Mark, ...]) -> Seen:
        """As it is once ``marks`` were told. What is too old to be remembered by itself is below the floor then."""
        recent = tuple(sorted((*marks, *self.recent), key=lambda mark: -mark.sequence))
        floor = self.floor
        if len(recent) > MAX_RECENT:
            floor = recent[MAX_RECENT]
        return replace(self, recent=recent[:MAX_RECENT], floor=floor)


#: Of a watch that has never looked.
NOTHING_SEEN = Seen()


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version that a watch had not told of.

    :ivar partitions: by key, as people write them; :ivar time_us: when it was committed, as its record says
    """

    place: Place
    version: str
    sequence: int
    era: int = 0
    partitions: tuple[tuple[str, str], ...] = ()
    time_us: int = 0


def news_id(watch_id: str, found: NewVersion) -> str:
    """Names what is owed for one version, however often it is found: the download's job has this id, too."""
    text = f"{watch_id}\n{found.era}\n{found.sequence}\n{found.version}"
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look has found.

    :ivar news: the oldest first; :ivar note: what a person may want to know where there is nothing to look at
    :ivar more: there is more to tell: look again
    :ivar restarted: the artifact is another one than before, of the same name
    """

    seen: Seen
    requests: int
    news: tuple[NewVersion, ...] = ()
    note: str = ""
    more: bool = False
    restarted: bool = False
