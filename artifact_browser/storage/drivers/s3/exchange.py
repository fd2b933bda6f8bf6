"""One request and its answer over a kept-alive connection: signing, sending the body, reading the head, refusals.

This is the hot path of our own core (design decision 2). It makes no second attempt; :mod:`retries` decides that.
The one exception is a kept connection that the server closed while it was idle: the request was never read then,
and it is sent again at once on a new one.
"""

from __future__ import annotations

import http.client
import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType

from artifact_browser.errors import ArtifactBrowserError, InputError, UnexpectedAnswer, WrongRegion
from artifact_browser.storage.drivers.s3.account import Access
from artifact_browser.storage.drivers.s3.bodies import Source
from artifact_browser.storage.drivers.s3.connections import IDLE_LIMIT_S, JUST_USED_S, Connection
from artifact_browser.storage.drivers.s3.endpoint import Place, encode_key
from artifact_browser.storage.drivers.s3.errors import MAX_ERROR_BYTES, from_answer, from_exception, read_refusal
from artifact_browser.storage.drivers.s3.http_head import request_head
from artifact_browser.storage.drivers.s3.signer import EMPTY_SHA256, UNSIGNED_PAYLOAD, Signer, canonical_query
from artifact_browser.storage.drivers.s3.sockets import shutter
from artifact_browser.workers import turns

