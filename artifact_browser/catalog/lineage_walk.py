"""Lineage walked in both directions from a version: a bounded number of requests, which is told; cycles end.

Upstream one GET for each version (its record), downstream one LIST (its edges). What is upstream is what records say,
what is downstream is what edges say: everybody who may write to the bucket can claim a use.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.lineage import Declared, Parent, VersionRef, read_lineage
from artifact_browser.catalog.lineage_edges import MOST_USES, Uses, declared_in, list_uses
from artifact_browser.catalog.manifest import VERSION_KEY, read_manifest
from artifact_browser.catalog.records import read_sound_record
from artifact_browser.errors import BlobNotFound, InputError
from artifact_browser.storage.driver import Driver

MAX_DEPTH = 20
MAX_REQUESTS = 200
MAX_NODES = 2000


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found at one version.

    :ivar declared: what it was made from, ``None``: nobody looked (or ``missing``: there is no sound record)
    :ivar uses: who uses it, ``None``: nobody looked
    """

    declared: Declared | None = None
    uses: Uses | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a walk found.

    :ivar start: ``None``: what was walked from has no version (it is staged, or no record of it is there yet)
    :ivar declared: of the start
    :ivar looked: by version, what was found there
    :ivar links: ``(parent, user)``; a user is ``None`` where it is a start without a version
    :ivar stopped: why it ended before the wanted depth; empty: it did not
    """

    start: VersionRef | None
    declared: Declared
    looked: dict[VersionRef, Looked]
    links: tuple[tuple[Parent, VersionRef | None], ...]
    requests: int
    stopped: str = ""


@dataclass(slots=True)
class _Walk:
    driver: Driver
    bucket: str
    check: Callable[[], None]
    most_requests: int
    requests: int = 0
    stopped: str = ""
    looked: dict[VersionRef, Looked] = field(default_factory=dict)
    links: dict[tuple[Parent, VersionRef | None], None] = field(default_factory=dict)

    def may_ask(self) -> bool:
        if self.requests >= self.most_requests:
            self.stopped = f"It stopped after {self.requests:,} requests."
        elif len(self.links) >= MAX_NODES:
            self.stopped = f"It stopped after {len(self.links):,} links."
        self.check()
        return not self.stopped

    def up(self, first: Iterable[VersionRef], depth: int) -> None:
        """Records of ``first``, of their parents, and so on ``depth`` times."""
        ahead = deque((ref, depth) for ref in first)
        while ahead:
            ref, left = ahead.popleft()
            now = self.looked.get(ref, Looked())
            if left <= 0 or now.declared is not None or now.missing or not self.may_ask():
                continue
            self.requests += 1
            record = read_sound_record(self.driver, Place(self.bucket, ref.prefix), ref.version)
            declared = None if record is None else declared_in(record)
            self.looked[ref] = Looked(declared, now.uses, record is None)
            for parent in declared.parents if declared else ():
                self.links[parent, ref] = None
                if isinstance(parent, VersionRef):
                    ahead.append((parent, left - 1))

    def down(self, first: VersionRef, depth: int) -> None:
        """Uses of ``first``, of its users, and so on ``depth`` times."""
        ahead = deque([(first, depth)])
        while ahead:
            ref, left = ahead.popleft()
            now = self.looked.get(ref, Looked())
            if left <= 0 or now.uses is not None or not self.may_ask():
                continue
            most = min(MOST_USES, MAX_NODES - len(self.links))
            uses = list_uses(self.driver, self.bucket, ref, most, self.check)
            self.requests += uses.requests
            self.looked[ref] = Looked(now.declared, uses, now.missing)
            for user in uses.users:
                self.links[ref, user] = None
                ahead.append((user, left - 1))


def walk(
    driver: Driver,
    place: Place,
    version: str = "",
    *,
    stage: bool = False,
    up: int = 1,
    down: int = 1,
    most_requests: int = MAX_REQUESTS,
    check: Callable[[], None] = lambda: None,
) -> Lineage:
    """What a version was made from, ``up`` steps, and what was made from it, ``down`` steps.

    :param version: empty: the committed one; :param stage: what is staged, which nothing uses yet
    :param most_requests: a walk that would need more ends there and says so (one LIST may turn pages beyond it)
    :raises BlobNotFound: there is no such version, or nothing is committed or staged
    :raises InputError: a depth out of range; :raises ManifestUnreadable:
    """
    if not (0 <= up <= MAX_DEPTH and 0 <= down <= MAX_DEPTH):
        raise InputError(f"A depth is a number from 0 to {MAX_DEPTH}.")
    steps = _Walk(driver, place.bucket, check, most_requests)
    start, declared = _start(steps, place, version, stage=stage)
    for parent in declared.parents if up else ():
        steps.links[parent, start] = None
    if start is not None:
        steps.looked[start] = Looked(declared)
    steps.up((parent for parent in declared.parents if isinstance(parent, VersionRef)), up - 1)
    if start is not None:
        steps.down(start, down)
    return Lineage(start, declared, steps.looked, tuple(steps.links), steps.requests, steps.stopped)


def _start(steps: _Walk, place: Place, version: str, *, stage: bool) -> tuple[VersionRef | None, Declared]:
    fields = None
    if stage or not version:
        steps.requests += 1
        found = read_manifest(steps.driver, place.bucket, place.staged_key if stage else place.committed_key)
        if found is None:
            words = "Nothing is staged here." if stage else "Nothing is committed here."
            raise BlobNotFound(words, subject=f"{place.bucket}/{place.prefix}")
        fields, said = found.fields, found.fields.get(VERSION_KEY)
        if stage or not isinstance(said, str) or not said:
            return None, read_lineage(fields)
        version = said
    steps.requests += 1
    record = read_sound_record(steps.driver, place, version)
    if record is None and fields is None:
        raise BlobNotFound("There is no such version.", subject=version)
    try:
        start = VersionRef(place.prefix, version)
    except InputError:
        start = None
    declared = read_lineage(fields) if fields is not None else declared_in(record) if record else Declared()
    return start, declared
