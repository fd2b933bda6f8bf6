"""What was found out about each endpoint, kept in one small file so that it is asked only once.

Facts are proven by probes or by answers, never guessed from a server's name (design decision 10); AWS itself is known.
How bodies and keys are taken belongs to the endpoint; which conditions are honoured belongs to the account there (it is
asked with that account's consent), and there to buckets of a kind: Ceph 16.2 honours them, but not where versions are on
(measured: ``If-None-Match: *`` is ignored there). A bucket that answers otherwise has an answer of its own. The file is shared by all processes of one
home: it is read again when it changed, so that two processes that learn different things both keep theirs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from artifact_browser.storage.driver import Support, Versioning
from artifact_browser.storage.drivers.s3.endpoints_file import BetweenProcesses, load, part, save, stamp

#: looking at the file took as long as the head of a request, several times for each
_LOOK_S = 0.02
#: how long a bucket counts as one with versions, or without
_KIND_S = 300.0
_MAX_SERVER = 80
_MAX_LEFT = 100
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Facts:
    """One account's proven ways at one endpoint.

    :ivar checksum: it checks ``x-amz-checksum-crc32c`` and says so
    :ivar named_checksum: it was seen to refuse a wrong one whose algorithm is named beside it, as AWS's own clients do. Ceph 20.2
    looks at no other; moto says yes to any
    :ivar raw_plus: a ``+`` in a listed key stands for itself (``yes``) or for a space (``no``)
    :ivar asked_us: when conditions were tried; 0: never. :ivar server: what it called itself. :ivar bucket: and where
    """

    conditional_create: Support = Support.UNKNOWN
    conditional_replace: Support = Support.UNKNOWN
    conditional_delete: Support = Support.UNKNOWN
    conditional_copy: Support = Support.UNKNOWN
    conditional_copy_create: Support = Support.UNKNOWN
    conditional_complete: Support = Support.UNKNOWN
    etag_quoted: bool = True
    checksum: Support = Support.UNKNOWN
    named_checksum: Support = Support.UNKNOWN
    raw_plus: Support = Support.UNKNOWN
    asked_us: int = 0
    server: str = ""
    bucket: str = ""


_OF_ENDPOINT = ("checksum", "named_checksum", "raw_plus")
_KINDS = tuple(one.name for one in fields(Facts) if one.name.startswith("conditional_"))
_PLAIN, _VERSIONED = "conditions", "versioned"


class Remembered:
    """The facts of one account's endpoint. Any thread; a file that cannot be read or written costs a probe, never an error.

    :param known: it is AWS: every condition is honoured, and nothing is asked
    """

    def __init__(self, file: Path, endpoint: str, account: str = "", *, known: bool = False) -> None:
        self.file = file
        self.known = known
        self._endpoint, self._account = endpoint, account
        self._seen: tuple[int, int] | None = None
        self._looked_at = float("-inf")
        #: this account may not write what a probe writes: not asked again in this process
        self.refused = False
        self._facts: dict[str, Facts] = {}
        self._versioned = Facts()
        self._kinds: dict[str, tuple[bool, float]] = {}
        self._states: dict[str, tuple[Versioning, float]] = {}
        self._take({})

    def facts(self, bucket: str = "") -> Facts:
        """What is known now (of ``bucket``), other processes' discoveries included (a moment later)."""
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_S:
            self._looked_at = now
            with _lock:
                seen = stamp(self.file)
                if seen != self._seen:
                    self._take(load(self.file))
                    self._seen = seen
        if (own := self._facts.get(bucket)) is not None:
            return own
        return self._versioned if self._is_versioned(bucket) else self._facts[""]

    # -- buckets with versions ----------------------------------------------------------------------------------
    def wants_kind_of(self, bucket: str) -> bool:
        """Whether it must be found out first if ``bucket`` has its versions on: something is known of either kind."""
        if self.known or not bucket:
            return False
        self.facts()
        asked = self._facts[""].asked_us or self._versioned.asked_us
        return bool(asked) and time.monotonic() - self._kinds.get(bucket, (False, float("-inf")))[1] > _KIND_S

    def note_kind(self, bucket: str, versioned: bool) -> None:
        """The versions of ``bucket`` are on, or are not."""
        self._kinds[bucket] = versioned, time.monotonic()
        if versioned and self._states.get(bucket, (Versioning.ON, 0.0))[0] is not Versioning.ON:
            del self._states[bucket]

    def note_state(self, bucket: str, state: Versioning) -> None:
        """What ``bucket`` answered when it was asked for its versioning."""
        self._states[bucket] = state, time.monotonic()

    def state_of(self, bucket: str) -> Versioning | None:
        """What :meth:`note_state` was told in the last minutes."""
        state, at = self._states.get(bucket, (None, float("-inf")))
        return state if time.monotonic() - at <= _KIND_S else None

    def _is_versioned(self, bucket: str) -> bool:
        return self._kinds.get(bucket, (False, 0.0))[0]

    def learn(self, **changes: Any) -> Facts:
        """Add facts that hold in every bucket; returns all that is known."""
        before = self.facts()
        if replace(before, **changes) == before:
            return before
        of_endpoint = {name: value for name, value in changes.items() if name in _OF_ENDPOINT}
        of_account = {name: value for name, value in changes.items() if name not in _OF_ENDPOINT}

        def change(table: dict[str, Any]) -> None:
            part(table, "endpoints", self._endpoint).update(of_endpoint)
            if of_account:
                part(self._mine(table), _PLAIN).update(of_account)

        self._change(change)
        return self.facts()

    def settle(self, bucket: str, found: dict[str, Any], server: str, asked_us: int) -> Facts:
        """Remember what a probe in ``bucket`` has found: for all buckets of its kind, unless another one answers otherwise."""
        slot = _VERSIONED if self._is_versioned(bucket) else _PLAIN
        entry = {**found, "server": _plain(server), "asked_us": asked_us, "bucket": bucket}

        def change(table: dict[str, Any]) -> None:
            mine = self._mine(table)
            wide, differing = _decode(part(mine, slot)), part(mine, "buckets")
            same = all(getattr(wide, name) == found.get(name, getattr(wide, name)) for name in _KINDS)
            differing.pop(bucket, None)
            if not wide.asked_us or wide.bucket == bucket:
                mine[slot] = entry
            elif not same:
                differing[bucket] = entry

        self._change(change)
        return self.facts(bucket)

    # -- what a check leaves behind when it is killed ------------------------------------------------------------
    def left(self, bucket: str) -> list[str]:
        """Keys in ``bucket`` that an earlier check meant to remove."""
        entries = self._mine(load(self.file)).get("left")
        pairs = [one for one in entries if isinstance(one, list) and len(one) == 2] if isinstance(entries, list) else []
        return [key for where, key in pairs if where == bucket and isinstance(key, str)]

    def leave(self, bucket: str, key: str) -> None:
        """A check is about to write ``key``."""
        self._left(lambda left: [*left, [bucket, key]][-_MAX_LEFT:])

    def removed(self, bucket: str, key: str) -> None:
        """Nothing of ``key`` is there any more."""
        self._left(lambda left: [one for one in left if one != [bucket, key]])

    def _left(self, change: Callable[[list[Any]], list[Any]]) -> None:
        def changed(table: dict[str, Any]) -> None:
            mine = self._mine(table)
            before = mine.get("left")
            mine["left"] = change(before if isinstance(before, list) else [])

        self._change(changed)

    # -- inside -------------------------------------------------------------------------------------------------
    def _mine(self, table: dict[str, Any]) -> dict[str, Any]:
        return part(table, "accounts", self._account, self._endpoint)

    def _change(self, change: Callable[[dict[str, Any]], None]) -> None:
        with _lock, BetweenProcesses(self.file):
            table = load(self.file)
            change(table)
            with suppress(OSError):
                save(self.file, table)
            self._take(table)
            self._seen = stamp(self.file)

    def _take(self, table: dict[str, Any]) -> None:
        ways = _decode(part(table, "endpoints", self._endpoint))
        mine = self._mine(table)

        def whole(entry: object) -> Facts:
            facts = _KNOWN if self.known else _decode(entry)
            return replace(facts, **{name: getattr(ways, name) for name in _OF_ENDPOINT})

        self._facts = {name: whole(entry) for name, entry in {"": part(mine, _PLAIN), **part(mine, "buckets")}.items()}
        self._versioned = whole(part(mine, _VERSIONED))


_KNOWN = Facts(**dict.fromkeys(_KINDS, Support.YES))  # type: ignore[arg-type]


def _plain(text: str) -> str:
    """What a server calls itself, as it may be shown."""
    return "".join(letter for letter in text if letter.isprintable())[:_MAX_SERVER].strip()


def _decode(entry: object) -> Facts:
    """Facts from the file; what is not understood is unknown."""
    if not isinstance(entry, dict):
        return Facts()
    asked_us = entry.get("asked_us")
    known: dict[str, Any] = {
        "etag_quoted": entry.get("etag_quoted") is not False,
        "asked_us": asked_us if type(asked_us) is int and 0 <= asked_us < 2**62 else 0,
    }
    for name in (*_KINDS, *_OF_ENDPOINT):
        if entry.get(name) in {"yes", "no"}:
            known[name] = Support(entry[name])
    for name in ("server", "bucket"):
        if isinstance(entry.get(name), str):
            known[name] = _plain(entry[name])
    return Facts(**known)
