"""Kept-alive connections of one account, shared by its jobs; direct, or through the environment's proxy."""

from __future__ import annotations

import base64
import http.client
import os
import socket
import ssl
import threading
import time
from collections import defaultdict
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from artifact_browser.errors import CertificateRejected, ConnectionFailed
from artifact_browser.storage.drivers.s3.endpoint import Place, is_address
from artifact_browser.storage.drivers.s3.errors import from_exception
from artifact_browser.storage.drivers.s3.http_answer import Incoming, Inlet
from artifact_browser.storage.drivers.s3.sockets import connect, handshake, has_closed, waking
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.turns import MOST_TOGETHER

#: Servers close idle connections after 5 s (MinIO's proxy) to 75 s; older ones are not worth the risk.
IDLE_LIMIT_S = 20.0
#: No server closes one as soon: good enough for what is sent only once.
JUST_USED_S = 1.0
_MOST_IDLE = MOST_TOGETHER


class Connection:
    """One connection; ``sock`` is set by the pool (twice, where TLS is laid over it) and never reopened by itself."""

    def __init__(
        self, sock: socket.socket, host: str, port: int, *, absolute: bool, proxy_headers: dict[str, str]
    ) -> None:
        self.sock = sock
        self._inlet: Inlet | None = None
        #: plain http through a proxy: requests name the whole URL
        self.absolute = absolute
        self.proxy_headers = proxy_headers
        #: scheme, host and port it was made to: a bucket's may be another by the time it is given back
        self.where = ("", host, port)
        self.reused = False
        self.idle_since = 0.0

    def answer(self, method: str) -> Incoming:
        """The answer to what was just sent, its head read. :raises OSError: :raises http.client.HTTPException:"""
        if self._inlet is None:
            self._inlet = Inlet(self.sock)
        return Incoming(self._inlet, method)

    @property
    def clean(self) -> bool:
        """Whether nothing came that was not asked for."""
        return self._inlet is None or self._inlet.empty

    def close(self) -> None:
        self.sock.close()


class ConnectionPool:
    """Hands out connections; each is used by one thread at a time."""

    def __init__(self, ca_file: str) -> None:
        self._ca_file = ca_file
        self._context: ssl.SSLContext | None = None
        self._idle: dict[tuple[str, str, int], list[Connection]] = defaultdict(list)
        self._lock = threading.Lock()
        self._keeps = _MOST_IDLE

    def take(self, place: Place, cancel: CancelToken, most_idle_s: float = IDLE_LIMIT_S) -> Connection:
        """A connected connection, a kept one if there is one.

        :param most_idle_s: how long a kept one may have been idle; 0: open a new one
        :raises ConnectionFailed: :raises CertificateRejected: :raises JobCancelled:
        """
        where = (place.endpoint.scheme, place.host, place.endpoint.port)
        while True:
            with self._lock:  # the last one that was given back
                kept = self._idle[where].pop() if self._idle[where] else None
            if kept is None:
                break
            if kept.idle_since + most_idle_s > time.monotonic() and not has_closed(kept.sock):
                kept.reused = True
                return kept
            kept.close()
        return self._open(place, cancel)

    def give_back(self, connection: Connection) -> None:
        """Keep a connection whose answer was read to the end."""
        connection.idle_since = time.monotonic()
        with self._lock:
            kept = self._idle[connection.where]
            if len(kept) < self._keeps:
                kept.append(connection)
                return
        connection.close()

    def retire(self) -> None:
        """Keep none from now on: whoever still takes one closes it by giving it back."""
        with self._lock:
            self._keeps = 0
        self.close()

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            idle = [connection for kept in self._idle.values() for connection in kept]
            self._idle.clear()
        for connection in idle:
            connection.close()

    def _open(self, place: Place, cancel: CancelToken) -> Connection:
        endpoint = place.endpoint
        proxy = proxy_for(place)
        try:
            if proxy is None:
                sock = connect(place.host, endpoint.port, cancel)
                connection = Connection(sock, place.host, endpoint.port, absolute=False, proxy_headers={})
            else:
                connection = _open_proxied(proxy, place, cancel)
            connection.where = (endpoint.scheme, place.host, endpoint.port)
            if endpoint.tls:
                try:
                    connection.sock = handshake(connection.sock, place.host, self._tls_context(), cancel)
                except BaseException:
                    connection.close()
                    raise
        except OSError as error:
            cancel.raise_if_cancelled()
            raise from_exception(error, place.netloc, sent=False) from error
        return connection

    def _tls_context(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                try:
                    context = ssl.create_default_context(cafile=self._ca_file or _botocore_bundle())
                except (OSError, ssl.SSLError) as error:
                    raise CertificateRejected(
                        "The CA file cannot be read.", subject=self._ca_file, technical=str(error)
                    ) from error
                context.set_alpn_protocols(["http/1.1"])
                self._context = context
            return self._context


def _botocore_bundle() -> str:
    """The authorities botocore trusts, so that both ways to the store agree (``AWS_CA_BUNDLE`` included)."""
    from botocore.httpsession import where

    return os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE") or where()


def proxy_for(place: Place) -> str | None:
    """The proxy the environment (or the system's settings) names for a place."""
    proxies = getproxies()
    proxy = proxies.get(place.endpoint.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(place.netloc):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _open_proxied(proxy: str, place: Place, cancel: CancelToken) -> Connection:
    """A connection through a plain-HTTP proxy: tunnelled for TLS, with absolute URLs otherwise."""
    parts = urlsplit(proxy)
    if parts.scheme != "http" or not parts.hostname:
        raise ConnectionFailed(
            "This kind of proxy is not supported here.",
            todo="Switch on the account's compatibility mode, or name an http:// proxy.",
            subject=parts.hostname or "proxy",
        )
    headers = {}
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Proxy-Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    sock = connect(parts.hostname, parts.port or 80, cancel)
    connection = Connection(
        sock, place.host, place.endpoint.port, absolute=not place.endpoint.tls, proxy_headers=headers
    )
    if place.endpoint.tls:
        try:
            with waking(connection.sock, cancel):
                _tunnel(connection, place, headers)
        except BaseException:
            connection.close()
            raise
    return connection


def _tunnel(connection: Connection, place: Place, headers: dict[str, str]) -> None:
    """CONNECT to the place through the proxy. :raises ConnectionFailed: the proxy refuses"""
    host = place.host if not is_address(place.host) or ":" not in place.host else f"[{place.host}]"
    target = f"{host}:{place.endpoint.port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", *(f"{name}: {value}" for name, value in headers.items())]
    connection.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
    response = http.client.HTTPResponse(connection.sock, method="CONNECT")
    try:
        response.begin()
    except http.client.HTTPException as error:
        raise ConnectionFailed("The proxy does not speak HTTP.", subject=target, technical=repr(error)) from error
    finally:
        # only the reading side's file object; the socket stays open for TLS
        response.close()
    if response.status != 200:
        connection.close()
        raise ConnectionFailed(
            f"The proxy refused the connection ({response.status}).", subject=target, technical=response.reason
        )
