"""Our side of the ``million`` benchmark: the app without a window, in one of its two starts.

``python -m benchmarks.million_ours SPEC`` prints a line of JSON when it is so far: ``planned``, and waits for its end; or
``moves`` (the first item that a run before had left is done) and ``ended``.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from artifact_browser import bootstrap
from artifact_browser.accounts.lease import Secret
from artifact_browser.accounts.record import AccountRecord
from artifact_browser.paths import in_home
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.history import read_history
from artifact_browser.transfers.policy import ConflictFound, Decision, Policy
from artifact_browser.transfers.queue import Restoring, TransferQueue
from artifact_browser.workers.job import Lane
from benchmarks.loads import ACCOUNT, open_account

DEADLINE_S = 3600.0
_LOOK_S = 0.05


class Somebody:
    """Whether many files may begin, he says only where they are to."""

    def __init__(self, *, begins: bool) -> None:
        self._begins = begins

    def on_changed(self, handle: TransferHandle) -> None:
        """Looked at now and then."""

    def on_conflict(
        self, handle: TransferHandle, question: ConflictFound, answer: Callable[[Decision | None], None]
    ) -> None:
        assert not question.groups, "every target is new"
        if self._begins:
            answer(Policy.ASK)


class App:
    """The services and the one transfer."""

    def __init__(self, spec: dict[str, Any], services: bootstrap.Services, record: AccountRecord) -> None:
        self._spec, self._services, self._record = spec, services, record
        self.queue = TransferQueue(services.pool)

    def plan(self) -> None:
        self.queue.listen(Somebody(begins=False))
        handle = self.queue.upload(self._record, Location(ACCOUNT, "bench", "up/"), [self._spec["folder"]])
        self._until(lambda: self._services.pool.pids(Lane.ENGINE))
        say("begun", engine=self._engine())
        self._until(lambda: handle.planned and not handle.snapshot.scanning)  # the counts come on their own
        say("planned", items=handle.snapshot.counts.items)
        threading.Event().wait(DEADLINE_S)

    def go_on(self) -> None:
        self.queue.listen(Somebody(begins=True))
        restoring = Restoring(self.queue)
        for event in self._services.pool.iterate(read_history, (self._record,)):
            restoring.take(event)
        restoring.end()
        (handle,) = self.queue.handles
        handle.retry_failed()
        self._until(lambda: self._services.pool.pids(Lane.ENGINE))
        say("begun", engine=self._engine())
        self._until(lambda: bool(handle.snapshot.counts.items_done))
        say("moves")
        ends_at = time.monotonic() + (self._spec["part_s"] or DEADLINE_S)
        self._until(lambda: handle.ended or time.monotonic() > ends_at)
        counts = handle.snapshot.counts
        say("ended", state=str(handle.snapshot.state), done=counts.items_done, failed=counts.items_failed)

    def _engine(self) -> int:
        return self._services.pool.pids(Lane.ENGINE)[0]

    @staticmethod
    def _until(what: Callable[[], object]) -> None:
        while not what():
            time.sleep(_LOOK_S)


def say(what: str, **more: object) -> None:
    print(json.dumps({"what": what, **more}), flush=True)


def main(spec: dict[str, Any]) -> None:
    services = bootstrap.build(in_home(Path(spec["home"])))
    try:
        record = open_account(
            services, spec["endpoint"], Secret("bench", "bench-secret"), region="us-east-1", ca_file=""
        )
        app = App(spec, services, record)
        if spec["what"] == "plan":
            app.plan()
        else:
            app.go_on()
    finally:
        services.close()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
