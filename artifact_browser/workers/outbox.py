"""The sending side of a pipe: one thread writes, everybody else only queues.

Nobody who sends ever blocks on a full pipe (the window least of all). Jobs take turns frame by frame, so a large
event of one job delays the messages of the others by one packet each; messages of one job keep their order.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from multiprocessing.connection import Connection

from artifact_browser.workers.messages import FRAME_BYTES, Kind, Message, packet_of


class Outbox:
    """Thread-safe. Messages put before :meth:`open` wait for it.

    :param pause_s: how long progress is collected after each packet: for a lane whose reader should not be woken often.
        Everything else goes at once: what an item puts down must be known before the process can be killed over it
    """

    def __init__(self, pause_s: float = 0.0) -> None:
        self._pause_s = pause_s
        self._changed = threading.Condition()
        self._hurry = threading.Event()
        self._queues: OrderedDict[int, deque[bytes]] = OrderedDict()
        self._closed = False
        self._thread: threading.Thread | None = None

    def open(self, connection: Connection, name: str) -> None:
        """Start sending to ``connection``; ends with :meth:`close` or when the other side is gone."""
        self._thread = threading.Thread(target=self._send, args=(connection,), name=f"{name} outbox", daemon=True)
        self._thread.start()

    def put(self, message: Message) -> None:
        """Queue a message; dropped when the outbox is closed."""
        frames = list(message.frames())
        with self._changed:
            if not self._closed:
                self._queues.setdefault(message.job_id, deque()).extend(frames)
                if message.kind is not Kind.PROGRESS:
                    self._hurry.set()
                self._changed.notify()

    def close(self) -> None:
        """Send no more."""
        with self._changed:
            self._closed = True
            self._hurry.set()
            self._queues.clear()
            self._changed.notify()

    def join(self, timeout_s: float) -> None:
        """After :meth:`close`: wait until nobody writes to the connection any more, so that it may be closed."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _send(self, connection: Connection) -> None:
        try:
            while frames := self._take():
                connection.send_bytes(packet_of(frames))
                if self._pause_s:
                    self._hurry.wait(self._pause_s)
        except OSError:
            self.close()  # the other side is gone: the reading thread finds out and tells

    def _take(self) -> list[bytes]:
        """Frames for one packet, the jobs by turns; none when the outbox is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._queues or self._closed)
            frames: list[bytes] = []
            size = 0
            if not self._closed:
                self._hurry.clear()
            while self._queues and size < FRAME_BYTES:
                job_id, queue = next(iter(self._queues.items()))
                frames.append(queue.popleft())
                size += len(frames[-1])
                if queue:
                    self._queues.move_to_end(job_id)
                else:
                    del self._queues[job_id]
            return frames
