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
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

from artifact_browser import log
from artifact_browser.workers.context import WorkerContext
from artifact_browser.workers.crash_file import keep_no_core, open_crash_file, remove_if_empty
from artifact_browser.workers.job import Lane
from artifact_browser.workers.messages import PROCESS, Assembler, Kind, Message, WorkerSetup
from artifact_browser.workers.outbox import Outbox
from artifact_browser.workers.progress import ProgressSender
from artifact_browser.workers.running import RunningJob
from artifact_browser.workers.slots import Slots

NICE = 5
_AUTOGROUP = Path("/proc/self/autogroup")
#: How long jobs may tidy up when the process is told to leave or its parent is gone.
LEAVE_GRACE_S = 0.3
_log = logging.getLogger(__name__)


def serve(connection: Connection, setup: WorkerSetup) -> None:
    """The process's target. Never returns: it ends with ``os._exit`` so that a hanging thread cannot hold it."""
    keep_no_core()
    open_crash_file(setup.crash_file)
    if hasattr(signal, "SIGINT"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is for the window to decide
    if setup.lane is Lane.ENGINE:
        _leave_session()
    if setup.lane in (Lane.ENGINE, Lane.MOVER):
        _be_nice()
    log.start_log(setup.paths, setup.name)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda args: _log.error("uncaught in a thread", exc_info=args.exc_value)
    _Server(connection, setup).run()


class _Server:
    def __init__(self, connection: Connection, setup: WorkerSetup) -> None:
        self._connection = connection
        self._setup = setup
        self._outbox = Outbox()
        self._progress = ProgressSender(self._outbox)
        self._slots = Slots()
        self._jobs: dict[int, RunningJob] = {}

    def run(self) -> None:
        self._outbox.open(self._connection, "worker")
        self._outbox.put(Message(PROCESS, Kind.READY))
        assembler = Assembler()
        try:
            while True:
                message = assembler.add(self._connection.recv_bytes())
                if message is None:
                    continue
                if message.kind is Kind.CLOSE:
                    break
                self._handle(message)
        except (EOFError, OSError):
            pass  # the parent is gone
        finally:
            self._leave()

    def _handle(self, message: Message) -> None:
        if message.kind is Kind.START:
            self._start(message)
            return
        job = self._jobs.get(message.job_id)
        if job is None:
            return  # it ended while the message was on its way
        if message.kind is Kind.CANCEL:
            threading.Thread(target=job.cancel, name=f"cancel {job.job_id}", daemon=True).start()
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


def _leave_session() -> None:
    """Have the engine, and the movers it starts, charged for CPU apart from the window.

    Linux divides the CPU among sessions before it looks at nice values (autogroup): bulk work in the window's own
    session is taken from the window's share. Measured by turns, two runs each on a shared machine: 16 downloads, the
    window's timer late by 63 and 66 ms (p99) with the engine in the window's session, by 11 and 27 ms in its own.
    """
    if hasattr(os, "setsid"):
        with suppress(PermissionError):  # it leads a group already
            os.setsid()


def _be_nice() -> None:
    """Bulk work steps back for the window. Absolute, because movers inherit the engine's."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), 0x00004000)  # BELOW_NORMAL_PRIORITY_CLASS
    else:
        os.setpriority(os.PRIO_PROCESS, 0, max(NICE, os.getpriority(os.PRIO_PROCESS, 0)))
        with suppress(OSError):  # the session's own nice value, where Linux has it
            _AUTOGROUP.write_text(str(NICE))
