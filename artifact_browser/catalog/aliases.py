"""Aliases: names that point to a version (``production``) and can be moved, each with its history.

``latest`` is an alias too, moved by commits only and never back. What it says is derived: the committed manifest is
the truth, and whoever commits next brings a late ``latest`` up to date.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from artifact_browser.catalog.json_blob import dump_object, parse_object, read_bytes, write_bytes
from artifact_browser.catalog.latest_facts import Told, told_fields, told_in
from artifact_browser.catalog.layout import DERIVED, Place
from artifact_browser.catalog.manifest import Pause, backoff_s
from artifact_browser.catalog.records import (
    MAX_AUTHOR,
    VersionRecord,
    check_label,
    clean,
    encoded_name,
    read_record,
    read_sound_record,
)
from artifact_browser.errors import (
    AliasConflict,
    BlobNotFound,
    CommitConflict,
    InputError,
    ManifestUnreadable,
    NotSupported,
    OutcomeUnknown,
    PreconditionFailed,
)
from artifact_browser.storage.driver import Driver, Support

LATEST = "latest"
#: How many moves an alias remembers.
MAX_HISTORY = 100
MAX_ALIASES = 200
_MAX_BYTES = 256 * 1024
_TRIES = 12
_READERS = 8


@dataclass(frozen=True, slots=True)
class Move:
    """Where an alias pointed to since ``at_us``, and who moved it there."""

    version: str
    by: str = ""
    at_us: int = 0


@dataclass(frozen=True, slots=True)
class Alias:
    """``before``: where it pointed to earlier, the latest first; ``etag``: of this state; ``told``: what ``latest`` says of
    its version.
    """

    name: str
    now: Move
    before: tuple[Move, ...] = ()
    etag: str = ""
    told: Told | None = None


def alias_key(place: Place, name: str) -> str:
    """Where an alias lies."""
    return f"{_folder(place)}{encoded_name(name)}.json"


def read_alias(driver: Driver, place: Place, name: str) -> Alias | None:
    """The alias, ``None`` where there is none. :raises ManifestUnreadable: it is damaged"""
    key = alias_key(place, name)
    found = read_bytes(driver, place.bucket, key, _MAX_BYTES)
    if found is None:
        return None
    body = parse_object(found.data, f"{place.bucket}/{key}")
    before = body.get("before")
    moves = [_move(one) for one in before[:MAX_HISTORY]] if isinstance(before, list) else []
    now = _move(body)
    if now is None:
        raise ManifestUnreadable("It points to no version.", subject=f"{place.bucket}/{key}")
    return Alias(name, now, tuple(move for move in moves if move is not None), found.etag, told_in(body, now.version))


def list_aliases(driver: Driver, place: Place) -> list[Alias]:
    """All aliases by name, damaged ones left out: one LIST and a GET each, at most :data:`MAX_ALIASES`."""
    folder = _folder(place)
    page = next(iter(driver.list_pages(place.bucket, folder, delimiter="")))
    names = [unquote(key[len(folder) :].removesuffix(".json")) for key in page.keys if key.endswith(".json")]
    names = [name for name in names if alias_key(place, name) in page.keys][:MAX_ALIASES]

    def read(name: str) -> Alias | None:
        try:
            return read_alias(driver, place, name)
        except ManifestUnreadable:
            return None

    with ThreadPoolExecutor(_READERS, thread_name_prefix="aliases") as readers:
        return [alias for alias in readers.map(read, names) if alias is not None]


def move_alias(
    driver: Driver,
    place: Place,
    name: str,
    version: str,
    by: str = "",
    expected: str | None = None,
    pause: Pause = time.sleep,
) -> Alias:
    """Let ``name`` point to ``version``.

    :param expected: where the person saw it point to ("" nowhere); else what is found is moved
    :raises InputError: a name that cannot be, or ``latest``; :raises BlobNotFound: there is no such version
    :raises AliasConflict: somebody else moved it meanwhile; it was left alone
    """
    check_label(name, "alias")
    if name == LATEST:
        raise InputError("\u201clatest\u201d is moved by commits only.", todo="Choose another name.")
    if read_record(driver, place, version) is None:
        raise BlobNotFound("There is no such version.", subject=version)
    for attempt in range(_TRIES):
        found = read_alias(driver, place, name)
        if expected is not None and expected != (found.now.version if found else ""):
            raise AliasConflict(
                f"The alias \u201c{name}\u201d was moved by somebody else meanwhile.",
                kept=f"It points to {found.now.version} now." if found else "It is gone.",
            )
        if found is not None and found.now.version == version:
            return found
        try:
            return _write(driver, place, name, found, Move(version, by, time.time_ns() // 1000), pause)
        except CommitConflict:
            pause(backoff_s(attempt))
    raise AliasConflict("Others kept moving this alias at the same time.", subject=name)


def delete_alias(driver: Driver, place: Place, name: str, expected: str, pause: Pause = time.sleep) -> bool:
    """Delete an alias with its history; its version stays. ``False``: it was gone already.

    Where the store does not honour a condition on DELETE (Ceph 16.2) it is compared right before.

    :param expected: where the person saw it point to
    :raises InputError: ``latest``, or a name that cannot be
    :raises AliasConflict: somebody else moved it meanwhile; it was left alone
    :raises ManifestUnreadable: it is damaged
    """
    check_label(name, "alias")
    if name == LATEST:
        raise InputError("\u201clatest\u201d belongs to the artifact: it cannot be deleted.")
    key = alias_key(place, name)
    conditional = driver.capabilities.conditional_delete is not Support.NO
    for attempt in range(_TRIES):
        found = read_alias(driver, place, name)
        if found is None:
            return attempt > 0  # it was this call's, whose answer was lost
        if found.now.version != expected:
            raise AliasConflict(
                f"The alias \u201c{name}\u201d was moved by somebody else meanwhile.",
                kept=f"It points to {found.now.version} now, and was not deleted.",
            )
        try:
            driver.delete(place.bucket, key, if_match=found.etag if conditional else "")
        except NotSupported:
            conditional = False  # then it is compared right before, as above
        except (PreconditionFailed, OutcomeUnknown):
            pause(backoff_s(attempt))
        else:
            return True
    raise AliasConflict("Others kept moving this alias at the same time.", subject=name)


def move_latest(
    driver: Driver,
    place: Place,
    record: VersionRecord,
    found: Alias | None,
    pause: Pause = time.sleep,
    named: str = "",
) -> None:
    """Let ``latest`` point to ``record``, unless it points to a later version already.

    :param found: as it was read before: saves a request where nobody moved it since
    :param named: the name that stands for this place by now (:func:`~latest_facts.name_token`)
    :raises CommitConflict: others kept moving it
    """
    told = Told(record.version, record.sequence, record.commit_id, record.content, named)
    for attempt in range(_TRIES):
        if attempt:
            found = _sound(driver, place)
        if found is not None and found.now.version == record.version:
            return
        if found is not None and found.now.version != record.parent:
            there = read_sound_record(driver, place, found.now.version)
            if there is not None and there.sequence >= record.sequence:
                return
        try:
            move = Move(record.version, record.author, record.time_us)
            # what another program committed is looked into again
            _write(driver, place, LATEST, found, move, pause, None if record.adopted else told)
        except CommitConflict:
            pause(backoff_s(attempt))
        else:
            return
    raise AliasConflict("Others kept moving \u201clatest\u201d at the same time.")


def read_latest(driver: Driver, place: Place) -> Alias | None:
    """``latest`` as it was written last; a damaged one is replaced by the next commit, and is told as pointing nowhere."""
    return _sound(driver, place)


def _sound(driver: Driver, place: Place) -> Alias | None:
    try:
        return read_alias(driver, place, LATEST)
    except ManifestUnreadable:
        return Alias(LATEST, Move(""), (), driver.head(place.bucket, alias_key(place, LATEST)).etag)


def _write(
    driver: Driver, place: Place, name: str, found: Alias | None, move: Move, pause: Pause, told: Told | None = None
) -> Alias:
    before = (found.now, *found.before)[:MAX_HISTORY] if found else ()
    body = {**_as_json(move), "before": [_as_json(one) for one in before if one.version], **told_fields(told)}
    write_bytes(driver, place.bucket, alias_key(place, name), dump_object(body), found.etag if found else "", pause)
    return Alias(name, move, before)


def _as_json(move: Move) -> dict[str, Any]:
    return {"version": move.version, "by": move.by, "at": move.at_us}


def _move(body: object) -> Move | None:
    if not isinstance(body, Mapping) or not isinstance(version := body.get("version"), str) or not version:
        return None
    try:
        check_label(version)
    except InputError:
        return None
    by, at = body.get("by"), body.get("at")
    return Move(
        version,
        clean(by, MAX_AUTHOR) if isinstance(by, str) else "",
        at if isinstance(at, int) and 0 <= at < 2**53 else 0,
    )


def _folder(place: Place) -> str:
    return f"{place.prefix}{DERIVED}/alias/"
