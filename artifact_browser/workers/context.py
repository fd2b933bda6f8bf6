"""A job's line to the outside, inside the worker: the :class:`~artifact_browser.workers.job.JobContext` jobs get."""

from __future__ import annotations

import itertools
import pickle
import threading
from typing import Any

from artifact_browser.errors import error_from
from artifact_browser.paths import Paths
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import Question
from artifact_browser.workers.messages import Kind, Message, WorkerSetup
from artifact_browser.workers.outbox import Outbox
from artifact_browser.workers.progress import ProgressSender
from artifact_browser.workers.slots import Slots


class _Waiting:
    """One asked question."""

    def __init__(self) -> None:
        self.answered = threading.Event()
        self.payload = b""


class WorkerContext:
    """Thread-safe: all threads of a job may ask and report."""

    def __init__(
        self, job_id: int, setup: WorkerSetup, outbox: Outbox, progress_sender: ProgressSender, slots: Slots
    ) -> None:
        self.cancel = CancelToken()
        self.paths: Paths = setup.paths
        self.lane = setup.lane
        self.setup = setup
        self._job_id = job_id
        self._outbox = outbox
        self._progress = progress_sender
        self._slots = slots
        self._numbers = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}

    def ask(self, question: Question) -> Any:
        """See :class:`JobContext`. The waiting job gives its place in the process to another."""
        waiting, number = _Waiting(), next(self._numbers)
        payload = pickle.dumps((number, question), pickle.HIGHEST_PROTOCOL)
        self._waiting[number] = waiting
        try:
            with self.cancel.closing(waiting.answered.set), self._slots.parked():
                self._outbox.put(Message(self._job_id, Kind.QUESTION, payload))
                waiting.answered.wait()
        finally:
            del self._waiting[number]
        self.cancel.raise_if_cancelled()
        is_answer, value = pickle.loads(waiting.payload)  # noqa: S301 - from our own parent
        if not is_answer:
            raise error_from(value)
        return value

    def take_answer(self, number: int, payload: bytes) -> None:
        """On the control thread: wake the thread that asked."""
        if (waiting := self._waiting.get(number)) is not None:
            waiting.payload = payload
            waiting.answered.set()

    def progress(self, value: object) -> None:
        """See :class:`JobContext`."""
        self._progress.report(self._job_id, value)
