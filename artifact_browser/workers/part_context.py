"""A job's line to the outside for a part of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import JobContext, Question


class PartContext:
    """The job's context, where a part of the job needs another in some way. Thread-safe, as that is.

    :param cancel: a stop sign of its own; else the job's
    """

    def __init__(self, context: JobContext, cancel: CancelToken | None = None) -> None:
        self._context = context
        self.cancel, self.paths, self.lane = cancel or context.cancel, context.paths, context.lane

    def ask(self, question: Question) -> Any:
        return self._context.ask(question)

    def progress(self, value: object) -> None:
        self._context.progress(value)


@contextmanager
def own_stop(context: JobContext, cancel: CancelToken) -> Iterator[PartContext]:
    """For what may have to stop before the job does: while inside, the job's stop sign sets ``cancel`` as well. :raises JobCancelled: it is set already"""
    with context.cancel.closing(cancel.cancel):
        yield PartContext(context, cancel)
