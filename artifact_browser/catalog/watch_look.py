"""One look of a watch: what is new, with one request where nothing is, and two where one version is.

* versions of exactly these partitions: one LIST of the index, and the record of each new version
* others: one GET of the committed manifest, and where it changed the records from its version down to a known one

Nothing is decided by a clock. A watch knows the versions it has told and a floor below them. An artifact that was
deleted and made anew counts from 1 again, maybe under the same names: it is noticed by commit ids, and where only the
index was read by entries that are gone or were written again, which has one record read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

from artifact_browser.catalog.head import find_head
from artifact_browser.catalog.index_keys import IndexEntry, decode_key, partitions_folder
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import Manifest, read_if_changed
from artifact_browser.catalog.name_registry import resolve_name
from artifact_browser.catalog.records import VersionRecord, read_sound_record
from artifact_browser.catalog.version_index import facts_of
from artifact_browser.catalog.versions import fields_of, unrecorded
from artifact_browser.catalog.watch import Looked, Mark, NewVersion, Seen, Watch
from artifact_browser.errors import ManifestUnreadable
from artifact_browser.storage.driver import Driver

#: Index entries that one look lists.
_PAGE_KEYS = 200
#: New versions of the index that one look tells; the next goes on.
_MAX_ENTRIES = 20
#: Records that one look reads on its way down to a known version.
MAX_WALK = 500
#: Records that are read at the beginning, for the newest version that fits.
_MAX_FIRST = 20

NO_NAME = "Nobody has registered this name in the bucket yet."
NO_ARTIFACT = "Nothing is committed at this place now."
NO_VERSION = "There is no version with these partitions now."
TOO_MANY = f"More than {MAX_WALK} versions were committed between two looks: the earliest of them were left out."
BROKEN = "A record in the history is missing or damaged: what lies behind it was left out."

Check = Callable[[], None]


def look(driver: Driver, watch: Watch, seen: Seen, check: Check = lambda: None) -> Looked:
    """What ``watch`` has to tell that ``seen`` does not know.

    :param check: called before requests; may raise to stop
    :raises ManifestUnreadable: what is committed there, or what stands for the name, cannot be read
    """
    requests = 0
    if watch.name is not None and seen.prefix is None:
        check()
        entry = resolve_name(driver, watch.bucket, watch.name)
        requests = 1
        if entry is None:  # whatever comes will be new
            return Looked(replace(seen, begun=True), requests, note=NO_NAME)
        seen = replace(seen, prefix=entry.place.prefix)
    place = Place(watch.bucket, watch.prefix if watch.name is None else seen.prefix or "")
    kind = _Index if watch.exact else _History
    looked = kind(driver, watch, place, seen, check).look()
    return replace(looked, requests=looked.requests + requests)


class _Look:
    """What both ways have in common."""

    def __init__(self, driver: Driver, watch: Watch, place: Place, seen: Seen, check: Check) -> None:
        self._driver, self._watch, self._place, self._seen, self._check = driver, watch, place, seen, check
        self._requests = 0

    def _record(self, version: str) -> VersionRecord | None:
        self._check()
        self._requests += 1
        return read_sound_record(self._driver, self._place, version)

    def _told(self, record: VersionRecord, era: int) -> NewVersion | None:
        """The version, if it is meant."""
        try:
            fields = fields_of(record)
        except ManifestUnreadable:
            fields = {}
        found = facts_of(self._place, record.version, record.sequence, fields).partitions
        if not self._watch.fits(found):
            return None
        shown = tuple(found.shown.items())
        return NewVersion(self._place, record.version, record.sequence, era, shown, record.time_us)


class _Index(_Look):
    """By the entries of one set of partitions."""

    def look(self) -> Looked:
        seen = self._seen
        entries, state = self._list()
        if not entries or (seen.begun and state == seen.state):
            return Looked(replace(seen, begun=True), self._requests, note="" if entries else NO_VERSION)
        if not seen.begun and self._watch.from_now:
            entry, stamp_us = entries[0]
            record = self._record(entry.version)
            floor = Mark(entry.sequence, entry.version, record.commit_id if record else "", stamp_us)
            return Looked(replace(seen, begun=True, floor=floor, state=state), self._requests)
        fresh_only = entries[:1] if not seen.begun else entries
        seen, restarted = self._still_the_same(entries)
        known = {(mark.sequence, mark.version) for mark in seen.recent}
        lowest = seen.floor.sequence if seen.floor else 0
        fresh = [
            one for one in fresh_only if one[0].sequence > lowest and (one[0].sequence, one[0].version) not in known
        ][::-1]
        news, marks = [], []
        for entry, stamp_us in fresh[:_MAX_ENTRIES]:
            record = self._record(entry.version)
            if record is None or record.sequence != entry.sequence:
                continue  # an entry that is not true is nobody's version
            found = self._told(record, seen.era)
            if found is not None:
                news.append(found)
                marks.append(Mark(entry.sequence, entry.version, record.commit_id, stamp_us))
        more = len(fresh) > _MAX_ENTRIES
        after = replace(seen.with_told(tuple(marks)), begun=True, state="" if more else state)
        if not self._seen.begun:
            entry, stamp_us = entries[0]
            floor = marks[0] if marks else Mark(entry.sequence, entry.version, "", stamp_us)
            after = replace(after, recent=(), floor=floor)
        return Looked(after, self._requests, tuple(news), more=more, restarted=restarted)

    def _list(self) -> tuple[list[tuple[IndexEntry, int]], str]:
        """The entries, the latest first, each with the time it was written; and what names this state."""
        self._check()
        self._requests += 1
        folder = partitions_folder(self._place, self._watch.wanted)
        pages = self._driver.list_pages(self._place.bucket, folder, delimiter="", page_size=_PAGE_KEYS)
        page = next(iter(pages))
        digest = hashlib.sha256()
        found = []
        for key, modified_us in zip(page.keys, page.modified_us, strict=True):
            digest.update(f"{key}\n{modified_us}\n".encode(errors="surrogatepass"))
            if (entry := decode_key(key, self._place)) is not None:
                found.append((entry, modified_us))
        return found, digest.hexdigest()[:32]

    def _still_the_same(self, entries: list[tuple[IndexEntry, int]]) -> tuple[Seen, bool]:
        """Whether the versions it knows are still those; an entry that is gone, or written again, may mean that not."""
        seen = self._seen
        anchor = seen.newest
        if anchor is None:
            return seen, False
        stamp_us = next(
            (at for entry, at in entries if (entry.sequence, entry.version) == (anchor.sequence, anchor.version)), -1
        )
        if stamp_us == anchor.stamp_us:
            return seen, False
        record = self._record(anchor.version)
        if record is not None and (record.sequence, record.commit_id) == (anchor.sequence, anchor.commit):
            return _with(seen, replace(anchor, stamp_us=stamp_us) if stamp_us >= 0 else anchor), False
        return Seen(begun=True, era=seen.era + 1, prefix=seen.prefix), True


class _History(_Look):
    """By the chain of records from the committed manifest on, which also tells what other programs committed."""

    def look(self) -> Looked:
        place, seen = self._place, self._seen
        self._check()
        self._requests += 1
        changed, committed = read_if_changed(self._driver, place.bucket, place.committed_key, seen.state)
        if committed is None:
            if changed or not seen.state:
                return Looked(replace(seen, begun=True, state=""), self._requests, note=NO_ARTIFACT)
            return Looked(seen, self._requests)
        tip = self._tip(committed)
        if not seen.begun:
            return self._begin(tip, committed.etag)
        return self._walk(tip, committed.etag)

    def _tip(self, committed: Manifest) -> VersionRecord:
        """The version the committed manifest is. At most four requests more where another program wrote it."""
        named = self._record(committed.version) if committed.version else None
        newest = self._seen.newest
        if (
            named is not None
            and named.content == committed.fingerprint
            and (newest is None or named.sequence > newest.sequence or _mark(named) == newest)
        ):
            return named
        head = find_head(self._driver, self._place, committed)
        self._requests += 4
        return head.record or unrecorded(committed, head)

    def _begin(self, tip: VersionRecord, etag: str) -> Looked:
        """What stands there now is old; unless it was asked for."""
        news: list[NewVersion] = []
        at: VersionRecord | None = tip
        for _ in range(0 if self._watch.from_now else _MAX_FIRST):
            if at is None:
                break
            if (found := self._told(at, self._seen.era)) is not None:
                news.append(found)
                break
            at = self._record(at.parent) if at.parent else None
        below = Mark(tip.sequence - 1, tip.parent, tip.parent_commit) if tip.parent else None
        seen = replace(self._seen, begun=True, floor=below, recent=(_mark(tip),), state=etag)
        return Looked(seen, self._requests, tuple(news))

    def _walk(self, tip: VersionRecord, etag: str) -> Looked:
        """Down to what is known, or to the beginning."""
        seen, note = self._seen, ""
        floor = seen.floor
        found: list[VersionRecord] = []
        restarted = False
        at: VersionRecord | None = tip
        while at is not None and not self._knows(at):
            restarted = restarted or (floor is not None and at.sequence <= floor.sequence)
            found.append(at)
            if len(found) == MAX_WALK:
                note = TOO_MANY
                break
            if not at.parent:
                restarted = restarted or floor is not None or bool(seen.recent)
                break
            if self._knows_mark(Mark(at.sequence - 1, at.parent, at.parent_commit)):
                break
            before = self._record(at.parent)
            if before is None or before.sequence >= at.sequence:
                note = BROKEN  # nobody knows what lies there: only what is above all that is known is new
                found = [one for one in found if floor is None or one.sequence > floor.sequence]
                restarted = False
                break
            at = before
        if restarted:
            seen = Seen(begun=True, era=seen.era + 1, prefix=seen.prefix)
        news = [told for record in reversed(found) if (told := self._told(record, seen.era)) is not None]
        after = replace(seen.with_told(tuple(map(_mark, found))), state=etag)
        return Looked(after, self._requests, tuple(news), note, restarted=restarted)

    def _knows(self, record: VersionRecord) -> bool:
        return self._knows_mark(_mark(record))

    def _knows_mark(self, mark: Mark) -> bool:
        return mark in self._seen.recent or mark == self._seen.floor


def _mark(record: VersionRecord) -> Mark:
    return Mark(record.sequence, record.version, record.commit_id)


def _with(seen: Seen, mark: Mark) -> Seen:
    """With what is known of one mark brought up to date."""

    def same(one: Mark) -> bool:
        return (one.sequence, one.version) == (mark.sequence, mark.version)

    recent = tuple(mark if same(one) else one for one in seen.recent)
    floor = mark if seen.floor is not None and same(seen.floor) else seen.floor
    return replace(seen, recent=recent, floor=floor)
