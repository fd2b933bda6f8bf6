"""The catalog's operations as jobs for the interactive lane: an account record in, plain data out."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import aliases, index, opening, replacing, restoring, scan, staging, versions
from artifact_browser.catalog import commit as committing
from artifact_browser.catalog.author import author_here, signed
from artifact_browser.catalog.diff import State, compare
from artifact_browser.catalog.diff_export import ComputedDiff
from artifact_browser.catalog.files import StagedFile
from artifact_browser.catalog.index_queue import COMMITS
from artifact_browser.catalog.known_collections import COLLECTIONS
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.records import NO_NOTE, CommitNote
from artifact_browser.errors import BlobNotFound
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext


def scan_place(context: JobContext, record: AccountRecord, place: Place) -> scan.Scan:
    """Job: what stands at ``place``; yields :class:`~opening.Opened` and :class:`~scan.CardsFound`."""
    with opened(context, record) as driver:
        return (yield from scan.scan_place(driver, place, context.cancel.raise_if_cancelled))


def open_artifact(context: JobContext, record: AccountRecord, place: Place) -> Generator[None, None, opening.Opened]:
    """Job: what one place is, without its children."""
    yield from ()
    with opened(context, record) as driver:
        return opening.open_place(driver, place)[0]


def create_collection(
    context: JobContext, record: AccountRecord, place: Place, fields: Mapping[str, Any]
) -> Generator[None, None, None]:
    """Job: :raises InputError: there is a manifest already"""
    yield from ()
    with opened(context, record) as driver:
        staging.create_collection(driver, place, fields, context.cancel.wait)


def create_artifact(
    context: JobContext, record: AccountRecord, place: Place, fields: Mapping[str, Any]
) -> Generator[None, None, None]:
    """Job: a staged artifact. :raises InputError: there is a manifest already"""
    yield from ()
    with opened(context, record) as driver:
        staging.create_artifact(driver, place, fields, pause=context.cancel.wait)


def register_uploaded(
    context: JobContext, record: AccountRecord, place: Place, paths: tuple[str, ...]
) -> Generator[None, None, tuple[StagedFile, ...]]:
    """Job: record uploaded files in the staged manifest. :raises FilesMissing:"""
    yield from ()
    with opened(context, record) as driver:
        return tuple(staging.register_uploaded(driver, place, paths, context.cancel.wait))


def plan_commit(
    context: JobContext, record: AccountRecord, place: Place
) -> Generator[None, None, committing.CommitPlan]:
    """Job: what a commit would do, all problems at once."""
    yield from ()
    with opened(context, record) as driver:
        return committing.plan_commit(driver, place, COLLECTIONS.of(record))


def commit(
    context: JobContext,
    record: AccountRecord,
    place: Place,
    plan: committing.CommitPlan,
    note: CommitNote = NO_NOTE,
) -> Generator[None, None, committing.Committed]:
    """Job: commit what the person agreed to. :raises CommitConflict: :raises FilesMissing:"""
    yield from ()
    with opened(context, record) as driver:
        return committing.commit(
            driver,
            place,
            plan,
            context.cancel.wait,
            signed(note, context.paths),
            COMMITS.of(record),
            COLLECTIONS.of(record),
        )


def compare_staged(context: JobContext, record: AccountRecord, place: Place) -> Generator[None, None, ComputedDiff]:
    """Job: what a commit would change: what is committed against what is staged.

    :raises BlobNotFound: nothing is staged (any more); :raises ManifestUnreadable:
    """
    yield from ()
    with opened(context, record) as driver:
        state = staging.read_artifact(driver, place)
    if state.staged is None:
        raise BlobNotFound("Nothing is staged here any more.", subject=f"{place.bucket}/{place.prefix}")
    committed = State(state.committed.fields if state.committed else {})
    return ComputedDiff.of(compare(committed, State(state.staged.fields), context.cancel.raise_if_cancelled))


def compare_versions(
    context: JobContext, record: AccountRecord, place: Place, before: str, after: str
) -> Generator[None, None, ComputedDiff]:
    """Job: what differs between two versions.

    :raises BlobNotFound: there is no such version; :raises ManifestUnreadable: its record is damaged
    """
    yield from ()
    with opened(context, record) as driver:
        found = [versions.version_of(driver, place, name) for name in (before, after)]
    states = [State(versions.fields_of(one), one.files) for one in found]
    return ComputedDiff.of(compare(states[0], states[1], context.cancel.raise_if_cancelled))


def discard(
    context: JobContext, record: AccountRecord, place: Place, staged_etag: str, delete_files: bool
) -> Generator[None, None, int]:
    """Job: drop the staged manifest. :raises CommitConflict: it was edited meanwhile"""
    yield from ()
    with opened(context, record) as driver:
        return staging.discard(driver, place, staged_etag, delete_files=delete_files, pause=context.cancel.wait)


def rebuild_index(context: JobContext, record: AccountRecord, place: Place) -> Generator[None, None, index.Rebuilt]:
    """Job: make a collection's index anew. :raises CommitConflict:"""
    yield from ()
    with opened(context, record) as driver:
        return index.rebuild_index(driver, place, context.cancel.wait, context.cancel.raise_if_cancelled)


def keep_replaced(
    context: JobContext, record: AccountRecord, place: Place, local_paths: tuple[str, ...]
) -> Generator[None, None, int]:
    """Job, before these local files are uploaded: keep the committed bytes they write over; how many files."""
    yield from ()
    with opened(context, record) as driver:
        paths = replacing.targets_of(driver, place, local_paths)
        return replacing.keep_replaced(driver, place, paths, context.cancel.raise_if_cancelled, context.cancel.wait)


def list_versions(
    context: JobContext, record: AccountRecord, place: Place, after: str
) -> Generator[None, None, versions.VersionList]:
    """Job: versions, the latest first. :raises ManifestUnreadable:"""
    yield from ()
    with opened(context, record) as driver:
        return versions.list_versions(driver, place, after, context.cancel.raise_if_cancelled)


def look_into_version(
    context: JobContext, record: AccountRecord, place: Place, version: str
) -> Generator[None, None, versions.VersionShown]:
    """Job: what one version holds. :raises BlobNotFound: :raises ManifestUnreadable:"""
    yield from ()
    with opened(context, record) as driver:
        return versions.look_into(driver, place, version)


def restore_version(
    context: JobContext, record: AccountRecord, place: Place, version: str
) -> Generator[None, None, restoring.Restored]:
    """Job: stage an earlier version again. :raises FilesMissing: :raises InputError: something is staged"""
    yield from ()
    with opened(context, record) as driver:
        return restoring.restore(driver, place, version, context.cancel.raise_if_cancelled, context.cancel.wait)


def move_alias(
    context: JobContext, record: AccountRecord, place: Place, name: str, version: str, expected: str
) -> Generator[None, None, None]:
    """Job: let an alias point to a version. :raises CommitConflict: it was moved meanwhile"""
    yield from ()
    with opened(context, record) as driver:
        versions.point_alias(driver, place, name, version, author_here(context.paths), expected, context.cancel.wait)


def delete_alias(
    context: JobContext, record: AccountRecord, place: Place, name: str, expected: str
) -> Generator[None, None, None]:
    """Job: delete an alias that points to ``expected``. :raises CommitConflict: it was moved meanwhile"""
    yield from ()
    with opened(context, record) as driver:
        aliases.delete_alias(driver, place, name, expected, context.cancel.wait)
