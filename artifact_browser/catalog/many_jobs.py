"""All that is staged in a collection: looked at, and committed together, as jobs for the interactive lane."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog.children import scan_children
from artifact_browser.catalog.commit import CommitPlan, Committed, ReadCollection, plan_commit
from artifact_browser.catalog.index_queue import COMMITS
from artifact_browser.catalog.known_collections import COLLECTIONS
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.many_commits import AT_ONCE, commit_many
from artifact_browser.catalog.records import NO_NOTE, CommitNote
from artifact_browser.errors import ArtifactBrowserError, ErrorRecord, JobCancelled
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import DELIMITER
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext

#: Artifacts that are looked at and committed in one go.
MAX_TOGETHER = 1000


@dataclass(frozen=True, slots=True)
class StagedChild:
    """What a commit of one child would do, or why it cannot be told."""

    place: Place
    plan: CommitPlan | None = None
    error: ErrorRecord | None = None


@dataclass(frozen=True, slots=True)
class CommitTold:
    """How the commit of one child ended: one of the two is there."""

    place: Place
    committed: Committed | None = None
    error: ErrorRecord | None = None


def plan_staged(
    context: JobContext, record: AccountRecord, place: Place
) -> Generator[tuple[StagedChild, ...], None, int]:
    """Job: what is staged directly below the collection ``place``, in the order of names; yields some at a time.

    Returns how many are staged in all: at most :data:`MAX_TOGETHER` of them are looked at.
    """
    check = context.cancel.raise_if_cancelled
    with opened(context, record) as driver:
        staged = [name for name, child in scan_children(driver, place, check).items() if child.staged_etag]
        wanted = [Place(place.bucket, f"{place.prefix}{name}{DELIMITER}") for name in sorted(staged)[:MAX_TOGETHER]]
        collection = COLLECTIONS.of(record)(driver, wanted[0]) if wanted else None
        look = partial(_look, driver, lambda *_: collection)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="plans") as plans:
            for at in range(0, len(wanted), AT_ONCE):
                check()
                yield tuple(plans.map(look, wanted[at : at + AT_ONCE]))
        return len(staged)


def commit_staged(
    context: JobContext,
    record: AccountRecord,
    wanted: Sequence[tuple[Place, CommitPlan]],
    note: CommitNote = NO_NOTE,
) -> Generator[CommitTold, None, int]:
    """Job: commit these places as they were agreed to; yields how each one ended. Returns how many are committed.

    Cancelled: what has not begun stays staged.
    """
    done = 0
    with opened(context, record) as driver:
        cancel = context.cancel
        told, read = COMMITS.of(record), COLLECTIONS.of(record)
        for one in commit_many(driver, wanted, cancel.wait, note, cancel.raise_if_cancelled, told, read):
            done += one.committed is not None
            yield CommitTold(one.place, one.committed, one.error.record() if one.error else None)
    return done


def _look(driver: Driver, collection_of: ReadCollection, place: Place) -> StagedChild:
    try:
        return StagedChild(place, plan_commit(driver, place, collection_of))
    except JobCancelled:
        raise
    except ArtifactBrowserError as error:
        return StagedChild(place, error=error.record())
