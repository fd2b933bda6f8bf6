"""Covers that were decoded before, small, on disk: asked by what the blob is now (its ETag), so that none is stale.

Used in the preview worker. What is kept is a picture made here, never the bytes of a store; it is decoded with the same
care all the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from functools import lru_cache
from pathlib import Path

from artifact_browser.storage.driver import BlobInfo
from artifact_browser.storage.file_cache import FileCache
from artifact_browser.workers.job import JobContext

BUDGET_BYTES = 256 * 1024**2


@lru_cache(maxsize=4)
def picture_cache(cache: Path) -> FileCache:
    """The cache below the app's ``cache`` folder; one a process."""
    return FileCache(cache / "covers", BUDGET_BYTES)


def name_of(bucket: str, info: BlobInfo, max_px: int) -> str:
    """Where a blob's small picture is kept; empty where nothing tells one version of the blob from the next."""
    if not info.etag:
        return ""
    facts = (bucket, info.key, info.etag, str(info.size_bytes), str(info.modified_us), str(max_px))
    return hashlib.sha256("\0".join(facts).encode("utf-8", "surrogatepass")).hexdigest()


def forget_pictures(context: JobContext, account_id: str) -> Generator[None, None, None]:
    """Job: remove the covers of an account that is gone."""
    yield from ()
    picture_cache(context.paths.cache).forget(account_id)
