"""The engine's movers: one pool for all its jobs, shared fairly, and the tidying that outlives a job.

There is one crew in the engine's process. It is the movers' parent: they end with it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from artifact_browser.accounts.credentials import lease_source
from artifact_browser.accounts.lease import LeaseWanted
from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import ArtifactBrowserError, CredentialsMissing, WorkerDied
from artifact_browser.paths import Paths
from artifact_browser.transfers.journal import journal_of
from artifact_browser.transfers.known_uploads import UploadsKnown, known_uploads
from artifact_browser.transfers.mover import run_tasks
from artifact_browser.transfers.pace import pace_of
from artifact_browser.transfers.patience import is_passing, wants_credentials
from artifact_browser.transfers.runway import Runway
from artifact_browser.transfers.task import Outcome, Task
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import JobContext, Lane, Question
from artifact_browser.workers.movers import mover_pool
from artifact_browser.workers.orphans import orphans_about
from artifact_browser.workers.pool import JobHandle, JobListener, WorkerPool

#: what takes longer to remove is left to the log
_TIDY_S = 20.0
#: between two tries to remove what a network that is gone has kept, at first and at last; and how long that is tried. What
#: is left then is taken up by a later run of the app
_PAUSE_S, _LONGEST_PAUSE_S, _PATIENCE_S = 1.0, 60.0, 2 * 3600.0
#: what tidies up may be killed as well; every such task can be run twice
_TIDY_TRIES = 5
_LOOK_S = 0.02

Answer = Callable[[object | ArtifactBrowserError], None]
_log = logging.getLogger(__name__)


class Crew:
    """Thread-safe: every engine job uses it from its own thread."""

    def __init__(self, paths: Paths, pool: WorkerPool) -> None:
        self._paths = paths
        self._pool = pool
        self._pace = pace = pace_of(paths)
        #: who may start batches; as many as a person wants, by default enough to hide a round trip, few enough for two cores
        self.runway = Runway(lambda: pace.at_once)
        self._lock = threading.Lock()
        self._jobs: list[str] = []
        self._tidying: set[threading.Thread] = set()

    @contextmanager
    def working(self, job_id: str) -> Iterator[None]:
        """While inside, the job is one that :meth:`wait_tidy` waits for."""
        with self._lock:
            self._jobs.append(job_id)
        try:
            yield
        finally:
            with self._lock:
                self._jobs.remove(job_id)

    def start(
        self, records: Sequence[AccountRecord], tasks: Sequence[Task], listener: JobListener, at_once: int = 1
    ) -> JobHandle:
        """Have a mover run ``tasks``. ``records``: the accounts they may use, see :func:`run_tasks`."""
        return self._pool.start(run_tasks, tuple(records), tuple(tasks), at_once, lane=Lane.MOVER, listener=listener)

    def places_of_mover(self) -> int:
        """How many places one mover's small files may take, so that all movers together have what a person wants at once."""
        return -(-self._pace.at_once // self._pool.movers)

    @property
    def shares_places(self) -> bool:
        """Whether several small files may move at one place; not where a person wants one at a time."""
        return self._pace.at_once > 1

    def answer(self, context: JobContext, records: Sequence[AccountRecord], question: Question, answer: Answer) -> None:
        """Answer a mover of ``context``'s job: leases of the job's own accounts and what uploads are known from this
        process's, everything else from the window.

        Called on the mover's reader thread, so it never waits: a thread does.
        """

        def ask() -> None:
            try:
                if isinstance(question, LeaseWanted):
                    record = next((one for one in records if one.id == question.account_id), None)
                    if record is None:
                        raise CredentialsMissing("It is not an account of this transfer.", subject=question.account_id)
                    answer(lease_source(context, record)(question.renew))
                elif isinstance(question, UploadsKnown):
                    known = known_uploads.of(question.key)
                    answer(known if known is None else known | journal_of(context).uploads(question.key))
                else:
                    answer(context.ask(question))
            except ArtifactBrowserError as error:
                answer(error)

        threading.Thread(target=ask, name="ask", daemon=True).start()

    # -- tidying ------------------------------------------------------------------------------------------------
    def run(
        self, records: Sequence[AccountRecord], tasks: Sequence[Task], context: JobContext | None = None
    ) -> Sequence[Task]:
        """Have a mover run ``tasks`` and wait; for tidying up, with no ``context`` where nobody else listens any more.

        :returns: those that may be worth another try: the store could not be reached, or nobody is signed in
        """
        left = tasks
        for _ in range(_TIDY_TRIES if tasks else 0):
            listener = _Tidying(self, context or _Aftermath(self._paths), records, len(left))
            self.start(records, left, listener).wait(_TIDY_S)
            left = [left[place] for place in sorted(listener.left)]
            if not listener.mover_died:
                break
        return left

    def remove(
        self, records: Sequence[AccountRecord], tasks: Sequence[Task], then: Callable[[], None] | None = None
    ) -> None:
        """Have ``tasks`` remove what is half-done, beside the jobs; while the store cannot be reached, again and again.

        :param then: called in its thread once nothing is left to remove
        """

        def work() -> None:
            left, waited_s = self.run(records, tasks), 0.0
            while left and waited_s < _PATIENCE_S:
                pause_s = min(_LONGEST_PAUSE_S, waited_s + _PAUSE_S)  # twice as long each time
                self._rest(pause_s)
                waited_s += pause_s
                left = self.run(records, left)
            if not left and then is not None:
                then()

        self.tidy(work)

    def _rest(self, pause_s: float) -> None:
        """Nobody waits for what cannot be done now."""
        here = threading.current_thread()
        with self._lock:
            self._tidying.discard(here)
        time.sleep(pause_s)
        with self._lock:
            self._tidying.add(here)

    def tidy(self, work: Callable[[], None]) -> None:
        """Run ``work`` beside the jobs: what a cancelled job left is removed while the job has already ended."""

        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._tidying.discard(thread)

        thread = threading.Thread(target=run, name="tidy", daemon=True)
        with self._lock:
            self._tidying.add(thread)
        thread.start()

    def wait_tidy(self, job_ids: Collection[str] | None, cancel: CancelToken) -> None:
        """Return when these jobs (``None``: all) have left and nothing is being tidied up any more. :raises JobCancelled:"""
        while True:
            with self._lock:
                working = self._jobs if job_ids is None else set(job_ids) & set(self._jobs)
                if not working and not self._tidying:
                    return
            cancel.wait(0.02)


class _Aftermath:
    """A :class:`JobContext` for what outlives its job: it cannot ask, but this process's leases still count."""

    lane = Lane.ENGINE

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.cancel = CancelToken()

    def ask(self, question: Question) -> NoReturn:
        raise CredentialsMissing("The transfer has ended: there is nobody to ask.")

    def progress(self, value: object) -> None:
        """Nobody watches."""


class _Tidying:
    """Listens to a mover that tidies up: errors are for the log only.

    :ivar left: the places of the tasks that are not done, and may be one day
    """

    def __init__(self, crew: Crew, context: JobContext, records: Sequence[AccountRecord], count: int) -> None:
        self._crew, self._context, self._records = crew, context, records
        self.left = set(range(count))
        self.mover_died = False

    def on_event(self, event: object) -> None:
        for outcome in event if isinstance(event, tuple) else ():
            assert isinstance(outcome, Outcome)
            error = outcome.error
            if error is not None:
                _log.warning("tidying up: %s: %s", error.kind, error.detail)
            if error is None or not (is_passing(error) or wants_credentials(error)):
                self.left.discard(outcome.place)

    def on_progress(self, value: object) -> None:
        """What moves here is nobody's figure."""

    def on_question(self, question: Question, answer: Answer) -> None:
        self._crew.answer(self._context, self._records, question, answer)

    def on_done(self, result: object) -> None:
        """The tasks' own outcomes said it."""

    def on_error(self, error: ArtifactBrowserError) -> None:
        self.mover_died = isinstance(error, WorkerDied)
        _log.warning("tidying up: %s: %s", type(error).__name__, error.detail)


_crew: Crew | None = None
_crew_lock = threading.Lock()


def crew_of(context: JobContext) -> Crew:
    """This process's crew; its movers start with the first task. Waits until those of a dead engine are gone.

    :raises JobCancelled: meanwhile
    """
    global _crew
    began = time.monotonic()
    while True:
        with _crew_lock:
            if _crew is None and not orphans_about(context.paths, time.monotonic() - began):
                _crew = Crew(context.paths, mover_pool(context))
            if _crew is not None:
                return _crew
        context.cancel.wait(_LOOK_S)
