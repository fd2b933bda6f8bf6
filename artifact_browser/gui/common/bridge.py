"""The bridge between the worker pool and the screen: jobs in, callbacks on the GUI thread out.

The pool's reader threads only append to an inbox; the GUI thread empties it at most every 16 ms and for at most
4 ms at a time, so a flood of events never blocks the event loop. An event is acknowledged to the worker after
its callback has returned: a slow window slows the worker, not itself. Progress is replaced, never queued.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from artifact_browser.errors import ArtifactBrowserError, JobCancelled
from artifact_browser.workers.handle import Answer, JobHandle
from artifact_browser.workers.job import Job, Lane, Question
from artifact_browser.workers.pool import WorkerPool

TICK_S = 0.016
BUDGET_S = 0.004


class Task:
    """A running job as its owner sees it. Its callbacks run on the GUI thread, none after :meth:`cancel`."""

    def __init__(self, bridge: Bridge, owner: QObject | None) -> None:
        self._bridge = bridge
        self._owner = owner
        self._handle: JobHandle | None = None
        self.on_event: Callable[[Any], None] | None = None
        self.on_progress: Callable[[Any], None] | None = None
        self.on_done: Callable[[Any], None] | None = None
        self.on_error: Callable[[ArtifactBrowserError], None] | None = None
        self.on_question: Callable[[Any, Answer], None] | None = None
        self.running = True
        self._address = 0

    def cancel(self) -> None:
        """Stop the job; from now on none of its callbacks is called. Twice is harmless."""
        if not self.running:
            return
        self.running = False
        self._bridge._forget(self)
        if self._handle is not None:
            self._handle.cancel()

    @property
    def wanted(self) -> bool:
        """Whether somebody still waits for news: not ended, and the owner is alive."""
        return self.running and (self._owner is None or shiboken6.isValid(self._owner))

    def _finish(self) -> None:
        self.running = False
        self._bridge._forget(self)


class _Listener:
    """What the pool talks to, on its reader threads: puts everything into the bridge's inbox."""

    acknowledges_itself = True

    def __init__(self, bridge: Bridge, task: Task) -> None:
        self._bridge = bridge
        self._task = task

    def on_event(self, event: object) -> None:
        self._bridge._deliver(self._task, _event, event)

    def on_progress(self, value: object) -> None:
        self._bridge._deliver_progress(self._task, value)

    def on_done(self, result: object) -> None:
        self._bridge._deliver(self._task, _done, result)

    def on_error(self, error: ArtifactBrowserError) -> None:
        self._bridge._deliver(self._task, _error, error)


class _AnsweringListener(_Listener):
    """For jobs whose owner answers their questions; others' go to the pool's own responders."""

    def on_question(self, question: Question, answer: Answer) -> None:
        self._bridge._deliver(self._task, _question, (question, answer))


