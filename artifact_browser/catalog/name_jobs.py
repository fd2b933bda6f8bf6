"""Questions about names as jobs for the interactive lane."""

from __future__ import annotations

from collections.abc import Generator

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import name_registry, own_address
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.artifact_uri import ArtifactUri
from artifact_browser.catalog.layout import Place
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext


def find_addressed(
    context: JobContext, record: AccountRecord, bucket: str, uri: ArtifactUri
) -> Generator[None, None, own_address.Addressed]:
    """Job: what an address stands for in ``bucket``, where that is empty in the one bucket that has its name.

    :raises BlobNotFound: :raises InputError: :raises ManifestUnreadable:
    """
    yield from ()
    with opened(context, record) as driver:
        bucket = bucket or own_address.find_bucket(driver, uri.name, context.cancel.raise_if_cancelled)
        return own_address.find_addressed(driver, bucket, uri)


def address_of(
    context: JobContext, record: AccountRecord, place: Place, version: str
) -> Generator[None, None, ArtifactUri]:
    """Job: the address of an artifact or a version. :raises BlobNotFound: no registered name; :raises InputError:"""
    yield from ()
    with opened(context, record) as driver:
        return own_address.address_of(driver, place, version)


def resolve_name(
    context: JobContext, record: AccountRecord, bucket: str, name: ArtifactName
) -> Generator[None, None, name_registry.NameEntry | None]:
    """Job: what a name stands for, ``None`` where nobody took it. :raises ManifestUnreadable: what stands there is damaged"""
    yield from ()
    with opened(context, record) as driver:
        return name_registry.resolve_name(driver, bucket, name)
