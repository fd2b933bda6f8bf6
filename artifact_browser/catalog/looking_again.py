"""Where a store ignores conditions, a commit is looked at once more when it has had time to be written over.

Before it is written the manifest is read, and right after; a second writer that had read the manifest before that still
writes over it. If it does so within :data:`RECHECK_S`, this look finds it, and the edit is still staged. Later it is not
noticed here: the other one's commit stands, and ours is an orphan record.
"""

from __future__ import annotations

from artifact_browser.catalog.head import find_head
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import Pause, read_manifest
from artifact_browser.catalog.records import VersionRecord, read_sound_record
from artifact_browser.errors import CommitConflict, ManifestUnreadable
from artifact_browser.storage.driver import Driver

#: Longer than a writer takes between its last look and its write.
RECHECK_S = 1.0
_MAX_WALK = 64


def require_still_there(driver: Driver, place: Place, record: VersionRecord, pause: Pause) -> None:
    """Return if the committed manifest is ``record``'s or a later version's.

    :raises CommitConflict: somebody wrote over it
    """
    pause(RECHECK_S)
    try:
        now = read_manifest(driver, place.bucket, place.committed_key)
    except ManifestUnreadable:
        now = None
    if now is None or not _descends(driver, place, record, find_head(driver, place, now).record):
        raise CommitConflict(
            "Somebody else wrote over this commit right behind it. This store cannot keep two commits apart.",
            subject=f"{place.bucket}/{place.committed_key}",
            kept="Your edit is still staged.",
            todo="Look at what is committed now, then commit again.",
        )


def _descends(driver: Driver, place: Place, record: VersionRecord, at: VersionRecord | None) -> bool:
    for _ in range(_MAX_WALK):
        if at is None or at.sequence < record.sequence:
            return False
        if at.version == record.version:
            return True
        at = read_sound_record(driver, place, at.parent)
    return True  # so many versions later it is in their history
