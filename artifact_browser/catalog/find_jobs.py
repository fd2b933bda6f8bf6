"""Finding versions as jobs for the interactive lane."""

from __future__ import annotations

from collections.abc import Generator

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import found_versions, name_registry, reindexing, version_index
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.layout import Place
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext


def names_below(
    context: JobContext, record: AccountRecord, bucket: str, above: tuple[str, ...]
) -> Generator[None, None, name_registry.NamesBelow]:
    """Job: the registered projects of a bucket, the domains of one, or the names in one."""
    yield from ()
    with opened(context, record) as driver:
        return name_registry.names_below(driver, bucket, *above)


def look_around(
    context: JobContext, record: AccountRecord, bucket: str, name: ArtifactName | None, place: Place | None
) -> Generator[None, None, found_versions.Scope]:
    """Job: what can be chosen of an artifact's versions. :raises BlobNotFound: :raises ManifestUnreadable:"""
    yield from ()
    with opened(context, record) as driver:
        return found_versions.look_around(driver, bucket, name, place, context.cancel.raise_if_cancelled)


def find_versions(
    context: JobContext,
    record: AccountRecord,
    bucket: str,
    name: ArtifactName | None,
    place: Place,
    wanted: found_versions.Wanted,
    more: str,
) -> Generator[None, None, found_versions.FoundPage]:
    """Job: a page of versions, each confirmed by its record. :raises BlobNotFound: :raises InputError:"""
    yield from ()
    with opened(context, record) as driver:
        check = context.cancel.raise_if_cancelled
        return found_versions.find_versions(driver, bucket, name, place, wanted, more, check)


def reindex_versions(
    context: JobContext, record: AccountRecord, _bucket: str, place: Place
) -> Generator[int, None, version_index.IndexRebuilt]:
    """Job: make the index of an artifact's versions anew; yields how many were read. :raises ManifestUnreadable:"""
    with opened(context, record) as driver:
        return (yield from reindexing.reindex_versions(driver, place, context.cancel.raise_if_cancelled))