_USER_AGENT = "artifact-browser"
#: ``sendfile`` is given so much at once, so that progress can be told in between.
_TOLD_BYTES = 4 * 1024**2
#: a body up to this leaves together with its head
_TOGETHER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask. ``once``: a conditional write, sent on a new or just used connection, never repeated."""

    method: str
    bucket: str
    key: str = ""
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    source: Source | None = None
    once: bool = False

    @property
    def subject(self) -> str:
        return f"{self.bucket}/{self.key}" if self.key else self.bucket


def _head(request: Request, target: str, headers: Mapping[str, str]) -> bytes:
    """:raises InputError: no header can carry what it is to say"""
    try:
        return request_head(request.method, target, headers)
    except ValueError as error:  # UnicodeEncodeError as well
        raise InputError("The request has characters that no header can carry.", subject=request.subject) from error


def _nothing() -> None: ...


class _Stale(Exception):
    """A kept connection turned out to be closed."""


class Answer:
    """A successful answer: head read, body still on the wire. Close it (context manager) to free the connection.

    :param unwatch: a cancel no longer ends what blocks in the connection
    """

    __slots__ = ("_connection", "_exchange", "_request", "_unwatch", "headers", "response", "status")

    def __init__(
        self, exchange: Exchange, request: Request, connection: Connection, unwatch: Callable[[], None]
    ) -> None:
        self._exchange = exchange
        self._request = request
        self._connection = connection
        self._unwatch = unwatch
        self.response = connection.answer(request.method)
        self.status = self.response.status
        self.headers = self.response.headers

    def __enter__(self) -> Answer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def length(self) -> int | None:
        """Bytes of the body still to come; ``None`` if the server did not say."""
        return self.response.length

    def readinto(self, room: memoryview) -> int:
        """The next bytes, straight from the socket; 0 at the end. :raises NetworkError: :raises JobCancelled:"""
        before = self.response.length
        try:
            got = self.response.readinto(room)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._exchange.lost(error, self._request) from error
        if not got and before:
            raise self._exchange.lost(ConnectionError("short body"), self._request)
        return got

    def read_all(self, limit_bytes: int) -> bytes:
        """The whole body. :raises UnexpectedAnswer: it is larger than it may be"""
        if self.response.whole:
            return b""
        try:
            body = self.response.read(limit_bytes + 1)
        except (OSError, http.client.HTTPException) as error:
            raise self._exchange.lost(error, self._request) from error
        if len(body) > limit_bytes:
            raise UnexpectedAnswer("The answer is larger than it may be.", subject=self._request.subject)
        return body

    def drain(self) -> None:
        """Read the few bytes that may be left so that the connection can be kept. :raises NetworkError:"""
        self.read_all(MAX_ERROR_BYTES)

    def close(self) -> None:
        """Keep the connection if everything was read, else close it. Never raises."""
        self._unwatch()
        response = self.response
        kept = response.whole and not response.will_close and self._connection.clean
        if kept and not self._exchange.access.cancel.cancelled:
            self._exchange.keep(self._connection)
        else:
            self._connection.close()


class Exchange:
    """Sends one job's requests."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._account = access.account
        #: (bucket, region) -> where the bucket is, its ``Host`` header, what its keys' paths begin with
        self._places: dict[tuple[str, str], tuple[Place, str, str]] = {}

    def send(self, request: Request) -> Answer:
        """Send once; a successful answer, else the error it stands for.

        :raises StorageError: what the store refused; :raises NetworkError: it did not answer; :raises JobCancelled:
        """
        try:
            answer = self._send(request, JUST_USED_S if request.once else IDLE_LIMIT_S)
        except _Stale as stale:
            if request.once:
                raise self.lost(stale.__cause__ or stale, request) from stale
            try:
                answer = self._send(request, 0.0)
            except _Stale as error:
                raise self.lost(error, request) from error
        if 200 <= answer.status < 300:
            return answer
        with answer:
            raise self._refusal(answer, request)

    def keep(self, connection: Connection) -> None:
        self._account.connections.give_back(connection)

    def lost(self, error: BaseException, request: Request) -> ArtifactBrowserError:
        """The error of a connection that failed under way. :raises JobCancelled: because we cut it"""
        self.access.cancel.raise_if_cancelled()
        return from_exception(error, request.subject)

    def _send(self, request: Request, most_idle_s: float) -> Answer:
        cancel = self.access.cancel
        region = self._account.region_of(request.bucket)
        place, netloc, folder = self._places.get((request.bucket, region)) or self._find_place(request.bucket, region)
        path = folder + encode_key(request.key) if request.key else place.path
        query = canonical_query(request.query)
        headers = self._headers(request, netloc, path, query)
        connection = self._account.connections.take(place, cancel, most_idle_s)
        unwatch = _nothing
        try:
            unwatch = cancel.watch(shutter(connection.sock))
            target = f"{path}?{query}" if query else path
            if connection.absolute:
                target = f"http://{netloc}{target}"
                headers |= connection.proxy_headers
            early = self._write(connection, request, _head(request, target, headers))
            answer = Answer(self, request, connection, unwatch)
        except (OSError, http.client.HTTPException) as error:
            unwatch()
            connection.close()
            cancel.raise_if_cancelled()
            if connection.reused and not isinstance(error, TimeoutError):
                raise _Stale from error
            raise from_exception(error, request.subject) from error
        except BaseException:
            unwatch()
            connection.close()
            raise
        if early:
            # the server answered before it had the whole body: what follows on this connection is not HTTP
            answer.response.will_close = True
        return answer

    def _find_place(self, bucket: str, region: str) -> tuple[Place, str, str]:
        place = self._account.endpoint_of(bucket).place(bucket)
        folder = place.path if place.path.endswith("/") else f"{place.path}/"
        self._places[bucket, region] = found = (place, place.netloc, folder)
        return found

    def _headers(self, request: Request, netloc: str, path: str, query: str) -> dict[str, str]:
        headers = {"host": netloc, **request.headers}
        source = request.source
        if source is not None:
            headers["content-length"] = str(source.length)
        elif request.method in {"PUT", "POST"}:
            headers["content-length"] = "0"
        lease = self.access.lease()
        if lease is not None:
            payload = EMPTY_SHA256 if source is None or not source.length else self._payload(source)
            signer = Signer(lease, self._account.region_of(request.bucket))
            headers = signer.sign(request.method, path, query, headers, payload, self.access.now)
        headers["accept-encoding"] = "identity"
        headers["user-agent"] = _USER_AGENT
        return headers

    def _payload(self, source: Source) -> str:
        """Unsigned where nobody can touch the bytes on the way: over TLS, or within this computer."""
        return UNSIGNED_PAYLOAD if self._account.wire_is_private else source.sha256()

    def _write(self, connection: Connection, request: Request, head: bytes) -> bool:
        """Send head and body; whether the server seems to have answered before the body's end."""
        source = request.source
        if source is None or not source.length:
            connection.sock.sendall(head)
            return False
        try:
            self._write_body(connection, head, source)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            # a refusal may lie in the receive buffer; if none does, reading it says that the connection is lost
            self.access.cancel.raise_if_cancelled()
            return True
        return False

    def _write_body(self, connection: Connection, head: bytes, source: Source) -> None:
        sock = connection.sock
        if source.length <= _TOGETHER_BYTES and source.most(source.length) >= source.length:
            sock.sendall(head + b"".join(source.pieces()))
            source.tell_sent(source.length)
            return
        sock.sendall(head)
        sent = 0
        placed = source.slice
        if placed is None or isinstance(sock, ssl.SSLSocket) or not hasattr(os, "sendfile") or turns.active():
            for piece in source.pieces(sending=True):
                turns.send_all(sock, piece)
                sent += len(piece)
                source.tell_sent(sent)
            return
        file, offset = placed
        while sent < source.length:
            wanted = source.most(min(_TOLD_BYTES, source.length - sent))
            file.seek(offset + sent)  # on a lost connection Python falls back to reading from where the file stands
            if sock.sendfile(file, offset + sent, wanted) != wanted:
                source.check_unchanged()
                raise BrokenPipeError
            sent += wanted
            source.tell_sent(sent)

    def _refusal(self, answer: Answer, request: Request) -> ArtifactBrowserError:
        """The error of an answer that is no success."""
        try:
            body = b"" if request.method == "HEAD" else answer.response.read(MAX_ERROR_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise self.lost(error, request) from error
        refusal = read_refusal(answer.status, answer.headers, body)
        self.access.server_date = refusal.date
        signed_for = self._account.region_of(request.bucket)
        if refusal.region and refusal.region != signed_for and answer.status in {301, 307, 308, 400}:
            return WrongRegion(
                f"The bucket lives in another region: {refusal.region}.",
                region=refusal.region,
                subject=request.subject,
                technical=refusal.technical,
            )
        return from_answer(refusal, request.subject, of_bucket=not request.key)
