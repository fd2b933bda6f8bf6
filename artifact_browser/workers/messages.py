"""What crosses the pipe between the pool and a worker, and how it is cut into frames.

A message's payload is pickled by the thread that makes it and unpickled by the thread that wants it, so an object
that cannot be pickled fails its own job and nobody else's. Payloads are cut into frames of at most 64 KiB, which
lets the messages of other jobs pass between two frames of a large event. What waits to be sent travels as one packet
of about as much: a reader that wakes up once for twenty messages takes the interpreter from the window once.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from artifact_browser.paths import Paths
from artifact_browser.workers.job import Lane

FRAME_BYTES = 64 * 1024
#: job id, kind, whether more frames of this message follow
_HEAD = struct.Struct("<QB?")
#: before each frame of a packet: its length
_LENGTH = struct.Struct("<I")
#: The "job" of messages that concern the whole process.
PROCESS = 0


class Kind(IntEnum):
    # to the worker
    START = 1  # (job, arguments)
    CANCEL = 2
    ACKNOWLEDGE = 3
    ANSWER = 4  # (question number, pickled (is it an answer, value or ErrorRecord))
    CLOSE = 5
    START_NOW = 6  # as START, over the limit of jobs
    FIRST = 7  # before all that wait for a place
    # from the worker
    READY = 16
    EVENT = 17
    PROGRESS = 18
    QUESTION = 19  # (question number, question)
    DONE = 20
    ERROR = 21  # ErrorRecord


@dataclass(frozen=True, slots=True)
class Message:
    """One message about one job; ``payload`` is a pickle or empty."""

    job_id: int
    kind: Kind
    payload: bytes = field(default=b"", repr=False)

    def frames(self) -> Iterator[bytes]:
        """The message as it goes over the pipe."""
        view = memoryview(self.payload)
        for start in range(0, max(1, len(view)), FRAME_BYTES):
            more = start + FRAME_BYTES < len(view)
            yield _HEAD.pack(self.job_id, self.kind, more) + view[start : start + FRAME_BYTES]


def packet_of(frames: Iterable[bytes]) -> bytes:
    """What goes over the pipe at once."""
    return b"".join(part for frame in frames for part in (_LENGTH.pack(len(frame)), frame))


class Assembler:
    """Takes packets apart and puts messages together; frames of different jobs may alternate. For one reading thread."""

    def __init__(self) -> None:
        self._parts: dict[int, bytearray] = {}

    def add(self, packet: bytes) -> Iterator[Message]:
        """The messages this packet completes, in order. Take them all."""
        view = memoryview(packet)
        at = 0
        while at < len(view):
            (length,) = _LENGTH.unpack_from(view, at)
            at += _LENGTH.size
            message = self._add(view[at : at + length])
            at += length
            if message is not None:
                yield message

    def _add(self, frame: memoryview) -> Message | None:
        job_id, kind, more = _HEAD.unpack_from(frame)
        body = frame[_HEAD.size :]
        if more or job_id in self._parts:
            parts = self._parts.setdefault(job_id, bytearray())
            parts += body
            if more:
                return None
            return Message(job_id, Kind(kind), bytes(self._parts.pop(job_id)))
        return Message(job_id, Kind(kind), bytes(body))


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What a worker process is told when it starts.

    :ivar name: unique among the pool's processes: names its log
    :ivar movers: how many movers an engine may start
    :ivar steps_back: gives way to everybody: there is a share of the CPU for this program alone
    """

    lane: Lane
    name: str
    paths: Paths
    crash_file: Path
    movers: int
    steps_back: bool
