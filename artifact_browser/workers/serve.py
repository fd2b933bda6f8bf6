"""The main loop of a worker process: reads the control pipe, starts and stops jobs, leaves when the pipe ends.

Spawned by :mod:`artifact_browser.workers.process`. Imports nothing heavy: what a job needs is imported by the job's
own thread when its function is unpickled.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from types import TracebackType

from artifact_browser import log
from artifact_browser.workers.context import WorkerContext
from artifact_browser.workers.crash_file import keep_no_core, open_crash_file, remove_if_empty
from artifact_browser.workers.job import Lane
from artifact_browser.workers.messages import PROCESS, Assembler, Kind, Message, WorkerSetup
from artifact_browser.workers.orphans import be_seen
from artifact_browser.workers.outbox import Outbox
from artifact_browser.workers.priority import make_way
from artifact_browser.workers.progress import ProgressSender
from artifact_browser.workers.running import RunningJob
from artifact_browser.workers.slots import Slots

#: How long jobs may tidy up when the process is told to leave or its parent is gone.
LEAVE_GRACE_S = 0.3
#: The engine tells of the progress of many jobs, and the window shows it ten times a second.
TELL_EVERY_S = 0.02
_log = logging.getLogger(__name__)


def serve(connection: Connection, setup: WorkerSetup) -> None:
    """The process's target. Never returns: it ends with ``os._exit`` so that a hanging thread cannot hold it."""
    keep_no_core()
    open_crash_file(setup.crash_file)
    if hasattr(signal, "SIGINT"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is for the window to decide
    make_way(setup.lane, steps_back=setup.steps_back)
    if setup.lane is Lane.MOVER:
        be_seen(setup.paths)
    log.start_log(setup.paths, setup.name)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda args: _log.error("uncaught in a thread", exc_info=args.exc_value)
    _Server(connection, setup).run()


class _Server:
    def __init__(self, connection: Connection, setup: WorkerSetup) -> None:
        self._connection = connection
        self._setup = setup
        self._outbox = Outbox(TELL_EVERY_S if setup.lane is Lane.ENGINE else 0.0)
        self._told_to_leave = False
        self._progress = ProgressSender(self._outbox)
        self._slots = Slots()
        self._jobs: dict[int, RunningJob] = {}

    def run(self) -> None:
        self._outbox.open(self._connection, "worker")
        self._outbox.put(Message(PROCESS, Kind.READY))
        assembler = Assembler()
        try:
            while not self._told_to_leave:
                for packet in self._packets():
                    for message in assembler.add(packet):
                        self._handle(message)
        except (EOFError, OSError):
            pass  # the parent is gone
        finally:
            self._leave()

    def _packets(self) -> list[bytes]:
        """Wait for a packet, and take all that came with it before any is looked at.

        The end of the pipe is behind what a dead parent wrote: a process that was still starting when its parent died
        must not begin what it finds there. Whoever clears up behind the parent waits for work that had begun, only.

        :raises EOFError: the parent is gone
        """
        packets = [self._connection.recv_bytes()]
        while self._connection.poll():
            packets.append(self._connection.recv_bytes())
        return packets

    def _handle(self, message: Message) -> None:
        if message.kind is Kind.CLOSE:
            self._told_to_leave = True
            return
        if message.kind in {Kind.START, Kind.START_NOW}:
            self._start(message)
            return
        job = self._jobs.get(message.job_id)
        if job is None:
            return  # it ended while the message was on its way
        if message.kind is Kind.CANCEL:
            threading.Thread(target=job.cancel, name=f"cancel {job.job_id}", daemon=True).start()
        elif message.kind is Kind.FIRST:
            self._slots.put_first(job.start)
        elif message.kind is Kind.ACKNOWLEDGE:
            job.acknowledge()
        elif message.kind is Kind.ANSWER:
            number, payload = pickle.loads(message.payload)  # noqa: S301 - from our own parent
            job.context.take_answer(number, payload)

    def _start(self, message: Message) -> None:
        context = WorkerContext(message.job_id, self._setup, self._outbox, self._progress, self._slots)
        job = RunningJob(
            message.job_id, message.payload, context, self._outbox, self._progress, self._slots, self._forget
        )
        self._jobs[job.job_id] = job
        if message.kind is Kind.START_NOW:
            self._slots.start_now(job.start)
        else:
            self._slots.submit(job.start)

    def _forget(self, job_id: int) -> None:
        self._jobs.pop(job_id, None)

    def _leave(self) -> None:
        """End within the grace whatever the jobs do; movers go along because their pipes end with this process."""
        last = threading.Thread(target=self._exit_after_grace, name="exit", daemon=True)
        last.start()
        jobs = list(self._jobs.values())
        for job in jobs:
            threading.Thread(target=job.context.cancel.cancel, daemon=True).start()
        movers = sys.modules.get("artifact_browser.workers.movers")
        if movers is not None:
            movers.close_movers(LEAVE_GRACE_S)
        for job in jobs:
            if job.thread.is_alive():
                job.thread.join()
        self._exit()

    def _exit_after_grace(self) -> None:
        time.sleep(LEAVE_GRACE_S)
        self._exit()

    def _exit(self) -> None:
        for handler in logging.getLogger().handlers:
            handler.flush()
        remove_if_empty(self._setup.crash_file)
        os._exit(0)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _log.critical("uncaught", exc_info=(kind, error, trace))
