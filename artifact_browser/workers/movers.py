"""The engine's own pool: its mover processes, reached from an engine job. Lives in the engine's process only."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import Any, cast

from artifact_browser.errors import ArtifactBrowserError, InternalError, JobCancelled
from artifact_browser.workers.context import WorkerContext
from artifact_browser.workers.handle import Answer, JobHandle, JobListener, Responder
from artifact_browser.workers.job import Job, JobContext, Lane, Question
from artifact_browser.workers.pool import Ended, WorkerPool
from artifact_browser.workers.translate import translated

_lock = threading.Lock()
_pool: WorkerPool | None = None


def engine_pool(context: JobContext) -> EnginePool:
    """The movers, for this engine job: cancelled with it, and their questions go up through it.

    :raises InternalError: outside a worker process
    """
    return EnginePool(mover_pool(context), context)


def mover_pool(context: JobContext) -> WorkerPool:
    """The movers themselves, for work that outlives one engine job (tidying up after a cancelled transfer).

    :raises InternalError: outside a worker process
    """
    if not isinstance(context, WorkerContext):
        raise InternalError("Movers are started by engine jobs only.")
    global _pool
    with _lock:
        if _pool is None:
            _pool = WorkerPool(context.paths, movers=context.setup.movers, steps_back=context.setup.steps_back)
        return _pool


def close_movers(timeout_s: float) -> None:
    """When the engine leaves. Called by the worker's main loop."""
    if _pool is not None:
        _pool.close(timeout_s)


class EnginePool:
    """What an engine job sees of the movers. Thread-safe."""

    def __init__(self, pool: WorkerPool, context: JobContext) -> None:
        self._pool = pool
        self._context = context

    def start(self, job: Job, *args: object, listener: JobListener | None = None) -> JobHandle:
        """Start a job in the least loaded mover; it is cancelled when the engine job is.

        :raises JobCancelled: when the engine job is cancelled already
        """
        passing = _Passing(self._context, listener)
        handle = self._pool.start(job, *args, lane=Lane.MOVER, listener=passing)
        passing.cancel_with(self._context, handle)
        return handle

    def run(self, job: Job, *args: object) -> Any:
        """Run a mover job to its end and return its result.

        :raises ArtifactBrowserError: what the job raised; :class:`JobCancelled` when the engine job is cancelled
        """
        ended = Ended()
        self.start(job, *args, listener=ended).wait()
        return ended.value()

    def warm(self) -> None:
        """Start the movers now."""
        self._pool.warm(Lane.MOVER)


class _Passing:
    """Stands between a mover's job and the engine's listener: passes questions up, ties the two cancels together."""

    def __init__(self, context: JobContext, listener: JobListener | None) -> None:
        self._context = context
        self._listener = listener or Ended()
        self._lock = threading.Lock()
        self._ended = False
        self._tie = ExitStack()
        self.acknowledges_itself = getattr(listener, "acknowledges_itself", False)

    def cancel_with(self, context: JobContext, handle: JobHandle) -> None:
        with self._lock:
            if self._ended:
                return
            try:
                self._tie.enter_context(context.cancel.closing(handle.cancel))
                return
            except JobCancelled:
                pass
        handle.cancel()  # without the lock: a job whose mover still starts ends here, and on_error takes it
        raise JobCancelled

    def on_event(self, event: Any) -> None:
        self._listener.on_event(event)

    def on_progress(self, value: Any) -> None:
        self._listener.on_progress(value)

    def on_question(self, question: Question, answer: Answer) -> None:
        own: Responder | None = getattr(self._listener, "on_question", None)
        if own is not None:
            own(question, answer)
        else:  # asking waits: not on the mover's reader thread
            threading.Thread(target=self._pass_up, args=(question, answer), name="question", daemon=True).start()

    def on_done(self, result: Any) -> None:
        self._untie()
        self._listener.on_done(result)

    def on_error(self, error: ArtifactBrowserError) -> None:
        self._untie()
        self._listener.on_error(error)

    def _untie(self) -> None:
        with self._lock:
            self._ended = True
            self._tie.close()

    def _pass_up(self, question: Question, answer: Answer) -> None:
        try:
            answer(cast(object, self._context.ask(question)))
        except Exception as error:  # noqa: BLE001 - the mover's job must not wait for ever
            answer(translated(error))
