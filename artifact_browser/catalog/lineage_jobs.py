"""Lineage as jobs for the interactive lane."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import artifacts
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.lineage import Parent, VersionRef
from artifact_browser.catalog.lineage_naming import committed_version
from artifact_browser.catalog.lineage_walk import Lineage, walk
from artifact_browser.errors import BlobNotFound, InputError, ManifestUnreadable
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext


@dataclass(frozen=True, slots=True)
class LineageShown:
    """A version's lineage. ``earlier``: it is not the version that is committed now."""

    lineage: Lineage
    earlier: bool = False


def look(
    context: JobContext, record: AccountRecord, place: Place, version: str, stage: bool
) -> Generator[None, None, LineageShown]:
    """Job: parents and uses of a version (empty: the committed one), or the parents of what is staged.

    :raises BlobNotFound: there is no such version; :raises ManifestUnreadable:
    """
    yield from ()
    with opened(context, record) as driver:
        found = walk(driver, place, version, stage=stage, check=context.cancel.raise_if_cancelled)
        if not version:
            return LineageShown(found)
        try:
            return LineageShown(found, committed_version(driver, place) != version)
        except (BlobNotFound, InputError, ManifestUnreadable):
            return LineageShown(found, earlier=True)


def expand(
    context: JobContext, record: AccountRecord, bucket: str, ref: VersionRef, upstream: bool
) -> Generator[None, None, Lineage]:
    """Job: one step further from ``ref``, up or down. :raises BlobNotFound: there is no sound record of it"""
    yield from ()
    with opened(context, record) as driver:
        place, check = Place(bucket, ref.prefix), context.cancel.raise_if_cancelled
        return walk(driver, place, ref.version, up=int(upstream), down=int(not upstream), check=check)


def add_parent(context: JobContext, record: AccountRecord, place: Place, address: str) -> Generator[None, None, Parent]:
    """Job: see :func:`artifacts.add_parent`. :raises BlobNotFound: :raises InputError: :raises CommitConflict:"""
    yield from ()
    with opened(context, record) as driver:
        return artifacts.add_parent(driver, place, address, context.cancel.wait)


def add_reference(context: JobContext, record: AccountRecord, place: Place, text: str) -> Generator[None, None, None]:
    """Job: see :func:`artifacts.add_reference`. :raises InputError: :raises CommitConflict:"""
    yield from ()
    with opened(context, record) as driver:
        artifacts.add_reference(driver, place, text, context.cancel.wait)


def remove(
    context: JobContext, record: AccountRecord, place: Place, parent: Parent | None, reference: str
) -> Generator[None, None, None]:
    """Job: take a parent, or a reference, out of what is staged. :raises CommitConflict:"""
    yield from ()
    with opened(context, record) as driver:
        if parent is not None:
            artifacts.remove_parent(driver, place, parent, context.cancel.wait)
        else:
            artifacts.remove_reference(driver, place, reference, context.cancel.wait)


def neighbours(context: JobContext, record: AccountRecord, place: Place) -> Generator[None, None, tuple[str, ...]]:
    """Job: the prefixes of the committed artifacts in the collection of ``place``, without itself."""
    yield from ()
    if place.parent is None:
        return ()
    with opened(context, record) as driver:
        names = artifacts.list(driver, place.parent)
    return tuple(f"{place.parent.prefix}{name}/" for name in names if name != place.name)
