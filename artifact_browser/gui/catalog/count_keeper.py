"""What this window counts: finished downloads and looks at artifacts, some seconds together, in jobs nobody waits for.

Never for an account that may not write, never while the person does not want it, and never twice where a store refused it.
"""

from __future__ import annotations

import logging
from collections import Counter as Tally
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.catalog import stats_jobs
from artifact_browser.catalog.counting import Counted
from artifact_browser.catalog.stats import may_count, remembered_client
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.settings import COUNT_DOWNLOADS
from artifact_browser.workers.job import Job

#: Between the writes of two batches of one bucket.
PAUSE_MS = 3_000
#: Keys that wait for a batch; those of larger jobs are read from the journal.
MAX_KEYS = 100_000
_MAX_VIEWED = 10_000
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Batch:
    keys: list[str] = field(default_factory=list)
    job_ids: list[str] = field(default_factory=list)
    views: Tally[str] = field(default_factory=Tally)


_Where = tuple[AccountRecord, str]


class CountKeeper(QObject):
    """Collects and counts; an artifact gets one write a batch."""

    #: these artifacts have other counts now: the bucket and their prefixes
    counted = Signal(str, object)

    def __init__(self, services: Services, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings, self._bridge = services.settings, bridge
        self._waiting: dict[_Where, _Batch] = {}
        self._running: Tally[_Where] = Tally()
        #: by account, its keys' revision and bucket: prefixes whose store said no
        self._refused: dict[tuple[str, int, str], set[str]] = {}
        self._viewed: set[tuple[str, str, str]] = set()
        self._later = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._later.timeout.connect(self._flush)

    def wants(self, record: AccountRecord) -> bool:
        """Whether anything is counted with this account."""
        return may_count(record) and bool(self._settings.get(COUNT_DOWNLOADS))

    def downloaded(self, record: AccountRecord, bucket: str, keys: Iterable[str], job_id: str = "") -> None:
        """These blobs have been downloaded; ``job_id``: all that the journal knows of a job, instead."""
        if not self.wants(record):
            return
        batch = self._waiting.setdefault((record, bucket), _Batch())
        batch.keys += keys
        del batch.keys[MAX_KEYS:]
        if job_id:
            batch.job_ids.append(job_id)
        self._flush_soon()

    def viewed(self, record: AccountRecord, bucket: str, prefix: str) -> None:
        """Somebody looks at the artifact's page; once in a run of the app."""
        which = (record.id, bucket, prefix)
        if not self.wants(record) or which in self._viewed or len(self._viewed) >= _MAX_VIEWED:
            return
        self._viewed.add(which)
        self._waiting.setdefault((record, bucket), _Batch()).views[prefix] += 1
        self._flush_soon()

    def refused_in(self, record: AccountRecord, bucket: str) -> set[str]:
        """Prefixes that are not written to any more in this run."""
        return self._refused.setdefault((record.id, record.secret_revision, bucket), set())

    def _flush_soon(self) -> None:
        """The first at once; what comes within the pause, together behind it."""
        if not self._later.isActive():
            self._flush()

    def _flush(self) -> None:
        for where in [where for where in self._waiting if not self._running[where]]:
            self._count(where, self._waiting.pop(where))
        if self._running or self._waiting:
            self._later.start()

    def _count(self, where: _Where, batch: _Batch) -> None:
        record, bucket = where
        if not self.wants(record):  # not wanted any more
            return
        try:
            client = remembered_client(self._settings)
        except ArtifactBrowserError as error:
            _log.info("nothing is counted: %s", error.title)
            return
        refused = tuple(self.refused_in(record, bucket))
        jobs: list[tuple[Job, tuple[object, ...]]] = []
        if batch.keys or batch.job_ids:
            keys, job_ids = tuple(batch.keys), tuple(batch.job_ids)
            jobs.append((stats_jobs.count_downloads, (record, bucket, keys, job_ids, client, refused)))
        if batch.views:
            jobs.append((stats_jobs.count_views, (record, bucket, dict(batch.views), client, refused)))
        for job, arguments in jobs:
            self._running[where] += 1
            self._bridge.run(
                job, *arguments, owner=self, on_done=partial(self._done, where), on_error=partial(self._failed, where)
            )

    def _done(self, where: _Where, result: Counted) -> None:
        self._ended(where)
        self.refused_in(*where).update(result.refused)
        if result.counted:
            self.counted.emit(where[1], result.counted)

    def _failed(self, where: _Where, error: ArtifactBrowserError) -> None:
        self._ended(where)
        _log.info("not counted: %s", error.title)

    def _ended(self, where: _Where) -> None:
        self._running[where] -= 1
        if not self._running[where]:
            del self._running[where]
