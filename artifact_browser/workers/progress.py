"""Progress leaves a worker at most 20 times a second per job: the latest state replaces the one before."""

from __future__ import annotations

import logging
import pickle
import threading
import time

from artifact_browser.workers.messages import Kind, Message
from artifact_browser.workers.outbox import Outbox

INTERVAL_S = 0.05
_log = logging.getLogger(__name__)


class ProgressSender:
    """One per worker process. Thread-safe."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._changed = threading.Condition()
        self._latest: dict[int, object] = {}
        self._started = False

    def report(self, job_id: int, value: object) -> None:
        """``value`` is the job's state now; it is sent within 50 ms unless a newer one comes."""
        with self._changed:
            self._latest[job_id] = value
            if not self._started:
                self._started = True
                threading.Thread(target=self._run, name="progress", daemon=True).start()
            self._changed.notify()

    def flush(self, job_id: int) -> None:
        """Send the job's last state now: before it ends."""
        with self._changed:
            if job_id in self._latest:
                self._send(job_id, self._latest.pop(job_id))

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._latest)
                for job_id, value in self._latest.items():
                    self._send(job_id, value)
                self._latest.clear()
            time.sleep(INTERVAL_S)

    def _send(self, job_id: int, value: object) -> None:
        try:
            payload = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        except Exception:  # noqa: BLE001 - whatever a foreign __reduce__ raises; the job itself goes on
            _log.exception("progress of job %d cannot be sent", job_id)
            return
        self._outbox.put(Message(job_id, Kind.PROGRESS, payload))
