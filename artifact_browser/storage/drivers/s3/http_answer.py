"""An HTTP/1.1 answer as it comes out of a socket: its head, then its body, however that is framed.

One :class:`Inlet` belongs to a connection for as long as it lives; an :class:`Incoming` is one answer read from it. Bodies go
from the socket into the caller's buffer; only what came together with the head is copied.
"""

from __future__ import annotations

import http.client
import re
import socket

from artifact_browser.storage.drivers.s3.http_head import BadHead, Head, head_end, read_head
from artifact_browser.workers.turns import receive_into

#: A head is small; more than this is none. What else of an answer fits in is read with it.
_ROOM_BYTES = 32 * 1024
_MOST_LINE_BYTES = 4096
#: "100 Continue" and "103 Early Hints" before the answer
_MOST_INFORMATIVE = 8
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")


class Inlet:
    """The receiving side of one connection."""

    __slots__ = ("_end", "_room", "_start", "_view", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._room = bytearray(_ROOM_BYTES)
        self._view = memoryview(self._room)
        self._start = self._end = 0

    @property
    def empty(self) -> bool:
        """Whether everything that came was taken."""
        return self._start == self._end

    def take_head(self) -> bytes:
        """The next head, without its last line break.

        :raises http.client.RemoteDisconnected: the connection ended before it; :raises ConnectionResetError: within it
        :raises BadHead: it does not end
        """
        searched = self._start
        while True:
            end, body = head_end(self._room, self._start, searched, self._end)
            if end >= 0:
                raw = bytes(self._view[self._start : end])
                self._start = body
                return raw
            begun, searched = not self.empty, self._end
            moved = self._fill()
            if moved < 0:
                raise (ConnectionResetError if begun else http.client.RemoteDisconnected)(
                    "the connection ended before the answer did"
                )
            searched -= moved

    def take_line(self) -> bytes:
        """The next line with its line break. :raises BadHead: it is too long; :raises ConnectionResetError: it ends before"""
        while True:
            end = self._room.find(b"\n", self._start, self._end)
            if end >= 0:
                line = bytes(self._view[self._start : end + 1])
                self._start = end + 1
                return line
            if self._end - self._start > _MOST_LINE_BYTES:
                raise BadHead("a line does not end")
            if self._fill() < 0:
                raise ConnectionResetError("the connection ended within the answer")

    def take_into(self, room: memoryview) -> int:
        """The next bytes; 0: the connection has ended."""
        kept = self._end - self._start
        if not kept:
            return receive_into(self.sock, room)
        count = min(kept, len(room))
        room[:count] = self._view[self._start : self._start + count]
        self._start += count
        return count

    def _fill(self) -> int:
        """Receive more behind what is there; by how much that was moved to the front, -1 at the end of the connection."""
        moved = 0
        if self._start == self._end:
            moved = self._start
            self._start = self._end = 0
        elif self._end == len(self._room):
            moved = self._start
            if not moved:
                raise BadHead("the head does not end")
            self._room[: self._end - moved] = self._room[moved : self._end]
            self._start, self._end = 0, self._end - moved
        got = receive_into(self.sock, self._view[self._end :])
        self._end += got
        return moved if got else -1


class Incoming:
    """One answer; its head is read when it is made.

    :ivar length: bytes of the body still to come; ``None`` if the server did not say
    :ivar will_close: the connection cannot be used for another request
    """

    __slots__ = ("_chunk_left", "_chunked", "_inlet", "headers", "length", "status", "will_close")

    def __init__(self, inlet: Inlet, method: str) -> None:
        self._inlet = inlet
        head = _final_head(inlet, method)
        self.status, self.headers, self.length = head.status, head.headers, head.length
        self.will_close, self._chunked = head.last, head.chunked
        self._chunk_left = 0

    @property
    def whole(self) -> bool:
        """Whether the body was read to its end."""
        return self.length == 0

    def readinto(self, room: memoryview) -> int:
        """The next bytes; 0 at the end, or where the connection ended before it (then ``length`` is not 0).

        :raises OSError: :raises http.client.HTTPException:
        """
        length = self.length
        if length == 0 or not len(room):
            return 0
        if self._chunked:
            return self._read_chunked(room)
        got = self._inlet.take_into(room if length is None or len(room) <= length else room[:length])
        if length is not None:
            self.length = length - got
        elif not got:
            self.length = 0
        return got

    def read(self, most: int) -> bytes:
        """The body, at most so many bytes of it. :raises OSError: :raises http.client.HTTPException: it ended early"""
        if self.length == 0:
            return b""
        pieces: list[bytes] = []
        room = memoryview(bytearray(min(most, _ROOM_BYTES)))
        while most > 0 and (got := self.readinto(room[:most])):
            pieces.append(bytes(room[:got]))
            most -= got
        if most > 0 and self.length:
            raise http.client.IncompleteRead(b"", self.length)
        return b"".join(pieces)

    def _read_chunked(self, room: memoryview) -> int:
        if not self._chunk_left:
            line = _CHUNK.fullmatch(self._inlet.take_line())
            if line is None:
                raise BadHead("a chunk does not say how long it is")
            self._chunk_left = int(line[1], 16)
            if not self._chunk_left:
                self._skip_trailers()
                self.length = 0
                return 0
        got = self._inlet.take_into(room if len(room) <= self._chunk_left else room[: self._chunk_left])
        if not got:
            raise ConnectionResetError("the connection ended within a chunk")
        self._chunk_left -= got
        if not self._chunk_left and self._inlet.take_line() not in {b"\r\n", b"\n"}:
            raise BadHead("a chunk is longer than it said")
        return got

    def _skip_trailers(self) -> None:
        left = _ROOM_BYTES
        while (line := self._inlet.take_line()) not in {b"\r\n", b"\n"}:
            left -= len(line)
            if left < 0:
                raise BadHead("what follows the body does not end")


def _final_head(inlet: Inlet, method: str) -> Head:
    """The head of the answer itself, behind what only says that one will come."""
    for _ in range(_MOST_INFORMATIVE):
        head = read_head(inlet.take_head(), method)
        if head.status >= 200:
            return head
        if head.status == 101:
            break
    raise BadHead("no answer follows")
