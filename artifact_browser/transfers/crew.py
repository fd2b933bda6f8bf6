"""The engine's movers: one pool for all its jobs, shared fairly, and the tidying that outlives a job.

There is one crew in the engine's process. It is the movers' parent: they end with it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from artifact_browser.accounts.lease import Lease, LeaseWanted
from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import ArtifactBrowserError, CredentialsMissing
from artifact_browser.paths import Paths
from artifact_browser.transfers.mover import run_tasks
from artifact_browser.transfers.task import Task
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import JobContext, Lane, Question
from artifact_browser.workers.pool import JobHandle, JobListener, WorkerPool

#: batches under way at once, over all jobs: enough to hide a round trip, few enough for two cores
FLIGHTS = 8
_LEAST_FLIGHTS = 2

Answer = Callable[[object | ArtifactBrowserError], None]
_log = logging.getLogger(__name__)


class Crew:
    """Thread-safe: every engine job uses it from its own thread."""

    def __init__(self, paths: Paths) -> None:
        self._pool = WorkerPool(paths)
        self._lock = threading.Lock()
        self._jobs = 0
        self._tidying: set[threading.Thread] = set()
        self._leases: dict[str, Lease] = {}
        self._pool.answer(LeaseWanted, self._answer_tidying)

    @contextmanager
    def working(self) -> Iterator[None]:
        """While inside, the job has its share of the movers."""
        with self._lock:
            self._jobs += 1
        try:
            yield
        finally:
            with self._lock:
                self._jobs -= 1

    def share(self) -> int:
        """How many batches a job may have under way now."""
        with self._lock:
            return max(_LEAST_FLIGHTS, FLIGHTS // max(1, self._jobs))

    def start(self, record: AccountRecord, tasks: Sequence[Task], listener: JobListener) -> JobHandle:
        """Have a mover run ``tasks``."""
        return self._pool.start(run_tasks, record, tuple(tasks), lane=Lane.MOVER, listener=listener)

    def run(self, record: AccountRecord, tasks: Sequence[Task]) -> None:
        """Have a mover run ``tasks`` and wait; for tidying up, where nobody else listens.

        :raises ArtifactBrowserError: the mover's job as a whole failed
        """
        for outcome in self._pool.iterate(run_tasks, record, tuple(tasks), lane=Lane.MOVER):
            if outcome.error is not None:
                _log.warning("tidying up: %s: %s", outcome.error.kind, outcome.error.detail)

    def answer(self, context: JobContext, question: Question, answer: Answer) -> None:
        """Answer a mover: leases that still live from here, everything else by asking the window.

        Called on the mover's reader thread, so it never waits.
        """
        if isinstance(question, LeaseWanted) and not question.renew:
            with self._lock:
                lease = self._leases.get(question.account_id)
            if lease is not None and not lease.is_stale():
                answer(lease)
                return
        threading.Thread(target=self._ask, args=(context, question, answer), name="ask", daemon=True).start()

    def _ask(self, context: JobContext, question: Question, answer: Answer) -> None:
        try:
            given = context.ask(question)
        except ArtifactBrowserError as error:
            answer(error)
            return
        if isinstance(question, LeaseWanted) and isinstance(given, Lease):
            with self._lock:
                self._leases[question.account_id] = given
        answer(given)

    def _answer_tidying(self, question: Question, answer: Answer) -> None:
        """A job that has ended cannot ask: what tidies up after it makes do with the lease that is here."""
        assert isinstance(question, LeaseWanted)
        with self._lock:
            lease = self._leases.get(question.account_id)
        answer(lease or CredentialsMissing("There was nobody to ask for them."))

    # -- tidying ------------------------------------------------------------------------------------------------
    def tidy(self, work: Callable[[], None]) -> None:
        """Run ``work`` beside the jobs: what a cancelled job left is removed while the job has already ended."""

        def run() -> None:
            try:
                work()
            except ArtifactBrowserError:
                _log.warning("tidying up after a transfer failed", exc_info=True)
            finally:
                with self._lock:
                    self._tidying.discard(thread)

        thread = threading.Thread(target=run, name="tidy", daemon=True)
        with self._lock:
            self._tidying.add(thread)
        thread.start()

    def wait_tidy(self, cancel: CancelToken) -> None:
        """Return when nothing is being tidied up. :raises JobCancelled:"""
        while True:
            with self._lock:
                if not self._tidying:
                    return
            cancel.wait(0.02)


_crew: Crew | None = None
_crew_lock = threading.Lock()


def crew_of(paths: Paths) -> Crew:
    """This process's crew; its movers start with the first task."""
    global _crew
    with _crew_lock:
        if _crew is None:
            _crew = Crew(paths)
        return _crew
