"""Which place a name stands for: ``.artifacts/<project>/<domain>/<name>.json`` at the root of the bucket.

A blob ``{"prefix": ..., "declared": ...}``, created once and never written again: whoever takes a name first has it, and
the partitions of its first version are the declared ones. It points into its own bucket only.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from artifact_browser.catalog.artifact_name import ArtifactName, decoded, encoded
from artifact_browser.catalog.json_blob import CONTENT_TYPE, read_bytes
from artifact_browser.catalog.layout import Place, check_file_path
from artifact_browser.catalog.manifest import Pause, backoff_s
from artifact_browser.catalog.partitions import MAX_KEYS, DeclaredKeys, check_key, parse_granularity
from artifact_browser.errors import (
    AccessDenied,
    InputError,
    ManifestUnreadable,
    NotSupported,
    OutcomeUnknown,
    PreconditionFailed,
)
from artifact_browser.storage.driver import Condition, Driver, WriteOptions

FOLDER = ".artifacts/"
#: Beside the projects, and none: edges of lineage.
USAGE = "_usage"
_MAX_BYTES = 64 * 1024
_TRIES = 4


@dataclass(frozen=True, slots=True)
class NameEntry:
    """What a name stands for, and which partitions its versions are meant to have (``None``: nobody declared any)."""

    place: Place
    declared: DeclaredKeys | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """How it ended. ``entry`` is what stands there now; ``ours``: it points to the place that asked."""

    entry: NameEntry
    ours: bool


def name_key(name: ArtifactName) -> str:
    """Where a name's entry lies in its bucket."""
    return f"{FOLDER}{encoded(name.project)}/{encoded(name.domain)}/{encoded(name.name)}.json"


def resolve_name(driver: Driver, bucket: str, name: ArtifactName) -> NameEntry | None:
    """What ``name`` stands for in ``bucket``, ``None`` where nobody took it: one GET.

    :raises ManifestUnreadable: the entry is damaged, or points where no artifact can be
    """
    key = name_key(name)
    found = read_bytes(driver, bucket, key, _MAX_BYTES)
    return None if found is None else _decode(found.data, bucket, f"{bucket}/{key}")


@dataclass(frozen=True, slots=True)
class NamesBelow:
    """Projects, the domains of one, or the names in one. ``complete``: there are no more."""

    values: tuple[str, ...]
    complete: bool = True


def names_below(driver: Driver, bucket: str, *above: str) -> NamesBelow:
    """What is registered below no, one or two parts of a name (project, domain): one LIST of up to 1,000."""
    folder = FOLDER + "".join(f"{encoded(part)}/" for part in above)
    page = next(iter(driver.list_pages(bucket, folder, page_size=1000)))
    names = len(above) == 2
    end = ".json" if names else "/"
    found = [
        key[len(folder) :].removesuffix(end) for key in (page.keys if names else page.prefixes) if key.endswith(end)
    ]
    known = (text for part in found if (above or part != USAGE) and (text := decoded(part)))
    return NamesBelow(tuple(sorted(known)), page.next_token is None)


def register_name(
    driver: Driver, place: Place, name: ArtifactName, declared: DeclaredKeys | None = None, pause: Pause = time.sleep
) -> Registered:
    """Let ``name`` stand for ``place``, unless it stands for something already. Can be done again: one request for a name that
    is free, two for one that is taken.

    :raises InputError: the place cannot be pointed to; :raises ManifestUnreadable: what stands there is damaged
    :raises OutcomeUnknown: the store would not say, even when asked again
    """
    check_prefix(place.prefix)
    data = encode_entry(place, declared)
    options = WriteOptions(content_type=CONTENT_TYPE)
    for attempt in range(_TRIES):
        found = None
        try:
            driver.put(place.bucket, name_key(name), data, options, Condition(if_absent=True))
        except AccessDenied:  # who may not write there may find that nothing is to be written
            found = resolve_name(driver, place.bucket, name)
            if found is None:
                raise
        except NotSupported:
            found = resolve_name(driver, place.bucket, name)
            if found is None:
                driver.put(place.bucket, name_key(name), data, options)
        except (PreconditionFailed, OutcomeUnknown):
            found = resolve_name(driver, place.bucket, name)
            if found is None:
                if attempt + 1 == _TRIES:
                    raise
                pause(backoff_s(attempt))
                continue
        else:
            return Registered(NameEntry(place, declared), ours=True)
        found = found or resolve_name(driver, place.bucket, name)  # written without a condition: who was last?
        if found is not None:
            return Registered(found, found.place == place)
    raise OutcomeUnknown("The store does not show the name that was written.", subject=str(name))


def encode_entry(place: Place, declared: DeclaredKeys | None) -> bytes:
    """A name's entry as JSON."""
    body: dict[str, Any] = {"prefix": place.prefix}
    if declared is not None:
        time_key = {"key": declared.time_key, "granularity": declared.granularity.value} if declared.time_key else None
        body["declared"] = {"keys": list(declared.keys), "time": time_key}
    return (json.dumps(body, ensure_ascii=False) + "\n").encode()


def check_prefix(prefix: str) -> None:
    """Return if an artifact can lie at ``prefix``. :raises InputError:"""
    if prefix and not prefix.endswith("/"):
        raise InputError("A prefix ends with a slash.", subject=ascii(prefix[:200]))
    if prefix:
        check_file_path(prefix[:-1])


def _decode(data: bytes, bucket: str, subject: str) -> NameEntry:
    try:
        body = json.loads(data)
        prefix = body["prefix"]
        if not isinstance(prefix, str):
            raise TypeError
        check_prefix(prefix)
        return NameEntry(Place(bucket, prefix), _declared(body.get("declared")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InputError) as wrong:
        why = wrong.detail if isinstance(wrong, InputError) else "It is not what stands for a name."
        raise ManifestUnreadable(why, subject=subject) from None


def _declared(body: Any) -> DeclaredKeys | None:
    if body is None:
        return None
    keys, time_part = body["keys"], body.get("time")
    if not isinstance(keys, list) or len(keys) > MAX_KEYS or not all(isinstance(key, str) for key in keys):
        raise TypeError
    names = tuple(sorted(set(keys)))
    for key in names:
        check_key(key)
    if time_part is None:
        return DeclaredKeys(names)
    if not isinstance(time_part["key"], str):
        raise TypeError
    check_key(time_part["key"])
    return DeclaredKeys(names, time_part["key"], parse_granularity(time_part["granularity"]))
