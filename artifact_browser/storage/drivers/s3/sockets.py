"""Sockets that a cancel can interrupt: connecting, handshaking and waiting for an answer all end within 200 ms."""

from __future__ import annotations

import os
import select
import selectors
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from artifact_browser.workers import turns
from artifact_browser.workers.cancel import CancelToken

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 60.0
_LOOK_EVERY_S = 0.05


def connect(host: str, port: int, cancel: CancelToken, timeout_s: float = CONNECT_TIMEOUT_S) -> socket.socket:
    """A connected TCP socket with the read timeout set, over the first address that answers.

    :raises OSError: no address answers; :raises JobCancelled:
    """
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _name, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            _connect(sock, address, cancel, timeout_s)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(READ_TIMEOUT_S)
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure


def _connect(sock: socket.socket, address: tuple[object, ...], cancel: CancelToken, timeout_s: float) -> None:
    """Connect without blocking: looks at the stop sign while it waits, which works on every platform."""
    sock.setblocking(False)
    with suppress(BlockingIOError):
        sock.connect(address)
        return
    deadline = time.monotonic() + timeout_s
    while not _writable(sock, _LOOK_EVERY_S):
        cancel.raise_if_cancelled()
        if time.monotonic() > deadline:
            raise TimeoutError(f"no connection within {timeout_s:.0f} s")
    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


def _writable(sock: socket.socket, timeout_s: float) -> bool:
    if turns.active():
        return turns.wait_for(sock, write=True, timeout_s=timeout_s)
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_WRITE)
        return bool(selector.select(timeout_s))


def handshake(sock: socket.socket, host: str, context: ssl.SSLContext, cancel: CancelToken) -> ssl.SSLSocket:
    """TLS over a connected socket. ``sock`` must not be used afterwards. :raises ssl.SSLError:"""
    # the wrapping detaches ``sock``; a duplicate still shuts the connection down while it blocks
    with socket.fromfd(sock.fileno(), sock.family, sock.type) as twin, cancel.closing(shutter(twin)):
        if not turns.active():
            return context.wrap_socket(sock, server_hostname=host)
        wrapped = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        try:
            _shake_hands_in_turns(wrapped)
        except BaseException:
            wrapped.close()
            raise
        return wrapped


def _shake_hands_in_turns(sock: ssl.SSLSocket) -> None:
    timeout_s = sock.gettimeout() or READ_TIMEOUT_S
    sock.setblocking(False)
    while True:
        try:
            sock.do_handshake()
            break
        except ssl.SSLWantReadError:
            came = turns.wait_for(sock, write=False, timeout_s=timeout_s)
        except ssl.SSLWantWriteError:
            came = turns.wait_for(sock, write=True, timeout_s=timeout_s)
        if not came:
            raise TimeoutError("the handshake timed out")
    sock.settimeout(timeout_s)


def shutter(sock: socket.socket) -> Callable[[], None]:
    """What a cancel calls to wake whoever blocks in ``sock``; the plain shutdown, for TLS sockets too."""
    return lambda: socket.socket.shutdown(sock, socket.SHUT_RDWR)


def has_closed(sock: socket.socket) -> bool:
    """Whether an idle kept-alive connection is gone: anything readable on it is an end or rubbish."""
    if not hasattr(select, "poll"):  # Windows, where select takes any socket
        return bool(select.select([sock], [], [], 0)[0])
    look = select.poll()  # one call into the system; a selector makes four
    look.register(sock, select.POLLIN)
    return bool(look.poll(0))


@contextmanager
def waking(sock: socket.socket, cancel: CancelToken) -> Iterator[None]:
    """While inside, a cancel ends what blocks in ``sock``."""
    with cancel.closing(shutter(sock)):
        yield
