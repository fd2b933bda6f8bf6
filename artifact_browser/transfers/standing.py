"""What stands at a target that may be written over, as it was when that was decided; and whether it still does.

Plain text, so that it outlives pauses and restarts in the journal: the decision was about these bytes, and no others. What a
plan has seen by itself (behind a ``~``) is decided anew by a further run; what a comparison has shown is not.
"""

from __future__ import annotations

from pathlib import Path

from artifact_browser.errors import PreconditionFailed
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.stamps import stamp_of
from artifact_browser.transfers.disk import disk_errors
from artifact_browser.transfers.evidence import head_or_none

CHANGED = "It has changed since the comparison. Compare again."
_MEANWHILE = "It has changed since it was decided to write over it, and stays. Try again: it is looked at anew."
_OF_PLAN = "~"


def blob_standing(etag: str, size_bytes: int, modified_us: int) -> str:
    """Of a blob. Its time counts in whole seconds (a head knows no more), and only where it has no ETag: This computer lists
    none of files that others have made.
    """
    return f"{size_bytes}/{modified_us // 1_000_000}/{etag}"


def of_plan(standing: str) -> str:
    """``standing``, as a plan has seen it."""
    return _OF_PLAN + standing


def is_of_plan(standing: str) -> bool:
    return standing.startswith(_OF_PLAN)


def etag_in(standing: str) -> str:
    """The ETag it had; empty where none was known."""
    return standing.split("/", 2)[2]


def same_blob_stands(standing: str, etag: str, size_bytes: int, modified_us: int) -> bool:
    """Whether a blob is that one."""
    if etag and etag_in(standing):
        return etag == etag_in(standing)
    known = standing.removeprefix(_OF_PLAN)
    return blob_standing("", size_bytes, modified_us) == "/".join([*known.split("/", 2)[:2], ""])


def check_blob(driver: Driver, bucket: str, key: str, standing: str) -> bool:
    """In a mover, right before it is written over; whether anything stands there. :raises PreconditionFailed: another one does"""
    there = head_or_none(driver, bucket, key)
    if there is not None and not same_blob_stands(standing, there.etag, there.size_bytes, there.modified_us):
        raise PreconditionFailed(_changed(standing), subject=key)
    return there is not None


def file_standing(size_bytes: int, modified_us: int, file_id: int) -> str:
    """Of a file here."""
    return f"{size_bytes}/{modified_us}/{file_id}"


def check_file_stands(path: Path, standing: str) -> None:
    """As :func:`check_blob`, of a file."""
    with disk_errors(path):
        try:
            found = path.lstat()
        except FileNotFoundError:
            return
    if file_standing(*stamp_of(found)) != standing.removeprefix(_OF_PLAN):
        raise PreconditionFailed(_changed(standing), subject=str(path))


def _changed(standing: str) -> str:
    return _MEANWHILE if is_of_plan(standing) else CHANGED
