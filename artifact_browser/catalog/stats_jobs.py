"""Statistics as jobs for the interactive lane: reading, counting, resetting; and what a deletion leaves at a collection."""

from __future__ import annotations

import logging
from collections.abc import Generator

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import counting, weights
from artifact_browser.catalog.child_counts import read_child_counts
from artifact_browser.catalog.index import IndexOutcome
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.removal import forget_child
from artifact_browser.catalog.stats import Counts, Statistics, may_count, read_statistics
from artifact_browser.errors import ArtifactBrowserError, JobCancelled
from artifact_browser.storage.location import DELIMITER
from artifact_browser.storage.open import opened
from artifact_browser.transfers.past_jobs import list_done_sources
from artifact_browser.workers.job import JobContext

_log = logging.getLogger(__name__)
#: Children in one event: what the window takes in without a hitch.
BATCH = 1_000


def read_stats(context: JobContext, record: AccountRecord, place: Place) -> Generator[None, None, Statistics]:
    """Job: the sum of an artifact's counters."""
    yield from ()
    with opened(context, record) as driver:
        return read_statistics(driver, place, context.cancel.raise_if_cancelled)


def read_counts(
    context: JobContext, record: AccountRecord, place: Place
) -> Generator[tuple[tuple[str, Counts], ...], None, None]:
    """Job: what is known of a collection's children, as ``(prefix, counts)`` in batches."""
    with opened(context, record) as driver:
        counted = read_child_counts(driver, place, context.cancel.raise_if_cancelled)
    lines = [(f"{place.prefix}{name}{DELIMITER}", counts) for name, counts in counted.items()]
    for at in range(0, len(lines), BATCH):
        yield tuple(lines[at : at + BATCH])


def count_views(
    context: JobContext,
    record: AccountRecord,
    bucket: str,
    views: dict[str, int],
    client: str,
    refused: tuple[str, ...],
) -> Generator[None, None, counting.Counted]:
    """Job: add views of artifacts, by prefix. Never fails for what happens to a counter."""
    yield from ()
    if not may_count(record):
        return counting.Counted()
    adds = {Place(bucket, prefix): Counts(views=number) for prefix, number in views.items()}
    with opened(context, record) as driver:
        return counting.count_all(driver, adds, client, refused, context.cancel.wait, context.cancel.raise_if_cancelled)


def count_downloads(
    context: JobContext,
    record: AccountRecord,
    bucket: str,
    keys: tuple[str, ...],
    job_ids: tuple[str, ...],
    client: str,
    refused: tuple[str, ...],
) -> Generator[None, None, counting.Counted]:
    """Job: count finished downloads of ``keys``, and of what the journal knows of whole jobs. Never fails for what happens
    to a counter.
    """
    yield from ()
    if not may_count(record):
        return counting.Counted()
    every = list(keys)
    for job_id in job_ids:
        try:
            for batch in list_done_sources(context, job_id):
                every += batch
        except JobCancelled:
            raise
        except ArtifactBrowserError as error:
            _log.info("downloads of a job are not counted: %s", error.title)
    with opened(context, record) as driver:
        return counting.count_downloads(
            driver, bucket, every, client, refused, context.cancel.wait, context.cancel.raise_if_cancelled
        )


def reset_stats(context: JobContext, record: AccountRecord, place: Place, client: str) -> Generator[None, None, int]:
    """Job: let an artifact's counters begin at zero, everybody's."""
    yield from ()
    with opened(context, record) as driver:
        return counting.reset(driver, place, client, context.cancel.wait)


def set_weights(
    context: JobContext, record: AccountRecord, place: Place, weight: float, documents: float
) -> Generator[None, None, int]:
    """Job: stage what downloads of an artifact's files count. :raises InputError: there are no files"""
    yield from ()
    with opened(context, record) as driver:
        return weights.set_weights(driver, place, weight, documents=documents, pause=context.cancel.wait)


def forget_deleted(context: JobContext, record: AccountRecord, place: Place) -> Generator[None, None, IndexOutcome]:
    """Job: an artifact or collection was deleted: take it out of its collection's index, if it is really gone."""
    yield from ()
    with opened(context, record) as driver:
        return forget_child(driver, place, context.cancel.wait)
