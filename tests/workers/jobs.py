"""Jobs the pool's tests run in real worker processes."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import sys
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artifact_browser.errors import AccessDenied, WrongRegion
from artifact_browser.workers.context import WorkerContext
from artifact_browser.workers.job import ALL_TAKEN, JobContext, Question
from artifact_browser.workers.messages import Kind, Message
from artifact_browser.workers.movers import engine_pool


@dataclass(frozen=True, slots=True)
class NameWanted(Question):
    hint: str


def count(context: JobContext, end: int) -> Generator[int, None, str]:
    yield from range(end)
    return f"counted {end}"


def count_into(context: JobContext, file: Path, end: int) -> Generator[int, None, None]:
    for number in range(end):
        new = file.with_suffix(".new")
        new.write_text(str(number + 1))
        new.replace(file)
        yield number


def touch_when_all_taken(context: JobContext, file: Path, end: int) -> Generator[object, None, None]:
    yield from range(end)
    yield ALL_TAKEN
    file.touch()


def touch(context: JobContext, file: Path) -> Generator[None, None, None]:
    yield from ()
    file.touch()


def report(context: JobContext, end: int, seconds: float) -> Generator[None, None, int]:
    yield from ()
    for number in range(end):
        context.progress(number)
        time.sleep(seconds / end)
    return end


def large(context: JobContext, size_bytes: int, times: int) -> Generator[bytes, None, None]:
    for number in range(times):
        yield bytes([number]) * size_bytes


def block_in_recv(context: JobContext) -> Generator[str, None, None]:
    ours, _theirs = socket.socketpair()
    yield "blocking"
    with context.cancel.closing(lambda: ours.shutdown(socket.SHUT_RDWR)):
        ours.recv(1)
        raise ConnectionResetError("what a driver sees when its socket is shut")


def ignore_cancel(context: JobContext) -> Generator[str, None, None]:
    yield "stubborn"
    while True:
        time.sleep(0.05)


def wait_for_cancel(context: JobContext) -> Generator[int, None, None]:
    yield os.getpid()
    context.cancel.wait(60)


def ask(context: JobContext, hint: str) -> Generator[None, None, Any]:
    yield from ()
    return context.ask(NameWanted(hint))


def kill_self(context: JobContext) -> Generator[int, None, None]:
    yield os.getpid()
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(10)


def crash(context: JobContext) -> Generator[None, None, None]:
    yield from ()
    import faulthandler

    faulthandler._sigsegv()  # type: ignore[attr-defined]


def raise_foreign(context: JobContext) -> Generator[None, None, None]:
    yield from ()
    raise KeyError("aws_secret_access_key=TOPSECRETVALUE")


def raise_ours(context: JobContext) -> Generator[None, None, None]:
    yield from ()
    raise AccessDenied("No.", subject="s3://b/k", kept="all of it", todo="Ask.")


def raise_os(context: JobContext, number: int, name: str) -> Generator[None, None, None]:
    yield from ()
    raise OSError(number, os.strerror(number), name)


def yield_unpicklable(context: JobContext) -> Generator[Any, None, None]:
    yield threading.Lock()


def return_unpicklable(context: JobContext) -> Generator[Any, None, Any]:
    yield from ()
    return threading.Lock()


def modules(context: JobContext) -> Generator[None, None, set[str]]:
    yield from ()
    return {name.partition(".")[0] for name in sys.modules}


@dataclass(frozen=True, slots=True)
class Standing:
    """A process against others; ``policy`` is Linux's."""

    pid: int
    nice: int
    policy: int


def standing(context: JobContext) -> Generator[None, None, Standing]:
    yield from ()
    policy = os.sched_getscheduler(0) if sys.platform == "linux" else 0
    return Standing(os.getpid(), os.getpriority(os.PRIO_PROCESS, 0), policy)


def standing_of_mover(context: JobContext) -> Generator[None, None, Standing]:
    yield from ()
    found: Standing = engine_pool(context).run(standing)
    return found


def open_movers(context: JobContext) -> Generator[list[int], None, Any]:
    """An engine's job: two movers asked at once, then one question passed up."""
    pool = engine_pool(context)
    handles = [_Pids() for _ in range(2)]
    for listener in handles:
        pool.start(wait_for_cancel, listener=listener)
    yield [os.getpid(), *(listener.pid() for listener in handles)]
    context.cancel.wait(60)


class _Pids:
    def __init__(self) -> None:
        self._arrived = threading.Event()
        self._pid = 0

    def on_event(self, event: int) -> None:
        self._pid = event
        self._arrived.set()

    def on_progress(self, value: object) -> None: ...
    def on_done(self, result: object) -> None: ...
    def on_error(self, error: Exception) -> None: ...

    def pid(self) -> int:
        assert self._arrived.wait(20)
        return self._pid


def ask_through_mover(context: JobContext) -> Generator[None, None, Any]:
    yield from ()
    return engine_pool(context).run(ask, "from the mover")


def fail_in_mover(context: JobContext) -> Generator[None, None, Any]:
    yield from ()
    return engine_pool(context).run(raise_ours)


def start_mover_when_cancelled(context: JobContext) -> Generator[None, None, Any]:
    """The engine job is stopped in the moment before it starts its first mover."""
    yield from ()
    context.cancel.cancel()
    return engine_pool(context).run(ask, "too late")


def talk_rubbish(context: JobContext, kind: Kind) -> Generator[None, None, None]:
    """What a worker whose memory was overwritten might send: a message that is none of ours."""
    yield from ()
    assert isinstance(context, WorkerContext)
    context._outbox.put(Message(context._job_id, kind, pickle.dumps("rubbish")))
    context.cancel.wait(60)


def raise_wrong_region(context: JobContext) -> Generator[None, None, None]:
    yield from ()
    raise WrongRegion("It lives elsewhere.", region="eu-central-1", subject="b")


def core_limit(context: JobContext) -> Generator[None, None, tuple[int, int]]:
    import resource

    yield from ()
    return resource.getrlimit(resource.RLIMIT_CORE)
