"""The worker pool: jobs in, events out; the processes behind it start on first use and come back when they die.

One per window process; the engine holds another for its movers (:mod:`artifact_browser.workers.movers`).
Questions: a responder registered for the question's own type answers first; then the job's listener, when it takes
questions; then a responder registered for a base class, ``Question`` itself included.
"""

from __future__ import annotations

import atexit
import itertools
import os
import pickle
import queue
import threading
import time
import weakref
from collections import deque
from collections.abc import Generator
from typing import Any

from artifact_browser.errors import ArtifactBrowserError, InternalError, JobCancelled, TimedOut
from artifact_browser.paths import Paths
from artifact_browser.workers.handle import Answer, JobHandle, JobListener, Responder
from artifact_browser.workers.job import Job, Lane, Question
from artifact_browser.workers.messages import WorkerSetup
from artifact_browser.workers.priority import has_share_of_its_own
from artifact_browser.workers.process import WorkerProcess

__all__ = ["JobHandle", "JobListener", "WorkerPool"]

CLOSE_S = 0.8
#: More unexpected deaths than this within the window, and the next start waits.
DEATHS_FREE, DEATHS_WINDOW_S, BACK_OFF_S, BACK_OFF_MOST_S = 2, 30.0, 0.5, 10.0


class _Place:
    """Where one worker process lives; it may be replaced."""

    def __init__(self) -> None:
        self.worker: WorkerProcess | None = None
        self.deaths: deque[float] = deque(maxlen=8)

    def delay_s(self) -> float:
        recent = sum(time.monotonic() - died < DEATHS_WINDOW_S for died in self.deaths)
        over = recent - DEATHS_FREE
        return 0.0 if over <= 0 else min(BACK_OFF_MOST_S, BACK_OFF_S * 2.0 ** (over - 1))


