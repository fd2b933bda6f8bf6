"""One worker process from its parent's side, for one lifetime: spawn, talk, notice its end, tell its jobs.

Each has a reader thread (it also spawns the process, so that the window never waits for that) and an outbox thread.
"""

from __future__ import annotations

import logging
import multiprocessing
import pickle
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from artifact_browser.errors import ArtifactBrowserError, InternalError, JobCancelled, WorkerDied, error_from
from artifact_browser.workers.crash_file import crash_tail, remove_if_empty
from artifact_browser.workers.handle import Answer, JobHandle
from artifact_browser.workers.job import Lane, Question
from artifact_browser.workers.messages import PROCESS, Assembler, Kind, Message, WorkerSetup
from artifact_browser.workers.outbox import Outbox
from artifact_browser.workers.serve import serve

#: A job that ignores a cancel this long costs its process ...
STUBBORN_AFTER_S = 2.0
#: ... which first lets its other jobs come to their end, for so long: it is not their fault.
LINGER_S = 30.0
_LOOK_S = 0.05
#: Where a job's end must mean that nothing of it runs any more: these do not linger.
_MOVING = frozenset({Lane.ENGINE, Lane.MOVER})
_SPAWN = multiprocessing.get_context("spawn")
#: multiprocessing's table of children is not made for starts from several threads at once.
_SPAWN_LOCK = threading.Lock()
_log = logging.getLogger(__name__)


