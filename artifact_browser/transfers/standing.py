"""What stands at a target that may be written over, as it was when that was decided; and whether it still does.

Plain text, so that it outlives pauses and restarts in the journal: the decision was about these bytes, and no others.
"""

from __future__ import annotations

from pathlib import Path

from artifact_browser.errors import PreconditionFailed
from artifact_browser.storage.driver import Driver
from artifact_browser.transfers.disk import disk_errors, stamp_of
from artifact_browser.transfers.evidence import head_or_none

CHANGED = "It has changed since the comparison. Compare again."


def blob_standing(etag: str, size_bytes: int, modified_us: int) -> str:
    """Of a blob. Its time counts in whole seconds (a head knows no more), and only where it has no ETag: This computer lists
    none of files that others have made.
    """
    return f"{size_bytes}/{modified_us // 1_000_000}/{etag}"


def etag_in(standing: str) -> str:
    """The ETag it had; empty where none was known."""
    return standing.split("/", 2)[2]


def same_blob_stands(standing: str, etag: str, size_bytes: int, modified_us: int) -> bool:
    """Whether a blob is that one."""
    if etag and etag_in(standing):
        return etag == etag_in(standing)
    return blob_standing("", size_bytes, modified_us) == "/".join([*standing.split("/", 2)[:2], ""])


def check_blob(driver: Driver, bucket: str, key: str, standing: str) -> None:
    """In a mover, right before it is written over. Nothing there is fine. :raises PreconditionFailed: it is another one"""
    there = head_or_none(driver, bucket, key)
    if there is not None and not same_blob_stands(standing, there.etag, there.size_bytes, there.modified_us):
        raise PreconditionFailed(CHANGED, subject=key)


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
    if file_standing(*stamp_of(found)) != standing:
        raise PreconditionFailed(CHANGED, subject=str(path))