class WorkerPool:
    """Thread-safe. Close it; an interpreter that exits without closes it too.

    :param steps_back: whether its processes give way to everybody; by default where nobody else's programs profit
    """

    def __init__(self, paths: Paths, *, movers: int = 2, steps_back: bool | None = None) -> None:
        self._paths = paths
        self._steps_back = has_share_of_its_own() if steps_back is None else steps_back
        #: how many movers an engine has
        self.movers = movers
        self._lock = threading.Lock()
        self._closed = False
        #: replaced, and not gone yet
        self._leaving: list[WorkerProcess] = []
        self._numbers = itertools.count(1)
        self._places = {lane: [_Place() for _ in range(movers if lane is Lane.MOVER else 1)] for lane in Lane}
        self._responders: dict[type, Responder] = {}
        _pools.add(self)

    def start(
        self,
        job: Job,
        *args: object,
        lane: Lane = Lane.INTERACTIVE,
        listener: JobListener | None = None,
        at_once: bool = False,
    ) -> JobHandle:
        """Start ``job(context, *args)`` in ``lane``; returns at once. All news goes to the listener, failures too.

        :param at_once: a short job that must not wait for a place behind those it is about (they queue over
            :data:`~artifact_browser.workers.slots.JOBS_AT_ONCE`)
        """
        handle = JobHandle(next(self._numbers), listener)
        try:
            payload = pickle.dumps((job, args), pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # noqa: BLE001 - whatever a foreign __reduce__ raises
            handle.fail(InternalError("A job cannot be sent to its process.", technical=str(error)))
            return handle
        while (worker := self._worker(lane)) is not None:
            if worker.start_job(handle, payload, at_once=at_once):
                return handle
        handle.fail(JobCancelled())
        return handle

    def run(self, job: Job, *args: object, lane: Lane = Lane.INTERACTIVE, timeout_s: float | None = None) -> Any:
        """Run a job to its end and return its result; its events are dropped. Never on the GUI thread.

        :raises ArtifactBrowserError: what the job raised; :class:`TimedOut` after ``timeout_s`` seconds
        """
        ended = Ended()
        handle = self.start(job, *args, lane=lane, listener=ended)
        if not handle.wait(timeout_s):
            handle.cancel()
            raise TimedOut("The work did not end in time.")
        return ended.value()

    def iterate(self, job: Job, *args: object, lane: Lane = Lane.INTERACTIVE) -> Generator[Any, None, Any]:
        """The job's events as they come; returns its result. Leaving early cancels the job. Never on the GUI thread.

        :raises ArtifactBrowserError: what the job raised
        """
        stream = _Stream()
        handle = self.start(job, *args, lane=lane, listener=stream)
        try:
            while (event := stream.queue.get()) is not stream:
                yield event
                handle.acknowledge()
        finally:
            handle.cancel()
        return stream.value()

    def warm(self, lane: Lane) -> None:
        """Start the lane's processes now; returns at once."""
        with self._lock:
            for place in self._places[lane] if not self._closed else ():
                self._ensure(lane, place)

    def answer(self, kind: type[Question], responder: Responder) -> None:
        """Answer questions of this type pool-wide; ``responder(question, answer)`` runs on a reader thread: no waiting."""
        self._responders[kind] = responder

    def pids(self, lane: Lane) -> list[int]:
        """The ids of the lane's running processes."""
        workers = [place.worker for place in self._places[lane]]
        return [worker.pid for worker in workers if worker is not None and worker.accepting and worker.pid is not None]

    def close(self, timeout_s: float = CLOSE_S) -> None:
        """End all processes within about a second; their jobs end cancelled. Twice is harmless."""
        with self._lock:
            self._closed = True
            workers = [place.worker for places in self._places.values() for place in places if place.worker is not None]
            workers += self._leaving
        for worker in workers:
            worker.begin_close()
        ends_at = time.monotonic() + timeout_s
        for worker in workers:
            worker.finish_close(max(0.0, ends_at - time.monotonic()))

    def _worker(self, lane: Lane) -> WorkerProcess | None:
        """The least loaded process, an idle one before a new one before a busy one; None when the pool is closed."""
        with self._lock:
            if self._closed:
                return None

            def load(place: _Place) -> float:
                return place.worker.job_count if place.worker is not None and place.worker.accepting else 0.5

            return self._ensure(lane, min(self._places[lane], key=load))

    def _ensure(self, lane: Lane, place: _Place) -> WorkerProcess:
        if place.worker is None or not place.worker.accepting:
            self._leaving = [worker for worker in (*self._leaving, place.worker) if worker is not None and worker.alive]
            place.worker = WorkerProcess(
                self._setup(lane, self._places[lane].index(place)),
                self._ask,
                lambda: place.deaths.append(time.monotonic()),
                place.delay_s(),
            )
        return place.worker

    def _setup(self, lane: Lane, index: int) -> WorkerSetup:
        name = f"{lane}-{index}" if len(self._places[lane]) > 1 else str(lane)
        crash_file = self._paths.log / f"{name}-{os.getpid()}-{next(self._numbers)}.crash"
        return WorkerSetup(lane, name, self._paths, crash_file, self.movers, self._steps_back)

    def _ask(self, handle: JobHandle, question: Question, answer: Answer) -> None:
        own = self._responders.get(type(question))
        if own is None and handle.question(question, answer):
            return
        for kind in type(question).__mro__:
            if (responder := self._responders.get(kind)) is not None:
                try:
                    responder(question, answer)
                except Exception as error:  # noqa: BLE001 - the job must not wait for ever
                    answer(InternalError("A question could not be answered.", technical=type(error).__name__))
                return
        answer(InternalError("Nobody answers this question.", technical=type(question).__name__))


class Ended:
    """A listener that keeps how the job ended."""

    def __init__(self) -> None:
        self._result: Any = None
        self._error: ArtifactBrowserError | None = None

    def on_event(self, event: Any) -> None:
        pass

    def on_progress(self, value: Any) -> None:
        pass

    def on_done(self, result: Any) -> None:
        self._result = result

    def on_error(self, error: ArtifactBrowserError) -> None:
        self._error = error

    def value(self) -> Any:
        """:raises ArtifactBrowserError: when the job failed"""
        if self._error is not None:
            raise self._error
        return self._result


class _Stream(Ended):
    """Queues events for a waiting consumer; at most eight, since it acknowledges as the consumer goes on."""

    acknowledges_itself = True

    def __init__(self) -> None:
        super().__init__()
        self.queue: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def on_event(self, event: Any) -> None:
        self.queue.put(event)

    def on_done(self, result: Any) -> None:
        super().on_done(result)
        self.queue.put(self)

    def on_error(self, error: ArtifactBrowserError) -> None:
        super().on_error(error)
        self.queue.put(self)


_pools: weakref.WeakSet[WorkerPool] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Before multiprocessing's own exit function, which would wait for the workers for ever."""
    for pool in list(_pools):
        pool.close()
