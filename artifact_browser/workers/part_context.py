"""A job's line to the outside for a part of it that may have to stop before the job does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import JobContext, Question


class OwnStop:
    """The job's context, with a stop sign of its own. Thread-safe, as that is."""

    def __init__(self, context: JobContext, cancel: CancelToken) -> None:
        self._context = context
        self.cancel, self.paths, self.lane = cancel, context.paths, context.lane

    def ask(self, question: Question) -> Any:
        return self._context.ask(question)

    def progress(self, value: object) -> None:
        self._context.progress(value)


@contextmanager
def own_stop(context: JobContext, cancel: CancelToken) -> Iterator[OwnStop]:
    """While inside, the job's stop sign sets ``cancel`` as well. :raises JobCancelled: it is set already"""
    with context.cancel.closing(cancel.cancel):
        yield OwnStop(context, cancel)
