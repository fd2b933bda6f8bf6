"""Statistics of an artifact: every client keeps one small counter beside it, and readers sum them.

    <prefix>.artifact/stats/<client>.json          {schema, epoch, downloads, views, writes}: written by that client only
    <prefix>.artifact/stats-reset/<inverted number> one object for each reset, made once and never changed

A reset is a number, one higher than the one before: the *epoch*. A counter names the epoch it counts in, and only those
of the latest one are summed. So a reset needs nobody's counter and no clock: what was counted before it is summed no
more, and who counts behind it begins at zero. Two resets at once may share a number: both have happened then. Only a
count that is being written while a reset is made may fall on either side of it.

A download is worth the ``download_weight`` of its file in the committed manifest. As with Hypha, a file without one is
worth nothing: that is how it tells a model's weights from its licence.

Blocking; runs in workers. No Qt, no settings: who counts is told by the caller.
"""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource
from artifact_browser.catalog.counter_object import (
    MAX_COUNT,
    MAX_EPOCH,
    Body,
    epoch_number,
    number,
    read_object,
    update_object,
)
from artifact_browser.catalog.files import FILES_KEY
from artifact_browser.catalog.json_blob import CONTENT_TYPE
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import Pause, backoff_s
from artifact_browser.errors import InputError, LimitReached, NotSupported, OutcomeUnknown, PreconditionFailed
from artifact_browser.settings import Settings
from artifact_browser.storage.driver import Condition, Driver, Support, WriteOptions

STATS_FOLDER = ".artifact/stats/"
RESET_FOLDER = ".artifact/stats-reset/"
#: The setting that says who counts.
CLIENT_SETTING = "stats_client"
#: A file's weight, in an entry of the manifest's ``files``.
WEIGHT_KEY = "download_weight"
MAX_WEIGHT = 1e6
#: Counters that are read of one artifact; the sum of more is told as incomplete.
MAX_COUNTERS = 1_000
MAX_COUNTER_BYTES = 4096
_MAX_PAGES = 5
_READERS = 8
_RESET_TRIES = 8
_PLACES = 6
_SCHEMA = 1
_CLIENT = re.compile(r"[0-9a-f]{32}")
_RESET = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True)
class Counts:
    """Downloads by weight, and views. Never negative."""

    downloads: float = 0.0
    views: float = 0.0


@dataclass(frozen=True, slots=True)
class Counter:
    """What one client has counted since reset number ``epoch``."""

    epoch: int = 0
    counts: Counts = Counts()


@dataclass(frozen=True, slots=True)
class Statistics:
    """The sum of an artifact's counters.

    :ivar clients: how many were summed; :ivar skipped: objects that are no counters
    :ivar complete: ``False``: there are more than are read
    """

    counts: Counts = Counts()
    clients: int = 0
    skipped: int = 0
    complete: bool = True


# -- who counts -------------------------------------------------------------------------------------------------------
def new_client() -> str:
    """An id to count under: random, it tells nobody who counts."""
    return uuid.uuid4().hex


def remembered_client(settings: Settings) -> str:
    """This installation's id, made at its first use. :raises DiskError: it cannot be remembered"""
    found = settings.get(CLIENT_SETTING)
    if isinstance(found, str) and _CLIENT.fullmatch(found):
        return found
    made = new_client()
    settings.set(CLIENT_SETTING, made)
    return made


def may_count(record: AccountRecord) -> bool:
    """Whether an account counts at all: not read-only, and signed in (an anonymous one could not write)."""
    return not record.read_only and (record.kind is AccountKind.LOCAL or record.key_source is not KeySource.NONE)


def weights_of(fields: Mapping[Any, Any]) -> dict[str, float]:
    """What a download of each file is worth, by path; only what is worth something. The last entry of a path counts."""
    found: dict[str, float] = {}
    listed = fields.get(FILES_KEY)
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, Mapping) and isinstance(path := entry.get("path"), str):
            found[path] = min(number(entry.get(WEIGHT_KEY)) or 0.0, MAX_WEIGHT)
    return {path: weight for path, weight in found.items() if weight}


# -- counting ---------------------------------------------------------------------------------------------------------
def count(driver: Driver, place: Place, client: str, add: Counts, pause: Pause) -> Counter:
    """Add to this client's counter of the artifact at ``place``: three requests. Returns what it counts now.

    :raises InputError: ``client`` is no id; :raises AccessDenied: and what else a write may raise
    """
    epoch = current_epoch(driver, place)
    key = counter_key(place, client)

    def change(before: Body) -> Body:
        known = counter_of(before)
        base = known if known is not None and known.epoch >= epoch else Counter(epoch)
        return _body_of(Counter(base.epoch, _sum([base.counts, add])))

    made = counter_of(update_object(driver, place.bucket, key, change, MAX_COUNTER_BYTES, pause))
    assert made is not None
    return made


