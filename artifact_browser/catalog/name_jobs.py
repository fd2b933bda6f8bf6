"""Questions about names as jobs for the interactive lane."""

from __future__ import annotations

from collections.abc import Generator

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.name_registry import NameEntry, resolve_name
from artifact_browser.catalog.queries import unknown_name
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext


def find_named(
    context: JobContext, record: AccountRecord, bucket: str, name: ArtifactName
) -> Generator[None, None, NameEntry]:
    """Job: the place a name stands for in ``bucket``. :raises BlobNotFound: nobody took it; :raises ManifestUnreadable:"""
    yield from ()
    with opened(context, record) as driver:
        entry = resolve_name(driver, bucket, name)
    if entry is None:
        raise unknown_name(name, bucket)
    return entry
