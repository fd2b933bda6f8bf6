"""What the engine says of one run of a job, on its way to the window's half of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from artifact_browser.errors import ArtifactBrowserError, InternalError, JobCancelled, WorkerDied
from artifact_browser.transfers.policy import ConflictFound
from artifact_browser.transfers.state import ItemsChanged, JobSnapshot, JobState
from artifact_browser.workers.job import Question

if TYPE_CHECKING:
    from artifact_browser.transfers.handle import TransferHandle

Answer = Callable[[object | ArtifactBrowserError], None]


class RunListener:
    """One run of a job in the engine, as its :class:`JobListener`: a retry is another run."""

    def __init__(self, handle: TransferHandle) -> None:
        self._handle = handle

    def on_event(self, event: object) -> None:
        assert isinstance(event, ItemsChanged)
        self._handle._take(self, lambda: self._handle._set_items(event))

    def on_progress(self, value: object) -> None:
        assert isinstance(value, JobSnapshot)
        self._handle._take(self, lambda: self._handle._set_snapshot(value))

    def on_question(self, question: Question, answer: Answer) -> None:
        if isinstance(question, ConflictFound):
            self._handle._ask(self, question, answer)
        else:
            answer(InternalError("Nobody answers this question.", technical=type(question).__name__))

    def on_done(self, result: object) -> None:
        assert isinstance(result, JobSnapshot)
        self._handle._finish(self, result)

    def on_error(self, error: ArtifactBrowserError) -> None:
        if isinstance(error, WorkerDied) or (isinstance(error, JobCancelled) and error.technical):
            self._handle._engine_died(self, error.record())
            return
        state = JobState.CANCELLED if isinstance(error, JobCancelled) else JobState.FAILED
        record = None if state is JobState.CANCELLED else error.record()
        self._handle._take(self, lambda: self._handle._end(state, record))