def counter_key(place: Place, client: str) -> str:
    """Where a client counts. :raises InputError: it is no client's id"""
    if not _CLIENT.fullmatch(client):
        raise InputError("A client counts under a random id of 32 hexadecimal digits.", subject=client[:64])
    return f"{place.prefix}{STATS_FOLDER}{client}.json"


def counter_of(body: Body) -> Counter | None:
    """A counter as it stands in a bucket; ``None``: it is none."""
    epoch = epoch_number(body.get("epoch"))
    downloads, views = number(body.get("downloads")), number(body.get("views"))
    if epoch is None or downloads is None or views is None:
        return None
    return Counter(epoch, Counts(downloads, views))


# -- reading ----------------------------------------------------------------------------------------------------------
def read_statistics(driver: Driver, place: Place, check: Callable[[], None] = lambda: None) -> Statistics:
    """Sum the counters of an artifact: two LISTs, and one GET for each client that ever counted (at most 1,000).

    :param check: called before requests; may raise to stop
    """
    clients, skipped, complete = _listed_counters(driver, place, check)

    def read(client: str) -> Counter | None:
        check()
        return counter_of(read_object(driver, place.bucket, counter_key(place, client), MAX_COUNTER_BYTES)[0])

    with ThreadPoolExecutor(_READERS, thread_name_prefix="counters") as readers:
        counters = list(readers.map(read, clients))
    check()
    epoch = current_epoch(driver, place)  # behind the counters: a reset meanwhile is heard
    sound = [counter for counter in counters if counter is not None and counter.epoch <= epoch]
    current = [counter.counts for counter in sound if counter.epoch == epoch]
    return Statistics(_sum(current), len(current), skipped + len(counters) - len(sound), complete)


def current_epoch(driver: Driver, place: Place) -> int:
    """The number of the latest reset; 0 before the first. One LIST: the latest sorts first."""
    prefix = place.prefix + RESET_FOLDER
    pages = driver.list_pages(place.bucket, prefix, delimiter="")
    for _, page in zip(range(_MAX_PAGES), pages, strict=False):
        for key in page.keys:
            name = key[len(prefix) :]
            if _RESET.fullmatch(name):
                return MAX_EPOCH - int(name)
    return 0


def reset_stats(driver: Driver, place: Place, pause: Pause) -> int:
    """Let everybody's counters of the artifact begin at zero; returns the new epoch.

    :raises LimitReached: it was reset too often (or somebody made it look so)
    """
    for attempt in range(_RESET_TRIES):
        epoch = current_epoch(driver, place) + 1
        if epoch > MAX_EPOCH:
            raise LimitReached("These statistics cannot be reset any more.", subject=f"{place.bucket}/{place.prefix}")
        key = f"{place.prefix}{RESET_FOLDER}{MAX_EPOCH - epoch:012d}"
        known = driver.conditional_writes(place.bucket).create is Support.YES
        try:
            driver.put(
                place.bucket, key, b"{}", WriteOptions(content_type=CONTENT_TYPE),
                Condition(if_absent=True) if known else None,
            )  # fmt: skip
            return epoch
        except PreconditionFailed:
            return epoch  # somebody else reset it just now: nothing from before counts any more
        except (OutcomeUnknown, NotSupported):
            if current_epoch(driver, place) >= epoch:
                return epoch
            pause(backoff_s(attempt))
    raise OutcomeUnknown("The store would not say whether the statistics were reset.", subject=place.prefix)


def _listed_counters(driver: Driver, place: Place, check: Callable[[], None]) -> tuple[list[str], int, bool]:
    """Clients with a counter, how many other objects there are, and whether all were seen."""
    prefix = place.prefix + STATS_FOLDER
    clients: list[str] = []
    skipped = 0
    pages = iter(driver.list_pages(place.bucket, prefix, delimiter=""))
    for _ in range(_MAX_PAGES):
        check()
        page = next(pages, None)
        if page is None:
            return clients, skipped, True
        for key, size_bytes in zip(page.keys, page.sizes, strict=True):
            client = key[len(prefix) :].removesuffix(".json")
            if key.endswith(".json") and _CLIENT.fullmatch(client) and size_bytes <= MAX_COUNTER_BYTES:
                if len(clients) == MAX_COUNTERS:
                    return clients, skipped, False
                clients.append(client)
            else:
                skipped += 1
        if page.next_token is None:
            return clients, skipped, True
    return clients, skipped, False


def _body_of(counter: Counter) -> Body:
    counts = counter.counts
    return {"schema": _SCHEMA, "epoch": counter.epoch, "downloads": counts.downloads, "views": counts.views}


def _sum(counted: Iterable[Counts]) -> Counts:
    listed = list(counted)
    return Counts(
        min(round(math.fsum(one.downloads for one in listed), _PLACES), MAX_COUNT),
        min(round(math.fsum(one.views for one in listed), _PLACES), MAX_COUNT),
    )
