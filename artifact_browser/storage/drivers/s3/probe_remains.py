"""What a check of conditions writes, and how it is removed again: at its end, when it is cancelled, or by the next one.

What is about to be written is noted in the local file first, so that a check that was killed is cleared away by the next
one of this home; what another computer's check left is recognised by its name, and cleared away when it is old.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.storage.drivers.s3.account import Access
from artifact_browser.storage.drivers.s3.boto import Boto
from artifact_browser.storage.drivers.s3.versions import Versions
from artifact_browser.workers import turns
from artifact_browser.workers.cancel import CancelToken

#: Keys under which probes write, in the bucket where the answer is needed.
RESERVED = ".artifact-browser-probe-"
SUFFIXES = ("", "-new", "-copy", "-copied", "-whole")
_NAME = re.compile(rf"(?P<key>(?:.*/)?{re.escape(RESERVED)}[0-9a-f]{{16}})(?:-new|-copy|-copied|-whole)?", re.DOTALL)
#: Another computer's check has ended by then, whatever became of it.
_OLD_S = 3600
_MAX_SWEPT = 20
_LOOK_S = 0.05


def new_key(prefix: str) -> str:
    """Where a check below ``prefix`` writes: recognisable, and nobody else's."""
    return f"{prefix}{RESERVED}{secrets.token_hex(8)}"


class Turn:
    """One check at a time in this home, in whatever process and thread; a cancel ends the wait.

    Whoever has the turn knows that what is noted as left belongs to a check that is over.
    """

    def __init__(self, file: Path, cancel: CancelToken) -> None:
        self._path, self._cancel = file.with_suffix(".turn"), cancel
        self._handle: int | None = None

    def __enter__(self) -> None:
        try:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return  # a home that cannot be written to remembers nothing either
        while not _lock(self._handle):
            turns.pause(_LOOK_S, self._cancel)  # whose turn it is may be in this very thread

    def __exit__(self, *_exception: object) -> None:
        if self._handle is not None:
            os.close(self._handle)


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class Remains:
    """Clears away in one bucket, also behind a cancel: with the job's lease, not with its stop sign."""

    def __init__(self, access: Access, bucket: str) -> None:
        self._remembered, self._bucket = access.account.remembered, bucket
        unstoppable = Access(access.account, lambda _renew: access.lease(), CancelToken(), read_only=access.read_only)
        self._boto = Boto(unstoppable)

    def begin(self, key: str) -> None:
        """Note that ``key`` is about to be written."""
        self._remembered.leave(self._bucket, key)

    def nothing(self, key: str) -> None:
        """``key`` was refused: there is nothing to remove."""
        self._remembered.removed(self._bucket, key)

    def remove(self, key: str) -> None:
        """Remove everything of a check. What cannot be removed stays noted for the next one."""
        try:
            self._remove(key)
        except ArtifactBrowserError:
            return
        self._remembered.removed(self._bucket, key)

    def sweep(self, prefix: str) -> None:
        """Remove what earlier checks left: this home's that were killed, and old ones of others below ``prefix``."""
        for key in self._remembered.left(self._bucket)[:_MAX_SWEPT]:
            if (name := _NAME.fullmatch(key)) is not None and name["key"] == key:
                self.remove(key)
            else:
                self._remembered.removed(self._bucket, key)  # none of ours: somebody edited the file
        with suppress(ArtifactBrowserError):
            for key in self._old(prefix):
                self._remove(key)

    def _old(self, prefix: str) -> list[str]:
        answer: Any = self._boto.call(
            self._bucket, lambda s3: s3.list_objects_v2(Bucket=self._bucket, Prefix=prefix + RESERVED, MaxKeys=200)
        )
        try:
            now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        except (KeyError, TypeError, ValueError):
            return []
        found: dict[str, None] = {}
        for one in answer.get("Contents", []):
            name = _NAME.fullmatch(one["Key"])
            if name is not None and (now - one["LastModified"]).total_seconds() > _OLD_S:
                found[name["key"]] = None
        return list(found)[:_MAX_SWEPT]

    def _remove(self, key: str) -> None:
        """Blobs, unfinished uploads, and where the bucket has versions those too. :raises ArtifactBrowserError:"""
        bucket, names = self._bucket, [key + suffix for suffix in SUFFIXES]
        for name in names:
            self._boto.call(bucket, lambda s3, gone=name: s3.delete_object(Bucket=bucket, Key=gone))  # type: ignore[misc]
        with suppress(ArtifactBrowserError):
            uploads: Any = self._boto.call(
                bucket, lambda s3: s3.list_multipart_uploads(Bucket=bucket, Prefix=key, EncodingType="url")
            )
            for one in uploads.get("Uploads", []):
                self._abort(key, str(one["Key"]), str(one["UploadId"]))
        with suppress(ArtifactBrowserError):  # a store without versions, or an account that may not list them
            versions = Versions(self._boto)
            for page in versions.list_versions(bucket, key):
                gone = [(one.key, one.version_id) for one in page.versions if one.key in names]
                if gone:
                    versions.delete_versions(bucket, gone)

    def _abort(self, key: str, listed: str, upload_id: str) -> None:
        for suffix in SUFFIXES:
            if listed.endswith(f"{key.rpartition('/')[2]}{suffix}"):
                self._boto.call(
                    self._bucket,
                    lambda s3: s3.abort_multipart_upload(Bucket=self._bucket, Key=key + suffix, UploadId=upload_id),  # noqa: B023
                )
                return
