"""Which version the committed manifest is, and which one is next.

The manifest names its version; its record must say the same, and ``latest`` must not know a later one. Otherwise
another program wrote it (or put an older one back): then it is adopted, as the version after the last one that is
known to have been committed. The adopted record's name is made of that version and the manifest's content, so that
any number of clients that adopt it at once write one record.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from artifact_browser.catalog.aliases import Alias, read_latest
from artifact_browser.catalog.file_versions import finder
from artifact_browser.catalog.files import Present, recorded_files
from artifact_browser.catalog.latest_facts import Told
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import Manifest, Pause
from artifact_browser.catalog.records import (
    OTHER_PROGRAM,
    CommitNote,
    VersionRecord,
    make_record,
    read_sound_record,
    write_record,
)
from artifact_browser.errors import CommitConflict
from artifact_browser.storage.driver import Driver

_MAX_WALK = 64


@dataclass(frozen=True, slots=True)
class Head:
    """Where an artifact's history stands.

    :ivar record: of the committed manifest; ``None`` where none names it (or nothing is committed)
    :ivar tip: the last version known to be committed; the same as ``record`` where there is one
    :ivar latest: the alias as it was read
    """

    record: VersionRecord | None
    tip: VersionRecord | None
    latest: Alias | None

    @property
    def unfinished(self) -> bool:
        """The commit of ``record`` may have been interrupted behind its commit point."""
        return self.record is not None and (self.latest is None or self.latest.now.version != self.record.version)


def find_head(
    driver: Driver,
    place: Place,
    committed: Manifest | None,
    read: Callable[[Driver, Place], Alias | None] = read_latest,
) -> Head:
    """Two GETs where everything is as it should be, three or four else.

    :param read: gives ``latest``, as it may have been read already
    """
    latest = read(driver, place)
    pointed = latest.now.version if latest else ""
    named = read_sound_record(driver, place, committed.version) if committed else None
    last = named if named is not None and pointed == named.version else read_sound_record(driver, place, pointed)
    tip = max((one for one in (named, last) if one is not None), key=lambda one: one.sequence, default=None)
    if committed is None:
        return Head(None, tip, latest)
    if named is not None and tip is named and named.content == committed.fingerprint:
        return Head(named, named, latest)
    if tip is not None and tip.adopted and tip.content == committed.fingerprint:
        return Head(tip, tip, latest)
    adopted = read_sound_record(driver, place, adopted_name(tip, committed))
    return Head(adopted, adopted or tip, latest)


def told_by(latest: Alias | None, committed: Manifest | None) -> Told | None:
    """The committed version, where ``latest`` tells all that a commit needs of it: its record need not be read.

    It does so only once everything behind that version's commit point is done, and only of this very manifest.
    """
    told = latest.told if latest is not None else None
    if told is None or committed is None or told.version != committed.version:
        return None
    return told if told.content == committed.fingerprint else None


def adopted_name(tip: VersionRecord | None, committed: Manifest) -> str:
    """What a manifest that no record names is called as a version."""
    text = f"{tip.version if tip else ''}\n{committed.fingerprint}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def adopt(
    driver: Driver,
    place: Place,
    committed: Manifest,
    head: Head,
    present: Mapping[str, Present] | None = None,
    pause: Pause = time.sleep,
) -> VersionRecord:
    """Give the committed manifest the record it has none of. One PUT, and a LIST where ``present`` is not given."""
    if head.record is not None:
        return head.record
    files = recorded_files(committed.fields)
    if present is None:
        present = finder(committed.version_id)(driver, place, [file.path for file in files])
    told = {file.path: file.etag for file in files if file.etag}
    present = {path: blob for path, blob in present.items() if told.get(path, blob.etag) == blob.etag}
    name = adopted_name(head.tip, committed)
    record = make_record(
        committed, name, head.tip, CommitNote(author=OTHER_PROGRAM), present, files,
        adopted=True, time_us=committed.modified_us,
    )  # fmt: skip
    try:
        write_record(driver, place, record, pause)
    except CommitConflict:
        return read_sound_record(driver, place, name) or record  # somebody else adopted it just now
    return record


def is_lost(driver: Driver, place: Place, record: VersionRecord, head: Head) -> bool:
    """Whether ``record`` can never become a version any more: another one has its number.

    One that has not been overtaken yet may belong to a commit that is under way.
    """
    at = head.record
    for _ in range(_MAX_WALK):
        if at is None or at.sequence < record.sequence or at.version == record.version:
            return False
        if at.sequence == record.sequence:
            return True
        at = read_sound_record(driver, place, at.parent)
    return False
