"""Many exchanges in one thread: while one waits, others go on; each ends as it would have ended alone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import pytest

from artifact_browser.errors import JobCancelled
from artifact_browser.workers import turns
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.turns import taking_turns

MIB = 1024**2


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """Two connections, each with its far end."""
    made = [socket.socketpair() for _ in range(2)]
    for pair in made:
        for sock in pair:
            sock.settimeout(20)
    yield made
    for pair in made:
        for sock in pair:
            sock.close()


def read(sock: socket.socket) -> bytes:
    room = memoryview(bytearray(100))
    return bytes(room[: turns.receive_into(sock, room)])


def result_of(calls: list[Callable[[], object]], at_once: int) -> list[tuple[int, object]]:
    return list(taking_turns(calls, at_once))


def test_who_can_go_on_does_and_is_told_first(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    (first, far_first), (second, far_second) = pairs
    far_second.sendall(b"second")

    def last() -> bytes:
        far_first.sendall(b"first")  # the first one waits for the third
        return b"third"

    calls = [partial(read, first), partial(read, second), last]
    assert result_of(calls, 2) == [(1, b"second"), (2, b"third"), (0, b"first")]


def test_no_more_than_wanted_are_under_way(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    (first, far_first), _ = pairs
    under_way, most = 0, 0

    def work(number: int) -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        turns.pause(0.001, CancelToken())
        under_way -= 1
        return number

    assert sorted(result_of([partial(work, number) for number in range(20)], 3)) == [(n, n) for n in range(20)]
    assert most == 3
    far_first.sendall(b"alone")
    assert result_of([partial(read, first)], 1) == [(0, b"alone")]


def test_what_fails_or_gets_no_answer_ends_alone(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    (silent, _), (closed, far_closed) = pairs
    silent.settimeout(0.02)
    far_closed.close()

    def fail() -> None:
        raise KeyError("a mistake")

    ended = dict(result_of([partial(read, silent), fail, partial(read, closed), lambda: "fine"], 4))
    assert isinstance(ended[0], TimeoutError)
    assert isinstance(ended[1], KeyError)
    assert (ended[2], ended[3]) == (b"", "fine")


def test_a_pause_holds_nobody_up() -> None:
    woken: list[str] = []

    def wait() -> str:
        while not woken:
            turns.pause(0.001, CancelToken())
        return woken[0]

    assert result_of([wait, partial(woken.append, "by the second")], 2) == [(1, None), (0, "by the second")]


def test_a_cancel_ends_those_who_wait_and_those_who_sleep(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    token, (one, _) = CancelToken(), pairs[0]

    def wait() -> bytes:
        with token.closing(partial(one.shutdown, socket.SHUT_RDWR)):
            data = read(one)
        token.raise_if_cancelled()
        return data

    threading.Timer(0.05, token.cancel).start()
    ended = dict(result_of([wait, partial(turns.pause, 60.0, token)], 2))
    assert [type(ended[0]), type(ended[1])] == [JobCancelled, JobCancelled]


def test_given_up_they_tidy_up_before_it_returns(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    tidied: list[str] = []

    def wait(sock: socket.socket, name: str) -> None:
        try:
            read(sock)
        finally:
            turns.pause(0.01, CancelToken())  # tidying up may take turns, too
            tidied.append(name)

    calls: list[Callable[[], object]] = [partial(wait, pairs[0][0], "a"), partial(wait, pairs[1][0], "b"), lambda: "c"]
    with closing(taking_turns(calls, 3)) as results:
        assert next(results) == (2, "c")
    assert sorted(tidied) == ["a", "b"]
    assert not turns.active()


def test_a_body_larger_than_the_line_holds_lets_others_go_on(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    near, far = pairs[0]
    body = bytes(range(256)) * (8 * MIB // 256)

    def take() -> bytes:
        room = memoryview(bytearray(len(body)))
        done = 0
        while done < len(body):
            done += turns.receive_into(far, room[done : done + MIB])
        return bytes(room)

    assert dict(result_of([partial(turns.send_all, near, memoryview(body)), take], 2)) == {0: None, 1: body}


def test_alone_everything_waits_as_ever(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    near, far = pairs[0]
    turns.send_all(near, memoryview(b"hello"))
    assert read(far) == b"hello"
    token = CancelToken()
    token.cancel()
    with pytest.raises(JobCancelled):
        turns.pause(60, token)