class WorkerProcess:
    """Thread-safe. Ended means ended: the pool makes a new one."""

    def __init__(
        self,
        setup: WorkerSetup,
        on_question: Callable[[JobHandle, Question, Answer], None],
        on_death: Callable[[], None],
        delay_s: float = 0.0,
    ) -> None:
        self._setup = setup
        self._on_question = on_question
        self._on_death = on_death
        self._delay_s = delay_s
        self._outbox = Outbox()
        self._lock = threading.Lock()
        self._jobs: dict[int, JobHandle] = {}
        self._accepting = True
        self._closing = threading.Event()
        self._replaced = False
        self._ready = False
        self._process: SpawnProcess | None = None
        self._thread = threading.Thread(target=self._run, name=f"{setup.name} reader", daemon=True)
        self._thread.start()

    @property
    def accepting(self) -> bool:
        return self._accepting

    @property
    def alive(self) -> bool:
        """Whether it, or its thread, still runs."""
        return self._thread.is_alive()

    @property
    def job_count(self) -> int:
        return len(self._jobs)

    @property
    def pid(self) -> int | None:
        """The process's id once it runs."""
        return self._process.pid if self._process is not None else None

    def start_job(self, handle: JobHandle, payload: bytes, *, at_once: bool = False) -> bool:
        """Take the job; False when this process is on its way out. ``at_once``: over the limit of jobs."""
        with self._lock:
            if not self._accepting:
                return False
            handle.belongs_to(self)
            self._jobs[handle.job_id] = handle
            self._outbox.put(Message(handle.job_id, Kind.START_NOW if at_once else Kind.START, payload))
        return True

    def cancel(self, handle: JobHandle) -> None:
        """Ask the job to stop; when it does not, its process is replaced, behind the jobs that nobody has cancelled."""
        self._outbox.put(Message(handle.job_id, Kind.CANCEL))
        if not self._ready:
            self._drop(handle.job_id)
            handle.fail(JobCancelled())  # whatever the process does with it, nobody waits for it any more
            return
        threading.Thread(target=self._replace_if_stubborn, args=(handle,), name="stubborn?", daemon=True).start()

    def put_first(self, handle: JobHandle) -> None:
        self._outbox.put(Message(handle.job_id, Kind.FIRST))

    def acknowledge(self, handle: JobHandle) -> None:
        self._outbox.put(Message(handle.job_id, Kind.ACKNOWLEDGE))

    def begin_close(self) -> None:
        """Ask the process to leave; its jobs end cancelled."""
        with self._lock:
            self._accepting = False
        self._closing.set()
        self._outbox.put(Message(PROCESS, Kind.CLOSE))

    def finish_close(self, timeout_s: float) -> None:
        """Wait for the end; kill when it does not come."""
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            self._kill()
            self._thread.join(1.0)

    def _replace_if_stubborn(self, handle: JobHandle) -> None:
        if handle.wait(STUBBORN_AFTER_S):
            return
        _log.warning("%s: a job ignored its cancel, the process is replaced", self._setup.name)
        with self._lock:
            self._accepting = False
            self._replaced = True
        if self._setup.lane not in _MOVING:
            self._linger()
        self._kill()

    def _linger(self) -> None:
        """Wait for the jobs that nobody has cancelled."""
        ends_at = time.monotonic() + LINGER_S
        while time.monotonic() < ends_at:
            with self._lock:
                if all(handle.cancel_requested for handle in self._jobs.values()):
                    return
            time.sleep(_LOOK_S)

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    # -- the reader thread ---------------------------------------------------------------------------------------
    def _run(self) -> None:
        self._closing.wait(self._delay_s)
        trouble, connection = "", None
        if not self._closing.is_set():
            try:
                connection = self._spawn()
            except Exception as error:  # noqa: BLE001 - no process: its jobs must hear of it
                _log.exception("%s cannot be started", self._setup.name)
                trouble = f"{type(error).__name__} at start"
            else:
                self._read(connection)
        self._end(trouble or self._describe_death())
        if connection is not None:
            self._outbox.join(1.0)
            connection.close()

    def _spawn(self) -> Connection:
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(
            target=serve, args=(theirs, self._setup), name=f"artifact-browser {self._setup.name}", daemon=False
        )
        with _SPAWN_LOCK:
            process.start()
        theirs.close()
        self._process = process
        self._outbox.open(ours, self._setup.name)
        return ours

    def _read(self, connection: Connection) -> None:
        assembler = Assembler()
        try:
            while True:
                for message in assembler.add(connection.recv_bytes()):
                    self._handle(message)
        except (EOFError, OSError):
            pass  # the process is gone
        except Exception:  # noqa: BLE001 - its jobs must hear that this process is given up
            _log.exception("%s sends what is no message", self._setup.name)
            self._kill()

    def _handle(self, message: Message) -> None:
        if message.kind is Kind.READY:
            self._ready = True
            return
        handle = self._jobs.get(message.job_id)
        if handle is None:
            return
        try:
            value = pickle.loads(message.payload)  # noqa: S301 - from our own worker
        except Exception as error:  # noqa: BLE001 - unpickling imports and runs anything
            _log.exception("%s: a message cannot be read", self._setup.name)
            handle.cancel()
            self._drop(handle.job_id)
            handle.fail(InternalError("A job's message cannot be read.", technical=type(error).__name__))
            return
        self._dispatch(message.kind, handle, value)

    def _dispatch(self, kind: Kind, handle: JobHandle, value: object) -> None:
        if kind is Kind.EVENT:
            handle.event(value)
        elif kind is Kind.PROGRESS:
            handle.progress(value)
        elif kind is Kind.QUESTION:
            number, question = value  # type: ignore[misc]
            self._on_question(handle, question, self._answer_to(handle.job_id, number))  # type: ignore[has-type]
        elif kind is Kind.DONE:
            self._drop(handle.job_id)
            handle.succeed(value)
        else:
            error = error_from(value)  # type: ignore[arg-type]
            self._drop(handle.job_id)
            handle.fail(error)

    def _answer_to(self, job_id: int, number: int) -> Answer:
        first = threading.Lock()

        def answer(value: object | ArtifactBrowserError) -> None:
            if not first.acquire(blocking=False):
                return
            try:
                reply = pickle.dumps(_reply(value), pickle.HIGHEST_PROTOCOL)
            except Exception:  # noqa: BLE001 - whatever a foreign __reduce__ raises
                _log.exception("an answer cannot be sent")
                reply = pickle.dumps(_reply(InternalError("An answer cannot be sent to the worker.")))
            self._outbox.put(Message(job_id, Kind.ANSWER, pickle.dumps((number, reply))))

        return answer

    def _drop(self, job_id: int) -> None:
        with self._lock:
            self._jobs.pop(job_id, None)

    def _describe_death(self) -> str:
        """Reap the process; how it ended, for *Copy details*."""
        process = self._process
        if process is None:
            return ""
        process.join(0.5)
        if process.is_alive():
            process.kill()
            process.join(1.0)
        tail = crash_tail(self._setup.crash_file)
        remove_if_empty(self._setup.crash_file)
        return f"{self._setup.name}: exit code {process.exitcode}" + (f"\n{tail}" if tail else "")

    def _end(self, technical: str) -> None:
        with self._lock:
            self._accepting = False
            jobs = list(self._jobs.values())
            self._jobs.clear()
        self._outbox.close()
        if not self._closing.is_set() and not self._replaced:
            _log.error("a worker died: %s", technical)
            self._on_death()
        for handle in jobs:
            if self._closing.is_set() or handle.cancel_requested:
                handle.fail(JobCancelled(technical=technical))  # it could not tidy up behind itself
            else:
                handle.fail(WorkerDied("The process that did this work is gone.", technical=technical))


def _reply(value: object | ArtifactBrowserError) -> tuple[bool, object]:
    if isinstance(value, ArtifactBrowserError):
        return False, value.record()
    return True, value
