"""A job as its starter sees it: the handle to stop it, the listener that hears of it. State lives with the worker."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from artifact_browser.errors import ArtifactBrowserError, InternalError
from artifact_browser.workers.job import Question

if TYPE_CHECKING:
    from artifact_browser.workers.process import WorkerProcess

_log = logging.getLogger(__name__)

#: Call once, from any thread, with the answer or one of our errors; later calls are ignored.
Answer = Callable[[object | ArtifactBrowserError], None]
Responder = Callable[[Any, Answer], None]


class JobListener(Protocol):
    """Hears of one job on its worker's reader thread: return soon, never block on another job.

    ``on_done`` or ``on_error`` comes exactly once and last. A listener may also have
    ``on_question(question, answer)``, and ``acknowledges_itself = True`` when it calls
    :meth:`JobHandle.acknowledge` for each event; without it an event is acknowledged when ``on_event`` returns.
    """

    def on_event(self, event: Any) -> None: ...
    def on_progress(self, value: Any) -> None: ...
    def on_done(self, result: Any) -> None: ...
    def on_error(self, error: ArtifactBrowserError) -> None: ...


class QuestionListener(JobListener, Protocol):
    """A listener that answers its job's questions."""

    def on_question(self, question: Any, answer: Answer) -> None: ...


class JobHandle:
    """Thread-safe."""

    def __init__(self, job_id: int, listener: JobListener | None) -> None:
        self.job_id = job_id
        self.cancel_requested = False
        self._listener = listener
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._claimed = False
        self._worker: WorkerProcess | None = None

    @property
    def done(self) -> bool:
        """Whether the job has ended, in whatever way."""
        return self._ended.is_set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end (after the listener has heard of it); whether it came."""
        return self._ended.wait(timeout_s)

    def cancel(self) -> None:
        """Ask the job to stop; it ends with :class:`JobCancelled`. Does not wait; twice is harmless."""
        with self._lock:
            if self.cancel_requested or self._claimed:
                return
            self.cancel_requested = True
            worker = self._worker
        if worker is not None:
            worker.cancel(self)

    def put_first(self) -> None:
        """If the job still waits for a place in its process, it gets the next one."""
        if self._worker is not None:
            self._worker.put_first(self)

    def acknowledge(self) -> None:
        """One event is worked off: the job may send another."""
        if self._worker is not None:
            self._worker.acknowledge(self)

    def belongs_to(self, worker: WorkerProcess) -> None:
        """Set by the worker that accepts the job, before anything can happen to it."""
        self._worker = worker

    # -- from the worker's reader thread -------------------------------------------------------------------------
    def event(self, event: object) -> None:
        if self._listener is not None and not self._claimed:
            self._call(self._listener.on_event, event)
        if not getattr(self._listener, "acknowledges_itself", False):
            self.acknowledge()

    def progress(self, value: object) -> None:
        if self._listener is not None and not self._claimed:
            self._call(self._listener.on_progress, value)

    def question(self, question: Question, answer: Answer) -> bool:
        """Put it to the listener; whether it takes questions."""
        on_question: Responder | None = getattr(self._listener, "on_question", None)
        if on_question is None:
            return False
        try:
            on_question(question, answer)
        except Exception as error:  # noqa: BLE001 - the job must not wait for ever
            _log.exception("a listener failed at a question")
            answer(InternalError("A question could not be answered.", technical=type(error).__name__))
        return True

    def succeed(self, result: object) -> None:
        """The job returned; nothing happens when it has ended already."""
        self._end(lambda listener: self._call(listener.on_done, result))

    def fail(self, error: ArtifactBrowserError) -> None:
        """The job failed; nothing happens when it has ended already."""
        self._end(lambda listener: self._call(listener.on_error, error))

    def _end(self, tell: Callable[[JobListener], None]) -> None:
        with self._lock:
            if self._claimed:
                return
            self._claimed = True
        if self._listener is not None:
            tell(self._listener)
        self._ended.set()

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            function(*arguments)
        except Exception:  # noqa: BLE001 - a listener's fault must not take the other jobs' reader thread along
            _log.exception("a listener failed")
