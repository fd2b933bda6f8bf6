"""One job inside the worker: drives its generator in a thread of its own and holds it back when nobody reads."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Generator
from typing import Any

from artifact_browser.errors import InternalError, JobCancelled
from artifact_browser.workers.context import WorkerContext
from artifact_browser.workers.job import ALL_TAKEN
from artifact_browser.workers.messages import Kind, Message
from artifact_browser.workers.outbox import Outbox
from artifact_browser.workers.progress import ProgressSender
from artifact_browser.workers.slots import Slots
from artifact_browser.workers.translate import redacted_record, translated

#: Events on their way that nobody has acknowledged; then the generator waits.
EVENTS_IN_FLIGHT = 8


class RunningJob:
    """Queued, running, ended. :meth:`start` is called by the slots, everything else by the control thread."""

    def __init__(
        self,
        job_id: int,
        payload: bytes,
        context: WorkerContext,
        outbox: Outbox,
        progress: ProgressSender,
        slots: Slots,
        forget: Callable[[int], None],
    ) -> None:
        self.job_id = job_id
        self.context = context
        self.thread = threading.Thread(target=self._run, name=f"job {job_id}", daemon=True)
        self._payload = payload
        self._outbox = outbox
        self._progress = progress
        self._slots = slots
        self._forget = forget
        self._credit = threading.Condition()
        self._in_flight = 0
        self._end_lock = threading.Lock()
        self._ended = False
        self._begun = False

    def start(self) -> None:
        """There is a place: run, or give the place back when cancelled meanwhile."""
        with self._end_lock:
            self._begun = not self._ended
        if self._begun:
            self.thread.start()
        else:
            self._slots.release()

    def cancel(self) -> None:
        """Set the token; a job that still queues ends here. In a thread of its own: closers may block."""
        self.context.cancel.cancel()
        with self._end_lock:
            queued = not self._begun
        if queued:
            self._end(Message(self.job_id, Kind.ERROR, _record(JobCancelled())))

    def acknowledge(self) -> None:
        """The other side has worked off one event."""
        with self._credit:
            self._in_flight -= 1
            self._credit.notify_all()

    def _run(self) -> None:
        try:
            ending = self._outcome()
            self._progress.flush(self.job_id)
            self._end(ending)
            self.context.cancel.cancel()  # what the job left running (threads, movers, questions) ends with it
        finally:
            self._slots.release()

    def _outcome(self) -> Message:
        try:
            return Message(self.job_id, Kind.DONE, self._drive())
        except BaseException as error:  # noqa: BLE001 - the border: nothing escapes a job untranslated
            cancelled = self.context.cancel.cancelled
            return Message(self.job_id, Kind.ERROR, _record(JobCancelled() if cancelled else error))

    def _drive(self) -> bytes:
        self.context.cancel.raise_if_cancelled()
        job, arguments = pickle.loads(self._payload)  # noqa: S301 - from our own parent
        self._payload = b""
        generator = job(self.context, *arguments)
        if not isinstance(generator, Generator):
            raise InternalError("A job is not a generator function.", technical=repr(job))
        return _pickled(self._consume(generator), "result")

    def _consume(self, generator: Generator[Any, None, Any]) -> Any:
        cancelled: JobCancelled | None = None
        try:
            while True:
                try:
                    event = next(generator) if cancelled is None else generator.throw(cancelled)
                except StopIteration as stop:
                    return stop.value
                if cancelled is not None:
                    raise cancelled
                try:
                    if event is ALL_TAKEN:
                        self._wait(0)
                    else:
                        self._send(_pickled(event, "event"))
                except JobCancelled as error:
                    cancelled = error  # raised where the job stands, so that it can tidy up
        finally:
            generator.close()

    def _send(self, payload: bytes) -> None:
        with self._credit:
            self._in_flight += 1
        self._outbox.put(Message(self.job_id, Kind.EVENT, payload))
        self._wait(EVENTS_IN_FLIGHT - 1)

    def _wait(self, most: int) -> None:
        """Return when at most so many events are on their way. :raises JobCancelled:"""
        token = self.context.cancel
        with token.closing(self._wake), self._credit:
            self._credit.wait_for(lambda: self._in_flight <= most or token.cancelled)
        token.raise_if_cancelled()

    def _wake(self) -> None:
        with self._credit:
            self._credit.notify_all()

    def _end(self, ending: Message) -> None:
        with self._end_lock:
            if self._ended:
                return
            self._ended = True
        self._forget(self.job_id)
        self._outbox.put(ending)


def _pickled(value: object, what: str) -> bytes:
    try:
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        raise InternalError(
            f"A job's {what} cannot leave its process.", technical=f"{type(value).__name__}: {type(error).__name__}"
        ) from error


def _record(error: BaseException) -> bytes:
    return pickle.dumps(redacted_record(translated(error)), pickle.HIGHEST_PROTOCOL)
