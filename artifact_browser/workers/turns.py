"""Many small exchanges in one thread: each goes on until it would wait for the network, then another has its turn.

Threads that each move small files take the interpreter from one another at every call into the system; with four in a
process a file costs twice the processor time it costs alone (``docs/performance.md``). Here the code stays the blocking
one that it is (greenlets keep its stack), and only where it would block on a socket the others go on. Outside of
:func:`taking_turns` the functions below wait as ever.

Nobody may wait here while holding a lock: whoever has the next turn runs in the same thread.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, TypeVar

from greenlet import greenlet

from artifact_browser.errors import JobCancelled
from artifact_browser.workers.cancel import CancelToken

#: a thread's at most: each has a connection, and systems allow a process 256 files (macOS)
MOST_TOGETHER = 64
#: who waits without a socket is looked at so often; so is a cancel
_LOOK_S, _LONGEST_S = 0.05, 60.0
_READ, _WRITE = 1, 4  # as POLLIN and POLLOUT
_TLS_RECORD_BYTES = 16 * 1024

T = TypeVar("T")


class _Here(threading.local):
    turns: _Turns | None = None


_here = _Here()


def taking_turns(
    calls: Iterable[Callable[[], T]], at_once: int
) -> Generator[tuple[int, T | BaseException], None, None]:
    """Run every call, at most ``at_once`` of them begun and not ended; each one's place and result, or what it raised,
    in the order in which they end. When the iteration is given up, those under way are cancelled (:class:`JobCancelled`
    is raised where they wait) and have ended when this returns.
    """
    turns: _Turns = _Turns()
    rest = enumerate(calls)
    following = next(rest, None)
    try:
        while following is not None or turns.begun:
            room = following is not None and len(turns.begun) < at_once
            if not (turns.begun and turns.go_on(wait=not room)) and room:
                assert following is not None
                turns.begin(*following)
                following = next(rest, None)
            yield from turns.take_ended()
    finally:
        turns.end()


def active() -> bool:
    """Whether others can go on while this one waits."""
    return _here.turns is not None


def receive_into(sock: socket.socket, room: memoryview) -> int:
    """``recv_into`` during which others go on. :raises OSError: :raises TimeoutError: nothing came for so long"""
    turns = _here.turns
    if turns is None:
        return sock.recv_into(room)
    if isinstance(sock, ssl.SSLSocket):
        return turns.receive_tls(sock, room)
    if not turns.wait(sock, _READ, sock.gettimeout()):
        raise TimeoutError("timed out")
    return sock.recv_into(room)


def wait_for(sock: socket.socket, *, write: bool, timeout_s: float) -> bool:
    """Let the others go on until ``sock`` can be read, or written; whether it can. Only where :func:`active`."""
    assert _here.turns is not None
    return _here.turns.wait(sock, _WRITE if write else _READ, timeout_s)


def send_all(sock: socket.socket, data: memoryview) -> None:
    """``sendall`` during which others go on. :raises OSError: :raises TimeoutError: nothing could be sent for so long"""
    turns = _here.turns
    if turns is None:
        sock.sendall(data)
        return
    most = _TLS_RECORD_BYTES if isinstance(sock, ssl.SSLSocket) else len(data)
    while data:
        if not turns.wait(sock, _WRITE, sock.gettimeout()):
            raise TimeoutError("timed out")
        data = data[sock.send(data[:most]) :]


def pause(seconds: float, cancel: CancelToken) -> None:
    """Sleep, which a cancel ends; others go on meanwhile. :raises JobCancelled:"""
    turns = _here.turns
    if turns is None:
        cancel.wait(seconds)
        return
    ends_at = time.monotonic() + seconds
    while (left := ends_at - time.monotonic()) > 0:
        cancel.raise_if_cancelled()
        turns.wait(None, 0, min(left, _LOOK_S))
    cancel.raise_if_cancelled()


class _Turns:
    """One thread's; the loop that made it is whom everybody gives the turn back to."""

    def __init__(self) -> None:
        self.begun: set[greenlet] = set()
        #: they have ended one call and wait for another: a new one would have to be given memory by the system
        self._idle: list[greenlet] = []
        self._loop = greenlet.getcurrent()
        self._ended: deque[tuple[int, Any]] = deque()
        #: who waits for a socket, by its number; until when, for all who wait
        self._waiting: dict[int, greenlet] = {}
        self._until: dict[greenlet, float] = {}
        self._poll = _poll()

    def begin(self, place: int, call: Callable[[], Any]) -> None:
        one = self._idle.pop() if self._idle else greenlet(self._run)
        self.begun.add(one)
        self._give_turn(one, (place, call))

    def _run(self, work: tuple[int, Callable[[], Any]] | None) -> None:
        one = greenlet.getcurrent()
        while work is not None:
            place, call = work
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - handed to whoever iterates
                result = error
            self._ended.append((place, result))
            self.begun.discard(one)
            self._idle.append(one)
            work = self._loop.switch()

    def take_ended(self) -> Iterator[tuple[int, Any]]:
        while self._ended:
            yield self._ended.popleft()

    def go_on(self, *, wait: bool) -> bool:
        """Let all who can go on, waiting for the first if need be; whether somebody did."""
        first, now = 0.0, 0.0
        if wait:
            first, now = min(self._until.values()), time.monotonic()
        ready = self._poll.poll(min(max(0.0, first - now), _LONGEST_S) * 1000)
        for number, _ in ready:
            self._give_turn(self._waiting[number], True)
        if wait and not ready:
            now = time.monotonic()
            for one in [one for one, until in self._until.items() if until <= now]:
                self._give_turn(one, False)
        return bool(ready)

    def wait(self, sock: socket.socket | None, events: int, timeout_s: float | None) -> bool:
        """Give the turn back; whether it came again because of the socket, and not of the time."""
        one = greenlet.getcurrent()
        number = -1
        if sock is not None:
            number = sock.fileno()
            if number < 0:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            self._poll.register(number, events)
            self._waiting[number] = one
        self._until[one] = time.monotonic() + timeout_s if timeout_s is not None else float("inf")
        try:
            return bool(self._loop.switch())
        finally:
            del self._until[one]
            if sock is not None:
                del self._waiting[number]
                self._poll.unregister(number)

    def receive_tls(self, sock: ssl.SSLSocket, room: memoryview) -> int:
        """What arrives may be TLS's own (a session's ticket): whether there is something for us, only reading tells."""
        timeout_s = sock.gettimeout()
        sock.settimeout(0.0)
        try:
            while True:
                try:
                    return sock.recv_into(room)
                except ssl.SSLWantReadError:
                    came = self.wait(sock, _READ, timeout_s)
                except ssl.SSLWantWriteError:
                    came = self.wait(sock, _WRITE, timeout_s)
                if not came:
                    raise TimeoutError("timed out")
        finally:
            sock.settimeout(timeout_s)

    def end(self) -> None:
        """Have whoever is under way end."""
        for one in list(self.begun):
            self._give_turn(one, JobCancelled())
        while self.begun:  # what one of them does at its end may wait once more
            self.go_on(wait=True)
        for one in self._idle:
            one.switch(None)

    def _give_turn(self, one: greenlet, what: object) -> None:
        """``what``: its first call, whether what it waited for came, or what is raised where it waits."""
        _here.turns = self
        try:
            if isinstance(what, BaseException):
                one.throw(what)
            else:
                one.switch(what)
        finally:
            _here.turns = None


def _poll() -> Any:
    return select.poll() if hasattr(select, "poll") else _Select()


class _Select:
    """``poll`` where there is none (Windows)."""

    def __init__(self) -> None:
        self._events: dict[int, int] = {}

    def register(self, number: int, events: int) -> None:
        self._events[number] = events

    def unregister(self, number: int) -> None:
        del self._events[number]

    def poll(self, timeout_ms: float) -> list[tuple[int, int]]:
        if not self._events:
            time.sleep(timeout_ms / 1000)
            return []
        reading = [number for number, events in self._events.items() if events == _READ]
        writing = [number for number, events in self._events.items() if events == _WRITE]
        # a connection that was refused is told as an exception there
        found = select.select(reading, writing, writing, timeout_ms / 1000)
        return [(number, 0) for number in dict.fromkeys([*found[0], *found[1], *found[2]])]
