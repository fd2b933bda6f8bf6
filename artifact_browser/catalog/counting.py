"""Which artifacts downloaded blobs belong to, and counting them there.

A transfer knows keys. The artifact of a key is the innermost folder above it with a committed manifest that lists the file;
folders are asked for their manifest, each once, from the one all keys share: first upwards to the nearest manifest, then,
if that is no artifact, downwards where the keys are. Blocking; runs in workers.
"""

from __future__ import annotations

import logging
import os
from collections import Counter as Tally
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from artifact_browser.catalog.child_counts import repeat_counters
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import Manifest, Pause, read_manifest
from artifact_browser.catalog.stats import Counter, Counts, count, reset_stats, weights_of
from artifact_browser.errors import (
    AccessDenied,
    ArtifactBrowserError,
    BlobNotFound,
    JobCancelled,
    ManifestUnreadable,
    NetworkError,
    ReadOnlyAccount,
)
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import DELIMITER

#: Folders that are asked for a manifest, for the downloads of one count.
MAX_LOOKUPS = 200
#: Artifacts that are written to by one count.
MAX_ARTIFACTS = 500
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of a count: the prefixes that were counted in, and those that refused it (never asked again)."""

    counted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(slots=True)
class Found:
    """The artifacts that blobs belong to, by prefix: what their downloads are worth there."""

    worth: dict[str, float] = field(default_factory=dict)
    lookups: int = 0


def count_downloads(
    driver: Driver,
    bucket: str,
    keys: Iterable[str],
    client: str,
    refused: Collection[str],
    pause: Pause,
    check: Callable[[], None] = lambda: None,
) -> Counted:
    """Count finished downloads of ``keys`` (one as often as it was downloaded) in the artifacts they belong to.

    :param refused: prefixes that are left alone: their store said no before
    :raises JobCancelled: nothing else; what cannot be counted is logged
    """
    try:
        found = find_artifacts(driver, bucket, Tally(keys), check)
    except JobCancelled:
        raise
    except ArtifactBrowserError as error:
        _log.info("downloads are not counted: %s", error.title)
        return Counted()
    adds = {
        Place(bucket, prefix): Counts(downloads=worth) for prefix, worth in list(found.worth.items())[:MAX_ARTIFACTS]
    }
    return count_all(driver, adds, client, refused, pause, check)


def count_all(
    driver: Driver,
    adds: Mapping[Place, Counts],
    client: str,
    refused: Collection[str],
    pause: Pause,
    check: Callable[[], None] = lambda: None,
) -> Counted:
    """Add to the counters of artifacts, one write each, and repeat them in their collections, one write each.

    :raises JobCancelled: nothing else; a write that is refused is logged, and told in the result
    """
    counters: dict[Place, Counter] = {}
    denied: list[str] = []
    for place, add in adds.items():
        check()
        if place.prefix in refused:
            continue
        try:
            counters[place] = count(driver, place, client, add, pause)
        except JobCancelled:
            raise
        except (AccessDenied, ReadOnlyAccount):
            _log.info("downloads are not counted in %s/%s: not allowed", place.bucket, place.prefix)
            denied.append(place.prefix)
        except ArtifactBrowserError as error:
            _log.info("a download was not counted in %s/%s: %s", place.bucket, place.prefix, error.title)
            if isinstance(error, NetworkError):
                break
    denied += _repeat(driver, counters, client, refused, pause, check)
    return Counted(tuple(place.prefix for place in counters), tuple(denied))


def reset(driver: Driver, place: Place, client: str, pause: Pause) -> int:
    """Reset an artifact's statistics (:func:`~artifact_browser.catalog.stats.reset_stats`), its collection's gallery included.

    :raises LimitReached: :raises AccessDenied: and what else a write may raise
    """
    epoch = reset_stats(driver, place, pause)
    _repeat(driver, {place: Counter(epoch)}, client, (), pause, lambda: None)
    return epoch


def find_artifacts(
    driver: Driver, bucket: str, keys: Mapping[str, int], check: Callable[[], None] = lambda: None
) -> Found:
    """The artifacts with a weight for some of ``keys``; at most :data:`MAX_LOOKUPS` requests."""
    found = Found()
    known: dict[str, Manifest | None] = {}

    def manifest_at(prefix: str) -> Manifest | None:
        if prefix not in known:
            check()
            found.lookups += 1
            known[prefix] = _committed(driver, Place(bucket, prefix))
        return known[prefix]

    def take(prefix: str, manifest: Manifest, below: Iterable[str]) -> None:
        weights = weights_of(manifest.fields)
        worth = sum(weights.get(key[len(prefix) :], 0.0) * keys[key] for key in below)
        if worth > 0:
            found.worth[prefix] = found.worth.get(prefix, 0.0) + worth

    top = _shared_folder(keys)
    nearest: Manifest | None = None
    above: str | None = top
    while above is not None and nearest is None and found.lookups < MAX_LOOKUPS:
        nearest = manifest_at(above)
        if nearest is not None and not nearest.is_collection:
            take(above, nearest, keys)
            return found
        above = Place(bucket, above).parent.prefix if above else None  # type: ignore[union-attr]  # it has a parent
    waiting = _children(top, keys)  # breadth first: with too many folders, the uppermost are asked
    for folder, below in waiting:
        if found.lookups >= MAX_LOOKUPS:
            _log.info("downloads below more than %d folders are not looked up", MAX_LOOKUPS)
            break
        manifest = manifest_at(folder)
        if manifest is not None and not manifest.is_collection:
            take(folder, manifest, below)
        else:
            waiting += _children(folder, below)
    return found


def _repeat(
    driver: Driver,
    counters: Mapping[Place, Counter],
    client: str,
    refused: Collection[str],
    pause: Pause,
    check: Callable[[], None],
) -> list[str]:
    """Repeat counters at the collections above; those that refuse it."""
    above: dict[Place, dict[str, Counter]] = {}
    for place, counter in counters.items():
        if place.parent is not None and place.parent.prefix not in refused:
            above.setdefault(place.parent, {})[place.name] = counter
    denied = []
    for collection, children in above.items():
        check()
        try:
            driver.head(collection.bucket, collection.committed_key)
            repeat_counters(driver, collection, client, children, pause)
        except JobCancelled:
            raise
        except BlobNotFound:
            continue  # no collection
        except (AccessDenied, ReadOnlyAccount):
            _log.info("counts are not repeated in %s/%s: not allowed", collection.bucket, collection.prefix)
            denied.append(collection.prefix)
        except ArtifactBrowserError as error:
            _log.info("counts are not repeated in %s/%s: %s", collection.bucket, collection.prefix, error.title)
    return denied


def _committed(driver: Driver, place: Place) -> Manifest | None:
    try:
        return read_manifest(driver, place.bucket, place.committed_key)
    except (ManifestUnreadable, AccessDenied):
        return None


def _shared_folder(keys: Iterable[str]) -> str:
    shared = os.path.commonprefix(list(keys))  # noqa: RUF071 - keys are strings, not paths
    return shared[: shared.rfind(DELIMITER) + 1]


def _children(folder: str, keys: Iterable[str]) -> list[tuple[str, list[str]]]:
    """The folders directly below ``folder`` that hold some of ``keys``, each with those."""
    found: dict[str, list[str]] = {}
    for key in keys:
        name, slash, _ = key[len(folder) :].partition(DELIMITER)
        if slash:
            found.setdefault(f"{folder}{name}{DELIMITER}", []).append(key)
    return list(found.items())
