"""Several artifacts committed at once: each for itself, several at a time, the collection told of many in one write."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from artifact_browser.catalog.commit import CommitPlan, Committed, ReadCollection, commit
from artifact_browser.catalog.index import UpdateParent
from artifact_browser.catalog.index_queue import IndexQueue
from artifact_browser.catalog.known_collections import KnownCollections
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import Pause
from artifact_browser.catalog.records import NO_NOTE, CommitNote
from artifact_browser.errors import ArtifactBrowserError, JobCancelled
from artifact_browser.storage.driver import Driver

#: Commits that are under way at once.
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class CommitOutcome:
    """How the commit of one of several ended: one of the two is there."""

    place: Place
    committed: Committed | None = None
    error: ArtifactBrowserError | None = None


def commit_many(
    driver: Driver,
    wanted: Iterable[tuple[Place, CommitPlan | None]],
    pause: Pause = time.sleep,
    note: CommitNote = NO_NOTE,
    check: Callable[[], None] = lambda: None,
    indexing: UpdateParent | None = None,
    collection_of: ReadCollection | None = None,
) -> Iterator[CommitOutcome]:
    """Commit what is staged at several places; outcomes in the order in which they are there.

    What goes wrong with one is its outcome and stops no other.

    :param wanted: places, with what the person agreed to (see :func:`~artifact_browser.catalog.commit.commit`)
    :param note: message and author for all; version names are ids
    :param check: called before each one begins; may raise to stop: what has begun is ended, the rest stays staged
    """
    told, read = indexing or IndexQueue().of(None), collection_of or KnownCollections().of(None)

    def one(place: Place, plan: CommitPlan | None) -> CommitOutcome:
        check()
        try:
            return CommitOutcome(place, commit(driver, place, plan, pause, note, told, read))
        except JobCancelled:
            raise
        except ArtifactBrowserError as error:
            return CommitOutcome(place, error=error)

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="commits") as commits:
        running: list[Future[CommitOutcome]] = [commits.submit(one, place, plan) for place, plan in wanted]
        try:
            for ended in as_completed(running):
                yield ended.result()
        finally:
            for future in running:
                future.cancel()
