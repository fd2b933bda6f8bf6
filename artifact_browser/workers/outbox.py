"""The sending side of a pipe: one thread writes, everybody else only queues.

Nobody who sends ever blocks on a full pipe (the window least of all). Jobs take turns frame by frame, so a large
event of one job delays the messages of the others by one frame each; messages of one job keep their order.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from multiprocessing.connection import Connection

from artifact_browser.workers.messages import Message


class Outbox:
    """Thread-safe. Messages put before :meth:`open` wait for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
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
                self._changed.notify()

    def close(self) -> None:
        """Send no more."""
        with self._changed:
            self._closed = True
            self._queues.clear()
            self._changed.notify()

    def join(self, timeout_s: float) -> None:
        """After :meth:`close`: wait until nobody writes to the connection any more, so that it may be closed."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _send(self, connection: Connection) -> None:
        try:
            while (frame := self._take()) is not None:
                connection.send_bytes(frame)
        except OSError:
            self.close()  # the other side is gone: the reading thread finds out and tells

    def _take(self) -> bytes | None:
        with self._changed:
            while not self._queues:
                if self._closed:
                    return None
                self._changed.wait()
            job_id, queue = next(iter(self._queues.items()))
            frame = queue.popleft()
            if queue:
                self._queues.move_to_end(job_id)
            else:
                del self._queues[job_id]
            return frame