class Bridge(QObject):
    """Starts jobs for the window. One per window process, lives in the GUI thread."""

    #: an error nobody asked for (no ``on_error``): the shell shows it
    failed = Signal(object)
    _woken = Signal()

    def __init__(self, pool: WorkerPool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = pool
        self._lock = threading.Lock()
        self._inbox: deque[tuple[Task, Callable[[Task, Any], None], Any]] = deque()
        self._progress: dict[Task, object] = {}
        self._scheduled = False
        self._tasks: set[Task] = set()
        self._owned: dict[int, set[Task]] = {}
        self._emptied_at = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._empty)
        self._woken.connect(self._arm, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        job: Job,
        *args: object,
        lane: Lane = Lane.INTERACTIVE,
        owner: QObject | None = None,
        on_event: Callable[[Any], None] | None = None,
        on_progress: Callable[[Any], None] | None = None,
        on_done: Callable[[Any], None] | None = None,
        on_error: Callable[[ArtifactBrowserError], None] | None = None,
        on_question: Callable[[Any, Answer], None] | None = None,
    ) -> Task:
        """Start ``job(context, *args)``; it is cancelled when ``owner`` is destroyed.

        Without ``on_error`` an error is shown by the shell. ``on_question(question, answer)``: call ``answer``
        once, with the answer or one of our errors.
        """
        task = Task(self, owner)
        task.on_event, task.on_progress, task.on_done = on_event, on_progress, on_done
        task.on_error, task.on_question = on_error, on_question
        listener = _Listener(self, task) if on_question is None else _AnsweringListener(self, task)
        task._handle = self._pool.start(job, *args, lane=lane, listener=listener)
        self._tasks.add(task)
        if owner is not None:
            self._watch(task, owner)
        return task

    async def result(self, job: Job, *args: object, lane: Lane = Lane.INTERACTIVE) -> Any:
        """Run a job and wait for what it returns; cancelling the waiter cancels the job.

        :raises ArtifactBrowserError: what the job raised
        """
        import asyncio  # not needed before the first paint

        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        task = self.run(job, *args, lane=lane, on_done=future.set_result, on_error=future.set_exception)
        try:
            return await future
        finally:
            task.cancel()

    async def stream(self, job: Job, *args: object, lane: Lane = Lane.INTERACTIVE) -> AsyncIterator[Any]:
        """A job's events as they arrive; leaving the loop early cancels the job.

        :raises ArtifactBrowserError: what the job raised
        """
        import asyncio

        ended = object()
        queue: asyncio.Queue[Any] = asyncio.Queue()
        task = self.run(
            job,
            *args,
            lane=lane,
            on_event=queue.put_nowait,
            on_done=lambda _: queue.put_nowait(ended),
            on_error=queue.put_nowait,
        )
        try:
            while (item := await queue.get()) is not ended:
                if isinstance(item, ArtifactBrowserError):
                    raise item
                yield item
        finally:
            task.cancel()

    def close(self) -> None:
        """Cancel everything that runs."""
        for task in list(self._tasks):
            task.cancel()

    # -- from the pool's reader threads -------------------------------------------------------------------------
    def _deliver(self, task: Task, handler: Callable[[Task, Any], None], value: object) -> None:
        with self._lock:
            self._inbox.append((task, handler, value))
            self._wake()

    def _deliver_progress(self, task: Task, value: object) -> None:
        with self._lock:
            known = task in self._progress
            self._progress[task] = value
            if not known:
                self._inbox.append((task, self._latest_progress, None))
            self._wake()

    def _wake(self) -> None:
        if not self._scheduled and shiboken6.isValid(self):
            self._scheduled = True
            self._woken.emit()

    # -- on the GUI thread --------------------------------------------------------------------------------------
    @Slot()
    def _arm(self) -> None:
        """Empty the inbox, but not sooner than a tick after the last time."""
        left_s = self._emptied_at + TICK_S - time.monotonic()
        self._timer.start(max(0, round(left_s * 1000)))

    @Slot()
    def _empty(self) -> None:
        ends_at = time.monotonic() + BUDGET_S
        try:
            while time.monotonic() < ends_at:
                with self._lock:
                    if not self._inbox:
                        break
                    task, handler, value = self._inbox.popleft()
                if task.wanted:
                    handler(task, value)
                else:
                    self._forget(task)
        finally:  # also after a callback's exception, which Qt hands to sys.excepthook
            self._emptied_at = time.monotonic()
            with self._lock:
                self._scheduled = bool(self._inbox)
                again = self._scheduled
            if again:
                self._arm()

    def _latest_progress(self, task: Task, _: object) -> None:
        with self._lock:
            value = self._progress.pop(task)
        if task.on_progress is not None:
            task.on_progress(value)

    def _watch(self, task: Task, owner: QObject) -> None:
        """Cancel with the owner: one connection an owner, however many jobs it has started and ended."""
        address = shiboken6.getCppPointer(owner)[0]
        if address not in self._owned:
            self._owned[address] = set()
            owner.destroyed.connect(partial(self._end_owned, address))
        self._owned[address].add(task)
        task._address = address

    def _end_owned(self, address: int, *_: object) -> None:
        for task in self._owned.pop(address, set()):
            task.cancel()

    def _forget(self, task: Task) -> None:
        self._tasks.discard(task)
        self._owned.get(task._address, set()).discard(task)
        with self._lock:
            self._progress.pop(task, None)


def _event(task: Task, event: object) -> None:
    try:
        if task.on_event is not None:
            task.on_event(event)
    finally:
        if task._handle is not None and task.running:
            task._handle.acknowledge()


def _done(task: Task, result: object) -> None:
    task._finish()
    if task.on_done is not None:
        task.on_done(result)


def _error(task: Task, error: ArtifactBrowserError) -> None:
    task._finish()
    if task.on_error is not None:
        task.on_error(error)
    elif not isinstance(error, JobCancelled):
        task._bridge.failed.emit(error)


def _question(task: Task, pair: tuple[Question, Answer]) -> None:
    if task.on_question is not None:
        task.on_question(*pair)
