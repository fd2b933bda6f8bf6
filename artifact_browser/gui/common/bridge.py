"""The bridge between the worker pool and the screen: jobs in, callbacks on the GUI thread out.

The pool's reader threads only append to an inbox; the GUI thread empties it at most every 16 ms and for at most
4 ms at a time, so a flood of events never blocks the event loop. An event is acknowledged to the worker after
its callback has returned: a slow window slows the worker, not itself. Progress is replaced, never queued.

Reader threads know a task by its number only: callbacks and owners are Qt objects, and whoever drops the last
reference to one of those takes it apart.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from artifact_browser.errors import ArtifactBrowserError, JobCancelled
from artifact_browser.gui.common.doorbell import Doorbell
from artifact_browser.workers.handle import Answer, JobHandle
from artifact_browser.workers.job import Job, Lane, Question
from artifact_browser.workers.pool import WorkerPool

TICK_S = 0.016
BUDGET_S = 0.004


class Task:
    """A running job as its owner sees it. Its callbacks run on the GUI thread, none after :meth:`cancel`."""

    def __init__(self, bridge: Bridge, number: int, owner: QObject | None) -> None:
        self._bridge = bridge
        self._number = number
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


_Handler = Callable[[Task, Any], None]


class _Inbox:
    """What has arrived and was not looked at yet. Thread-safe; holds no task, no callback, no owner."""

    def __init__(self, bell: Doorbell) -> None:
        self._bell = bell
        self._lock = threading.Lock()
        self._news: deque[tuple[int, _Handler, Any]] = deque()
        self._progress: dict[int, object] = {}
        self._rung = False

    def put(self, number: int, handler: _Handler, value: object) -> None:
        with self._lock:
            self._news.append((number, handler, value))
            self._ring()

    def put_progress(self, number: int, value: object) -> None:
        """In the place of the one before, if that was not looked at yet."""
        with self._lock:
            if number not in self._progress:
                self._news.append((number, _progress, None))
            self._progress[number] = value
            self._ring()

    def take(self) -> tuple[int, _Handler, Any] | None:
        """The next; None when there is none."""
        with self._lock:
            if not self._news:
                return None
            number, handler, value = self._news.popleft()
            if handler is _progress:
                value = self._progress.pop(number)
            return number, handler, value

    def rest(self) -> bool:
        """Whether more is there; if not, the next to arrive rings."""
        with self._lock:
            self._rung = bool(self._news)
            return self._rung

    def _ring(self) -> None:
        if not self._rung:
            self._rung = self._bell.ring()


class _Listener:
    """What the pool talks to, on its reader threads: puts everything into the bridge's inbox."""

    acknowledges_itself = True

    def __init__(self, inbox: _Inbox, number: int) -> None:
        self._inbox = inbox
        self._number = number

    def on_event(self, event: object) -> None:
        self._inbox.put(self._number, _event, event)

    def on_progress(self, value: object) -> None:
        self._inbox.put_progress(self._number, value)

    def on_done(self, result: object) -> None:
        self._inbox.put(self._number, _done, result)

    def on_error(self, error: ArtifactBrowserError) -> None:
        self._inbox.put(self._number, _error, error)


class _AnsweringListener(_Listener):
    """For jobs whose owner answers their questions; others' go to the pool's own responders."""

    def on_question(self, question: Question, answer: Answer) -> None:
        self._inbox.put(self._number, _question, (question, answer))


class Bridge(QObject):
    """Starts jobs for the window. One per window process, lives in the GUI thread."""

    #: an error nobody asked for (no ``on_error``): the shell shows it
    failed = Signal(object)

    def __init__(self, pool: WorkerPool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = pool
        bell = Doorbell(self)
        bell.rung.connect(self._arm)
        self._inbox = _Inbox(bell)
        self._numbers = itertools.count(1)
        self._tasks: dict[int, Task] = {}
        self._owned: dict[int, set[Task]] = {}
        self._emptied_at = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._empty)

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
        task = Task(self, next(self._numbers), owner)
        task.on_event, task.on_progress, task.on_done = on_event, on_progress, on_done
        task.on_error, task.on_question = on_error, on_question
        listener = (_Listener if on_question is None else _AnsweringListener)(self._inbox, task._number)
        self._tasks[task._number] = task
        task._handle = self._pool.start(job, *args, lane=lane, listener=listener)
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
        for task in list(self._tasks.values()):
            task.cancel()

    # -- news ---------------------------------------------------------------------------------------------------
    @Slot()
    def _arm(self) -> None:
        """Empty the inbox, but not sooner than a tick after the last time."""
        left_s = self._emptied_at + TICK_S - time.monotonic()
        self._timer.start(max(0, round(left_s * 1000)))

    @Slot()
    def _empty(self) -> None:
        ends_at = time.monotonic() + BUDGET_S
        try:
            while time.monotonic() < ends_at and (news := self._inbox.take()) is not None:
                number, handler, value = news
                task = self._tasks.get(number)
                if task is None:
                    continue
                if task.wanted:
                    handler(task, value)
                else:
                    self._forget(task)
        finally:  # also after a callback's exception, which Qt hands to sys.excepthook
            self._emptied_at = time.monotonic()
            if self._inbox.rest():
                self._arm()

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
        self._tasks.pop(task._number, None)
        self._owned.get(task._address, set()).discard(task)


def _event(task: Task, event: object) -> None:
    try:
        if task.on_event is not None:
            task.on_event(event)
    finally:
        if task._handle is not None and task.running:
            task._handle.acknowledge()


def _progress(task: Task, value: object) -> None:
    if task.on_progress is not None:
        task.on_progress(value)


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
