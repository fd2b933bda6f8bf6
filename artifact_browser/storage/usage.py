"""How much a bucket or prefix holds, as jobs: counted while it is listed, stopped and taken up again, looked into.

A count is a folder with a file (``usage_file.py``). One request a page, none a blob; what was counted is never asked
for again. Current versions of blobs are counted; unfinished multipart uploads are looked for apart.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import AccessDenied, NotSupported, UploadNotFound
from artifact_browser.storage.open import opened
from artifact_browser.storage.usage_file import UsageCounted, UsageFile, counted_of
from artifact_browser.storage.usage_tree import UsageTree
from artifact_browser.workers.job import JobContext

#: How often a count says how far it is: at most ten times a second.
TELL_S = 0.1
#: How often what is counted is written, for those who look into it; each time costs pages of the index, so that where
#: there are many prefixes it is not done whenever something is told.
KEEP_S = 0.5
_FEW_WAITING = 200
#: So many final prefixes are written at the latest.
_MOST_WAITING = 20_000
#: So many unfinished uploads are asked for the sizes of their parts, one request each (more for many parts).
MOST_UPLOADS = 1000


class _Count:
    """One run of a count: the tree, the file and the time."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self.file = UsageFile(folder)
        kept = self.file.state()
        self.before = counted_of(kept) if kept else UsageCounted()
        self.complete = self.before.complete
        self.tree = UsageTree.restored(kept["tree"]) if kept else UsageTree(prefix, time.time_ns() // 1000)
        self._began = self._told = time.monotonic()
        self._told -= TELL_S
        self._kept = self._began - KEEP_S

    def due(self) -> UsageCounted | None:
        """How far it is, when it is time to tell; written down before, when it is time for that."""
        now, waiting, counted = time.monotonic(), len(self.tree.finished), None
        tells = now - self._told >= TELL_S
        if now - self._kept >= KEEP_S or waiting >= _MOST_WAITING or (tells and waiting <= _FEW_WAITING):
            counted = self.keep()
        if not tells:
            return None
        self._told = now
        return counted or self.counted()

    def keep(self) -> UsageCounted:
        """Write down everything so far; whoever reads the file from now on sees it."""
        counted = self.counted()
        self.file.keep(self.tree, counted)
        self._kept = time.monotonic()
        return counted

    def counted(self) -> UsageCounted:
        """How far it is now."""
        tree = self.tree
        whole = tree.unfinished()[0].tally
        return UsageCounted(
            whole.size_bytes,
            whole.blobs,
            tree.nodes - 1,
            tree.requests,
            self.before.seconds + time.monotonic() - self._began,
            "" if self.complete else tree.last_key,
            self.complete,
        )


def count_usage(
    context: JobContext, record: AccountRecord, bucket: str, prefix: str, folder: str
) -> Generator[UsageCounted, None, UsageCounted]:
    """Job: count everything below ``prefix`` into ``folder``; goes on behind the last key of an earlier run.

    :param folder: private, of this count alone (``listing.make_listing``)
    :returns: the whole
    :raises ArtifactBrowserError: what ended it; what was counted before stays, and the next run goes on there
    """
    count = _Count(Path(folder), prefix)
    tree, sound = count.tree, True
    try:
        if count.complete:
            return count.before
        with opened(context, record) as driver:
            for page in driver.list_pages(bucket, prefix, delimiter="", start_after=tree.last_key):
                context.cancel.raise_if_cancelled()
                sound = False
                tree.take(page)
                sound = True
                counted = count.due()
                if counted is not None:
                    yield counted
        tree.finish()
        count.complete = True
        return count.keep()
    finally:
        if sound and not count.complete:
            count.keep()  # stopped or broken off: up to the last page
        count.file.close()


@dataclass(frozen=True, slots=True)
class UploadsCounted:
    """Unfinished multipart uploads: they take space, are billed, and no listing shows them.

    :ivar asked: how many of them were asked for their parts; the sizes and parts are those
    :ivar oldest_us: when the oldest was begun, microseconds since the epoch; 0 when there is none
    :ivar refused: why the store does not tell, as a sentence; empty when it does
    """

    uploads: int = 0
    asked: int = 0
    parts: int = 0
    size_bytes: int = 0
    oldest_us: int = 0
    refused: str = ""


def count_uploads(
    context: JobContext, record: AccountRecord, bucket: str, prefix: str
) -> Generator[UploadsCounted, None, UploadsCounted]:
    """Job: the unfinished uploads below ``prefix`` and what their parts hold, as far as the store tells."""
    with opened(context, record) as driver:
        try:
            uploads = driver.list_uploads(bucket, prefix)
        except (AccessDenied, NotSupported) as error:
            return UploadsCounted(refused=error.detail or error.title)
        oldest_us = min((upload.started_us for upload in uploads), default=0)
        found = len(uploads)
        asked = parts = size_bytes = 0
        told = 0.0
        for upload in uploads[:MOST_UPLOADS]:
            context.cancel.raise_if_cancelled()
            try:
                known = driver.list_parts(bucket, upload.key, upload.upload_id)
            except UploadNotFound:
                found -= 1  # finished or dropped meanwhile
                continue
            except (AccessDenied, NotSupported) as error:
                return UploadsCounted(found, asked, parts, size_bytes, oldest_us, error.detail or error.title)
            asked += 1
            parts += len(known)
            size_bytes += sum(part.size_bytes for part in known)
            if time.monotonic() - told >= TELL_S:
                told = time.monotonic()
                yield UploadsCounted(found, asked, parts, size_bytes, oldest_us)
        return UploadsCounted(found, asked, parts, size_bytes, oldest_us)
